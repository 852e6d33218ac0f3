"""The real soft exponential for an alpha that is a tensor: every range of alpha in one graph, plain autodiff."""

from __future__ import annotations

from typing import Any

from keras import ops

from continuum_act.functions.series import NEAR_EXP, NEAR_LOG, atanhc_terms, exprel_terms, horner

SWITCH = 0.6  # alpha from which 1 - alpha**2 is taken together, because alpha cancels against 1/alpha
SERIES_END = 0.9  # -alpha up to which the series of the logarithm keeps the derivative in alpha


def traced(x: Any, alpha: Any, max_slope: float | None) -> Any:
    """Soft exponential of x; each branch sees only inputs of its own domain."""
    negative = alpha < 0
    grown = exponential(ops.where(negative, 0.0, x), ops.where(negative, 0.0, alpha))
    shrunk = logarithm(ops.where(negative, x, 0.0), ops.where(negative, -alpha, 0.5), max_slope)
    return ops.where(negative, shrunk, grown)


def exponential(x: Any, alpha: Any) -> Any:
    """(exp(u) - 1)/alpha + alpha for u = alpha*x, alpha >= 0."""
    small = alpha < SWITCH
    u = x * alpha
    near = ops.logical_and(ops.abs(u) < NEAR_EXP, small)

    x_near = ops.where(near, x, 0.0)
    series = x_near * horner(exprel_terms(x), x_near * alpha)

    scale = ops.where(alpha > 1, alpha, 1.0)  # exp(u) would overflow before exp(u)/alpha
    one = ops.where(small, 1.0, (1.0 - alpha) * (1.0 + alpha))
    far = (ops.exp(u - ops.log(scale)) - one / scale) / ops.where(near, 1.0, alpha / scale)
    return ops.where(near, series, far) + ops.where(small, alpha, 0.0)


def logarithm(x: Any, b: Any, max_slope: float | None) -> Any:
    """log(1 + u)/b for u = b*(x - b), b = -alpha > 0."""
    w = x - b
    u = w * b
    low = NEAR_LOG[0] if max_slope is None else max(NEAR_LOG[0], 1.0 / max_slope - 1.0)
    near = ops.logical_and(ops.logical_and(u > low, u < NEAR_LOG[1]), b < SERIES_END)

    # log(1 + u) = 2 atanh(s), s = u/(2 + u)
    w_near = ops.where(near, w, 0.0)
    r = w_near / (1.0 + (0.5 * w_near) * b)
    s = (0.5 * r) * b
    q = s * s
    widest = max((u / (2.0 + u)) ** 2 for u in NEAR_LOG)
    series = r + r * (q * horner(atanhc_terms(x, widest)[1:], q))

    scale = ops.where(b > 1, b, 1.0)  # b*x would overflow before its logarithm
    size = ops.where(near, 1.0, b)
    t = x * (b / scale) + (1.0 - b) * (1.0 + b) / scale
    below: Any = 0.0
    if max_slope is not None:
        t, below = split(t, 1.0 / (max_slope * scale))
        below = below * max_slope * (scale / size)
    far = (ops.log(t) + ops.log(scale)) / size + below
    return ops.where(near, series, far)


def split(x: Any, edge: Any) -> tuple[Any, Any]:
    """Return max(x, edge) and min(x - edge, 0): above the edge, only the first has a derivative."""
    edge = ops.convert_to_tensor(edge, x.dtype)
    above = x > edge  # `where`, because keras.ops.maximum rounds float64 to float32 on JAX and PyTorch
    return ops.where(above, x, edge), ops.where(above, 0.0, x - edge)
