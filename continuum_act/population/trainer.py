"""Train members as populations, with the same batches as one at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from continuum_act.population.budget import Budget, Outcome, diverged
from continuum_act.population.feed import Feed
from continuum_act.population.memory import available, members_that_fit
from continuum_act.population.population import Population
from continuum_act.population.program import Template

Member = tuple[Any, int]  # alpha, seed


class Trainer:
    """Trains populations of a build and a budget; one as large as the last needs no compilation.

    Args:
        build: returns a compiled model for an alpha, as for `sweep`.
        budget: data, epochs, batch size and objective.
        limit: how many members train at once; None for as many as memory holds.

    Raises:
        NotMappable: if the model cannot be mapped over members exactly; no member is trained then.
    """

    def __init__(self, build: Callable[[Any], keras.Model], budget: Budget, limit: int | None) -> None:
        self._build = build
        self._budget = budget
        self._limit = limit
        self._known_to_fit = 0
        self._population: Population | None = None

    def train(self, members: list[Member]) -> Iterator[Outcome]:
        """Train these members."""
        alphas_of: dict[int, list[Any]] = {}
        for alpha, seed in members:
            alphas_of.setdefault(seed, []).append(alpha)
        for alphas, seeds in _grids(alphas_of):
            limit = self._limit or self._members_that_fit(alphas[0], seeds[0], len(members))
            seeds_at_once = min(limit, len(seeds))
            alphas_at_once = limit // seeds_at_once
            for i in range(0, len(alphas), alphas_at_once):
                for j in range(0, len(seeds), seeds_at_once):
                    yield from self._train(alphas[i : i + alphas_at_once], seeds[j : j + seeds_at_once])

    def _members_that_fit(self, alpha: Any, seed: int, wanted: int) -> int:
        budget = self._budget
        if budget.samples is None or wanted <= self._known_to_fit:
            return wanted
        template = Template(self._build, alpha, seed)
        x, y = keras.tree.map_structure(lambda array: np.asarray(array[: budget.batch_size]), (budget.x, budget.y))
        template.list_variables(keras.tree.map_structure(lambda array: (None, *array.shape[1:]), x))
        template.build_metrics(x, y, None)
        self._known_to_fit = members_that_fit(template, (x, y, None), wanted, available())
        return self._known_to_fit

    def _train(self, alphas: list[Any], seeds: list[int]) -> list[Outcome]:
        begin = time.perf_counter()
        budget, population = self._budget, self._ready(alphas, seeds)
        data, feed, validation = budget.x, population.feed, budget.validation_data
        if feed is not None:
            feed.start(seeds)
            if not population.built:
                population.build(keras.tree.map_structure(lambda array: (None, *np.shape(array)[1:]), budget.x))
            data = _turns(feed.turns * budget.epochs)
            validation = None if feed.validates(budget) else validation
        population.fit(
            data,
            steps_per_epoch=feed and feed.turns,
            validation_data=validation,
            epochs=budget.epochs,
            shuffle=False,
            verbose=0,
        )
        seconds = (time.perf_counter() - begin) / len(population.members)
        return [self._outcome(population, k, member, seconds) for k, member in enumerate(population.members)]

    def _ready(self, alphas: list[Any], seeds: list[int]) -> Population:
        """Return a population of these members that has not been trained."""
        members = [(alpha, seed) for seed in seeds for alpha in alphas]
        old = self._population
        if old is not None and [len(old.members), len(old.seeds)] == [len(members), len(seeds)]:
            old.start(members)
            return old
        self._population = Population(self._build, alphas, seeds)
        if self._budget.samples is not None:
            self._population.feed = Feed(self._budget, any_validation_batch=self._population.is_mean_of_samples)
        return self._population

    def _outcome(self, population: Population, k: int, member: Member, seconds: float) -> Outcome:
        history = {name: [float(v[k]) for v in values] for name, values in population.member_history.items()}
        finite = np.isfinite(history["loss"])
        if not finite.all():  # as `keras.callbacks.TerminateOnNaN` leaves it
            history = {name: values[: int(np.argmin(finite)) + 1] for name, values in history.items()}
        state = "diverged" if diverged(history, self._budget.objective) else "complete"
        return Outcome(*member, state, history, population.member(k), seconds)


def _grids(alphas_of: dict[int, list[Any]]) -> list[tuple[list[Any], list[int]]]:
    """Group the alphas of each seed to grids of alphas and seeds.

    Example:
        >>> _grids({0: [0.5, 1.0], 1: [0.5, 1.0], 2: [1.0]})
        [([0.5, 1.0], [0, 1]), ([1.0], [2])]
    """
    grids: dict[tuple[Any, ...], list[int]] = {}
    for seed, alphas in alphas_of.items():
        grids.setdefault(tuple(alphas), []).append(seed)
    return [(list(alphas), seeds) for alphas, seeds in grids.items()]


def _turns(number: int) -> Any:
    """Return a data set of so many steps, whose batches are in the population's feed."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        options = tf.data.Options()
        options.autotune.enabled = False  # whose thread would be waited for, for seconds
        return tf.data.Dataset.range(number).with_options(options)
    return _Turns(number)


class _Turns(keras.utils.PyDataset):
    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def __len__(self) -> int:
        return self._number

    def __getitem__(self, index: int) -> Any:
        return np.array([index])
