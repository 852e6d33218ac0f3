"""Numbers that a graph holds as constants: computed in Python, once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import keras

Function = TypeVar("Function", bound=Callable[..., Any])


def constant(function: Function) -> Function:
    """Cache a function of Python numbers and names; PyTorch's compiler does not look into it, but runs it."""
    cached: Any = functools.lru_cache(maxsize=4096)(function)
    if keras.backend.backend() != "torch":
        return cached
    import torch

    def known(*args: Any) -> Any:
        return cached(*args)

    return torch.compiler.assume_constant_result(known)
