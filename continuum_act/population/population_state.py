"""The states of all members of a population that trains, chunk by chunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from keras import ops

from continuum_act.population.batches import EpochBatches
from continuum_act.population.budget import Member
from continuum_act.population.chunks import Chunk, ChunkRunner, Job, Processors, Results
from continuum_act.population.program import Batches
from continuum_act.population.stateless_model import State
from continuum_act.population.vectorized import VectorizedModel


class PopulationState:
    """Trains its members an epoch at a time, and hands out the values of each."""

    def __init__(
        self,
        models: Mapping[int | None, VectorizedModel],
        chunks: Sequence[Chunk],
        members: Sequence[Member],
        processors: Processors,
    ) -> None:
        self._models = [models[chunk.sign] for chunk in chunks]
        self._processors = processors
        self._chunks = chunks
        self._members = members
        self._states = [model.state(chunk, members) for model, chunk in zip(self._models, chunks, strict=True)]
        self._numbers: dict[int, State] = {}
        self._place = {int(row): (c, k) for c, chunk in enumerate(chunks) for k, row in enumerate(chunk.rows)}
        self._results: list[Results] = [{}] * len(chunks)

    def compile(self, batches: EpochBatches) -> None:
        """Compile, side by side, what training and evaluation need."""
        [train], test = next(batches.training(0, [self._chunks[0].seeds])).values(), next(batches.validation(), [])
        jobs = []
        for c, (model, state) in enumerate(zip(self._models, self._states, strict=True)):
            jobs += [Job(model.runner, True, state, block) for block in self._of_members(c, train, batches)]
            jobs += [Job(model.runner, False, state.for_test, block) for block in test]
        self._processors.compile(jobs)

    def set_rates(self, rates: Sequence[Any]) -> None:
        """Set the learning rate of each member, unless it follows a schedule."""
        if not self._models[0].stateless.optimizer.rates:
            return
        for c, chunk in enumerate(self._chunks):
            mine = np.asarray([rates[row] for row in chunk.padded])
            slots = [ops.convert_to_tensor(mine), *self._states[c].slots[1:]]
            self._states[c] = self._states[c]._replace(slots=slots)

    def epoch(self, batches: EpochBatches, epoch: int, active: Sequence[bool]) -> Results:
        """Train an epoch and evaluate; members that are not active stay as they are."""
        busy = [c for c, chunk in enumerate(self._chunks) if any(active[row] for row in chunk.rows)]
        before = [self._states[c] for c in busy]
        runners = [self._models[c].runner for c in busy]
        states = [runner.with_new_metrics(state) for runner, state in zip(runners, before, strict=True)]
        results: list[Results] = []
        for work in batches.training(epoch, dict.fromkeys(self._chunks[c].seeds for c in busy)):
            of_chunks = [self._of_members(c, work[self._chunks[c].seeds], batches) for c in busy]
            states, results = self._processors.run(runners, states, of_chunks, training=True)
        tested = self._tested(runners, states, batches)
        for c, old, new, result, test in zip(busy, before, states, results, tested, strict=True):
            mask = np.array([active[row] for row in self._chunks[c].padded])
            self._states[c] = new if mask.all() else _masked(mask, new, old)
            self._results[c] = {**result, **{f"val_{name}": values for name, values in test.items()}}
            self._numbers.pop(c, None)
        return in_order(self._chunks, self._results)

    def _of_members(self, c: int, work: list[Batches], batches: EpochBatches) -> list[Batches]:
        """Return batches with the place of each member's own among them, if the seeds of its chunk have their own."""
        seeds = self._chunks[c].seeds
        if len(seeds) == 1 or not batches.differ_by_seed:
            return work
        places = [seeds.index(self._members[row][1]) for row in self._chunks[c].padded]
        return [each._replace(places=places) for each in work]

    def _tested(self, runners: Sequence[ChunkRunner], states: Sequence[State], batches: EpochBatches) -> list[Results]:
        tests = [runner.with_new_metrics(state).for_test for runner, state in zip(runners, states, strict=True)]
        results: list[Results] = [{}] * len(states)
        for work in batches.validation():
            tests, results = self._processors.run(runners, tests, [work] * len(tests), training=False)
        return results

    def weights_of(self, row: int) -> list[np.ndarray]:
        """Return the weights of a member, in Keras's order."""
        stateless = self._models[self._place[row][0]].stateless
        values = dict(zip(map(id, stateless.variables.flat()), self._state_of(row).flat(), strict=True))
        return [values[id(v)] for v in stateless.weights]

    def optimizer_of(self, row: int, rate: Any) -> list[np.ndarray]:
        """Return the variables of a member's optimizer, in Keras's order, with this learning rate."""
        state = self._state_of(row)
        rates = len(self._models[0].stateless.optimizer.rates)
        return [*state.counts, *[rate] * rates, *state.slots[rates:]]

    def _state_of(self, row: int) -> State:
        c, k = self._place[row]
        if c not in self._numbers:
            self._numbers[c] = self._states[c].map(lambda v: np.asarray(ops.convert_to_numpy(v)))
        whole = self._numbers[c]
        return State(*([v[k].copy() for v in field] for field in whole.own), *whole.shared)


def in_order(chunks: Sequence[Chunk], results: Sequence[Results]) -> Results:
    """Return the metrics of all members, in their order."""
    rows = np.argsort(np.concatenate([chunk.rows for chunk in chunks]))

    def joined(name: str) -> np.ndarray:
        pieces = [result[name][: len(chunk.rows)] for chunk, result in zip(chunks, results, strict=True)]
        return np.concatenate(pieces)[rows]

    return {name: joined(name) for name in results[0]}


def _masked(mask: np.ndarray, new: State, old: State) -> State:
    def choose(new: Any, old: Any) -> Any:
        return ops.where(ops.convert_to_tensor(mask.reshape(-1, *[1] * (len(new.shape) - 1))), new, old)

    return State(*(list(map(choose, *fields)) for fields in zip(new.own, old.own, strict=True)), *new.shared)
