"""Populations: who is in them, what they are trained on, what they refuse."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import continuum_act as ca
from continuum_act.functions import real_traced
from continuum_act.population import trainer
from continuum_act.population.budget import Budget
from continuum_act.population.stand_in import NotMappable
from continuum_act.population.trainer import PopulationTrainer
from continuum_act.sweep.training import train_one
from tests.population.equivalence import TOLERANCE

pytestmark = pytest.mark.skipif(keras.backend.backend() == "torch", reason="populations need TensorFlow or JAX")

RNG = np.random.default_rng(1)
X = RNG.normal(size=(44, 4)).astype("float32")
Y = RNG.integers(0, 3, 44)
ALPHAS = [-0.4, 0.0, 0.3, 0.6, 1.0]


@pytest.fixture(autouse=True)
def program_for_each_sign(monkeypatch: Any) -> None:
    """As of longer work."""
    monkeypatch.setattr(trainer, "_FEW_STEPS", 0)


def train(build: Any, budget: Budget, members: Any) -> Any:
    return list(PopulationTrainer(build, budget, None).train(members, lambda epoch, logs: ()))


def build(alpha: Any, optimizer: Any = "adam") -> keras.Model:
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(6), ca.soft_exponential_lambda(alpha, domain="linear"), layers.Dense(3)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model


BODIES: dict[str, list[Callable[[], layers.Layer]]] = {
    "mapped over all seeds": [lambda: layers.Dense(6)],
    "mapped for each seed, whose members draw the same numbers": [lambda: layers.Dense(6), lambda: layers.Dropout(0.3)],
    "in turn on TensorFlow": [lambda: layers.Reshape((2, 2, 1)), lambda: layers.DepthwiseConv2D(2), layers.Flatten],
}


@pytest.mark.slow
@pytest.mark.parametrize("body", BODIES)
def test_each_seed_has_the_batches_of_its_own_ordinary_fit(body: str) -> None:
    def build(alpha: Any) -> keras.Model:
        hidden = [make() for make in BODIES[body]]
        model = keras.Sequential([keras.Input((4,)), *hidden, ca.soft_exponential_lambda(alpha), layers.Dense(3)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
        return model

    budget = Budget(X, Y, (X[:20], Y[:20]), epochs=2, batch_size=16)
    members = [(alpha, seed) for alpha in ALPHAS for seed in (5, 0)][:-1]  # one seed lacks an alpha, as on resuming
    outcomes = train(build, budget, members)
    assert sorted((o.alpha, o.seed) for o in outcomes) == sorted(members)
    for outcome in outcomes[::3]:  # of both seeds
        alone = train_one(build, outcome.alpha, outcome.seed, budget)[1]
        assert outcome.state == "complete"
        assert set(outcome.history) == set(alone.history)
        for one, other in zip(outcome.weights or [], alone.weights or [], strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=TOLERANCE)
        for name, values in alone.history.items():
            np.testing.assert_allclose(outcome.history[name], values, rtol=0, atol=TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("few_steps", "alphas", "expected", "programs"),
    [
        (100, [-0.4, 0.6], 0, [None]),  # two epochs of three steps, two members
        (10, [-0.4, 0.6], 0, [-1, 1]),
        (100, [-0.4, -0.6], 0, [-1]),
        (100, [-0.4, -0.6], 4, [None]),  # the others may be positive
        (20, [-0.4, -0.6], 4, [-1]),
        (100, [-0.1 - 0.4j, 0.6j], 0, [-1, 1]),
    ],
)
def test_few_steps_are_one_program_with_both_formulas(
    few_steps: int, alphas: list[Any], expected: int, programs: list[Any], monkeypatch: Any
) -> None:
    def build_any(alpha: Any) -> keras.Model:
        layer = ca.soft_exponential_lambda if isinstance(alphas[0], float) else ca.complex_soft_exponential_lambda
        model = keras.Sequential([keras.Input((4,)), layers.Dense(6), layer(alpha), layers.Dense(3)])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return model

    monkeypatch.setattr(trainer, "_FEW_STEPS", few_steps)
    budget = Budget(X, Y, None, epochs=2, batch_size=16, objective="loss")
    population = PopulationTrainer(build_any, budget, None, expected)
    for result in population.train([(alpha, 0) for alpha in alphas], lambda epoch, logs: ()):
        alone = train_one(build_any, result.alpha, 0, budget)[1]
        for one, other in zip(result.weights or [], alone.weights or [], strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=TOLERANCE)
    assert list(population._models) == programs


def test_diverged_member_leaves_its_neighbours_bitwise_untouched() -> None:
    def steep(alpha: Any) -> keras.Model:
        model = keras.Sequential(
            [keras.Input((4,)), layers.Dense(6), ca.soft_exponential_lambda(alpha, domain="linear"), layers.Dense(1)]
        )
        model.compile(keras.optimizers.SGD(0.1), "mse")
        return model

    budget = Budget(X, 3 * X[:, :1], None, epochs=2, batch_size=16, objective="loss")
    bad, *good = train(steep, budget, [(alpha, 0) for alpha in (40.0, 0.0, 0.1, 0.2)])
    _, *calm = train(steep, budget, [(alpha, 0) for alpha in (0.3, 0.0, 0.1, 0.2)])
    assert bad.state == "diverged"
    for one, other in zip(good, calm, strict=True):
        assert one.state == "complete"
        assert one.history == other.history
        assert all(np.array_equal(a, b) for a, b in zip(one.weights or [], other.weights or [], strict=True))


@pytest.mark.slow
def test_members_do_not_depend_on_their_chunk() -> None:
    def trained(chunk: int | None) -> ca.Population:
        population = ca.Population(build, ALPHAS, [0, 1], chunk=chunk)
        population.fit(X, Y, batch_size=22, shuffle=False, verbose=0)
        return population

    whole = trained(None)
    assert whole.members == [(alpha, seed) for seed in (0, 1) for alpha in ALPHAS]
    for population in (trained(1), trained(2)):
        for k in range(10):
            for one, other in zip(population.member(k), whole.member(k), strict=True):
                np.testing.assert_allclose(one, other, rtol=0, atol=TOLERANCE)


class Batches(keras.utils.PyDataset):
    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Any:
        return X[22 * index :][:22], Y[22 * index :][:22]


def test_fit_takes_what_keras_takes() -> None:
    population = ca.Population(build, ALPHAS[:2], 2)
    initial = population.member(1)
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", min_delta=100.0, patience=0)
    history = population.fit(X, Y, epochs=3, validation_split=0.25, class_weight={0: 2.0, 1: 1.0, 2: 0.5},
                             callbacks=[stop], verbose=0).history  # fmt: skip
    assert len(history["loss"]) == 2
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    np.testing.assert_allclose(history["val_loss"][-1], np.mean(population.member_history["val_loss"][-1]), rtol=1e-6)
    before = population.member(0)
    population.fit(Batches(), validation_data=Batches(), verbose=0)
    assert any(np.any(one != other) for one, other in zip(before, population.member(0), strict=True))
    evaluated = population.evaluate(X, Y, batch_size=20, return_dict=True, verbose=0)
    assert population.member_results["loss"].shape == (4,)
    assert evaluated["loss"] == pytest.approx(np.mean(population.member_results["loss"]))
    outputs = population.predict(X, verbose=0)
    assert outputs.shape == (44, 4, 3)
    alone = build(ALPHAS[1])
    alone.set_weights(population.member(1))
    np.testing.assert_allclose(outputs[:, 1], alone.predict(X, verbose=0), rtol=0, atol=1e-5)
    population.reset()
    assert int(population.optimizer.iterations) == 0
    for one, other in zip(initial, population.member(1), strict=True):
        np.testing.assert_array_equal(one, other)


def layer_of(alpha: Any, size: int = 6) -> keras.Model:
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(size), ca.soft_exponential_lambda(alpha, domain="linear"), layers.Dense(3)]
    )
    model.compile("sgd", "mse")
    return model


REFUSED: dict[str, tuple[Callable[[Any], keras.Model], str]] = {
    "Lamb": (lambda alpha: build(alpha, keras.optimizers.Lamb()), "Lamb"),
    "Muon": (lambda alpha: build(alpha, keras.optimizers.Muon()), "Muon"),
    "clipnorm": (lambda alpha: build(alpha, keras.optimizers.SGD(clipnorm=1.0)), "clipnorm"),
    "global_clipnorm": (lambda alpha: build(alpha, keras.optimizers.Adam(global_clipnorm=1.0)), "global_clipnorm"),
    "float(alpha)": (lambda alpha: layer_of(float(alpha)), r"float\(alpha\)"),
    "round(alpha)": (lambda alpha: layer_of(alpha, size=4 + round(alpha)), r"round\(alpha\)"),
    "alpha * 2": (lambda alpha: layer_of(alpha * 2), "alpha"),
    "if alpha > 0": (lambda alpha: layer_of(alpha) if alpha > 0 else layer_of(-alpha), "alpha"),
    "rate of alpha": (lambda alpha: build(alpha, keras.optimizers.SGD(0.1 + abs(alpha))), "alpha"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_mapped_is_refused_by_name(case: str) -> None:
    make, reason = REFUSED[case]
    targets = X[:, :3] if make.__code__.co_names[0] == "layer_of" else Y
    budget = Budget(X, targets, None, epochs=1, batch_size=22)
    with pytest.raises(NotMappable, match=reason):
        train(make, budget, [(-0.5, 0), (0.5, 0)])


def test_branch_on_alpha_is_seen_in_a_later_population_too() -> None:
    def branching(alpha: Any) -> keras.Model:
        return layer_of(alpha) if alpha > 0.8 else layer_of(0.0)  # a comparison of a variable is no error

    budget = Budget(X, X[:, :3], None, epochs=1, batch_size=22)
    trainer = PopulationTrainer(lambda alpha: layer_of(alpha if alpha < 0.8 else 0.0), budget, None)
    assert len(list(trainer.train([(-0.5, 0), (0.5, 0)], lambda epoch, logs: ()))) == 2
    with pytest.raises(NotMappable, match=r"build\(0\.9\) computes something else"):
        list(trainer.train([(0.6, 0), (0.9, 0)], lambda epoch, logs: ()))
    with pytest.raises(NotMappable, match="computes something else"):
        train(branching, budget, [(-0.5, 0), (0.9, 0)])


def root_of_batch(y: Any, y_pred: Any) -> Any:
    """Return a metric that is no mean over samples: its mean over batches depends on their size."""
    return keras.ops.sqrt(keras.ops.mean(keras.ops.square(y - y_pred)))


def test_metric_that_is_no_mean_of_samples_is_that_of_the_member_s_own_fit() -> None:
    def with_metric(alpha: Any) -> keras.Model:
        model = layer_of(alpha)
        model.compile("sgd", "mse", metrics=[root_of_batch])
        return model

    # 36 rows would make three even batches of 12; fit takes 16, 16 and 4
    budget = Budget(X, X[:, :3], (X[:36], X[:36, :3]), epochs=1, batch_size=16)
    result, _ = train(with_metric, budget, [(0.3, 0), (0.6, 0)])
    alone = train_one(with_metric, 0.3, 0, budget)[1]
    for name in ("root_of_batch", "val_root_of_batch"):
        np.testing.assert_allclose(result.history[name], alone.history[name], rtol=1e-5)


@pytest.mark.parametrize(("alphas", "unused"), [((0.0, 0.5), "logarithm"), ((-0.5, -1.0), "exponential")])
def test_program_of_one_sign_computes_one_formula(monkeypatch: Any, alphas: Any, unused: str) -> None:
    def fail(*arguments: Any) -> Any:
        raise AssertionError(f"{unused} is in the program of {alphas}")

    monkeypatch.setattr(real_traced, unused, fail)
    budget = Budget(X, X[:, :3], None, epochs=1, batch_size=22, objective="loss")
    results = train(layer_of, budget, [(alpha, 0) for alpha in alphas])
    for result in results:
        alone = train_one(layer_of, result.alpha, 0, budget)[1]
        np.testing.assert_allclose(result.history["loss"], alone.history["loss"], rtol=1e-5)
