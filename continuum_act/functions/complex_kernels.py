"""Formulas of the complex soft exponential that keep their digits, on (real, imaginary) pairs of real tensors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras import ops

from continuum_act.functions import real_kernels
from continuum_act.functions.series import atanhc_terms, finfo, sinhc_terms

Pair = tuple[Any, Any]

NEAR_EXP = 1.2  # |alpha*z| below which exp(alpha*z) - 1 and the derivative in alpha cancel
NEAR_LOG = 0.7  # |v| below which log(1 - v) and the derivative in alpha cancel
NEAR_ONE = 0.75  # |1 - alpha**2| below which alpha - 1/alpha cancels


def fixed(x: Any, y: Any, alpha: np.ndarray) -> Pair:
    """Complex soft exponential for alphas known in Python; y is None for a real x."""
    if y is None and alpha.ndim == 0 and alpha.imag == 0:
        return real_alpha(x, alpha.real)
    if y is None:
        y = ops.zeros_like(x)
    if alpha.ndim == 0:
        if alpha == 0:
            return x, y
        function = exponential if alpha.real >= 0 else logarithm
        return function(x, y, ops.convert_to_tensor(alpha.real), ops.convert_to_tensor(alpha.imag))
    return traced(x, y, ops.convert_to_tensor(alpha.real), ops.convert_to_tensor(alpha.imag))


def real_alpha(x: Any, alpha: np.ndarray) -> Pair:
    """Real x and real alpha: the real function, and beyond its domain log|t| and Arg = pi."""
    if alpha >= 0:
        return real_kernels.fixed(x, alpha, None), ops.zeros_like(x)
    border = float(1 / alpha.astype("float64") - alpha.astype("float64"))
    inside = x >= border
    re = real_kernels.fixed(ops.where(inside, x, 2.0 * border - x), alpha, None)
    return re, ops.cast(ops.logical_not(inside), x.dtype) * (math.pi / -float(alpha))


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
    close = ops.maximum(ops.abs(c[0]), ops.abs(c[1])) < NEAR_ONE
    near = ops.logical_and(ops.maximum(ops.abs(u), ops.abs(v)) < NEAR_EXP, ops.logical_not(close))
    huge = u > 64.0
    half_u = ops.where(ops.logical_or(near, huge), 0.5 * u, u)
    half_v = ops.where(near, 0.5 * v, v)
    e = ops.exp(half_u)
    cos, sin = ops.cos(half_v), ops.sin(half_v)

    # exp(zeta) - 1 = 2 exp(eta) sinh(eta), eta = zeta/2
    eta = ops.where(near, half_u, 0.0), ops.where(near, half_v, 0.0)
    size = 0.5 * NEAR_EXP**2
    sinhc = complex_horner(sinhc_terms(x, size), product(*eta, *eta))
    e_near = ops.where(near, e, 1.0)
    series = product(
        *product(ops.where(near, x, 0.0), ops.where(near, y, 0.0), e_near * cos, e_near * sin), *sinhc
    )

    one = ops.where(close, c[0], 1.0), ops.where(close, c[1], 0.0)
    p, q = e * cos, e * sin
    p, q = ops.where(huge, p, p - one[0]), ops.where(huge, q, q - one[1])
    p, q = quotient(p, q, ops.where(near, 1.0, a), ops.where(near, 0.0, b))
    grow = ops.where(huge, e, 1.0)
    far = p * grow, q * grow
    return (
        ops.where(near, series[0], far[0]) + ops.where(close, 0.0, a),
        ops.where(near, series[1], far[1]) + ops.where(close, 0.0, b),
    )


def logarithm(x: Any, y: Any, a: Any, b: Any) -> Pair:
    """-Log(1 - v)/alpha for v = alpha*(z + alpha), Re(alpha) < 0; Arg = +pi on the negative real axis."""
    w = x + a, y + b
    v = product(a, b, *w)
    near = ops.maximum(ops.abs(v[0]), ops.abs(v[1])) < NEAR_LOG

    # -log(1 - v) = 4 atanh(s), s = v/(1 + sqrt(1 - v))**2
    v_near = ops.where(near, v[0], 0.0), ops.where(near, v[1], 0.0)
    root = square_root(1.0 - v_near[0], -v_near[1])
    root = 1.0 + root[0], root[1]
    square = product(*root, *root)
    s = quotient(*v_near, *square)
    scale = quotient(4.0, 0.0, *square)
    atanhc = complex_horner(atanhc_terms(x, 0.12), product(*s, *s))
    series = product(*product(ops.where(near, w[0], 0.0), ops.where(near, w[1], 0.0), *scale), *atanhc)

    # t = 1 - v, from a z scaled down where alpha*z could overflow, then up where its square could underflow
    exponent = int(math.log2(float(finfo(x).max)))
    step = int(0.55 * exponent)
    large = ops.maximum(ops.abs(x), ops.abs(y)) > 2.0 ** int(0.4 * exponent)
    down = _either(large, 2.0**-step, 1.0, x)
    c = one_minus_square(a, b)
    close = ops.maximum(ops.abs(c[0]), ops.abs(c[1])) < NEAR_ONE
    x, y = ops.where(near, -2.0, x * down), ops.where(near, 0.0, y * down)
    z = product(a, b, x, y)
    t_re = ops.where(close, c[0] * down - z[0], down - (a * (x + a * down) - b * (y + b * down)))
    # exact zeros and signs on the real axis, where the branch cut is
    t_im = ops.where(close, c[1] * down - z[1], -(a * y + b * (x + 2.0 * a * down)))
    small = ops.maximum(ops.abs(t_re), ops.abs(t_im)) < 2.0 ** -int(0.4 * exponent)
    up = _either(small, 2.0**step, 1.0, x)
    steps = ops.cast(large, x.dtype) - ops.cast(small, x.dtype)
    log = 0.5 * ops.log((t_re * up) ** 2 + (t_im * up) ** 2) + steps * (step * math.log(2))
    arg = ops.arctan2(t_im, t_re)
    below = ops.logical_and(t_im == 0, arg < 0)  # the lower side of the cut, by a negative zero
    arg = arg + ops.cast(below, x.dtype) * (2.0 * math.pi)
    re, im = quotient(-log, -arg, ops.where(near, -1.0, a), ops.where(near, 0.0, b))
    return ops.where(near, series[0], re), ops.where(near, series[1], im)


def _either(condition: Any, value: float, other: float, like: Any) -> Any:
    """Select one of two numbers in the dtype of a tensor; `where` of Python numbers is float32."""
    dtype = like.dtype
    return ops.where(condition, ops.convert_to_tensor(value, dtype), ops.convert_to_tensor(other, dtype))


def product(a: Any, b: Any, c: Any, d: Any) -> Pair:
    """(a + ib)(c + id)."""
    return a * c - b * d, a * d + b * c


def quotient(p: Any, q: Any, a: Any, b: Any) -> Pair:
    """(p + iq)/(a + ib), for a divisor whose square may underflow."""
    factor = 2.0 ** (int(math.log2(float(finfo(a).max))) // 2)
    tiny = ops.maximum(ops.abs(a), ops.abs(b)) < 1.0 / math.sqrt(factor)
    scale = _either(tiny, factor, 1.0, a)
    a, b = a * scale, b * scale
    norm = a * a + b * b
    return (p * a + q * b) / norm * scale, (q * a - p * b) / norm * scale


def one_minus_square(a: Any, b: Any) -> Pair:
    """1 - alpha**2."""
    return (1.0 - a) * (1.0 + a) + b * b, -2.0 * a * b


def square_root(p: Any, q: Any) -> Pair:
    """Principal square root for p > 0."""
    root = ops.sqrt(0.5 * (ops.sqrt(p * p + q * q) + p))
    return root, 0.5 * q / root


def complex_horner(coefficients: list[float], q: Pair) -> Pair:
    """Evaluate a power series with real coefficients."""
    re: Any = coefficients[-1]
    im: Any = 0.0
    for coefficient in reversed(coefficients[:-1]):
        re, im = product(re, im, *q)
        re = re + coefficient
    return re, im
