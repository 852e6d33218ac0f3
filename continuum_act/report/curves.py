"""What the pictures of a sweep show, as plain numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from continuum_act.sweep.alphas import is_complex, label

if TYPE_CHECKING:
    from continuum_act.sweep.result import SweepResult


class Curve(NamedTuple):
    """What `plot_sweep` draws: means with their interval, against alpha."""

    x: list[float]
    mean: list[float]
    low: list[float]
    high: list[float]
    diverged: list[float]
    x_label: str


class Plane(NamedTuple):
    """Means on a grid of two numbers per alpha, NaN where there is none: rows are the second number."""

    mean: np.ndarray
    first: list[float]
    second: list[float]
    names: tuple[str, str]


def curve_of(result: SweepResult) -> Curve:
    """Return the means against alpha; diverged alphas apart."""
    summary = result.summary
    alphas = [entry["alpha"] for entry in summary]
    at = dict(zip(alphas, positions(alphas), strict=True))
    whole = [e for e in summary if e["complete"] and not e["diverged"]]
    return Curve(
        [at[e["alpha"]] for e in whole],
        [e["mean"] for e in whole],
        [e["low"] for e in whole],
        [e["high"] for e in whole],
        [at[e["alpha"]] for e in summary if e["diverged"]],
        x_label(alphas),
    )


def plane_of(result: SweepResult) -> Plane | None:
    """Return the means on a grid of two numbers per alpha, or None if alpha is one number, or many, or scattered."""
    entries = result.summary
    alphas = [e["alpha"] for e in entries]
    if alphas and all(isinstance(a, tuple) and len(a) == 2 and not is_complex(a) for a in alphas):
        pairs, names = alphas, ("alpha of the first layer", "alpha of the second layer")
    elif alphas and all(isinstance(a, complex) for a in alphas):
        pairs, names = [(a.real, a.imag) for a in alphas], ("real part of alpha", "imaginary part of alpha")
    else:
        return None
    first, second = (sorted({pair[i] for pair in pairs}) for i in range(2))
    if min(len(first), len(second)) < 2 or len(first) * len(second) > 2 * len(pairs):
        return None
    mean = np.full((len(second), len(first)), math.nan)
    for pair, entry in zip(pairs, entries, strict=True):
        if not entry["diverged"]:
            mean[second.index(pair[1]), first.index(pair[0])] = entry["mean"]
    return Plane(mean, first, second, names)


def positions(alphas: list[Any]) -> list[float]:
    """Place alphas on an axis: by value, by the part that varies, or by their number."""
    if all(isinstance(a, float | int) for a in alphas):
        return [float(a) for a in alphas]
    if all(isinstance(a, complex) for a in alphas):
        return [a.imag for a in alphas] if any(a.imag for a in alphas) else [a.real for a in alphas]
    return [float(i) for i in range(len(alphas))]


def x_label(alphas: list[Any]) -> str:
    """Name what `positions` places."""
    if all(isinstance(a, complex) for a in alphas) and alphas:
        return "imaginary part of alpha" if any(a.imag for a in alphas) else "alpha"
    if any(isinstance(a, tuple) for a in alphas):
        return f"number of the alphas, from {label(alphas[0])} to {label(alphas[-1])}"
    return "alpha"


def mean_history(result: SweepResult, of: Any) -> np.ndarray:
    """Return the objective of an alpha or a baseline per epoch, the mean over seeds."""
    histories = [h[result.objective] for (alpha, _), h in result.histories.items()
                 if alpha == of and h.get(result.objective)]  # fmt: skip
    length = min(map(len, histories), default=0)
    return np.mean([[math.nan if v is None else v for v in h[:length]] for h in histories], axis=0)
