"""Numbers that a graph holds as constants: computed in Python, once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import keras
from keras import ops

Function = TypeVar("Function", bound=Callable[..., Any])


def constant(function: Function) -> Function:
    """Cache a function of Python numbers and names that returns a number, or a tuple of numbers and names.

    PyTorch's compiler does not look into it, but runs it for the values that arguments have. The result is handed on as
    text: a number would be an input of its graph, a symbol where shapes are dynamic, which other functions do not take.
    """
    cached: Any = functools.lru_cache(maxsize=4096)(function)
    if keras.backend.backend() != "torch":
        return cached
    import torch
    from torch.fx.experimental.symbolic_shapes import guard_scalar

    def as_text(*args: Any) -> str:
        result = cached(*args)
        return "".join(f"{part!r};" for part in result) if isinstance(result, tuple) else repr(result)

    known = torch.compiler.assume_constant_result(as_text)

    def run(*args: Any) -> Any:
        if not torch.compiler.is_compiling():
            return cached(*args)
        return _from_text(known(*[guard_scalar(a) if isinstance(a, (int, float)) else a for a in args]))

    return cast(Function, functools.wraps(function)(run))


def _from_text(text: str) -> Any:
    """Return the number, or the tuple, that a text stands for.

    Example:
        >>> _from_text("0.5"), _from_text("'log';0.5;-inf;")
        (0.5, ('log', 0.5, -inf))
    """
    *parts, rest = text.split(";")
    if rest:
        return float(rest)
    return tuple([part[1:-1] if part[0] == "'" else float(part) for part in parts])


def either(condition: Any, value: float, otherwise: float, like: Any) -> Any:
    """Choose between two numbers, in the dtype of `like`; keras.ops.where rounds Python floats to float32."""
    return ops.where(condition, *(ops.convert_to_tensor(number, like.dtype) for number in (value, otherwise)))
