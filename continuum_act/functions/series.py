"""Power series for the neighbourhoods where a formula would cancel, cut off by the dtype."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

from continuum_act.functions.constants import constant

# For a fixed alpha: between these the backends' exp and log, which err by 1 and by 3 spacings, leave too few digits.
NEAR_EXPM1 = (-0.9, 0.4)  # alpha*x; about 0, and about the zero of f for any alpha whose c is above 0.4
NEAR_LOG1P = (-0.55, 0.45)  # -alpha*(x + alpha)
# For a traced one: between these its derivative in alpha cancels.
NEAR_EXP = (-0.8, 0.5)  # u between which (u - 1)*exp(u) + 1 does
NEAR_LOG = (-0.4, 0.8)  # u between which u/(1 + u) - log(1 + u) does


def horner(coefficients: Sequence[float], q: Any) -> Any:
    """Evaluate a power series."""
    total: Any = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = total * q + coefficient
    return total


class Limits(NamedTuple):
    """Limits of a floating dtype, as `numpy.finfo` names them."""

    eps: float
    tiny: float
    max: float
    minexp: float


def finfo(x: Any) -> Limits:
    """Return the limits of the dtype of a float32 or float64 tensor."""
    dtype = keras.backend.standardize_dtype(x.dtype)
    return Limits(*(_limit(dtype, name) for name in Limits._fields))


@constant
def _limit(dtype: str, name: str) -> float:
    return float(getattr(np.finfo(dtype), name))


@constant
def exprel_terms(dtype: str) -> tuple[float, ...]:
    """Coefficients of (exp(u) - 1 - u)/u**2 in u, in NEAR_EXP, exact in the derivative too."""
    slopes = _economized("exprel", float(np.finfo(dtype).eps) / 8, *NEAR_EXP)
    return tuple(slope / (n + 2) for n, slope in enumerate(slopes))


@constant
def expm1_terms(dtype: str) -> tuple[float, ...]:
    """Coefficients of (exp(u) - 1 - u)/u**2 in u, in NEAR_EXPM1."""
    return _economized("expm1", float(np.finfo(dtype).eps) / 32, *NEAR_EXPM1)


@constant
def log1p_terms(dtype: str, fixed: bool) -> tuple[float, ...]:
    """Coefficients of (atanh(s)/s - 1)/s**2 in s**2 for s = u/(2 + u), u in NEAR_LOG1P if fixed, else NEAR_LOG."""
    widest = max((u / (2 + u)) ** 2 for u in (NEAR_LOG1P if fixed else NEAR_LOG))
    slopes = _economized("geometric", float(np.finfo(dtype).eps) / 16 / widest, 0.0, widest)
    return tuple(slope / (2 * n + 3) for n, slope in enumerate(slopes))


_COEFFICIENTS: dict[str, Callable[[int], float]] = {
    "exprel": lambda n: 1 / math.factorial(n + 1),
    "expm1": lambda n: 1 / math.factorial(n + 2),
    "geometric": lambda n: 1.0,
}


def _economized(name: str, error: float, low: float, high: float) -> tuple[float, ...]:
    """Shorten a power series on an interval: drop the last terms of its Chebyshev series while they are below error."""
    series = Polynomial([_COEFFICIENTS[name](n) for n in range(40)])
    short = series.convert(kind=Chebyshev, domain=[low, high]).trim(error)
    return tuple(short.convert(kind=Polynomial, domain=[-1, 1], window=[-1, 1]).coef.tolist())
