"""Pictures: the objective against alpha, learning curves, the activations themselves."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

try:
    import matplotlib
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
except ImportError as error:
    raise ImportError("figures need matplotlib: pip install 'continuum-act[plot]'") from error

from continuum_act.functions.complex_soft_exponential import complex_soft_exponential
from continuum_act.functions.soft_exponential import soft_exponential
from continuum_act.report.curves import Curve, Plane, curve_of, mean_history, plane_of, positions, x_label

if TYPE_CHECKING:
    from continuum_act.sweep.result import SweepResult

# Okabe and Ito's colours: told apart by the colour-blind; dashes and markers tell them apart in grey.
_BLUE, _ORANGE, _GREEN, _PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
_LINES = ((_ORANGE, "--"), (_GREEN, "-."), (_PURPLE, ":"), ("black", (0, (5, 1, 1, 1, 1, 1))))
_OF_ALPHA = "viridis"
_MOST_NUMBERS = 120  # written into a heat map
_LOG_RATIO = 10.0  # from this ratio of the largest to the smallest value on, a log scale


def plot_sweep(result: SweepResult, path: str | Path) -> Path:
    """Draw the objective against alpha with its 95 % band, baselines as lines, diverged alphas as crosses.

    Two alphas (one per layer, or real and imaginary part) make a heat map of the mean.
    """
    plane = plane_of(result)
    figure, axes = _new_figure()
    if plane:
        _draw_heat_map(figure, axes, plane, result)
    else:
        _draw_curve(axes, curve_of(result), result)
    seeds = len(result.made_with["arguments"]["seeds"]) if result.made_with else "?"
    axes.set_title(f"{result.study_name}: {_name(result)}, mean over {seeds} seeds")
    return _write(figure, path)


def plot_learning_curves(result: SweepResult, path: str | Path) -> Path:
    """Draw the objective's name per epoch, a line per alpha (mean over seeds), coloured by alpha."""
    alphas = list(dict.fromkeys(row["alpha"] for row in result.rows if row["state"] == "complete"))
    position = positions(alphas)
    figure, axes = _new_figure()
    norm = matplotlib.colors.Normalize(min(position, default=0.0), max(position, default=1.0))
    for alpha, at in zip(alphas, position, strict=True):
        mean = mean_history(result, alpha)
        axes.plot(range(1, len(mean) + 1), mean, color=matplotlib.colormaps[_OF_ALPHA](norm(at)), linewidth=1.2)
    for name, (colour, dashes) in zip(_baseline_names(result), _LINES, strict=False):
        mean = mean_history(result, name)
        axes.plot(range(1, len(mean) + 1), mean, color=colour, linestyle=dashes, linewidth=2, label=name)
    if _baseline_names(result):
        axes.legend(frameon=False, title="baseline")
    _set_scale(axes, [v for line in axes.lines for v in np.asarray(line.get_ydata(), float)])
    axes.set_xlabel("epoch")
    axes.set_ylabel(_name(result))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_title(f"{result.study_name}: learning curves")
    bar = figure.colorbar(matplotlib.cm.ScalarMappable(norm, _OF_ALPHA), ax=axes, label=x_label(alphas))
    bar.ax.minorticks_off()
    return _write(figure, path)


def plot_activations(alphas: list[Any], kind: str, path: str | Path) -> Path:
    """Draw f(alpha, x) over x for each alpha; `kind` "complex" draws real and imaginary part side by side."""
    x = np.linspace(-4.0, 4.0, 801)
    position = positions(alphas)
    norm = matplotlib.colors.Normalize(min(position), max(position) if max(position) > min(position) else None)
    figure, panels = _new_figure(columns=2 if kind == "complex" else 1, height=4.6)
    for alpha, at in zip(alphas, position, strict=True):
        if kind == "complex":
            parts = complex_soft_exponential(x, complex(alpha), join="list")
        else:
            parts = [soft_exponential(x, alpha)]
        for axes, part in zip(np.atleast_1d(panels), parts, strict=True):
            values = np.asarray(part)
            y = np.where(np.abs(values) < 20, values, np.nan)
            axes.plot(x, y, color=matplotlib.colormaps[_OF_ALPHA](norm(at)), linewidth=1.4)
    names = ("real part", "imaginary part") if kind == "complex" else ("soft exponential f(alpha, x)",)
    for axes, name in zip(np.atleast_1d(panels), names, strict=True):
        axes.set(xlim=(-4, 4), ylim=(-4, 6), xlabel="x", ylabel=name)
        axes.axhline(0, color="0.7", linewidth=0.8, zorder=0)
        axes.axvline(0, color="0.7", linewidth=0.8, zorder=0)
    figure.suptitle("complex soft exponential" if kind == "complex" else "soft exponential")
    bar = matplotlib.cm.ScalarMappable(norm, _OF_ALPHA)
    figure.colorbar(bar, ax=panels, label=x_label(alphas), pad=0.02)
    return _write(figure, path)


def _new_figure(columns: int = 1, height: float = 4.8) -> tuple[Figure, Any]:
    figure = Figure(figsize=(7.6 if columns == 1 else 11.0, height), layout="constrained", dpi=150)
    panels = figure.subplots(1, columns)
    for axes in np.atleast_1d(panels):
        axes.spines[["top", "right"]].set_visible(False)
    return figure, panels


def _write(figure: Figure, path: str | Path) -> Path:
    path = Path(path)
    supported = figure.canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in supported:
        raise ValueError(f"cannot draw to {path}: its ending must be one of {', '.join(sorted(supported))}.")
    figure.savefig(path)
    return path


def _draw_curve(axes: Axes, curve: Curve, result: SweepResult) -> None:
    if not all(map(math.isnan, curve.low)):
        axes.fill_between(curve.x, curve.low, curve.high, color=_BLUE, alpha=0.25, linewidth=0,
                          label="95 % interval")  # fmt: skip
    axes.plot(curve.x, curve.mean, "o-", color=_BLUE, markersize=4, label="soft exponential")
    if curve.mean:
        better = min if result.direction == "minimize" else max
        best = curve.mean.index(better(curve.mean))
        axes.plot(curve.x[best], curve.mean[best], "*", color="black", markersize=14, zorder=5,
                  label=f"best: alpha = {curve.x[best]:.3g}")  # fmt: skip
    for entry, (colour, dashes) in zip(result.baseline_summary, _LINES, strict=False):
        axes.axhline(
            entry["mean"],
            color=colour,
            linestyle=dashes,
            linewidth=1.8,
            label=f"baseline {entry['baseline']}",
        )
    means = curve.mean + [e["mean"] for e in result.baseline_summary]
    _set_scale(axes, means)
    _set_limits(axes, means, curve)
    if curve.diverged:
        axes.plot(curve.diverged, [1.0] * len(curve.diverged), "x", color="black", clip_on=False,
                  transform=axes.get_xaxis_transform(), label="diverged")  # fmt: skip
    axes.set_xlabel(curve.x_label)
    axes.set_ylabel(_name(result))
    axes.legend(frameon=False, fontsize="small")
    if curve.x_label == "alpha" and curve.x and not isinstance(result.rows[0]["alpha"], complex):
        names = {-1.0: "log x", 0.0: "x", 1.0: "exp x"}
        shown = [at for at in names if min(curve.x) <= at <= max(curve.x)]
        top = axes.secondary_xaxis("top")
        top.set_xticks(shown, [names[at] for at in shown])
        top.tick_params(length=0, colors="0.35")
        top.spines["top"].set_visible(False)


def _set_limits(axes: Axes, means: list[float], curve: Curve) -> None:
    """Show every mean; a band that is far wider than the means differ is cut off."""
    means = [v for v in means if math.isfinite(v)]
    if not means or axes.get_yscale() == "log":
        return
    low, high = min(means), max(means)
    room = 0.6 * (high - low) or 0.1 * abs(high) or 1.0
    bounds = [v for v in (*curve.low, *curve.high, low, high) if math.isfinite(v)]
    margin = 0.05 * (high - low)
    axes.set_ylim(max(min(bounds), low - room) - margin, min(max(bounds), high + room) + margin)


def _draw_heat_map(figure: Figure, axes: Axes, plane: Plane, result: SweepResult) -> None:
    grid = plane.mean
    name = _OF_ALPHA if result.direction == "maximize" else f"{_OF_ALPHA}_r"
    colours = matplotlib.colormaps[name].with_extremes(bad="0.85")
    finite = grid[np.isfinite(grid)]
    logarithmic = finite.size > 0 and finite.min() > 0 and finite.max() / finite.min() > _LOG_RATIO
    image = axes.imshow(grid, origin="lower", cmap=colours, aspect="auto", norm="log" if logarithmic else None)
    if grid.size <= _MOST_NUMBERS:
        for (row, column), value in np.ndenumerate(grid):
            if math.isfinite(value):
                dark = sum(image.cmap(image.norm(value))[:3]) < 1.5
                axes.text(column, row, f"{value:.3g}", ha="center", va="center", color="white" if dark else "black")
    axes.set_xticks(range(len(plane.first)), [f"{v:.3g}" for v in plane.first], rotation=45)
    axes.set_yticks(range(len(plane.second)), [f"{v:.3g}" for v in plane.second])
    axes.set(xlabel=plane.names[0], ylabel=plane.names[1])
    figure.colorbar(image, ax=axes, label=f"{_name(result)} (grey: diverged or not tried)")


def _name(result: SweepResult) -> str:
    return result.objective.replace("val_", "validation ").replace("_", " ")


def _set_scale(axes: Axes, values: list[float]) -> None:
    finite = [v for v in values if math.isfinite(v)]
    if finite and min(finite) > 0 and max(finite) / min(finite) > _LOG_RATIO:
        axes.set_yscale("log")


def _baseline_names(result: SweepResult) -> list[str]:
    return list(dict.fromkeys(row["baseline"] for row in result.baselines))
