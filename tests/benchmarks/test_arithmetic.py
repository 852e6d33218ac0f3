"""The criterion of success, the restated units and the resumption of `benchmarks.arithmetic`."""

import importlib.util
from pathlib import Path
from typing import ClassVar

import keras
import numpy as np
import pandas as pd
import pytest

if not all(map(importlib.util.find_spec, ("scipy", "pandas"))):
    pytest.skip("the benchmarks need the extra [sweep]", allow_module_level=True)

from benchmarks import arithmetic, arithmetic_layers, arithmetic_models, arithmetic_table, arithmetic_tasks

DOCS = Path(__file__).parents[2] / "docs"
PLAIN = [
    arithmetic_tasks.Task(operation, "inputs", *arithmetic_tasks.PLAIN) for operation in arithmetic_tasks.OPERATIONS
]
EXPONENTS = {"multiply": (1, 1), "divide": (1, -1), "square": (2, 0), "root": (0.5, 0), "reciprocal": (-1, 0)}


def rows(task, count=1000):
    return arithmetic_tasks.rows(task, task.extrapolation, count, [5])


def solution(exponents):
    weights = np.zeros((arithmetic_tasks.INPUTS, 1), "float32")
    weights[:2, 0] = exponents
    return weights


def squared_error(model, task):
    x, y = rows(task)
    return float(np.mean((keras.ops.convert_to_numpy(model(x)).astype("float64") - y) ** 2))


@pytest.mark.parametrize("task", arithmetic_tasks.TASKS, ids=str)
def test_criterion_lies_between_an_exact_solution_and_one_that_is_wrong_by_twice_epsilon(task):
    x = rows(task, 20_000)[0].astype("float64")
    exact = arithmetic_tasks.target(x, task)
    for factor, passes in ((0.0, True), (0.5, True), (2.0, False)):
        found = arithmetic_tasks.target(x, task, factor * arithmetic_tasks.EPSILON)
        assert (np.mean((found - exact) ** 2) < arithmetic_tasks.threshold(task)) == passes


def test_criterion_of_a_sum_is_that_of_its_closed_form():
    task = PLAIN[0]
    # the error is EPSILON*(twice the sum of all inputs less 2*(a + b)): every input is off once per operand
    n = arithmetic_tasks.INPUTS
    mean, variance = 4.0 * (2 * (n - 2)), 16 / 12 * (4 * (n - 2))
    expected = arithmetic_tasks.EPSILON**2 * (mean**2 + variance)
    assert arithmetic_tasks.threshold(task) == pytest.approx(expected, rel=5e-3)


@pytest.mark.parametrize("operation", EXPONENTS)
@pytest.mark.parametrize("name", ["real", "complex"])
def test_logarithm_dense_exponential_solves_with_the_exponents_as_weights(operation, name):
    task = next(task for task in PLAIN if task.operation == operation)
    model = arithmetic_models.NETWORKS[name].build("inputs")
    model.set_weights([solution(EXPONENTS[operation])])
    assert squared_error(model, task) < arithmetic_tasks.threshold(task)
    model.set_weights([solution(EXPONENTS[operation]) + 1e-3])
    assert squared_error(model, task) > arithmetic_tasks.threshold(task)


@pytest.mark.parametrize("operation", ["multiply", "divide"])
def test_complex_network_gets_the_sign_right(operation):
    ranges = arithmetic_tasks.Range(-2, 2), arithmetic_tasks.Range(2, 6, mirrored=True)
    task = arithmetic_tasks.Task(operation, "inputs", *ranges)
    model = arithmetic_models.NETWORKS["complex"].build("inputs")
    model.set_weights([solution(EXPONENTS[operation])])
    assert squared_error(model, task) < arithmetic_tasks.threshold(task)


def test_default_slope_cannot_multiply():
    model = arithmetic_models.NETWORKS["max_slope=3"].build("inputs")
    model.set_weights([solution((1, 1))])
    assert squared_error(model, PLAIN[1]) > 1.0


@pytest.mark.parametrize("operation", ["multiply", "divide"])
def test_swept_network_is_the_fixed_one_at_its_alphas(operation):
    model = arithmetic_models.NETWORKS["swept"].build("inputs")
    assert len(model.trainable_variables) == 1
    for variable, alpha in zip(model.non_trainable_variables, (-1.0, 1.0), strict=True):
        variable.assign(np.full(variable.shape, alpha))
    model.layers[1].set_weights([solution(EXPONENTS[operation])])
    task = next(task for task in PLAIN if task.operation == operation)
    assert squared_error(model, task) < arithmetic_tasks.threshold(task)


def saturated(weights):
    """Return w and m whose tanh(w)*sigmoid(m) are these weights of -1, 0 and 1, to rounding."""
    return [20.0 * weights, np.full_like(weights, 30.0)]


@pytest.mark.parametrize("operation", ["multiply", "divide", "reciprocal"])
def test_multiplicative_accumulator_with_saturated_weights_is_exact(operation):
    task = next(task for task in PLAIN if task.operation == operation)
    model = arithmetic_models.nac("inputs")
    model.set_weights(saturated(solution(EXPONENTS[operation])))
    # SMALL, 1e-7 beside x >= 2, is an error of at most 5e-8 per operand; float32 adds some eps
    x, y = rows(task)
    np.testing.assert_allclose(model(x), y, rtol=2e-6)
    np.testing.assert_allclose(model(-x), y, rtol=2e-6)  # and blind to the sign


@pytest.mark.parametrize(("gate", "operation"), [(50.0, "add"), (-50.0, "multiply")])
def test_gated_unit_adds_and_multiplies_by_its_gate(gate, operation):
    task = next(task for task in PLAIN if task.operation == operation)
    model = arithmetic_models.nalu("inputs")
    model.set_weights([*saturated(solution((1, 1))), np.full((arithmetic_tasks.INPUTS, 1), gate, "float32")])
    x, y = rows(task)
    np.testing.assert_allclose(model(x), y, rtol=2e-6)


def test_multiplication_unit_multiplies_what_it_selects_with_signs():
    model = arithmetic_models.nmu("inputs")
    model.set_weights([solution((1, 1))])
    x, y = rows(PLAIN[1])
    np.testing.assert_allclose(model(x), y, rtol=1e-6)
    x[:, 0] *= -1
    np.testing.assert_allclose(model(x), -y, rtol=1e-6)
    np.testing.assert_allclose(sum(model.losses), 0.0)
    model.set_weights([solution((0.5, 0.5))])
    np.testing.assert_allclose(sum(model.losses), 10 * 2 * 0.5 / arithmetic_tasks.INPUTS, rtol=1e-6)


def test_addition_then_multiplication_unit_multiplies_sums():
    task = arithmetic_tasks.Task("multiply", "sums", *arithmetic_tasks.PLAIN)
    model = arithmetic_models.nmu("sums")
    model.set_weights([arithmetic_tasks.selection("sums"), np.ones((2, 1))])
    x, y = rows(task)
    np.testing.assert_allclose(model(x), y, rtol=1e-6)


def test_accumulator_starts_with_glorot_s_variance():
    r = arithmetic_layers.accumulator_reach(10, 2)
    w, m = np.random.default_rng(0).uniform(-r, r, (2, 200_000))
    found = np.var(np.tanh(w) / (1 + np.exp(-m)))
    assert found == pytest.approx(2 / 12, rel=0.02)


def test_wilson_interval_is_the_textbook_s():
    # p = 45/50, z = 1.96: center (p + z**2/2n)/(1 + z**2/n), half z*sqrt(p(1-p)/n + z**2/4n**2)/(1 + z**2/n)
    z, n, p = 1.959964, 50, 0.9
    center, scale = p + z * z / (2 * n), 1 + z * z / n
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    np.testing.assert_allclose(arithmetic_table.wilson(45, 50), ((center - half) / scale, (center + half) / scale))


def test_solved_is_judged_where_the_training_range_says_and_steps_count_to_the_first_success():
    validation = np.array([[3.0, 1.0, 2.0, 2.0], [3.0, 2.0, 1.0, 2.0], [np.nan] * 4])
    extrapolation = np.array([[9.0, 0.1, 9.0, 9.0], [0.1, 9.0, 9.0, 9.0], [0.1] * 4])
    found = arithmetic_table.summary(validation, extrapolation, 1.0, steps=400)
    assert (found["seeds"], found["solved"], found["steps"]) == (3, 1, 200)
    assert found["error"] == 9.0
    assert found["error_high"] == np.inf


class StubTrainer:
    trained: ClassVar[list] = []
    killed: ClassVar[str | None] = None

    def __init__(self, build, seeds, steps):
        self.seeds = seeds

    def __call__(self, task, rate, fixed=None):
        if task.operation == self.killed:
            raise KeyboardInterrupt
        self.trained.append((task.operation, fixed))
        right = fixed in (None, (-1.0, 1.0))
        shape = len(self.seeds), 4
        return np.full(shape, 0.1 if right else 0.2), np.full(shape, 0.0 if right else 1.0)


def test_killed_run_redoes_only_what_is_missing_and_a_second_run_trains_nothing(tmp_path, monkeypatch):
    results = tmp_path / "arithmetic.csv"
    monkeypatch.setattr(StubTrainer, "trained", [])
    monkeypatch.setattr(StubTrainer, "killed", "divide")
    with pytest.raises(KeyboardInterrupt):
        arithmetic.run(PLAIN[1:3], ["real"], 0, 3, results, StubTrainer)
    monkeypatch.setattr(StubTrainer, "killed", None)
    frame = arithmetic.run(PLAIN[1:3], ["real"], 0, 3, results, StubTrainer)
    assert StubTrainer.trained == [("multiply", None), ("divide", None)]
    again = arithmetic.run(PLAIN[1:3], ["real"], 0, 3, results, lambda *_: pytest.fail("trained again"))
    pd.testing.assert_frame_equal(frame, again, check_dtype=False, rtol=1e-3)
    arithmetic.run(PLAIN[1:3], ["real"], 3, 3, results, StubTrainer)  # other seeds are another result
    assert len(StubTrainer.trained) == 4


def test_sweep_chooses_alphas_in_the_training_range(tmp_path, monkeypatch):
    monkeypatch.setattr(StubTrainer, "trained", [])
    frame = arithmetic.run(PLAIN[1:2], ["swept"], 0, 3, tmp_path / "a.csv", StubTrainer)
    assert len(StubTrainer.trained) == len(arithmetic_models.GRID)
    assert frame.alphas.tolist() == ["(-1, 1): 3"]
    assert frame.solved.tolist() == [3]


def test_docs_quote_what_the_results_say():
    frame = arithmetic.run(arithmetic_tasks.TASKS, list(arithmetic_models.NETWORKS), 0, 50, DOCS / "arithmetic.csv")
    quoted = (DOCS / "arithmetic.md").read_text().splitlines()
    assert not [line for line in arithmetic_table.table(frame).splitlines() if line and line not in quoted]


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="the training is a JAX program")
def test_seeds_learn_to_multiply(tmp_path, monkeypatch):
    monkeypatch.setattr(arithmetic, "STEPS", 1000)
    frame = arithmetic.run(PLAIN[1:2], ["real"], 0, 3, tmp_path / "a.csv")
    assert frame.solved.tolist() == [3]
