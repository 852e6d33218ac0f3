"""The figure of `benchmarks.evidence`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.evidence_statistics import differences, rivals

COLORS = {-1: "#0072B2", 0: "0.45", 1: "#D55E00"}  # blue and vermilion of Okabe and Ito
LABELS = {-1: "continuum is better", 0: "not told apart", 1: "the rival is better"}
TITLES = {
    "trained": "trained alpha\n(SoftExponential)",
    "chosen": "best of relu, elu, gelu, tanh\non validation",
    "swept elu": "best of 11 alphas of elu\non validation",
    "swept leaky_relu": "best of 11 slopes of leaky relu\non validation",
}


def draw(fits: pd.DataFrame, path: Path) -> None:
    """Draw the differences of the test errors, with intervals, for each rival and data set."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.ticker import NullLocator

    found = {key[1:]: entry for key, entry in differences(fits).items() if key[0] == "error"}
    names = list(fits.data.unique())
    figure = Figure(figsize=(13, 2.2 + 0.5 * len(names)), layout="constrained")
    FigureCanvasAgg(figure)
    of = rivals(fits)
    axes = figure.subplots(2, len(of) // 2, sharex=True, sharey=True)
    for axis, rival in zip(axes.flat, of, strict=True):
        axis.axvline(0, color="0.8", linewidth=1, zorder=0)
        for y, name in enumerate(names):
            entry = found[name, rival]
            color = COLORS[entry.sign]
            axis.plot(entry[3:], [y, y], color=color, linewidth=1)
            axis.plot(entry[1:3], [y, y], color=color, linewidth=3.5, alpha=0.6, solid_capstyle="butt")
            axis.plot(entry.mean, y, "o", color=color, markersize=4.5)
        axis.set(title=f"against {TITLES.get(rival, rival)}", ylim=(len(names) - 0.4, -0.6))
        axis.title.set_fontsize(10)
        axis.set_yticks(range(len(names)), names)
        axis.grid(axis="y", color="0.93")
        axis.set_axisbelow(True)
    reach = 1.2 * max(abs(value) for entry in found.values() for value in entry)
    ticks = [tick for tick in (-100, -10, 0, 10, 100) if abs(tick) <= reach]
    for axis in axes[1]:
        axis.set_xscale("symlog", linthresh=10)
        axis.set(xlim=(-reach, reach))
        axis.set_xticks(ticks, [f"{tick:+d}" if tick else "0" for tick in ticks])
        axis.xaxis.set_minor_locator(NullLocator())
    figure.supxlabel("test error of the chosen alpha less the rival's, in % of the rival's", fontsize=10)
    handles = [Line2D([], [], color=COLORS[v], marker="o", markersize=4.5, label=LABELS[v]) for v in COLORS]
    handles += [
        Line2D([], [], color="0.2", linewidth=3.5, alpha=0.6, label="95 % interval"),
        Line2D([], [], color="0.2", linewidth=1, label="corrected for all comparisons"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=5, frameon=False)
    figure.savefig(path, dpi=110)
