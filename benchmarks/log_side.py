"""Why the logarithmic side loses in deep networks, and what helps: `python -m benchmarks.log_side`.

Networks as they are initialised, not trained: 16 hidden layers of 64 units, standard normal inputs, weights of variance
1/fan_in, the gradient of the mean square of the output's distance to a standard normal target. Eleven alphas from -1 to
1, ten seeds. "formerly" is `domain="linear"` as it once was: the slope bounded by 10 where alpha is negative, and not
at all where it is positive; "bounded" has `max_slope=3` on both sides. Each without normalization, with weights by
`gain`, and with layer normalization before each activation.

Prints the table of docs/log-side.md; writes log-side.csv (every layer and seed) and log-side.png. What is computed is
kept in the directory of the results.
"""

from __future__ import annotations

import argparse
import functools
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

import continuum_act as ca
from benchmarks.log_side_figure import draw
from benchmarks.stored import stored_or_made

ALPHAS = [round(alpha, 1) for alpha in np.linspace(-1, 1, 11)]
SLOPES = ("formerly", "bounded")
NETWORKS = ("plain", "gain", "normalized")
STATISTICS = ["mean", "deviation", "of_rows", "tangent", "gradient"]
DEPTH, UNITS, ROWS, SEEDS = 16, 64, 256, 10


def slope_of(alpha: float, slopes: str) -> dict[str, Any]:
    """Return the arguments of `soft_exponential`."""
    if slopes == "bounded":
        return {"domain": "linear", "max_slope": 3.0}
    return {"domain": "linear", "max_slope": 10.0} if alpha <= 0 else {"domain": "strict"}


def knee(alpha: float, slopes: str) -> float:
    """Return the x at which the tangent begins; infinite if there is none."""
    options = slope_of(alpha, slopes)
    if alpha == 0 or options["domain"] == "strict":
        return math.inf
    slope = options["max_slope"]
    return 1 / alpha - alpha - 1 / (slope * alpha) if alpha < 0 else math.log(slope) / alpha


def moments(alpha: float, slopes: str) -> dict[str, float]:
    """Return what one activation makes of standard normal inputs, by quadrature; `slope` is the root mean square."""
    x = np.linspace(-9, 9, 200_001)
    y = np.asarray(ca.soft_exponential(x, alpha, **slope_of(alpha, slopes)))
    density = np.exp(-(x**2) / 2) / np.exp(-(x**2) / 2).sum()
    between = (density[1:] + density[:-1]) / 2
    mean, square = density @ y, density @ y**2
    border = knee(alpha, slopes)
    return {
        "tangent": float(density @ (x < border if alpha < 0 else x > border)),
        "mean": float(mean),
        "deviation": float(np.sqrt(square - mean**2)),
        "slope": float(np.sqrt(between @ (np.diff(y) / np.diff(x)) ** 2)),
        "relative": float(np.sqrt(between @ (np.diff(y) / np.diff(x)) ** 2 / square)),
    }


def table_of_moments(alphas: Sequence[float] = ALPHAS) -> str:
    """Return a table: one layer, without a network around it."""
    lines = [
        "| slope | alpha | on the tangent in % | mean | deviation | slope, root mean square | over the output's |",
        "| --- |" + " ---: |" * 6,
    ]
    for slopes in SLOPES:
        for alpha in alphas:
            tangent, *others = moments(alpha, slopes).values()
            cells = [f"{100 * tangent:.0f}", *(f"{round(value, 2) + 0.0:.2f}" for value in others)]  # no -0.00
            lines.append(f"| {slopes} | {alpha:g} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def layers(alpha: float, slopes: str, network: str, depth: int = DEPTH, seeds: int = SEEDS) -> list[dict[str, Any]]:
    """Return what each hidden layer of each seed's network has before training, one row per layer and seed."""
    rng = np.random.default_rng(0)  # the same inputs and weights for every alpha and network
    x, target = (tf.constant(rng.normal(size=(seeds, ROWS, UNITS)), "float32") for _ in range(2))
    kernels = [tf.constant(rng.normal(size=(seeds, UNITS, UNITS)) / UNITS**0.5, "float32") for _ in range(depth)]
    if network == "gain":
        scale = math.hypot(*ca.gain(alpha, **slope_of(alpha, slopes)))
        kernels = [kernels[0], *(kernel / scale for kernel in kernels[1:])]
    activation = functools.partial(ca.soft_exponential, alpha=alpha, **slope_of(alpha, slopes))
    found = []
    with tf.GradientTape() as tape:
        tape.watch(kernels)
        y = x
        for kernel in kernels:
            before = y @ kernel
            if network == "normalized":
                before = keras.layers.LayerNormalization()(before)
            y = activation(before)
            border = knee(alpha, slopes)
            on_tangent = before < border if alpha < 0 else before > border
            found.append((y, on_tangent))
        loss = tf.reduce_sum(tf.reduce_mean((y - target) ** 2, (1, 2)))  # of independent networks
    gradients = tape.gradient(loss, kernels)
    rows = []
    for layer, ((y, on_tangent), gradient) in enumerate(zip(found, gradients, strict=True), 1):
        values = {
            "mean": tf.reduce_mean(y, (1, 2)),
            "deviation": tf.math.reduce_std(y, (1, 2)),
            "of_rows": tf.sqrt(tf.reduce_mean(tf.math.reduce_variance(y, 1), 1)),
            "tangent": tf.reduce_mean(tf.cast(on_tangent, "float32"), (1, 2)),
            "gradient": tf.norm(gradient, axis=(1, 2)),
        }
        table = {name: value.numpy() for name, value in values.items()}
        rows += [
            {"layer": layer, "seed": seed, **{name: _finite_or_none(column[seed]) for name, column in table.items()}}
            for seed in range(seeds)
        ]
    return rows


def _finite_or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def run(results: Path, alphas: Sequence[float] = ALPHAS, depth: int = DEPTH, seeds: int = SEEDS) -> pd.DataFrame:
    """Return the rows of all networks; compute those that are not stored yet."""
    parts = []
    for slopes in SLOPES:
        for network in NETWORKS:
            sizes = {"depth": depth, "seeds": seeds, "units": UNITS, "rows": ROWS}
            budget = {"alphas": list(alphas), "statistics": STATISTICS, **sizes}

            def made(slopes: str = slopes, network: str = network) -> list[dict[str, Any]]:
                return [{"alpha": a, **row} for a in alphas for row in layers(a, slopes, network, depth, seeds)]

            rows = stored_or_made(results / f"{slopes}-{network}.json", budget, made)
            parts.append(pd.DataFrame(rows).assign(slopes=slopes, network=network))
    frame = pd.concat(parts, ignore_index=True)
    columns = ["slopes", "network", "alpha", "layer", "seed", *STATISTICS]
    return frame[columns].astype(dict.fromkeys(columns[5:], "float64"))


def summary(frame: pd.DataFrame) -> str:
    """Return the table: the last hidden layer, medians over seeds, and how the gradient grows towards the first."""
    last = frame.layer.max()
    lines = [
        f"| slope | network | alpha | mean, layer {last} | deviation | of it between rows in % | on the tangent in % |"
        f" gradient, layer 1 | gradient, layer {last} | not finite |",
        "| --- | --- |" + " ---: |" * 8,
    ]
    for (slopes, network, alpha), part in frame.groupby(["slopes", "network", "alpha"], sort=False):
        if alpha not in (-1, -0.4, 0, 0.4, 1):
            continue
        median = part.fillna(np.inf).groupby("layer")[STATISTICS].median()
        bad = part.assign(bad=part[["deviation", "gradient"]].isna().any(axis=1)).groupby("seed").bad.any().sum()
        with np.errstate(invalid="ignore"):  # where both overflow
            between = median.loc[last, "of_rows"] / median.loc[last, "deviation"]
        cells = [
            f"{median.loc[last, 'mean']:.3g}",
            f"{median.loc[last, 'deviation']:.3g}",
            f"{100 * between:.0f}",
            f"{100 * median.loc[last, 'tangent']:.0f}",
            f"{median.loc[1, 'gradient']:.3g}",
            f"{median.loc[last, 'gradient']:.3g}",
            f"{bad} of {part.seed.nunique()}",
        ]
        lines.append(
            f"| {slopes} | {network} | {alpha:g} | "
            + " | ".join("-" if c in ("inf", "nan") else c for c in cells)
            + " |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Compute what is missing, print the table, write the CSV and the figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.log_side", description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("sweeps/log-side"), help="where results are kept")
    parser.add_argument("--out", type=Path, default=Path("sweeps/log-side"), help="where CSV and figure go")
    options = parser.parse_args(arguments)
    frame = run(options.results)
    print(f"{table_of_moments()}\n\n{summary(frame)}")
    options.out.mkdir(parents=True, exist_ok=True)
    frame.to_csv(options.out / "log-side.csv", index=False, float_format="%.6g")
    draw(frame, options.out / "log-side.png")


if __name__ == "__main__":
    main()
