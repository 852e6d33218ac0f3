"""The real soft exponential for an alpha known in Python: one formula for each range of alpha, one transcendental."""

from __future__ import annotations

import decimal
import functools
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from continuum_act.functions import traced_kernels
from continuum_act.functions.series import atanhc_terms, horner, sinhc_terms

EXP_FROM, LOG_FROM = 0.57, -0.6  # from here on, alpha cancels against 1/alpha
NEAR_LOG1P = (-0.5, 1.0)  # alpha*(x + alpha) negated, between which log(1 + u) cancels
_WIDEST_S = max(abs(u / (2 + u)) for u in NEAR_LOG1P)
NEAR_EXPM1 = 0.8  # |alpha*x| below which exp(alpha*x) - 1 cancels

ROUNDED_OFF = Decimal("NaN")  # stands for what rounding took from the constant before it

Constants = tuple[Decimal, ...]


class Formula(NamedTuple):
    """Constants of (alpha, limit), exact decimals rounded once, and a function of (x, limit, *constants)."""

    constants: Callable[[Decimal, Decimal], Constants]
    value: Callable[..., Any]


def fixed(x: Any, alpha: np.ndarray, max_slope: float | None) -> Any:
    """Soft exponential of x (float32 or float64) for alphas of the same dtype; `max_slope=None` is strict."""
    dtype = alpha.dtype.name
    if alpha.ndim == 0:
        formula, *constants = _chosen(float(alpha), dtype, max_slope)
        return formula.value(x, max_slope, *constants)
    chosen = [_chosen(float(a), dtype, max_slope) for a in alpha.flat]
    result = x + ops.zeros(alpha.shape, dtype)
    for formula in {row[0]: None for row in chosen}:
        mine = [row if row[0] is formula else None for row in chosen]
        # Where another formula is chosen, this one sees x = 1, inside every domain, and constants of its own kind.
        harmless = next(row for row in mine if row)
        columns = zip(*((row or harmless)[1:] for row in mine), strict=True)
        constants = [ops.convert_to_tensor(np.reshape(c, alpha.shape).astype(dtype)) for c in columns]
        here = ops.convert_to_tensor(np.reshape([row is not None for row in mine], alpha.shape))
        result = ops.where(here, formula.value(ops.where(here, x, 1.0), max_slope, *constants), result)
    return result


@functools.lru_cache(maxsize=4096)
def _chosen(alpha: float, dtype: str, max_slope: float | None) -> tuple[Any, ...]:
    """Return the formula for this alpha and its constants."""
    formula = _formula(alpha, dtype)
    exact, limit = Decimal(alpha), Decimal(max_slope or 1)
    # 1 - alpha**2 and its logarithm to 40 digits, however small alpha is
    with decimal.localcontext(prec=40 + 2 * abs(exact.adjusted()), Emin=-9999, Emax=9999):
        constants: list[float] = []
        previous = Decimal(0)
        for constant in formula.constants(exact, limit):
            if constant is ROUNDED_OFF:
                constant = previous - Decimal(constants[-1])
            constants.append(float(np.dtype(dtype).type(constant)))
            previous = constant
        return formula, *constants


def _formula(alpha: float, dtype: str) -> Formula:
    if abs(alpha) < float(np.finfo(dtype).tiny):  # a subnormal alpha, which the hardware may take for zero
        return IDENTITY
    if alpha >= EXP_FROM:
        return EXP if alpha <= 1 else SHIFTED_EXP
    if alpha <= LOG_FROM:
        return LOG if alpha >= -1 else SHIFTED_LOG
    return EXPM1 if alpha > 0 else LOG1P


def _identity(x: Any, max_slope: float | None) -> Any:
    return x


def _expm1(x: Any, max_slope: float | None, a: Any) -> Any:
    """exp(2h) - 1 = 2 exp(h) sinh(h), with the series of sinh(h)/h near 0."""
    u = x * a
    near = ops.abs(u) < NEAR_EXPM1
    e = ops.exp(ops.where(near, 0.5 * u, u))
    h = ops.where(near, 0.5 * u, 0.0)
    sinhc = horner(sinhc_terms(x, (0.5 * NEAR_EXPM1) ** 2), h * h)
    series = ops.where(near, x, 0.0) * (ops.where(near, e, 1.0) * sinhc)
    return ops.where(near, series, (e - 1.0) / a) + a


def _exp(x: Any, max_slope: float | None, a: Any, c: Any, c_rest: Any) -> Any:
    return ops.exp(x) if _is(a, 1.0) else (ops.exp(x * a) - c - c_rest) / a


def _shifted_exp(x: Any, max_slope: float | None, a: Any, shift: Any, rest: Any) -> Any:
    """exp(a*x)/a as one exp, because exp(a*x) overflows first."""
    return ops.exp((x - shift) * a) + rest


def _log1p(x: Any, max_slope: float | None, b: Any, edge: Any) -> Any:
    """log(1 + u)/b for u = b*w, and near 0 w*log(1 + u)/u by the series of 2 atanh(u/(2 + u))."""
    w, below = x - b, 0.0
    if max_slope is not None:
        w, below = traced_kernels.split(w, edge)
        below = below * max_slope
    u = w * b
    near = ops.logical_and(u > NEAR_LOG1P[0], u < NEAR_LOG1P[1])
    u_near, w_near = ops.where(near, u, 0.0), ops.where(near, w, 0.0)
    s = u_near / (2.0 + u_near)
    q = s * s
    r = w_near / (1.0 + 0.5 * u_near)
    series = r + r * (q * horner(atanhc_terms(x, _WIDEST_S**2)[1:], q))
    return ops.where(near, series, ops.log(ops.where(near, 1.0, 1.0 + u)) / b) + below


def _log(x: Any, max_slope: float | None, b: Any, c: Any, c_rest: Any, edge: Any, m: Any) -> Any:
    t = x if _is(b, 1.0) else (x * b + c_rest) + c
    if max_slope is None:
        return ops.log(t) if _is(b, 1.0) else ops.log(t) / b
    inside, below = traced_kernels.split(t, edge)
    return ops.log(inside) / b + below * m


def _shifted_log(x: Any, max_slope: float | None, b: Any, shift: Any, log_b: Any, edge: Any) -> Any:
    """log(b*r)/b with r = x - shift: no product before the logarithm that could overflow."""
    r = x - shift
    if max_slope is None:
        return (ops.log(r) + log_b) / b
    inside, below = traced_kernels.split(r, edge)
    return (ops.log(inside) + log_b) / b + below * max_slope


def _is(constant: Any, value: float) -> bool:
    return isinstance(constant, float) and constant == value


# b = -alpha where alpha < 0; m is the slope at which the linear continuation starts
IDENTITY = Formula(lambda a, m: (), _identity)
# Not the backends' own expm1 and log1p: TensorFlow's err by up to 5 spacings; JAX and PyTorch differentiate expm1(u) to
# expm1(u) + 1, which has no digit left where u << 0; ONNX has neither; LiteRT computes exp(x) - 1 and log(1 + x).
EXPM1 = Formula(lambda a, m: (a,), _expm1)
EXP = Formula(lambda a, m: (a, 1 - a * a, ROUNDED_OFF), _exp)
SHIFTED_EXP = Formula(lambda a, m: (a, a.ln() / a, a - 1 / a), _shifted_exp)
LOG1P = Formula(lambda a, m: (-a, (1 - 1 / m) / a), _log1p)
LOG = Formula(lambda a, m: (-a, 1 - a * a, ROUNDED_OFF, 1 / m, -m / a), _log)
SHIFTED_LOG = Formula(lambda a, m: (-a, 1 / a - a, (-a).ln(), -1 / (m * a)), _shifted_log)
