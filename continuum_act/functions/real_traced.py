"""The real soft exponential for an alpha that is a tensor: every range of alpha in one graph, plain autodiff."""

from __future__ import annotations

import math
from typing import Any

from keras import ops

from continuum_act.functions.series import NEAR_EXP, NEAR_LOG, exprel_terms, horner, log1p_terms

SERIES_END = 0.9  # |alpha| up to which the series are used; at 1, f is exp and log to the last bit
# Where exp(u)/alpha may be finite though exp(u) is not, exp(u - SHIFT) is taken: for alpha below exp(SHIFT) = 15.6.
SHIFT = 2.75
HUGE, SHRINK = 2.0**64, 2.0**-10  # x from which it is multiplied by SHRINK, lest b*x overflow before its logarithm


def traced(x: Any, alpha: Any, max_slope: float | None) -> Any:
    """Soft exponential of x; each branch sees only inputs of its own domain."""
    negative = alpha < 0
    grown = exponential(ops.where(negative, 0.0, x), ops.where(negative, 0.0, alpha))
    shrunk = logarithm(ops.where(negative, x, 0.0), ops.where(negative, -alpha, 0.5), max_slope)
    return ops.where(negative, shrunk, grown)


def exponential(x: Any, alpha: Any) -> Any:
    """(exp(u) - c)/alpha for u = alpha*x, c = 1 - alpha**2, alpha >= 0."""
    u = x * alpha
    near = ops.logical_and(ops.abs(u) < NEAR_EXP, alpha < SERIES_END)

    x_near = ops.where(near, x, 0.0)
    u_near = x_near * alpha
    series = (x_near + alpha) + x_near * (u_near * horner(exprel_terms(x), u_near))

    shifted = ops.logical_and(u > SHIFT, alpha > 1)
    scale = _where(shifted, math.exp(SHIFT), 1.0, x)
    c = (1.0 - alpha) * (1.0 + alpha)
    far = (ops.exp(u - _where(shifted, SHIFT, 0.0, x)) - c / scale) / ops.where(near, 1.0, alpha / scale)
    return ops.where(near, series, far)


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
    series = r + r * (q * horner(log1p_terms(x, *NEAR_LOG), q))

    huge = x > HUGE
    scale = _where(huge, SHRINK, 1.0, x)
    size = ops.where(near, 1.0, b)
    t = (x * scale) * b + (1.0 - b) * (1.0 + b) * scale
    if max_slope is None:
        log = ops.log(t)
    else:
        t, below = split(t, scale * (1.0 / max_slope))
        log = ops.log(t) + below * max_slope
    return ops.where(near, series, (log - _where(huge, math.log(SHRINK), 0.0, x)) / size)


def split(x: Any, edge: Any) -> tuple[Any, Any]:
    """Return max(x, edge) and min(x - edge, 0): above the edge, only the first has a derivative."""
    edge = ops.convert_to_tensor(edge, x.dtype)
    above = x > edge  # `where`, because keras.ops.maximum rounds float64 to float32 on JAX and PyTorch
    return ops.where(above, x, edge), ops.where(above, 0.0, x - edge)


def _where(condition: Any, value: float, otherwise: float, x: Any) -> Any:
    """Choose between two numbers of the dtype of x; of two Python floats, keras.ops.where makes float32."""
    return ops.where(condition, ops.convert_to_tensor(value, x.dtype), otherwise)
