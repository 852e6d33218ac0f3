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
MAX_SLOPE = 3.0  # the default of the layers
SWEPT = {  # rivals with as many networks as there are alphas; both begin with relu
    "elu": [round(alpha, 1) for alpha in np.linspace(0, 2, 11)],  # its alpha
    "leaky_relu": [round(slope, 1) for slope in np.linspace(0, 1, 11)],  # its slope at negative inputs
}
Score = dict[str, float | None]  # "loss" in training, "validation_loss", "test_loss", ...; None: not finite
KINDS = ["elu", "leaky_relu", "gelu", "tanh"]


@keras.saving.register_keras_serializable(package="benchmarks")
def rival(x: Any, kind: Any, parameter: Any) -> Any:
    """Return the activation of this kind, with its alpha or slope: one function, so one population trains them all."""
    where, equal = keras.ops.where, keras.ops.equal
    below = where(equal(kind, 0), keras.ops.expm1(keras.ops.minimum(x, 0)), x)
    y = where(x > 0, x, parameter * below)
    for k, name in enumerate(KINDS[2:], 2):
        y = where(equal(kind, k), keras.activations.get(name)(x), y)
    return y


def members(family: str) -> dict[str, float]:
    """Return the names of a swept rival's networks, and the parameter of each."""
    return {f"{family}({value:g})": value for value in SWEPT[family]}


PARAMETERS = {  # the kind and the parameter of each rival; relu is elu with alpha = 0, trained once
    "relu": (0.0, 0.0),
    "elu": (0.0, 1.0),
    "gelu": (2.0, 0.0),
    "tanh": (3.0, 0.0),
    **{name: (0.0, alpha) for name, alpha in members("elu").items()},
    **{name: (1.0, slope) if slope else (0.0, 0.0) for name, slope in members("leaky_relu").items()},
}


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
            return build(lambda: ca.soft_exponential_lambda(alpha, max_slope=MAX_SLOPE))

        def rivals(parameters: Any) -> keras.Model:
            kind, parameter = parameters
            return build(lambda: ca.activation_lambda(rival, arguments={"kind": kind, "parameter": parameter}))

        def trained(_: Any) -> keras.Model:
            return build(lambda: ca.SoftExponential(max_slope=MAX_SLOPE))

        return {
            **self._scores(continuum, dict(zip(map(str, ALPHAS), ALPHAS, strict=True)), split, repetition),
            **self._scores(rivals, PARAMETERS, split, repetition),
            **self._scores(trained, {"trained": 0.0}, split, repetition),
        }

    def _scores(self, build: Any, alphas: dict[str, Any], split: data.Split, seed: int) -> dict[str, Score]:
        """Train `build(alpha)` for each alpha, all from this seed and with the same batches; equal ones once."""
        unique = list(dict.fromkeys(alphas.values()))
        population = self._populations.get(build.__name__)
        if population is None:
            population = self._populations[build.__name__] = ca.Population(build, unique, [seed])
        else:
            _start(population, functools.partial(build, unique[0]), seed)
        population.fit(self._batches(split, seed), shuffle=False, verbose=0)
        results = {"loss": population.member_results["loss"]}  # the mean over all steps: NaN if it ever was
        for part in ("validation", "test"):
            x, y = getattr(split, part)
            population.evaluate(x, y, batch_size=len(x), verbose=0)
            results |= {f"{part}_{metric}": values for metric, values in population.member_results.items()}
        row = {alpha: k for k, alpha in enumerate(unique)}
        return {
            name: {key: _finite_or_none(values[row[alpha]]) for key, values in results.items()}
            for name, alpha in alphas.items()
        }

    def _batches(self, split: data.Split, seed: int) -> tf.data.Dataset:
        """Return the batches of all epochs, each epoch in an order of its own, without a partial last one."""
        x, y = map(tf.constant, split.train)
        epochs, size = self._schedule
        rng = np.random.default_rng(seed)
        rows = [rng.permutation(len(x))[: len(x) // size * size].reshape(-1, size) for _ in range(epochs)]
        batches = tf.data.Dataset.from_tensor_slices(np.concatenate(rows))
        return batches.map(lambda r: (tf.gather(x, r), tf.gather(y, r)))


def _start(population: ca.Population, build: Any, seed: int) -> None:
    """Begin again from the initial weights of this seed; what is compiled remains."""
    population.reset()
    keras.utils.set_random_seed(seed)
    initial = build().trainable_variables
    for variable, value in zip(population.trainable_variables, initial, strict=True):
        variable.assign(np.broadcast_to(keras.ops.convert_to_numpy(value), variable.shape))


def _finite_or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
