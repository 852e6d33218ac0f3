"""The arguments of `sweep`, checked."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from continuum_act.population.budget import Budget

_MAXIMIZED = ("accuracy", "acc", "auc", "precision", "recall", "f1", "score", "iou", "cosine_similarity")


def as_budget(
    x: Any, y: Any, validation_data: Any, split: float, epochs: int, batch_size: int, objective: str
) -> Budget:
    """Return the budget of a sweep; a validation split is cut off the end, as Keras does."""
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value!r}.")
    if not 0.0 <= split < 1.0:
        raise ValueError(f"validation_split must be in [0, 1), got {split!r}.")
    if y is None:
        if split:
            raise ValueError("validation_split needs arrays; give validation_data with a data set.")
        return Budget(x, None, validation_data, epochs, batch_size, objective)
    x, y = keras.tree.map_structure(np.asarray, (x, y))
    lengths = {len(leaf) for leaf in keras.tree.flatten((x, y))}
    if len(lengths) > 1 or 0 in lengths:
        raise ValueError(f"x and y must have the same positive number of samples, got {sorted(lengths)}.")
    if split and validation_data is None:
        at = math.floor(lengths.pop() * (1.0 - split))
        if at == 0:
            raise ValueError(f"validation_split={split} leaves no sample to train on.")
        validation_data = keras.tree.map_structure(lambda leaf: leaf[at:], (x, y))
        x, y = keras.tree.map_structure(lambda leaf: leaf[:at], (x, y))
    if objective.startswith("val_") and validation_data is None:
        raise ValueError(f"objective {objective!r} needs validation_data or validation_split.")
    return Budget(x, y, validation_data, epochs, batch_size, objective)


def direction_of(objective: str) -> str:
    """Say by its name whether a metric is to be minimized or maximized."""
    words = objective.lower().removeprefix("val_")
    return "maximize" if any(word in words for word in _MAXIMIZED) else "minimize"
