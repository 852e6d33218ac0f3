"""What the functions accept, as tensors; errors say what was given, what was expected and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

SPARSE_OR_RAGGED = ("SparseTensor", "IndexedSlices", "BCOO", "BCSR", "RaggedTensor")


def is_fixed(alpha: Any) -> bool:
    """Whether alpha is a number or an array of numbers, known in Python (not a tensor or a variable)."""
    if isinstance(alpha, (list, tuple)):
        return all(is_fixed(part) for part in alpha)
    return isinstance(alpha, (int, float, complex, np.generic, np.ndarray))


def is_symbolic(x: Any, alpha: Any) -> bool:
    """Whether an input is a `keras.KerasTensor`, of a Functional model that is being built."""
    return any(isinstance(leaf, keras.KerasTensor) for leaf in keras.tree.flatten((x, alpha)))


def choice(name: str, value: Any, known: Sequence[str]) -> None:
    """Check that an option has one of its known values."""
    if not isinstance(value, str) or value not in known:
        near = difflib.get_close_matches(str(value).lower(), known, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{name}={value!r} is not known: expected one of {', '.join(map(repr, known))}.{hint}")


def slope(max_slope: Any) -> float:
    """Check the slope at which `domain="linear"` leaves the logarithm."""
    if isinstance(max_slope, bool) or not isinstance(max_slope, (int, float, np.integer, np.floating)):
        raise TypeError(f"max_slope must be a number above 1, got {type(max_slope).__name__}: {max_slope!r}.")
    if not 1.0 < max_slope < float("inf"):
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
    try:
        given = np.asarray(alpha)
    except ValueError as error:
        raise ValueError(f"{name} must be a number or a rectangular array, got {_short(alpha)}.") from error
    if given.dtype.kind not in kinds:
        hint = (
            "Use complex_soft_exponential for a complex alpha."
            if given.dtype.kind == "c"
            else f"Give a {'' if 'c' in kinds else 'real '}number, an array of numbers, a tensor or a keras.Variable."
        )
        raise TypeError(f"{name} must be {'' if 'c' in kinds else 'real '}numbers, got {_short(alpha)}. {hint}")
    if given.dtype.kind == "c":
        rounded = given.astype("complex64" if dtype == "float32" else "complex128")
    else:
        with np.errstate(over="ignore"):
            rounded = given.astype(dtype)
    if not np.isfinite(rounded).all():
        raise ValueError(f"{name} must be finite in {dtype}, got {_short(alpha)}. The limits of f have no formula.")
    return rounded


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


def broadcast(x: Any, alpha: Any, name: str = "alpha") -> None:
    """Check that the shape of alpha broadcasts against the shape of x, where both are known."""
    shape, other = _shape(x), _shape(alpha)
    if shape is None or not other:
        return
    for n, m in zip(reversed(shape), reversed(other), strict=False):
        if n != m and None not in (n, m) and 1 not in (n, m):
            raise ValueError(
                f"{name} of shape {other} does not broadcast against x of shape {shape}. Expected a number, or a shape"
                f" such as {shape[-1:]} (one {name} per channel): keras.ops.reshape adds axes of size 1."
            )


def _shape(x: Any) -> tuple[int | None, ...] | None:
    return None if getattr(x.shape, "rank", 0) is None else tuple(x.shape)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
