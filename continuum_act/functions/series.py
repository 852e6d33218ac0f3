"""Power series for the neighbourhoods where a formula would cancel, cut off by the dtype."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

NEAR_EXP = 1.2  # |u| below which (u - 1)*exp(u) + 1, in the derivative of f in alpha, cancels
NEAR_LOG = (-0.65, 2.0)  # u between which u/(1 + u) - log(1 + u), in the derivative in alpha, cancels


def horner(coefficients: Sequence[float], q: Any) -> Any:
    """Evaluate a power series."""
    total: Any = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = total * q + coefficient
    return total


def finfo(x: Any) -> Any:
    """Return the limits of the dtype of a float32 or float64 tensor."""
    return np.finfo(keras.backend.standardize_dtype(x.dtype))


def exprel_terms(x: Any) -> tuple[float, ...]:
    """Coefficients of (exp(u) - 1 - u)/u**2 in u, |u| < NEAR_EXP, exact in the derivative too."""
    slopes = _economized("exprel", float(finfo(x).eps) / 32, -NEAR_EXP, NEAR_EXP)
    return tuple(slope / (n + 2) for n, slope in enumerate(slopes))


def expm1_terms(x: Any, low: float, high: float) -> tuple[float, ...]:
    """Coefficients of (exp(u) - 1 - u)/u**2 in u, low < u < high."""
    return _economized("expm1", float(finfo(x).eps) / 32, low, high)


def log1p_terms(x: Any, low: float, high: float) -> tuple[float, ...]:
    """Coefficients of (atanh(s)/s - 1)/s**2 in s**2 for s = u/(2 + u), low < u < high, exact in the derivative too."""
    widest = max((u / (2 + u)) ** 2 for u in (low, high))
    slopes = _economized("geometric", float(finfo(x).eps) / 16 / widest, 0.0, widest)
    return tuple(slope / (2 * n + 3) for n, slope in enumerate(slopes))


_COEFFICIENTS: dict[str, Callable[[int], float]] = {
    "exprel": lambda n: 1 / math.factorial(n + 1),
    "expm1": lambda n: 1 / math.factorial(n + 2),
    "geometric": lambda n: 1.0,
}


@functools.cache
def _economized(name: str, error: float, low: float, high: float) -> tuple[float, ...]:
    """Shorten a power series on an interval: drop the last terms of its Chebyshev series while they are below error."""
    series = Polynomial([_COEFFICIENTS[name](n) for n in range(40)])
    short = series.convert(kind=Chebyshev, domain=[low, high]).trim(error)
    return tuple(short.convert(kind=Polynomial, domain=[-1, 1], window=[-1, 1]).coef.tolist())
