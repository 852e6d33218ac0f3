"""The members of a population, checked: their alphas and seeds."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

Alpha = float | complex | tuple[float | complex, ...]


def as_alphas(alphas: Any) -> list[Alpha]:
    """Return a list of distinct finite alphas: numbers, or tuples when `build` takes one alpha per layer.

    Raises:
        ValueError: if there is none, one is not finite, or one occurs twice.
        TypeError: if one is not a number.
    """
    hint = "give a 1-D array of real or complex numbers, or a list of equally long tuples of them"
    try:
        array = np.asarray(alphas)
    except ValueError as error:
        raise ValueError(f"alphas are ragged: {alphas!r}; {hint}.") from error
    if array.dtype.kind not in "iufc":
        raise TypeError(f"alphas must be numbers, got {alphas!r}; {hint}.")
    if array.ndim not in (1, 2) or array.size == 0:
        raise ValueError(f"alphas have shape {array.shape}; {hint}.")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"alphas must be finite, got {array[~np.isfinite(array)].tolist()}; {hint}.")
    array = array.astype(complex if array.dtype.kind == "c" else float) + 0.0  # -0.0 is 0.0
    values: list[Alpha] = [tuple(row) for row in array.tolist()] if array.ndim == 2 else array.tolist()
    if len(set(values)) < len(values):
        twice = sorted({str(v) for v in values if values.count(v) > 1})
        raise ValueError(f"each alpha may occur once; more than once: {', '.join(twice)}.")
    return values


def as_seeds(seeds: int | Sequence[int]) -> list[int]:
    """Return the seeds that a count or a list of integers means."""
    hint = f"seeds must be a positive count or distinct integers from 0 on, got {seeds!r}."
    try:
        count = operator.index(seeds) if isinstance(seeds, (int, float)) else [operator.index(seed) for seed in seeds]
    except TypeError:
        raise TypeError(hint) from None
    values = count if isinstance(count, list) else list(range(count))
    if not values or len(set(values)) < len(values) or min(values) < 0:
        raise ValueError(hint)
    return values
