"""One point of `benchmarks/large.py`: `python -m benchmarks.large_point MEMBERS ROWS` prints a line of JSON."""

from __future__ import annotations

import functools
import json
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np
from keras import ops

import continuum_act as ca
from continuum_act.population import backend
from continuum_act.population.batches import EpochBatches
from continuum_act.population.budget import Budget
from continuum_act.population.processors import chunks_at_once
from continuum_act.population.stand_in import stand_in
from continuum_act.population.trainer import PopulationTrainer

BATCH, STEPS, REPEATS = 32, 50, 3
EPOCHS = 3
SHAPES = [(64, 64), (64,), (64, 64), (64,), (64, 10), (10,)]
PRODUCTS = sum(6 * m * n for m, n in ((64, 64), (64, 64), (64, 10))) - 2 * 64 * 64  # of a row, in floating operations


def build(alpha: Any) -> keras.Model:
    """Return the compiled model."""
    hidden = [layer for _ in range(2) for layer in (keras.layers.Dense(64), ca.soft_exponential_lambda(alpha))]
    model = keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(10)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def train(budget: Budget, members: int) -> tuple[float, float]:
    """Train; return the seconds of an epoch, and those before the first."""
    ends: list[float] = []
    trainer = PopulationTrainer(build, budget, None)
    alphas = np.linspace(-1, 1, members) if members > 1 else [0.5]
    start = time.perf_counter()
    for _ in trainer.train([(float(a), 0) for a in alphas], lambda epoch, logs: ends.append(time.perf_counter()) or ()):
        pass
    each = np.reshape(ends, (-1, budget.epochs))  # several populations if one does not fit
    epoch = np.diff(each, axis=1).min(axis=1).sum()
    return float(epoch), ends[0] - start - float(np.diff(each[0]).min())


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile by XLA."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    import tensorflow as tf

    # a partial of its own, as TensorFlow warns of functions of the same code that are traced often
    return tf.function(functools.partial(function), jit_compile=True)


def least(run: Callable[[], Any]) -> float:
    """Return the least time of some runs."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def numbers(*shape: int, scale: float = 0.1) -> Any:
    """Return random numbers."""
    return ops.convert_to_tensor((np.random.default_rng(0).normal(size=shape) * scale).astype("float32"))


def per_step(body: Callable[[int], Callable[[Any], Any]], values: Any, threads: int) -> float:
    """Return the seconds of one step from values to such, side by side in threads; `body` of a thread's number."""

    def repeated(step: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return compiled(lambda values: ops.fori_loop(0, STEPS, lambda _, v: step(v), values))

    loops = [repeated(body(thread)) for thread in range(threads)]

    def run(loop: Callable[[Any], Any]) -> None:
        keras.tree.map_structure(ops.convert_to_numpy, loop(values))

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, loops))
        return least(lambda: list(pool.map(run, loops))) / STEPS


def moved(value: Any, gradient: Any) -> Any:
    """Return the value after a small step, of the same shape: TensorFlow does not know that of a mapped gradient."""
    return ops.reshape(value - 1e-6 * gradient, value.shape)


def products(members: int) -> tuple[Callable[[int], Any], Any]:
    """Return a step of the network's matrix products alone, forward and backward, and its first values."""
    x = numbers(BATCH, 64)

    def loss(w: list[Any]) -> Any:
        return ops.mean(ops.square(ops.matmul(ops.matmul(ops.matmul(x, w[0]), w[1]), w[2])))

    def step(w: list[Any]) -> list[Any]:
        _, gradients = backend.value_and_gradients(lambda w: (ops.sum(backend.vectorized(loss, w)), ()), w)
        return [moved(v, g) for v, g in zip(w, gradients, strict=True)]

    return lambda thread: step, [numbers(members, *shape) for shape in SHAPES if len(shape) > 1]


def activation(members: int) -> tuple[Callable[[int], Any], Any]:
    """Return a step of both layers' activations and derivatives alone, and its first values; a sign for each thread."""

    def body(thread: int) -> Any:
        sign = -1 if thread % 2 else 1
        alpha, [variable] = stand_in(0.5, sign)

        def function(values: list[Any]) -> Any:
            hidden, number = values
            with keras.StatelessScope([(variable, number)]):
                return ops.sum(ca.soft_exponential(hidden, alpha, domain="linear"))

        def step(hidden: Any) -> Any:
            alphas = ops.full((members,), 0.5 * sign)
            for _ in range(2):
                _, [gradient] = backend.value_and_gradients(
                    lambda one: (ops.sum(backend.vectorized(function, [one[0], alphas])), ()), [hidden]
                )
                hidden = moved(hidden, gradient)
            return hidden

        return step

    return body, numbers(members, BATCH, 64, scale=1.0)


def optimizer(members: int) -> tuple[Callable[[int], Any], Any]:
    """Return a step of Adam alone, and its first values."""
    gradients = [numbers(members, *shape) for shape in SHAPES]

    def step(values: list[Any]) -> list[Any]:
        n = len(SHAPES)
        new = []
        for w, m, v, g in zip(*(values[k * n : (k + 1) * n] for k in range(4)), strict=True):
            m, v = m + (g - m) * 0.1, v + (g * g - v) * 0.001
            new.append((w - 1e-3 * m / (ops.sqrt(v) + 1e-7), m, v, g))
        return [value for field in zip(*new, strict=True) for value in field]

    zeros = [ops.zeros_like(g) for g in gradients]
    return lambda thread: step, [*gradients, *zeros, *zeros, *gradients]


def rate() -> float:
    """Return how many floating operations per second a large matrix product does."""
    a = numbers(2048, 2048)
    product = compiled(ops.matmul)
    ops.convert_to_numpy(product(a, a))
    return 2 * 2048**3 / least(lambda: ops.convert_to_numpy(product(a, a)))


def main(members: int, rows: int) -> None:
    """Measure one point."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 64)).astype("float32")
    y = np.argmax(x @ rng.normal(size=(64, 10)).astype("float32"), axis=1)
    budget = Budget(x, y, None, 2 if rows > 10**5 else EPOCHS, BATCH, "loss")
    epoch, before = train(budget, members)
    unit = 1 if sys.platform == "darwin" else 1024
    found = {"epoch": epoch, "before": before, "peak": unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}
    found["arithmetic"] = PRODUCTS * rows * members / rate()
    threads = min(chunks_at_once(), members)
    for part in (products, activation, optimizer):
        found[part.__name__] = per_step(*part(-(-members // threads)), threads) * (rows // BATCH)
    batches = EpochBatches(budget)
    found["batches"] = least(lambda: sum(1 for _ in batches.training(1, [(0,)])))
    known = sum(found[name] for name in ("products", "activation", "optimizer", "batches"))
    print(json.dumps({**found, "rest": epoch - known}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
