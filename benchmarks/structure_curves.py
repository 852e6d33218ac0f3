"""Do laws need the curve itself? The grid of `benchmarks.structure` with several slopes, and without a bound.

    KERAS_BACKEND=jax python -m benchmarks.structure_curves

Four data sets and repetitions that `benchmarks.structure` does not report. Of the cells that contain the law: how many
seeds fit as well as the best seed of all curves does (within twice its training error), and the error outside the
range over the least of all curves, as geometric mean over the members that have a finite error and as median over all
of them; of the whole grid, and of the law's cells: how many members have a finite error. Rule, stated before the
run: the slope is that of the least mean error outside; the first of those within 5 % of it.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd

from benchmarks.evidence_statistics import markdown
from benchmarks.structure_data import CASES, LAWS, split
from benchmarks.structure_training import GRID, SEEDS, Curve, Trainer

SLOPES = (3.0, 10.0, 100.0, 1000.0, None)  # None: the curve itself
NAMES = ("growth", "logarithm", "mammals", "nuclei")
REPETITIONS = (100, 101)


def errors(slope: float | None) -> pd.DataFrame:
    """Return the root mean squared errors of each member, in training and outside."""
    trainer, rows = Trainer(Curve(slope)), []
    for name in NAMES:
        for repetition in REPETITIONS:
            case = CASES[name](repetition)
            parts = split(case, repetition)
            squares = (trainer.network("real", case, parts, parts.inner, repetition) - case.y[:, None]) ** 2
            train, outside = (np.sqrt(squares[part].mean(axis=0)) for part in (parts.inner, parts.outside))
            right = [alpha in LAWS[case.law] for alpha in GRID["real"]] * SEEDS
            of = {"slope": str(slope), "data": name, "repetition": repetition}
            rows.append(pd.DataFrame({**of, "right": right, "train": train, "outside": outside}))
    return pd.concat(rows)


def table(found: pd.DataFrame) -> str:
    """Return the table of all slopes."""
    finite = np.isfinite(found.train) & np.isfinite(found.outside)
    right = found[found.right & finite]
    groups = right.groupby(["data", "repetition"])
    fits = right.train < 2 * groups.train.transform("min")
    rows = []
    for slope in map(str, SLOPES):
        of, all_right = right.slope == slope, (found.right & (found.slope == slope)).sum()
        row = [
            "none (strict)" if slope == "None" else f"{float(slope):g}",
            f"{100 * finite[found.slope == slope].mean():.0f} %",
            f"{100 * of.sum() / all_right:.0f} %",
            f"{100 * (fits & of).sum() / all_right:.0f} %",
        ]
        for name in NAMES:
            ratio = (right.outside / groups.outside.transform("min"))[of & (right.data == name)]
            row.append(f"{np.exp(np.log(ratio).mean()):.2f}")
        ratio = (right.outside / groups.outside.transform("min"))[of]
        lost = np.full(all_right - len(ratio), np.inf)
        rows.append([*row, f"{np.exp(np.log(ratio).mean()):.2f}", f"{np.median([*ratio, *lost]):.2f}"])
    header = ["max_slope", "finite", "law's cells finite", "fit the law", *NAMES, "all", "median"]
    return markdown(header, rows)


def main() -> None:
    """Print the table."""
    print(table(pd.concat([errors(slope) for slope in SLOPES], ignore_index=True)))


if __name__ == "__main__":
    main()
