"""What a layer costs in an ordinary `fit` on TensorFlow, without XLA, over elu: `python -m benchmarks.in_a_fit`.

Two hidden layers of 64, 256 and 1024 units, 64 inputs, batches of 128, Adam; the median of epochs taken in turns. The
complex layers have half the units, so that their outputs are as wide as elu's. "first step" is the time of the first
call of `train_on_batch` of a new model of width 256, the least of two.

Options: the widths, `python -m benchmarks.in_a_fit 64 256`.
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

import continuum_act as ca

WIDTHS, BATCH, ROUNDS = (64, 256, 1024), 128, 5
REAL = (-1.0, -0.8, -0.3, 0.3, 0.8, 1.0)
COMPLEX = (1j, 0.3 + 0.5j, -0.3 + 0.5j)


def trained(layer: Any, alpha: Any) -> Callable[[], keras.layers.Layer]:
    """Return a factory of a layer that trains one alpha per unit, from this one."""
    return lambda: layer(alpha_initializer=alpha if isinstance(alpha, complex) else keras.initializers.Constant(alpha))


def layers() -> dict[str, tuple[Callable[[], keras.layers.Layer], int]]:
    """Return factories by name, each with 2 if its output is twice as wide as its input."""
    found: dict[str, tuple[Callable[[], keras.layers.Layer], int]] = {
        "elu": (lambda: keras.layers.Activation("elu"), 1)
    }
    for alpha in REAL:
        found[f"fixed {alpha:g}"] = (lambda a=alpha: ca.soft_exponential_lambda(a)), 1
    for alpha in (0.0, 0.3, -0.3):
        found[f"trained from {alpha:g}"] = trained(ca.SoftExponential, alpha), 1
    for alpha in COMPLEX:
        found[f"fixed {alpha}"] = (lambda a=alpha: ca.complex_soft_exponential_lambda(a)), 2
    for alpha in (0.3 + 0.5j, -0.3 + 0.5j):
        found[f"trained from {alpha}"] = trained(ca.ComplexSoftExponential, alpha), 2
    return found


def network(layer: Callable[[], keras.layers.Layer], doubling: int, width: int) -> keras.Model:
    """Return the compiled model."""
    hidden = [part for _ in range(2) for part in (keras.layers.Dense(width // doubling), layer())]
    model = keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(1)])
    model.compile("adam", "mse", jit_compile=False)
    return model


def seconds(run: Callable[[], Any]) -> float:
    """Return the time of a run."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def fits(width: int, steps: int) -> dict[str, float]:
    """Return the median seconds of an epoch of so many steps, the layers taking turns."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(steps * BATCH, 64)).astype("float32")
    y = rng.normal(size=(len(x), 1)).astype("float32")
    models = {name: network(*layer, width) for name, layer in layers().items()}
    times: dict[str, list[float]] = {name: [] for name in models}
    for turn in range(ROUNDS + 1):
        for name, model in models.items():
            taken = seconds(lambda model=model: model.fit(x, y, batch_size=BATCH, verbose=0))
            if turn:
                times[name].append(taken)
    return {name: statistics.median(all_of) for name, all_of in times.items()}


def first_steps() -> dict[str, float]:
    """Return the least seconds of the first step of a new model."""
    x, y = np.zeros((BATCH, 64), "float32"), np.zeros((BATCH, 1), "float32")
    times: dict[str, list[float]] = {}
    for _ in range(2):
        for name, layer in layers().items():
            model = network(*layer, 256)
            times.setdefault(name, []).append(seconds(lambda model=model: model.train_on_batch(x, y)))
    return {name: min(all_of) for name, all_of in times.items()}


def main(widths: list[int]) -> None:
    """Print the table."""
    columns = {f"width {width}": fits(width, max(16, min(128, 2**14 // width))) for width in widths}
    columns["first step"] = first_steps()
    print("| layer | " + " | ".join(columns) + " |")
    print("| --- |" + " ---: |" * len(columns))
    for name in layers():
        values = [
            f"{of['elu'] * 1e3:.0f} ms = 1" if name == "elu" else f"{of[name] / of['elu']:.2f}"
            for of in columns.values()
        ]
        print(f"| {name} | " + " | ".join(values) + " |")


if __name__ == "__main__":
    main([int(width) for width in sys.argv[1:]] or list(WIDTHS))
