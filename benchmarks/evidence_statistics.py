"""From the scores of `benchmarks.evidence` to its tables: nested selection, paired corrected intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import t as student

from benchmarks.evidence_data import HELD_OUT
from benchmarks.evidence_training import ALPHAS, BASELINES, FIXED, SWEPT, members

CONTINUUM = list(map(str, ALPHAS))
CHOICES = {  # each of these is, in every repetition, the one of its networks with the least validation loss
    "continuum": CONTINUUM,
    "chosen": FIXED,
    **{f"swept {family}": list(members(family)) for family in SWEPT},
}
RIVALS = [*BASELINES, *list(CHOICES)[1:]]
LEVEL = 0.95


def rivals(fits: pd.DataFrame) -> list[str]:
    """Return the rivals that these fits have."""
    return [name for name in RIVALS if set(CHOICES.get(name, [name])) <= set(fits.model)]


class Interval(NamedTuple):
    """A mean difference, its interval by itself, and that corrected for the number of comparisons."""

    mean: float
    low: float
    high: float
    corrected_low: float
    corrected_high: float

    @property
    def sign(self) -> int:
        """Return on which side of zero the corrected interval is; 0 if it spans zero."""
        return _side(self.corrected_low, self.corrected_high)


def _side(low: float, high: float) -> int:
    return int(low > 0) - int(high < 0)


def interval(differences: Sequence[float], comparisons: int) -> Interval:
    """Return the corrected resampled t-interval of Nadeau and Bengio (2003), with and without Bonferroni's level.

    The repetitions' training sets overlap, so the variance of the mean is more than s**2/n; it is estimated by
    s**2 * (1/n + test rows / training rows).
    """
    values = np.asarray(differences, "float64")
    mean = float(values.mean())
    if not np.isfinite(values).all():
        return Interval(*[mean] * 5)
    n = len(values)
    error = values.std(ddof=1) * math.sqrt(1 / n + HELD_OUT / (1 - 2 * HELD_OUT))
    half, corrected = (student.isf((1 - LEVEL) / 2 / m, n - 1) * error for m in (1, comparisons))
    return Interval(mean, mean - half, mean + half, mean - corrected, mean + corrected)


def choose(fits: pd.DataFrame, candidates: Sequence[str]) -> pd.DataFrame:
    """Return, for each data set and repetition, the fit that has the least validation loss and did not diverge."""
    finite = fits[fits.model.isin(candidates) & fits.loss.notna() & fits.validation_loss.notna()]
    return finite.loc[finite.groupby(["data", "repetition"], sort=False).validation_loss.idxmin()]


def scores_on_test(fits: pd.DataFrame) -> pd.DataFrame:
    """Return the test scores of "continuum", each rival and "0.0" (the identity), one row each per repetition.

    `error` is the cross-entropy of a classification and the root mean squared error of a regression, in standard
    deviations of the training targets; a test loss that is not finite counts as infinite.
    """
    names = [name for name in CHOICES if name in ["continuum", *rivals(fits)]]
    chosen = [choose(fits, CHOICES[name]).assign(model=name) for name in names]
    scores = pd.concat([*chosen, fits[fits.model.isin([*BASELINES, "0.0"])]])
    loss = scores.test_loss.fillna(np.inf)
    scores["error"] = np.where(scores.test_accuracy.isna(), np.sqrt(loss), loss)
    return scores.set_index(["data", "model", "repetition"])[["error", "test_accuracy"]].sort_index()


def differences(fits: pd.DataFrame) -> dict[tuple[str, str, str], Interval]:
    """Return the interval of each comparison: (measure, data set, rival) -> continuum less rival.

    The measure "error" is in % of the rival's mean error, "accuracy" in percentage points.
    """
    scores = scores_on_test(fits)
    pairs = {}
    for data in fits.data.unique():
        table = scores.loc[data]
        ours = table.loc["continuum"]
        for rival in rivals(fits):
            theirs = table.loc[rival].loc[ours.index]
            pairs["error", data, rival] = 100 * (ours.error - theirs.error) / theirs.error.mean()
            if ours.test_accuracy.notna().all():
                pairs["accuracy", data, rival] = 100 * (ours.test_accuracy - theirs.test_accuracy)
    return {key: interval(values, len(pairs)) for key, values in pairs.items()}


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table, its first column to the left and the others to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def report(fits: pd.DataFrame) -> str:
    """Return the tables of one network."""
    found = differences(fits)
    scores = scores_on_test(fits).groupby(["data", "model"]).mean()
    names = list(fits.data.unique())
    classes = [name for name in names if ("accuracy", name, "relu") in found]
    against_whom = rivals(fits)
    models = ["continuum", *against_whom, "0.0"]
    header = ["data", "continuum", *against_whom, "alpha = 0"]

    def change(entry: Interval) -> str:
        text = f"{entry.mean:+.1f} [{entry.corrected_low:+.1f}, {entry.corrected_high:+.1f}]"
        return text if entry.sign == 0 else f"**{text}**"

    def against(measure: str, rows: list[str]) -> str:
        cells = [[n, *(change(found[measure, n, rival]) for rival in against_whom)] for n in rows]
        return markdown(["data", *against_whom], cells)

    def count(measure: str, rival: str, better: int) -> list[str]:
        entries = [e for (m, _, r), e in found.items() if (m, r) == (measure, rival)]
        corrected = [better * _side(e.corrected_low, e.corrected_high) for e in entries]
        alone = [better * _side(e.low, e.high) for e in entries]
        means = sum(better * e.mean > 0 for e in entries)
        triples = [f"{signs.count(1)} / {signs.count(0)} / {signs.count(-1)}" for signs in (corrected, alone)]
        return [*triples, f"{means} of {len(entries)}"]

    counts = [[rival, *count("error", rival, -1), *count("accuracy", rival, 1)] for rival in against_whom]
    sections = {
        "Wins / ties / losses": markdown(
            [
                "continuum against",
                *("error", "each at 95 % alone", "better on average"),
                *("accuracy", "each at 95 % alone", "better on average"),
            ],
            counts,
        ),
        "Error, difference in %": against("error", names),
        "Accuracy, difference in percentage points": against("accuracy", classes),
        "Mean test error": markdown(
            header, [[n, *(f"{scores.loc[(n, m), 'error']:.4f}" for m in models)] for n in names]
        ),
        "Mean test accuracy in %": markdown(
            header, [[n, *(f"{100 * scores.loc[(n, m), 'test_accuracy']:.2f}" for m in models)] for n in classes]
        ),
        "How often each alpha was chosen": _choices(fits, CONTINUUM, CONTINUUM),
    }
    for family, parameter in (("elu", "alpha"), ("leaky_relu", "slope")):
        if f"swept {family}" in against_whom:
            header = [f"{value:g}" for value in SWEPT[family]]
            title = f"How often each {parameter} of {family} was chosen"
            sections[title] = _choices(fits, CHOICES[f"swept {family}"], header)
    note = f"Corrected for {len(found)} comparisons; {_repetitions(fits)}."
    return "\n\n".join([note, *(f"**{title}**\n\n{table}" for title, table in sections.items())])


def _repetitions(fits: pd.DataFrame) -> str:
    """Return how many repetitions there are, and which data sets have fewer."""
    counts = fits.groupby("data", sort=False).repetition.nunique()
    fewer = [f"{name} {count}" for name, count in counts.items() if count < counts.max()]
    return f"{counts.max()} repetitions" + (f" ({', '.join(fewer)})" if fewer else "")


def _choices(fits: pd.DataFrame, candidates: Sequence[str], header: Sequence[str]) -> str:
    """Return a table: for each data set, how often each candidate was chosen, and how many fits diverged."""
    chosen = choose(fits, candidates)
    diverged = fits[fits.loss.isna() | fits.validation_loss.isna()]
    rows = []
    for name in fits.data.unique():
        counts = chosen[chosen.data == name].model.value_counts()
        bad = diverged[diverged.data == name].model
        of_candidates = int(bad.isin(candidates).sum())
        cells = [str(counts.get(c, "")) for c in candidates]
        rows.append([name, *cells, str(of_candidates), str(len(bad) - of_candidates)])
    return markdown(["data", *header, "diverged", "others diverged"], rows)
