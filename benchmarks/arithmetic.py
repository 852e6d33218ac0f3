"""Which networks learn to add, multiply, divide, square and take roots from data, so that they extrapolate?

    python -m benchmarks.arithmetic [--task multiply ...] [--models real ...] [--seeds 50] [--seeds-from 0]
                                    [--results docs/arithmetic.csv] [--figure docs/arithmetic.png]

The tasks, the criterion and the rate of success are those of the literature on neural arithmetic: docs/arithmetic.md.
It runs on JAX (`pip install jax`). A finished pair of task and model is a line of the results; a killed run goes on
where it stopped, and one with nothing left to do trains nothing. Prints the tables of docs/arithmetic.md.
"""

from __future__ import annotations

import argparse
import functools
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd

from benchmarks.arithmetic_models import NETWORKS, Network
from benchmarks.arithmetic_table import draw, summary, table
from benchmarks.arithmetic_tasks import OPERATIONS, TASKS, Task, threshold

STEPS = 2000
KEY = ["operation", "form", "training", "extrapolation", "model", "seeds_from", "seeds", "budget"]


def key(task: Task, model: str, seeds_from: int, seeds: int) -> dict[str, Any]:
    """Return what a stored line must have to count as finished."""
    budget = f"{STEPS} steps, rate {NETWORKS[model].rate:g}"
    values = [task.operation, task.form, str(task.training), str(task.extrapolation), model, seeds_from, seeds, budget]
    return dict(zip(KEY, values, strict=True))


def errors(trainer: Any, network: Network, task: Task) -> tuple[np.ndarray, np.ndarray, str]:
    """Return the errors of each seed, and which alphas it chose: those with the least error in the training range."""
    if network.grid is None:
        return *trainer(task, network.rate), ""
    found = [trainer(task, network.rate, fixed=alphas) for alphas in network.grid]
    validation, extrapolation = (np.stack(part) for part in zip(*found, strict=True))
    least = np.where(np.isfinite(validation), validation, np.inf).min(2)
    best = least.argmin(0), np.arange(least.shape[1])
    names, counts = np.unique(best[0], return_counts=True)
    order = np.argsort(-counts)
    chosen = "; ".join("({:g}, {:g}): {}".format(*network.grid[names[k]], counts[k]) for k in order)
    return validation[best], extrapolation[best], chosen


def run(
    tasks: Sequence[Task],
    models: Sequence[str],
    seeds_from: int,
    seeds: int,
    results: Path,
    make_trainer: Callable[..., Any] | None = None,
) -> pd.DataFrame:
    """Return one line for each task and model; train and store those that are missing."""
    stored = (
        pd.read_csv(results).astype({"alphas": object}).fillna({"alphas": ""}) if results.exists() else pd.DataFrame()
    )
    rows = {tuple(row[name] for name in KEY): row for row in stored.to_dict("records")}
    wanted: dict[tuple[Task, str], tuple[Any, ...]] = {}
    for model in models:
        trainers: dict[str, Any] = {}
        for task in filter(NETWORKS[model].takes, tasks):
            entry = key(task, model, seeds_from, seeds)
            wanted[task, model] = tuple(entry.values())
            if wanted[task, model] in rows:
                continue
            if make_trainer is None:
                from benchmarks.arithmetic_training import Trainer as make_trainer
            begin = time.perf_counter()
            network = NETWORKS[model]
            if task.form not in trainers:
                members = range(seeds_from, seeds_from + seeds)
                trainers[task.form] = make_trainer(functools.partial(network.build, task.form), members, STEPS)
            *found, alphas = errors(trainers[task.form], network, task)
            rows[wanted[task, model]] = entry | summary(*found, threshold(task), STEPS) | {"alphas": alphas}
            _write(pd.DataFrame(rows.values()), results)
            print(f"{task}, {model}: {time.perf_counter() - begin:.0f} s", flush=True)
    return pd.DataFrame([rows[wanted[pair]] for pair in sorted(wanted, key=lambda pair: tasks.index(pair[0]))])


def _write(frame: pd.DataFrame, path: Path) -> None:
    """Write a whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    frame.to_csv(part, index=False, float_format="%.4g")
    part.replace(path)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is missing, print the tables, draw the figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.arithmetic", description=__doc__.splitlines()[0])
    parser.add_argument("--task", nargs="+", choices=OPERATIONS, default=list(OPERATIONS), help="operations")
    parser.add_argument("--models", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--seeds", type=int, default=50, help="how many (default: 50)")
    parser.add_argument("--seeds-from", type=int, default=0, help="the first seed (default: 0)")
    parser.add_argument("--results", type=Path, default=Path("docs/arithmetic.csv"), help="where finished lines are")
    parser.add_argument("--figure", type=Path, help="where to draw the rates of success")
    options = parser.parse_args(arguments)
    tasks = [task for task in TASKS if task.operation in options.task]
    results = run(tasks, options.models, options.seeds_from, options.seeds, options.results)
    print(table(results))
    if options.figure:
        draw(results, options.figure)


if __name__ == "__main__":
    main()
