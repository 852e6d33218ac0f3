"""From the errors of `benchmarks.arithmetic` to its table and its figure."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.evidence_statistics import markdown

COLORS = {"continuum": "#0072B2", "other": "#D55E00", "units": "#009E73"}  # of Okabe and Ito


def wilson(solved: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a rate (Wilson's score)."""
    interval = stats.binomtest(solved, count).proportion_ci(0.95, "wilson")
    return interval.low, interval.high


def median_interval(values: Any) -> tuple[float, float, float]:
    """Return the median and its 95 % interval, by the order statistics that the binomial gives.

    With fewer than six values there is no such interval: it is then from the least to the greatest.
    """
    ordered = np.sort(np.asarray(values, "float64"))
    if not len(ordered):
        return math.nan, math.nan, math.nan
    k = max(int(stats.binom.ppf(0.025, len(ordered), 0.5)), 1)
    return float(np.median(ordered)), float(ordered[k - 1]), float(ordered[-k])


def summary(validation: np.ndarray, extrapolation: np.ndarray, threshold: float, steps: int) -> dict[str, float]:
    """Return the columns of one model and task, from the errors of shape (seeds, checks).

    A seed has solved the task if the extrapolation error is below the threshold at the check with the least validation
    error; a check whose validation error is not finite is not taken. Its steps are those until the first check with an
    extrapolation error below the threshold.
    """
    finite = np.where(np.isfinite(validation), validation, np.inf)
    error = np.take_along_axis(extrapolation, finite.argmin(1)[:, None], 1)[:, 0]
    error = np.where(np.isfinite(error) & np.isfinite(finite.min(1)), error, np.inf)
    solved = error < threshold
    first = (extrapolation[solved] < threshold).argmax(1) + 1
    names = ["steps", "steps_low", "steps_high"]
    until = median_interval(first * steps / validation.shape[1])
    quartiles = np.quantile(error, [0.5, 0.25, 0.75], method="nearest")
    return {
        "seeds": len(solved),
        "solved": int(solved.sum()),
        **dict(zip(names, until, strict=True)),
        **dict(zip(["error", "error_low", "error_high"], map(float, quartiles), strict=True)),
        "validation": float(np.median(finite.min(1))),
        "threshold": threshold,
    }


def table(results: pd.DataFrame) -> str:
    """Return one table for each operation and form of operands, with a line for each range and model."""
    parts = []
    for (operation, form), part in results.groupby(["operation", "form"], sort=False):
        lines = []
        for row in part.itertuples():
            low, high = (100 * value for value in wilson(row.solved, row.seeds))
            steps = "" if math.isnan(row.steps) else f"{row.steps:.0f} [{row.steps_low:.0f}, {row.steps_high:.0f}]"
            error = f"{row.error:.0e} [{row.error_low:.0e}, {row.error_high:.0e}]"
            rate = f"{100 * row.solved / row.seeds:.0f} % [{low:.0f}, {high:.0f}]"
            lines.append([row.training, row.model, rate, steps, error, f"{row.threshold:.0e}"])
        header = ["range", "model", "solved", "steps", "extrapolation error", "threshold"]
        parts.append(f"**{operation}, of {form}**\n\n{markdown(header, lines)}")
    return "\n\n".join(parts)


def draw(results: pd.DataFrame, path: Path) -> None:
    """Draw the rate of success of each model on each task, as a grid of numbers and shades."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    keys = ["operation", "form", "training", "extrapolation"]
    tasks = list(results[keys].drop_duplicates().itertuples(index=False))
    models = list(results.model.unique())
    rates = np.full((len(tasks), len(models)), np.nan)
    for row in results.itertuples():
        task = tasks.index((row.operation, row.form, row.training, row.extrapolation))
        rates[task, models.index(row.model)] = 100 * row.solved / row.seeds
    figure = Figure(figsize=(2.6 + 0.72 * len(models), 1.6 + 0.36 * len(tasks)), layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    image = axis.imshow(rates, cmap="Blues", vmin=0, vmax=100, aspect="auto")
    for (y, x), rate in np.ndenumerate(rates):
        if not math.isnan(rate):
            axis.text(x, y, f"{rate:.0f}", ha="center", va="center", color="white" if rate > 60 else "0.2", fontsize=9)
    labels = [f"{t.operation}, {t.form}, {t.training} to {t.extrapolation}" for t in tasks]
    axis.set_yticks(range(len(tasks)), labels)
    axis.set_xticks(range(len(models)), models, rotation=35, ha="left", rotation_mode="anchor")
    axis.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    axis.spines[:].set_visible(False)
    figure.colorbar(image, ax=axis, label="seeds that solved the task, in %", shrink=0.6)
    figure.savefig(path, dpi=110)
