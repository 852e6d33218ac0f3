"""continuum_act beside implementations that a person finds today, `python -m benchmarks.peers`.

Their formulas, restated: Echo's Keras layer adds the three branches, multiplied by masks; the PyTorch modules of Echo
and NeuroMANCER choose a branch in Python by the value of alpha, keras-contrib's proposed layer likewise once for all;
and what most people write, `tf.where` between the branches. All in float32, on TensorFlow, on a CPU.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf

import continuum_act as ca
from benchmarks.kernels import medians, with_gradient
from tests import accuracy, oracle

POINTS, SIZE = 300, 2**20
LARGEST = oracle.FORMATS["float32"][2]


def logarithm(x: Any, alpha: Any) -> Any:
    return -tf.math.log(1 - alpha * (x + alpha)) / alpha


def exponential(x: Any, alpha: Any) -> Any:
    return (tf.exp(alpha * x) - 1) / alpha + alpha


def masked_sum(x: Any, alpha: Any) -> Any:
    """Add the branches, each times whether it is the right one."""
    alpha = tf.convert_to_tensor(alpha, "float32")
    below, at, above = (tf.cast(c, "float32") for c in (alpha < 0, tf.equal(alpha, 0), alpha > 0))
    return below * logarithm(x, alpha) + at * x + above * exponential(x, alpha)


def ladder(x: Any, alpha: Any) -> Any:
    """Choose the branch in Python, by an alpha that is the same for all."""
    value = float(np.ravel(alpha)[0])
    return x + 0.0 if value == 0 else (logarithm if value < 0 else exponential)(x, alpha)


def selected(x: Any, alpha: Any) -> Any:
    """Choose the branch by `tf.where`."""
    alpha = tf.convert_to_tensor(alpha, "float32")
    return tf.where(alpha < 0, logarithm(x, alpha), tf.where(alpha == 0, x, exponential(x, alpha)))


class MaskedSum(keras.layers.Layer):
    """As Echo's layer: no keyword arguments, no configuration."""

    def __init__(self, alpha: float) -> None:
        super().__init__()
        self.alpha = alpha

    def call(self, x: Any) -> Any:
        return masked_sum(x, self.alpha)


class OneWeightPerElement(keras.layers.Layer):
    """As keras-contrib's proposal: alpha in the configuration, and as weights of the shape of a sample."""

    def __init__(self, alpha: float = 0.1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha

    def build(self, shape: Any) -> None:
        self.alphas = self.add_weight(shape=shape[1:], initializer=keras.initializers.Constant(self.alpha))

    def call(self, x: Any) -> Any:
        if self.alpha == 0:
            return x
        return (logarithm if self.alpha < 0 else exponential)(x, self.alphas.value)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha}


class Peer(NamedTuple):
    """A function of (x, alpha), and a layer of a fixed alpha where there is one for Keras."""

    function: Callable[[Any, Any], Any]
    layer: Callable[[float], Any] | None


PEERS = {
    "continuum_act": Peer(ca.soft_exponential, ca.soft_exponential_lambda),
    "Echo, Keras layer": Peer(masked_sum, MaskedSum),
    "Echo, NeuroMANCER (PyTorch)": Peer(ladder, None),
    "keras-contrib, PSEU": Peer(ladder, OneWeightPerElement),
    "`tf.where` in a `Lambda`": Peer(selected, lambda alpha: keras.layers.Lambda(lambda x: selected(x, alpha))),
}


class Found(NamedTuple):
    """Largest E of finite values, over all alphas and those of usual size; and what is not finite, but should be."""

    largest: float
    usual: float
    missing: list[int]


def errors(function: Callable[..., Any]) -> Found:
    """Measure values at a fixed alpha, and derivatives, in x and in alpha, at an alpha that is a tensor."""
    found, usual, missing = [], [], np.zeros(3, int)
    for alpha in sorted({sign * size for size in accuracy.ALPHAS for sign in (1, -1)}):
        alpha = accuracy.rounded_alpha(alpha, "float32")
        x, at = accuracy.rounded(accuracy.points(alpha, "float32", POINTS), "float32")
        y = function(x, alpha).numpy()
        weight = tf.fill(x.shape, np.float32(alpha))
        with tf.GradientTape() as tape:
            tape.watch([x, weight])
            traced = function(x, weight)
        slopes = tape.gradient(traced, [x, weight], unconnected_gradients="zero")
        got = np.stack([y, *(slope.numpy() for slope in slopes)], axis=1)
        for v, row in zip(at, got, strict=True):
            e = oracle.real(float(v), alpha)
            if np.isfinite(row[0]):
                found.append(oracle.error(float(row[0]), e.f, "float32", (e.x, float(v)), flush=True))
                usual += found[-1:] if 0.1 <= abs(alpha) <= 0.9 else []
            missing += ~np.isfinite(row) & np.array([abs(exact) < LARGEST for exact in e[:3]])
    return Found(max(found), max(usual), missing.tolist())


def slope_at_zero(function: Callable[..., Any]) -> float:
    """Return d/dalpha at alpha = 0, x = 2; it should be 1 + x**2/2 = 3."""
    alpha = tf.constant([0.0])
    with tf.GradientTape() as tape:
        tape.watch(alpha)
        y = function(tf.constant([2.0]), alpha)
    return float(tape.gradient(y, alpha, unconnected_gradients="zero")[0])


LOAD = """
import pathlib, sys
import keras, numpy as np
import continuum_act
from benchmarks import peers

own = {"MaskedSum": peers.MaskedSum, "OneWeightPerElement": peers.OneWeightPerElement}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.keras")):
    said = "no"
    for custom, success in ((own, "with `custom_objects`"), ({}, "yes")):
        try:
            model = keras.models.load_model(path, custom_objects=custom, safe_mode=True)
            if np.array_equal(model(np.ones((2, 3), "float32")), np.load(path.with_suffix(".npy"))):
                said = success
        except Exception as error:
            print(f"{path.stem}: {type(error).__name__}", file=sys.stderr)
    print(said)
"""


def reload() -> dict[str, str]:
    """Save a model of each layer and load it, in safe mode, in one fresh process that has imported the layers."""
    names = [name for name, peer in PEERS.items() if peer.layer]
    with tempfile.TemporaryDirectory() as folder:
        for index, name in enumerate(names):
            model = keras.Sequential([keras.Input((3,)), PEERS[name].layer(0.5)])
            np.save(Path(folder, f"{index}.npy"), model(np.ones((2, 3), "float32")))
            model.save(Path(folder, f"{index}.keras"))
        run = subprocess.run([sys.executable, "-c", LOAD, folder], capture_output=True, text=True, check=True)
    return dict(zip(names, run.stdout.split("\n"), strict=False))


def speed(alpha: float) -> tuple[dict[str, float], dict[str, float]]:
    """Return seconds of the value, eager, and of value and gradient, compiled by XLA; alpha is a number."""
    x = tf.constant(np.random.default_rng(0).uniform(1.6, 4.0, SIZE).astype("float32"))
    functions = {name: lambda t, f=peer.function: f(t, alpha) for name, peer in PEERS.items()}
    compiled = {name: tf.function(with_gradient(f), jit_compile=True) for name, f in functions.items()}
    return medians(functions, x), medians(compiled, x)


def main() -> None:
    """Print the table."""
    loaded = reload()
    times = [seconds for alpha in (0.5, -0.5) for seconds in speed(alpha)]
    print(f"{(2 * len(accuracy.ALPHAS) - 1) * POINTS} points; times at alpha = 0.5 / -0.5, continuum_act = 1\n")
    errors_of = "largest E: all alphas, 0.1 <= abs(alpha) <= 0.9 | not finite: value, d/dx, d/dalpha"
    print(f"| | {errors_of} | d/dalpha at 0 | reload | eager | compiled |")
    print("| --- | ---: | ---: | ---: | --- | ---: | ---: |")
    for name, peer in PEERS.items():
        found = errors(peer.function)
        ratios = [f"{seconds[name] / seconds['continuum_act']:.2f}" for seconds in times]
        cells = [
            f"{found.largest:.2g} / {found.usual:.2g}",
            ", ".join(map(str, found.missing)),
            f"{slope_at_zero(peer.function):g}",
            loaded.get(name, "not Keras"),
            " / ".join(ratios[::2]),
            " / ".join(ratios[1::2]),
        ]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
