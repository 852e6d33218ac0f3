"""Pictures: the objective against alpha, learning curves, the activations themselves."""

from __future__ import annotations

import itertools
import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

try:
    import matplotlib
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
    from matplotlib.figure import Figure
except ImportError as error:
    raise ImportError("figures need matplotlib: pip install 'continuum-act[plot]'") from error

from continuum_act.functions.complex_soft_exponential import complex_soft_exponential
from continuum_act.functions.soft_exponential import soft_exponential
from continuum_act.report.curves import curve_of, mean_history, plane_of, positions, x_label
from continuum_act.report.panels import (
    BLUE,
    LINES,
    ORANGE,
    ORDERED,
    draw_curve,
    draw_differences,
    draw_heat_map,
    extreme,
    set_scale,
)
from continuum_act.sweep.rows import Findings, in_words

# from alpha < 0 (blue) by alpha = 0 (black, seen on white) to alpha > 0 (red)
_AROUND_ZERO = LinearSegmentedColormap.from_list("alpha", ["#7CC8F5", BLUE, "#101010", ORANGE, "#FFB000"])


def plot_sweep(findings: Findings, path: str | Path) -> Path:
    """Draw the objective against alpha and the baselines, with 95 % bands, and how rivals differ from the best alpha.

    Two alphas (one per layer, or real and imaginary part) make a heat map of the mean, with the baselines beside it.
    The verdict stands below.
    """
    plane = plane_of(findings)
    rivals = [entry for entry in findings.comparison if not math.isnan(entry["low"])]
    figure, panels = _new_figure([5.2, 1.9] if rivals else [5.2], height=5.2)
    if plane:
        draw_heat_map(figure, panels[0], plane, findings)
    else:
        draw_curve(panels[0], curve_of(findings), findings)
    if rivals:
        draw_differences(panels[1], findings)
    seeds = f"mean over {findings.seeds} seeds" if findings.seeds > 1 else "one seed"
    _write_around(figure, f"Which alpha? {_capital(in_words(findings.objective))}, {seeds}", findings.verdict)
    return _write(figure, path)


def plot_learning_curves(findings: Findings, path: str | Path) -> Path:
    """Draw the objective per epoch, a line per alpha (mean over seeds), coloured by alpha, the best one in black."""
    alphas = [entry["alpha"] for entry in findings.alphas if entry["complete"]]
    position = positions(alphas)
    figure, (axes,) = _new_figure([7.0], height=5.0)
    colours, norm = _colours(position, alphas)
    for alpha, at in zip(alphas, position, strict=True):
        mean = mean_history(findings, alpha)
        axes.plot(range(1, len(mean) + 1), mean, color=colours(norm(at)), linewidth=1.2)
    for entry, (colour, dashes) in zip(findings.baselines, itertools.cycle(LINES), strict=False):
        mean = mean_history(findings, entry["baseline"])
        axes.plot(range(1, len(mean) + 1), mean, color=colour, linestyle=dashes, linewidth=2, label=entry["baseline"])
    if findings.best is not None:
        mean = mean_history(findings, findings.best)
        every = max(1, len(mean) // 10)
        axes.plot(range(1, len(mean) + 1), mean, "o-", color=colours(norm(position[alphas.index(findings.best)])),
                  markeredgecolor="black", markersize=5, markevery=every, linewidth=2.5,
                  label=extreme(findings))  # fmt: skip
    if axes.get_legend_handles_labels()[0]:
        axes.legend(edgecolor="none", fontsize="small")
    set_scale(axes, [v for line in axes.lines for v in np.asarray(line.get_ydata(), float)])
    axes.set_xlabel("epoch")
    axes.set_ylabel(in_words(findings.objective))
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
    _draw_scale(figure, axes, colours, norm, position, alphas)
    over = f"mean over {findings.seeds} seeds" if findings.seeds > 1 else "one seed"
    _write_around(figure, f"{_capital(in_words(findings.objective))} per epoch, {over}", "")
    return _write(figure, path)


def plot_activations(alphas: list[Any], kind: str, path: str | Path) -> Path:
    """Draw f(alpha, x) over x for each alpha; `kind` "complex" draws real and imaginary part side by side."""
    x = np.linspace(-4.0, 4.0, 801)
    position = positions(alphas)
    colours, norm = _colours(position, alphas)
    figure, panels = _new_figure([5.0, 5.0] if kind == "complex" else [7.0], height=4.6)
    for alpha, at in zip(alphas, position, strict=True):
        if kind == "complex":
            parts = complex_soft_exponential(x, complex(alpha), join="list")
        else:
            parts = [soft_exponential(x, alpha)]
        for axes, part in zip(panels, parts, strict=True):
            values = np.asarray(part)
            y = np.where(np.abs(values) < 20, values, np.nan)
            axes.plot(x, y, color=colours(norm(at)), linewidth=1.4)
    names = ("real part", "imaginary part") if kind == "complex" else ("soft exponential f(alpha, x)",)
    for axes, name in zip(panels, names, strict=True):
        axes.set(xlim=(-4, 4), ylim=(-4, 6), xlabel="x", ylabel=name)
        axes.axhline(0, color="0.7", linewidth=0.8, zorder=0)
        axes.axvline(0, color="0.7", linewidth=0.8, zorder=0)
    figure.suptitle("complex soft exponential" if kind == "complex" else "soft exponential")
    _draw_scale(figure, panels, colours, norm, position, alphas)
    return _write(figure, path)


def _new_figure(widths: Sequence[float], height: float) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(sum(widths) + 2.0 * (len(widths) > 1) + 0.6, height), layout="constrained", dpi=130)
    panels = np.atleast_1d(figure.subplots(1, len(widths), width_ratios=list(widths)))
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
    return figure, list(panels)


def _write_around(figure: Figure, title: str, below: str) -> None:
    figure.suptitle(title)
    if below:
        wide = int(figure.get_size_inches()[0] * 16)  # letters of this size per inch
        figure.supxlabel(textwrap.fill(below, wide, break_on_hyphens=False), fontsize="small", x=0.01, ha="left")


def _write(figure: Figure, path: str | Path) -> Path:
    path = Path(path)
    supported = figure.canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in supported:
        raise ValueError(f"cannot draw to {path}: its ending must be one of {', '.join(sorted(supported))}.")
    figure.savefig(path)
    return path


def _colours(position: list[float], alphas: list[Any]) -> tuple[Colormap, Normalize]:
    """Return a colour map that diverges around alpha = 0; an ordered one where alphas are placed by their number."""
    if any(isinstance(alpha, tuple) for alpha in alphas):
        return matplotlib.colormaps[ORDERED], Normalize(min(position), max(position))
    most = max(map(abs, position), default=0.0) or 1.0
    return _AROUND_ZERO, Normalize(-most, most)


def _draw_scale(
    figure: Figure, axes: Any, colours: Colormap, norm: Normalize, position: list[float], alphas: list[Any]
) -> None:
    """Draw the colours of the alphas, from the least to the greatest one."""
    bar = figure.colorbar(matplotlib.cm.ScalarMappable(norm, colours), ax=axes, label=x_label(alphas), pad=0.02)
    if position and min(position) < max(position):
        bar.ax.set_ylim(min(position), max(position))
    bar.ax.minorticks_off()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
