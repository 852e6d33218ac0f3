"""The real soft exponential for an alpha known in Python: one formula for each range of alpha, one transcendental."""

from __future__ import annotations

import decimal
import functools
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from continuum_act.functions import tangent
from continuum_act.functions.channels import by_formula
from continuum_act.functions.series import expm1_terms, horner, log1p_terms

LOG_FROM = -(0.5**0.5)  # -alpha from which c = 1 - alpha**2 is below 1/2, where its spacing is finer
# Between these the backends' exp and log, which err by 1 and by 3 spacings, leave too few digits.
NEAR_EXPM1 = (-0.9, 0.4)  # alpha*x; about 0, and about the zero of f for any alpha whose c is above 0.4
NEAR_LOG1P = (-0.55, 0.45)  # -alpha*(x + alpha)

ROUNDED_OFF = Decimal("NaN")  # stands for what rounding took from the constant before it

Constants = tuple[Decimal, ...]


class Formula(NamedTuple):
    """Constants of alpha, exact decimals rounded once, and a function of (x, *constants)."""

    constants: Callable[[Decimal], Constants]
    value: Callable[..., Any]


def fixed(x: Any, alpha: np.ndarray, max_slope: float | None) -> Any:
    """Soft exponential of x (float32 or float64) for alphas of the same dtype; `max_slope=None` is strict."""
    if max_slope is None or (np.abs(alpha) < np.finfo(alpha.dtype).tiny).all():
        return _strict(x, alpha)
    return tangent.continued(lambda t: _strict(t, alpha), x, tangent.of_fixed(alpha, max_slope))


def _strict(x: Any, alpha: np.ndarray) -> Any:
    dtype = alpha.dtype.name
    if alpha.ndim == 0:
        formula, *constants = _chosen(float(alpha), dtype)
        return formula.value(x, *constants)
    chosen = [_chosen(float(a), dtype) for a in alpha.flat]
    result = x + ops.zeros(alpha.shape, dtype)
    for formula, here, constants in by_formula(chosen, alpha):
        # Where another formula is chosen, this one sees x = 1, inside every domain.
        result = ops.where(here, formula.value(ops.where(here, x, 1.0), *constants), result)
    return result


@functools.lru_cache(maxsize=4096)
def _chosen(alpha: float, dtype: str) -> tuple[Any, ...]:
    """Return the formula for this alpha and its constants."""
    formula = _formula(alpha, dtype)
    exact = Decimal(alpha)
    # 1 - alpha**2 and its logarithm to 40 digits, however small alpha is
    with decimal.localcontext(prec=40 + 2 * abs(exact.adjusted()), Emin=-9999, Emax=9999):
        constants: list[float] = []
        previous = Decimal(0)
        for constant in formula.constants(exact):
            if constant is ROUNDED_OFF:
                constant = previous - Decimal(constants[-1])
            constants.append(float(np.dtype(dtype).type(constant)))
            previous = constant
        return formula, *constants


def _formula(alpha: float, dtype: str) -> Formula:
    if abs(alpha) < float(np.finfo(dtype).tiny):  # a subnormal alpha, which the hardware may take for zero
        return IDENTITY
    if alpha > 0:
        return EXPM1 if alpha < 1 else SHIFTED_EXP
    if alpha > LOG_FROM:
        return LOG1P
    return LOG if alpha >= -1 else SHIFTED_LOG


def _identity(x: Any) -> Any:
    return x


def _expm1(x: Any, a: Any, c: Any, inverse: Any) -> Any:
    """(exp(u) - c)/a for u = a*x; near 0 a series gives the value, and the formula still the derivatives."""
    u = x * a
    formula = (ops.exp(u) - c) * inverse
    series = (x + a) + x * (u * horner(expm1_terms(x, *NEAR_EXPM1), u))
    near = ops.logical_and(u > NEAR_EXPM1[0], u < NEAR_EXPM1[1])
    return formula + ops.stop_gradient(ops.where(near, series - formula, 0.0))


def _shifted_exp(x: Any, a: Any, shift: Any, rest: Any) -> Any:
    """exp(a*x)/a as one exp, because exp(a*x) overflows first."""
    return ops.exp(x) if _is(a, 1.0) else ops.exp((x - shift) * a) + rest


def _log1p(x: Any, b: Any, inverse: Any, half: Any) -> Any:
    """log(1 + u)/b for u = b*w; near 0 the series of 2 atanh(s)/b, s = u/(2 + u), gives the value."""
    w = x - b
    u = w * b
    formula = ops.log(1.0 + u) * inverse
    r = w / (1.0 + w * half)
    s = r * half
    q = s * s
    series = r + r * (q * horner(log1p_terms(x, *NEAR_LOG1P), q))
    near = ops.logical_and(u > NEAR_LOG1P[0], u < NEAR_LOG1P[1])
    return formula + ops.stop_gradient(ops.where(near, series - formula, 0.0))


def _log(x: Any, b: Any, inverse: Any, c: Any, c_rest: Any) -> Any:
    if _is(b, 1.0):
        return ops.log(x)
    return ops.log((x + c_rest * inverse) * b + c) * inverse  # a graph would add c_rest to c


def _shifted_log(x: Any, inverse: Any, shift: Any, log_b: Any) -> Any:
    """log(b*r)/b with r = x - shift: no product before the logarithm that could overflow."""
    return (ops.log(x - shift) + log_b) * inverse


def _is(constant: Any, value: float) -> bool:
    return isinstance(constant, float) and constant == value


# b = -alpha where alpha < 0
IDENTITY = Formula(lambda a: (), _identity)
# Not the backends' own expm1 and log1p: TensorFlow's err by up to 5 spacings; JAX and PyTorch differentiate expm1(u) to
# expm1(u) + 1, which has no digit left where u << 0; ONNX has neither; LiteRT computes exp(x) - 1 and log(1 + x).
EXPM1 = Formula(lambda a: (a, 1 - a * a, 1 / a), _expm1)
SHIFTED_EXP = Formula(lambda a: (a, a.ln() / a, a - 1 / a), _shifted_exp)
LOG1P = Formula(lambda a: (-a, -1 / a, -a / 2), _log1p)
LOG = Formula(lambda a: (-a, -1 / a, 1 - a * a, ROUNDED_OFF), _log)
SHIFTED_LOG = Formula(lambda a: (-1 / a, 1 / a - a, (-a).ln()), _shifted_log)
