"""Formulas of the real soft exponential that keep their digits, for a fixed alpha and for a traced one."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import keras
import numpy as np
from keras import ops

# From here on alpha cancels against 1/alpha faster than expm1 and log1p gain: both are within 2.5 units at 0.6.
SWITCH = 0.6


def finfo(dtype: str) -> Any:
    """Return the limits of a dtype that the functions compute in."""
    return np.finfo(dtype)


def terms(dtype: str, size: float, coefficient: Callable[[int], float]) -> list[float]:
    """Return the coefficients of a power series in q that matter in `dtype` where q <= size."""
    kept: list[float] = []
    while coefficient(len(kept)) * size ** len(kept) > finfo(dtype).eps / 16:
        kept.append(coefficient(len(kept)))
    return kept


def horner(coefficients: list[float], q: Any) -> Any:
    """Evaluate a power series."""
    total = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = total * q + coefficient
    return total


def fixed(x: Any, alpha: np.ndarray, max_slope: float | None) -> Any:
    """Soft exponential of x (float32 or float64) for alphas known in Python; `max_slope=None` is strict."""
    formula = np.vectorize(lambda a: FORMULAS.index(_formula(float(a), alpha.dtype)), otypes=[int])(alpha)
    if alpha.ndim == 0:
        return FORMULAS[int(formula)](x, alpha, max_slope)
    result = None
    for number in np.unique(formula):
        chosen = ops.convert_to_tensor(formula == number)
        harmless = alpha[formula == number].flat[0]
        # Each formula sees an alpha of its own kind and x = 1, inside every domain, where another one is chosen.
        y = FORMULAS[number](
            ops.where(chosen, x, 1.0), np.where(formula == number, alpha, harmless), max_slope
        )
        result = y if result is None else ops.where(chosen, y, result)
    return x + 0.0 * alpha.sum() if result is None else result


def _formula(alpha: float, dtype: Any) -> Callable[..., Any]:
    limits = finfo(dtype)
    if alpha == 0:
        return _identity
    if alpha * alpha < float(limits.tiny) / float(
        limits.eps
    ):  # a subnormal alpha*x would lose digits of the result
        return _tiny_positive if alpha > 0 else _tiny_negative
    if alpha > 0:
        return _expm1 if alpha < SWITCH else _exp if alpha <= 1 else _shifted_exp
    return _log1p if alpha > -SWITCH else _log


def _constant(value: Any, function: Callable[[Fraction], Any] = Fraction) -> Any:
    """Round a function of alpha once, from its exact value; a Python number for one alpha, else a tensor."""
    value = np.asarray(value)
    rounded = np.vectorize(lambda a: float(function(Fraction(float(a)))), otypes=["float64"])(value)
    return float(rounded) if rounded.ndim == 0 else ops.convert_to_tensor(rounded.astype(value.dtype))


def _identity(x: Any, alpha: np.ndarray, max_slope: float | None) -> Any:
    return x if alpha.ndim == 0 else x + ops.convert_to_tensor(alpha)


def _tiny_positive(x: Any, alpha: np.ndarray, max_slope: float | None) -> Any:
    return exponential(x, ops.convert_to_tensor(alpha))


def _tiny_negative(x: Any, alpha: np.ndarray, max_slope: float | None) -> Any:
    return logarithm(x, ops.convert_to_tensor(alpha), max_slope)


def _expm1(x: Any, alpha: np.ndarray, max_slope: float | None) -> Any:
    a = _constant(alpha)
    if (
        keras.backend.backend() != "tensorflow"
    ):  # their derivative of expm1(u) is expm1(u) + 1, wrong for u << 0
        return exponential(x, ops.convert_to_tensor(alpha))
    return ops.expm1(x * a) / a + a


def _exp(x: Any, alpha: np.ndarray, max_slope: float | None) -> Any:
    if alpha.ndim == 0 and alpha == 1:
        return ops.exp(x)
    a = _constant(alpha)
    return (ops.exp(x * a) - _constant(alpha, lambda a: 1 - a * a)) / a


def _shifted_exp(x: Any, alpha: np.ndarray, max_slope: float | None) -> Any:
    """exp(alpha*x)/alpha as one exp, because exp(alpha*x) overflows first."""
    shift = _constant(alpha, lambda a: math.log(a) / a)
    return ops.exp((x - shift) * _constant(alpha)) + _constant(alpha, lambda a: a - 1 / a)


def _log1p(x: Any, alpha: np.ndarray, max_slope: float | None) -> Any:
    a = _constant(alpha)
    w = x + a
    if max_slope is None:
        return ops.log1p(w * -a) / -a
    inside = ops.maximum(w, _constant(alpha, lambda a: (1 - 1 / Fraction(max_slope)) / a))
    return ops.log1p(inside * -a) / -a + (w - inside) * max_slope


def _log(x: Any, alpha: np.ndarray, max_slope: float | None) -> Any:
    """log(|alpha|*(x + d))/|alpha|: no product before the logarithm that could overflow."""
    if alpha.ndim == 0 and alpha == -1 and max_slope is None:
        return ops.log(x)
    r = x + _constant(alpha, lambda a: (a * a - 1) / a)
    log_alpha, size = _constant(alpha, lambda a: math.log(-a)), _constant(-alpha)
    if max_slope is None:
        return (ops.log(r) + log_alpha) / size
    inside = ops.maximum(r, _constant(alpha, lambda a: -1 / (a * Fraction(max_slope))))
    return (ops.log(inside) + log_alpha) / size + (r - inside) * max_slope


FORMULAS = [_identity, _tiny_positive, _tiny_negative, _expm1, _exp, _shifted_exp, _log1p, _log]


def traced(x: Any, alpha: Any, max_slope: float | None) -> Any:
    """Soft exponential of x for an alpha that is a tensor; both branches see only inputs of their own domain."""
    negative = alpha < 0
    grown = exponential(ops.where(negative, 0.0, x), ops.where(negative, 0.0, alpha))
    shrunk = logarithm(ops.where(negative, x, 0.0), ops.where(negative, alpha, -0.5), max_slope)
    return ops.where(negative, shrunk, grown)


NEAR_EXP = 1.2  # |u| below which (u - 1)*exp(u) + 1, the derivative in alpha, cancels


def exponential(x: Any, alpha: Any) -> Any:
    """(exp(u) - 1)/alpha + alpha for u = alpha*x, alpha >= 0."""
    dtype = keras.backend.standardize_dtype(x.dtype)
    u = x * alpha
    near = ops.logical_and(ops.abs(u) < NEAR_EXP, alpha < SWITCH)
    huge = u > 64.0  # 1 - alpha**2 is lost against exp(u), and exp(u) may overflow before exp(u)/alpha
    h = ops.where(ops.logical_or(near, huge), 0.5 * u, u)
    e = ops.exp(h)

    # exp(u) - 1 = 2 exp(h) sinh(h), h = u/2
    half = ops.where(near, h, 0.0)
    sinhc = horner(terms(dtype, 0.25 * NEAR_EXP**2, lambda k: 1 / math.factorial(2 * k + 1)), half * half)
    series = ops.where(near, x, 0.0) * (ops.where(near, e, 1.0) * sinhc)

    a = ops.where(near, 1.0, alpha)
    one = ops.where(a < SWITCH, 1.0, (1.0 - a) * (1.0 + a))
    quotient = ops.where(huge, (e / a) * e, (e - one) / a)
    return ops.where(near, series, quotient) + ops.where(alpha < SWITCH, alpha, 0.0)


NEAR_LOG = (-2.0, 0.65)  # v between which v/(1 - v) + log(1 - v), in the derivative in alpha, cancels


def logarithm(x: Any, alpha: Any, max_slope: float | None) -> Any:
    """-log(1 - v)/alpha for v = alpha*(x + alpha), alpha < 0."""
    dtype = keras.backend.standardize_dtype(x.dtype)
    large = alpha <= -SWITCH
    w = x + alpha
    v = w * ops.where(large, -0.5, alpha)
    near = ops.logical_and(ops.logical_and(v > NEAR_LOG[0], v < NEAR_LOG[1]), ops.logical_not(large))

    if max_slope is not None:
        edge = 1.0 - 1.0 / max_slope
        near = ops.logical_and(near, v <= edge)

    # -log(1 - v) = 4 atanh(s), s = v/(1 + sqrt(1 - v))**2
    v_near = ops.where(near, v, 0.0)
    root = 1.0 + ops.sqrt(1.0 - v_near)
    scale = 1.0 / (root * root)
    s = v_near * scale
    widest = max(abs(v) / (1 + math.sqrt(1 - v)) ** 2 for v in NEAR_LOG)
    atanhc = horner(terms(dtype, widest**2, lambda k: 1 / (2 * k + 1)), s * s)
    series = ops.where(near, w, 0.0) * (4.0 * scale * atanhc)

    size = ops.where(near, 1.0, -alpha)
    # for a large alpha, log(|alpha|*(x + d)): no product before the logarithm that could overflow
    big = ops.where(large, -alpha, 1.0)
    r = x + (1.0 - big) * (1.0 + big) / big
    t = 1.0 - ops.where(near, 0.0, v)
    extra = 0.0
    if max_slope is not None:
        r_inside = ops.maximum(r, 1.0 / (max_slope * big))
        t_inside = ops.maximum(t, 1.0 / max_slope)
        extra = ops.where(large, r - r_inside, (t - t_inside) / size) * max_slope
        r, t = r_inside, t_inside
    far = (ops.log(ops.where(large, r, t)) + ops.log(big)) / size + extra
    return ops.where(near, series, far)
