"""Depth 2, 4 and 8, with and without normalization and `gain`: `python -m benchmarks.depth`.

    python -m benchmarks.depth [--data digits concrete] [--depths 2 4 8] [--results sweeps/depth] [--out sweeps/depth]

Hidden layers of 64 units, Adam with Keras's defaults, 10 epochs, one split, three seeds. Alphas from -1 to 1 with
the layers' default slope, relu, elu, and "formerly": the alphas with `domain="linear"` as it once was, the slope
bounded by 10 where alpha is negative, and not at all where it is positive.

plain       no normalization, Keras's own initial weights
gain        no normalization; initial weights behind an activation divided by sqrt(mean**2 + std**2) of its output
normalized  layer normalization before each activation, Keras's own initial weights

The loss is that of the validation part. What is trained is kept in the directory of the results; a killed run goes on
where it stopped. Prints the tables of docs/depth.md; writes depth.csv, one row per member, and depth.png.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pandas as pd

import continuum_act as ca
from benchmarks import evidence_data as data
from benchmarks.depth_report import ALPHAS, draw, tables
from benchmarks.stored import stored_or_made

DEPTHS = (2, 4, 8)
NETWORKS = ("plain", "gain", "normalized")
UNITS, EPOCHS, BATCH, SEEDS = 64, 10, 32, 3
BOUNDED, FORMERLY, UNBOUNDED = 3.0, 10.0, 1e38  # slopes
Member = tuple[float, float]  # a slope and an alpha; without a slope it is elu's alpha


@keras.saving.register_keras_serializable(package="benchmarks")
def activation(x: Any, slope: Any, alpha: Any) -> Any:
    """Return `soft_exponential(x, alpha, domain="linear", max_slope=slope)`, or elu: one population trains them all."""
    ops = keras.ops
    slope, alpha = (ops.convert_to_tensor(value, x.dtype) for value in (slope, alpha))
    is_elu, is_line = ops.equal(slope, 0), ops.equal(alpha, 0)
    a, s = ops.where(is_line, 1.0, alpha), ops.where(is_elu, BOUNDED, slope)
    knee = ops.where(a < 0, 1 / a - a - 1 / (s * a), ops.log(s) / a)
    inside = ops.where(a < 0, ops.maximum(x, knee), ops.minimum(x, knee))
    inside = ops.where(is_line, x, inside)
    y = ca.soft_exponential(inside, alpha) + s * (x - inside)
    return ops.where(is_elu, ops.where(x > 0, x, alpha * ops.expm1(ops.minimum(x, 0))), y)


def members() -> dict[str, Member]:
    """Return the members of a population by name: elu with alpha = 0 is relu."""
    return {
        **{f"{alpha:g}": (BOUNDED, alpha) for alpha in ALPHAS},
        **{f"formerly {alpha:g}": (FORMERLY if alpha < 0 else UNBOUNDED, alpha) for alpha in ALPHAS if alpha},
        "relu": (0.0, 0.0),
        "elu": (0.0, 1.0),
    }


def second_moment(name: str) -> float:
    """Return the mean of the square of an activation's output for standard normal inputs."""
    if name == "relu":
        return 0.5
    if name == "elu":  # of (exp(z) - 1)**2 below 0, and of z**2 above

        def below(z: float) -> float:
            return math.erfc(-z / math.sqrt(2)) / 2

        return 0.5 + math.exp(2) * below(-2) - 2 * math.exp(0.5) * below(-1) + 0.5
    former, alpha = name.startswith("formerly"), float(name.split()[-1])
    options: dict[str, Any] = {"domain": "strict"} if former and alpha > 0 else {"max_slope": 10.0 if former else 3.0}
    mean, std = ca.gain(alpha, **options)
    return mean**2 + std**2


class Trainer:
    """Trains the members on one data set at one depth; "gain" compiles nothing that "plain" has compiled."""

    def __init__(self, name: str, depth: int, epochs: int = EPOCHS, seeds: int = SEEDS) -> None:
        self._table = data.load(name)
        self._parts = data.split(self._table, 0)
        self._depth, self._epochs, self._seeds = depth, epochs, seeds
        self._populations: dict[bool, ca.Population] = {}

    def _build(self, member: Any, normalized: bool) -> keras.Model:
        slope, alpha = member
        model = keras.Sequential([keras.Input((self._parts.train[0].shape[1],))])
        for _ in range(self._depth):
            model.add(keras.layers.Dense(UNITS))
            if normalized:
                model.add(keras.layers.LayerNormalization())
            model.add(ca.activation_lambda(activation, arguments={"slope": slope, "alpha": alpha}))
        model.add(keras.layers.Dense(self._table.classes or 1))
        if self._table.classes:
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile("adam", loss, metrics=["accuracy"])
        else:
            model.compile("adam", "mean_squared_error")
        return model

    def __call__(self, network: str) -> list[dict[str, Any]]:
        """Return one row per member."""
        of, normalized = members(), network == "normalized"
        if normalized not in self._populations:
            self._populations[normalized] = ca.Population(
                lambda member: self._build(member, normalized), list(of.values()), self._seeds
            )
        population = self._populations[normalized]
        population.reset()
        keras.utils.set_random_seed(0)  # the order of the batches
        names = [name for _ in range(self._seeds) for name in of]
        if network == "gain":
            _scale(population, self._depth, names)
        population.fit(*self._parts.train, batch_size=BATCH, epochs=self._epochs, verbose=0)
        columns = {"loss": population.member_history["loss"][-1]}
        columns["bad"] = ~np.isfinite(population.member_history["loss"]).all(axis=0)
        x, y = self._parts.validation
        population.evaluate(x, y, batch_size=len(x), verbose=0)
        columns |= {f"validation_{metric}": values for metric, values in population.member_results.items()}
        bad = columns.pop("bad") | ~np.isfinite(columns["validation_loss"])
        seeds = [seed for _, seed in population.members]
        return [
            {"activation": name, "seed": seed}
            | {key: None if bad[k] else float(values[k]) for key, values in columns.items()}
            for k, (name, seed) in enumerate(zip(names, seeds, strict=True))
        ]


def _scale(population: ca.Population, depth: int, names: Sequence[str]) -> None:
    """Divide the kernels behind an activation, but for the output's, by the root of its second moment."""
    factors = np.array([second_moment(name) for name in names]) ** -0.5
    for variable in population.trainable_variables[2 : 2 * depth : 2]:
        values = keras.ops.convert_to_numpy(variable)
        variable.assign(values * factors.astype(values.dtype)[:, None, None])


def run(
    names: Sequence[str], depths: Sequence[int], results: Path, epochs: int = EPOCHS, seeds: int = SEEDS
) -> pd.DataFrame:
    """Return the rows of all members; train those that are not stored yet."""
    parts = []
    for depth in depths:
        for name in names:
            trainer = None
            for network in NETWORKS:

                def made(name: str = name, depth: int = depth, network: str = network) -> list[dict[str, Any]]:
                    nonlocal trainer
                    trainer = trainer or Trainer(name, depth, epochs, seeds)
                    rows = trainer(network)
                    print(f"{name}, depth {depth}, {network}", flush=True)
                    return rows

                budget = {"alphas": ALPHAS, "units": UNITS, "epochs": epochs, "batch": BATCH, "seeds": seeds}
                rows = stored_or_made(results / f"{name}-{depth}-{network}.json", budget, made)
                parts.append(pd.DataFrame(rows).assign(data=name, depth=depth, network=network))
    columns = ["data", "depth", "network", "activation", "seed", "loss", "validation_loss", "validation_accuracy"]
    frame = pd.concat(parts, ignore_index=True).reindex(columns=columns)
    return frame.astype(dict.fromkeys(columns[5:], "float64"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is missing, print the tables, write the CSV and the figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.depth", description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", choices=data.LOADERS, default=["digits", "concrete"])
    parser.add_argument("--depths", nargs="+", type=int, default=list(DEPTHS))
    parser.add_argument("--results", type=Path, default=Path("sweeps/depth"), help="where populations are kept")
    parser.add_argument("--out", type=Path, default=Path("sweeps/depth"), help="where CSV and figure go")
    options = parser.parse_args(arguments)
    frame = run(options.data, options.depths, options.results)
    options.out.mkdir(parents=True, exist_ok=True)
    frame.to_csv(options.out / "depth.csv", index=False, float_format="%.5g")
    frame = pd.read_csv(options.out / "depth.csv", dtype={"activation": str})
    print(tables(frame))  # those of the file
    draw(frame, options.out / "depth.png")


if __name__ == "__main__":
    main()
