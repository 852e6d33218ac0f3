"""A fixed array of alphas: each channel gets the formula and the constants that its scalar would get."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops


def by_formula(chosen: list[tuple[Any, ...]], alpha: np.ndarray) -> Iterator[tuple[Any, Any, list[Any]]]:
    """Yield the name of each formula, where it is chosen, and its constants; elsewhere harmless ones of its own kind.

    `chosen` has a row (name, *constants) for each alpha.
    """
    for name in {row[0]: None for row in chosen}:
        mine = [row if row[0] == name else None for row in chosen]
        harmless = next(row for row in mine if row)
        columns = zip(*((row or harmless)[1:] for row in mine), strict=True)
        constants = [ops.convert_to_tensor(np.reshape(c, alpha.shape).astype(alpha.real.dtype)) for c in columns]
        yield name, ops.convert_to_tensor(np.reshape([row is not None for row in mine], alpha.shape)), constants


def negated(number: Any) -> Any:
    """Return -number, 0.0 for 0.0: TensorFlow takes a later 0.0 for a -0.0 that was made a tensor before it."""
    return 0.0 - number if isinstance(number, float) else -number


def masked(condition: Any, x: Any, otherwise: Any) -> Any:
    """Mask x; LiteRT gives the two and the result of an 8-bit `where` one scale: of -x, which nothing else uses."""
    if keras.backend.backend() == "tensorflow":
        return -ops.where(condition, -x, negated(otherwise))
    return ops.where(condition, x, otherwise)
