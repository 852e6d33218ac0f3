"""Means, errors, intervals, pairs: against SciPy."""

import math

import numpy as np
import pytest
import scipy.stats

from benchmarks import coverage
from continuum_act.sweep.statistics import (
    best_of,
    by_seed,
    candidates,
    compare,
    difference_to_best,
    interval,
    quantiles,
    summarize,
)


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


def test_difference_to_a_single_alpha_is_a_paired_t_interval():
    rng = np.random.default_rng(1)
    noise = rng.normal(size=6)  # of the seed: common to both, so it cancels
    a, b = 1.0 + noise + rng.normal(0, 0.01, 6), 1.5 + noise + rng.normal(0, 0.01, 6)
    table = rows(0.0, a) + rows(1.0, b)
    entry = summarize(table, "alpha", candidates(table), "minimize")[1]
    expected = scipy.stats.ttest_rel(b, a).confidence_interval(0.95)
    assert (entry["difference_low"], entry["difference_high"]) == pytest.approx(tuple(expected))
    assert entry["difference_high"] - entry["difference_low"] < 0.1 < entry["high"] - entry["low"]


def test_pairs_are_made_by_seed_and_skip_what_is_not_complete():
    assert difference_to_best({2: 4.5, 0: 2.5}, {0: 1.0, 1: 2.0, 2: 4.0}, 5, "minimize").mean == 1.0
    table = [*rows(0.0, [1.0, 2.0]), {**rows(0.5, [3.0])[0], "state": "failed"}]
    assert by_seed(table, "alpha") == {0.0: {0: 1.0, 1: 2.0}, 0.5: {}}
    assert list(candidates(table)) == [0.0]


@pytest.mark.parametrize(("direction", "best"), [("minimize", 0.0), ("maximize", 1.0)])
def test_best_of_follows_the_direction_and_leaves_out_diverged(direction, best):
    table = rows(0.0, [1.0]) + rows(1.0, [2.0]) + rows(2.0, [0.0]) + rows(3.0, [9.0])
    table += [{**row, "seed": 1, "state": "diverged"} for row in rows(2.0, [math.nan]) + rows(3.0, [math.nan])]
    assert best_of(candidates(table), direction) == best


@pytest.mark.parametrize("alphas", [1, 2])
def test_quantiles_of_few_alphas_are_students(alphas):
    assert quantiles(alphas, 4) == pytest.approx([scipy.stats.t.ppf(0.975, 4)] * 2)


@pytest.mark.parametrize(("alphas", "freedom"), [(21, 4), (5, 9), (100, 2)])
def test_quantile_is_that_of_the_studentized_maximum(alphas, freedom):
    rng = np.random.default_rng(2)
    maximum = rng.normal(size=(40_000, alphas)).max(axis=1) / np.sqrt(rng.chisquare(freedom, 40_000) / freedom)
    towards, away = quantiles(alphas, freedom)
    assert np.mean(maximum > towards) == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 40_000))
    spent = scipy.stats.t.sf(towards, freedom) + scipy.stats.t.sf(away, freedom)
    assert spent == pytest.approx(0.05)


def test_interval_goes_farther_towards_a_smaller_lead():
    rng = np.random.default_rng(3)
    rival, best = rng.normal(size=(2, 5))
    smaller = difference_to_best(dict(enumerate(rival)), dict(enumerate(best)), 21, "minimize")
    assert smaller.mean - smaller.low > 1.5 * (smaller.high - smaller.mean)
    larger = difference_to_best(dict(enumerate(-rival)), dict(enumerate(-best)), 21, "maximize")
    assert larger == pytest.approx((-smaller.mean, smaller.error, -smaller.high, -smaller.low))


# 1000 simulated sweeps tell a coverage to 0.7 %
@pytest.mark.parametrize("scenario", [name for name in coverage.SCENARIOS if "valley" not in name])
def test_interval_covers_no_difference_though_the_best_of_21_alphas_is_chosen(scenario):
    alphas, rival, truth = coverage.sweeps(scenario, 1000)
    covered, width = coverage.coverage(coverage.here(alphas, rival), truth)
    assert covered >= 93.0
    as_if_named, narrower = coverage.coverage(coverage.paired(alphas, rival), truth)
    assert as_if_named < 95.5  # so that there is something to correct
    assert width < 1.3 * narrower


def test_interval_covers_no_difference_to_alpha_0():
    alphas, _, _ = coverage.sweeps("independent, equal variances", 1000)
    middle = alphas[:, 10]
    chosen = alphas.mean(axis=2).argmin(axis=1) != 10
    low, high = coverage.here(np.delete(alphas, 10, axis=1)[chosen], middle[chosen])
    assert np.mean((low <= 0) & (high >= 0)) >= 0.93


@pytest.mark.parametrize(
    ("direction", "low", "high", "verdict"),
    [
        ("minimize", 0.1, 0.3, "worse"),
        ("minimize", -0.3, -0.1, "better"),
        ("maximize", 0.1, 0.3, "better"),
        ("maximize", -0.3, -0.1, "worse"),
        ("minimize", -0.1, 0.3, "cannot tell"),
        ("minimize", math.nan, math.nan, "cannot tell"),
    ],
)
def test_verdict_is_the_rivals(direction, low, high, verdict):
    entry = {"difference": (low + high) / 2, "difference_low": low, "difference_high": high}
    assert compare(entry, "relu", direction)["verdict"] == verdict
