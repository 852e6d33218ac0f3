"""Train members: as a population, or one at a time through the model's own `fit`."""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np

from continuum_act.population import backend
from continuum_act.population.budget import (
    Budget,
    Member,
    MemberResult,
    MemberState,
    as_log,
    shuffled_batches,
    state_of,
)
from continuum_act.population.callbacks import callbacks_of
from continuum_act.population.names import log_name, name_metrics
from continuum_act.population.stand_in import NotMappable
from continuum_act.population.stateless_model import Build
from continuum_act.population.trainer import PopulationTrainer, Watch
from continuum_act.sweep.probe import build_metrics

# A population costs its compilation, a fit of its own its tracing and its steps; on two cores, with TensorFlow and
# small networks, about 6 s against 1 s and 1 ms per step.
_MILLISECONDS_TO_COMPILE, _MILLISECONDS_TO_TRACE = 6000, 1000


class Task(NamedTuple):
    """Members to train: of the swept build, whose name is "", or of a baseline, each with an alpha that is ignored.

    `expected` is how many members of the build the sweep has in all, if that is known.
    """

    build: str
    members: list[Member]
    expected: int = 0


def train(
    builds: Mapping[str, Build], tasks: Iterable[Task], budget: Budget, population: int | None, watch: Watch
) -> Iterator[MemberResult]:
    """Train task after task on this machine."""
    trainer = Trainer(builds, budget, population)
    for task in tasks:
        yield from trainer.train(task, watch)


class Trainer:
    """Trains the members of tasks; later tasks need no new compilation.

    Args:
        builds: by name, functions that return a compiled model for an alpha.
        budget: data and schedule of all members.
        population: how many members train at once, at most; None trains all at once that fit into memory, if that
            pays.
    """

    def __init__(self, builds: Mapping[str, Build], budget: Budget, population: int | None) -> None:
        self._builds = builds
        self._budget = budget
        self._limits = dict.fromkeys(builds, population)
        self._populations: dict[str, PopulationTrainer] = {}

    def train(self, task: Task, watch: Watch) -> Iterator[MemberResult]:
        """Train the members of a task, at once where the model can be mapped over them."""
        if not task.build:
            yield from self._train(task, watch)
            return

        def watch_baseline(epoch: int, logs: dict[Member, dict[str, Any]]) -> set[float]:
            return {0.0} if watch(epoch, {(task.build, seed): log for (_, seed), log in logs.items()}) else set()

        members: list[Member] = [(0.0, seed) for _, seed in task.members]  # a number in place of alpha
        for result in self._train(Task(task.build, members), watch_baseline):
            yield dataclasses.replace(result, alpha=task.build)

    def _train(self, task: Task, watch: Watch) -> Iterator[MemberResult]:
        left = list(task.members)
        if self._limits[task.build] is None and not self._pays(max(task.expected, len(left))):
            self._limits[task.build] = 1
        while self._limits[task.build] != 1 and len(left) > 1:
            try:
                for result in self._population(task).train(left, watch):
                    left.remove((result.alpha, result.seed))
                    yield result
                return
            except NotMappable as reason:
                self._limits[task.build] = 1
                warnings.warn(f"members are trained one at a time: {reason}", stacklevel=2)
            except Exception as error:
                if not backend.is_out_of_memory(error):
                    raise
                self._limits[task.build] = max(1, (self._limits[task.build] or len(left)) // 2)
                self._populations.pop(task.build, None)
                if self._limits[task.build] == 1:
                    warnings.warn("members are trained one at a time: two do not fit into memory", stacklevel=2)
        for alpha, seed in left:
            try:
                yield train_one(self._builds[task.build], alpha, seed, self._budget, watch)[1]
            except Exception as error:
                yield MemberResult(alpha, seed, "failed", error=f"{type(error).__name__}: {error}", cause=error)

    def _pays(self, members: int) -> bool:
        """Whether so many fits would take longer than the compilation of a population."""
        if self._budget.steps is None:
            return True
        fit = _MILLISECONDS_TO_TRACE + self._budget.epochs * self._budget.steps
        return members * fit > _MILLISECONDS_TO_COMPILE

    def _population(self, task: Task) -> PopulationTrainer:
        name = task.build
        if name not in self._populations:
            self._populations[name] = PopulationTrainer(
                self._builds[name], self._budget, self._limits[name], task.expected
            )
        return self._populations[name]


def train_one(
    build: Build, alpha: Any, seed: int, budget: Budget, watch: Watch = lambda epoch, logs: ()
) -> tuple[keras.Model, MemberResult]:
    """Train `build(alpha)` by its own `fit` from this seed; return the model and its result."""
    start = time.perf_counter()
    keras.utils.set_random_seed(seed)
    model = build(alpha)
    if not backend.FIT_BUILDS_METRICS:
        build_metrics(model, budget)
    data = budget.x if budget.samples is None else shuffled_batches(budget, seed)
    last = _Watched(watch, (alpha, seed))
    history = model.fit(
        data,
        validation_data=budget.validation_data,
        validation_batch_size=None if budget.steps is None else budget.batch_size,
        steps_per_epoch=budget.steps,
        epochs=budget.epochs,
        shuffle=False,
        callbacks=[_Renamed(), *callbacks_of(budget), last],
        verbose=0,
    ).history
    history = {name: [as_log(value) for value in values] for name, values in history.items()}
    state: MemberState = "pruned" if last.pruned else state_of(history, budget.objective)
    optimizer = [np.asarray(keras.ops.convert_to_numpy(v)) for v in model.optimizer.variables]
    seconds = time.perf_counter() - start
    return model, MemberResult(alpha, seed, state, history, model.get_weights(), optimizer, seconds)


class _Renamed(keras.callbacks.Callback):
    """Gives the later callbacks, and the history, names that do not depend on what the process built before."""

    def on_train_begin(self, logs: Any = None) -> None:
        name_metrics(self.model)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        rename = log_name(self.model)
        renamed = {rename(name): value for name, value in logs.items()}
        logs.clear()
        logs.update(renamed)


class _Watched(keras.callbacks.Callback):
    """Reports each epoch of a member, and ends its training if its alpha is pruned."""

    def __init__(self, watch: Watch, member: Member) -> None:
        super().__init__()
        self._watch = watch
        self._member = member
        self.pruned = False

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self._member[0] in self._watch(epoch, {self._member: dict(logs)}):
            self.pruned = True
            self.model.stop_training = True
