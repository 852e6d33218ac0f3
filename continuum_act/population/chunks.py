"""Members in chunks of equal size, run side by side on all processors."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from continuum_act.population import backend
from continuum_act.population.budget import Member
from continuum_act.population.processors import processors
from continuum_act.population.program import Batches, Program, as_numbers
from continuum_act.population.stand_in import NotMappable
from continuum_act.population.stateless_model import State, StatelessModel

Results = dict[str, np.ndarray]  # the value of each metric for each member
WORKERS = processors()
_PLAIN_RUNS = 50


@dataclass(frozen=True)
class Chunk:
    """Members of one seed, by their place among all, filled up with the last one to the size of the other chunks."""

    seed: int
    rows: np.ndarray
    size: int

    @property
    def padded(self) -> np.ndarray:
        """The places, as many as the chunk's size."""
        return self.rows[np.minimum(np.arange(self.size), len(self.rows) - 1)]


def chunks_of(members: Sequence[Member], size: int | None = None, at_least: int = 1) -> list[Chunk]:
    """Split members into chunks; the size that keeps all processors busy if None, and not below `at_least`."""
    seeds = np.array([seed for _, seed in members])
    groups = [np.flatnonzero(seeds == seed) for seed in dict.fromkeys(seeds.tolist())]
    size = size or balanced(max(map(len, groups)), len(groups))
    split = [group[start : start + size] for group in groups for start in range(0, len(group), size)]
    return [Chunk(int(seeds[rows[0]]), rows, max(size, at_least)) for rows in split]


def balanced(group: int, groups: int) -> int:
    """Return the size of chunk that keeps all processors busy with so many groups of so many members.

    Example:
        >>> from continuum_act.population import chunks
        >>> [chunks.balanced(64, groups) for groups in (1, chunks.WORKERS)] == [-(-64 // chunks.WORKERS), 64]
        True
    """
    sizes = [-(-group // splits) for splits in range(1, WORKERS + 1)]
    return min(sizes, key=lambda size: -(-groups * -(-group // size) // WORKERS) * size)


class ChunkRunner:
    """Runs chunks of members of one model; what it has compiled serves all later chunks of the same size."""

    def __init__(self, model: StatelessModel) -> None:
        self._model = model
        self._programs: dict[Any, Program] = {}
        self._ready: set[Any] = set()
        self._runs = 0
        self._pool = ThreadPoolExecutor(WORKERS)
        self._modes = [(True, True), (False, True), (False, False)]  # (vectorized, XLA)
        if model.variables.random and not backend.XLA_IS_RANDOM_ALIKE:
            self._modes = [(True, False)]

    def run(
        self, states: list[State], work: list[list[Batches]], *, training: bool
    ) -> tuple[list[State], list[Results]]:
        """Return the states of the chunks, and their members' metrics, after the work for each."""
        self.compile([(states[0], batches) for todo in work for batches in todo], training=training)

        def run_chunk(state: State, todo: list[Batches]) -> tuple[State, Results]:
            results: dict[str, Any] = {}
            for batches in todo:
                program = self._program(batches, training)
                state, results = program(state, batches, batches.steps, xla=self._with_xla(batches))
            # as numbers, so that this thread waits for them and the next chunk has another processor
            return state, as_numbers(results)

        done = list(self._pool.map(run_chunk, states, work))
        self._runs += training
        return [state for state, _ in done], [results for _, results in done]

    def with_new_metrics(self, state: State) -> State:
        """Return the state with its metrics as before the first batch."""
        size = state.alphas[0].shape[0]
        initial = [v.numpy() for v in self._model.variables.metrics]
        return state._replace(metrics=[ops.convert_to_tensor(np.repeat(v[None], size, axis=0)) for v in initial])

    def _program(self, batches: Batches, training: bool) -> Program:
        vectorized, _ = self._modes[0]
        structure = batches.structure
        key = (training, vectorized, str(keras.tree.map_structure(lambda a: a is None, structure)))
        if key not in self._programs:
            self._programs[key] = Program(self._model, training, structure, vectorized)
        return self._programs[key]

    def _with_xla(self, batches: Batches) -> bool:
        """Whether to run this compiled: not a single batch, the last of an epoch, before it has come often."""
        single = max(len(a) for a in batches.block if a is not None) == 1
        return self._modes[0][1] and not (backend.HAS_PLAIN and single and self._runs < _PLAIN_RUNS)

    def compile(self, work: list[tuple[State, Batches]], *, training: bool, test: list[Any] | None = None) -> None:
        """Compile, side by side, what training or evaluation needs, and a `test` after it: run no steps of it."""
        jobs = [(training, *job) for job in work] + [(False, *job) for job in test or ()]

        def key(training: bool, state: State, batches: Batches) -> tuple[Any, ...]:
            arrays = [None if a is None else tuple(a.shape) for a in batches.block]
            return (training, state.alphas[0].shape[0], self._modes[0], self._with_xla(batches), *arrays)

        new = {key(*job): job for job in jobs if key(*job) not in self._ready}

        def compile_one(job: tuple[bool, State, Batches]) -> None:
            training, state, batches = job
            self._program(batches, training)(state, batches, 0, xla=self._with_xla(batches))

        try:
            list(self._pool.map(compile_one, new.values()))
        except backend.MEMORY_ERRORS:
            raise
        except Exception as error:
            if isinstance(error, backend.COMPILE_ERRORS) and len(self._modes) > 1:
                self._modes.pop(0)
                how = "one member after another" if self._modes[0][1] else "without XLA"
                warnings.warn(f"trained {how}: XLA does not compile this model at once.\n{error}", stacklevel=2)
                self.compile(work, training=training, test=test)
                return
            raise NotMappable(f"the model cannot be mapped over members: {type(error).__name__}: {error}") from error
        self._ready |= new.keys()
