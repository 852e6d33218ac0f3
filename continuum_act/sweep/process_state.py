"""What a sweep changes in its process, and puts back."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import keras
import numpy as np


@contextlib.contextmanager
def random_state_kept() -> Iterator[None]:
    """Leave the caller's random state as it was: members set the seed of the process.

    Keras does not tell its own, so it is seeded with a number that follows from NumPy's.
    """
    python, numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(numpy)
        keras.utils.set_random_seed(int(np.random.randint(2**31)))
        random.setstate(python)
        np.random.set_state(numpy)


@contextlib.contextmanager
def optuna_silent_if(silent: bool) -> Iterator[None]:
    """Let Optuna log warnings alone."""
    import optuna

    before = optuna.logging.get_verbosity()
    if silent:
        optuna.logging.set_verbosity(max(before, optuna.logging.WARNING))
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
