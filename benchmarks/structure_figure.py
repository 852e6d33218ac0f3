"""The figure of `benchmarks.structure`: a heat map for each data set."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.structure_statistics import cells_of, choices, is_known, law_of, right_cells
from benchmarks.structure_training import STEP

COLUMNS = 5
WHITE_BELOW = 0.5


def losses(fits: pd.DataFrame, data: str, measure: str = "validation_outer") -> np.ndarray:
    """Return the median error over repetitions and seeds, alpha_2 (or the imaginary part) by rows from the least."""
    part = fits[fits.data == data].fillna({measure: np.inf})
    median = part.groupby("model")[measure].median()
    return np.sqrt(median[cells_of(law_of(data))].to_numpy()).reshape(len(STEP), -1).T


def draw(fits: pd.DataFrame, path: Path) -> None:
    """Draw the error on the outer validation part over the grid, the law's cells framed, the choices as dots."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    names = list(fits.data.unique())
    chosen = {v: choices(fits, v) for v in ("outer", "inside")}
    repetitions = fits.repetition.nunique()
    rows = -(-len(names) // COLUMNS)
    figure = Figure(figsize=(2.55 * COLUMNS, 2.6 * rows + 1), layout="constrained")
    FigureCanvasAgg(figure)
    axes = np.ravel(figure.subplots(rows, COLUMNS, squeeze=False))
    for axis in axes[len(names) :]:
        axis.set_axis_off()
    for axis, name in zip(axes, names, strict=False):
        law, grid = law_of(name), losses(fits, name)
        relative = np.log10(grid / grid.min())
        image = axis.imshow(np.clip(relative, 0, 1.5), origin="lower", cmap="viridis_r", vmin=0, vmax=1.5)
        cells = cells_of(law)
        for k, cell in enumerate(cells):
            column, row = divmod(k, len(STEP))
            shade = "white" if relative[row, column] > WHITE_BELOW else "black"
            if cell in right_cells(law):
                box = Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, fill=False, color="#D55E00", linewidth=2.2)
                axis.add_patch(box)
            for validation, marker in (("outer", "o"), ("inside", "x")):
                if count := Counter(chosen[validation][name])[cell]:
                    size = 7 * 0.9 * (count / repetitions) ** 0.5 + 2.5
                    face = shade if marker == "x" else "none"
                    axis.plot(column, row, marker, color=shade, markersize=size, markerfacecolor=face)
        axis.set_xticks(range(len(STEP)), [f"{a:g}" for a in STEP], fontsize=7)
        axis.set_yticks(range(len(STEP)), [f"{a:g}" for a in (range(5) if law == "sinusoid" else STEP)], fontsize=7)
        axis.set_title(f"{name}\n{'known' if is_known(name) else 'believed'}: {law}", fontsize=9)
        axis.set_xlabel("Re alpha" if law == "sinusoid" else "alpha_1", fontsize=8, labelpad=1)
        axis.set_ylabel("Im alpha" if law == "sinusoid" else "alpha_2", fontsize=8, labelpad=1)
    bar = figure.colorbar(image, ax=axes.tolist(), shrink=0.5, pad=0.01, ticks=[0, 0.5, 1, 1.5])
    bar.ax.set_yticklabels(["1", "3", "10", "≥ 32"])
    bar.set_label("error on the outer validation part,\nover the least of the grid (median over seeds)", fontsize=8)
    marks = {
        "cell that contains the law": ("s", "#D55E00"),
        "chosen by outer validation (size: how often)": ("o", "black"),
        "chosen by inside validation": ("x", "black"),
    }
    handles = [
        Line2D([], [], linestyle="", marker=marker, color=color, markerfacecolor="none", label=text)
        for text, (marker, color) in marks.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    figure.savefig(path, dpi=100)
