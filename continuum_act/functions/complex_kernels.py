"""The complex soft exponential for an alpha of tensors: both branches in one graph, plain autodiff."""

from __future__ import annotations

from typing import Any

from keras import ops

from continuum_act.functions.complex_arithmetic import (
    Pair,
    cos_sin,
    exprel_tail,
    in_log_series,
    largest,
    log_tail,
    one_minus_square,
    product,
    reciprocal,
    scaled_log,
    select,
)

NEAR_EXP = 1.3  # |alpha*z| below which the derivative in alpha cancels
NEAR_LOG = 0.55  # |v/(2 - v)| below which it does, v = alpha*(z + alpha)


def traced(x: Any, y: Any, a: Any, b: Any) -> Pair:
    """Complex soft exponential; both branches see only inputs of their own domain."""
    negative = a < 0
    zero = ops.zeros_like(b)
    grown = exponential(
        ops.where(negative, 0.0, x),
        ops.where(negative, 0.0, y),
        ops.where(negative, 0.0, a),
        ops.where(negative, zero, b),
    )
    shrunk = logarithm(
        ops.where(negative, x, 0.0),
        ops.where(negative, y, 0.0),
        ops.where(negative, a, -0.5),
        ops.where(negative, b, zero),
    )
    return select(negative, shrunk, grown)


def exponential(x: Any, y: Any, a: Any, b: Any) -> Pair:
    """(exp(u) - 1)/alpha + alpha for u = alpha*z, Re(alpha) >= 0."""
    u, v = product(a, b, x, y)
    near = u * u + v * v < NEAR_EXP**2
    tail = exprel_tail(ops.where(near, u, 0.0), ops.where(near, v, 0.0), NEAR_EXP)
    series = product(x, y, *tail)
    series = x + series[0], y + series[1]

    size = ops.stop_gradient(largest(a, b))
    scale = ops.where(size > 1, size, 1.0)  # exp(u) would overflow before exp(u)/alpha
    e = ops.exp(u - ops.log(scale))
    cos, sin = cos_sin(v)
    over = reciprocal(ops.where(near, 1.0, a), ops.where(near, 0.0, b))
    far = product(e * cos - 1.0 / scale, e * sin, over[0] * scale, over[1] * scale)
    re, im = select(near, series, far)
    return re + a, im + b


def logarithm(x: Any, y: Any, a: Any, b: Any) -> Pair:
    """-Log(1 - v)/alpha for v = alpha*(z + alpha), Re(alpha) < 0."""
    u, v = product(a, b, x, y)
    square = product(a, b, a, b)
    near, series = log_series(x + a, y + b, u + square[0], v + square[1], NEAR_LOG)
    c = one_minus_square(a, b)
    log, arg = scaled_log(c[0] - u, c[1] - v)
    over = reciprocal(ops.where(near, -1.0, a), ops.where(near, 0.0, b))
    return select(near, series, product(-log, -arg, *over))


def log_series(x: Any, y: Any, u: Any, v: Any, radius: float) -> tuple[Any, Pair]:
    """-w*log(1 - v)/v, and where that is good."""
    near = in_log_series(u, v, radius)
    tail = log_tail(ops.where(near, u, 0.0), ops.where(near, v, 0.0), radius)
    series = product(x, y, *tail)
    return near, (x + series[0], y + series[1])
