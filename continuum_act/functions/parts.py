"""Two parts of a complex tensor as a list, stacked, or concatenated: the values and their shapes, side by side."""

from __future__ import annotations

from typing import Any

from keras import ops

JOINS = ("stack", "concat", "list")


def join_parts(re: Any, im: Any, *, join: str, axis: int = -1) -> Any:
    """Join a real and an imaginary part of equal shape into one output."""
    if join == "stack":
        return ops.stack([re, im], axis=axis)
    if join == "concat":
        return ops.concatenate([re, im], axis=axis)
    return [re, im]


def split_parts(y: Any, *, join: str, axis: int = -1) -> tuple[Any, Any]:
    """Split what `join_parts` joined: returns `(re, im)`."""
    if join == "stack":
        re, im = ops.unstack(y, num=2, axis=axis)
    elif join == "concat":
        re, im = ops.split(y, 2, axis=axis)
    else:
        re, im = y
    return re, im


def joined_shape(shape: tuple[int | None, ...], *, join: str, axis: int = -1) -> Any:
    """Shape of `join_parts(re, im)` for parts of this shape."""
    shape = tuple(shape)
    if join == "stack":
        axis = axis % (len(shape) + 1)
        return (*shape[:axis], 2, *shape[axis:])
    if join == "concat":
        axis = axis % len(shape)
        doubled = None if shape[axis] is None else 2 * shape[axis]
        return (*shape[:axis], doubled, *shape[axis + 1 :])
    return [shape, shape]
