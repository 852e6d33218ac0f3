"""`domain="linear"`: beyond the knee, where the slope reaches `max_slope` = m, the curve goes on along its tangent.

    alpha > 0:  above  log(m)/alpha                       y = m*(x - s),  s = ((m*log(m) - m + 1)/alpha - alpha)/m
    alpha < 0:  below  1/alpha - alpha - 1/(m*alpha)                      s = (m - 1 - log(m))/(m*alpha) - alpha

The knee only decides a comparison: at it the two meet to second order, so its rounding costs nothing, and derivatives
in alpha, of any order, are those of s.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from continuum_act.functions.constants import constant
from continuum_act.functions.series import finfo


class Tangent(NamedTuple):
    """Numbers or tensors of the shape of alpha; `inside` is an x at which the function itself is finite."""

    knee: Any
    shift: Any
    inside: Any
    negative: Any
    slope: float


def continued(function: Callable[[Any], Any], x: Any, tangent: Tangent) -> Any:
    """Return the function up to the knee, and the tangent beyond."""
    above = x > tangent.knee
    if isinstance(tangent.negative, bool):
        beyond = x <= tangent.knee if tangent.negative else above
    else:
        beyond = ops.logical_xor(above, tangent.negative)
    y = function(ops.where(beyond, tangent.inside, x))
    return ops.where(beyond, (x - tangent.shift) * tangent.slope, y)


def of_fixed(alpha: np.ndarray, max_slope: float) -> Tangent:
    """Return the tangents of an array of fixed alphas."""
    rows = [of_number(float(a), max_slope, alpha.dtype.name) for a in alpha.flat]
    knee, shift, inside, negative = (
        ops.convert_to_tensor(np.reshape(column, alpha.shape).astype(dtype))
        for column, dtype in zip(list(zip(*rows, strict=True))[:4], [alpha.dtype] * 3 + [bool], strict=True)
    )
    return Tangent(knee, shift, inside, negative, rows[0].slope)


def of_traced(alpha: Any, max_slope: float) -> Tangent:
    """Return the tangents of alphas that are a tensor."""
    limits = finfo(alpha)
    max_slope, grow, shrink, log = _terms(max_slope, keras.backend.standardize_dtype(alpha.dtype))
    negative, size = alpha < 0, ops.stop_gradient(ops.abs(alpha))
    reach = _either(negative, 1 - 1 / max_slope, log, alpha) / ops.where(size < limits.tiny, 0.0, size)
    at = ops.stop_gradient(ops.where(negative, -alpha, 0.0))
    knee = ops.where(negative, at - reach, reach)
    shift = _either(negative, shrink, grow, alpha) * reciprocal(alpha)
    shift = shift - _either(negative, 1.0, 1 / max_slope, alpha) * alpha
    return Tangent(knee, shift, 2.0 * at, negative, max_slope)


def reciprocal(alpha: Any) -> Any:
    """1/alpha (1 where alpha is subnormal); its derivative is 0 where the incoming one is, though 1/alpha**2 = inf."""
    limits = finfo(alpha)
    size = ops.stop_gradient(ops.abs(alpha))
    scale = _either(size < 2.0 ** (limits.minexp // 2 + 3), 2.0 ** int(-0.7 * limits.minexp), 1.0, alpha)
    return (1.0 / (ops.where(size < limits.tiny, 1.0, alpha) * scale)) * scale


def _either(condition: Any, value: float, otherwise: float, like: Any) -> Any:
    """Choose between two numbers, in the dtype of `like`; keras.ops.where rounds Python floats to float32."""
    return ops.where(condition, *(ops.convert_to_tensor(number, like.dtype) for number in (value, otherwise)))


def of_number(alpha: float, max_slope: float, dtype: str) -> Tangent:
    """Return the tangent of a fixed alpha."""
    knee, shift, inside, slope = _numbers(alpha, max_slope, dtype)
    return Tangent(knee, shift, inside, alpha < 0, slope)


@constant
def _numbers(alpha: float, max_slope: float, dtype: str) -> tuple[float, float, float, float]:
    """Return exact decimals, rounded once."""
    kind, m = np.dtype(dtype).type, _in_range(max_slope, dtype)
    knee, shift = _exact(alpha, m, float(np.finfo(dtype).tiny))
    with np.errstate(over="ignore"):  # next to 0, and next to the largest number
        return (float(kind(knee)), float(kind(shift)), max(-2 * alpha, 0.0), float(m))


def _in_range(max_slope: float, dtype: str) -> Decimal:
    return Decimal(min(max_slope, float(np.finfo(dtype).max)))


def _exact(alpha: float, m: Decimal, tiny: float) -> tuple[Decimal, Decimal]:
    """Return the knee and the shift."""
    if abs(alpha) < tiny:  # the identity
        return Decimal("inf"), Decimal(0)
    with decimal.localcontext(prec=80, Emin=-9999, Emax=9999):
        a = Decimal(alpha)
        if alpha > 0:
            return m.ln() / a, ((m * m.ln() - m + 1) / a - a) / m
        return (1 - 1 / m) / a - a, (m - 1 - m.ln()) / (m * a) - a


@constant
def _terms(max_slope: float, dtype: str) -> tuple[float, float, float, float]:
    """Return m, what alpha divides in the shift, for alpha > 0 and alpha < 0, and log(m)."""
    with decimal.localcontext(prec=80):
        m = _in_range(max_slope, dtype)
        return float(m), float((m * m.ln() - m + 1) / m), float((m - 1 - m.ln()) / m), float(m.ln())
