"""What the members of a sweep are trained on, and what comes of one."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import keras
import numpy as np

Member = tuple[Any, int]  # alpha, seed
Direction = Literal["minimize", "maximize"]
MemberState = Literal["complete", "diverged", "failed", "pruned"]


@dataclass(frozen=True)
class Budget:
    """Data and schedule that all members of a sweep share.

    `x`, `y` and `sample_weight` are arrays (or lists or dictionaries of arrays) whose batches follow `order`, or `x` is
    a `tf.data.Dataset` or a `keras.utils.PyDataset` (then `y` is None) that is used as it is.
    """

    x: Any
    y: Any
    validation_data: Any
    epochs: int
    batch_size: int
    objective: str = "val_loss"
    direction: Direction = "minimize"
    epoch: Literal["last", "best"] = "last"
    callbacks: tuple[keras.callbacks.Callback, ...] = ()
    sample_weight: Any = None

    @property
    def samples(self) -> int | None:
        """Number of training samples, or None if `x` is a data set that yields its own batches."""
        return None if self.y is None else len(keras.tree.flatten(self.x)[0])

    @property
    def steps(self) -> int | None:
        """Number of batches per epoch, a partial last one included, or None likewise."""
        return None if self.samples is None else math.ceil(self.samples / self.batch_size)

    @property
    def arrays(self) -> tuple[Any, ...]:
        """The training arrays: `(x, y)`, or `(x, y, sample_weight)`."""
        return (self.x, self.y) if self.sample_weight is None else (self.x, self.y, self.sample_weight)


@dataclass
class MemberResult:
    """One trained member.

    `history` has each metric's value per epoch; `weights` are in Keras's order, and so are the variables of the
    `optimizer`. Of a member that was trained elsewhere, `fetch` brings both from there.
    """

    alpha: Any
    seed: int
    state: MemberState
    history: dict[str, list[Any]] = field(default_factory=dict)
    weights: list[np.ndarray] | None = None
    optimizer: list[np.ndarray] | None = None
    seconds: float = 0.0
    error: str | None = None
    cause: Exception | None = None
    fetch: Callable[[], tuple[Any, Any]] | None = None


def order(seed: int, epoch: int, n: int) -> np.ndarray:
    """Return the order in which a member with this seed sees the n samples in this epoch (the first is 0)."""
    return np.random.default_rng([seed, epoch]).permutation(n)


def shuffled_batches(budget: Budget, seed: int) -> Iterator[Any]:
    """Yield the batches of a budget's arrays in the `order` of a seed, epoch after epoch."""
    for epoch in itertools.count():
        rows = order(seed, epoch, budget.samples or 0)
        for batch in np.split(rows, range(budget.batch_size, len(rows), budget.batch_size)):
            # TensorFlow's data sets have tuples where Keras also takes lists
            yield keras.tree.lists_to_tuples(keras.tree.map_structure(operator.itemgetter(batch), budget.arrays))


def state_of(history: dict[str, list[Any]], objective: str) -> MemberState:
    """Return "diverged" if the training loss or the objective was ever NaN or infinite."""
    values = [v for name in ("loss", objective) for v in history.get(name, ()) if isinstance(v, float)]
    return "complete" if all(map(math.isfinite, values)) else "diverged"


def as_log(value: Any) -> float | list[float]:
    """Return a metric's value as a number, or as a list of numbers."""
    return float(value) if np.ndim(value) == 0 else np.asarray(value, float).tolist()
