"""Two parts of a complex tensor as a list, stacked, or concatenated: the values and their shapes, side by side."""

from __future__ import annotations

from typing import Any

from keras import ops

from continuum_act.functions import arguments

JOINS = ("stack", "concat", "list")


def join_parts(re: Any, im: Any, *, join: str, axis: int = -1) -> Any:
    """Join a real and an imaginary part of equal shape into one output.

    Args:
        re: tensor, the real part.
        im: tensor of the same shape, the imaginary part.
        join: `"stack"` gives shape + (2,), the new axis at `axis`; `"concat"` doubles `axis` (all real, then all
            imaginary); `"list"` gives `[re, im]`.
        axis: the axis of the output that holds the parts; ignored by `"list"`.

    Returns:
        A tensor, or a list of two.

    Raises:
        ValueError: join is not known, or axis is out of range.

    Example:
    >>> import numpy as np
    >>> import continuum_act as ca
    >>> re, im = np.zeros((4, 3)), np.ones((4, 3))
    >>> [tuple(ca.join_parts(re, im, join=join).shape) for join in ("stack", "concat")]
    [(4, 3, 2), (4, 6)]
    """
    arguments.choice("join", join, JOINS)
    if join == "list":
        return [ops.convert_to_tensor(re), ops.convert_to_tensor(im)]
    _axis(axis, _rank(re) + (join == "stack"), join)
    if join == "stack":
        return ops.stack([re, im], axis=axis)
    return ops.concatenate([re, im], axis=axis)


def split_parts(y: Any, *, join: str, axis: int = -1) -> tuple[Any, Any]:
    """Split what `join_parts` joined.

    Args:
        y: what `join_parts` returned.
        join: the same as there.
        axis: the same as there.

    Returns:
        `(re, im)`.

    Raises:
        ValueError: join is not known, axis is out of range, or y does not hold two parts there.

    Example:
    >>> import keras
    >>> import continuum_act as ca
    >>> re, im = ca.split_parts([[1.0, 2.0, 3.0, 4.0]], join="concat")
    >>> keras.ops.convert_to_numpy(im).tolist()
    [[3.0, 4.0]]
    """
    arguments.choice("join", join, JOINS)
    if join == "list":
        if not isinstance(y, (list, tuple)) or len(y) != 2:
            raise ValueError(f"join='list' expects a list [re, im], got {type(y).__name__}.")
        return ops.convert_to_tensor(y[0]), ops.convert_to_tensor(y[1])
    y = ops.convert_to_tensor(y)
    shape = tuple(y.shape)
    size = shape[_axis(axis, len(shape), join)]
    if size is not None and (size != 2 if join == "stack" else size % 2):
        expected = "size 2" if join == "stack" else "an even size"
        raise ValueError(f"join={join!r} expects {expected} along axis {axis}, got a tensor of shape {shape}.")
    re, im = ops.unstack(y, num=2, axis=axis) if join == "stack" else ops.split(y, 2, axis=axis)
    return re, im


def joined_shape(shape: tuple[int | None, ...], *, join: str, axis: int = -1) -> Any:
    """Return the shape of `join_parts(re, im)` for parts of this shape; a list of two shapes for `"list"`."""
    arguments.choice("join", join, JOINS)
    shape = tuple(shape)
    if join == "list":
        return [shape, shape]
    axis = _axis(axis, len(shape) + (join == "stack"), join)
    if join == "stack":
        return (*shape[:axis], 2, *shape[axis:])
    size = shape[axis]
    doubled = None if size is None else 2 * size
    return (*shape[:axis], doubled, *shape[axis + 1 :])


def _rank(x: Any) -> int:
    return len(x.shape) if hasattr(x, "shape") else len(ops.convert_to_tensor(x).shape)


def _axis(axis: int, rank: int, join: str) -> int:
    if isinstance(axis, bool) or not isinstance(axis, int):
        raise TypeError(f"axis must be an integer, got {type(axis).__name__}: {axis!r}.")
    if not -rank <= axis < rank:
        allowed = f"{-rank} to {rank - 1}" if rank else "none: a number has no axis to double"
        raise ValueError(f"axis={axis} is out of range for join={join!r}: expected {allowed}.")
    return axis % rank
