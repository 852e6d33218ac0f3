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
    """Return half of the memory that is free now, in bytes: what a population may need.

    It is the accelerator's, if Keras computes on one that tells its memory, or this process's share of the machine's.
    """
    device = backend.accelerator()
    free = None if device is None else backend.free_bytes(device)
    if free is None:
        import psutil

        free = int(psutil.virtual_memory().available * share())
    return free // 2


def members_that_fit(model: StatelessModel, batch: Any, wanted: int, memory: int) -> int:
    """Return how many members, of those wanted, train at once within this many bytes; at least 1."""
    own = sum(_bytes(v.value) for v in model.variables.flat())
    batch_bytes = sum(_bytes(a) for a in keras.tree.flatten(batch) if a is not None)
    if _CERTAIN * (own + batch_bytes) * wanted <= memory:
        return wanted
    return max(1, min(wanted, memory // bytes_of_member(model, batch)))


def bytes_of_member(model: StatelessModel, batch: Any) -> int:
    """Return a bound of what a member needs: four copies of its state, and all that a step computes.

    That is the sum over the operations of a traced step, none of which is assumed to share its place with another;
    compiled, they share most of it.
    """
    state = model.variables.map(lambda v: v.value)
    return _COPIES * sum(map(_bytes, state.flat())) + backend.bytes_of(model.train_step, state, batch)


def _bytes(tensor: Any) -> int:
    size = 1
    for length in tensor.shape:
        size *= length
    return size * (2 if "16" in str(tensor.dtype) else 8 if "64" in str(tensor.dtype) else 4)
