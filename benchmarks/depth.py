"""Three and eight layers without normalization on standardized digits, with and without `gain`: `benchmarks.depth`.

20 epochs of Adam, 64 units, one seed; the accuracy is that of the validation part. With `gain`, the weights behind an
activation have the variance 1/(fan_in*(mean**2 + std**2)); relu has He's in its place (factor 2).
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import continuum_act as ca
from benchmarks import evidence_data as data

ALPHAS = (-0.5, 0.3, 0.8)


def trained(activation, depth: int, scale: float | None) -> str:  # type: ignore[no-untyped-def]
    """Return the last training loss and the validation accuracy."""
    parts = data.split(data.load("digits"), 0)
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((parts.train[0].shape[1],))])
    for layer in range(depth):
        variance = 1.0 if layer == 0 else scale
        initial = "glorot_uniform" if scale is None else keras.initializers.VarianceScaling(variance, "fan_in")
        model.add(keras.layers.Dense(64, kernel_initializer=initial))
        model.add(activation())
    model.add(keras.layers.Dense(10))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    losses = model.fit(*parts.train, epochs=20, verbose=0).history["loss"]
    finite = "" if np.isfinite(losses).all() else " not finite"
    return f"{losses[-1]:.3f}{finite}, {model.evaluate(*parts.validation, verbose=0)[1]:.3f}"


def main() -> None:
    """Print the table."""
    print("| layers | activation | loss, accuracy | with gain |\n| ---: | --- | --- | --- |")
    for depth in (3, 8):
        print(
            f"| {depth} | relu | {trained(keras.layers.ReLU, depth, None)} | {trained(keras.layers.ReLU, depth, 2.0)} |"
        )
        for alpha in ALPHAS:
            mean, std = ca.gain(alpha)
            cells = [
                trained(lambda a=alpha: ca.soft_exponential_lambda(a), depth, s) for s in (None, 1 / (mean**2 + std**2))
            ]
            print(f"| {depth} | alpha = {alpha} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
