"""The tables and the figure of `benchmarks.depth`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

ALPHAS = [-1.0, -0.6, -0.3, 0.0, 0.3, 0.6, 1.0]
TITLES = {"plain": "no normalization", "gain": "weights by gain", "normalized": "layer normalization"}


def mean_losses(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the mean validation loss over seeds, (data, depth, network, activation); infinite if a seed diverged."""
    losses = frame.assign(loss=frame.validation_loss.fillna(np.inf))
    return losses.groupby(["data", "depth", "network", "activation"], sort=False).loss.mean()


def tables(frame: pd.DataFrame) -> str:
    """Return a table for each data set: mean validation losses, a row for each activation."""
    losses = mean_losses(frame)
    bad = frame.validation_loss.isna().groupby([frame[c] for c in ("data", "depth", "network", "activation")]).sum()
    seeds = frame.seed.nunique()
    parts = []
    for name in frame.data.unique():
        columns = list(
            frame.loc[frame.data == name, ["depth", "network"]].drop_duplicates().itertuples(index=False, name=None)
        )
        lines = [
            "| activation | " + " | ".join(f"{depth}, {network}" for depth, network in columns) + " |",
            "| --- |" + " ---: |" * len(columns),
        ]
        for activation in frame.activation.unique():
            keys = [(name, depth, network, activation) for depth, network in columns]
            cells = [f"{bad[k]} of {seeds} diverged" if bad[k] else f"{losses[k]:.3f}" for k in keys]
            lines.append(f"| {activation} | " + " | ".join(cells) + " |")
        parts.append(f"**{name}**\n\n" + "\n".join(lines))
    return "\n\n".join(parts)


def draw(frame: pd.DataFrame, path: Path) -> None:
    """Draw validation losses over relu's against alpha: a row for each data set, a column for each network."""
    from matplotlib import colormaps
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    losses = mean_losses(frame)
    names, depths = list(frame.data.unique()), sorted(frame.depth.unique())
    networks = [network for network in TITLES if network in set(frame.network)]
    colors = {depth: colormaps["viridis"](0.85 * k / max(1, len(depths) - 1)) for k, depth in enumerate(depths)}
    figure = Figure(figsize=(12, 1.2 + 3.4 * len(names)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(names), len(networks), sharex=True, sharey=True, squeeze=False)
    for row, name in zip(axes, names, strict=True):
        for axis, network in zip(row, networks, strict=True):
            for depth in depths:
                of = losses.loc[name, depth, network]
                for prefix, style in (("formerly ", "--"), ("", "-")):
                    alphas = [alpha for alpha in ALPHAS if f"{prefix}{alpha:g}" in of.index]
                    ratios = of[[f"{prefix}{alpha:g}" for alpha in alphas]] / of["relu"]
                    finite = ratios.replace(np.inf, np.nan)
                    axis.plot(alphas, finite, style, marker="o", markersize=3, color=colors[depth])
            axis.axhline(1, color="0.5", linewidth=1)
            axis.set_yscale("log")
            axis.grid(color="0.93", which="both")
            axis.set_axisbelow(True)
            axis.set_title(f"{name}: {TITLES[network]}", fontsize=11)
        row[0].set_ylabel("validation loss / relu's")
    for axis in axes[-1]:
        axis.set_xlabel("alpha")
    handles = [Line2D([], [], color=colors[depth], label=f"{depth} hidden layers") for depth in depths]
    handles += [
        Line2D([], [], color="0.2", linestyle="-", label="bounded: slope ≤ 3 on both sides"),
        Line2D([], [], color="0.2", linestyle="--", label="formerly: slope ≤ 10 below, unbounded above"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, frameon=False)
    figure.savefig(path, dpi=110)
