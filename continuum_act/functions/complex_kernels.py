"""The complex soft exponential for an alpha of tensors: both branches in one graph, plain autodiff."""

from __future__ import annotations

import math
from typing import Any

from keras import ops

from continuum_act.functions.complex_arithmetic import (
    Pair,
    cos_sin,
    exprel_tail,
    half_log,
    largest,
    log_tail,
    newton,
    product,
    reciprocal,
    scaled_log,
    select,
)
from continuum_act.functions.series import finfo

NEAR_ZETA = 1.3  # |alpha*z| below which the derivative in alpha of exp(alpha*z)/alpha cancels
HEADROOM = 2.0**16  # above every |alpha| in use
NEAR_S = 0.55  # |v/(2 - v)| below which that of log(1 - v)/alpha does, v = alpha*(z + alpha)


def traced(x: Any, y: Any, a: Any, b: Any) -> Pair:
    """Complex soft exponential; both branches see only inputs of their own domain."""
    negative = a < 0
    positive = ops.logical_not(negative)
    w = x + a, y + b  # past the branches: its derivative 1 is added once to the sum of the smaller ones
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
    # where alpha*z may overflow before its logarithm; it is far from 1 there
    huge = ops.logical_and(largest(x, y) > float(finfo(x).max) / HEADROOM, largest(a, b) > 1 / HEADROOM)
    unit = ops.where(huge, ops.ones_like(x) / HEADROOM, ops.ones_like(x))
    zeta, square = product(a, b, x * unit, y * unit), product(a, b, a, b)
    p, q = zeta[0] + square[0], zeta[1] + square[1]
    near = (0.25 / NEAR_S**2 - 0.25) * (p * p + q * q) + p < 1.0  # |v/(2 - v)| < NEAR_S
    p, q = ops.where(near, p, 0.0), ops.where(near, q, 0.0)
    series = product(x + a, y + b, *log_tail(*_steady(half_log(p, q), 0.5 * p, 0.5 * q), NEAR_S))
    series = w[0] + series[0], w[1] + series[1]

    # t = 1 - alpha**2 - zeta; where it is small, b*b is the part that rounding should meet last
    re, im = ((1.0 - a) * (1.0 + a) * unit - zeta[0]) + b * b * unit, -2.0 * a * b * unit - zeta[1]
    log, arg = scaled_log(re, im)
    log = log + ops.cast(huge, log.dtype) * math.log(HEADROOM)
    over = reciprocal(ops.where(near, -1.0, a), ops.where(near, 0.0, b))
    return select(near, series, product(-log, -arg, *over))


def _steady(s: Pair, x: Any, y: Any) -> Pair:
    """Return s = h/(1 - h), h = x + iy, with the derivative of 1/(1 - h) - 1: for s < 0, that of h/(1 - h) cancels."""
    d = 1.0 - x
    norm = d * d + y * y
    p, q = newton(d, -y, d / norm, y / norm)
    p = p - 1.0
    return p + ops.stop_gradient(s[0] - p), q + ops.stop_gradient(s[1] - q)
