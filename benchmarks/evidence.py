"""Does a chosen alpha predict better? Twelve real data sets, eleven alphas, eight rivals, paired intervals.

    python -m benchmarks.evidence [--networks normalized] [--data wine ...] [--repetitions 10] [--stored]
                                  [--results sweeps/evidence] [--out sweeps/evidence]

Each repetition has a split and a seed of its own. Its alpha is the one with the least loss on its validation part;
the test part is for the comparison alone. What is finished is kept in the directory of the results, and a killed run
goes on where it stopped. Prints the tables of docs/evidence.md; writes evidence.csv (every fit) and evidence.png.
"""

from __future__ import annotations

import argparse
import functools
import importlib.metadata
import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import pandas as pd

from benchmarks import evidence_data as data
from benchmarks.evidence_figure import draw
from benchmarks.evidence_statistics import markdown, report
from benchmarks.evidence_training import ALPHAS, BASELINES, MAX_SLOPE, SWEPT, UNITS, Trainer
from benchmarks.stored import stored, stored_or_made

NETWORKS = {"normalized": True, "plain": False}  # layer normalization before each activation, or none
Fits = dict[str, dict[str, float | None]]


def budget(name: str, network: str) -> dict[str, Any]:
    """Return what a stored result must have been made with to count as finished."""
    return {
        **data.LOADERS[name][2]._asdict(),
        "units": UNITS,
        "alphas": ALPHAS,
        "baselines": BASELINES,
        "swept": SWEPT,
        "max_slope": MAX_SLOPE,
        "network": network,
    }


def run(
    names: Sequence[str],
    network: str,
    repetitions: int,
    results: Path,
    make_trainer: Callable[[str, bool], Callable[[int], Fits]] | None = Trainer,
) -> pd.DataFrame:
    """Return every fit, one row each; train the pairs of data set and repetition that are not stored yet.

    Without a trainer, those are left out.
    """
    rows = []
    for name in names:
        trainer = None
        for repetition in range(repetitions):
            path, of = results / network / f"{name}-{repetition}.json", budget(name, network)
            found = stored(path, of)
            if found is None and make_trainer is not None:
                begin = time.perf_counter()
                trainer = trainer or make_trainer(name, NETWORKS[network])
                found = stored_or_made(path, of, functools.partial(trainer, repetition))
                print(f"{network} {name} {repetition}: {time.perf_counter() - begin:.0f} s", flush=True)
            for model, scores in (found or {}).items():
                rows.append({"network": network, "data": name, "repetition": repetition, "model": model, **scores})
    columns = ["loss", "validation_loss", "validation_accuracy", "test_loss", "test_accuracy"]
    return pd.DataFrame(rows).reindex(columns=["network", "data", "repetition", "model", *columns])


def describe(names: Sequence[str]) -> str:
    """Return the table of the data sets."""
    rows = []
    for name in names:
        table = data.load(name)
        split = data.split(table, 0)
        target = "regression" if table.classes is None else f"{table.classes} classes"
        sizes = [len(table.target), split.train[0].shape[1], len(split.train[0]), len(split.test[0])]
        rows.append([name, target, *map(str, sizes), *map(str, data.LOADERS[name][2])])
    return markdown(["data", "target", "rows", "inputs", "training rows", "test rows", "epochs", "batch"], rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is missing, print the tables, write the figure and the fits."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evidence", description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=["normalized"])
    parser.add_argument("--data", nargs="+", choices=data.LOADERS, default=list(data.LOADERS))
    parser.add_argument("--repetitions", type=int, default=10, help="two or more (default: 10)")
    parser.add_argument("--stored", action="store_true", help="train nothing: report what is finished")
    parser.add_argument("--results", type=Path, default=Path("sweeps/evidence"), help="where finished pairs are kept")
    parser.add_argument("--out", type=Path, default=Path("sweeps/evidence"), help="where CSV and figure go")
    options = parser.parse_args(arguments)
    trainer = None if options.stored else Trainer
    fits = pd.concat(run(options.data, n, options.repetitions, options.results, trainer) for n in options.networks)
    print(f"\n{os.cpu_count()} cores, Python {platform.python_version()}, Keras {keras.__version__},", end=" ")
    backend = keras.backend.backend()
    print(f"{backend} {importlib.metadata.version(backend)}\n\n{describe(options.data)}")
    options.out.mkdir(parents=True, exist_ok=True)
    fits.to_csv(options.out / "evidence.csv", index=False, float_format="%.6g")
    fits = pd.read_csv(options.out / "evidence.csv", dtype={"model": str})  # the tables are those of the file
    for network, part in fits.groupby("network", sort=False):
        print(f"\n### Network: {network}\n\n{report(part)}")
    draw(fits[fits.network == options.networks[0]], options.out / "evidence.png")


if __name__ == "__main__":
    main()
