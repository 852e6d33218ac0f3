"""Callbacks, weights of samples and the best epoch, against each member's own `fit` with the same callbacks."""

import copy
import csv
import dataclasses

import keras
import numpy as np
import pytest
from keras import callbacks, layers

import continuum_act as ca
from continuum_act.population.budget import shuffled_batches
from continuum_act.population.callbacks import check_mappable
from continuum_act.population.stand_in import NotMappable
from continuum_act.population.trainer import PopulationTrainer
from continuum_act.sweep.arguments import as_budget
from tests.population.equivalence import TOLERANCE

pytestmark = pytest.mark.skipif(keras.backend.backend() == "torch", reason="populations need TensorFlow or JAX")

RNG = np.random.default_rng(1)
X = RNG.normal(size=(44, 4)).astype("float32")
Y = RNG.integers(0, 3, 44)
HELD_OUT = X[:20], Y[:20]
MEMBERS = [(alpha, seed) for alpha in (-0.4, 0.0, 0.6) for seed in (0, 1)]
EPOCHS, BATCH = 6, 16


def build(alpha):
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(6), ca.soft_exponential_lambda(alpha, domain="linear"), layers.Dense(3)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.05), loss, metrics=["accuracy"])
    return model


def budget_of(given, **more):
    return as_budget(
        X, Y, validation_data=HELD_OUT, epochs=EPOCHS, batch_size=BATCH, objective="val_loss", callbacks=given, **more
    )


def members_of(budget):
    return list(PopulationTrainer(build, budget, None).train(MEMBERS, lambda epoch, logs: ()))


def own_fit(alpha, seed, budget, given):
    """Fit as a user would, with Keras's callbacks and class weights as sample weights by hand."""
    keras.utils.set_random_seed(seed)
    model = build(alpha)
    history = model.fit(
        shuffled_batches(budget, seed),
        steps_per_epoch=budget.steps,
        epochs=EPOCHS,
        validation_data=HELD_OUT,
        validation_batch_size=BATCH,
        shuffle=False,
        callbacks=[copy.deepcopy(callback) for callback in given],
        verbose=0,
    ).history
    return model, history


def halved(epoch, rate):
    return rate if epoch < 3 else rate / 2


# the rates and patiences are such that members stop at different epochs, before the last
CASES = {
    "EarlyStopping, LearningRateScheduler, class_weight": (
        [
            callbacks.LearningRateScheduler(halved),
            callbacks.EarlyStopping(patience=1, restore_best_weights=True, min_delta=0.01),
        ],
        {"class_weight": {0: 2.0, 2: 0.5}},
    ),
    "ReduceLROnPlateau, EarlyStopping on accuracy, sample_weight": (
        [
            callbacks.ReduceLROnPlateau(patience=1, min_delta=0.05, factor=0.3),
            callbacks.EarlyStopping("val_accuracy", patience=2),
            callbacks.TerminateOnNaN(),
        ],
        {"sample_weight": RNG.uniform(0.5, 1.5, 44).astype("float32")},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_callbacks_act_on_each_member_as_in_its_own_fit(case):
    given, weights = CASES[case]
    budget = budget_of(given, **weights)
    lengths = set()
    for result in members_of(budget):
        model, history = own_fit(result.alpha, result.seed, budget, given)
        assert set(result.history) == set(history)
        for name, values in history.items():
            np.testing.assert_allclose(result.history[name], values, rtol=0, atol=5 * TOLERANCE)
        for one, other in zip(model.get_weights(), result.weights, strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=5 * TOLERANCE)  # a rate five times that of TOLERANCE
        for one, other in zip(model.optimizer.variables, result.optimizer, strict=True):
            np.testing.assert_allclose(keras.ops.convert_to_numpy(one), other, rtol=0, atol=5 * TOLERANCE)
        lengths.add(len(history["loss"]))
    assert len(lengths) > 1, "all members stopped at the same epoch, so the test shows little"


@pytest.mark.slow
def test_best_epoch_keeps_the_weights_that_had_the_best_objective(tmp_path):
    log = tmp_path / "means.csv"
    budget = budget_of([callbacks.CSVLogger(log)], epoch="best")
    results = members_of(budget)
    best = {result.history["val_loss"].index(min(result.history["val_loss"])) for result in results}
    assert best != {EPOCHS - 1}, "the last epoch is the best of all members, so the test shows little"
    for result in results:
        model = build(result.alpha)
        model.set_weights(result.weights)
        loss, _ = model.evaluate(*HELD_OUT, verbose=0)
        assert loss == pytest.approx(min(result.history["val_loss"]), rel=1e-5)
    rows = list(csv.DictReader(log.open()))
    for epoch in range(EPOCHS):
        mean = np.mean([result.history["val_loss"][epoch] for result in results])
        assert float(rows[epoch]["val_loss"]) == pytest.approx(mean)


def test_watched_alpha_that_is_given_up_leaves_the_population():
    budget = dataclasses.replace(budget_of([]), epochs=3)
    seen = []

    def watch(epoch, logs):
        seen.append(sorted({alpha for alpha, _ in logs}))
        return {0.0} if epoch == 0 else ()

    results = list(PopulationTrainer(build, budget, None).train(MEMBERS, watch))
    assert seen == [[-0.4, 0.0, 0.6], [-0.4, 0.6], [-0.4, 0.6]]
    states = {result.alpha: (result.state, len(result.history["loss"])) for result in results}
    assert states == {-0.4: ("complete", 3), 0.0: ("pruned", 1), 0.6: ("complete", 3)}


class OfTheUser(callbacks.EarlyStopping):
    """A subclass may ask for anything."""


@pytest.mark.parametrize(
    ("callback", "reason"),
    [
        (OfTheUser(), "OfTheUser"),
        (callbacks.ModelCheckpoint("m.keras"), "ModelCheckpoint"),
        (callbacks.LambdaCallback(on_train_batch_end=print), "on_train_batch_end"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_callback_that_needs_more_than_an_epoch_s_logs_is_not_mapped(callback, reason):
    with pytest.raises(NotMappable, match=reason):
        check_mappable([callback])
    check_mappable([callbacks.EarlyStopping(), callbacks.LambdaCallback(on_epoch_end=print)])
