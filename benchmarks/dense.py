"""Search for the largest E of the real function, float32, fixed alpha, on TensorFlow: `python -m benchmarks.dense`.

E is the error in spacings beyond what one spacing of x explains (`tests.accuracy`), here against float64, which has 29
bits more, so that millions of points take a minute: eager, in a graph, and compiled by XLA.
"""

from __future__ import annotations

import os
import sys
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import numpy as np
import tensorflow as tf

import continuum_act as ca
from benchmarks.kernels import with_gradient

# |alpha| from and to; the formula changes near 0.6
RANGES = ((1e-4, 0.1), (0.1, 0.5), (0.5, 0.57), (0.57, 0.6), (0.6, 0.63), (0.63, 1.0), (1.0, 4.0))
WAYS = {"eager": lambda f: f, "graph": tf.function, "XLA": lambda f: tf.function(f, jit_compile=True)}


def points(alpha: float, rng: Any, count: int) -> np.ndarray:
    """Return x inside the domain, about 0, about the zero of f, and of all magnitudes up to overflow."""
    sizes = np.exp(rng.uniform(-20, np.log(80 / abs(alpha)), count)) * rng.choice([-1, 1], count)
    x = np.concatenate([3 * rng.normal(size=count), rng.uniform(-3, 3, count) / alpha, sizes, alpha * sizes - alpha])
    x = x.astype("float32").astype("float64")
    inside = -alpha * (x + alpha) > -1 + 2.0**-10 if alpha < 0 else np.abs(alpha * x) < 80
    return np.resize(x[inside], 4 * count)  # one size: each program is compiled once per alpha


def spacing(value: np.ndarray) -> np.ndarray:
    return np.spacing(np.abs(value).astype("float32")).astype("float64")


def largest(way: Any, alpha: float, x: np.ndarray) -> tuple[float, float]:
    """Return the largest E of the value and of d/dx."""
    if alpha > 0:
        y, slope = np.expm1(alpha * x) / alpha + alpha, np.exp(alpha * x)
    else:
        u = -alpha * (x + alpha)
        y, slope = np.log1p(u) / -alpha, 1 / (1 + u)
    bend = alpha * slope if alpha > 0 else alpha * slope**2
    got = way(with_gradient(lambda t: ca.soft_exponential(t, alpha)))(tf.constant(x, "float32"))
    excused = spacing(y) + slope * spacing(x), spacing(slope) + np.abs(bend) * spacing(x)
    errors = [np.abs(g - exact) / unit for g, exact, unit in zip(got, (y, slope), excused, strict=True)]
    return errors[0].max(), errors[1].max()


def main(alphas: int = 6, count: int = 50_000) -> None:
    """Print the largest E of some random alphas of each range and sign."""
    rng = np.random.default_rng(0)
    print("| alpha | " + " | ".join(f"{name}: value, d/dx" for name in WAYS) + " |")
    print("| --- |" + " --- |" * len(WAYS))
    for low, high in RANGES:
        for sign in (1, -1):
            found = {name: [] for name in WAYS}
            for alpha in sign * rng.uniform(low, high, alphas).astype("float32"):
                x = points(float(alpha), rng, count)
                for name, way in WAYS.items():
                    found[name].append(largest(way, float(alpha), x))
            cells = ["{:.2f}, {:.2f}".format(*np.max(pairs, axis=0)) for pairs in found.values()]
            print(f"| {sign * low:g} to {sign * high:g} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
