"""The batches of an epoch, stacked in blocks for a compiled loop over them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from continuum_act.population.budget import Budget, order
from continuum_act.population.program import Batches

STEPS = 32  # batches of a data set that are stacked
_BLOCK_BYTES = 2**26


def stacked(batches: Iterable[Any], length: int) -> list[Batches]:
    """Stack runs of batches of equal shapes; a run of several is filled up to this length."""

    def shapes(batch: Any) -> list[Any]:
        return [None if a is None else tuple(a.shape) for a in keras.tree.flatten(batch)]

    made = []
    for _, group in itertools.groupby(map(keras.utils.unpack_x_y_sample_weight, batches), shapes):
        same = list(group)
        columns = zip(*map(keras.tree.flatten, same), strict=True)
        arrays = [None if a[0] is None else np.stack([np.asarray(v) for v in a]) for a in columns]
        made.append(Batches(same[0], _block(arrays, length), len(same)))
    return made


def first_batch(budget: Budget) -> Any:
    """Return one batch `(x, y, sample_weight)`, the first of the data."""
    if budget.samples is None:
        return as_arrays(*keras.utils.unpack_x_y_sample_weight(next(iter(_batches_of(budget.x)))))
    return as_arrays(*keras.tree.map_structure(lambda array: array[: budget.batch_size], budget.arrays))


class EpochBatches:
    """The training batches of each epoch and seed, and those for validation.

    Arrays follow the `order` of each seed, at most `_BLOCK_BYTES` of them at a time. A data set is the same for all
    seeds.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._validation: list[Batches] | None = None
        if budget.samples is not None:
            self._arrays = as_arrays(*budget.arrays)
            step_bytes = budget.batch_size * sum(a[:1].nbytes for a in _leaves(self._arrays))
            full = budget.samples // budget.batch_size
            self._steps = min(max(1, full), max(1, _BLOCK_BYTES // max(1, step_bytes)))

    @property
    def differ_by_seed(self) -> bool:
        """Whether each seed has an order of its own."""
        return self._budget.samples is not None

    def training(self, epoch: int, groups: Iterable[tuple[int, ...]]) -> Iterator[dict[tuple[int, ...], list[Batches]]]:
        """Yield the batches of an epoch for each group of seeds, a part of them at a time.

        Those of several seeds are stacked, where they differ.
        """
        budget = self._budget
        if budget.samples is None:
            for part in _parts_of_data_set(budget.x):
                yield dict.fromkeys(groups, part)
            return
        rows = {seeds: np.stack([order(seed, epoch, budget.samples) for seed in seeds]) for seeds in groups}
        size = self._steps * budget.batch_size
        # a partial batch ends the last part
        parts = max(1, -(-(budget.samples // budget.batch_size) // self._steps))
        for begin, end in zip(range(0, parts * size, size), [*range(size, parts * size, size), None], strict=True):
            yield {
                seeds: _of_rows(self._arrays, of_seeds[:, begin:end], budget.batch_size, self._steps)
                for seeds, of_seeds in rows.items()
            }

    def validation(self) -> Iterator[list[Batches]]:
        """Yield the validation batches, a part of them at a time."""
        data = self._budget.validation_data
        if data is None:
            return
        if not isinstance(data, (tuple, list)):
            yield from _parts_of_data_set(data)
            return
        if self._validation is None:
            arrays, batch = as_arrays(*data), self._budget.batch_size
            rows = np.arange(len(_leaves(arrays)[0]))[None]
            self._validation = _of_rows(arrays, rows, batch, rows.size // batch)
        yield self._validation


def _of_rows(arrays: Any, rows: np.ndarray, batch: int, length: int) -> list[Batches]:
    """Return these rows, of each seed, in batches: the full ones in a block of this length, then a partial one."""
    seeds, count = rows.shape
    full = count // batch
    made = []
    for part, steps in ((rows[:, : full * batch], full), (rows[:, full * batch :], 1)):
        if part.size:
            places = part.reshape(seeds, steps, -1).swapaxes(0, 1)
            places = places[:, 0] if seeds == 1 else places
            block = [None if a is None else a[places] for a in keras.tree.flatten(arrays)]
            made.append(Batches(arrays, _block(block, length), steps))
    return made


def _batches_of(data: Any) -> Iterable[Any]:
    return map(data.__getitem__, range(len(data))) if isinstance(data, keras.utils.PyDataset) else data


def _parts_of_data_set(data: Any) -> Iterator[list[Batches]]:
    """Yield the batches of a `tf.data.Dataset` or a `keras.utils.PyDataset`, some at a time."""
    batches = iter(_batches_of(data))
    while part := stacked(itertools.islice(batches, STEPS), STEPS):
        yield part
    if isinstance(data, keras.utils.PyDataset):
        data.on_epoch_end()


def _block(arrays: Iterable[Any], length: int) -> list[Any]:
    """Fill arrays of several steps up to this length, so that one program does for any number of steps."""

    def filled(array: np.ndarray) -> np.ndarray:
        if not 1 < len(array) < length:
            return array
        return np.concatenate([array, np.zeros((length - len(array), *array.shape[1:]), array.dtype)])

    return [None if a is None else ops.convert_to_tensor(filled(a)) for a in arrays]


def as_arrays(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return a batch `(x, y, sample_weight)` of arrays, floats among them of Keras's float type."""

    def as_array(values: Any) -> Any:
        array = np.asarray(values)
        return array.astype(keras.config.floatx(), copy=False) if array.dtype.kind == "f" else array

    def each(values: Any) -> Any:
        return None if values is None else keras.tree.map_structure(as_array, values)

    return each(x), each(y), each(sample_weight)


def _leaves(data: Any) -> list[np.ndarray]:
    return [a for a in keras.tree.flatten(data) if a is not None]
