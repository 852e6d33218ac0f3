"""Does a sweep of one alpha per layer find the law behind the data, and extrapolate? Known laws and real tables.

    KERAS_BACKEND=jax python -m benchmarks.structure [--data trees ...] [--repetitions 10] [--first 0]
                                                     [--results sweeps/structure] [--out sweeps/structure]
                                                     [--max-slope 100]

Each repetition has splits and seeds of its own; a cell of the grid is chosen by validation inside the training range,
or on its outer part. What is finished is kept in the directory of the results, and a killed run goes on where it
stopped. Prints the tables of docs/structure.md; writes structure.csv (every fit) and structure.png. TensorFlow does it,
too, in more time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import pandas as pd

from benchmarks.structure_data import CASES, Case, split
from benchmarks.structure_figure import draw
from benchmarks.structure_report import describe, report
from benchmarks.structure_training import BATCH, DEFAULT, RATE, RIVAL_UNITS, SEEDS, STEPS, UNITS, Curve, Row, Trainer

Train = Callable[[Case, int], list[Row]]
COLUMNS = ["train", "validation_inside", "validation_outer", "test", "outside"]


def budget(name: str, curve: Curve = DEFAULT) -> dict[str, Any]:
    """Return what a stored result must have been made with to count as finished."""
    case = CASES[name](0)
    sizes = [len(part) for part in split(case, 0)]
    training = {"units": [UNITS, RIVAL_UNITS], "seeds": SEEDS, "steps": STEPS, "batch": BATCH, "rate": RATE}
    return {**training, "curve": list(curve), "law": case.law, "shape": list(case.x.shape), "parts": sizes}


def run(
    names: Sequence[str],
    repetitions: Sequence[int],
    results: Path,
    make_trainer: Callable[[], Train] = Trainer,
    curve: Curve = DEFAULT,
) -> pd.DataFrame:
    """Return every fit, one row each; train the pairs of data set and repetition that are not stored yet."""
    rows, trainer = [], None
    for repetition in repetitions:
        for name in names:
            path = results / f"{name}-{repetition}.json"
            stored = json.loads(path.read_text()) if path.exists() else {}
            if stored.get("budget") != budget(name, curve):
                begin = time.perf_counter()
                trainer = trainer or make_trainer()
                stored = {"budget": budget(name, curve), "fits": trainer(CASES[name](repetition), repetition)}
                path.parent.mkdir(parents=True, exist_ok=True)
                part = path.with_suffix(".part")
                part.write_text(json.dumps(stored))
                part.replace(path)  # a whole file or none
                print(f"{name} {repetition}: {time.perf_counter() - begin:.0f} s", flush=True)
            rows += [{"data": name, "repetition": repetition, **fit} for fit in stored["fits"]]
    frame = pd.DataFrame(rows).reindex(columns=["data", "repetition", "model", "seed", *COLUMNS])
    return frame.sort_values("data", key=lambda d: d.map(list(names).index), kind="stable", ignore_index=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is missing, print the tables, write the figure and the fits."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.structure", description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--repetitions", type=int, default=10, help="two or more (default: 10)")
    parser.add_argument("--first", type=int, default=0, help="the first repetition: others have other seeds and splits")
    parser.add_argument("--results", type=Path, default=Path("sweeps/structure"), help="where finished pairs are kept")
    parser.add_argument("--out", type=Path, default=Path("sweeps/structure"), help="where CSV and figure go")
    parser.add_argument("--max-slope", type=float, default=DEFAULT.max_slope, help="of the curves; 0: the curve itself")
    options = parser.parse_args(arguments)
    curve = Curve(options.max_slope or None)
    repetitions = range(options.first, options.first + options.repetitions)
    fits = run(options.data, repetitions, options.results, lambda: Trainer(curve), curve)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "structure.csv"
    fits.to_csv(path, index=False, float_format="%.6g")
    fits = pd.read_csv(path, dtype={"model": str})  # the tables are those of the file, to the last digit
    print(f"\n{os.cpu_count()} cores, Python {platform.python_version()}, Keras {keras.__version__}", end=" ")
    print(f"on {keras.backend.backend()}\n\n{describe(options.data)}\n\n{report(fits)}")
    draw(fits, options.out / "structure.png")


if __name__ == "__main__":
    main()
