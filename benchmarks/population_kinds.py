"""A sweep against a loop of ordinary fits, for several kinds of network: `python -m benchmarks.population_kinds`.

scikit-learn's digits, batch 32, Adam; 8 members and 4 epochs, and a CNN of 16 members and 20 epochs. Compilation is
part of every time; of a loop two fits are run. KERAS_BACKEND chooses the backend.
"""

from __future__ import annotations

import functools
from typing import Any

import keras

import continuum_act as ca
from benchmarks.population import BATCH, X, Y, alphas, side_by_side, train


def _layers(kind: str, alpha: Any) -> list[keras.layers.Layer]:
    """Return the layers between input and output of a small network of each kind."""
    layers, curve = keras.layers, lambda: ca.soft_exponential_lambda(alpha)
    image = layers.Reshape((8, 8, 1))
    return {
        "Dense": lambda: [layers.Dense(64), curve(), layers.Dense(64), curve()],
        "Dropout, BatchNormalization": lambda: [
            *(layers.Dense(64), layers.BatchNormalization(), curve(), layers.Dropout(0.2)),
            *(layers.Dense(64), layers.BatchNormalization(), curve(), layers.Dropout(0.2)),
        ],
        "CNN": lambda: [
            *(image, layers.Conv2D(8, 3), curve(), layers.Conv2D(16, 3), curve()),
            *(layers.Flatten(), layers.Dense(32), curve()),
        ],
        "LSTM": lambda: [layers.Reshape((8, 8)), layers.LSTM(32), layers.Dense(32), curve()],
        "attention": lambda: [_attention(alpha)],
        "complex": lambda: [
            *(layers.Dense(32), ca.complex_soft_exponential_lambda(alpha)),
            *(layers.Dense(32), ca.complex_soft_exponential_lambda(alpha)),
        ],
    }[kind]()


def _attention(alpha: Any) -> keras.layers.Layer:
    inputs = keras.Input((64,))
    rows = keras.layers.Dense(16)(keras.layers.Reshape((8, 8))(inputs))
    mixed = ca.soft_exponential_lambda(alpha)(keras.layers.MultiHeadAttention(2, 8)(rows, rows))
    return keras.Model(inputs, keras.layers.Flatten()(mixed))


def gain(kind: str, members: int, epochs: int) -> tuple[float, float]:
    """Return the seconds of two ordinary fits and of a sweep of so many members."""

    def made(alpha: Any) -> keras.Model:
        model = keras.Sequential([keras.Input((64,)), *_layers(kind, alpha), keras.layers.Dense(10)])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        return model

    of: list[Any] = [complex(a, 0.5) for a in alphas(members)] if kind == "complex" else alphas(members)

    def two() -> None:
        for alpha in (of[0], of[-1]):
            made(alpha).fit(X, Y, batch_size=BATCH, epochs=epochs, verbose=0)

    fits, many = side_by_side(two, functools.partial(train, made, of, epochs))
    return fits, many


def main() -> None:
    """Print how much faster a sweep is than a loop of ordinary fits, of which 2 are run, for each kind of network."""
    for kind, members, epochs in (
        *((kind, 8, 4) for kind in ("Dense", "Dropout, BatchNormalization", "CNN", "LSTM", "attention", "complex")),
        ("CNN", 16, 20),
    ):
        fits, many = gain(kind, members, epochs)
        loop = fits * members / 2
        print(f"{kind}, {members} members, {epochs} epochs: loop {loop:.1f} s, sweep {many:.1f} s", end="")
        print(f": {loop / many:.1f} times", flush=True)


if __name__ == "__main__":
    main()
