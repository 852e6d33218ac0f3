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

from continuum_act.sweep import backend
from continuum_act.sweep.mapped import Block, Program, Template

WORKERS = os.cpu_count() or 1


class Work(NamedTuple):
    """Batches of equal shapes: a batch `(x, y, sample_weight)` for its structure, the arrays, how many count."""

    structure: Any
    block: Block
    count: int


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
        self._pool = ThreadPoolExecutor(WORKERS)
        self._programs: dict[Any, Program] = {}
        self._ready: set[Any] = set()
        self._kinds = {training: self._kinds_of(training) for training in (True, False)}
        self._split = {t: backend.graph(lambda values, t=t: self._parts(values, t)) for t in (True, False)}
        self._join = {t: backend.graph(lambda outputs, t=t: self._whole(outputs, t)) for t in (True, False)}
        self._modes = [(True, True), (False, True), (False, False)]  # (at once, XLA)
        if any(map(_is_random_state, template.other)) and not backend.XLA_IS_RANDOM_ALIKE:
            self._modes = [(True, False)]

    def start(self, seeds: Sequence[int]) -> None:
        """Take these seeds of the members in place of the first ones."""
        self._seeds = [seeds[first] for first in self._first]

    def _kinds_of(self, training: bool) -> list[str]:
        """Say of each value whether a member has its "own", those of one "seed" share it, or all do ("common")."""
        template = self._template
        counts = {id(v) for v in template.slots if v.shape == ()} - {id(v) for v in template.trainable}

        def kind(variable: keras.Variable) -> str:
            if training and id(variable) in counts:
                return "common"
            return "seed" if _is_random_state(variable) else "own"

        return [kind(v) for v in template.places(training=training)]

    def run(
        self, values: list[Any], work: dict[int, list[Work]], *, training: bool
    ) -> tuple[list[Any], dict[str, np.ndarray]]:
        """Return the values of all members, and their metrics, after the work for each seed."""
        parts = self._split[training](values)
        while True:
            try:
                programs = {seed: [self._program(w.structure, training) for w in todo] for seed, todo in work.items()}
                self._compile(programs, work, parts[0])
                break
            except backend.COMPILE_ERRORS as error:
                self._modes.pop(0)
                if not self._modes:
                    raise
                how = "one member after another" if self._modes[0][1] else "without XLA"
                warnings.warn(f"trained {how}: XLA does not compile this model at once.\n{error}", stacklevel=2)

        def run_chunk(seed: int, part: list[Any]) -> Any:
            for program, (_, block, count) in zip(programs[seed], work[seed], strict=True):
                part, results = program(part, block, count)
            return part, results

        outputs = list(self._pool.map(run_chunk, self._seeds, parts))
        values, results = self._join[training](outputs)
        return values, {name: np.asarray(ops.convert_to_numpy(value)) for name, value in results.items()}

    def _program(self, structure: Any, training: bool) -> Program:
        at_once, xla = self._modes[0]
        key = (training, at_once, xla, str(keras.tree.map_structure(lambda a: a is None, structure)))
        if key not in self._programs:
            alike = [kind != "own" for kind in self._kinds[training]]
            self._programs[key] = Program(self._template, training, alike, structure, at_once=at_once, xla=xla)
        return self._programs[key]

    def _compile(self, programs: dict[int, list[Program]], work: dict[int, list[Work]], part: list[Any]) -> None:
        """Compile, side by side, what this work needs: run no steps of it."""
        new = {}
        for seed, todo in work.items():
            for program, (_, block, _) in zip(programs[seed], todo, strict=True):
                shapes = (id(program), *(None if a is None else tuple(a.shape) for a in block))
                if shapes not in self._ready:
                    new[shapes] = (program, block)
        list(self._pool.map(lambda job: job[0](part, job[1], 0), new.values()))
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

    def _whole(self, outputs: list[Any], training: bool) -> tuple[list[Any], dict[str, Any]]:
        whole = []
        for pieces, kind in zip(zip(*(part for part, _ in outputs), strict=True), self._kinds[training], strict=True):
            if kind == "seed":
                pieces = [ops.repeat(p[None], n, axis=0) for p, n in zip(pieces, self._sizes, strict=True)]
            whole.append(pieces[0] if kind == "common" else self._together(pieces))
        return whole, {name: self._together([results[name] for _, results in outputs]) for name in outputs[0][1]}

    def _together(self, pieces: Sequence[Any]) -> Any:
        joined = ops.concatenate([piece[:n] for piece, n in zip(pieces, self._sizes, strict=True)])
        return joined if np.all(np.diff(self._back) == 1) else ops.take(joined, self._back, axis=0)


def balanced(group: int, groups: int) -> int:
    """Return the size of chunk that keeps all processors busy with so many groups of so many members.

    Example:
        >>> from continuum_act.sweep import chunks
        >>> [chunks.balanced(64, groups) for groups in (1, chunks.WORKERS)] == [-(-64 // chunks.WORKERS), 64]
        True
    """
    sizes = [-(-group // splits) for splits in range(1, WORKERS + 1)]
    return min(sizes, key=lambda size: -(-groups * -(-group // size) // WORKERS) * size)


def _is_random_state(variable: keras.Variable) -> bool:
    """Whether this is the state of a `keras.random.SeedGenerator`."""
    return variable.name == "seed_generator_state"
