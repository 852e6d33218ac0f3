"""The members of a population: their template, their programs, their alphas and their metrics."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from continuum_act.population.agreement import check_agreement
from continuum_act.population.chunks import Chunks, Results, Work
from continuum_act.population.program import Template
from continuum_act.population.stand_in import NotMappable, parts


class Members:
    """What Keras must not track: the template, its programs, the members' alphas and metrics."""

    def __init__(self, build: Callable[[Any], keras.Model], members: list[tuple[Any, int]], chunk: int | None) -> None:
        self._build = build
        self._chunk = chunk
        self._chunks: Chunks | None = None
        self.members = members
        self._first_seed = members[0][1]
        self.template = Template(build, *members[0])
        self.metrics: list[Any] | None = None

    def start(self, members: Sequence[tuple[Any, int]]) -> None:
        """Take these members."""
        self.members = list(members)
        if self._chunks is not None:
            self._chunks.start([seed for _, seed in members])

    def alphas(self) -> list[np.ndarray]:
        """Return the values of each stand-in for alpha."""
        columns = zip(*(parts(alpha) for alpha, _ in self.members), strict=True)
        return [np.asarray(column, keras.config.floatx()) for column in columns]

    def initial(self, seed: int) -> list[np.ndarray]:
        """Return the initial values of a member's variables."""
        template = self.template
        if seed != self._first_seed:
            template = Template(self._build, self.members[0][0], seed)
            template.list_variables(self.template.input_shape)
        values = [v.numpy() for v in template.trainable + template.other]
        if [v.shape for v in values] != [tuple(v.shape) for v in self.template.trainable + self.template.other]:
            raise NotMappable(f"build(alpha) makes other weights for seed {seed} than for seed {self._first_seed}.")
        return values

    def run(
        self, lists: list[list[Any]], work: dict[int, list[Work]], *, training: bool, then_test: Any = None
    ) -> tuple[list[list[Any]], Results, Results]:
        """Return the lists of all members' values and their metrics after this work, and the metrics of a test."""
        if self.template.metrics is None:
            structure, block, _ = next(iter(work.values()))[0]
            batch = keras.tree.pack_sequence_as(structure, [None if a is None else a[0] for a in block])
            self.template.build_metrics(*batch)
            check_agreement(self._build, self.template, [alpha for alpha, _ in self.members], self._first_seed, batch)
        if self._chunks is None:
            self._chunks = Chunks(self.template, [seed for _, seed in self.members], self._chunk)
        if self.metrics is None:
            initial = [v.numpy() for v in self.template.metrics or []]
            self.metrics = [np.repeat(v[None], len(self.members), axis=0) for v in initial]
        weights, other, *slots = lists
        all_lists = [self.alphas(), weights, other, self.metrics, *slots]
        flat = [ops.convert_to_tensor(v) for values in all_lists for v in values]
        new, results, tested = self._chunks.run(flat, work, training=training, then_test=then_test)
        rest = iter(new)
        _, weights, other, self.metrics, *slots = [list(itertools.islice(rest, len(values))) for values in all_lists]
        return [weights, other, *slots], results, tested
