"""Search for the largest E of the real function, `python -m benchmarks.dense [fixed|traced] [float32|float64]`.

E is the error in spacings beyond what one spacing of each input explains (`tests.accuracy`), here against NumPy's long
double, so that millions of points take a minute: eager, in a graph, and compiled by XLA. KERAS_BACKEND chooses the
backend. A longer search is of `alphas` and `count`, the third and fourth argument.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from keras import ops

import continuum_act as ca
from tests.functions.derivatives import BACKEND, array, compiled, gradient

WIDE = np.longdouble
RANGES = ((1e-30, 1e-3), (1e-3, 0.1), (0.1, 0.5), (0.5, 0.6), (0.6, 0.71), (0.71, 0.85), (0.85, 1.0), (1.0, 4.0))
WAYS: dict[str, Callable[..., Any]] = {"eager": lambda f: f, "compiled": compiled}
if BACKEND == "tensorflow":
    import tensorflow as tf

    WAYS = {"eager": lambda f: f, "graph": tf.function, "XLA": compiled}


def points(alpha: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    """Return (5 * count, alphas) of x: about 0, the zero of f and the switches, and of all magnitudes."""
    shape = (count, len(alpha))
    small = np.exp(rng.uniform(-20, 1, shape)) * rng.choice([-1, 1], shape)
    sizes = np.exp(rng.uniform(-20, np.log(80), shape)) * rng.choice([-1, 1], shape)
    zero = np.where(alpha < 0, -alpha, np.log1p(-np.minimum(alpha**2, 0.999)) / alpha)
    x = [3 * rng.normal(size=shape), rng.uniform(-1.5, 1.5, shape) / alpha - np.minimum(alpha, 0)]
    x += [zero * (1 + small), sizes / np.abs(alpha) - np.minimum(alpha, 0), small]
    return np.concatenate(x)


def series(coefficients: list[float], u: np.ndarray, radius: float) -> np.ndarray:
    """Evaluate a power series where |u| < radius; elsewhere NaN."""
    return np.polynomial.polynomial.polyval(np.where(np.abs(u) < radius, u, np.nan), np.array(coefficients, WIDE))


def patched(power: np.ndarray, formula: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(power), formula, power)


def exponential(x: np.ndarray, a: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return f, f_x, f_alpha, f_xx, f_x_alpha and f_alpha_alpha for alpha > 0."""
    u = a * x
    e = np.exp(u)
    # integrals of t*exp(u*t) and t**2*exp(u*t) over 0 < t < 1
    factorials = np.cumprod(np.arange(40, dtype=WIDE).clip(1))
    first = patched(series([1 / (f * (n + 2)) for n, f in enumerate(factorials)], u, 1), ((u - 1) * e + 1) / u**2)
    second = patched(series([1 / (f * (n + 3)) for n, f in enumerate(factorials)], u, 1), (e - 2 * first) / u)
    return np.expm1(u) / a + a, e, 1 + x * x * first, a * e, x * e, x**3 * second


def logarithm(x: np.ndarray, a: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the same for alpha < 0."""
    w = x + a
    u = -a * w
    t = 1 + u
    # k(u) = (u/(1 + u) - log(1 + u))/u**2 and its derivative
    terms = [WIDE((-1) ** (n + 1)) * (n - 1) / n for n in range(2, 90)]
    k = patched(series(terms, u, 0.5), (u / t - np.log1p(u)) / u**2)
    slope = patched(series([n * c for n, c in enumerate(terms)][1:], u, 0.5), -1 / (u * t * t) - 2 * k / u)
    y_x, u_alpha = 1 / t, -(x + 2 * a)
    bend = -u_alpha / t**2
    return np.log1p(u) / -a, y_x, y_x - k * w * w, a / t**2, bend, bend - slope * u_alpha * w * w - 2 * k * w


def spacing(value: np.ndarray, dtype: str) -> np.ndarray:
    return np.spacing(np.abs(value).clip(0, np.finfo(dtype).max / 2).astype(dtype)).astype(WIDE)


def largest(way: Callable[..., Any], alpha: np.ndarray, x: np.ndarray, kind: str) -> np.ndarray:
    """Return the largest E of the value, of d/dx and, for a traced alpha, of d/dalpha."""
    dtype = x.dtype.name
    wide, a = x.astype(WIDE), np.broadcast_to(alpha.astype(WIDE), x.shape)
    with np.errstate(all="ignore"):
        exact = (exponential if alpha[0] > 0 else logarithm)(wide, a)
    if kind == "fixed":
        function, inputs = lambda t: ca.soft_exponential(t, alpha), (x,)
    else:
        function, inputs = ca.soft_exponential, (x, np.ascontiguousarray(np.broadcast_to(alpha, x.shape)))
    tensors = [ops.convert_to_tensor(value) for value in inputs]
    got = [array(way(function)(*tensors)), *map(array, way(gradient(function))(*tensors))]
    y_x, y_alpha, y_xx, y_x_alpha, y_alpha_alpha = exact[1:]
    inputs_x, inputs_alpha = (y_x, y_xx, y_x_alpha), (y_alpha, y_x_alpha, y_alpha_alpha)
    # strictly inside the domain, nothing overflows, and no result is below the smallest normal number
    good = np.abs(a * wide) < 80 if alpha[0] > 0 else 1 - a * (wide + a) > 2.0**-10
    limits = np.finfo(dtype)
    found = []
    for result, want, by_x, by_alpha in zip(got, exact[:3], inputs_x, inputs_alpha, strict=False):
        unit = spacing(want, dtype) + np.abs(by_x) * spacing(wide, dtype)
        if kind == "traced":
            unit = unit + np.abs(by_alpha) * spacing(a, dtype)
        with np.errstate(invalid="ignore"):
            error = np.where(
                good & (np.abs(want) > limits.tiny) & (np.maximum(np.abs(want), np.abs(exact[0])) < limits.max / 16),
                np.abs(result.astype(WIDE) - want) / unit,
                0,
            )
        found.append(error.max())
    return np.array(found, float)


def main(kind: str = "fixed", dtype: str = "float32", alphas: str = "100", count: str = "200") -> None:
    """Print the largest E over random alphas of each range and sign."""
    names = ("value", "d/dx") if kind == "fixed" else ("value", "d/dx", "d/dalpha")
    print(f"\n{BACKEND}, {kind} alpha, {dtype}: largest E of {', '.join(names)}\n")
    print("| alpha | " + " | ".join(WAYS) + " |\n| ---: |" + " --- |" * len(WAYS))
    rng = np.random.default_rng(0)
    for low, high in RANGES:
        for sign in (1, -1):
            size = np.exp(rng.uniform(np.log(low), np.log(high), int(alphas)))
            alpha = (sign * size).astype(dtype)
            x = points(alpha.astype("float64"), rng, int(count)).astype(dtype)
            cells = [", ".join(f"{e:.2f}" for e in largest(way, alpha, x, kind)) for way in WAYS.values()]
            print(f"| {sign * low:g} to {sign * high:g} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
