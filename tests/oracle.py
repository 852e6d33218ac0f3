"""The soft exponentials and their derivatives by mpmath, and the unit in which errors are counted."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import mpmath
from mpmath import mp, mpc, mpf

DIGITS = 60

# bits of the significand, exponent of the smallest normal number, largest number
FORMATS = {
    "float64": (53, -1022, 1.7976931348623157e308),
    "float32": (24, -126, 3.4028234663852886e38),
    "float16": (11, -14, 65504.0),
    "bfloat16": (8, -126, 3.3895313892515355e38),
}


class Exact(NamedTuple):
    """A function of (x, alpha) and its first and second derivatives."""

    f: Any
    x: Any
    alpha: Any
    xx: Any
    x_alpha: Any
    alpha_alpha: Any


NAN = Exact(*[mpf("nan")] * 6)
BORDER = Exact(-mp.inf, *[mp.inf] * 5)


def _digits(alpha: complex) -> int:
    """Return digits of work for results of `DIGITS`: the formulas divide by alpha**3."""
    size = abs(alpha)
    return DIGITS + (6 * max(0, -math.floor(math.log10(size))) if size else 0)


def _exponential(z: Any, a: Any) -> Exact:
    e = mp.exp(a * z)
    return Exact(
        (e - 1) / a + a,
        e,
        z * e / a - (e - 1) / a**2 + 1,
        a * e,
        z * e,
        z * z * e / a - 2 * z * e / a**2 + 2 * (e - 1) / a**3,
    )


def _logarithm(z: Any, a: Any) -> Exact:
    t, t_a = 1 - a * (z + a), z + 2 * a
    log = mp.log(t)
    return Exact(
        -log / a,
        1 / t,
        log / a**2 + t_a / (a * t),
        a / t**2,
        t_a / t**2,
        -2 * log / a**3 - 2 * t_a / (a * a * t) + 2 / (a * t) + t_a**2 / (a * t * t),
    )


def real(x: float, alpha: float, max_slope: float | None = None) -> Exact:
    """Return the real function where it is defined, else NaN; with `max_slope`, its tangent beyond the junction."""
    with mp.workdps(_digits(alpha)):
        x, a = mpf(x), mpf(alpha)
        if a == 0:
            return Exact(x, mpf(1), 1 + x * x / 2, mpf(0), x, x**3 / 3)
        m = mp.inf if max_slope is None else mpf(max_slope)
        if a > 0:
            knee = mp.log(m) / a
            if x <= knee:
                return _exponential(x, a)
            at = _exponential(knee, a)  # y = f(knee) + m*(x - knee); the derivatives by alpha of m*log(m)/a and f(knee)
            grown = m * mp.log(m) - m + 1
            return Exact(at.f + m * (x - knee), m, 1 + grown / a**2, mpf(0), mpf(0), -2 * grown / a**3)
        t = 1 - a * (x + a)
        if max_slope is None:
            return _logarithm(x, a) if t > 0 else NAN if t < 0 else BORDER
        if t >= 1 / m:
            return _logarithm(x, a)
        log = mp.log(m)  # y = log(m)/a + m*(x + a) - (m - 1)/a
        return Exact(
            log / a + m * (x + a) - (m - 1) / a,
            m,
            (m - 1 - log) / a**2 + m,
            mpf(0),
            mpf(0),
            -2 * (m - 1 - log) / a**3,
        )


def complex_(z: complex, alpha: complex) -> Exact:
    """Return the complex function, by the principal logarithm (+pi on the negative real axis)."""
    with mp.workdps(_digits(alpha)):
        z, a = mpc(z), mpc(alpha)
        if a == 0:
            return Exact(z, mpc(1), 1 + z * z / 2, mpc(0), z, z**3 / 3)
        if a.real >= 0:
            return _exponential(z, a)
        return _logarithm(z, a) if 1 - a * (z + a) != 0 else NAN


def ulp(value: Any, dtype: str, smallest: float = 0.0) -> mpf:
    """Return the spacing of `dtype` at `value`, at least that at `smallest`."""
    bits, lowest, _ = FORMATS[dtype]
    mantissa, exponent = mpmath.frexp(max(abs(value), mpf(smallest)))
    if mantissa >= 1 - mpf(2) ** (-bits - 1):  # rounds to the next power of two
        exponent += 1
    return mpf(2) ** (max(int(exponent) - 1, lowest) - bits + 1)


def error(got: complex, exact: Any, dtype: str, *excused: tuple[Any, Any], flush: bool = False) -> float:
    """Return E: the error over the spacing at the result plus what one spacing of each input does to it.

    `excused` holds pairs of a derivative and the input it belongs to. NaN and infinity are right only where the exact
    result is NaN or overflows. With `flush`, results below the smallest normal number may be zero.
    """
    with mp.workdps(DIGITS):
        return _error(got, exact, dtype, excused, flush)


def _error(got: complex, exact: Any, dtype: str, excused: Any, flush: bool) -> float:
    bits, lowest, largest = FORMATS[dtype]
    if mp.isnan(exact):
        return 0.0 if math.isnan(abs(got)) else math.inf
    # beyond the largest number by half a spacing, the nearest is infinity
    if abs(exact) >= mpf(largest) * (1 + mpf(2) ** -(bits + 1)):
        return 0.0 if not math.isfinite(abs(got)) else math.inf
    if math.isnan(abs(got)):
        return math.inf
    smallest = 2.0**lowest
    if flush and abs(exact) < smallest and abs(got) <= smallest:
        return 0.0
    unit = ulp(exact, dtype) + mp.fsum(abs(slope) * ulp(at, dtype) for slope, at in excused)
    if math.isinf(abs(got)):
        return 0.0 if abs(exact) + unit >= largest else math.inf
    got = mpc(got) if isinstance(got, complex) else mpf(got)
    return float(abs(got - exact) / unit)
