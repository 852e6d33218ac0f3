"""Keyword arguments that `sweep` does not have: what to write instead."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_INSTEAD = {
    "metric": "objective", "monitor": "objective", "goal": "direction", "mode": "direction", "n_trials": "trials",
    "max_trials": "trials", "num_samples": "trials", "repeats": "seeds", "executions_per_trial": "seeds",
    "n_seeds": "seeds", "seed": "seeds", "model_fn": "build", "hypermodel": "build", "alpha": "alphas",
    "scheduler": "pruner", "project_name": "study_name", "name": "study_name", "directory": "storage",
    "n_jobs": "population", "validation_batch_size": "batch_size", "data": "x", "target": "y",
}  # fmt: skip
_REASONS = {
    "shuffle": "each seed has an order of its own in each epoch",
    "steps_per_epoch": "an epoch is all of the data; give a shorter data set",
    "validation_steps": "validation is all of the validation data; give a shorter data set",
    "initial_epoch": "every member begins with the first epoch",
    "validation_freq": "every epoch is validated",
}


def explain_unknown(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function say of each unknown keyword argument what to write instead."""
    known = list(inspect.signature(function).parameters)

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        for name in kwargs:
            if name not in known:
                near = _INSTEAD.get(name) or next(iter(difflib.get_close_matches(name, known, n=1)), None)
                hint = f"Did you mean {near!r}?" if near else f"Known are {', '.join(known)}."
                if name in _REASONS:
                    hint = f"Leave it out: {_REASONS[name]}."
                raise TypeError(f"{function.__name__}() has no argument {name!r}. {hint}")
        return function(*args, **kwargs)

    return checked
