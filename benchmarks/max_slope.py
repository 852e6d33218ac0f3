"""Which `max_slope`: validation losses of 2, 3, 5 and 10, `python -m benchmarks.max_slope`.

Rule, stated before the run: for each slope, the validation loss relative to relu's is averaged (geometric mean) over
data sets, alphas and seeds. The default 3 is kept unless another slope is better by more than 2 % there. A slope with a
loss that is not finite is out.

Small on purpose: three sets of `benchmarks.evidence_data`, alpha = -1, -0.5, 0.5, 1, two seeds, the network of the
evidence (two hidden layers with layer normalization) and a third of its epochs. Test parts are not looked at.
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
SETS = ("breast_cancer", "digits", "diabetes")
SEEDS = (0, 1)


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

    print("| max_slope | " + " | ".join(f"{name}, alpha = {a:g}" for name in SETS for a in ALPHAS) + " | mean |")
    print("| ---: |" + " ---: |" * (len(SETS) * len(ALPHAS) + 1))
    relu = {name: losses(name, lambda a: keras.layers.ReLU(), (0.0,)) for name in SETS}
    for slope in SLOPES:
        ratios = [
            losses(name, lambda a, m=slope: ca.soft_exponential_lambda(a, max_slope=m), ALPHAS) / relu[name]
            for name in SETS
        ]
        cells = [f"{np.exp(np.log(row).mean()):.2f}" for ratio in ratios for row in ratio]
        print(f"| {slope:g} | " + " | ".join(cells) + f" | {np.exp(np.mean(np.log(ratios))):.3f} |", flush=True)


if __name__ == "__main__":
    main()
