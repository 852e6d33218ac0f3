"""Which `max_slope`: validation losses of 2, 3, 5 and 10, `python -m benchmarks.max_slope`.

Rule, stated before the run: for each slope, the validation loss relative to relu's is averaged (geometric mean) over
data sets, alphas and seeds. The default 3 is kept unless another slope is better by more than 2 % there, and the data
can tell: the 95 % interval (Student's t, paired, over the data sets) of its ratio to slope 3 excludes 1. A slope with a
loss that is not finite is out.

The nine sets of `benchmarks.evidence_data` with fewer than 10,000 rows, alpha = -1, -0.5, 0.5, 1, four seeds, the
network of the evidence (two hidden layers with layer normalization) and a third of its epochs. Test parts are not
looked at.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

import continuum_act as ca
from benchmarks import evidence_data as data
from benchmarks.evidence_training import network

SLOPES = (2.0, 3.0, 5.0, 10.0)
ALPHAS = (-1.0, -0.5, 0.5, 1.0)
SETS = ("wine", "breast_cancer", "digits", "cells", "credit", "diabetes", "concrete", "ames", "nox")
SEEDS = (0, 1, 2, 3)


def losses(name: str, activation, alphas) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Return the validation loss of each alpha and seed, (alphas, seeds)."""
    table, (epochs, size) = data.load(name), data.LOADERS[name][2]
    parts = data.split(table, 0)
    (x, y), validation = parts.train, parts.validation
    population = ca.Population(
        lambda alpha: network(x.shape[1], table.classes, True, lambda: activation(alpha)), list(alphas), list(SEEDS)
    )
    population.fit(x, y, batch_size=size, epochs=max(1, epochs // 3), verbose=0)
    population.evaluate(*validation, batch_size=len(validation[0]), verbose=0)
    return np.reshape(population.member_results["loss"], (len(alphas), -1))


def main() -> None:
    """Print the table."""
    import keras
    from scipy import stats

    print("| set | " + " | ".join(f"{slope:g}" for slope in SLOPES) + " |")
    print("| --- |" + " ---: |" * len(SLOPES))
    logs = []
    for name in SETS:
        relu = losses(name, lambda a: keras.layers.ReLU(), (0.0,))
        ratios = [
            losses(name, lambda a, m=slope: ca.soft_exponential_lambda(a, max_slope=m), ALPHAS) / relu
            for slope in SLOPES
        ]
        logs.append([np.log(ratio).mean() for ratio in ratios])
        print(f"| {name} | " + " | ".join(f"{np.exp(log):.3f}" for log in logs[-1]) + " |", flush=True)
    table = np.array(logs)
    print("| all (geometric mean) | " + " | ".join(f"{np.exp(log):.3f}" for log in table.mean(0)) + " |")
    differences = table - table[:, [SLOPES.index(3.0)]]
    reach = stats.t.ppf(0.975, len(SETS) - 1) * differences.std(0, ddof=1) / len(SETS) ** 0.5
    cells = [
        f"{np.exp(mean):.3f} [{np.exp(mean - half):.3f}, {np.exp(mean + half):.3f}]" if half else "1"
        for mean, half in zip(differences.mean(0), reach, strict=True)
    ]
    print("| over slope 3, and its 95 % interval | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
