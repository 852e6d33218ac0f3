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
    logarithm_of,
    product,
    reciprocal,
    select,
)
from continuum_act.functions.constants import either
from continuum_act.functions.series import finfo

# |u| below which exp(u)/alpha and log(1 - u)/alpha cancel, in their derivatives in alpha most of all
NEAR_EXP, NEAR_LOG = 1.0, 0.5
NEAR_S = 1 / 3  # the largest |u/(2 - u)| there
STEEP = 16.0  # |alpha| up to which 1 - alpha*(z + alpha) is divided by this, lest it overflow before its logarithm


def traced(x: Any, y: Any, a: Any, b: Any, sign: int | None = None) -> Pair:
    """Complex soft exponential of x + iy; y is None for a real x.

    `sign` is that of the real part of all alphas (0 counts as 1), where it is known: then one branch is computed.
    """
    dead = largest(a, b) < finfo(a).tiny
    a, b = (part - ops.stop_gradient(ops.where(dead, part, 0.0)) for part in (a, b))
    if sign is not None:
        a, b = ops.stop_gradient(a), ops.stop_gradient(b)
        return (exponential if sign > 0 else logarithm)(x, y, a, b)
    negative = a < 0
    # where the other branch is chosen, each sees alpha = 0, for which both are finite
    grown = exponential(x, y, *(ops.where(negative, 0.0, part) for part in (a, b)))
    shrunk = logarithm(x, y, *(ops.where(negative, part, 0.0) for part in (a, b)))
    return select(negative, shrunk, grown)


def exponential(x: Any, y: Any, a: Any, b: Any) -> Pair:
    """exp(u)/alpha + (alpha - 1/alpha) for u = alpha*z; near u = 0, (z + alpha) + z*(u/2 + u**2/6 + ...)."""
    u = _times(a, b, x, y)
    near = u[0] * u[0] + u[1] * u[1] < NEAR_EXP**2
    tail = exprel_tail(ops.where(near, u[0], 0.0), ops.where(near, u[1], 0.0), NEAR_EXP)
    more = _times(*tail, x, y)
    series = (x + a) + more[0], (b if y is None else y + b) + more[1]

    size = ops.stop_gradient(largest(a, b))
    scale = ops.where(size > 1, size, 1.0)  # exp(u) would overflow before exp(u)/alpha
    e = ops.exp(u[0] - ops.log(scale))
    cos, sin = cos_sin(u[1])
    over = reciprocal(a, b)
    far = product(e * cos, e * sin, over[0] * scale, over[1] * scale)
    return select(near, series, (far[0] + (a - over[0]), far[1] + (b - over[1])))


def logarithm(x: Any, y: Any, a: Any, b: Any) -> Pair:
    """-Log(1 - u)/alpha for u = alpha*w, w = z + alpha; near u = 0, w + w*(u/2 + u**2/3 + ...)."""
    steep = largest(a, b) > 1
    scale = either(steep, 1 / STEEP, 1.0, a)
    zeta, square = _times(a * scale, b * scale, x, y), product(a * scale, b * scale, a, b)
    p, q = zeta[0] + square[0], zeta[1] + square[1]
    near = p * p + q * q < (NEAR_LOG * scale) * (NEAR_LOG * scale)
    p, q = ops.where(near, p / scale, 0.0), ops.where(near, q / scale, 0.0)
    w = x + a, b if y is None else y + b
    more = product(*w, *log_tail(*half_log(p, q), NEAR_S))
    series = w[0] + more[0], w[1] + more[1]

    c = (1.0 - a) * (scale * (1.0 + a)) + (b * scale) * b  # 1 - alpha**2
    log, arg = logarithm_of(c - zeta[0], -(square[1] + zeta[1]))
    log = log + either(steep, math.log(STEEP), 0.0, a)
    over = reciprocal(a, b)
    return select(near, series, product(log, arg, -over[0], -over[1]))


def _times(a: Any, b: Any, x: Any, y: Any) -> Pair:
    """Return (a + ib)*z for z = x, or x + iy."""
    return (a * x, b * x) if y is None else product(a, b, x, y)
