"""The experiment of the command line: a small network on a table, alpha against relu and elu."""

from __future__ import annotations

import functools
from typing import Any

import keras

from continuum_act.command_line.tables import Dataset
from continuum_act.layers.lambdas import complex_soft_exponential_lambda, soft_exponential_lambda
from continuum_act.sweep.result import SweepResult
from continuum_act.sweep.run import EngineName, sweep

BASELINES = ("relu", "elu")
_UNITS = 64


def network(data: Dataset, activation: Any, units: int = _UNITS) -> keras.Model:
    """Two hidden layers, normalized (an exponential needs bounded inputs), and Adam.

    `activation` makes a new layer at each call.
    """
    model = keras.Sequential(
        [
            keras.Input(data.x.shape[1:]),
            keras.layers.Dense(units),
            keras.layers.LayerNormalization(),
            activation(),
            keras.layers.Dense(units),
            keras.layers.LayerNormalization(),
            activation(),
            keras.layers.Dense(data.classes or 1),
        ]
    )
    if data.classes:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    else:
        model.compile("adam", "mean_squared_error", metrics=["mean_absolute_error"])
    return model


def run(
    data: Dataset, alphas: list[Any], *, kind: str, seeds: int, epochs: int, storage: str, engine: EngineName
) -> SweepResult:
    """Sweep alpha on a data set, with relu and elu as baselines under the same budget."""

    def build(alpha: Any) -> keras.Model:
        if kind == "complex":
            # the output is twice as large: half the units give the next layer as many inputs
            return network(data, lambda: complex_soft_exponential_lambda(alpha, join="concat"), _UNITS // 2)
        return network(data, lambda: soft_exponential_lambda(alpha, domain="linear"))

    return sweep(
        build,
        alphas,
        data.x,
        data.y,
        validation_data=(data.x_val, data.y_val),
        epochs=epochs,
        seeds=seeds,
        storage=storage,
        study_name=f"{data.name}-{kind}",
        engine=engine,
        baselines={name: functools.partial(_baseline, data, name) for name in BASELINES},
    )


def _baseline(data: Dataset, name: str) -> keras.Model:
    return network(data, lambda: keras.layers.Activation(name))
