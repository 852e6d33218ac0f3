"""A sweep as a population against ordinary fits, hyperparameter libraries and a hand-written JAX program.

    python -m benchmarks.population [elu] [fit] [optuna] [keras_tuner] [jax] [command] [members] [width]

scikit-learn's digits, a network of two hidden layers, batch 32, 20 epochs, Adam; compilation is part of every time.
KERAS_BACKEND chooses the backend; `keras_tuner` needs keras-tuner and tensorboard. Ratios are of runs side by side, the
least of several.
"""

from __future__ import annotations

import functools
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from sklearn.datasets import load_digits

import continuum_act as ca
from continuum_act.population.budget import Budget
from continuum_act.sweep.training import Task, Trainer

MEMBERS, EPOCHS, BATCH, REPEATS = 64, 20, 32, 2
X, Y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")


def build(alpha: Any, width: int = 64) -> keras.Model:
    """Return the compiled model."""
    hidden = [
        layer
        for _ in range(2)
        for layer in (keras.layers.Dense(width), ca.soft_exponential_lambda(alpha, domain="linear"))
    ]
    model = keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def network(activation: Callable[[], Any], width: int = 64) -> keras.Model:
    """Return the compiled model with another activation."""
    hidden = [layer for _ in range(2) for layer in (keras.layers.Dense(width), activation())]
    model = keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(10)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def alphas(members: int) -> list[float]:
    """Return so many alphas from -1 to 1."""
    return np.linspace(-1, 1, members).tolist()


def train(made: Callable[[Any], keras.Model], of: list[Any], epochs: int = EPOCHS) -> None:
    """Train members of these alphas as a sweep does."""
    trainer = Trainer({"": made}, Budget(X, Y, None, epochs, BATCH, "loss"), None)
    list(trainer.train(Task("", [(alpha, 0) for alpha in of]), lambda epoch, logs: ()))


def population(members: int = MEMBERS, epochs: int = EPOCHS, width: int = 64) -> None:
    """Train so many members of `build`."""
    train(functools.partial(build, width=width), alphas(members), epochs)


def ordinary(epochs: int = EPOCHS, width: int = 64) -> None:
    """Train one member with Keras's own fit, from arrays."""
    keras.utils.set_random_seed(0)
    build(0.3, width).fit(X, Y, batch_size=BATCH, epochs=epochs, verbose=0)


def seconds(run: Callable[[], Any]) -> float:
    """Return the time of a run."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def side_by_side(*runs: Callable[[], Any]) -> list[float]:
    """Return the least time of each run, taken in turns."""
    return [min(times) for times in zip(*([seconds(run) for run in runs] for _ in range(REPEATS)), strict=True)]


def against_one_fit() -> None:
    """Compare with one ordinary fit."""
    one, many = side_by_side(ordinary, population)
    print(f"one ordinary fit {one:.2f} s, {MEMBERS} members {many:.2f} s: ratio {many / one:.2f}")


def against_elu() -> None:
    """Compare with a population of elu; the complex networks have half the units, so that their outputs are as wide."""
    circle = np.exp(1j * np.linspace(-np.pi, np.pi, MEMBERS, endpoint=False))

    def complex_network(alpha: Any) -> keras.Model:
        return network(lambda: ca.complex_soft_exponential_lambda(alpha), 32)

    kinds: dict[str, Callable[[], None]] = {
        "elu": lambda: train(lambda alpha: network(lambda: keras.layers.Activation("elu")), alphas(MEMBERS)),
        "real": population,
        "real, alpha < 0": lambda: train(build, [-abs(a) for a in alphas(MEMBERS)]),
        "real, alpha > 0": lambda: train(build, [abs(a) for a in alphas(MEMBERS)]),
        "complex": lambda: train(complex_network, (0.8 * circle).tolist()),
        "complex, Re(alpha) > 0": lambda: train(complex_network, [0.8 * (abs(a.real) + 1j * a.imag) for a in circle]),
    }
    times = dict(zip(kinds, side_by_side(*kinds.values()), strict=True))
    print(f"population of {MEMBERS}, elu {times['elu']:.2f} s = 1: ", end="")
    print(", ".join(f"{name} {taken / times['elu']:.2f}" for name, taken in times.items() if name != "elu"))


def against_optuna() -> None:
    """Compare with an Optuna loop of ordinary fits, of which 4 are run."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def loop(trials: int = 4) -> None:
        def objective(trial: optuna.Trial) -> float:
            model = build(trial.suggest_float("alpha", -1, 1))
            return model.fit(X, Y, batch_size=BATCH, epochs=EPOCHS, verbose=0).history["loss"][-1]

        optuna.create_study().optimize(objective, n_trials=trials)

    four, many = side_by_side(loop, population)
    print(
        f"Optuna loop {four * MEMBERS / 4:.1f} s (from 4 trials), population {many:.2f} s: "
        f"{four * MEMBERS / 4 / many:.1f} times"
    )


def against_keras_tuner() -> None:
    """Compare with a KerasTuner grid of ordinary fits, of which 4 are run."""
    import keras_tuner

    def grid() -> None:
        with tempfile.TemporaryDirectory() as directory:
            tuner = keras_tuner.GridSearch(
                lambda hp: build(hp.Choice("alpha", alphas(4))), "loss", directory=directory, max_trials=4
            )
            tuner.search(X, Y, batch_size=BATCH, epochs=EPOCHS, verbose=0)

    four, many = side_by_side(grid, population)
    print(
        f"KerasTuner grid {four * MEMBERS / 4:.1f} s (from 4 trials), population {many:.2f} s: "
        f"{four * MEMBERS / 4 / many:.1f} times"
    )


def against_jax() -> None:
    """Compare with the program written by hand; run it with KERAS_BACKEND=jax."""
    from benchmarks import by_hand

    def hand_written() -> None:
        by_hand.training("64-64", X, Y, alphas(MEMBERS), EPOCHS, BATCH)()

    hand, many = side_by_side(hand_written, population)
    print(f"JAX by hand {hand:.2f} s, population {many:.2f} s: ratio {many / hand:.2f}")


def command() -> None:
    """Compare the training of `continuum-act sweep`, without options, with one ordinary fit of its network."""
    from continuum_act.command_line import experiment, tables

    data = tables.load("digits")

    study = experiment.Experiment(data, "real", 5, 30, BATCH, "sqlite://", None, "local")

    def sweep() -> None:
        study.run(np.linspace(-1, 1, 21).tolist())

    def fit() -> None:
        study.build(0.3).fit(
            *data.train, validation_data=tuple(data.validation), batch_size=BATCH, epochs=30, verbose=0
        )

    one, many = side_by_side(fit, sweep)
    print(f"one ordinary fit {one:.2f} s, continuum-act sweep {many:.1f} s: ratio {many / one:.1f}")


def curve_of_members() -> None:
    """Print the cost against the number of members."""
    print("members  population s  per member s  ordinary fits s  population/better")
    for members in (1, 4, 16, 64, 256):
        one, many = side_by_side(ordinary, functools.partial(population, members))
        print(
            f"{members:7} {many:13.2f} {many / members:13.3f} {one * members:16.1f} "
            f"{many / min(many, one * members):10.2f}"
        )


def curve_of_width() -> None:
    """Print the cost against the width, of 8 members and 4 epochs."""
    print("width  population of 8 s  8 ordinary fits s  population/better")
    for width in (32, 64, 128, 256, 512, 1024):
        one, many = side_by_side(functools.partial(ordinary, 4, width), functools.partial(population, 8, 4, width))
        print(f"{width:5} {many:18.2f} {8 * one:18.2f} {many / min(many, 8 * one):10.2f}")


BENCHMARKS = {
    "elu": against_elu,
    "fit": against_one_fit,
    "optuna": against_optuna,
    "keras_tuner": against_keras_tuner,
    "jax": against_jax,
    "command": command,
    "members": curve_of_members,
    "width": curve_of_width,
}

if __name__ == "__main__":
    backend = keras.backend.backend()
    version = getattr(sys.modules[backend], "__version__", "")
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, Keras {keras.__version__}, {backend} {version}")
    ordinary(epochs=1)
    population(members=2, epochs=1)
    for name in sys.argv[1:] or BENCHMARKS:
        BENCHMARKS[name]()
