"""The figure of `benchmarks.evidence`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.evidence_statistics import RIVALS, differences

COLORS = {"lower": "#0072B2", "open": "0.45", "higher": "#D55E00"}  # blue and vermilion of Okabe and Ito
LABELS = {"lower": "continuum is better", "open": "not told apart", "higher": "the rival is better"}
TITLES = {"trained": "trained alpha (SoftExponential)", "chosen": "best of relu, elu, gelu, tanh\non validation"}


def draw(fits: pd.DataFrame, path: Path) -> None:
    """Draw the ratio of the test errors, with intervals, for each rival and data set."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FixedLocator, NullLocator

    found = {key[1:]: entry for key, entry in differences(fits).items() if key[0] == "error"}
    names = list(fits.data.unique())
    figure = Figure(figsize=(11, 2.2 + 0.5 * len(names)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, len(RIVALS) // 2, sharex=True, sharey=True)
    for axis, rival in zip(axes.flat, RIVALS, strict=True):
        axis.axvline(1, color="0.8", linewidth=1, zorder=0)
        for y, name in enumerate(names):
            entry = found[name, rival]
            ratios = np.exp(entry)
            color = COLORS[entry.verdict]
            axis.plot(ratios[3:], [y, y], color=color, linewidth=1)
            axis.plot(ratios[1:3], [y, y], color=color, linewidth=3.5, alpha=0.6, solid_capstyle="butt")
            axis.plot(ratios[0], y, "o", color=color, markersize=4.5)
        axis.set(title=f"against {TITLES.get(rival, rival)}", xscale="log", ylim=(len(names) - 0.4, -0.6))
        axis.title.set_fontsize(10)
        axis.set_yticks(range(len(names)), names)
        axis.grid(axis="y", color="0.93")
        axis.set_axisbelow(True)
    low, high = axes[0, 0].get_xlim()
    ticks = [t for t in (0.1, 0.2, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 5, 10, 20, 50) if low <= t <= high]
    if high / low > 3:
        ticks = [t for t in ticks if t not in (0.8, 0.9, 1.1, 1.25)]
    for axis in axes[1]:
        axis.xaxis.set_major_locator(FixedLocator(ticks))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.xaxis.set_major_formatter("{x:g}")
        axis.set_xlabel("test error of the chosen alpha / of the rival")
    handles = [Line2D([], [], color=COLORS[v], marker="o", markersize=4.5, label=LABELS[v]) for v in COLORS]
    handles += [
        Line2D([], [], color="0.2", linewidth=3.5, alpha=0.6, label="95 % interval"),
        Line2D([], [], color="0.2", linewidth=1, label="corrected for all comparisons"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, frameon=False)
    figure.savefig(path, dpi=110)
