"""`domain="linear"`: beyond the knee, where the slope reaches `max_slope` = m, the curve goes on along its tangent.

    alpha > 0:  above  k = log(m)/alpha
    alpha < 0:  below  k = 1/alpha - alpha - 1/(m*alpha)

At the knee the two meet to second order, so its rounding costs nothing. A fixed alpha: y = f(k) + m*(x - k). A traced
one, so that derivatives in alpha, of any order, need none of the knee: y = m*(x - s), with

    alpha > 0:  s = ((m*log(m) - m + 1)/alpha - alpha)/m
    alpha < 0:  s = (m - 1 - log(m))/(m*alpha) - alpha
"""

from __future__ import annotations

import decimal
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import keras
import numpy as np
from keras import ops

from continuum_act.functions.channels import negated
from continuum_act.functions.constants import constant, either
from continuum_act.functions.series import finfo

Function = Callable[[Any], Any]


def of_number(function: Function, x: Any, alpha: float, max_slope: float) -> Any:
    """Continue the function of one fixed alpha."""
    dtype = keras.backend.standardize_dtype(x.dtype)
    return _one_sided(function, x, knee_of(alpha, max_slope, dtype), _term("m", max_slope, dtype), alpha > 0)


def of_array(function: Function, x: Any, alpha: np.ndarray, max_slope: float) -> Any:
    """Continue the function of an array of fixed alphas, each on its side."""
    dtype = alpha.dtype.name
    knees = np.array([knee_of(float(a), max_slope, dtype) for a in alpha.flat], dtype).reshape(alpha.shape)
    has_knee, slope = np.isfinite(knees), _term("m", max_slope, dtype)
    # an infinite one would have no scale in 8 bits
    knee = ops.convert_to_tensor(np.where(has_knee, knees, 0).astype(dtype))
    if has_knee.all() and ((alpha > 0).all() or (alpha < 0).all()):
        return _one_sided(function, x, knee, slope, bool((alpha > 0).all()))
    beyond = ops.where(ops.convert_to_tensor(alpha < 0), x < knee, x > knee)
    if not has_knee.all():
        beyond = ops.logical_and(beyond, ops.convert_to_tensor(has_knee))
    return function(ops.where(beyond, knee, x)) + ops.where(beyond, x - knee, 0.0) * slope


def _one_sided(function: Function, x: Any, knee: Any, slope: float, above: bool) -> Any:
    if above:
        return function(_least(x, knee)) + ops.relu(x - knee) * slope
    return function(_largest(x, knee)) - ops.relu(knee - x) * slope


def of_tensor(function: Function, x: Any, alpha: Any, max_slope: float) -> Any:
    """Continue the function of alphas that are a tensor."""
    dtype = keras.backend.standardize_dtype(alpha.dtype)
    m, grow, shrink, log = (_term(name, max_slope, dtype) for name in ("m", "grow", "shrink", "log"))
    negative, size = alpha < 0, ops.stop_gradient(ops.abs(alpha))
    reach = either(negative, 1 - 1 / m, log, alpha) / ops.where(size < finfo(alpha).tiny, 0.0, size)
    at = ops.stop_gradient(ops.where(negative, -alpha, 0.0))
    shift = either(negative, shrink, grow, alpha) * reciprocal(alpha) - either(negative, 1.0, 1 / m, alpha) * alpha
    beyond = ops.logical_xor(x > ops.where(negative, at - reach, reach), negative)
    # 2*at: where f and its derivatives are finite
    return ops.where(beyond, (x - shift) * m, function(ops.where(beyond, 2.0 * at, x)))


def of_sign(function: Function, x: Any, alpha: Any, max_slope: float, sign: int) -> Any:
    """Continue the function of alphas that are a tensor, of one sign, without a derivative in alpha."""
    m, log = (_term(name, max_slope, keras.backend.standardize_dtype(alpha.dtype)) for name in ("m", "log"))
    knee = log / alpha if sign > 0 else (1 - 1 / m) / alpha - alpha
    return _one_sided(function, x, knee, m, sign > 0)


def _least(x: Any, bound: Any) -> Any:
    """Return the smaller; elsewhere than on TensorFlow by `where`.

    keras.ops.maximum halves the derivative of equals on JAX and rounds float64 to float32 on PyTorch. LiteRT gives the
    two of an 8-bit `where`, and the two and the result of a maximum, one scale: of -x, which nothing else uses.
    """
    if keras.backend.backend() == "tensorflow":
        return -ops.maximum(-x, negated(bound))
    return ops.where(x > bound, _spread(bound, x), x)


def _largest(x: Any, bound: Any) -> Any:
    if keras.backend.backend() == "tensorflow":
        return -ops.minimum(-x, negated(bound))
    return ops.where(x < bound, _spread(bound, x), x)


def _spread(bound: Any, x: Any) -> Any:
    """Return the bound as a tensor: `keras.ops.where` rounds a Python float to float32 on PyTorch."""
    return ops.zeros_like(x) + bound


def reciprocal(alpha: Any) -> Any:
    """1/alpha (1 where alpha is subnormal); its derivative is 0 where the incoming one is, though 1/alpha**2 = inf."""
    limits = finfo(alpha)
    size = ops.stop_gradient(ops.abs(alpha))
    scale = either(size < 2.0 ** (limits.minexp // 2 + 3), 2.0 ** int(-0.7 * limits.minexp), 1.0, alpha)
    return (1.0 / (ops.where(size < limits.tiny, 1.0, alpha) * scale)) * scale


def _in_range(max_slope: float, dtype: str) -> Decimal:
    return Decimal(min(max_slope, float(np.finfo(dtype).max)))


@constant
def knee_of(alpha: float, max_slope: float, dtype: str) -> float:
    """Return the knee of a fixed alpha, rounded towards the side of the function; for the identity at infinity."""
    if abs(alpha) < float(np.finfo(dtype).tiny):
        return float("-inf" if alpha < 0 else "inf")
    with decimal.localcontext(prec=80, Emin=-9999, Emax=9999), np.errstate(over="ignore"):
        a, m = Decimal(alpha), _in_range(max_slope, dtype)
        exact = m.ln() / a if alpha > 0 else (1 - 1 / m) / a - a
        knee = np.dtype(dtype).type(exact)
        beyond = exact < Decimal(float(knee)) if alpha > 0 else exact > Decimal(float(knee))
        return float(np.nextafter(knee, np.dtype(dtype).type(-np.inf if alpha > 0 else np.inf)) if beyond else knee)


@constant
def _term(name: str, max_slope: float, dtype: str) -> float:
    """Return m, log(m), or what alpha divides in the shift, for alpha > 0 ("grow") and alpha < 0 ("shrink")."""
    with decimal.localcontext(prec=80):
        m = _in_range(max_slope, dtype)
        return float({"m": m, "log": m.ln(), "grow": (m * m.ln() - m + 1) / m, "shrink": (m - 1 - m.ln()) / m}[name])
