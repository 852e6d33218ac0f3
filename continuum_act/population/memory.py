"""How many members fit into memory at once."""

from __future__ import annotations

from typing import Any

import keras

from continuum_act.population import backend
from continuum_act.population.processors import share
from continuum_act.population.stateless_model import StatelessModel

_COPIES = 4  # of a member's state: before a step and after it, what early stopping keeps, and the best
_CERTAIN = 100  # a step of a small model keeps less than this many times its values and batch


def available() -> int:
    """Return half of this process's share of the memory that is free now, in bytes: what a population may need."""
    import psutil

    return int(psutil.virtual_memory().available * share()) // 2


def members_that_fit(model: StatelessModel, batch: Any, wanted: int, memory: int) -> int:
    """Return how many members, of those wanted, train at once within this many bytes; at least 1.

    A member needs four copies of its state and, in a step, all that forward and backward pass compute: the sum over
    the operations of a traced step, none of which is assumed to share its place with another.
    """
    state = model.variables.map(lambda v: v.value)
    own = sum(map(_bytes, state.flat()))
    batch_bytes = sum(_bytes(a) for a in keras.tree.flatten(batch) if a is not None)
    if _CERTAIN * (own + batch_bytes) * wanted <= memory:
        return wanted
    each = _COPIES * own + backend.bytes_of(model.train_step, state, batch)
    return max(1, min(wanted, memory // each))


def _bytes(tensor: Any) -> int:
    size = 1
    for length in tensor.shape:
        size *= length
    return size * (2 if "16" in str(tensor.dtype) else 8 if "64" in str(tensor.dtype) else 4)
