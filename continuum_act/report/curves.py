"""What the pictures of a sweep show, as plain numbers."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from continuum_act.population.arguments import Alpha
from continuum_act.study.parameters import is_complex, label
from continuum_act.sweep.rows import Findings


class Curve(NamedTuple):
    """Means with their interval against alpha, and the value of each member: `points` has one (x, y) each."""

    x: list[float]
    mean: list[float]
    low: list[float]
    high: list[float]
    points: list[tuple[float, float]]
    best: int | None
    diverged: list[float]
    x_label: str


class Plane(NamedTuple):
    """Means on a grid of two numbers per alpha, NaN where there is none: rows are the second number.

    `best` is the column and the row of the best one.
    """

    mean: np.ndarray
    first: list[float]
    second: list[float]
    names: tuple[str, str]
    best: tuple[int, int] | None


def curve_of(findings: Findings) -> Curve:
    """Return the means against alpha; diverged alphas apart."""
    alphas = [entry["alpha"] for entry in findings.alphas]
    at = dict(zip(alphas, positions(alphas), strict=True))
    whole = [e for e in findings.alphas if e["complete"] and not e["diverged"]]
    names = [e["alpha"] for e in whole]
    return Curve(
        [at[alpha] for alpha in names],
        [e["mean"] for e in whole],
        [e["low"] for e in whole],
        [e["high"] for e in whole],
        [(at[alpha], value) for alpha in names for value in findings.values.get(alpha, [])],
        None if findings.best is None else names.index(findings.best),
        [at[e["alpha"]] for e in findings.alphas if e["diverged"]],
        x_label(alphas),
    )


def plane_of(findings: Findings) -> Plane | None:
    """Return the means on a grid of two numbers per alpha, or None if alpha is one number, or many, or scattered."""
    pairs, names = _pairs([entry["alpha"] for entry in findings.alphas])
    first, second = (sorted({pair[i] for pair in pairs}) for i in range(2))
    if min(len(first), len(second)) < 2 or len(first) * len(second) > 2 * len(pairs):
        return None
    mean = np.full((len(second), len(first)), math.nan)
    best = None
    for pair, entry in zip(pairs, findings.alphas, strict=True):
        column, row = first.index(pair[0]), second.index(pair[1])
        if not entry["diverged"]:
            mean[row, column] = entry["mean"]
        if entry["alpha"] == findings.best:
            best = (column, row)
    return Plane(mean, first, second, names, best)


def _pairs(alphas: list[Any]) -> tuple[list[tuple[float, float]], tuple[str, str]]:
    if alphas and all(isinstance(a, tuple) and len(a) == 2 and not is_complex(a) for a in alphas):
        return alphas, ("alpha of the first layer", "alpha of the second layer")
    names = ("real part of alpha", "imaginary part of alpha")
    return [(a.real, a.imag) for a in alphas] if all(isinstance(a, complex) for a in alphas) else [], names


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


def mean_history(findings: Findings, of: Alpha | str) -> np.ndarray:
    """Return the objective of an alpha or a baseline per epoch, the mean over seeds."""
    histories = findings.histories.get(of, [])
    length = min(map(len, histories), default=0)
    return np.mean([history[:length] for history in histories], axis=0) if histories else np.array([])
