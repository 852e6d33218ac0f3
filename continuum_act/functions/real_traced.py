"""The real soft exponential for an alpha that is a tensor: every range of alpha in one graph, plain autodiff."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from continuum_act.functions import tangent
from continuum_act.functions.constants import either
from continuum_act.functions.series import NEAR_EXP, NEAR_LOG, exprel_terms, horner, log1p_terms

SERIES_END = 0.9  # |alpha| up to which the series are used; at 1, f is exp and log to the last bit
STEEP = 16.0  # b up to which 1 + b*w is divided by this power of two, lest it overflow before its logarithm


def traced(x: Any, alpha: Any, max_slope: float | None, sign: int | None = None) -> Any:
    """Soft exponential of x; `max_slope=None` is strict.

    `sign` is that of all alphas (0 counts as 1), where it is known: then one formula is computed in place of two, and
    alpha has no derivative.
    """
    if sign is not None:
        return _of_sign(x, ops.stop_gradient(alpha), max_slope, sign)
    if max_slope is None:
        return _strict(x, alpha)
    return tangent.of_tensor(lambda t: _strict(t, alpha), x, alpha, max_slope)


def _of_sign(x: Any, alpha: Any, max_slope: float | None, sign: int) -> Any:
    def function(t: Any) -> Any:
        return exponential(t, alpha) if sign > 0 else logarithm(t, -alpha)

    return function(x) if max_slope is None else tangent.of_sign(function, x, alpha, max_slope, sign)


def _strict(x: Any, alpha: Any) -> Any:
    """Each branch sees only inputs of its own domain."""
    negative = alpha < 0
    grown = exponential(ops.where(negative, 0.0, x), ops.where(negative, 0.0, alpha))
    shrunk = logarithm(ops.where(negative, x, 0.0), ops.where(negative, -alpha, 0.5))
    return ops.where(negative, shrunk, grown)


def exponential(x: Any, alpha: Any) -> Any:
    """(exp(u) - c)/alpha for u = alpha*x, c = 1 - alpha**2, alpha >= 0."""
    u = x * alpha
    near = _near(u, NEAR_EXP, alpha)
    u_near = ops.where(near, u, 0.0)
    terms = exprel_terms(keras.backend.standardize_dtype(x.dtype))
    series = (x + alpha) + x * (u_near * horner(terms, u_near))

    # for alpha > 1, both over alpha: exp(u) and c overflow before the quotient does
    scale = ops.stop_gradient(ops.where(alpha > 1, alpha, 1.0))
    c = ((1.0 - alpha) / scale) * (1.0 + alpha)
    far = (ops.exp(u - ops.log(scale)) - c) / ops.where(near, 1.0, alpha / scale)
    return ops.where(near, series, far)


def logarithm(x: Any, b: Any) -> Any:
    """log(1 + u)/b for u = b*(x - b), b = -alpha > 0."""
    w = x - b
    u = w * b
    near = _near(u, NEAR_LOG, b)

    # log(1 + u) = 2 atanh(s), s = u/(2 + u)
    half = 0.5 * ops.where(near, u, 0.0)
    r, s = w / (1.0 + half), half / (1.0 + half)
    q = s * s
    terms = log1p_terms(keras.backend.standardize_dtype(x.dtype), False)
    series = r + r * (q * horner(terms, q))

    scale = ops.where(b > STEEP, 1.0 / b, ops.where(b > 1, ops.ones_like(b) / STEEP, 1.0))
    scale = ops.stop_gradient(scale)
    t = x * (b * scale) + ((1.0 - b) * scale) * (1.0 + b)
    far = (ops.log(t) - ops.log(scale)) / ops.where(near, 1.0, b)
    return ops.where(near, series, far)


def _near(u: Any, between: tuple[float, float], size: Any) -> Any:
    """Whether the series is used: not next to |alpha| = 1, where f is exp and log to the last bit."""
    center, radius = 0.5 * (between[0] + between[1]), 0.5 * (between[1] - between[0])
    return ops.abs(u - center) < either(size < SERIES_END, radius, 0.0, size)
