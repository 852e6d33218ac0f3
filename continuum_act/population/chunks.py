"""Members in chunks of equal size, run side by side on all processors."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from continuum_act.population import backend
from continuum_act.population.budget import Member
from continuum_act.population.processors import chunks_at_once, processors
from continuum_act.population.program import Batches, Program, as_numbers
from continuum_act.population.stand_in import NotMappable, sign_of
from continuum_act.population.stateless_model import State, StatelessModel

Results = dict[str, np.ndarray]  # the value of each metric for each member
_WORTH_COMPILING = 50  # runs of a single batch, the last of an epoch, that are worth a program of their own


@dataclass(frozen=True)
class Chunk:
    """Members by their place among all, filled up with the last one to equal sizes.

    They are of one sign of alpha, if it is not None; their seeds are among these, whose batches they take.
    """

    seeds: tuple[int, ...]
    sign: int | None
    rows: np.ndarray
    size: int

    @property
    def padded(self) -> np.ndarray:
        """The places, as many as the chunk's size."""
        return self.rows[np.minimum(np.arange(self.size), len(self.rows) - 1)]


def chunks_of(
    members: Sequence[Member],
    size: int | None = None,
    *,
    at_least: int = 1,
    by_sign: bool = False,
    together: tuple[int, ...] = (),
) -> list[Chunk]:
    """Split members into chunks; the size that keeps all processors busy if None, and not below `at_least`.

    A chunk has members of one seed, or of any of those that are `together`.
    """
    groups: dict[tuple[tuple[int, ...], int | None], list[int]] = {}
    for row, (alpha, seed) in enumerate(members):
        groups.setdefault((together or (seed,), sign_of(alpha) if by_sign else None), []).append(row)
    size = max(size or balanced(max(map(len, groups.values())), len(groups)), at_least)
    return [
        Chunk(*of, np.array(rows[start : start + size]), size)
        for of, rows in groups.items()
        for start in range(0, len(rows), size)
    ]


def balanced(group: int, groups: int) -> int:
    """Return the size of chunk that keeps all processors busy with so many groups of so many members.

    Example:
        >>> workers = chunks_at_once()
        >>> [balanced(64, groups) for groups in (1, workers)] == [-(-64 // workers), 64]
        True
    """
    workers = chunks_at_once()
    sizes = [-(-group // splits) for splits in range(1, workers + 1)]
    return min(sizes, key=lambda size: -(-groups * -(-group // size) // workers) * size)


class ChunkRunner:
    """Runs chunks of members of one model; what it has compiled serves all later chunks of the same size.

    Args:
        model: the model.
        epochs: how many are trained: a member's last batches are computed alike whatever was trained before it.
    """

    def __init__(self, model: StatelessModel, epochs: int) -> None:
        self._model = model
        self._programs: dict[Any, Program] = {}
        self._single_with_xla = not backend.HAS_PLAIN or epochs >= _WORTH_COMPILING
        self._modes = [(True, True), (False, True), (False, False)]  # (vectorized, XLA)
        if model.variables.random and backend.HAS_PLAIN:
            # as the model's own fit: XLA draws other random numbers than TensorFlow's kernels
            self._single_with_xla = model.model.jit_compile
            self._modes = [(True, True), (False, True)] if self._single_with_xla else [(True, False)]

    def run(self, state: State, work: list[Batches], *, training: bool) -> tuple[State, Results]:
        """Return the state of a chunk, and its members' metrics, after this work."""
        results: dict[str, Any] = {}
        for batches in work:
            program = self._program(batches, training)
            state, results = program(state, batches, batches.steps, xla=self.with_xla(batches))
        # as numbers, so that this thread waits for them and the next chunk has another processor
        return state, as_numbers(results)

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

    def with_xla(self, batches: Batches) -> bool:
        """Whether these are run compiled."""
        single = max(len(a) for a in batches.block if a is not None) == 1
        return self._modes[0][1] and (self._single_with_xla or not single)

    def key(self, job: Job) -> tuple[Any, ...]:
        """Return what a program is compiled for."""
        arrays = [None if a is None else tuple(a.shape) for a in job.batches.block]
        size = job.state.alphas[0].shape[0]
        xla, shared = self.with_xla(job.batches), job.batches.places is None
        return (id(self), job.training, size, self._modes[0], xla, shared, *arrays)

    def compile(self, job: Job) -> None:
        """Compile what a job needs: run no steps of it."""
        program = self._program(job.batches, job.training)
        program(job.state, job.batches, 0, xla=self.with_xla(job.batches))

    def fall_back(self, error: Exception) -> None:
        """Take the next mode if the compiler refuses this one; raise `NotMappable` if there is none."""
        if not isinstance(error, backend.COMPILE_ERRORS) or len(self._modes) == 1:
            raise NotMappable(f"the model cannot be mapped over members: {type(error).__name__}: {error}") from error
        self._modes.pop(0)
        how = "one member after another" if self._modes[0][1] else "without XLA"
        reason = str(error).strip().splitlines()[0][:200]
        warnings.warn(f"trained {how}: XLA does not compile this model at once ({reason})", stacklevel=2)


class Job(NamedTuple):
    """Work of a runner that needs a program."""

    runner: ChunkRunner
    training: bool
    state: State
    batches: Batches


class Processors:
    """Runs and compiles chunks side by side."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(processors())
        self._ready: set[Any] = set()

    def compile(self, jobs: Sequence[Job]) -> None:
        """Compile what these jobs need and is not compiled yet."""
        new = {job.runner.key(job): job for job in jobs}
        new = {key: job for key, job in new.items() if key not in self._ready}
        # what takes longest first, lest it be the last on one processor
        new = dict(sorted(new.items(), key=lambda item: not item[1].runner.with_xla(item[1].batches)))
        compiled = {key: self._pool.submit(job.runner.compile, job) for key, job in new.items()}
        failed: dict[ChunkRunner, Exception] = {}
        for key, future in compiled.items():
            error = future.exception()
            if error is None:
                self._ready.add(key)
            elif isinstance(error, Exception) and not backend.is_out_of_memory(error):
                failed.setdefault(new[key].runner, error)
            else:
                raise error
        for runner, error in failed.items():
            runner.fall_back(error)
        if failed:
            self.compile(jobs)

    def run(
        self, runners: Sequence[ChunkRunner], states: Sequence[State], work: Sequence[list[Batches]], *, training: bool
    ) -> tuple[list[State], list[Results]]:
        """Return the states of chunks, and their members' metrics, after the work for each."""
        jobs = zip(runners, states, work, strict=True)
        self.compile([Job(runner, training, state, batches) for runner, state, todo in jobs for batches in todo])

        def run_one(runner: ChunkRunner, state: State, todo: list[Batches]) -> tuple[State, Results]:
            return runner.run(state, todo, training=training)

        done = list(self._pool.map(run_one, runners, states, work))
        return [state for state, _ in done], [results for _, results in done]
