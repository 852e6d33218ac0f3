"""Train members: one at a time through the model's own `fit`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras

from continuum_act.sweep.member import Budget, Outcome, diverged, shuffled_batches

Build = Callable[[Any], keras.Model]
Chunk = list[tuple[Any, int]]  # (alpha, seed) members


def train_one(build: Build, alpha: Any, seed: int, budget: Budget) -> tuple[keras.Model, Outcome]:
    """Train `build(alpha)` by its own `fit` from this seed; return the model and its outcome."""
    start = time.perf_counter()
    keras.utils.set_random_seed(seed)
    model = build(alpha)
    data = budget.x if budget.samples is None else shuffled_batches(budget, seed)
    history = model.fit(
        data,
        validation_data=budget.validation_data,
        validation_batch_size=None if budget.steps is None else budget.batch_size,
        steps_per_epoch=budget.steps,
        epochs=budget.epochs,
        shuffle=False,
        callbacks=[keras.callbacks.TerminateOnNaN()],
        verbose=0,
    ).history
    state = "diverged" if diverged(history, budget.objective) else "complete"
    seconds = time.perf_counter() - start
    return model, Outcome(alpha, seed, state, history, model.get_weights(), seconds)


def train_chunks(
    build: Build, chunks: Iterable[Chunk], budget: Budget, population: int | None
) -> Iterator[Outcome]:
    """Train chunk after chunk; a member that raises is "failed", the next goes on."""
    for chunk in chunks:
        for alpha, seed in chunk:
            try:
                _, outcome = train_one(build, alpha, seed, budget)
            except Exception as error:
                outcome = Outcome(alpha, seed, "failed", error=f"{type(error).__name__}: {error}")
            yield outcome
