"""Train all seeds of a network at once, each on rows of its own, as one JAX program."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import keras
import numpy as np
from jax import numpy as jnp

from benchmarks import arithmetic_tasks as tasks

BATCH = 32
BATCHES = 100  # of each seed's training rows
CHECKS = 100  # of the errors, evenly spread over the steps
ROWS = 1000  # of an evaluation
QUIET, FULL = 0.2, 0.4  # parts of the training: regularizers are off before the first and grow until the second


class Errors(NamedTuple):
    """Mean squared errors, of shape (seeds, CHECKS), in the training range and in the extrapolation range."""

    validation: np.ndarray
    extrapolation: np.ndarray


@functools.lru_cache(32)
def training_rows(task: tasks.Task, seeds: tuple[int, ...]) -> tuple[Any, Any]:
    """Return inputs and targets of shape (seeds, BATCHES, BATCH, ...)."""
    rows = [tasks.rows(task, task.training, BATCH * BATCHES, [1, seed]) for seed in seeds]
    return tuple(jnp.stack(part).reshape(len(seeds), BATCHES, BATCH, -1) for part in zip(*rows, strict=True))


class Trainer:
    """Trains the network that `build()` returns from many seeds; it is compiled once for all tasks."""

    def __init__(self, build: Callable[[], keras.Model], seeds: Sequence[int], steps: int) -> None:
        self._seeds = seeds
        members = []
        for seed in seeds:
            keras.utils.set_random_seed(seed)
            self._model = build()
            members.append(([v.value for v in self._model.trainable_variables], self._fixed()))
        self._weights, self._numbers = (
            [jnp.stack(values) for values in zip(*part, strict=True)] for part in zip(*members, strict=True)
        )
        self._program = self._compiled(steps)

    def _fixed(self) -> list[Any]:
        return [v.value for v in self._model.non_trainable_variables]

    def __call__(self, task: tasks.Task, rate: float, fixed: Sequence[float] | None = None) -> Errors:
        """Train each seed with this learning rate; `fixed` replaces the weights that are not trained."""
        numbers = self._numbers
        if fixed is not None:
            numbers = [jnp.full_like(v, value) for v, value in zip(numbers, fixed, strict=True)]
        x, y = training_rows(task, tuple(self._seeds))
        checks = [tasks.rows(task, limits, ROWS, [2]) for limits in (task.training, task.extrapolation)]
        errors = self._program(self._weights, numbers, x, y, checks, jnp.float32(rate))
        return Errors(*(np.asarray(part, "float64") for part in errors))

    def _compiled(self, steps: int) -> Any:
        model = self._model
        optimizer = keras.optimizers.Adam(1.0)
        optimizer.build(model.trainable_variables)
        names = [v.name for v in optimizer.variables]
        where = names.index("learning_rate")

        def error(weights: Any, numbers: Any, x: Any, y: Any) -> Any:
            return jnp.mean((model.stateless_call(weights, numbers, x)[0] - y) ** 2)

        def loss(weights: Any, numbers: Any, x: Any, y: Any, pull: Any) -> Any:
            found, _, penalties = model.stateless_call(weights, numbers, x, return_losses=True)
            return jnp.mean((found - y) ** 2) + pull * sum(penalties)

        def train(weights: Any, numbers: Any, x: Any, y: Any, checks: Any, rate: Any) -> Any:
            def step(state: Any, k: Any) -> Any:
                weights, slots = state
                done = k / steps
                pull = jnp.clip((done - QUIET) / (FULL - QUIET), 0.0, 1.0)
                slots[where] = rate * (1 + jnp.cos(jnp.pi * done)) / 2
                gradients = jax.grad(loss)(weights, numbers, x[k % BATCHES], y[k % BATCHES], pull)
                return optimizer.stateless_apply(slots, gradients, weights), None

            def check(state: Any, k: Any) -> Any:
                state, _ = jax.lax.scan(step, state, k)
                return state, [error(state[0], numbers, *part) for part in checks]

            state = weights, [v.value for v in optimizer.variables]
            return jax.lax.scan(check, state, jnp.arange(steps).reshape(CHECKS, -1))[1]

        return jax.jit(jax.vmap(train, in_axes=(0, 0, 0, 0, None, None)))
