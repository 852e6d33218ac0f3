"""Masks and shapes of what a layer of two joined parts returns."""

from __future__ import annotations

from typing import Any

import keras

from continuum_act.functions.parts import join_parts

Shape = tuple[int | None, ...]


def is_shape(structure: Any) -> bool:
    """Whether this is one shape, not a list of shapes."""
    return all(size is None or isinstance(size, int) for size in structure)


def merged_shape(x_shape: Any) -> Shape:
    """Shape of a complex tensor: of one real tensor, or of a pair `[re, im]` of equal shapes."""
    if is_shape(x_shape):
        return tuple(x_shape)
    if len(x_shape) != 2 or not all(is_shape(part) for part in x_shape):
        raise ValueError(f"A complex input is one tensor or a pair [re, im]. Received shapes: {x_shape}")
    re, im = x_shape
    if len(re) != len(im) or any(None not in (a, b) and a != b for a, b in zip(re, im, strict=True)):
        raise ValueError(f"The parts of a complex input must have equal shapes. Received: {re} and {im}")
    return tuple(a if b is None else b for a, b in zip(re, im, strict=True))


def merged_mask(mask: Any) -> Any:
    """Mask of a complex tensor: where both parts of a pair are valid."""
    if not isinstance(mask, (list, tuple)):
        return mask
    given = [part for part in mask if part is not None]
    return keras.ops.logical_and(*given) if len(given) == 2 else next(iter(given), None)


def joined_mask(mask: Any, rank: int, *, join: str, axis: int) -> Any:
    """Mask of `join_parts(re, im)` for parts of this rank whose leading axes `mask` covers.

    A join behind the axes that the mask covers leaves it as it is; a join among them treats the mask as it
    treats the parts.
    """
    if mask is None:
        return None
    if join == "list":
        return [mask, mask]
    position = axis % (rank + 1 if join == "stack" else rank)
    if position >= len(mask.shape):
        return mask
    return join_parts(mask, mask, join=join, axis=position)
