"""The figure of `benchmarks.log_side`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

PANELS = {
    "deviation": "deviation of the activations",
    "between": "share of it between rows",
    "tangent": "share on the tangent",
    "gradient": "norm of the kernel's gradient",
}
TITLES = {"plain": "no normalization", "gain": "weights by gain", "normalized": "layer normalization"}
LINES = {"formerly": "--", "bounded": "-"}


def draw(frame: pd.DataFrame, path: Path) -> None:
    """Draw medians over seeds against depth: a row for each statistic, a column for each network."""
    from matplotlib import colormaps
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    alphas = [-1, -0.6, -0.2, 0.2, 0.6, 1]
    colors = {alpha: colormaps["coolwarm"]((alpha + 1) / 2) for alpha in alphas}
    frame = frame.assign(between=frame.of_rows / frame.deviation)
    figure = Figure(figsize=(12, 12), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(PANELS), len(TITLES), sharex=True, sharey="row")
    for row, (measure, label) in zip(axes, PANELS.items(), strict=True):
        for axis, network in zip(row, TITLES, strict=True):
            for (slopes, alpha), part in frame[frame.network == network].groupby(["slopes", "alpha"]):
                if alpha in colors:
                    line = part.fillna({measure: np.inf}).groupby("layer")[measure].median()
                    axis.plot(line.index, line, LINES[slopes], color=colors[alpha], linewidth=1.6)
            axis.grid(color="0.93")
            axis.set_axisbelow(True)
            if measure in ("between", "tangent"):
                axis.set_ylim(-0.03, 1.03)
            else:
                axis.set_yscale("log")
                axis.set_ylim(*((1e-1, 1e12) if measure == "deviation" else (1e-4, 1e20)))
        row[0].set_ylabel(f"{label}\n(median of the seeds)")
    for axis, title in zip(axes[0], TITLES.values(), strict=True):
        axis.set_title(title, fontsize=11)
    for axis in axes[-1]:
        axis.set(xlabel="hidden layer", xticks=range(0, int(frame.layer.max()) + 1, 4))
    handles = [Line2D([], [], color=colors[alpha], label=f"alpha = {alpha:g}") for alpha in alphas]
    handles += [
        Line2D([], [], color="0.2", linestyle="--", label="formerly: slope ≤ 10 below, unbounded above"),
        Line2D([], [], color="0.2", linestyle="-", label="bounded: slope ≤ 3 on both sides"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(path, dpi=110)
