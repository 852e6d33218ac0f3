"""What a picture of a sweep is made of: the curve or the heat map of alpha, and the differences beside it."""

from __future__ import annotations

import itertools
import math

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from continuum_act.report.curves import Curve, Plane
from continuum_act.study.parameters import label
from continuum_act.sweep.rows import Findings, in_words

# Alphas are blue to orange; baselines have other colours, dashes tell them apart in grey.
BLUE, ORANGE = "#0072B2", "#D55E00"
LINES = (("#009E73", "--"), ("#CC79A7", "-."), ("#6A3D9A", ":"), ("#777777", (0, (5, 1, 1, 1, 1, 1))))
ORDERED = "viridis"
_MOST_NUMBERS = 120  # written into a heat map
_LOG_RATIO = 10.0  # from this ratio of the largest to the smallest value on, a log scale
_FEW_SEEDS = 4  # up to this many, the value of each seed is drawn


def draw_curve(axes: Axes, curve: Curve, findings: Findings) -> None:
    """Draw means with their bands against alpha, baselines across, diverged alphas as crosses."""
    if not all(map(math.isnan, curve.low)):
        axes.fill_between(curve.x, curve.low, curve.high, color=BLUE, alpha=0.25, linewidth=0,
                          label="95 % interval")  # fmt: skip
    axes.plot(curve.x, curve.mean, "o-", color=BLUE, markersize=4, label="soft exponential")
    if 1 < findings.seeds <= _FEW_SEEDS and curve.points:
        axes.plot(*zip(*curve.points, strict=True), ".", color=BLUE, markersize=3, alpha=0.6, label="each seed")
    if curve.best is not None:
        axes.plot(curve.x[curve.best], curve.mean[curve.best], "o", markerfacecolor="none", markeredgecolor="black",
                  markeredgewidth=1.6, markersize=12, zorder=5, label=extreme(findings))  # fmt: skip
    for entry, (colour, dashes) in zip(findings.baselines, itertools.cycle(LINES), strict=False):
        axes.axhline(entry["mean"], color=colour, linestyle=dashes, linewidth=1.8, label=entry["baseline"])
        if not math.isnan(entry["low"]):
            axes.axhspan(entry["low"], entry["high"], color=colour, alpha=0.1, linewidth=0)
    means = curve.mean + [entry["mean"] for entry in findings.baselines]
    bounds = [*curve.low, *curve.high, *(e[end] for e in findings.baselines for end in ("low", "high"))]
    set_scale(axes, means)
    if _cut_off(axes, means, bounds, findings):
        axes.plot([], [], " ", label="(bands go on beyond)")
    if curve.diverged:
        axes.plot(curve.diverged, [1.0] * len(curve.diverged), "x", color="black", clip_on=False,
                  transform=axes.get_xaxis_transform(), label="diverged")  # fmt: skip
    axes.set_xlabel(curve.x_label)
    axes.set_ylabel(in_words(findings.objective))
    axes.legend(edgecolor="none", fontsize="small")
    if not means:
        axes.set_yticks([])
    if curve.x_label == "alpha" and curve.x and not isinstance(findings.alphas[0]["alpha"], complex):
        names = {-1.0: "log x", 0.0: "x", 1.0: "exp x"}
        shown = [at for at in names if min(curve.x) <= at <= max(curve.x)]
        top = axes.secondary_xaxis("top")
        top.set_xticks(shown, [names[at] for at in shown])
        top.tick_params(length=0, colors="0.35")
        top.spines["top"].set_visible(False)


def _cut_off(axes: Axes, means: list[float], bounds: list[float], findings: Findings) -> bool:
    """Show every mean; cut a band that is far wider than the means differ, or goes below what no member was below.

    Student's interval of a few losses can end below zero, where no loss is.
    """
    means = [v for v in means if math.isfinite(v)]
    bounds = [v for v in bounds if math.isfinite(v)]
    if not means:
        return False
    if axes.get_yscale() == "log":
        low, high = axes.get_ylim()
        axes.set_ylim(low := max(low, 0.5 * min(means)), high := min(high, 2.0 * max(means)))
        return any(not low <= v <= high for v in bounds)
    low, high = min(means), max(means)
    room = 0.6 * (high - low) or 0.1 * abs(high) or 1.0
    margin = 0.05 * (high - low)
    bottom = max(min([*bounds, low]), low - room) - margin
    top = min(max([*bounds, high]), high + room) + margin
    if min(itertools.chain(*findings.values.values())) >= 0.0:
        bottom = max(bottom, 0.0)
    axes.set_ylim(bottom, top)
    return any(not bottom <= v <= top for v in bounds)


def draw_differences(axes: Axes, findings: Findings) -> None:
    """Draw how far each rival is from the best alpha, with its interval."""
    rivals = [entry for entry in findings.comparison if not math.isnan(entry["low"])]
    lines = zip(findings.baselines, itertools.cycle(LINES), strict=False)
    colours = {entry["baseline"]: colour for entry, (colour, _) in lines}
    for y, entry in enumerate(rivals):
        colour = colours.get(entry["rival"], BLUE)
        axes.plot([entry["low"], entry["high"]], [y, y], color=colour, linewidth=2)
        axes.plot(entry["difference"], y, "o", color=colour)
        better = "the best alpha is better" if entry["verdict"] == "worse" else f"{entry['rival']} is better"
        says = "cannot tell" if entry["verdict"] == "cannot tell" else better
        axes.annotate(says, (0.5, y), xycoords=("axes fraction", "data"), xytext=(0, 9),
                      textcoords="offset points", ha="center", fontsize="x-small", color="0.3",
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(range(len(rivals)), [entry["rival"] for entry in rivals])
    axes.set_ylim(len(rivals) - 0.5, -0.7)
    axes.margins(x=0.1)
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(4))
    axes.set_xlabel("difference to the best alpha\n(95 % interval)")


def draw_heat_map(figure: Figure, axes: Axes, plane: Plane, findings: Findings) -> None:
    """Draw the means on a grid of two alphas, a column for each baseline beside it."""
    grid = plane.mean
    name = ORDERED if findings.direction == "maximize" else f"{ORDERED}_r"
    colours = matplotlib.colormaps[name].with_extremes(bad="0.85")
    beside = [entry["mean"] for entry in findings.baselines]
    finite = np.array([v for v in (*grid.ravel(), *beside) if math.isfinite(v)])
    norm: Normalize = Normalize()
    if finite.size:
        logarithmic = finite.min() > 0 and finite.max() / finite.min() > _LOG_RATIO
        norm = (LogNorm if logarithmic else Normalize)(finite.min(), finite.max())
    columns, rows = len(plane.first), len(plane.second)
    image = axes.imshow(grid, origin="lower", cmap=colours, aspect="auto", norm=norm)
    bar = figure.colorbar(image, ax=axes, label=f"{in_words(findings.objective)} (grey: diverged or not tried)")
    bar.ax.minorticks_off()

    def write(column: float, row: float, value: float) -> None:
        if math.isfinite(value):
            dark = sum(colours(norm(value))[:3]) < 1.5
            axes.text(column, row, f"{value:.3g}", ha="center", va="center", color="white" if dark else "black",
                      fontsize="small")  # fmt: skip

    if grid.size <= _MOST_NUMBERS:
        for (row, column), value in np.ndenumerate(grid):
            write(column, row, value)
    ticks = [f"{v:.3g}" for v in plane.first]
    at = [float(i) for i in range(columns)]
    for i, entry in enumerate(findings.baselines):  # a column each, apart from the alphas
        column = columns + 0.5 + i
        axes.imshow([[entry["mean"]]], extent=(column - 0.5, column + 0.5, -0.5, rows - 0.5), origin="lower",
                    cmap=colours, norm=norm, aspect="auto")  # fmt: skip
        write(column, (rows - 1) / 2, entry["mean"])
        at.append(column)
        ticks.append(entry["baseline"])
    axes.set_xlim(-0.5, max(at) + 0.5)
    axes.set_ylim(-0.5, rows - 0.5)
    axes.set_xticks(at, ticks, rotation=45)
    axes.set_yticks(range(rows), [f"{v:.3g}" for v in plane.second])
    axes.set(xlabel=plane.names[0] + (", and baselines" if findings.baselines else ""), ylabel=plane.names[1])
    if plane.best:
        axes.add_patch(Rectangle((plane.best[0] - 0.5, plane.best[1] - 0.5), 1, 1, fill=False, edgecolor=ORANGE,
                                 linewidth=3, label=extreme(findings)))  # fmt: skip
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, fontsize="small")


def extreme(findings: Findings) -> str:
    """Name the best alpha for what it is: no winner before it is compared."""
    extreme = "lowest" if findings.direction == "minimize" else "highest"
    return f"{extreme} mean among alphas: {label(findings.best).removeprefix('+')}" if findings.best is not None else ""


def set_scale(axes: Axes, values: list[float]) -> None:
    """Make the scale logarithmic where positive values span more than a decade."""
    finite = [v for v in values if math.isfinite(v)]
    if finite and min(finite) > 0 and max(finite) / min(finite) > _LOG_RATIO:
        axes.set_yscale("log")
