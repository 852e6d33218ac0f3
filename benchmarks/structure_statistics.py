"""What `benchmarks.structure` measured: choices of a cell by several rules, and paired comparisons with rivals."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import t as student

from benchmarks.evidence_statistics import LEVEL, Interval
from benchmarks.structure_data import CASES, KNOWN, LAWS, TEST
from benchmarks.structure_training import FIXED, GRID, LEAVES, SCALES, kind_of, label

VALIDATIONS = {"test": "inside", "outside": "outer"}  # the validation that a choice for this test goes by
RIVALS = [*FIXED, "network", "boosting", "linear", "log-log", "scale"]  # "network", "scale": chosen on validation, too
CHOICES = {"network": FIXED, "boosting": [f"boosting {leaf}" for leaf in LEAVES], "scale": SCALES}
CELLS = {kind: [label(alpha) for alpha in alphas] for kind, alphas in GRID.items()}
MEASURES = ["train", "validation_inside", "validation_outer", "test", "outside"]
RULE = "median"
WORST = 1e12  # a mean squared error that is not finite


def _success_rate(losses: np.ndarray) -> np.ndarray:
    """Count the seeds within twice the least loss of all; the median decides between equals."""
    rate = (losses <= 2 * np.nanmin(losses)).mean(axis=1)
    median = np.median(losses, axis=1)
    return -rate + 0.5 * median / (1 + median) / losses.shape[1]


RULES: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # from losses, (cells, seeds), to what shall be least
    "mean": lambda losses: losses.mean(axis=1),
    "median": lambda losses: np.median(losses, axis=1),
    "geometric mean": lambda losses: np.log(losses).mean(axis=1),
    "best seed": lambda losses: losses.min(axis=1),
    "success rate": _success_rate,
}


class Scores(NamedTuple):
    """The fits of one data set and repetition: the row of each model, and errors as models by seeds."""

    rows: dict[str, int]
    fits: dict[str, np.ndarray]

    def choose(self, models: Sequence[str], validation: str, rule: str = RULE) -> str:
        """Return which of the models a rule takes; a loss that is not finite is the worst."""
        losses = self.fits[f"validation_{validation}"][[self.rows[model] for model in models]]
        losses = losses[:, ~np.isnan(losses).all(axis=0)]
        return models[int(np.argmin(RULES[rule](np.where(np.isnan(losses), WORST, losses))))]

    def error(self, model: str, part: str, seed: str = "least training error") -> float:
        """Return the root mean squared error of a model: of one seed, or the geometric mean over all of them."""
        train, test = (self.fits[name][self.rows[model]] for name in ("train", part))
        finite = ~np.isnan(train)
        if not finite.any():
            return math.nan
        test = np.where(np.isnan(test), WORST, test)[finite]
        values = np.sqrt([test[np.argmin(train[finite])]] if seed == "least training error" else test)
        return float(np.exp(np.mean(np.log(values))))


def scores(fits: pd.DataFrame) -> dict[tuple[str, int], Scores]:
    """Return the fits by data set and repetition."""
    keys = ["data", "repetition", "model"]
    seeds = fits.groupby(keys, sort=False).cumcount().rename("k")
    table = fits.set_index([*keys, seeds])[MEASURES].unstack("k")
    found = {}
    for (data, repetition), part in table.groupby(level=["data", "repetition"], sort=False):
        rows = {model: row for row, model in enumerate(part.index.get_level_values("model"))}
        found[str(data), int(repetition)] = Scores(rows, {name: part[name].to_numpy() for name in MEASURES})
    return found


@functools.cache
def law_of(data: str) -> str:
    """Return the law that is known or believed to hold."""
    return CASES[data](0).law


def cells_of(law: str) -> list[str]:
    """Return the names of the grid's cells."""
    return CELLS[kind_of(law)]


def right_cells(law: str) -> list[str]:
    """Return the names of the cells that contain a law."""
    return [label(alpha) for alpha in LAWS[law]]


def neighbours(law: str) -> list[str]:
    """Return the names of those cells and of the ones beside them, one step in either alpha or in both."""
    grid = GRID[kind_of(law)]

    def steps(alpha: complex | tuple[float, float]) -> tuple[float, float]:
        return (alpha.real * 2, alpha.imag) if isinstance(alpha, complex) else (alpha[0] * 2, alpha[1] * 2)

    near = [max(abs(p - q) for p, q in zip(steps(a), steps(b), strict=True)) <= 1 for a in grid for b in LAWS[law]]
    return [label(a) for k, a in enumerate(grid) if any(near[k * len(LAWS[law]) : (k + 1) * len(LAWS[law])])]


def interval(logarithms: Sequence[float], comparisons: int) -> Interval:
    """Return the mean of log ratios with the corrected resampled t-interval of Nadeau and Bengio (2003).

    The variance of the mean is s**2*(1/n + test rows / training rows), as repetitions share most of their rows.
    """
    values = np.asarray(logarithms, "float64")
    n = len(values)
    error = values.std(ddof=1) * math.sqrt(1 / n + TEST / (1 - TEST))
    half, corrected = (student.isf((1 - LEVEL) / 2 / m, n - 1) * error for m in (1, comparisons))
    mean = float(values.mean())
    return Interval(mean, mean - half, mean + half, mean - corrected, mean + corrected)


def rival_error(one: Scores, rival: str, part: str) -> float:
    """Return a rival's error; one that chooses does so by the same validation and rule as the grid."""
    model = one.choose(CHOICES[rival], VALIDATIONS[part]) if rival in CHOICES else rival
    return one.error(model, part)


def differences(fits: pd.DataFrame) -> dict[tuple[str, str, str], Interval]:
    """Return (test part, data, rival) -> log of the chosen cell's error over the rival's, with intervals.

    A rival that does not exist for a data set (a logarithm of negative numbers) is left out.
    """
    of = scores(fits)
    logs: dict[tuple[str, str, str], list[float]] = {}
    for (data, _), one in of.items():
        cells = cells_of(law_of(data))
        for part, validation in VALIDATIONS.items():
            ours = one.error(one.choose(cells, validation), part)
            for rival in RIVALS:
                logs.setdefault((part, data, rival), []).append(math.log(ours / rival_error(one, rival, part)))
    logs = {key: values for key, values in logs.items() if np.isfinite(values).all()}
    return {key: interval(values, len(logs)) for key, values in logs.items()}


def choices(fits: pd.DataFrame, validation: str, rule: str = RULE) -> dict[str, list[str]]:
    """Return the cells that were chosen, one for each repetition, by data set."""
    found: dict[str, list[str]] = {}
    for (data, _), one in scores(fits).items():
        found.setdefault(data, []).append(one.choose(cells_of(law_of(data)), validation, rule))
    return found


def rule_errors(fits: pd.DataFrame, part: str, seed: str) -> pd.DataFrame:
    """Return the mean log error of each rule's choice, data sets by (rule, validation)."""
    rows = []
    for (data, _), one in scores(fits).items():
        cells = cells_of(law_of(data))
        for rule in RULES:
            for validation in VALIDATIONS.values():
                error = math.log(one.error(one.choose(cells, validation, rule), part, seed))
                rows.append({"data": data, "rule": rule, "validation": validation, "error": error})
    table = pd.DataFrame(rows)
    return table.pivot_table(index="data", columns=["rule", "validation"], values="error", sort=False)


def is_known(data: str) -> bool:
    """Return whether the law of a data set is known, not only believed."""
    return data in KNOWN
