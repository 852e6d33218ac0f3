"""A build whose members can train as one program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from continuum_act.population.agreement import check_agreement, worth_checking
from continuum_act.population.budget import Member
from continuum_act.population.chunks import Chunk, ChunkRunner
from continuum_act.population.stand_in import NotMappable, parts
from continuum_act.population.stateless_model import Build, State, StatelessModel


class VectorizedModel:
    """The stateless model of a build, its programs, and its initial states by seed.

    Args:
        build: returns a compiled model for an alpha.
        alpha: one alpha, for its structure.
        seed: one seed.
        sign: that of all alphas of its members, None if there are both.
        epochs: how many are trained, if that is known.
        initial: the initial states by seed, which other models of this build have found.

    Raises:
        NotMappable: if the model cannot be mapped over members exactly.
    """

    def __init__(
        self,
        build: Build,
        alpha: Any,
        seed: int,
        sign: int | None = None,
        *,
        epochs: int = 1,
        initial: dict[int, State] | None = None,
    ) -> None:
        self._build = build
        self._first = alpha, seed
        self._epochs = epochs
        self._checked: list[Any] = []
        self._initial = {} if initial is None else initial
        self.stateless = StatelessModel(build, alpha, seed, sign)

    def list_variables(self, input_shape: Any) -> None:
        """Build the model for this shape if it has no `Input`."""
        self.stateless.list_variables(input_shape)
        self.runner = ChunkRunner(self.stateless, self._epochs)
        self._initial[self._first[1]] = _numbers(self.stateless)

    def build_metrics(self, batch: Any) -> None:
        """Build the metrics from a batch, once."""
        if not self.stateless.variables.metrics:
            self.stateless.build_metrics(*batch)

    def check(self, alphas: Sequence[Any], batch: Any) -> None:
        """Compare with `build(alpha)`, for some of these alphas, on a batch."""
        self.build_metrics(batch)
        for alpha in worth_checking(alphas, self._checked):
            check_agreement(self._build, self.stateless, alpha, self._first[1], batch)
            self._checked.append(alpha)

    def initial(self, seed: int) -> State:
        """Return the state of a member before training, without its alpha and metrics."""
        if seed not in self._initial:
            other = StatelessModel(self._build, self._first[0], seed, None)
            other.list_variables(self.stateless.input_shape)
            state, first = _numbers(other), self._initial[self._first[1]]
            if [v.shape for v in state.flat()] != [v.shape for v in first.flat()]:
                raise NotMappable(f"build(alpha) makes other weights for seed {seed} than for seed {self._first[1]}.")
            self._initial[seed] = state
        return self._initial[seed]

    def state(self, chunk: Chunk, members: Sequence[Member]) -> State:
        """Return the state of a chunk's members before training."""
        alphas, seeds = zip(*(members[row] for row in chunk.padded), strict=True)
        ones = [self.initial(seed) for seed in seeds]
        fields = zip(*(one.own for one in ones), strict=True)
        own = [[np.stack(values) for values in zip(*of_ones, strict=True)] for of_ones in fields]
        state = State(stacked_alphas(alphas), *own[1:], *ones[0].shared)
        return self.runner.with_new_metrics(state.map(ops.convert_to_tensor))


def stacked_alphas(alphas: Sequence[Any]) -> list[np.ndarray]:
    """Return an array for each of the numbers that an alpha consists of."""
    return [np.asarray(column, keras.config.floatx()) for column in zip(*map(parts, alphas), strict=True)]


def _numbers(model: StatelessModel) -> State:
    return model.variables._replace(alphas=[], metrics=[]).map(lambda v: v.numpy())
