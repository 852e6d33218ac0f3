"""Speed on TensorFlow, on a CPU: ratios of medians taken in turns, `python -m benchmarks.kernels [part ...]`.

Parts: `xla` and `xla_gradient`, compiled, against `keras.activations.elu` and a memory copy; `eager` against the
formula as printed with `tf.where`; `complex` against complex64 arithmetic; `model`, fit and predict of a model against
the same with elu; `imports`, of this package after Keras.
"""

from __future__ import annotations

import os
import statistics
import subprocess
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


def medians(functions: dict[str, Callable[[Any], Any]], x: Any, rounds: int = 0) -> dict[str, float]:
    """Return the median seconds of each function, called in turns, twice before they count."""
    rounds = rounds or max(9, min(201, 2**25 // len(x)))
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for turn in range(rounds + 2):
        for name, function in functions.items():
            start = time.perf_counter()
            function(x)
            if turn >= 2:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def show(title: str, functions: dict[str, Callable[[Any], Any]], x: Any, rounds: int = 0) -> None:
    """Print the ratios to the first function."""
    found = medians(functions, x, rounds)
    name, first = next(iter(found.items()))
    ratios = "  ".join(f"{other} {seconds / first:.2f}" for other, seconds in found.items() if other != name)
    print(
        f"{title}, {len(x)} x {len(x[0]) if x.ndim > 1 else 1}; {name} {first * 1e3:.3f} ms = 1: {ratios}", flush=True
    )


def compiled(functions: dict[str, Callable[[Any], Any]]) -> dict[str, Callable[[Any], Any]]:
    """Compile each function with XLA."""
    return {name: tf.function(function, jit_compile=True) for name, function in functions.items()}


def numbers(size: int) -> Any:
    """Return so many numbers inside the domain of every alpha."""
    return tf.constant(np.random.default_rng(0).uniform(1.6, 4.0, size).astype("float32"))


def xla(wrap: Callable[..., Any] = lambda f: f, title: str = "XLA") -> None:
    """Compare the value with elu and a copy."""
    functions = {"elu": keras.activations.elu, "copy": lambda t: t * 1.0000001, **OURS}
    for size in SIZES:
        show(title, compiled({name: wrap(f) for name, f in functions.items()}), numbers(size))


def xla_gradient() -> None:
    """Compare the value with its gradient."""
    xla(with_gradient, "XLA with gradient")


def eager() -> None:
    """Compare with the printed formula; its time does not depend on alpha."""
    for size in SIZES:
        show("eager", {"printed": lambda t: printed(t, 0.5), **OURS}, numbers(size))


def complex_() -> None:
    """Compare with complex64."""
    for size in SIZES:
        for alpha in (0.5 + 0.5j, -0.5 + 0.5j):
            pair = {
                "complex64": lambda t, a=alpha: complex64(t, a),
                f"alpha={alpha}": lambda t, a=alpha: ca.complex_soft_exponential(t, a),
            }
            show("XLA complex", compiled(pair), numbers(size))
            show("eager complex", pair, numbers(size), 9)


def model() -> None:
    """Compare fit and predict of a network of two hidden layers of 256, as Keras compiles it on a CPU and by XLA."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2**14, 64)).astype("float32"), rng.normal(size=(2**14, 1)).astype("float32")
    factories = {"elu": lambda: keras.layers.Activation("elu")}
    factories |= {f"alpha={a:g}": lambda a=a: ca.soft_exponential_lambda(a, domain="linear") for a in (-0.8, -0.3, 0.3)}
    for jit in ("auto", True):
        fit, predict = {}, {}
        for name, layer in factories.items():
            hidden = [part for _ in range(2) for part in (keras.layers.Dense(256), layer())]
            network = keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(1)])
            network.compile("adam", "mse", jit_compile=jit)
            fit[name] = lambda t, m=network: m.fit(t, y, batch_size=128, verbose=0)
            predict[name] = lambda t, m=network: m.predict(t, batch_size=128, verbose=0)
        show(f"fit, jit_compile={jit}", fit, x, 7)
        show(f"predict, jit_compile={jit}", predict, x, 15)


def imports() -> None:
    """Time the import in fresh processes that have imported Keras."""
    code = "import keras, time; t = time.perf_counter(); import continuum_act; print(time.perf_counter() - t)"
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}  # as installed: the source is compiled
    command = [sys.executable, "-c", code]
    runs = [subprocess.run(command, capture_output=True, check=True, env=environment) for _ in range(8)]
    found = [float(run.stdout) * 1e3 for run in runs[1:]]
    print(f"import continuum_act after keras: median {statistics.median(found):.0f} ms of {len(found)} processes")


OURS = {f"alpha={a:g}": lambda t, a=a: ca.soft_exponential(t, a) for a in ALPHAS}
PARTS = {
    "xla": xla,
    "xla_gradient": xla_gradient,
    "eager": eager,
    "complex": complex_,
    "model": model,
    "imports": imports,
}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
