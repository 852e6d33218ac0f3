"""Run a program on the members of a population, chunk by chunk, on all processors."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np
from keras import ops

from continuum_act.sweep import backend
from continuum_act.sweep.mapped import Block, Program, Template

Work = tuple[Any, Block, int]  # the structure of a batch, a block of batches, and their number


class Chunks:
    """The members of a population in chunks of equal size, each of one seed if the model is random."""

    def __init__(self, template: Template, seeds: Sequence[int], size: int | None) -> None:
        self._template = template
        rows, by_seed = np.arange(len(seeds)), np.array(seeds)
        self._random = any(map(is_random_state, template.other))
        groups = [rows[by_seed == seed] for seed in dict.fromkeys(seeds)] if self._random else [rows]
        workers = os.cpu_count() or 1
        size = size or min(max(map(len, groups)), -(-len(rows) // workers))
        parts = [group[start : start + size] for group in groups for start in range(0, len(group), size)]
        self._sizes = [len(part) for part in parts]
        # a smaller chunk is filled up with its last member, so that one program does for all
        self._rows = [part[np.minimum(np.arange(size), len(part) - 1)] for part in parts]
        self._order = np.argsort(np.concatenate(parts))
        self._pool = ThreadPoolExecutor(workers)
        self._programs: dict[Any, Program] = {}
        self._compiled: set[Any] = set()
        self._alike = {training: self._which_are_alike(training) for training in (True, False)}
        self._split = {t: backend.graph(lambda values, t=t: self._parts(values, t)) for t in (True, False)}
        self._join = {t: backend.graph(lambda parts, t=t: self._whole(parts, t)) for t in (True, False)}
        self._results = backend.graph(self._joined)
        self._modes = [(True, True), (False, True), (False, False)]  # (at once, XLA)
        if self._random and not backend.XLA_IS_RANDOM_ALIKE:
            self._modes = [(True, False)]

    def _which_are_alike(self, training: bool) -> list[str]:
        """Say of each value whether a member has its "own", those of one "seed" share it, or all do ("common")."""
        template = self._template
        steps = [v for v in template.slots if v.shape == ()] if training else []

        def kind(variable: keras.Variable) -> str:
            if any(variable is v for v in steps):
                return "common"
            return "seed" if is_random_state(variable) else "own"

        return [kind(v) for v in template.places(training=training)]

    def run(self, values: list[Any], work: list[Work], *, training: bool) -> tuple[list[Any], dict[str, np.ndarray]]:
        """Return the values of all members after this work, and their metrics."""
        parts = self._split[training](values)
        while True:
            at_once, xla = self._modes[0]
            programs = [self._program(structure, training, at_once, xla) for structure, _, _ in work]
            try:
                self._compile(programs, parts[0], work)
                break
            except backend.COMPILE_ERRORS as error:
                self._modes.pop(0)
                if not self._modes:
                    raise
                how = "one member after another" if self._modes[0][1] else "without XLA"
                warnings.warn(f"trained {how}: XLA does not compile this model at once.\n{error}", stacklevel=2)

        def run_chunk(part: list[Any]) -> Any:
            for program, (_, block, count) in zip(programs, work, strict=True):
                part, results = program(part, block, count)
            return part, results

        outputs = list(self._pool.map(run_chunk, parts))
        results = self._results([result for _, result in outputs])
        values = self._join[training]([part for part, _ in outputs])
        return values, {name: np.asarray(ops.convert_to_numpy(value)) for name, value in results.items()}

    def _program(self, structure: Any, training: bool, at_once: bool, xla: bool) -> Program:
        key = (training, at_once, xla, str(keras.tree.map_structure(lambda a: a is None, structure)))
        if key not in self._programs:
            alike = [kind != "own" for kind in self._alike[training]]
            self._programs[key] = Program(self._template, training, alike, structure, at_once=at_once, xla=xla)
        return self._programs[key]

    def _compile(self, programs: list[Program], part: list[Any], work: list[Work]) -> None:
        """Compile side by side what this work needs: a run of no steps."""
        new = {}
        for program, (_, block, _) in zip(programs, work, strict=True):
            shapes = (id(program), *(None if a is None else tuple(a.shape) for a in block))
            if shapes not in self._compiled:
                new[shapes] = (program, block)
        list(self._pool.map(lambda job: job[0](part, job[1], 0), new.values()))
        self._compiled.update(new)

    def _parts(self, values: list[Any], training: bool) -> list[list[Any]]:
        kinds = self._alike[training]
        return [
            [
                v if kind == "common" else v[int(rows[0])] if kind == "seed" else ops.take(v, rows, axis=0)
                for v, kind in zip(values, kinds, strict=True)
            ]
            for rows in self._rows
        ]

    def _whole(self, parts: list[list[Any]], training: bool) -> list[Any]:
        whole = []
        for pieces, kind in zip(zip(*parts, strict=True), self._alike[training], strict=True):
            if kind == "common":
                whole.append(pieces[0])
                continue
            if kind == "seed":
                pieces = [ops.repeat(p[None], n, axis=0) for p, n in zip(pieces, self._sizes, strict=True)]
            whole.append(self._together(pieces))
        return whole

    def _joined(self, results: list[dict[str, Any]]) -> dict[str, Any]:
        return {name: self._together([result[name] for result in results]) for name in results[0]}

    def _together(self, pieces: Sequence[Any]) -> Any:
        joined = ops.concatenate([piece[:n] for piece, n in zip(pieces, self._sizes, strict=True)])
        return joined if np.all(np.diff(self._order) == 1) else ops.take(joined, self._order, axis=0)


def is_random_state(variable: keras.Variable) -> bool:
    """Whether this is the state of a `keras.random.SeedGenerator`."""
    return variable.name == "seed_generator_state"
