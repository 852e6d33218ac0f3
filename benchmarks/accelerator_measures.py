"""What `benchmarks/accelerator.py` measures, on the backend and the device of this process."""

from __future__ import annotations

import functools
import importlib.util
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import layers, ops

import continuum_act as ca
from benchmarks.accelerator_rows import (
    COPY,
    KERNELS,
    NETWORKS,
    NOT_MEASURED,
    PASSES,
    fit_row,
    kernel_row,
    population_rows,
)
from continuum_act.population import backend
from continuum_act.population.budget import Budget
from continuum_act.population.trainer import PopulationTrainer

BATCH, ROWS = 32, 1792
TOO_LONG = 40.0  # seconds: a population is left out if the one before, times how many more these are, takes longer
CALLS, REPEATS = 10, 5  # calls one after another, so that a device is waited for once


def seconds(run: Callable[[], Any]) -> float:
    """Return the time of a run."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def digits() -> tuple[Any, Any]:
    """Return scikit-learn's digits, or numbers like them."""
    if importlib.util.find_spec("sklearn"):
        from sklearn.datasets import load_digits

        x, y = load_digits(return_X_y=True)
    else:
        rng = np.random.default_rng(0)
        x = rng.integers(0, 17, (1797, 64))
        y = np.argmax(x @ rng.normal(size=(64, 10)), axis=1)
    return (x[:ROWS] / 16).astype("float32"), y[:ROWS]


def build(network: str, alpha: Any) -> Any:
    """Return the compiled model."""

    def activation() -> Any:
        return ca.soft_exponential_lambda(alpha)

    if network == "CNN":
        hidden = [layers.Reshape((8, 8, 1)), layers.Conv2D(8, 3), activation()]
        hidden += [layers.Conv2D(16, 3, strides=2), activation(), layers.Flatten()]
    else:
        hidden = [layers.Dense(64), activation(), layers.Dense(64), activation()]
    model = keras.Sequential([keras.Input((64,)), *hidden, layers.Dense(10)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def trained(members: list[int], epochs: int) -> Iterator[tuple[str, str]]:
    """Measure ordinary fits, populations and, on JAX, the program by hand."""
    x, y = digits()
    for network in NETWORKS:
        model = build(network, 0.3)
        fit = functools.partial(model.fit, x, y, batch_size=BATCH, epochs=epochs, verbose=0)
        first, one = seconds(fit), seconds(fit)
        yield fit_row(network), f"{first:.2f}, {one:.2f}"
        last = (members[0], 0.0)
        for count in members:
            times, ratios = population_rows(network, count)
            expected = last[1] * count / last[0]
            if expected > TOO_LONG:
                yield times, f"{NOT_MEASURED}: about {expected:.0f} s"
                continue
            alphas = np.linspace(-1, 1, count).tolist()
            budget = Budget(x, y, None, epochs, BATCH, "loss")
            trainer = PopulationTrainer(functools.partial(build, network), budget, None)

            def population(trainer: Any = trainer, alphas: Any = alphas) -> None:
                list(trainer.train([(alpha, 0) for alpha in alphas], lambda epoch, logs: ()))

            first, again = seconds(population), seconds(population)
            last = (count, again)
            yield times, f"{first:.2f}, {again:.2f}"
            hand = NOT_MEASURED
            if keras.backend.backend() == "jax":
                from benchmarks import by_hand

                program = by_hand.training(network, x, y, alphas, epochs, BATCH)
                program()
                hand = f"{again / seconds(program):.2f}"
            yield ratios, f"{again / one:.2f}, {hand}"


def functions() -> dict[str, tuple[Callable[..., Any], int, int]]:
    """Return for each kernel a function of x and two numbers, how many of the three it depends on, and its parts."""
    whole = functools.partial(ca.complex_soft_exponential, join="concat")
    return dict(zip(KERNELS, (
        (lambda x, a, b: keras.activations.elu(x), 1, 1),
        (lambda x, a, b: ca.soft_exponential(x, 0.5), 1, 1),
        (lambda x, a, b: ca.soft_exponential(x, -0.5), 1, 1),
        (lambda x, a, b: ca.soft_exponential(x, a), 2, 1),
        (lambda x, a, b: whole(x, 0.5 + 0.5j), 1, 2),
        (lambda x, a, b: whole(x, -0.5 + 0.5j), 1, 2),
        (lambda x, a, b: whole(x, (a, b)), 3, 2),
    ), strict=True))  # fmt: skip


def compiled(function: Callable[..., Any], depends: int, way: str) -> Callable[..., None]:
    """Return the compiled value, or backward pass, of a function of x and two numbers; given a gradient, too."""
    if keras.backend.backend() == "jax":
        import jax

        def backward(g: Any, *inputs: Any) -> Any:
            return jax.vjp(lambda *own: function(*own, *inputs[depends:]), *inputs[:depends])[1](g)

        run = jax.jit(backward if way == "backward" else lambda g, *inputs: function(*inputs))

        def run_jax(*inputs: Any) -> None:
            for _ in range(CALLS):
                y = run(*inputs)
            jax.block_until_ready(y)

        return run_jax
    import tensorflow as tf

    def differentiated(g: Any, *inputs: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(inputs[:depends])
            y = function(*inputs)
        return tape.gradient(y, inputs[:depends], output_gradients=g)

    compiled = tf.function(
        differentiated if way == "backward" else lambda g, *inputs: function(*inputs), jit_compile=True
    )

    def run_all(*inputs: Any) -> None:
        for _ in range(CALLS):
            compiled(*inputs)
        tf.test.experimental.sync_devices()

    return run_all


def called(elements: int) -> Iterator[tuple[str, str]]:
    """Measure the functions."""
    rng = np.random.default_rng(0)
    # inside the domain of every alpha
    x = ops.convert_to_tensor(rng.uniform(1.6, 4.0, elements).astype("float32"))
    numbers = [ops.convert_to_tensor(np.float32(value)) for value in (0.5, 0.3)]
    gradients = {parts: ops.convert_to_tensor(np.ones(parts * elements, "float32")) for parts in (1, 2)}

    def measured(function: Any, depends: int, parts: int, way: str) -> float:
        run = compiled(function, depends, way)
        inputs = (gradients[parts], x, *numbers)
        run(*inputs)
        return min(seconds(lambda: run(*inputs)) for _ in range(REPEATS)) / CALLS

    bandwidth = 8 * elements / measured(lambda x, a, b: x * 1.0000001, 1, 1, "value")
    yield COPY, f"{bandwidth / 1e9:.0f}"
    elu: dict[str, float] = {}
    for name, (function, depends, parts) in functions().items():
        for way in PASSES:
            took = measured(function, depends, parts, way)
            moved = 4 * elements * (1 + parts + (way == "backward"))  # x, the result or its gradient, x's gradient
            over_elu = took / elu.setdefault(way, took)
            yield kernel_row(name, way), f"{over_elu:.2f}, {moved / took / bandwidth:.2f}"


def device_name() -> str:
    """Return the name of the device."""
    device = backend.accelerator()
    if device is None:
        return f"CPU, {os.cpu_count()} processors"
    if keras.backend.backend() == "jax":
        return device.device_kind
    import tensorflow as tf

    return tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])["device_name"]
