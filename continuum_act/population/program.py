"""Many steps of training or of evaluation of the members of a chunk, as one compiled function."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from continuum_act.population import backend
from continuum_act.population.stateless_model import State, StatelessModel, batch_at

_TRACING = threading.RLock()  # Keras layers and metrics are traced by one thread at a time


class Batches(NamedTuple):
    """Batches of equal shapes: one `(x, y, sample_weight)` for its structure, all of them stacked, and how many.

    An array of the block has the shape `(steps, batch, ...)`, or `(steps, seeds, batch, ...)` where `places` has for
    each member the place of its seed; it is None where the structure has None.
    """

    structure: Any
    block: list[Any]
    steps: int
    places: Any = None


class Program:
    """Called with the members' state, batches and their number, it returns the state after them and the metrics.

    Args:
        model: the model.
        training: train, or evaluate.
        structure: a batch `(x, y, sample_weight)`, of which only the structure counts.
        vectorized: map over the members, or let them take turns.
    """

    def __init__(self, model: StatelessModel, training: bool, structure: Any, vectorized: bool) -> None:
        self._model = model
        self._training = training
        self._structure = structure
        self._compiled = backend.Compiled(self._vectorized if vectorized else self._sequential)

    def __call__(self, state: State, batches: Batches, steps: int, *, xla: bool) -> tuple[State, dict[str, Any]]:
        """Run so many steps, compiled by XLA or not."""
        run = self._compiled if xla else self._compiled.plain
        places = [] if batches.places is None else [ops.convert_to_tensor(batches.places, "int32")]
        return run((state, places), batches.block, ops.convert_to_tensor(steps, "int32"))

    def _batch(self, block: list[Any], i: Any) -> Any:
        return keras.tree.pack_sequence_as(self._structure, [None if a is None else a[i] for a in block])

    def _vectorized(self, values: tuple[State, list[Any]], block: list[Any], steps: Any) -> Any:
        state, places = values
        members = state.alphas[0].shape[0]
        mapped = functools.partial(_map_members, places)

        def step(i: Any, state: State) -> State:
            batch = self._batch(block, i)
            if self._training:
                return self._model.train_step(state, batch, mapped, members)
            return mapped(lambda member, _: self._model.loss(member, batch, training=False), state)[1]

        with _TRACING:
            state = ops.fori_loop(0, steps, step, state)
            results = backend.vectorized(
                lambda metrics: self._model.metric_results(state._replace(metrics=metrics)), state.metrics
            )
            return state, results

    def _sequential(self, values: tuple[State, list[Any]], block: list[Any], steps: Any) -> Any:
        state, places = values
        members = state.alphas[0].shape[0]

        def step(m: Any, i: Any, state: State) -> State:
            batch = batch_at(places[0][m] if places else None, self._batch(block, i))
            if self._training:
                return self._model.train_step(state, batch)
            return self._model.loss(state, batch, training=False)[1]

        def of_member(m: Any, carry: Any) -> Any:
            state, _, results = carry
            member = State(*([v[m] for v in field] for field in state.own), *first)
            member = ops.fori_loop(0, steps, functools.partial(step, m), member)
            new = self._model.metric_results(member)
            results = {name: _put(results[name], m, new[name]) for name in results}
            pairs = [zip(*fields, strict=True) for fields in zip(state.own, member.own, strict=True)]
            own = [[_put(v, m, new) for v, new in field] for field in pairs]
            return State(*own, *state.shared), list(member.shared), results

        with _TRACING:
            first = state.shared
            one = self._model.metric_results(state._replace(metrics=[v[0] for v in state.metrics]))
            results = {name: ops.repeat(v[None], members, axis=0) for name, v in one.items()}
            state, last, results = ops.fori_loop(0, members, of_member, (state, list(first), results))
            return State(*state.own, *last), results


def _map_members(
    places: list[Any], function: Callable[[State, Any], tuple[Any, State]], state: State
) -> tuple[Any, State]:
    """Map a function of a member's state and place, which returns something of its own and its new state."""

    def of_member(values: Any) -> tuple[Any, Any, list[list[Any]]]:
        own, place = values
        result, new = function(State(*own, *state.shared), place[0] if place else None)
        # + 0: TensorFlow cannot vectorize the return of a tensor from outside
        return result, list(new.own), [[v + 0 for v in field] for field in new.shared]

    result, own, shared = backend.vectorized(of_member, (list(state.own), places))
    return result, State(*own, *([v[0] for v in field] for field in shared))


def _put(values: Any, index: Any, value: Any) -> Any:
    """Return the values with the one at this index of the leading axis replaced."""
    return ops.slice_update(values, [index, *[0] * (len(values.shape) - 1)], value[None])


def as_numbers(results: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return results as NumPy arrays, which waits for them."""
    return {name: np.asarray(ops.convert_to_numpy(value)) for name, value in results.items()}
