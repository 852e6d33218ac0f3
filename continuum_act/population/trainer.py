"""Train members as populations, with the same batches as one at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import keras

from continuum_act.population.batches import EpochBatches, first_batch
from continuum_act.population.budget import Budget, Member, MemberResult, MemberState, as_log, state_of
from continuum_act.population.callbacks import BestEpoch, MeanCallbacks, MemberCallbacks, check_mappable
from continuum_act.population.chunks import Processors, chunks_of
from continuum_act.population.memory import available, members_that_fit
from continuum_act.population.population_state import PopulationState
from continuum_act.population.stand_in import parts, sign_of
from continuum_act.population.stateless_model import Build, State
from continuum_act.population.vectorized import VectorizedModel

# Called after each epoch with the logs of each member in training; returns the alphas whose members shall stop.
Watch = Callable[[int, dict[Member, dict[str, Any]]], Collection[Any]]


@dataclass
class _Progress:
    """A member in training."""

    member: Member
    callbacks: MemberCallbacks
    history: dict[str, list[Any]] = field(default_factory=dict)
    active: bool = True
    pruned: bool = False


# Steps of all members below which both formulas in one program take less time than a second program takes to compile.
# On two cores, 64 members with 1,140 steps each (73,000): 5.9 s in place of 6.6, on JAX 4.3 in place of 6.3; a step of
# both takes up to 1.7 times as long, so about twice as many steps take as long.
_FEW_STEPS = 100_000


class PopulationTrainer:
    """Trains members of a build; those of later calls need no new compilation.

    Args:
        build: returns a compiled model for an alpha, as for `sweep`.
        budget: data, epochs, batch size, callbacks and objective.
        limit: how many members train at once; None for as many as memory holds.
        expected: how many there are in all calls, if that is known.

    Raises:
        NotMappable: if the model cannot be mapped over members exactly; no member is trained then.
    """

    def __init__(self, build: Build, budget: Budget, limit: int | None, expected: int = 0) -> None:
        check_mappable(budget.callbacks)
        self._build = build
        self._budget = budget
        self._limit = limit
        self._expected = expected
        self._callbacks = [*budget.callbacks, *([BestEpoch(budget)] if budget.epoch == "best" else [])]
        self._batches = EpochBatches(budget)
        self._first_batch = first_batch(budget)
        self._models: dict[int | None, VectorizedModel] = {}
        self._initial: dict[int, State] = {}
        self._processors = Processors()
        self._chunk_size = 1
        self._seeds: tuple[int, ...] = ()
        self._known_to_fit = 0
        self._by_sign: bool | None = None

    def train(self, members: Sequence[Member], watch: Watch) -> Iterator[MemberResult]:
        """Train these members, those of an alpha together; yield each when it is done."""
        if self._by_sign is None:
            self._by_sign = self._pays_by_sign([alpha for alpha, _ in members])
        limit = self._limit or self._members_that_fit(members[0], len(members))
        seeds = len({seed for _, seed in members})
        size = limit - limit % seeds if limit >= seeds else limit
        for start in range(0, len(members), size):
            yield from self._train(members[start : start + size], watch)

    def _model(self, first: Member, sign: int | None) -> VectorizedModel:
        """Return the model of members whose alphas have this sign."""
        if sign not in self._models:
            model = VectorizedModel(self._build, *first, sign, epochs=self._budget.epochs, initial=self._initial)
            x, _, _ = self._first_batch
            model.list_variables(keras.tree.map_structure(lambda array: (None, *array.shape[1:]), x))
            self._models[sign] = model
        return self._models[sign]

    def _together(self, members: Sequence[Member]) -> tuple[int, ...]:
        """Return the seeds whose members share chunks: all so far; none if members of a seed share random states."""
        first = members[0]
        if self._model(first, self._sign_of(first[0])).stateless.variables.random:
            return ()
        self._seeds = tuple(dict.fromkeys([*self._seeds, *(seed for _, seed in members)]))
        return self._seeds

    def _pays_by_sign(self, alphas: Sequence[Any]) -> bool:
        """Whether a program for each sign takes less time than one with both formulas."""
        if len(parts(alphas[0])) > 1 or (len(alphas) >= self._expected and len(set(map(sign_of, alphas))) == 1):
            return True
        steps = self._budget.epochs * (self._budget.steps or _FEW_STEPS)
        return steps * max(self._expected, len(alphas)) >= _FEW_STEPS

    def _sign_of(self, alpha: Any) -> int | None:
        return sign_of(alpha) if self._by_sign else None

    def _members_that_fit(self, first: Member, wanted: int) -> int:
        if wanted > self._known_to_fit:
            model = self._model(first, self._sign_of(first[0]))
            model.build_metrics(self._first_batch)
            self._known_to_fit = members_that_fit(model.stateless, self._first_batch, wanted, available())
        return self._known_to_fit

    def _train(self, members: Sequence[Member], watch: Watch) -> Iterator[MemberResult]:
        begin = time.perf_counter()
        chunks = chunks_of(
            members, at_least=self._chunk_size, by_sign=bool(self._by_sign), together=self._together(members)
        )
        self._chunk_size = chunks[0].size
        for sign in {chunk.sign: None for chunk in chunks}:
            of_sign = [member for member in members if self._sign_of(member[0]) == sign]
            self._model(of_sign[0], sign).check([alpha for alpha, _ in of_sign], self._first_batch)
        population = PopulationState(self._models, chunks, members, self._processors)
        population.compile(self._batches)
        stateless = self._models[chunks[0].sign].stateless
        keras_model, rate = stateless.model, stateless.rate
        progress = [
            _Progress(member, MemberCallbacks(self._callbacks, keras_model, rate, partial(population.weights_of, row)))
            for row, member in enumerate(members)
        ]
        means = MeanCallbacks(self._callbacks, keras_model, self._budget.epochs)
        for epoch in range(self._budget.epochs):
            means.epoch_begin(epoch)
            for one in filter(_is_active, progress):
                one.callbacks.epoch_begin(epoch)
            population.set_rates([one.callbacks.rate for one in progress])
            results = population.epoch(self._batches, epoch, [one.active for one in progress])
            logs = {}
            for row, one in enumerate(progress):
                if one.active:
                    logs[one.member] = {name: as_log(values[row]) for name, values in results.items()}
                    one.callbacks.epoch_end(epoch, logs[one.member])
                    for name, value in logs[one.member].items():
                        one.history.setdefault(name, []).append(value)
            means.epoch_end(epoch, list(logs.values()))
            pruned = watch(epoch, logs)
            for row, one in enumerate(progress):
                one.pruned = one.pruned or (one.active and one.member[0] in pruned)
                last = epoch == self._budget.epochs - 1
                if one.active and (last or one.pruned or one.callbacks.stop_training):
                    one.active = False
                    seconds = (time.perf_counter() - begin) / len(members)
                    yield self._result(one, population, row, seconds)
            if not any(map(_is_active, progress)):
                break
        means.train_end()

    def _result(self, one: _Progress, population: PopulationState, row: int, seconds: float) -> MemberResult:
        one.callbacks.train_end()
        state: MemberState = "pruned" if one.pruned else state_of(one.history, self._budget.objective)
        weights = one.callbacks.restored or population.weights_of(row)
        optimizer = population.optimizer_of(row, one.callbacks.rate)
        return MemberResult(*one.member, state, one.history, weights, optimizer, seconds)


def _is_active(one: _Progress) -> bool:
    return one.active
