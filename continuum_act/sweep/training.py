"""Train members: at once as a population, or one at a time through the model's own `fit`."""

from __future__ import annotations

import dataclasses
import functools
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras

from continuum_act.population.budget import Budget, Outcome, diverged, shuffled_batches

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


def train_chunks(build: Build, chunks: Iterable[Chunk], budget: Budget, population: int | None) -> Iterator[Outcome]:
    """Train chunk after chunk, each at once where the model can be mapped over its members."""
    teams = Teams(build, budget, population)
    for chunk in chunks:
        yield from teams.train(chunk)


class Teams:
    """Trains members of a build, those of each baseline by themselves; later chunks need no new compilation."""

    def __init__(self, build: Build, budget: Budget, population: int | None) -> None:
        self._build = build
        self._budget = budget
        self._population = population
        self._teams: dict[str | None, _Team] = {}

    def train(self, chunk: Chunk) -> Iterator[Outcome]:
        """Train a chunk, at once where the model can be mapped over its members."""
        for baseline, members in _by_baseline(chunk).items():
            if baseline not in self._teams:
                build = self._build if baseline is None else functools.partial(_ignore_alpha, self._build, baseline)
                self._teams[baseline] = _Team(build, self._budget, self._population)
            for outcome in self._teams[baseline].train(members):
                yield outcome if baseline is None else dataclasses.replace(outcome, alpha=baseline)


class _Team:
    """Trains members that differ in alpha and seed alone: at once, or one at a time if that cannot be."""

    def __init__(self, build: Build, budget: Budget, population: int | None) -> None:
        self._build = build
        self._budget = budget
        self._population = population
        self._trainer: Any = None
        self._at_once = population != 1

    def train(self, members: Chunk) -> Iterator[Outcome]:
        left = list(members)
        if self._at_once and len(members) > 1:
            try:
                for outcome in self._ready().train(members):
                    left.remove((outcome.alpha, outcome.seed))
                    yield outcome
            except Exception as reason:
                self._at_once = False
                warnings.warn(f"members are trained one at a time: {reason}", stacklevel=2)
        for alpha, seed in left:
            try:
                _, outcome = train_one(self._build, alpha, seed, self._budget)
            except Exception as error:
                outcome = Outcome(alpha, seed, "failed", error=f"{type(error).__name__}: {error}")
            yield outcome

    def _ready(self) -> Any:
        if self._trainer is None:
            from continuum_act.population.trainer import Trainer

            self._trainer = Trainer(self._build, self._budget, self._population)
        return self._trainer


def _by_baseline(chunk: Chunk) -> dict[str | None, Chunk]:
    """Group members by the baseline they belong to; a baseline has no alpha, so each gets the same number."""
    groups: dict[str | None, Chunk] = {}
    for alpha, seed in chunk:
        baseline, number = (alpha, 0.0) if isinstance(alpha, str) else (None, alpha)
        groups.setdefault(baseline, []).append((number, seed))
    return groups


def _ignore_alpha(build: Build, baseline: str, alpha: Any) -> keras.Model:
    return build(baseline)
