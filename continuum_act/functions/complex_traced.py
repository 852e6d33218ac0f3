"""The complex soft exponential for an alpha of tensors: both branches in one graph."""

from __future__ import annotations

import math
from typing import Any

from keras import ops

from continuum_act.functions.complex_arithmetic import (
    Pair,
    argument,
    cos_sin,
    exprel_tail,
    half_log,
    largest,
    log_slope,
    log_tail,
    lost_log,
    newton,
    product,
    quotient,
    reciprocal,
    scaled_log,
    select,
)
from continuum_act.functions.series import finfo

NEAR_ZETA = 1.3  # |alpha*z| below which the derivative in alpha of exp(alpha*z)/alpha cancels
HEADROOM = 2.0**16  # above every |alpha| in use
# the ellipse of v = alpha*(z + alpha) where that of log(1 - v)/alpha does: 1.04*(Re v + 0.42)**2 + (Im v)**2 < 1.21
NEAR_V = 1.04, 0.42, 1.21
NEAR_S = 0.5  # the largest |v/(2 - v)| there
NEAR_ALPHA = 0.25  # |alpha| below which the rest of the expansion cancels there
# |v/(2 - v)| below which, and Re(v) from which, the derivative in alpha has more digits by a series of its own;
# the other formula, by log(t), cancels there
SLOPE_S, SLOPE_FROM = 0.65, -1.2
# |t| from which its logarithm is that of t/2, t/4 and t/16, lest log(t) - 2 cancel
HALVED_FROM = (1.5, 1), (3.0, 2), (6.0, 4)
LN2 = 0.693359375, -2.121944400546905827679e-4  # log(2) is their sum; products of the first are exact


def traced(x: Any, y: Any, a: Any, b: Any, sign: int | None = None) -> Pair:
    """Complex soft exponential; both branches see only inputs of their own domain.

    `sign` is that of the real part of all alphas (0 counts as 1), where it is known: then one branch is computed.
    """
    w = x + a, y + b  # past the branches: its derivative 1 is added once to the sum of the smaller ones
    if sign is not None:
        return (exponential if sign > 0 else logarithm)(w, x, y, a, b)
    negative = a < 0
    positive = ops.logical_not(negative)
    grown = exponential(w, *(ops.where(positive, part, 0.0) for part in (x, y, a, b)))
    shrunk = logarithm(
        w, *(ops.where(negative, part, other) for part, other in zip((x, y, a, b), (0.0, 0.0, -0.5, 0.0), strict=True))
    )
    return select(negative, shrunk, grown)


def exponential(w: Pair, x: Any, y: Any, a: Any, b: Any) -> Pair:
    """(exp(zeta) - 1)/alpha + alpha for zeta = alpha*z, w = z + alpha, Re(alpha) >= 0."""
    u, v = product(a, b, x, y)
    near = u * u + v * v < NEAR_ZETA**2
    series = product(x, y, *exprel_tail(ops.where(near, u, 0.0), ops.where(near, v, 0.0), NEAR_ZETA))
    series = w[0] + series[0], w[1] + series[1]

    size = ops.stop_gradient(largest(a, b))
    scale = ops.where(size > 1, size, 1.0)  # exp(u) would overflow before exp(u)/alpha
    e = ops.exp(u - ops.log(scale))
    cos, sin = cos_sin(v)
    over = reciprocal(ops.where(near, 1.0, a), ops.where(near, 0.0, b))
    far = product(e * cos, e * sin, over[0] * scale, over[1] * scale)
    return select(near, series, (far[0] + (a - over[0]), far[1] + (b - over[1])))


def logarithm(w: Pair, x: Any, y: Any, a: Any, b: Any) -> Pair:
    """-Log(1 - v)/alpha for v = alpha*w, w = z + alpha, Re(alpha) < 0."""
    zeta, square = product(a, b, x, y), product(a, b, a, b)
    p, q = zeta[0] + square[0], zeta[1] + square[1]
    small = NEAR_V[0] * (p + NEAR_V[1]) * (p + NEAR_V[1]) + q * q < NEAR_V[2]
    p, q = ops.where(small, p, 0.0), ops.where(small, q, 0.0)
    series = product(x + a, y + b, *log_tail(*_steady(half_log(p, q), 0.5 * p, 0.5 * q), NEAR_S))
    series = w[0] + series[0], w[1] + series[1]
    size = largest(a, b)
    # f = w where alpha is subnormal
    plain = ops.logical_or(ops.logical_and(small, size < NEAR_ALPHA), size < finfo(x).tiny)
    # f(z, alpha) = c*f(z/c, c*alpha) for an alpha whose square is nothing: b*b/a in a quotient would be flushed to 0
    c = 2.0 ** (-finfo(x).minexp // 3)
    c = ops.where(size < 1 / c**2, ops.ones_like(x) * c, ops.ones_like(x))
    x, y, a, b = (
        ops.where(plain, other, part)
        for part, other in zip((x / c, y / c, a * c, b * c), (7.0, 0.0, -1.0, 0.0), strict=True)
    )
    re, im = _expanded_logarithm(x, y, a, b, small, (series[0] / c, series[1] / c))
    return select(plain, series, (re * c, im * c))


def _expanded_logarithm(x: Any, y: Any, a: Any, b: Any, small: Any, series: Pair) -> Pair:
    """-Log(t)/alpha, t = 1 - alpha*(z + alpha), expanded about its own arguments; `series` is its value if v is small.

    Its derivative D in alpha is a difference of larger terms, which plain autodiff would round one by one. So the
    value, 1/t and D are computed as constants; the rest, exactly 0 with its first derivatives, has the higher ones:

        f(z + dz, alpha + da) = f + dz/t + D*da + ((1/t - D)*da**2 - (log(1 + r) - r))/(alpha + da),
        r = -(alpha*dz + da*(z + 2*alpha + dz + da))/t.
    """
    x0, y0, a0, b0 = (ops.stop_gradient(part) for part in (x, y, a, b))
    value, by_z, by_alpha = _derivatives(x0, y0, a0, b0)
    value = select(small, (ops.stop_gradient(series[0]), ops.stop_gradient(series[1])), value)
    over = quotient(ops.ones_like(a0), ops.zeros_like(b0), a0, b0)
    bend = product(by_z[0] - by_alpha[0], by_z[1] - by_alpha[1], *over)
    # 0 times what overflows is to be 0
    by_z, by_alpha, over, bend = ((ops.nan_to_num(p), ops.nan_to_num(q)) for p, q in (by_z, by_alpha, over, bend))

    dx, dy, da, db = x - x0, y - y0, a - a0, b - b0
    zeta, square = product(a0, b0, dx, dy), product(da, db, x0 + 2.0 * a0 + dx + da, y0 + 2.0 * b0 + dy + db)
    p, q = product(-(zeta[0] + square[0]), -(zeta[1] + square[1]), *by_z)
    # log(1 + r) - r as log((1 + r)*exp(-r)): its derivative is 0 however the backend rounds that of the logarithm
    log, arg = 0.5 * ops.log(((1.0 + p) * (1.0 + p) + q * q) * ops.exp(-2.0 * p)), argument(1.0 + p, q) - q
    log, arg = product(log, arg, *over)
    bend = product(*bend, *product(da, db, da, db))
    growth = product(da, db, *over)
    rest = product(bend[0] - log, bend[1] - arg, *reciprocal(1.0 + growth[0], growth[1]))

    terms = zip(value, product(*by_z, dx, dy), product(*by_alpha, da, db), rest, strict=True)
    re, im = (constant + (first + (second + more)) for constant, first, second, more in terms)
    return re, im


def _derivatives(x: Any, y: Any, a: Any, b: Any) -> tuple[Pair, Pair, Pair]:
    """-Log(t)/alpha and its derivatives in z and alpha, by formulas that autodiff would not differentiate well."""
    one = ops.ones_like(x)
    # where alpha*z may overflow before its logarithm, t is divided by HEADROOM
    huge = ops.logical_and(largest(x, y) > finfo(x).max / HEADROOM, largest(a, b) > 1 / HEADROOM)
    unit = ops.where(huge, one / HEADROOM, one)
    zeta = product(a, b, x * unit, y * unit)
    # t = 1 - alpha**2 - zeta, and what rounding took from it
    square = product(a * unit, b * unit, a, b)
    re, rest = _sum(unit, -square[0])
    re, more = _sum(re, -zeta[0])
    re, rest = _sum(re, rest + more)
    t = re, -square[1] - zeta[1]
    scale, halvings = one, 0.0 * one
    for size, power in HALVED_FROM:
        large = largest(*t) > size
        scale = ops.where(large, one / 2.0**power, scale)
        halvings = ops.where(large, one * power, halvings)
    halvings = halvings + ops.where(huge, one * math.log2(HEADROOM), 0.0 * one)
    by_z = quotient(unit, 0.0 * unit, *t)
    rest = [ops.where(largest(*t) > 1 / HEADROOM, rest * part, 0.0) for part in by_z]  # where 1/t is finite
    p, q = t[0] * scale, t[1] * scale
    log, arg = scaled_log(p, q)
    log, arg = log + (lost_log(p, q) + halvings * LN2[1] + rest[0]), arg + rest[1]
    whole = halvings * LN2[0]
    value = quotient(-(log + whole), -arg, a, b)

    # (log(t) - n + s/t)/alpha**2: n = 1, s = 1 + alpha**2, or n = 2, s = 2 - zeta, whichever s is smaller
    s1, s2 = (unit + square[0], square[1]), (2.0 * unit - zeta[0], -zeta[1])
    first = largest(*s1) < largest(*s2)
    s = quotient(*select(first, s1, s2), *t)
    log, arg = quotient((log + s[0]) + (whole - ops.where(first, one, 2.0 * one)), arg + s[1], a, b)
    # or (1 + w**2*k*t)/t, k the derivative of -log(1 - v)/v
    w = x + a, y + b
    v = product(a, b, *w)
    d, square = 2.0 - v[0], v[1] * v[1]
    near = ops.logical_and(v[0] > SLOPE_FROM, v[0] * v[0] + square < SLOPE_S**2 * (d * d + square))
    k = log_slope(*half_log(*(ops.where(near, part, 0.0) for part in v)), SLOPE_S)
    k = product(*k, *t)
    k = product(*product(0.5 + k[0], k[1], *w), *w)
    # a division comes last: of what is not expensive, XLA repeats the whole chain in each use
    by_alpha = quotient(*select(near, (1.0 + k[0], k[1]), (log, arg)), *select(near, t, (a, b)))
    return value, by_z, by_alpha


def _sum(p: Any, q: Any) -> tuple[Any, Any]:
    """Return p + q, and what rounding took from it (Knuth)."""
    total = p + q
    added = total - p
    return total, (p - (total - added)) + (q - added)


def _steady(s: Pair, x: Any, y: Any) -> Pair:
    """Return s = h/(1 - h), h = x + iy, with the derivative of 1/(1 - h) - 1: for s < 0, that of h/(1 - h) cancels."""
    d = 1.0 - x
    norm = d * d + y * y
    p, q = newton(d, -y, d / norm, y / norm)
    p = p - 1.0
    return p + ops.stop_gradient(s[0] - p), q + ops.stop_gradient(s[1] - q)
