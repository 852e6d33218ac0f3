"""Numbers that a graph holds as constants: computed in Python, once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import keras
from keras import ops

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


def either(condition: Any, value: float, otherwise: float, like: Any) -> Any:
    """Choose between two numbers, in the dtype of `like`; keras.ops.where rounds Python floats to float32."""
    # 1.0 * number: Keras does not take the type that PyTorch's compiler gives the result of a `constant` function
    return ops.where(condition, *(ops.convert_to_tensor(1.0 * number, like.dtype) for number in (value, otherwise)))
