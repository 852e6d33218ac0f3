"""The complex soft exponential for an alpha known in Python: one formula for each range of alpha."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from continuum_act.functions import real_fixed
from continuum_act.functions.channels import by_formula, masked
from continuum_act.functions.complex_arithmetic import (
    Pair,
    cos_sin,
    exprel_tail,
    half_log,
    log_tail,
    logarithm_of,
    product,
    select,
)
from continuum_act.functions.constants import constant

NEAR_ZETA = 1.0  # |alpha*z| below which exp(alpha*z) - 1 cancels
FAR_EXP = 1.5  # |alpha| from which the errors of exp(alpha*z)/alpha are small beside alpha, the value at z = 0
# the ellipse of v = alpha*(z + alpha) where log(1 - v) has fewer digits than v: 1.8*(Re v + 0.16)**2 + (Im v)**2 < 1.05
NEAR_V = 1.8, 0.16, 1.05
NEAR_S = 0.46  # the largest |v/(2 - v)| there
SHIFTED_FROM, FAR_FROM = 0.7, 1.3  # |alpha| from which log(t/alpha) + log(alpha) has digits enough, and at v = 0 too


class Formula(NamedTuple):
    """Constants of alpha = a + ib, exact fractions or logarithms rounded once, and a function of (x, y, *constants)."""

    constants: Callable[[Fraction, Fraction, str], tuple[Any, ...]]
    value: Callable[..., Pair]


def fixed(x: Any, y: Any, alpha: complex | np.ndarray) -> Pair:
    """Complex soft exponential for alphas known in Python; y is None for a real x."""
    if not isinstance(alpha, complex):
        if alpha.ndim:
            return _of_array(x, y, alpha)
        alpha = complex(alpha)
    if y is None and alpha.imag == 0:
        return real_alpha(x, alpha.real)
    name, *constants = _chosen(alpha.real, alpha.imag, keras.backend.standardize_dtype(x.dtype))
    return FORMULAS[name].value(x, ops.zeros_like(x) if y is None else y, *constants)


def _of_array(x: Any, y: Any, alpha: np.ndarray) -> Pair:
    real = (alpha.imag == 0) & (y is None)
    if real.all():
        return real_alpha(x, alpha.real)
    y = ops.zeros_like(x) if y is None else y
    dtype = alpha.real.dtype.name
    chosen = [_chosen(float(a.real), float(a.imag), dtype) for a in alpha.flat]
    zeros = ops.zeros(alpha.shape, dtype)
    result = zeros - x, zeros - y  # each element is replaced; x itself would share a scale with the result, see masked
    for name, here, constants in by_formula(chosen, alpha):
        # Where another formula is chosen, this one sees z = 1 + i.
        parts = FORMULAS[name].value(masked(here, x, 1.0), masked(here, y, 1.0), *constants)
        result = select(here, parts, result)
    if not real.any():
        return result
    of_real = real_alpha(x, np.where(real, alpha.real, 0).astype(dtype))
    return select(ops.convert_to_tensor(real), of_real, result)


def real_alpha(x: Any, alpha: float | np.ndarray) -> Pair:
    """Real x and real alpha: the real function, and beyond its domain log|t|, from the mirrored x, and Arg = pi."""
    if not (alpha < 0 if isinstance(alpha, float) else (alpha < 0).any()):
        re = real_fixed.fixed(x, alpha, None)
        return re, ops.zeros_like(re)
    dtype = keras.backend.standardize_dtype(x.dtype)
    if isinstance(alpha, float):
        border, arg = (ops.convert_to_tensor(part, dtype) for part in _border(alpha, dtype))
    else:
        columns = zip(*(_border(float(a), dtype) for a in alpha.flat), strict=True)
        border, arg = (ops.convert_to_tensor(np.reshape(column, alpha.shape).astype(dtype)) for column in columns)
    inside = x >= border
    re = real_fixed.fixed(masked(inside, x, 2.0 * border - x), alpha, None)
    return re, ops.where(inside, ops.zeros_like(re), arg)


@constant
def _border(alpha: float, dtype: str) -> tuple[float, float]:
    """Return the border of the domain, and the imaginary part beyond it, for alpha < 0; else one that no x passes."""
    if alpha >= 0:
        return -float(np.finfo(dtype).max) / 4, 0.0
    border = (1 - alpha) * ((1 + alpha) / alpha)  # 1/alpha - alpha, which cancels next to -1
    with np.errstate(over="ignore"):  # next to alpha = 0
        return _rounded(border, dtype), _rounded(math.pi / -alpha, dtype)


def _rounded(number: Any, dtype: str) -> float:
    """Round to a dtype; + 0.0: see `negated`."""
    return float(np.dtype(dtype).type(float(number))) + 0.0


@constant
def _chosen(a: float, b: float, dtype: str) -> tuple[Any, ...]:
    """Return the name of the formula for alpha = a + ib, and its constants."""
    name = _name(a, b, dtype)
    constants = FORMULAS[name].constants(Fraction(a), Fraction(b), dtype)
    return name, *(_rounded(constant, dtype) for constant in constants)


def _name(a: float, b: float, dtype: str) -> str:
    if max(abs(a), abs(b)) < float(np.finfo(dtype).tiny):  # which the hardware may take for zero
        return "identity"
    size, side = math.hypot(a, b), "" if abs(b) <= abs(a) else " above" if b > 0 else " below"
    if a < 0:
        return "log" if size < SHIFTED_FROM else f"{'near ' if size < FAR_FROM else ''}shifted log{side}"
    return f"{'' if (a, b) == (1, 0) or size > FAR_EXP else 'near '}exp{side}"


def _identity(x: Any, y: Any) -> Pair:
    return x, y


def _turned(p: Any, q: Any, side: int) -> Pair:
    """(p + iq)*i**side."""
    return (-q * side, p * side) if side else (p, q)


def _phase(a: Fraction, b: Fraction) -> float:
    """Argument of (a + ib)*i**k, a > 0, for the k that makes it small."""
    return math.atan2(b, a) if abs(b) <= a else math.copysign(1, -b) * math.atan2(a, abs(b))


def _rest(constant: Fraction, dtype: str) -> Fraction:
    """Return what rounding takes from a constant."""
    return constant - Fraction(float(np.dtype(dtype).type(float(constant))))


def _exp_constants(a: Fraction, b: Fraction, dtype: str) -> tuple[Any, ...]:
    size, over = math.hypot(a, b), 1 / (a * a + b * b)
    # exp(u) overflows before exp(u)/alpha, if that is the larger; log(alpha) costs digits of u, if it is large
    shift, factor = (math.log(size), 1.0) if size > 0.5 else (0.0, 1 / size)
    return a, b, shift, factor, _phase(a, b), a - a * over, b + b * over


def _far_exp(side: int, zeta: Pair, shift: Any, factor: Any, phase: Any, re: Any, im: Any) -> Pair:
    """exp(zeta)/alpha + (alpha - 1/alpha), alpha of argument side*pi/2 + phase."""
    e = ops.exp(zeta[0] - shift) * factor
    cos, sin = cos_sin(zeta[1] - phase)
    p, q = _turned(e * cos, e * sin, -side)
    return p + re, q + im


def _exp(side: int, x: Any, y: Any, a: Any, b: Any, *constants: Any) -> Pair:
    return _far_exp(side, product(a, b, x, y), *constants)


def _near_exp(side: int, x: Any, y: Any, a: Any, b: Any, *constants: Any) -> Pair:
    """z*(exp(zeta) - 1)/zeta + alpha, if zeta = alpha*z is small."""
    u, v = product(a, b, x, y)
    near = u * u + v * v < NEAR_ZETA**2
    tail = exprel_tail(masked(near, u, 0.0), masked(near, v, 0.0), NEAR_ZETA)
    p, q = product(x, y, *tail)
    return select(near, ((x + a) + p, (y + b) + q), _far_exp(side, (u, v), *constants))


def _near_constants(a: Fraction, b: Fraction, dtype: str) -> tuple[Any, ...]:
    return a, b, a * a - b * b, 2 * a * b


def _near_log(far: Callable[..., Pair], x: Any, y: Any, a: Any, b: Any, p: Any, q: Any, *constants: Any) -> Pair:
    """-w*log(1 - v)/v, if v = alpha*w is small; w = z + alpha."""
    u, v = product(a, b, x, y)
    p, q = u + p, v + q
    near = NEAR_V[0] * (p + NEAR_V[1]) * (p + NEAR_V[1]) + q * q < NEAR_V[2]
    tail = log_tail(*half_log(masked(near, p, 0.0), masked(near, q, 0.0)), NEAR_S)
    re, im = x + a, y + b
    p, q = product(re, im, *tail)
    return select(near, (re + p, im + q), far((u, v), x, y, *constants))


def _far_constants(a: Fraction, b: Fraction, dtype: str) -> tuple[Any, ...]:
    over = 1 / (a * a + b * b)
    return 1 - (a * a - b * b), -2 * a * b, -a * over, b * over


def _far_log(zeta: Pair, x: Any, y: Any, c: Any, d: Any, re: Any, im: Any) -> Pair:
    """-Log(1 - alpha**2 - zeta)/alpha."""
    return product(*logarithm_of(c - zeta[0], d - zeta[1]), re, im)


def _shifted_constants(a: Fraction, b: Fraction, dtype: str) -> tuple[Any, ...]:
    over = 1 / (a * a + b * b)
    x, y = a * over - a, -b * over - b
    size = math.log(math.hypot(a, b))
    return x, _rest(x, dtype), y, _rest(y, dtype), size, _phase(-a, -b), -a * over, b * over


def _shifted_log(side: int, zeta: Pair | None, x: Any, y: Any, *constants: Any) -> Pair:
    """-(Log(z - (1/alpha - alpha)) + Log(-alpha))/alpha, without a product before the logarithm."""
    p, p_rest, q, q_rest, size, phase, re, im = constants
    log, arg = logarithm_of(*_turned((x - p_rest) - p, (y - q_rest) - q, -side))
    arg = arg + phase
    turns = ops.cast(arg < -math.pi, arg.dtype) - ops.cast(arg > math.pi, arg.dtype)
    arg = arg + turns * (2 * math.pi)
    return product(log + size, arg, re, im)


def _joined(*parts: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
    return lambda *alpha: sum((part(*alpha) for part in parts), ())


def _of_side(side: int, suffix: str) -> dict[str, Formula]:
    far_log = functools.partial(_shifted_log, side)
    both = _joined(_near_constants, _shifted_constants)
    return {
        f"exp{suffix}": Formula(_exp_constants, functools.partial(_exp, side)),
        f"near exp{suffix}": Formula(_exp_constants, functools.partial(_near_exp, side)),
        f"shifted log{suffix}": Formula(_shifted_constants, functools.partial(_shifted_log, side, None)),
        f"near shifted log{suffix}": Formula(both, functools.partial(_near_log, far_log)),
    }


FORMULAS = {
    "identity": Formula(lambda a, b, dtype: (), _identity),
    "log": Formula(_joined(_near_constants, _far_constants), functools.partial(_near_log, _far_log)),
    # alpha, or -alpha if Re(alpha) < 0, is within pi/4 of the real axis, or of the imaginary one
    **_of_side(0, ""),
    **_of_side(1, " above"),
    **_of_side(-1, " below"),
}
