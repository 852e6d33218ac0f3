"""Means over seeds, and how the best alpha compares with the others: paired by seed, corrected for its choice."""

from __future__ import annotations

import functools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from continuum_act.population.arguments import Alpha
from continuum_act.sweep.direction import Direction, sign_of
from continuum_act.sweep.rows import Comparison, Interval, Verdict

Values = dict[int, float]  # the objective by seed
Named = TypeVar("Named", bound=Alpha | str)


def interval(values: Iterable[float], level: float = 0.95) -> Interval:
    """Return mean and standard error with Student's interval; NaN where one value says nothing."""
    from scipy.stats import t as student

    array = np.asarray(list(values), dtype=float)
    n = len(array)
    mean = float(array.mean()) if n else math.nan
    if n < 2:
        return Interval(mean, math.nan, math.nan, math.nan)
    error = float(array.std(ddof=1)) / math.sqrt(n)
    half = float(student.ppf(0.5 + level / 2, n - 1)) * error
    return Interval(mean, error, mean - half, mean + half)


def by_seed(rows: Iterable[Mapping[str, Any]], key: str) -> dict[Any, Values]:
    """Return the objective of each complete member, by `key` ("alpha" or "baseline") and seed."""
    found: dict[Any, Values] = {}
    for row in rows:
        of = found.setdefault(row[key], {})
        if row["state"] == "complete":
            of[row["seed"]] = row["objective"]
    return found


def candidates(rows: Sequence[Mapping[str, Any]]) -> dict[Alpha, Values]:
    """Return the alphas that completed for every seed, among which the best one is chosen."""
    incomplete = {row["alpha"] for row in rows if row["state"] != "complete"}
    return {alpha: values for alpha, values in by_seed(rows, "alpha").items() if alpha not in incomplete}


def ranked(alphas: Mapping[Named, Values], direction: Direction) -> list[Named]:
    """Return the alphas, that with the best mean first."""
    sign = sign_of(direction)
    return sorted(alphas, key=lambda alpha: sign * sum(alphas[alpha].values()) / len(alphas[alpha]))


def best_of(alphas: Mapping[Named, Values], direction: Direction) -> Named | None:
    """Return the alpha with the best mean, None if there is none."""
    return next(iter(ranked(alphas, direction)), None)


@functools.lru_cache(maxsize=1024)
def quantiles(alphas: int, freedom: int, level: float = 0.95) -> tuple[float, float]:
    """Return how many standard errors an interval goes towards and away from where the choice of an alpha errs.

    The first is the quantile of the studentized maximum: c with P(max(Z_1, ..., Z_k) / S <= c) = level for independent
    standard normal Z and S**2 ~ chi**2_f / f (K. C. S. Pillai and K. V. Ramachandran, Ann. Math. Stat. 25 (1954) 565).
    For alphas that correlate, with one another or by the rival that all are compared with, it holds all the more
    (D. Slepian, Bell Syst. Tech. J. 41 (1962) 463). The second leaves what the first spends where one alpha is far
    ahead of the others, so that there is no choice. For one alpha both are Student's.

    Example:
        >>> quantiles(1, 4)
        (2.776..., 2.776...)
        >>> quantiles(21, 4)
        (4.84..., 2.20...)
    """
    from scipy.optimize import brentq
    from scipy.stats import chi, norm
    from scipy.stats import t as student

    size = chi(freedom, scale=freedom**-0.5)
    bounds = student.isf([1 - level, (1 - level) / alphas], freedom)  # of one alpha; Bonferroni's
    maximum = bounds[0]
    if alphas > 1:
        maximum = brentq(lambda c: size.expect(lambda s: norm.cdf(c * s) ** alphas) - level, *bounds)
    towards = max(maximum, student.isf((1 - level) / 2, freedom))
    return float(towards), float(student.isf(1 - level - student.sf(towards, freedom), freedom))


def difference_to_best(rival: Values, best: Values, choices: int, direction: Direction) -> Interval:
    """Return the mean difference of a rival to the best alpha, paired by seed, with a 95 % interval.

    The best of many alphas looks better than it is, because it was chosen by the very results that it is judged by.
    So the interval goes farther to the side of a smaller lead: `quantiles` says how many standard errors of the paired
    difference, with n - 1 degrees of freedom. The other side needs no correction (Y. Benjamini, Y. Hechtlinger and
    P. B. Stark, "Confidence intervals for selected parameters", arXiv:1906.00505). Variances of the alphas and of the
    rival need not be equal: of 21 alphas and 5 seeds without a difference, independent or correlated, with equal or
    unequal variances, 95 to 98 % of the intervals cover (`python -m benchmarks.coverage`).

    It covers the choice among the alphas, for each rival by itself: the chance that any of r intervals misses is at
    most r times 5 %. Alphas proposed one after another by a sampler that learns count as if given beforehand.

    Args:
        rival: its objective by seed.
        best: the objective of the best alpha by seed; seeds that one of the two has not are left out.
        choices: among how many alphas it was chosen, the rival not counted.
        direction: "minimize" or "maximize".

    Returns:
        Rival less best alpha: where the objective is minimized, above 0 if the best alpha is better.

    Example:
        >>> best, relu = {0: 0.9, 1: 0.9, 2: 1.0}, {0: 2.0, 1: 2.1, 2: 2.0}
        >>> found = difference_to_best(relu, best, 2, "minimize")
        >>> print(f"{found.mean:.2f} [{found.low:.2f}, {found.high:.2f}]")
        1.10 [0.85, 1.35]
    """
    differences = [rival[seed] - best[seed] for seed in rival if seed in best]
    plain = interval(differences)
    if math.isnan(plain.error):
        return plain
    towards, away = (plain.error * q for q in quantiles(choices, len(differences) - 1))
    below, above = (towards, away) if direction == "minimize" else (away, towards)
    return plain._replace(low=plain.mean - below, high=plain.mean + above)


def summarize(
    rows: Sequence[Mapping[str, Any]], key: str, alphas: Mapping[Any, Values], direction: Direction
) -> list[dict[str, Any]]:
    """Summarize rows by `key` ("alpha" or "baseline"), beside the best of `alphas`; `SweepResult.summary` says how."""
    best = best_of(alphas, direction)
    theirs = alphas[best] if best is not None else {}
    states: dict[Any, Counter[str]] = defaultdict(Counter)
    for row in rows:
        states[row[key]][row["state"]] += 1
    summary = []
    for name, values in by_seed(rows, key).items():
        mean = interval(values.values())
        if key == "alpha" and name == best and best is not None:
            difference = Interval(0.0, 0.0, 0.0, 0.0)
        else:
            choices = len(alphas) - (key == "alpha" and name in alphas)
            difference = difference_to_best(values, theirs, choices, direction)
        summary.append(
            {key: name}
            | {state: states[name][state] for state in ("complete", "diverged", "failed")}
            | dict(zip(("mean", "standard_error", "low", "high"), mean, strict=True))
            | {
                "difference": difference.mean,
                "difference_low": difference.low,
                "difference_high": difference.high,
            }
        )
    return summary


def compare(entry: Mapping[str, Any], rival: str, direction: Direction) -> Comparison:
    """Return what the summary of a baseline, or of alpha = 0, says beside the best alpha."""
    sign = sign_of(direction)
    bounds = sorted((sign * entry["difference_low"], sign * entry["difference_high"]))
    verdict: Verdict = "cannot tell"
    if bounds[0] > 0:
        verdict = "worse"
    elif bounds[1] < 0:
        verdict = "better"
    return {
        "rival": rival,
        "difference": entry["difference"],
        "low": entry["difference_low"],
        "high": entry["difference_high"],
        "verdict": verdict,
    }
