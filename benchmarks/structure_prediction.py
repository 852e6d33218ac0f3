"""Predictions of the members of a population, by NumPy from their weights: `predict` takes longer than training."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import erf

Array = np.ndarray
Function = Callable[[Array], Array]


def soft_exponential(alpha: float, max_slope: float | None) -> Function:
    """Return the curve, with its tangents if it has a slope."""
    if alpha == 0:
        return lambda x: x
    if alpha < 0:

        def logarithm(x: Array) -> Array:
            return -np.log(1 - alpha * (x + alpha)) / alpha

        knee = -np.inf if max_slope is None else 1 / alpha - alpha - 1 / (max_slope * alpha)
        return lambda x: logarithm(np.maximum(x, knee)) + (max_slope or 0) * (x - np.maximum(x, knee))

    def exponential(x: Array) -> Array:
        return np.expm1(alpha * x) / alpha + alpha

    knee = np.inf if max_slope is None else np.log(max_slope) / alpha
    return lambda x: exponential(np.minimum(x, knee)) + (max_slope or 0) * (x - np.minimum(x, knee))


def complex_soft_exponential(alpha: complex) -> Function:
    """Return the complex function, its two parts side by side."""

    def function(x: Array) -> Array:
        if alpha == 0:
            y = x + 0j
        elif alpha.real >= 0:
            y = (np.exp(alpha * x) - 1) / alpha + alpha
        else:
            argument = 1 - alpha * (x + alpha)
            argument.imag += 0.0  # not -0.0: Arg of a negative number is pi
            y = -np.log(argument) / alpha
        return np.concatenate([y.real, y.imag], axis=-1)

    return function


FIXED: dict[str, Function] = {
    "relu": lambda x: np.maximum(x, 0),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "gelu": lambda x: x * (1 + erf(x / np.sqrt(2))) / 2,
    "tanh": np.tanh,
}


def forward(x: Array, functions: Sequence[Function | None], weights: Sequence[Array]) -> Array:
    """Return the outputs: a function (None for none) before each Dense layer of kernel and bias, in this order."""
    with np.errstate(all="ignore"):
        for function, kernel, bias in zip(functions, weights[::2], weights[1::2], strict=True):
            x = (x if function is None else function(x)) @ kernel + bias
    return x
