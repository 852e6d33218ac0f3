"""Arithmetic of (real, imaginary) pairs of real tensors, float32 or float64, that keeps its digits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from continuum_act.functions.constants import constant
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
    """Return 1/(a + ib), 1 at 0; its derivative is 0 where the incoming one is, though 1/(a + ib)**2 = inf."""
    size = ops.stop_gradient(largest(a, b))
    zero = size < finfo(a).tiny
    scale = 1.0 / ops.where(zero, 1.0, size)
    a, b = ops.where(zero, 1.0, a * scale), b * scale
    norm = a * a + b * b
    return (a / norm) * scale, (-b / norm) * scale


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


def logarithm_of(p: Any, q: Any) -> Pair:
    """Log(p + iq), of p + iq scaled where its square could overflow or underflow."""
    exponent = int(math.log2(finfo(p).max))
    bound, step = 2.0 ** int(0.4 * exponent), int(0.55 * exponent)
    size = largest(p, q)
    large, small = size * (1 / bound) > 1, size < 1 / bound  # of 8 bits, LiteRT finds every number larger than 2**51
    one = ops.ones_like(p)
    scale = ops.where(large, one * 2.0**-step, ops.where(small, one * 2.0**step, one))
    shift = ops.where(large, one * (step * math.log(2)), ops.where(small, one * (-step * math.log(2)), 0.0))
    p, q = p * scale, q * scale
    return 0.5 * ops.log(p * p + q * q) + shift, argument(p, q)


def _lacks_double(x: Any) -> bool:
    return keras.backend.backend() == "jax" and keras.backend.standardize_dtype(x.dtype) == "float64"


def exprel_tail(x: Any, y: Any, radius: float) -> Pair:
    """(exp(u) - 1)/u - 1 for u = x + iy, |u| <= radius."""
    terms = _terms("exprel", finfo(x).eps, radius)
    return product(x, y, *real_polynomial(terms, x, y))


def half_log(x: Any, y: Any) -> Pair:
    """Return s = v/(2 - v), so that -log(1 - v) = 2 atanh(s)."""
    norm = x * x + y * y
    over = norm + (4.0 - 4.0 * x)  # |2 - v|**2
    return (2.0 * x - norm) / over, 2.0 * y / over


def log_tail(p: Any, q: Any, radius: float) -> Pair:
    """-log(1 - v)/v - 1 for v/(2 - v) = s = p + iq, |s| <= radius."""
    square = product(p, q, p, q)
    terms = _terms("atanhc", finfo(p).eps, radius**2)
    tail = product(*square, *real_polynomial(terms, *square))  # atanh(s)/s - 1
    more = product(1.0 + p, q, *tail)  # 2 s/v = 1 + s
    return p + more[0], q + more[1]


_COEFFICIENTS: dict[str, Callable[[int], float]] = {
    "exprel": lambda n: 1 / math.factorial(n + 2),
    "atanhc": lambda n: 1 / (2 * n + 3),
}


@constant
def _terms(name: str, eps: float, widest: float) -> tuple[float, ...]:
    """Keep the terms above eps/32: the derivatives of the series need a little more than its value."""
    coefficient = _COEFFICIENTS[name]
    kept: list[float] = []
    while coefficient(len(kept)) * widest ** len(kept) >= eps / 32:
        kept.append(coefficient(len(kept)))
    return tuple(kept)
