"""Means over seeds, with their errors: Student's t intervals, differences paired by seed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def interval(values: Any, level: float = 0.95) -> tuple[float, float, float, float]:
    """Return mean, standard error, and the bounds of Student's interval; NaN where one value says nothing."""
    from scipy.stats import t as student

    values = np.asarray(values, dtype=float)
    n = len(values)
    mean = float(values.mean()) if n else math.nan
    if n < 2:
        return mean, math.nan, math.nan, math.nan
    error = float(values.std(ddof=1)) / math.sqrt(n)
    half = float(student.ppf(0.5 + level / 2, n - 1)) * error
    return mean, error, mean - half, mean + half


def summarize(rows: list[dict[str, Any]], key: str, direction: str) -> list[dict[str, Any]]:
    """Summarize rows by `key` ("alpha" or "baseline"); see `SweepResult.summary` for the columns."""
    groups: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    summary = []
    for value, group in groups.items():
        complete = [row["objective"] for row in group if row["state"] == "complete"]
        mean, error, low, high = interval(complete)
        counts = {s: sum(row["state"] == s for row in group) for s in ("complete", "diverged", "failed")}
        summary.append({key: value, **counts, "mean": mean, "standard_error": error, "low": low, "high": high})
    best = best_of(summary, direction)
    for entry in summary:
        pairs = paired(groups[entry[key]], groups[best[key]]) if best else []
        mean, error, low, high = interval(pairs)
        entry |= {"difference": mean, "difference_low": low, "difference_high": high}
    return summary


def best_of(summary: list[dict[str, Any]], direction: str) -> dict[str, Any] | None:
    """Return the entry with the best mean among those complete for every seed, None if there is none."""
    sign = 1 if direction == "minimize" else -1
    whole = [e for e in summary if e["complete"] and not e["diverged"] and not e["failed"]]
    return min(whole, key=lambda e: sign * e["mean"], default=None)


def paired(rows: list[dict[str, Any]], reference: list[dict[str, Any]]) -> list[float]:
    """Return the differences of the objective, seed by seed, where both are complete."""
    theirs = {row["seed"]: row["objective"] for row in reference if row["state"] == "complete"}
    return [
        row["objective"] - theirs[row["seed"]] for row in rows if row["state"] == "complete" and row["seed"] in theirs
    ]
