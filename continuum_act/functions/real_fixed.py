"""The real soft exponential for an alpha known in Python: one formula for each range of alpha, one transcendental."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from continuum_act.functions import tangent
from continuum_act.functions.channels import by_formula
from continuum_act.functions.constants import constant
from continuum_act.functions.series import NEAR_EXPM1, NEAR_LOG1P, expm1_terms, horner, log1p_terms

LOG_FROM = -(0.5**0.5)  # -alpha from which c = 1 - alpha**2 is below 1/2, where its spacing is finer

ROUNDED_OFF = Decimal("NaN")  # stands for what rounding took from the constant before it

Constants = tuple[Decimal, ...]


class Formula(NamedTuple):
    """Constants of alpha, exact decimals rounded once, and a function of (x, *constants)."""

    constants: Callable[[Decimal], Constants]
    value: Callable[..., Any]


def fixed(x: Any, alpha: float | np.ndarray, max_slope: float | None) -> Any:
    """Soft exponential of x (float32 or float64) for alphas of that dtype; `max_slope=None` is strict."""
    dtype = keras.backend.standardize_dtype(x.dtype)
    if not isinstance(alpha, float):
        if alpha.ndim:
            return _of_array(x, alpha, max_slope)
        alpha = float(alpha)
    name, *constants = _chosen(alpha, dtype)
    value = FORMULAS[name].value
    if max_slope is None or name == "identity":
        return value(x, *constants)
    return tangent.of_number(lambda t: value(t, *constants), x, alpha, max_slope)


def _of_array(x: Any, alpha: np.ndarray, max_slope: float | None) -> Any:
    chosen = [_chosen(float(a), alpha.dtype.name) for a in alpha.flat]
    zeros = ops.zeros(alpha.shape, alpha.dtype.name)

    def strict(x: Any) -> Any:
        result = x + zeros
        for name, here, constants in by_formula(chosen, alpha):
            # Where another formula is chosen, this one sees x = 1, inside every domain.
            result = ops.where(here, FORMULAS[name].value(ops.where(here, x, 1.0), *constants), result)
        return result

    if max_slope is None or not alpha.size:
        return strict(x)
    return tangent.of_array(strict, x, alpha, max_slope)


@constant
def _chosen(alpha: float, dtype: str) -> tuple[Any, ...]:
    """Return the name of the formula for this alpha, and its constants."""
    name = _name(alpha, dtype)
    exact = Decimal(alpha)
    # 1 - alpha**2 and its logarithm to 40 digits, however small alpha is
    with decimal.localcontext(prec=40 + 2 * abs(exact.adjusted()), Emin=-9999, Emax=9999):
        constants: list[float] = []
        previous = Decimal(0)
        for exact_value in FORMULAS[name].constants(exact):
            if exact_value is ROUNDED_OFF:
                exact_value = previous - Decimal(constants[-1])
            constants.append(float(np.dtype(dtype).type(exact_value)) + 0.0)  # see `negated`
            previous = exact_value
        return name, *constants


def _name(alpha: float, dtype: str) -> str:
    if abs(alpha) < float(np.finfo(dtype).tiny):  # a subnormal alpha, which the hardware may take for zero
        return "identity"
    if alpha > 0:
        return "expm1" if alpha < 1 else "shifted exp"
    if alpha > LOG_FROM:
        return "log1p"
    return "log" if alpha >= -1 else "shifted log"


def _identity(x: Any) -> Any:
    return x


def _expm1(x: Any, a: Any, c: Any, inverse: Any) -> Any:
    """(exp(u) - c)/a for u = a*x; near 0 a series gives the value, and the formula still the derivatives."""
    u = x * a
    formula = (ops.exp(u) - c) * inverse
    series = (x + a) + x * (u * horner(expm1_terms(keras.backend.standardize_dtype(x.dtype)), u))
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
    series = r + r * (q * horner(log1p_terms(keras.backend.standardize_dtype(x.dtype), True), q))
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


# Not the backends' own expm1 and log1p: TensorFlow's err by up to 5 spacings; JAX and PyTorch differentiate expm1(u) to
# expm1(u) + 1, which has no digit left where u << 0; ONNX has neither; LiteRT computes exp(x) - 1 and log(1 + x).
FORMULAS = {  # b = -alpha where alpha < 0
    "identity": Formula(lambda a: (), _identity),
    "expm1": Formula(lambda a: (a, 1 - a * a, 1 / a), _expm1),
    "shifted exp": Formula(lambda a: (a, a.ln() / a, a - 1 / a), _shifted_exp),
    "log1p": Formula(lambda a: (-a, -1 / a, -a / 2), _log1p),
    "log": Formula(lambda a: (-a, -1 / a, 1 - a * a, ROUNDED_OFF), _log),
    "shifted log": Formula(lambda a: (-1 / a, 1 / a - a, (-a).ln()), _shifted_log),
}
