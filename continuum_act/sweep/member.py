"""What one member of a sweep is trained on, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

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


@dataclass
class Outcome:
    """One trained member. `history` maps each metric to its value per epoch; `weights` are in Keras's order."""

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
