"""Types of the public functions: what they take, what they return, and the words for their options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol, TypeAlias

Domain: TypeAlias = Literal["strict", "linear"]
Join: TypeAlias = Literal["stack", "concat", "list"]
Tensor: TypeAlias = Any  # a tensor of the backend, or a `keras.KerasTensor` of a model that is being built


class ArrayLike(Protocol):
    """An array, a tensor or a variable of any backend."""

    @property
    def shape(self) -> Any:
        """Return the sizes."""

    @property
    def dtype(self) -> Any:
        """Return the type of the elements."""


# A text is a sequence of texts, so sequences are spelt out to the depth that is written by hand.
Real: TypeAlias = float | ArrayLike
RealLike: TypeAlias = Real | Sequence[Real] | Sequence[Sequence[Real]] | Sequence[Sequence[Sequence[Real]]]
Complex: TypeAlias = complex | ArrayLike
ComplexLike: TypeAlias = Complex | Sequence[RealLike] | Sequence[Sequence[Complex]]
