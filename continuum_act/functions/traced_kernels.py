"""The real soft exponential for an alpha that is a tensor: every range of alpha in one graph, plain autodiff."""

from __future__ import annotations

import math
from typing import Any

from keras import ops

from continuum_act.functions.series import NEAR_EXP, NEAR_LOG, atanhc_terms, horner, sinhc_terms

SWITCH = 0.6  # |alpha| from which 1 - alpha**2 is taken together, because alpha cancels against 1/alpha
SERIES_END = 0.9  # -alpha up to which the series of the logarithm keeps the derivative in alpha
STEP = 8.0  # exp(u) = exp(u - 8)*exp(8): exp(u) alone would overflow before exp(u)/alpha
HUGE = 64.0  # u from which 1 - alpha**2 is lost against exp(u)


def traced(x: Any, alpha: Any, max_slope: float | None) -> Any:
    """Soft exponential of x; each branch sees only inputs of its own domain."""
    negative = alpha < 0
    grown = exponential(ops.where(negative, 0.0, x), ops.where(negative, 0.0, alpha))
    shrunk = logarithm(ops.where(negative, x, 0.0), ops.where(negative, alpha, -0.5), max_slope)
    return ops.where(negative, shrunk, grown)


def exponential(x: Any, alpha: Any) -> Any:
    """(exp(u) - 1)/alpha + alpha for u = alpha*x, alpha >= 0."""
    small = alpha < SWITCH
    u = x * alpha
    near = ops.logical_and(ops.abs(u) < NEAR_EXP, small)
    huge = u > HUGE
    h = ops.where(near, 0.5 * u, ops.where(huge, u - STEP, u))
    e = ops.exp(h)

    # exp(u) - 1 = 2 exp(h) sinh(h), h = u/2
    half = ops.where(near, h, 0.0)
    sinhc = horner(sinhc_terms(x), half * half)
    series = ops.where(near, x, 0.0) * (ops.where(near, e, 1.0) * sinhc)

    a = ops.where(near, 1.0, alpha)
    one = ops.where(small, 1.0, (1.0 - alpha) * (1.0 + alpha))
    quotient = ops.where(huge, e / a * math.exp(STEP), (e - one) / a)
    return ops.where(near, series, quotient) + ops.where(small, alpha, 0.0)


def logarithm(x: Any, alpha: Any, max_slope: float | None) -> Any:
    """-log(1 - v)/alpha for v = alpha*(x + alpha), alpha < 0."""
    large = alpha <= -SWITCH
    series_ends = alpha <= -SERIES_END
    w = x + alpha
    v = w * ops.where(series_ends, -0.5, alpha)
    near = ops.logical_and(v > NEAR_LOG[0], v < NEAR_LOG[1])
    near = ops.logical_and(near, ops.logical_not(series_ends))
    if max_slope is not None:
        near = ops.logical_and(near, v <= 1.0 - 1.0 / max_slope)

    # -log(1 - v) = 4 atanh(s), s = v/(1 + sqrt(1 - v))**2, and 4 s/v = (1 + s)**2
    v_near = ops.where(near, v, 0.0)
    root = 1.0 + ops.sqrt(1.0 - v_near)
    s = v_near / (root * root)
    q = s * s
    widest = max(abs(v) / (1 + math.sqrt(1 - v)) ** 2 for v in NEAR_LOG) ** 2
    tail = q * horner(atanhc_terms(x, widest)[1:], q)  # atanh(s)/s - 1
    w_near = ops.where(near, w, 0.0)
    one_s = 1.0 + s
    series = w_near + w_near * (s * (2.0 + s) + one_s * one_s * tail)

    # for a large alpha, log(|alpha|*(x - shift)): no product before the logarithm that could overflow
    size = ops.where(near, 1.0, -alpha)
    big = ops.where(large, -alpha, 1.0)
    r = x + (1.0 - big) * (1.0 + big) / big
    t = 1.0 - ops.where(ops.logical_or(near, large), 0.0, v)
    extra: Any = 0.0
    if max_slope is not None:
        r, r_below = split(r, 1.0 / (max_slope * big))
        t, t_below = split(t, 1.0 / max_slope)
        extra = ops.where(large, r_below, t_below / size) * max_slope
    far = (ops.log(ops.where(large, r, t)) + ops.log(big)) / size + extra
    return ops.where(near, series, far)


def split(x: Any, edge: Any) -> tuple[Any, Any]:
    """Return max(x, edge) and min(x - edge, 0): above the edge, only the first has a derivative."""
    edge = ops.convert_to_tensor(edge, x.dtype)
    above = x > edge  # `where`, because keras.ops.maximum rounds float64 to float32 on JAX and PyTorch
    return ops.where(above, x, edge), ops.where(above, 0.0, x - edge)
