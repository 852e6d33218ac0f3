"""Alphas as parameters of a study."""

from __future__ import annotations

import cmath
from collections.abc import Sequence
from typing import Any

import numpy as np

from continuum_act.population.arguments import Alpha


def as_ranges(alphas: Any) -> dict[str, tuple[float, float]] | None:
    """Return ranges of alpha by the name of their parameter, or None if `alphas` is no dictionary.

    Raises:
        ValueError: if a name is not that of a parameter, or a range is not `(low, high)`.
    """
    if not isinstance(alphas, dict):
        return None
    hint = "give {'alpha': (-1.0, 1.0)}, or alpha_0, alpha_1, ..., or alpha_real and alpha_imag"
    try:
        ranges = {name: (float(low), float(high)) for name, (low, high) in alphas.items()}
        if list(to_params(from_params(dict.fromkeys(alphas, 0.0)))) != list(alphas):
            raise KeyError
    except (TypeError, ValueError, KeyError, IndexError):
        raise ValueError(f"the ranges {alphas!r} cannot be read; {hint}.") from None
    if not all(np.isfinite(low) and np.isfinite(high) and low < high for low, high in ranges.values()):
        raise ValueError(f"each range must be (low, high) with low < high, got {alphas!r}.")
    return ranges


def to_params(alpha: Alpha | str) -> dict[str, Any]:
    """Name an alpha as parameters: `alpha`; `alpha_real`, `alpha_imag`; or `alpha_0`, `alpha_1`, ...

    A string is the name of a baseline, which has no alpha.
    """
    if isinstance(alpha, str):
        return {"baseline": alpha}
    named: dict[str, Any] = {"alpha": alpha}
    if isinstance(alpha, tuple):
        named = {f"alpha_{i}": value for i, value in enumerate(alpha)}
    params: dict[str, Any] = {}
    for name, value in named.items():
        if isinstance(value, complex):
            params |= {f"{name}_real": value.real, f"{name}_imag": value.imag}
        else:
            params[name] = float(value)
    return params


def from_params(params: dict[str, Any]) -> Alpha | str:
    """Inverse of `to_params`."""
    if "baseline" in params:
        return params["baseline"]
    names = list(params)
    values: Sequence[float | complex] = [float(v) for v in params.values()]
    if names[0].endswith("_real"):
        values = [complex(re, im) for re, im in zip(values[::2], values[1::2], strict=True)]
    return values[0] if names[0] in ("alpha", "alpha_real") else tuple(values)


def is_complex(alpha: Alpha) -> bool:
    """Whether the alpha, or any alpha of a tuple, is a complex number."""
    return any(isinstance(v, complex) for v in (alpha if isinstance(alpha, tuple) else (alpha,)))


def label(alpha: Alpha) -> str:
    """Write an alpha for a table or a picture."""
    if isinstance(alpha, tuple):
        return "(" + ", ".join(label(v) for v in alpha) + ")"
    if isinstance(alpha, complex):
        return f"{alpha.real:+.4g}{alpha.imag:+.4g}i"
    return f"{alpha:+.4g}" if cmath.isfinite(alpha) and alpha else "0"
