"""Arithmetic of (real, imaginary) pairs of real tensors, float32 or float64, that keeps its digits."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from continuum_act.functions.series import finfo

Pair = tuple[Any, Any]


def product(a: Any, b: Any, c: Any, d: Any) -> Pair:
    """Return (a + ib)(c + id)."""
    return a * c - b * d, a * d + b * c


def largest(p: Any, q: Any) -> Any:
    """Return max(|p|, |q|), by `where`: keras.ops.maximum rounds float64 to float32 on JAX and PyTorch."""
    p, q = ops.abs(p), ops.abs(q)
    return ops.where(p > q, p, q)


def select(condition: Any, pair: Pair, other: Pair) -> Pair:
    """Select one of two pairs."""
    return ops.where(condition, pair[0], other[0]), ops.where(condition, pair[1], other[1])


def reciprocal(a: Any, b: Any) -> Pair:
    """Return 1/(a + ib), for a divisor whose square, or its square in the derivative, may underflow or overflow."""
    size = ops.stop_gradient(largest(a, b))
    extreme = ops.logical_and(ops.logical_or(size < 2.0**-6, size > 2.0**6), size > finfo(a).tiny)
    scale = ops.where(extreme, 1.0 / ops.where(extreme, size, 1.0), 1.0)  # any scale is right: it has no derivative
    a, b = a * scale, b * scale
    norm = a * a + b * b
    re, im = newton(a, b, a / norm, -b / norm)
    return re * scale, im * scale


def newton(a: Any, b: Any, p: Any, q: Any) -> Pair:
    """Return 1/(a + ib) with the derivative of -1/(a + ib)**2: that of the quotient p + iq cancels by 3."""
    rest = product(a, b, p, q)
    return product(p, q, 2.0 - rest[0], -rest[1])


def quotient(p: Any, q: Any, a: Any, b: Any) -> Pair:
    """Return (p + iq)/(a + ib) by Smith's formula; its derivatives would lose digits.

    A factor after the division, against underflow, made a population 20 times slower: XLA repeats what is cheap in
    each use, and all that is cheap before it.
    """
    steep = ops.abs(b) > ops.abs(a)
    p, q = ops.where(steep, q, p), ops.where(steep, -p, q)
    a, b = ops.where(steep, b, a), ops.where(steep, -a, b)
    ratio = b / a
    divisor = a + b * ratio
    return (p + q * ratio) / divisor, (q - p * ratio) / divisor


def real_polynomial(coefficients: Sequence[float], p: Any, q: Any) -> Pair:
    """Evaluate a power series with real coefficients at p + iq: half the operations of Horner (Knuth, TAOCP 4.6.4)."""
    twice, norm = 2.0 * p, p * p + q * q
    last, total = coefficients[-1], coefficients[-2] + twice * coefficients[-1]
    for coefficient in reversed(coefficients[1:-2]):
        last, total = total, coefficient + (twice * total - norm * last)
    return coefficients[0] + (p * total - norm * last), q * total


def cos_sin(v: Any) -> Pair:
    """Cosine and sine; on JAX, keras.ops.cos and sin round float64 to float32, keras.ops.exp does not."""
    if _lacks_double(v):
        e = ops.exp(ops.cast(v, "complex128") * 1j)
        return ops.real(e), ops.imag(e)
    return ops.cos(v), ops.sin(v)


def argument(p: Any, q: Any) -> Any:
    """Argument of p + iq in (-pi, pi], +pi for p < 0 and q = -0.0 too; the square of p + iq is in range."""
    q = q - ops.stop_gradient(ops.where(q == 0, q, 0.0))  # -0.0 to 0.0, with the derivative of q
    if _lacks_double(p):
        return ops.imag(ops.log(ops.cast(p, "complex128") + ops.cast(q, "complex128") * 1j))
    if keras.backend.standardize_dtype(p.dtype) == "float32":
        return ops.arctan2(q, p)
    # keras.ops.arctan2 rounds float64 to float32 on PyTorch
    steep = ops.abs(q) > ops.abs(p)
    over = ops.where(steep, q, p)
    ratio = ops.where(steep, -p, q) / ops.where(over == 0, 1.0, over)
    quarters = ops.where(steep, 1.0, ops.where(p < 0, 2.0, 0.0)) * ops.where(q < 0, -1.0, 1.0)
    return ops.cast(quarters, p.dtype) * (0.5 * math.pi) + ops.arctan(ratio)


def scaled_log(p: Any, q: Any) -> Pair:
    """Log(p + iq), of p + iq scaled where its square could overflow or underflow."""
    exponent = int(math.log2(finfo(p).max))
    step = int(0.55 * exponent)
    size = largest(p, q)
    large, small = size > 2.0 ** int(0.4 * exponent), size < 2.0 ** -int(0.4 * exponent)
    one = ops.ones_like(p)
    scale = ops.where(large, one * 2.0**-step, ops.where(small, one * 2.0**step, one))
    steps = ops.cast(large, p.dtype) - ops.cast(small, p.dtype)
    p, q = p * scale, q * scale
    return 0.5 * ops.log(p * p + q * q) + steps * (step * math.log(2)), argument(p, q)


def lost_log(p: Any, q: Any) -> Any:
    """Return what the rounding of |p + iq|**2 takes from log|p + iq|, where that is small; 0 elsewhere."""
    p, q = ops.abs(p), ops.abs(q)
    swap = q > p
    p, q = ops.where(swap, q, p), ops.where(swap, p, q)
    norm = p * p + q * q
    lost = ((p - 1.0) * (p + 1.0) + q * q) - (norm - 1.0)
    return ops.where(ops.logical_and(norm > 0.5, norm < 4.0), 0.5 * lost / norm, 0.0)


def _lacks_double(x: Any) -> bool:
    return keras.backend.backend() == "jax" and keras.backend.standardize_dtype(x.dtype) == "float64"


def exprel_tail(x: Any, y: Any, radius: float) -> Pair:
    """(exp(u) - 1)/u - 1 for u = x + iy, |u| <= radius."""
    terms = _terms(_exprel, finfo(x).eps, radius)
    return product(x, y, *real_polynomial(terms, x, y))


def half_log(x: Any, y: Any) -> Pair:
    """Return s = v/(2 - v), so that -log(1 - v) = 2 atanh(s)."""
    norm = x * x + y * y
    over = norm + (4.0 - 4.0 * x)  # |2 - v|**2
    return (2.0 * x - norm) / over, 2.0 * y / over


def log_tail(p: Any, q: Any, radius: float) -> Pair:
    """-log(1 - v)/v - 1 for v/(2 - v) = s = p + iq, |s| <= radius."""
    square = product(p, q, p, q)
    terms = _terms(_atanhc, finfo(p).eps, radius**2)
    tail = product(*square, *real_polynomial(terms, *square))  # atanh(s)/s - 1
    more = product(1.0 + p, q, *tail)  # 2 s/v = 1 + s
    return p + more[0], q + more[1]


def log_slope(p: Any, q: Any, radius: float) -> Pair:
    """Return k - 1/(2(1 - v)), k the derivative of -log(1 - v)/v, for v/(2 - v) = s = p + iq, |s| <= radius."""
    terms = _terms(_atanhc_slope, finfo(p).eps, radius**2)
    slope = real_polynomial(terms, *product(p, q, p, q))
    one = 1.0 + p, q  # k - 1/(2(1 - v)) = s*(1 + s)**2 times the derivative of atanh(s)/s in s**2
    return product(*product(*product(p, q, *one), *one), *slope)


def _exprel(n: int) -> float:
    return 1 / math.factorial(n + 2)


def _atanhc(n: int) -> float:
    return 1 / (2 * n + 3)


def _atanhc_slope(n: int) -> float:
    return (n + 1) / (2 * n + 3)


@functools.cache
def _terms(coefficient: Callable[[int], float], eps: float, widest: float) -> tuple[float, ...]:
    """Keep the terms above eps/32: the derivatives of the series need a little more than its value."""
    kept: list[float] = []
    while coefficient(len(kept)) * widest ** len(kept) >= eps / 32:
        kept.append(coefficient(len(kept)))
    return tuple(kept)
