"""Run a program on the members of a population, chunk by chunk, on all processors."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from continuum_act.population import backend
from continuum_act.population.program import Block, Program, Template

Results = dict[str, np.ndarray]  # the value of each metric for each member
WORKERS = os.cpu_count() or 1
_PLAIN_RUNS = 50
_POOL = ThreadPoolExecutor(WORKERS)


class Work(NamedTuple):
    """Batches of equal shapes: a batch `(x, y, sample_weight)` for its structure, the arrays, and how many."""

    structure: Any
    block: Block
    steps: int


class Chunks:
    """The members of a population in chunks of equal size, each of one seed."""

    def __init__(self, template: Template, seeds: Sequence[int], size: int | None) -> None:
        self._template = template
        by_seed = np.array(seeds)
        groups = [np.flatnonzero(by_seed == seed) for seed in dict.fromkeys(seeds)]
        size = size or balanced(max(map(len, groups)), len(groups))
        parts = [group[start : start + size] for group in groups for start in range(0, len(group), size)]
        self._first = [int(part[0]) for part in parts]
        self.start(seeds)
        self._sizes = [len(part) for part in parts]
        # a smaller chunk is filled up with its last member, so that one program does for all
        self._rows = [part[np.minimum(np.arange(size), len(part) - 1)] for part in parts]
        self._back = np.argsort(np.concatenate(parts))
        self._programs: dict[Any, Program] = {}
        self._ready: set[Any] = set()
        self._runs = 0
        self._kinds = {training: self._kinds_of(training) for training in (True, False)}
        self._split = {t: backend.graph(lambda values, t=t: self._parts(values, t)) for t in (True, False)}
        self._join = {t: backend.graph(lambda parts, t=t: self._whole(parts, t)) for t in (True, False)}
        self._modes = [(True, True), (False, True), (False, False)]  # (at once, XLA)
        if any(map(_is_random_state, template.other)) and not backend.XLA_IS_RANDOM_ALIKE:
            self._modes = [(True, False)]

    def start(self, seeds: Sequence[int]) -> None:
        """Take these seeds of the members in place of the first ones."""
        self._seeds = [seeds[first] for first in self._first]

    def _kinds_of(self, training: bool) -> list[str]:
        """Say of each value whether a member has its "own", those of one "seed" share it, or all do ("common")."""
        template = self._template
        counts = {id(v) for v in template.update.slots if v.shape == ()} - {id(v) for v in template.trainable}

        def kind(variable: keras.Variable) -> str:
            if training and id(variable) in counts:
                return "common"
            return "seed" if _is_random_state(variable) else "own"

        return [kind(v) for v in template.places(training=training)]

    def run(
        self, values: list[Any], work: dict[int, list[Work]], *, training: bool, then_test: list[Work] | None = None
    ) -> tuple[list[Any], Results, Results]:
        """Return the values of all members and their metrics after the work for each seed, and those of a test."""
        parts = self._split[training](values)
        stages = [(training, todo) for todo in work.values()] + ([(False, then_test)] if then_test else [])
        self._compile(stages, parts[0])

        def run_chunk(seed: int, part: list[Any]) -> tuple[list[Any], Results, Results]:
            part, results = self._do(work[seed], training, part)
            tested = self._do(then_test, False, self._for_test(part))[1] if then_test else {}
            # as numbers, so that this thread waits for them and the next chunk has another processor
            return part, _numbers(results), _numbers(tested)

        new, results, tested = zip(*_POOL.map(run_chunk, self._seeds, parts), strict=True)
        self._runs += 1
        return self._join[training](list(new)), self._results(results), self._results(tested)

    def _do(self, work: list[Work], training: bool, part: list[Any]) -> tuple[list[Any], dict[str, Any]]:
        results: dict[str, Any] = {}
        for structure, block, steps in work:
            program = self._program(structure, training)
            part, results = program(part, block, steps, xla=self._with_xla(block))
        return part, results

    def _for_test(self, part: list[Any]) -> list[Any]:
        """Leave out the state of the optimizer, and set the metrics back."""
        template = self._template
        size = len(self._rows[0])
        metrics = [np.repeat(v.numpy()[None], size, axis=0) for v in template.metrics or []]
        model = part[: len(template.alphas) + len(template.trainable) + len(template.other)]
        return [*model, *map(ops.convert_to_tensor, metrics)]

    def _program(self, structure: Any, training: bool) -> Program:
        at_once, _ = self._modes[0]
        key = (training, at_once, str(keras.tree.map_structure(lambda a: a is None, structure)))
        if key not in self._programs:
            alike = [kind != "own" for kind in self._kinds[training]]
            members = len(self._rows[0]) if at_once else None
            self._programs[key] = Program(self._template, training, alike, structure, members)
        return self._programs[key]

    def _with_xla(self, block: Block) -> bool:
        """Whether to run this compiled: not a single batch, the last of an epoch, before it has come often."""
        single = max(len(a) for a in block if a is not None) == 1
        return self._modes[0][1] and not (backend.HAS_PLAIN and single and self._runs < _PLAIN_RUNS)

    def _compile(self, stages: list[tuple[bool, list[Work]]], part: list[Any]) -> None:
        """Compile, side by side, what this work needs: run no steps of it."""

        def shapes(training: bool, work: Work) -> tuple[Any, ...]:
            arrays = [None if a is None else tuple(a.shape) for a in work.block]
            return (training, self._modes[0], self._with_xla(work.block), *arrays)

        new = {shapes(training, w): (training, w) for training, todo in stages for w in todo}
        new = {key: job for key, job in new.items() if key not in self._ready}
        training = stages[0][0]

        def compile_one(program: Program, work: Work, inputs: list[Any]) -> None:
            program(inputs, work.block, 0, xla=self._with_xla(work.block))

        jobs = [
            (self._program(work.structure, trains), work, part if trains == training else self._for_test(part))
            for trains, work in new.values()
        ]
        try:
            list(_POOL.map(compile_one, *zip(*jobs, strict=True)) if jobs else ())
        except backend.COMPILE_ERRORS as error:
            if len(self._modes) == 1:
                raise
            self._modes.pop(0)
            how = "one member after another" if self._modes[0][1] else "without XLA"
            warnings.warn(f"trained {how}: XLA does not compile this model at once.\n{error}", stacklevel=2)
            self._compile(stages, part)
        self._ready.update(new)

    def _parts(self, values: list[Any], training: bool) -> list[list[Any]]:
        kinds = self._kinds[training]
        return [
            [
                v if kind == "common" else v[int(rows[0])] if kind == "seed" else ops.take(v, rows, axis=0)
                for v, kind in zip(values, kinds, strict=True)
            ]
            for rows in self._rows
        ]

    def _whole(self, parts: list[list[Any]], training: bool) -> list[Any]:
        whole = []
        for pieces, kind in zip(zip(*parts, strict=True), self._kinds[training], strict=True):
            if kind == "seed":
                pieces = tuple(ops.repeat(p[None], n, axis=0) for p, n in zip(pieces, self._sizes, strict=True))
            whole.append(pieces[0] if kind == "common" else self._together(pieces))
        return whole

    def _together(self, pieces: Sequence[Any]) -> Any:
        joined = ops.concatenate([piece[:n] for piece, n in zip(pieces, self._sizes, strict=True)])
        return joined if np.all(np.diff(self._back) == 1) else ops.take(joined, self._back, axis=0)

    def _results(self, results: Sequence[Results]) -> Results:
        def together(pieces: Sequence[np.ndarray]) -> np.ndarray:
            return np.concatenate([piece[:n] for piece, n in zip(pieces, self._sizes, strict=True)])[self._back]

        return {name: together([result[name] for result in results]) for name in results[0]}


def _numbers(results: dict[str, Any]) -> Results:
    return {name: np.asarray(ops.convert_to_numpy(value)) for name, value in results.items()}


def balanced(group: int, groups: int) -> int:
    """Return the size of chunk that keeps all processors busy with so many groups of so many members.

    Example:
        >>> from continuum_act.population import chunks
        >>> [chunks.balanced(64, groups) for groups in (1, chunks.WORKERS)] == [-(-64 // chunks.WORKERS), 64]
        True
    """
    sizes = [-(-group // splits) for splits in range(1, WORKERS + 1)]
    return min(sizes, key=lambda size: -(-groups * -(-group // size) // WORKERS) * size)


def _is_random_state(variable: keras.Variable) -> bool:
    """Whether this is the state of a `keras.random.SeedGenerator`."""
    return variable.name == "seed_generator_state"
