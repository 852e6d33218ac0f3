"""Speed of the functions on TensorFlow, on a CPU: ratios of medians taken in turns, `python -m benchmarks.kernels`.

Compiled (XLA) forward, and forward with gradient, against `keras.activations.elu` and a memory copy; eager against the
formula as printed with `tf.where`; the complex function against complex64 arithmetic.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf

import continuum_act as ca

ALPHAS = (-2.0, -1.0, -0.8, -0.3, 0.3, 0.8, 1.0, 2.0)
SIZES = (2**14, 2**20, 2**23)


def printed(x: Any, alpha: float) -> Any:
    """Evaluate the formula as printed in the paper, for an alpha of either sign."""
    alpha = tf.convert_to_tensor(alpha, x.dtype)
    logarithm = -tf.math.log(1 - alpha * (x + alpha)) / alpha
    exponential = (tf.exp(alpha * x) - 1) / alpha + alpha
    return tf.where(alpha < 0, logarithm, tf.where(alpha == 0, x, exponential))


def complex64(x: Any, alpha: complex) -> Any:
    """Evaluate the complex function in complex64 arithmetic."""
    z = tf.cast(x, "complex64")
    y = (tf.exp(alpha * z) - 1) / alpha + alpha if alpha.real >= 0 else -tf.math.log(1 - alpha * (z + alpha)) / alpha
    return tf.stack([tf.math.real(y), tf.math.imag(y)], axis=-1)


def with_gradient(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the value and its gradient."""

    def both(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return y, tape.gradient(y, x)

    return both


def medians(functions: dict[str, Callable[[Any], Any]], x: Any) -> dict[str, float]:
    """Return the median seconds of each function, called in turns."""
    rounds = max(7, min(101, 2**24 // len(x)))
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for turn in range(rounds + 2):
        for name, function in functions.items():
            start = time.perf_counter()
            function(x)
            if turn >= 2:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def compare(title: str, functions: dict[str, Callable[[Any], Any]], x: Any) -> None:
    """Print the ratios to the first function."""
    found = medians(functions, x)
    first = next(iter(found.values()))
    ratios = "  ".join(f"{name} {seconds / first:.2f}" for name, seconds in found.items())
    print(f"{title}, {len(x)} elements, {first * 1e3:.3f} ms = 1: {ratios}", flush=True)


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Print every comparison."""
    rng = np.random.default_rng(0)
    ours = {f"alpha={a:g}": lambda t, a=a: ca.soft_exponential(t, a) for a in ALPHAS}
    for size in sizes:
        # inside the domain of every alpha
        x = tf.constant(rng.uniform(1.6, 4.0, size).astype("float32"))
        functions = {"elu": keras.activations.elu, "copy": lambda t: t * 1.0000001, **ours}
        for title, wrap in (("XLA forward", lambda f: f), ("XLA forward+gradient", with_gradient)):
            compare(title, {name: tf.function(wrap(f), jit_compile=True) for name, f in functions.items()}, x)
        compare("eager", {"printed": lambda t: printed(t, 0.5), **ours}, x)
        for alpha in (0.5 + 0.5j, -0.5 + 0.5j):
            pair = {
                "complex64": lambda t, a=alpha: complex64(t, a),
                f"alpha={alpha}": lambda t, a=alpha: ca.complex_soft_exponential(t, a),
            }
            compare("XLA complex", {name: tf.function(f, jit_compile=True) for name, f in pair.items()}, x)
            compare("eager complex", pair, x)


if __name__ == "__main__":
    main(tuple(int(size) for size in sys.argv[1:]) or SIZES)
