"""Between the variables of a population, stacked over all its members, and the chunks that its programs run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from continuum_act.population import backend
from continuum_act.population.chunks import Chunk, Processors, Results
from continuum_act.population.population_state import in_order
from continuum_act.population.program import Batches
from continuum_act.population.stateless_model import State
from continuum_act.population.vectorized import VectorizedModel, stacked_alphas


class ChunkedVariables:
    """The model that is mapped, the chunks of its members, and their metrics."""

    def __init__(self, model: VectorizedModel, chunks: list[Chunk]) -> None:
        self.model = model
        self.metrics: list[Any] | None = None
        self._chunks = chunks
        self._processors = Processors()
        self._split = backend.graph(self._parts)
        self._join = backend.graph(self._whole)

    def run(
        self, lists: list[list[Any]], members: list[tuple[Any, int]], work: list[Batches], training: bool
    ) -> tuple[list[list[Any]], Results]:
        """Return the lists of all members' values, and their metrics, after this work."""
        structure, block = work[0][:2]
        batch = keras.tree.pack_sequence_as(structure, [None if a is None else a[0] for a in block])
        self.model.check([alpha for alpha, _ in members], batch)
        variables, runner = self.model.stateless.variables, self.model.runner
        trainable, other, *optimizer = lists
        counted = len(variables.counts)
        counts, slots = (optimizer[0][:counted], optimizer[0][counted:]) if training else ([], [])
        # Keras has one learning rate for all
        rates = len(self.model.stateless.optimizer.rates) if training else 0
        slots = [*(ops.repeat(ops.convert_to_tensor(v)[None], len(members)) for v in slots[:rates]), *slots[rates:]]
        alphas = stacked_alphas([alpha for alpha, _ in members])
        n = len(variables.other)
        state = State(alphas, trainable, other[:n], self.metrics or [], slots, other[n:], counts)
        state = state.map(ops.convert_to_tensor)
        if self.metrics is None:
            state = runner.with_new_metrics(state)
        n = len(self._chunks)
        states, results = self._processors.run([runner] * n, self._split(state), [work] * n, training=training)
        state = self._join(states)
        self.metrics = state.metrics
        lists = [state.trainable, [*state.other, *state.random]]
        if training:
            lists.append([*state.counts, *(v[0] for v in state.slots[:rates]), *state.slots[rates:]])
        return lists, in_order(self._chunks, results)

    def _parts(self, state: State) -> list[State]:
        def part(chunk: Chunk) -> State:
            own = ([ops.take(v, chunk.padded, axis=0) for v in field] for field in state.own)
            return State._make([*own, [v[int(chunk.rows[0])] for v in state.random], state.counts])

        return [part(chunk) for chunk in self._chunks]

    def _whole(self, states: list[State]) -> State:
        rows = np.argsort(np.concatenate([chunk.rows for chunk in self._chunks]))
        sizes = [len(chunk.rows) for chunk in self._chunks]

        def joined(pieces: Sequence[Any]) -> Any:
            whole = ops.concatenate([piece[:n] for piece, n in zip(pieces, sizes, strict=True)])
            return whole if np.all(np.diff(rows) == 1) else ops.take(whole, rows, axis=0)

        def repeated(pieces: Sequence[Any]) -> Any:
            return joined([ops.repeat(piece[None], n, axis=0) for piece, n in zip(pieces, sizes, strict=True)])

        fields = zip(*(state.own for state in states), strict=True)
        own = [[joined(pieces) for pieces in zip(*field, strict=True)] for field in fields]
        random = [repeated(pieces) for pieces in zip(*(s.random for s in states), strict=True)]
        return State._make([*own, random, states[0].counts])
