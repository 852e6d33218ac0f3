"""What one member of a sweep is trained on, and what comes of it."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterator
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

    @property
    def steps(self) -> int | None:
        """Number of batches per epoch, a partial last one included, or None likewise."""
        return None if self.samples is None else math.ceil(self.samples / self.batch_size)


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


def shuffled_batches(budget: Budget, seed: int) -> Iterator[Any]:
    """Yield the batches `(x, y)` of a budget's arrays in the `order` of a seed, epoch after epoch."""
    for epoch in itertools.count():
        rows = order(seed, epoch, budget.samples or 0)
        for batch in np.split(rows, range(budget.batch_size, len(rows), budget.batch_size)):
            yield keras.tree.map_structure(operator.itemgetter(batch), (budget.x, budget.y))


def diverged(history: dict[str, list[float]], objective: str) -> bool:
    """Whether the training loss or the objective was ever NaN or infinite."""
    return not all(math.isfinite(v) for name in ("loss", objective) for v in history.get(name, ()))


def finite_or_none(value: float) -> float | None:
    """Return the value, None where it is NaN or infinite (which JSON cannot say)."""
    return float(value) if math.isfinite(value) else None
