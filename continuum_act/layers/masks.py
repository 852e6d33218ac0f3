"""Shapes and masks of layers with an alpha that broadcasts, or with an output of two parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from continuum_act.functions.arguments import agree
from continuum_act.functions.parts import join_parts
from continuum_act.functions.types import Join
from continuum_act.layers.checked_lambda import Shape, flat_shapes


def check_alpha_fits(alpha_shapes: Sequence[Shape], x_shapes: Sequence[Shape]) -> None:
    """Raise ValueError unless each alpha broadcasts to the shape of each x.

    An alpha with a batch axis must have as many axes as x: broadcasting aligns the last axes, and the batch
    axis of a shorter alpha would meet another axis of x.
    """
    for alpha in alpha_shapes:
        for x in x_shapes:
            aligned = x[len(x) - len(alpha) :]
            if (
                len(alpha) > len(x)
                or (len(alpha) < len(x) and None in alpha)
                or any(a not in (1, n) and None not in (a, n) for a, n in zip(alpha, aligned, strict=True))
            ):
                raise ValueError(
                    f"alpha of shape {tuple(alpha)} does not fit x of shape {x}. Expected a number, or a"
                    f" shape that broadcasts to that of x, such as {x[-1:]} (one alpha per channel) or"
                    f" {(None, *[1] * (len(x) - 1))} (one alpha per sample)."
                )


def complex_shape(x_shape: Any) -> Shape:
    """Return the shape of a complex input: of a real tensor, or of a pair `[re, im]` of equal shapes."""
    shapes = flat_shapes(x_shape)
    if len(shapes) > 2 or not agree(shapes[0], shapes[-1]):
        raise ValueError(f"A complex input is one tensor or a pair [re, im] of equal shapes. Received shapes: {shapes}")
    return tuple(n if m is None else m for n, m in zip(shapes[0], shapes[-1], strict=True))


def joined_mask(mask: Any, rank: int, *, join: Join, axis: int) -> Any:
    """Return the mask of `join_parts(re, im)`, for parts of this rank that this mask (or pair of masks)
    covers.

    A join behind the axes that the mask covers leaves it as it is; a join among them joins it like the parts.
    A pair of masks, one of each part, counts as the mask of what is valid in both.
    """
    given = [part for part in keras.tree.flatten(mask) if part is not None]
    if not given:
        return None
    mask = keras.ops.logical_and(*given) if len(given) == 2 else given[0]
    if join == "list":
        return [mask, mask]
    position = axis % (rank + 1 if join == "stack" else rank)
    return mask if position >= len(mask.shape) else join_parts(mask, mask, join=join, axis=position)
