"""A small real problem and its model, for tests and for the processes that they start."""

from __future__ import annotations

import sys
from typing import Any

import keras
import numpy as np
from sklearn.datasets import load_wine

import continuum_act as ca


def wine() -> tuple[np.ndarray, np.ndarray]:
    """Return scikit-learn's wine data, scaled and shuffled."""
    x, y = load_wine(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(x))
    return ((x - x.mean(0)) / x.std(0))[rows].astype("float32"), y[rows]


def build(alpha: Any) -> keras.Model:
    """Return a compiled network with one hidden layer."""
    model = keras.Sequential(
        [
            keras.Input((13,)),
            keras.layers.Dense(8),
            ca.soft_exponential_lambda(alpha, domain="linear"),
            keras.layers.Dropout(0.1),
            keras.layers.Dense(3),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def relu() -> keras.Model:
    """Return the same network with relu, compiled."""
    model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(3)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


# one member at a time: what these tests are about does not depend on populations, which take time to compile
BUDGET: dict[str, Any] = {"validation_split": 0.25, "epochs": 2, "seeds": 2, "verbose": 0, "population": 1}


def main(storage: str, log: str, alphas: int, population: int, engine: str = "local") -> None:
    """Sweep; write a line to the log for every member that is trained."""
    from continuum_act.sweep import run

    def logging_train(*arguments: Any) -> Any:
        for outcome in original(*arguments):
            with open(log, "a") as file:
                file.write(f"{outcome.alpha} {outcome.seed}\n")
            yield outcome

    original, run.train = run.train, logging_train
    budget = {**BUDGET, "population": population, "engine": engine}
    ca.sweep(build, np.linspace(-1, 1, alphas), *wine(), storage=storage, **budget)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), *sys.argv[5:])
