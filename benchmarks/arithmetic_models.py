"""The networks of `benchmarks.arithmetic`: the continuum, usual activations, and the units of the literature."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import layers

import continuum_act as ca
from benchmarks import arithmetic_layers as units
from benchmarks.arithmetic_tasks import INPUTS, PLAIN, Task

UNITS = 16  # of each of the two hidden layers of relu, elu and tanh
SLOPE = 1000.0  # where a curve whose alpha is not fixed goes on as a line
SPARSITY = 10.0  # strength of the regularizers of NAU and NMU (Madsen and Johansen)
POSITIVE, SMALL = (0.0, 0.4), (-0.1, 0.1)  # where the weights of a Dense layer start
GRID = list(itertools.product([-1.0, 0.0, 1.0], repeat=2))


class Network(NamedTuple):
    """A function from the form of the operands to a model; its learning rate; its tasks; alphas to choose from."""

    build: Callable[[str], keras.Model]
    rate: float
    scope: str = "plain"  # tasks of inputs in [1, 2]; "inputs": in every range; "all": of sums, too
    grid: list[tuple[float, float]] | None = None

    def takes(self, task: Task) -> bool:
        """Return whether the task is in the scope."""
        if self.scope == "plain" and task.training != PLAIN[0]:
            return False
        return task.form == "inputs" or self.scope == "all"


def dense(count: int, limits: tuple[float, float] = POSITIVE) -> layers.Layer:
    """Return a Dense layer without bias, its weights uniform between these limits at the start."""
    return layers.Dense(count, use_bias=False, kernel_initializer=keras.initializers.RandomUniform(*limits))


def sequential(form: str, first: Callable[[], layers.Layer], *rest: layers.Layer) -> keras.Model:
    """Return a model of these layers; operands that are sums of inputs have a first layer that can add."""
    return keras.Sequential([keras.Input((INPUTS,)), *([first()] if form == "sums" else []), *rest])


def continuum(form: str, before: layers.Layer, after: layers.Layer) -> keras.Model:
    """Return a model of one Dense layer between two activations."""
    return sequential(form, lambda: dense(2), before, dense(1), after)


def real(form: str, **options: Any) -> keras.Model:
    """Return logarithm, Dense, exponential."""
    return continuum(form, *(ca.soft_exponential_lambda(alpha, **options) for alpha in (-1.0, 1.0)))


def complex_(form: str, limits: tuple[float, float]) -> keras.Model:
    """Return complex logarithm, Dense of both parts alike, and the real part of the complex exponential."""
    inputs = keras.Input((INPUTS,))
    x = dense(2)(inputs) if form == "sums" else inputs
    x = ca.complex_soft_exponential_lambda(-1.0, join="stack", axis=1)(x)  # (batch, 2, operands)
    x = layers.Flatten()(dense(1, limits)(x))
    x = ca.complex_soft_exponential_lambda(1.0, join="list")([x[:, :1], x[:, 1:]])[0]
    return keras.Model(inputs, x)


def trained(form: str, strength: float | None = None) -> keras.Model:
    """Return two activations with one trained alpha each, from 0."""
    pull = None if strength is None else ca.TernaryRegularizer(strength)
    return continuum(
        form,
        *(ca.SoftExponential(shared_axes=1, alpha_regularizer=pull, max_slope=SLOPE) for _ in range(2)),
    )


def swept(form: str) -> keras.Model:
    """Return two activations whose alphas are weights that are set, and not trained."""
    return continuum(form, *(ca.SoftExponential(shared_axes=1, trainable=False, max_slope=SLOPE) for _ in range(2)))


def usual(form: str, activation: str) -> keras.Model:
    """Return two hidden layers with this activation, for either form."""
    return keras.Sequential(
        [keras.Input((INPUTS,)), *(layers.Dense(UNITS, activation) for _ in range(2)), layers.Dense(1)]
    )


def nac(form: str) -> keras.Model:
    return sequential(form, lambda: units.Accumulator(2), units.MultiplicativeAccumulator(1))


def nalu(form: str) -> keras.Model:
    return sequential(form, lambda: units.GatedUnit(2), units.GatedUnit(1))


def nmu(form: str) -> keras.Model:
    return sequential(form, lambda: units.addition_unit(2, INPUTS, SPARSITY), units.MultiplicationUnit(1, SPARSITY))


NETWORKS = {
    "real": Network(functools.partial(real, domain="strict"), 0.03, "inputs"),
    "complex": Network(functools.partial(complex_, limits=POSITIVE), 0.03, "all"),
    "complex, small start": Network(functools.partial(complex_, limits=SMALL), 0.03, "inputs"),
    "max_slope=3": Network(functools.partial(real, domain="linear"), 0.03),
    "swept": Network(swept, 0.03, grid=GRID),
    "trained": Network(trained, 0.03),
    "ternary": Network(functools.partial(trained, strength=0.1), 0.03),
    "relu": Network(functools.partial(usual, activation="relu"), 0.01),
    "elu": Network(functools.partial(usual, activation="elu"), 0.01),
    "tanh": Network(functools.partial(usual, activation="tanh"), 0.01),
    "NAC•": Network(nac, 0.1, "all"),
    "NALU": Network(nalu, 0.1, "all"),
    "NMU": Network(nmu, 0.03, "all"),
}
