"""Train every alpha and every baseline on one split of one data set, under the same budget."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import continuum_act as ca
from benchmarks import evidence_data as data

Activation = Callable[[], keras.layers.Layer]
UNITS = 64
ALPHAS = [round(alpha, 1) for alpha in np.linspace(-1, 1, 11)]
FIXED = ["relu", "elu", "gelu", "tanh"]
BASELINES = [*FIXED, "trained"]  # the last is the layer with trained alphas, one per unit, from 0
Score = dict[str, float | None]  # "loss" in training, "validation_loss", "test_loss", ...; None: not finite


@keras.saving.register_keras_serializable(package="benchmarks")
def one_of_fixed(x: Any, index: Any) -> Any:
    """Return the fixed activation of this index: as one function, so that one population trains all of them."""
    y = x
    for k, name in enumerate(FIXED):
        y = keras.ops.where(keras.ops.equal(index, k), keras.activations.get(name)(x), y)
    return y


def network(features: int, classes: int | None, normalized: bool, activation: Activation) -> keras.Model:
    """Return the compiled network: two hidden layers, each with an activation of its own."""
    model = keras.Sequential([keras.Input((features,))])
    for _ in range(2):
        model.add(keras.layers.Dense(UNITS))
        if normalized:
            model.add(keras.layers.LayerNormalization())
        model.add(activation())
    model.add(keras.layers.Dense(classes or 1))
    if classes:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    else:
        model.compile("adam", "mean_squared_error")
    return model


class Trainer:
    """Trains on splits of one data set; what is trained on a second split is not compiled again."""

    def __init__(self, name: str, normalized: bool) -> None:
        self._table = data.load(name)
        self._schedule = data.LOADERS[name][2]
        self._normalized = normalized
        self._populations: dict[str, ca.Population] = {}

    def __call__(self, repetition: int) -> dict[str, Score]:
        """Return the scores of each alpha and each baseline on this repetition's split, from this seed."""
        split = data.split(self._table, repetition)
        build = functools.partial(network, split.train[0].shape[1], self._table.classes, self._normalized)

        def continuum(alpha: Any) -> keras.Model:
            return build(lambda: ca.soft_exponential_lambda(alpha, domain="linear"))

        def fixed(index: Any) -> keras.Model:
            return build(lambda: ca.activation_lambda(one_of_fixed, arguments={"index": index}))

        def trained(_: Any) -> keras.Model:
            return build(ca.SoftExponential)

        return {
            **self._scores(continuum, dict(zip(map(str, ALPHAS), ALPHAS, strict=True)), split, repetition),
            **self._scores(fixed, {name: float(k) for k, name in enumerate(FIXED)}, split, repetition),
            **self._scores(trained, {"trained": 0.0}, split, repetition),
        }

    def _scores(self, build: Any, alphas: dict[str, float], split: data.Split, seed: int) -> dict[str, Score]:
        """Train `build(alpha)` for each alpha, all from this seed and with the same batches."""
        population = self._populations.get(build.__name__)
        if population is None:
            population = self._populations[build.__name__] = ca.Population(build, list(alphas.values()), [seed])
        else:
            population.start([(alpha, seed) for alpha in alphas.values()])
        population.fit(self._batches(split, seed), shuffle=False, verbose=0)
        results = {"loss": population.member_results["loss"]}  # the mean over all steps: NaN if it ever was
        for part in ("validation", "test"):
            x, y = getattr(split, part)
            population.evaluate(x, y, batch_size=len(x), verbose=0)
            results |= {f"{part}_{metric}": values for metric, values in population.member_results.items()}
        return {name: {k: _finite_or_none(v[i]) for k, v in results.items()} for i, name in enumerate(alphas)}

    def _batches(self, split: data.Split, seed: int) -> tf.data.Dataset:
        """Return the batches of all epochs, each epoch in an order of its own, without a partial last one."""
        x, y = map(tf.constant, split.train)
        epochs, size = self._schedule
        rng = np.random.default_rng(seed)
        rows = [rng.permutation(len(x))[: len(x) // size * size].reshape(-1, size) for _ in range(epochs)]
        batches = tf.data.Dataset.from_tensor_slices(np.concatenate(rows))
        return batches.map(lambda r: (tf.gather(x, r), tf.gather(y, r)))


def _finite_or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
