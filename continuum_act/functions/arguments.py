"""What the functions accept, as tensors; errors say what was given, what was expected and what to do."""

from __future__ import annotations

import difflib
import operator
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from continuum_act.functions.constants import constant

SPARSE_OR_RAGGED = ("SparseTensor", "IndexedSlices", "BCOO", "BCSR", "RaggedTensor")


def is_fixed(alpha: Any) -> bool:
    """Whether alpha is a number or an array of numbers, known in Python (not a tensor or a variable)."""
    if isinstance(alpha, (list, tuple)):
        return all(is_fixed(part) for part in alpha)
    return isinstance(alpha, (int, float, complex, np.generic, np.ndarray))


def known_sign(alpha: Any) -> int | None:
    """Return the sign of all values that an alpha will have, 1 or -1 (0 counts as 1), if its variable states it.

    A population states it, whose members of one sign are one program.
    """
    return getattr(alpha, "known_sign", None)


def is_symbolic(x: Any, alpha: Any) -> bool:
    """Whether an input is a `keras.KerasTensor`, of a Functional model that is being built."""
    return any(isinstance(leaf, keras.KerasTensor) for leaf in keras.tree.flatten((x, alpha)))


def choice(name: str, value: Any, known: Sequence[str]) -> None:
    """Check that an option has one of its known values."""
    if not isinstance(value, str) or value not in known:
        hint = _nearest(str(value).lower(), known)
        raise ValueError(f"{name}={value!r} is not known: expected one of {', '.join(map(repr, known))}.{hint}")


def keywords(owner: str, given: Iterable[str], known: Sequence[str]) -> None:
    """Check the names of keyword arguments."""
    for name in given:
        if name not in known:
            raise TypeError(f"{owner} got an unexpected keyword argument {name!r}.{_nearest(name, known)}")


def _nearest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f" Did you mean {near[0]!r}?" if near else ""


def index(name: str, value: Any) -> int:
    """Return an integer, NumPy's too, as a plain one."""
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}: {value!r}.") from None


def slope(max_slope: Any) -> float:
    """Check the slope at which `domain="linear"` leaves the logarithm."""
    if isinstance(max_slope, bool) or not isinstance(max_slope, (int, float, np.integer, np.floating)):
        raise TypeError(f"max_slope must be a number above 1, got {type(max_slope).__name__}: {max_slope!r}.")
    if not 1.0 < max_slope <= sys.float_info.max:
        raise ValueError(
            f"max_slope={max_slope!r}: expected a finite number above 1. The slope of the identity (alpha = 0) is 1;"
            " a lower limit would cut into it."
        )
    return float(max_slope)


def compute_dtype(dtype: str) -> str:
    """Return the dtype to compute in: float32 for the 16-bit floats, else the dtype itself."""
    return dtype if dtype in ("float32", "float64") else "float32"


def tensor(x: Any, name: str = "x") -> Any:
    """Convert to a dense tensor of a real or complex floating dtype; integers become `keras.config.floatx()`."""
    if type(x).__name__ in SPARSE_OR_RAGGED or getattr(x, "is_sparse", False) or getattr(x, "ragged", False):
        raise TypeError(
            f"{name} must be a dense tensor, got {type(x).__name__}: the function of a missing element is not zero."
            f" Convert it first: {name}.to_tensor(), or keras.ops.convert_to_tensor({name}, sparse=False)."
        )
    _refuse_masked(x, name)
    if isinstance(x, int) and not isinstance(x, bool):
        x = np.asarray(_as_float(x, name), keras.config.floatx())  # of any size
    try:
        x = ops.convert_to_tensor(x)
        dtype = keras.backend.standardize_dtype(x.dtype)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{name} must be a tensor, a NumPy array or numbers, got {type(x).__name__}: {_short(x)}. ({error})"
        ) from error
    if dtype == "bool" or dtype.startswith(("int", "uint")):
        return ops.cast(x, keras.config.floatx())
    if "float" not in dtype and "complex" not in dtype:
        raise TypeError(f"{name} must hold numbers, got dtype {dtype!r}. Convert it to a floating dtype first.")
    return x


def real_tensor(x: Any, name: str = "x") -> Any:
    """Convert to a dense tensor of a real floating dtype."""
    x = tensor(x, name)
    if "complex" in keras.backend.standardize_dtype(x.dtype):
        raise TypeError(
            f"{name} is complex ({x.dtype}), expected real numbers. Use complex_soft_exponential, or the parts"
            f" keras.ops.real({name}) and keras.ops.imag({name})."
        )
    return x


def fixed_alpha(alpha: Any, dtype: str, name: str = "alpha", kinds: str = "iufV") -> np.ndarray:
    """Return fixed alphas as an array of `dtype`, or of complex numbers of that precision."""
    _refuse_masked(alpha, name)
    try:
        given = np.asarray(alpha)
    except ValueError as error:
        raise ValueError(f"{name} must be a number or a rectangular array, got {_short(alpha)}.") from error
    if given.dtype.kind == "O" and all(type(part) in (int, float, complex) for part in given.flat):
        given = np.asarray([_as_float(part, name) for part in given.flat]).reshape(given.shape)  # beyond 64 bits
    if given.dtype.kind not in kinds:
        hint = (
            "Use complex_soft_exponential for a complex alpha."
            if given.dtype.kind == "c"
            else f"Give a {'' if 'c' in kinds else 'real '}number, an array of numbers, a tensor or a keras.Variable."
        )
        raise TypeError(f"{name} must be {'' if 'c' in kinds else 'real '}numbers, got {_short(alpha)}. {hint}")
    if given.dtype.kind == "c":
        dtype = "complex64" if dtype == "float32" else "complex128"
    with np.errstate(over="ignore"):
        rounded = given.astype(dtype)
    if not np.isfinite(rounded).all():
        raise ValueError(f"{name} must be finite in {dtype}, got {_short(alpha)}. The limits of f have no formula.")
    return rounded


@constant
def fixed_number(alpha: int | float, dtype: str, name: str = "alpha") -> float:
    """Return a fixed alpha that is a Python number, rounded to `dtype`."""
    return float(fixed_alpha(alpha, dtype, name))


def traced_alpha(alpha: Any, dtype: str, name: str = "alpha") -> Any:
    """Return an alpha that is a tensor or a variable as a tensor of `dtype`."""
    if alpha is None or isinstance(alpha, (str, bytes, list, tuple, dict, set)):
        hint = (
            "Stack the tensors first, with keras.ops.stack."
            if isinstance(alpha, (list, tuple))
            else "Give a number, an array of numbers, a tensor or a keras.Variable."
        )
        raise TypeError(f"{name} must be a number or a tensor, got {type(alpha).__name__}: {_short(alpha)}. {hint}")
    return ops.cast(real_tensor(alpha, name), dtype)


def broadcast(x: Any, alpha: Any, name: str = "alpha", to: str = "x") -> None:
    """Check that the shape of alpha broadcasts against the shape of x, where both are known."""
    shape, other = shape_of(x), shape_of(alpha)
    if shape is None or not other:
        return
    for n, m in zip(reversed(shape), reversed(other), strict=False):
        if n != m and None not in (n, m) and 1 not in (n, m):
            raise ValueError(
                f"{name} of shape {other} does not broadcast against {to} of shape {shape}. Expected a number, or a"
                f" shape such as {shape[-1:]} (one {name} per channel): keras.ops.reshape adds axes of size 1."
            )


def shape_of(x: Any) -> tuple[int | None, ...] | None:
    """Return the shape, or None for an unknown rank."""
    return None if getattr(x.shape, "rank", 0) is None else tuple(x.shape)


def agree(shape: Sequence[int | None], other: Sequence[int | None]) -> bool:
    """Whether two shapes are equal wherever both are known."""
    return len(shape) == len(other) and all(n == m or None in (n, m) for n, m in zip(shape, other, strict=True))


def _refuse_masked(value: Any, name: str) -> None:
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise TypeError(
            f"{name} is a NumPy masked array, whose mask would be lost: give {name}.filled(value), or a Keras mask to"
            " the layer."
        )


def _as_float(value: complex, name: str) -> complex:
    try:
        return value if isinstance(value, complex) else float(value)
    except OverflowError:
        raise ValueError(f"{name} must be finite, got an integer beyond the largest float.") from None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
