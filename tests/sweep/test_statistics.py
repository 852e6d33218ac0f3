"""Means, errors, intervals, pairs: against SciPy."""

import math

import numpy as np
import pytest
import scipy.stats

from continuum_act.sweep.statistics import best_of, interval, paired, summarize


def rows(alpha, objectives, state="complete"):
    return [{"alpha": alpha, "seed": s, "state": state, "objective": v} for s, v in enumerate(objectives)]


def test_interval_is_students():
    values = np.random.default_rng(0).normal(3.0, 2.0, size=7)
    mean, error, low, high = interval(values)
    assert error == pytest.approx(scipy.stats.sem(values))
    expected = scipy.stats.t.interval(0.95, 6, loc=values.mean(), scale=scipy.stats.sem(values))
    assert (low, high) == pytest.approx(expected)
    assert mean == pytest.approx(values.mean())


def test_one_value_has_no_error():
    assert interval([2.0])[0] == 2.0
    assert all(math.isnan(v) for v in interval([2.0])[1:])


def test_difference_to_the_best_is_a_paired_t_interval():
    rng = np.random.default_rng(1)
    noise = rng.normal(size=6)  # of the seed: common to both, so it cancels
    a, b = 1.0 + noise + rng.normal(0, 0.01, 6), 1.5 + noise + rng.normal(0, 0.01, 6)
    entry = summarize(rows(0.0, a) + rows(1.0, b), "alpha", "minimize")[1]
    expected = scipy.stats.ttest_rel(b, a).confidence_interval(0.95)
    assert (entry["difference_low"], entry["difference_high"]) == pytest.approx(tuple(expected))
    assert entry["difference_high"] - entry["difference_low"] < 0.1 < entry["high"] - entry["low"]


def test_pairs_are_made_by_seed_and_skip_what_is_not_complete():
    ours = rows(0.0, [1.0, 2.0, 3.0])
    theirs = [{**row, "objective": 0.5} for row in reversed(ours)]
    theirs[0]["state"] = "diverged"  # of seed 2
    assert paired(ours, theirs) == [0.5, 1.5]


@pytest.mark.parametrize(("direction", "best"), [("minimize", 0.0), ("maximize", 1.0)])
def test_best_of_follows_the_direction_and_leaves_out_diverged(direction, best):
    table = rows(0.0, [1.0]) + rows(1.0, [2.0]) + rows(2.0, [0.0]) + rows(3.0, [9.0])
    table += [{**row, "seed": 1, "state": "diverged"} for row in rows(2.0, [math.nan]) + rows(3.0, [math.nan])]
    assert best_of(summarize(table, "alpha", direction), direction)["alpha"] == best
