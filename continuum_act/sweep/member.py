"""What one member of a sweep is trained on, and what comes of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np


@dataclass(frozen=True)
class Budget:
    """Data and schedule that all members of a sweep share.

    `x` and `y` are arrays (or lists or dictionaries of arrays) whose batches follow `order`, or `x` is a
    `tf.data.Dataset` or a `keras.utils.PyDataset` (then `y` is None) that is used as it is.
    """

    x: Any
    y: Any
    validation_data: Any
    epochs: int
    batch_size: int
    objective: str = "val_loss"

    @property
    def samples(self) -> int | None:
        """Number of training samples, or None if `x` is a data set that yields its own batches."""
        return None if self.y is None else len(keras.tree.flatten(self.x)[0])


@dataclass
class Outcome:
    """One trained member: `history` has each metric's value per epoch; `weights` are in Keras's order."""

    alpha: Any
    seed: int
    state: str  # "complete", "diverged" or "failed"
    history: dict[str, list[float]] = field(default_factory=dict)
    weights: list[np.ndarray] | None = None
    seconds: float = 0.0
    error: str | None = None


def order(seed: int, epoch: int, n: int) -> np.ndarray:
    """Return the order in which a member with this seed sees the n samples in this epoch (the first is 0)."""
    return np.random.default_rng([seed, epoch]).permutation(n)


class ShuffledBatches(keras.utils.PyDataset):
    """The batches of a budget's arrays in the `order` of a seed."""

    def __init__(self, budget: Budget, seed: int) -> None:
        super().__init__()
        self._data = (budget.x, budget.y)
        self._batch_size = budget.batch_size
        self._seed = seed
        self._n = budget.samples or 0
        self._epoch = 0
        self._order = order(seed, 0, self._n)

    def __len__(self) -> int:
        """Return the number of batches in an epoch, a partial last one included."""
        return math.ceil(self._n / self._batch_size)

    def __getitem__(self, index: int) -> Any:
        """Return batch `index` of the present epoch as `(x, y)`."""
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        return keras.tree.map_structure(lambda array: array[rows], self._data)

    def on_epoch_end(self) -> None:
        """Shuffle for the next epoch."""
        self._epoch += 1
        self._order = order(self._seed, self._epoch, self._n)


def diverged(history: dict[str, list[float]], objective: str) -> bool:
    """Whether the training loss or the objective was ever NaN or infinite."""
    return not all(math.isfinite(v) for name in ("loss", objective) for v in history.get(name, ()))


def finite_or_none(value: float) -> float | None:
    """Return the value, None where it is NaN or infinite (which JSON cannot say)."""
    return float(value) if math.isfinite(value) else None
