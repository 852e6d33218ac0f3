"""How often the interval of a rival's difference to the best of many alphas covers the truth, and how wide it is.

Run it with `python -m benchmarks.coverage [repetitions]`. It simulates sweeps of 21 alphas and 5 seeds, in which seeds
are common to all alphas and to the rival, and prints for each method the coverage in % and the mean width in standard
deviations of one alpha:

- Student: the paired interval, as if the best alpha had been named beforehand;
- Bonferroni: the same, at 1 - 0.05/21;
- Dunnett: simultaneous for all alphas against the rival, one variance for all (the two-way table without interaction);
- here: `continuum_act.sweep.statistics.difference_to_best`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from scipy.stats import t as student

from continuum_act.sweep.statistics import difference_to_best

ALPHAS, SEEDS = 21, 5
Bounds = tuple[np.ndarray, np.ndarray]

EQUAL = np.ones(ALPHAS)
UNEQUAL = np.geomspace(3.0, 0.3, ALPHAS)  # deviations of the alphas, from the first to the last one
VALLEY = np.linspace(-1.5, 1.5, ALPHAS) ** 2
# correlation of neighbours, deviations of the alphas, deviation of the rival, means of the alphas
SCENARIOS = {
    "independent, equal variances": (0.0, EQUAL, 1.0, 0.0),
    "independent, unequal variances": (0.0, UNEQUAL, 1.0, 0.0),
    "independent, a noisy rival": (0.0, EQUAL, 3.0, 0.0),
    "independent, a quiet rival": (0.0, EQUAL, 0.3, 0.0),
    "correlated, equal variances": (0.9, EQUAL, 1.0, 0.0),
    "correlated, unequal variances": (0.9, UNEQUAL, 1.0, 0.0),
    "correlated, a noisy rival": (0.9, EQUAL, 3.0, 0.0),
    "correlated, a quiet rival": (0.9, EQUAL, 0.3, 0.0),
    "a valley, independent, equal variances": (0.0, EQUAL, 1.0, VALLEY),
    "a valley, correlated, unequal variances": (0.9, UNEQUAL, 1.0, VALLEY),
}


def sweeps(
    scenario: str, repetitions: int, seeds: int = SEEDS, entropy: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return alphas `(repetitions, alphas, seeds)`, the rival `(repetitions, seeds)` and the truth `(repetitions,)`."""
    correlation, deviations, of_rival, means = SCENARIOS[scenario]
    rng = np.random.default_rng(entropy)
    distance = np.abs(np.subtract.outer(range(ALPHAS), range(ALPHAS)))
    root = np.linalg.cholesky(correlation**distance)
    noise = root @ rng.normal(size=(repetitions, ALPHAS, seeds))
    of_seed = 2.0 * rng.normal(size=(repetitions, 1, seeds))
    mean = np.broadcast_to(means, ALPHAS)
    alphas = mean[:, None] + deviations[:, None] * noise + of_seed
    rival = of_rival * rng.normal(size=(repetitions, seeds)) + of_seed[:, 0]
    return alphas, rival, -mean[alphas.mean(axis=2).argmin(axis=1)]


def here(alphas: np.ndarray, rival: np.ndarray) -> Bounds:
    """Return the bounds that a sweep reports."""
    best = alphas[np.arange(len(alphas)), alphas.mean(axis=2).argmin(axis=1)]
    found = [
        difference_to_best(dict(enumerate(r)), dict(enumerate(b)), alphas.shape[1], "minimize")
        for b, r in zip(best.tolist(), rival.tolist(), strict=True)
    ]
    return np.array([f.low for f in found]), np.array([f.high for f in found])


def paired(alphas: np.ndarray, rival: np.ndarray, level: float = 0.95) -> Bounds:
    """Return Student's paired interval."""
    best = alphas[np.arange(len(alphas)), alphas.mean(axis=2).argmin(axis=1)]
    difference = rival - best
    n = difference.shape[1]
    half = student.ppf(0.5 + level / 2, n - 1) * difference.std(axis=1, ddof=1) / np.sqrt(n)
    return difference.mean(axis=1) - half, difference.mean(axis=1) + half


def dunnett(alphas: np.ndarray, rival: np.ndarray) -> Bounds:
    """Return Dunnett's simultaneous interval, with the variance of all rows of the table."""
    table = np.concatenate([alphas, rival[:, None]], axis=1)
    _, rows, n = table.shape
    means = [table.mean(axis=axis, keepdims=True) for axis in (1, 2, (1, 2))]
    freedom = (rows - 1) * (n - 1)
    residual = table - means[0] - means[1] + means[2]
    deviation = np.sqrt((residual**2).sum(axis=(1, 2)) / freedom * 2 / n)
    rng = np.random.default_rng(1)
    z = rng.normal(size=(100_000, rows - 1)) + rng.normal(size=(100_000, 1))
    largest = np.abs(z).max(axis=1) / np.sqrt(2 * rng.chisquare(freedom, 100_000) / freedom)
    difference = rival.mean(axis=1) - alphas.mean(axis=2).min(axis=1)
    half = np.quantile(largest, 0.95) * deviation
    return difference - half, difference + half


METHODS: dict[str, Callable[[np.ndarray, np.ndarray], Bounds]] = {
    "Student": paired,
    "Bonferroni": lambda alphas, rival: paired(alphas, rival, 1 - 0.05 / ALPHAS),
    "Dunnett": dunnett,
    "here": here,
}


def coverage(bounds: Bounds, truth: np.ndarray) -> tuple[float, float]:
    """Return the share of intervals that cover, in %, and their mean width."""
    low, high = bounds
    return 100 * float(np.mean((low <= truth) & (truth <= high))), float(np.mean(high - low))


def main(repetitions: int) -> None:
    """Print the table."""
    print(f"coverage in % / mean width, {ALPHAS} alphas, {SEEDS} seeds, {repetitions} repetitions")
    print("| | " + " | ".join(METHODS) + " |\n| --- |" + " ---: |" * len(METHODS))
    for scenario in SCENARIOS:
        alphas, rival, truth = sweeps(scenario, repetitions)
        cells = ["{:.1f} / {:.2f}".format(*coverage(of(alphas, rival), truth)) for of in METHODS.values()]
        print(f"| {scenario} | {' | '.join(cells)} |", flush=True)
    for seeds in (2, 3, 10, 20):
        alphas, rival, truth = sweeps("independent, equal variances", repetitions, seeds)
        found = ["{:.1f} / {:.2f}".format(*coverage(of(alphas, rival), truth)) for of in METHODS.values()]
        print(f"| independent, equal variances, {seeds} seeds | {' | '.join(found)} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
