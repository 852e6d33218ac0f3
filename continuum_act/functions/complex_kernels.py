"""Formulas of the complex soft exponential that keep their digits, on (real, imaginary) pairs of real tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from continuum_act.functions import real_kernels
from continuum_act.functions.series import atanhc_terms, finfo, sinhc_terms

Pair = tuple[Any, Any]

NEAR_EXP = 1.2  # |alpha*z| below which exp(alpha*z) - 1 and the derivative in alpha cancel
HUGE, STEP = 64.0, 8.0  # exp(u) = exp(u - STEP)*exp(STEP) from HUGE on: exp(u) overflows before exp(u)/alpha
NEAR_ONE = 0.4  # |1 - alpha**2| below which alpha - 1/alpha cancels


def fixed(x: Any, y: Any, alpha: np.ndarray) -> Pair:
    """Complex soft exponential for alphas known in Python; y is None for a real x."""
    a, b = (ops.convert_to_tensor(part.copy()) for part in (alpha.real, alpha.imag))
    real = (alpha.imag == 0) & (y is None)
    if real.all():
        return real_alpha(x, alpha.real)
    zero_or_y = ops.zeros_like(x) if y is None else y
    if alpha.ndim == 0:
        function = exponential if alpha.real >= 0 else logarithm
        return function(x, zero_or_y, a, b) if alpha != 0 else (x, zero_or_y)
    parts = traced(x, zero_or_y, a, b)
    if not real.any():
        return parts
    of_real = real_alpha(x, np.where(real, alpha.real, 0).astype(alpha.real.dtype))
    chosen = ops.convert_to_tensor(real)
    return ops.where(chosen, of_real[0], parts[0]), ops.where(chosen, of_real[1], parts[1])


def real_alpha(x: Any, alpha: np.ndarray) -> Pair:
    """Real x and real alpha: the real function, and beyond its domain log|t|, from the mirrored x, and Arg = pi."""
    negative = alpha < 0
    if not negative.any():
        re = real_kernels.fixed(x, alpha, None)
        return re, ops.zeros_like(re)
    a = np.where(negative, alpha, -1.0).astype("float64")
    border, arg = np.where(negative, 1 / a - a, -float(finfo(x).max) / 4), np.where(negative, math.pi / -a, 0.0)
    border, arg = (ops.convert_to_tensor(part.astype(alpha.dtype)) for part in (border, arg))
    inside = x >= border
    re = real_kernels.fixed(ops.where(inside, x, 2.0 * border - x), alpha, None)
    return re, ops.where(inside, ops.zeros_like(re), arg)


def traced(x: Any, y: Any, a: Any, b: Any) -> Pair:
    """Complex soft exponential for an alpha of tensors; both branches see only inputs of their own domain."""
    negative = a < 0
    positive = ops.logical_not(negative)
    grown = exponential(
        ops.where(positive, x, 0.0),
        ops.where(positive, y, 0.0),
        ops.where(positive, a, 0.0),
        ops.where(positive, b, 0.0),
    )
    shrunk = logarithm(
        ops.where(negative, x, 0.0),
        ops.where(negative, y, 0.0),
        ops.where(negative, a, -0.5),
        ops.where(negative, b, 0.0),
    )
    return ops.where(negative, shrunk[0], grown[0]), ops.where(negative, shrunk[1], grown[1])


def exponential(x: Any, y: Any, a: Any, b: Any) -> Pair:
    """(exp(zeta) - 1)/alpha + alpha for zeta = alpha*z, Re(alpha) >= 0."""
    u, v = product(a, b, x, y)
    c = one_minus_square(a, b)
    close = _largest(c[0], c[1]) < NEAR_ONE
    near = ops.logical_and(_largest(u, v) < NEAR_EXP, ops.logical_not(close))
    huge = u > HUGE
    half_u = ops.where(near, 0.5 * u, ops.where(huge, u - STEP, u))
    half_v = ops.where(near, 0.5 * v, v)
    e = ops.exp(half_u)
    cos, sin = ops.cos(half_v), ops.sin(half_v)

    # exp(zeta) - 1 = 2 exp(eta) sinh(eta), eta = zeta/2
    eta = ops.where(near, half_u, 0.0), ops.where(near, half_v, 0.0)
    size = 0.5 * NEAR_EXP**2
    sinhc = complex_horner(sinhc_terms(x, size), product(*eta, *eta))
    e_near = ops.where(near, e, 1.0)
    series = product(*product(ops.where(near, x, 0.0), ops.where(near, y, 0.0), e_near * cos, e_near * sin), *sinhc)

    one = ops.where(close, c[0], 1.0), ops.where(close, c[1], 0.0)
    p, q = e * cos, e * sin
    p, q = ops.where(huge, p, p - one[0]), ops.where(huge, q, q - one[1])
    p, q = quotient(p, q, ops.where(near, 1.0, a), ops.where(near, 0.0, b))
    far = ops.where(huge, p * math.exp(STEP), p), ops.where(huge, q * math.exp(STEP), q)
    return (
        ops.where(near, series[0], far[0]) + ops.where(close, 0.0, a),
        ops.where(near, series[1], far[1]) + ops.where(close, 0.0, b),
    )


def logarithm(x: Any, y: Any, a: Any, b: Any) -> Pair:
    """-Log(1 - v)/alpha for v = alpha*(z + alpha), Re(alpha) < 0; Arg = +pi on the negative real axis."""
    w = x + a, y + b
    v = product(a, b, *w)
    near = ops.logical_and(ops.abs(v[0] + 0.7) < 1.3, ops.abs(v[1]) < 1.8)  # |s|**2 < 0.15

    # -log(1 - v) = 4 atanh(s), s = v/(1 + sqrt(1 - v))**2, and 4 s/v = (1 + s)**2
    v_near = ops.where(near, v[0], 0.0), ops.where(near, v[1], 0.0)
    root = square_root(1.0 - v_near[0], -v_near[1])
    root = 1.0 + root[0], root[1]
    square = product(*root, *root)
    s = quotient(*v_near, *square)
    s2 = product(*s, *s)
    tail = product(*s2, *complex_horner(atanhc_terms(x, 0.15)[1:], s2))  # atanh(s)/s - 1
    one_s = 1.0 + s[0], s[1]
    tail = product(*product(*one_s, *one_s), *tail)
    rest = product(*s, 2.0 + s[0], s[1])
    w = ops.where(near, w[0], 0.0), ops.where(near, w[1], 0.0)
    series = product(*w, rest[0] + tail[0], rest[1] + tail[1])
    series = w[0] + series[0], w[1] + series[1]

    # t = 1 - v, from a z scaled down where alpha*z could overflow, then up where its square could underflow
    exponent = int(math.log2(float(finfo(x).max)))
    step = int(0.55 * exponent)
    bounded = _largest(v[0], v[1]) <= 2.0 ** int(0.4 * exponent)
    large = ops.logical_not(bounded)  # infinity - infinity too
    down = _either(large, 2.0**-step, 1.0, x)
    c = one_minus_square(a, b)
    close = _largest(c[0], c[1]) < NEAR_ONE
    x, y = ops.where(near, -2.0, x * down), ops.where(near, 0.0, y * down)
    z = product(a, b, x, y)
    t_re = ops.where(close, c[0] * down - z[0], down - (a * (x + a * down) - b * (y + b * down)))
    # exact zeros and signs on the real axis, where the branch cut is
    t_im = ops.where(close, c[1] * down - z[1], -(a * y + b * (x + 2.0 * a * down)))
    small = _largest(t_re, t_im) < 2.0 ** -int(0.4 * exponent)
    up = _either(small, 2.0**step, 1.0, x)
    t_re, t_im = t_re * up, t_im * up
    steps = ops.cast(large, x.dtype) - ops.cast(small, x.dtype)
    log = 0.5 * ops.log(t_re * t_re + t_im * t_im) + steps * (step * math.log(2))
    arg = argument(t_re, t_im)
    re, im = quotient(-log, -arg, ops.where(near, -1.0, a), ops.where(near, 0.0, b))
    return ops.where(near, series[0], re), ops.where(near, series[1], im)


def _largest(p: Any, q: Any) -> Any:
    """Return max(|p|, |q|), by `where`: keras.ops.maximum rounds float64 to float32 on JAX and PyTorch."""
    p, q = ops.abs(p), ops.abs(q)
    return ops.where(p > q, p, q)


def _either(condition: Any, value: float, other: float, like: Any) -> Any:
    """Select one of two numbers in the dtype of a tensor; `where` of Python numbers is float32."""
    dtype = like.dtype
    return ops.where(condition, ops.convert_to_tensor(value, dtype), ops.convert_to_tensor(other, dtype))


def product(a: Any, b: Any, c: Any, d: Any) -> Pair:
    """Return (a + ib)(c + id)."""
    return a * c - b * d, a * d + b * c


def quotient(p: Any, q: Any, a: Any, b: Any) -> Pair:
    """Return (p + iq)/(a + ib), for a divisor whose square, or its square in the derivative, may underflow."""
    size = ops.stop_gradient(_largest(a, b))
    small = ops.logical_and(size < 2.0**-6, size > float(finfo(a).tiny))
    scale = ops.where(small, 1.0 / ops.where(small, size, 1.0), 1.0)  # any scale is right, hence it has no derivative
    a, b = a * scale, b * scale
    norm = a * a + b * b
    return (p * a + q * b) / norm * scale, (q * a - p * b) / norm * scale


def argument(p: Any, q: Any) -> Any:
    """Argument of p + iq in (-pi, pi], +pi for p < 0 and q = -0.0 too."""
    steep = ops.abs(q) > ops.abs(p)
    over = ops.where(steep, q, p)
    ratio = ops.where(steep, -p, q) / ops.where(over == 0, 1.0, over)
    quarters = ops.where(steep, 1.0, ops.where(p < 0, 2.0, 0.0)) * ops.where(q < 0, -1.0, 1.0)
    # LiteRT lacks arctan, and keras.ops.arctan2 rounds float64 to float32 on JAX and PyTorch.
    double = keras.backend.standardize_dtype(p.dtype) == "float64"
    arctan = ops.arctan(ratio) if double else ops.arctan2(ratio, ops.ones_like(ratio))
    return ops.cast(quarters, p.dtype) * (0.5 * math.pi) + arctan


def one_minus_square(a: Any, b: Any) -> Pair:
    """Return 1 - alpha**2."""
    return (1.0 - a) * (1.0 + a) + b * b, -2.0 * a * b


def square_root(p: Any, q: Any) -> Pair:
    """Principal square root for p > 0."""
    root = ops.sqrt(0.5 * (ops.sqrt(p * p + q * q) + p))
    return root, 0.5 * q / root


def complex_horner(coefficients: Sequence[float], q: Pair) -> Pair:
    """Evaluate a power series with real coefficients."""
    re: Any = coefficients[-1]
    im: Any = 0.0
    for coefficient in reversed(coefficients[:-1]):
        re, im = product(re, im, *q)
        re = re + coefficient
    return re, im
