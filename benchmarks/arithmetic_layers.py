"""The units of the literature on neural arithmetic, restated: NAC, NAC•, NALU, NAU, NMU."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops
from scipy.optimize import bisect

SMALL = 1e-7  # added to |x| before its logarithm, as Trask et al. do


def accumulator_reach(inputs: int, units: int) -> float:
    """Return r: tanh(w)*sigmoid(m), with w and m uniform in [-r, r], has Glorot's variance (Madsen and Johansen)."""

    def excess(r: float) -> float:
        variance = (1 - math.tanh(r) / r) * (r - math.tanh(r / 2)) / (2 * r)
        return max(inputs + units, 5) * variance - 2

    return bisect(excess, 1e-3, 10)


class Accumulator(keras.layers.Layer):
    """NAC (Trask et al., arXiv:1808.00508): x @ W with W = tanh(w)*sigmoid(m), whose entries tend to -1, 0 and 1."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: Any) -> None:
        r = accumulator_reach(input_shape[-1], self.units)
        shape = (input_shape[-1], self.units)
        self.w = self.add_weight(shape=shape, initializer=keras.initializers.RandomUniform(-r, r), name="w")
        self.m = self.add_weight(shape=shape, initializer=keras.initializers.RandomUniform(-r, r), name="m")

    def weights_between_signs(self) -> Any:
        return ops.tanh(self.w) * ops.sigmoid(self.m)

    def call(self, x: Any) -> Any:
        return ops.matmul(x, self.weights_between_signs())


class MultiplicativeAccumulator(Accumulator):
    """NAC• (Trask et al.): exp(log(|x| + SMALL) @ W); of the signs of x it knows nothing."""

    def call(self, x: Any) -> Any:
        return ops.exp(super().call(ops.log(ops.abs(x) + SMALL)))


class GatedUnit(MultiplicativeAccumulator):
    """NALU (Trask et al.): g*(x @ W) + (1 - g)*exp(log(|x| + SMALL) @ W), with the gate g = sigmoid(x @ G)."""

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.gate = self.add_weight(shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="gate")

    def call(self, x: Any) -> Any:
        g = ops.sigmoid(ops.matmul(x, self.gate))
        return g * ops.matmul(x, self.weights_between_signs()) + (1 - g) * super().call(x)


class Between(keras.constraints.Constraint):
    """Clip weights to an interval after each update."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def __call__(self, w: Any) -> Any:
        return ops.clip(w, self.low, self.high)


class Sparse(keras.regularizers.Regularizer):
    """strength * mean(min(|w|, 1 - |w|)): the pull toward -1, 0 and 1 of Madsen and Johansen (arXiv:2001.05016)."""

    def __init__(self, strength: float) -> None:
        self.strength = strength

    def __call__(self, w: Any) -> Any:
        size = ops.abs(w)
        return self.strength * ops.mean(ops.minimum(size, ops.abs(1 - size)))


def addition_unit(units: int, inputs: int, strength: float) -> keras.layers.Layer:
    """Return an NAU (Madsen and Johansen, arXiv:2001.05016): x @ W with W clipped to [-1, 1] and pulled to -1, 0, 1."""
    r = min(0.5, math.sqrt(6 / (inputs + units)))
    return keras.layers.Dense(
        units,
        use_bias=False,
        kernel_initializer=keras.initializers.RandomUniform(-r, r),
        kernel_constraint=Between(-1.0, 1.0),
        kernel_regularizer=Sparse(strength),
    )


class MultiplicationUnit(keras.layers.Layer):
    """NMU (Madsen and Johansen): the product over inputs i of W[i]*x[i] + 1 - W[i], W clipped to [0, 1]."""

    def __init__(self, units: int, strength: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.strength = strength

    def build(self, input_shape: Any) -> None:
        self.w = self.add_weight(
            shape=(input_shape[-1], self.units),
            initializer=keras.initializers.RandomUniform(0.25, 0.75),
            constraint=Between(0.0, 1.0),
            regularizer=Sparse(self.strength),
            name="w",
        )

    def call(self, x: Any) -> Any:
        return ops.prod(self.w * x[..., None] + 1 - self.w, axis=-2)
