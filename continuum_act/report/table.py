"""The table of a sweep in the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table

from continuum_act.sweep.alphas import label
from continuum_act.sweep.result import SweepResult
from continuum_act.sweep.statistics import best_of, interval


def print_table(result: SweepResult) -> None:
    """Print mean ± standard error per alpha, the best marked, and the baselines below."""
    metrics = [m for m in _metrics(result) if m != result.objective]
    seeds = max((e["complete"] + e["diverged"] + e["failed"] for e in result.summary), default=0)
    table = Table(title=f"{result.study_name}: mean ± standard error over {seeds} seeds, last epoch")
    table.add_column("alpha", justify="right")
    table.add_column(result.objective, justify="right", no_wrap=True)
    table.add_column("to the best [95 %]", justify="right", no_wrap=True)
    for metric in metrics:
        table.add_column(metric, justify="right", no_wrap=True)
    table.add_column("")
    best = best_of(result.summary, result.direction)
    for key, summary, rows in (
        ("alpha", result.summary, result.rows),
        ("baseline", result.baseline_summary, result.baselines),
    ):
        table.add_section()
        for entry in summary:
            own = [row for row in rows if row[key] == entry[key] and row["state"] == "complete"]
            is_best = key == "alpha" and best is not None and entry["alpha"] == best["alpha"]
            table.add_row(
                entry[key] if key == "baseline" else label(entry[key]),
                _with_error([row["objective"] for row in own]),
                _difference(entry) if key == "alpha" and not is_best else "",
                *(_with_error([row[metric] for row in own]) for metric in metrics),
                "best" if is_best else _troubles(entry),
                style="bold" if is_best else None,
            )
    Console().print(table)


def _metrics(result: SweepResult) -> list[str]:
    """Names of the validation metrics, of all metrics if there is no validation."""
    names = list(dict.fromkeys(name for history in result.histories.values() for name in history))
    return [n for n in names if n.startswith("val_")] or names


def _with_error(values: Iterable[float]) -> str:
    mean, error, _, _ = interval(list(values))
    if math.isnan(mean):
        return "-"
    return f"{mean:.4g}" if math.isnan(error) else f"{mean:.4g} ± {error:.2g}"


def _difference(entry: dict[str, Any]) -> str:
    if math.isnan(entry["difference_low"]):
        return "-" if math.isnan(entry["difference"]) else f"{entry['difference']:+.3g}"
    return f"{entry['difference']:+.2g} [{entry['difference_low']:+.2g}, {entry['difference_high']:+.2g}]"


def _troubles(entry: dict[str, Any]) -> str:
    return ", ".join(f"{entry[state]} {state}" for state in ("diverged", "failed") if entry[state])
