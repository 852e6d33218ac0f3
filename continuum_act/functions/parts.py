"""Two parts of a complex tensor as a list, stacked, or concatenated: the values and their shapes, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args, overload

import keras
from keras import ops

from continuum_act.functions import arguments
from continuum_act.functions.types import Join, RealLike, Tensor

JOINS = get_args(Join)


@overload
def join_parts(re: RealLike, im: RealLike, *, join: Literal["list"], axis: int = -1) -> list[Tensor]: ...


@overload
def join_parts(re: RealLike, im: RealLike, *, join: Literal["stack", "concat"], axis: int = -1) -> Tensor: ...


@overload
def join_parts(re: RealLike, im: RealLike, *, join: Join, axis: int = -1) -> Tensor | list[Tensor]: ...


def join_parts(re: RealLike, im: RealLike, *, join: Join, axis: int = -1) -> Tensor | list[Tensor]:
    """Join a real and an imaginary part of equal shape into one output.

    Args:
        re: tensor, the real part.
        im: tensor of the same shape, the imaginary part.
        join: `"stack"` gives shape + (2,), the new axis at `axis`; `"concat"` doubles `axis` (all real, then all
            imaginary); `"list"` gives `[re, im]`.
        axis: the axis of the output that holds the parts; ignored by `"list"`.

    Returns:
        A tensor, or a list of two, of the dtype of the parts.

    Raises:
        TypeError: axis is not an integer.
        ValueError: join is not known, the shapes differ or their rank is unknown, or axis is out of range.

    Example:
    >>> import numpy as np
    >>> import continuum_act as ca
    >>> re, im = np.zeros((4, 3)), np.ones((4, 3))
    >>> [tuple(ca.join_parts(re, im, join=join).shape) for join in ("stack", "concat")]
    [(4, 3, 2), (4, 6)]
    """
    arguments.choice("join", join, JOINS)
    re, im = _tensor(re), _tensor(im)
    shape, other = arguments.shape_of(re), arguments.shape_of(im)
    if shape is not None and other is not None and not arguments.agree(shape, other):
        raise ValueError(f"re and im must be of equal shape, got {shape} and {other}.")
    if join == "list":
        return [re, im]
    axis = _axis(axis, _rank(shape, join) + (join == "stack"), join)
    if join == "stack":
        return ops.stack([re, im], axis=axis)
    return ops.concatenate([re, im], axis=axis)


def split_parts(y: RealLike | Sequence[RealLike], *, join: Join, axis: int = -1) -> tuple[Tensor, Tensor]:
    """Split what `join_parts` joined.

    Args:
        y: what `join_parts` returned.
        join: the same as there.
        axis: the same as there.

    Returns:
        `(re, im)`, two tensors of the dtype of y and the shape that they had before they were joined.

    Raises:
        TypeError: axis is not an integer.
        ValueError: join is not known, axis is out of range, or y does not hold two parts there, or is of unknown rank.

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
        return _tensor(y[0]), _tensor(y[1])
    joined = _tensor(y)
    shape = arguments.shape_of(joined)
    axis = _axis(axis, _rank(shape, join), join)
    size = joined.shape[axis]
    if size is not None and (size != 2 if join == "stack" else size % 2):
        expected = "size 2" if join == "stack" else "an even size"
        raise ValueError(f"join={join!r} expects {expected} along axis {axis}, got a tensor of shape {shape}.")
    re, im = ops.unstack(joined, num=2, axis=axis) if join == "stack" else ops.split(joined, 2, axis=axis)
    return re, im


def joined_shape(shape: tuple[int | None, ...], *, join: Join, axis: int = -1) -> Any:
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


def _rank(shape: tuple[int | None, ...] | None, join: str) -> int:
    if shape is None:
        raise ValueError(
            f"join={join!r} needs the number of axes, which this tensor does not know. State it, on TensorFlow with"
            " tf.ensure_shape, or use join='list'."
        )
    return len(shape)


def _tensor(x: Any) -> Tensor:
    return x if isinstance(x, keras.KerasTensor) else ops.convert_to_tensor(x)


def _axis(axis: int, rank: int, join: str) -> int:
    axis = arguments.index("axis", axis)
    if not -rank <= axis < rank:
        allowed = f"{-rank} to {rank - 1}" if rank else "none: a number has no axis to double"
        raise ValueError(f"axis={axis} is out of range for join={join!r}: expected {allowed}.")
    return axis % rank
