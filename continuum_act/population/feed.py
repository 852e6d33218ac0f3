"""The batches of a population: stacked in blocks, for a compiled loop over them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from continuum_act.population.budget import Budget, order
from continuum_act.population.chunks import Work

_BLOCK_BYTES = 2**26


def stacked(batches: Iterable[Any], length: int) -> list[Work]:
    """Stack runs of batches of equal shapes; a run of several is filled up to this length."""

    def shapes(batch: Any) -> list[Any]:
        return [None if a is None else tuple(a.shape) for a in keras.tree.flatten(batch)]

    work = []
    for _, group in itertools.groupby(map(keras.utils.unpack_x_y_sample_weight, batches), shapes):
        same = list(group)
        columns = zip(*map(keras.tree.flatten, same), strict=True)
        arrays = [None if a[0] is None else np.stack([np.asarray(v) for v in a]) for a in columns]
        work.append(Work(same[0], _block(arrays, length), len(same)))
    return work


class Feed:
    """A budget's arrays in the `order` of each seed, a turn of many batches at a time.

    A turn is an epoch, or a part of one if its batches are large; `fit` counts turns as its steps.
    """

    def __init__(self, budget: Budget, *, any_validation_batch: bool) -> None:
        self._data = _arrays(budget.x, budget.y)
        self._n = budget.samples or 0
        self._batch = budget.batch_size
        step_bytes = self._batch * sum(a.nbytes for a in _leaves(self._data)) // self._n
        self._steps = min(max(1, self._n // self._batch), max(1, _BLOCK_BYTES // max(1, step_bytes)))
        self.turns = max(1, -(-(self._n // self._batch) // self._steps))  # a partial batch ends the last turn
        self._turn = 0
        self._validation: list[Work] | None = None
        if self.validates(budget):
            data = _arrays(*budget.validation_data)
            n = len(_leaves(data)[0])
            batch = _even_batch(n, self._batch) if any_validation_batch else self._batch
            self._validation = _work(data, np.arange(n), batch, n // batch)

    @staticmethod
    def validates(budget: Budget) -> bool:
        """Whether the validation data are arrays, which a feed hands out at the end of each epoch."""
        return isinstance(budget.validation_data, (tuple, list))

    def start(self, seeds: Iterable[int]) -> None:
        """Begin with the first epoch, for these seeds."""
        self._turn = 0
        self._seeds = list(dict.fromkeys(seeds))

    def turn(self) -> tuple[dict[int, list[Work]], list[Work] | None]:
        """Return the next training batches of each seed, and the validation batches if an epoch ends with them."""
        epoch, turn = divmod(self._turn, self.turns)
        self._turn += 1
        begin = turn * self._steps * self._batch
        last = turn == self.turns - 1
        end = self._n if last else begin + self._steps * self._batch
        work = {
            seed: _work(self._data, order(seed, epoch, self._n)[begin:end], self._batch, self._steps)
            for seed in self._seeds
        }
        return work, self._validation if last else None


def _work(data: Any, rows: np.ndarray, batch: int, length: int) -> list[Work]:
    """Return these rows in batches: the full ones in a block of this length, then a partial one."""
    full = len(rows) // batch
    work = []
    for part, steps in ((rows[: full * batch], full), (rows[full * batch :], 1)):
        if len(part):
            arrays = [
                None if a is None else a[part].reshape(steps, len(part) // steps, *a.shape[1:])
                for a in keras.tree.flatten(data)
            ]
            work.append(Work(data, _block(arrays, length), steps))
    return work


def _block(arrays: Sequence[Any], length: int) -> list[Any]:
    """Fill arrays of several steps up to this length, so that one program does for any number of steps."""

    def filled(array: np.ndarray) -> np.ndarray:
        if not 1 < len(array) < length:
            return array
        return np.concatenate([array, np.zeros((length - len(array), *array.shape[1:]), array.dtype)])

    return [None if a is None else ops.convert_to_tensor(filled(a)) for a in arrays]


def _arrays(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    def as_array(values: Any) -> Any:
        array = np.asarray(values)
        return array.astype(keras.config.floatx()) if array.dtype.kind == "f" else array

    def as_arrays(values: Any) -> Any:
        return None if values is None else keras.tree.map_structure(as_array, values)

    return as_arrays(x), as_arrays(y), as_arrays(sample_weight)


def _leaves(data: Any) -> list[np.ndarray]:
    return [a for a in keras.tree.flatten(data) if a is not None]


def _even_batch(n: int, batch: int) -> int:
    """Return a batch size near the given one that leaves no partial batch, if there is one.

    Example:
        >>> _even_batch(360, 32), _even_batch(359, 32)
        (30, 32)
    """
    sizes = [size for size in range(max(1, batch // 2), 2 * batch + 1) if n % size == 0]
    return min(sizes, key=lambda size: abs(size - batch), default=batch)
