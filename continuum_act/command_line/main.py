"""The command line: parses, calls, prints."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from continuum_act.sweep.result import SweepResult

_DATA = "digits, breast_cancer, wine, diabetes (these ship with scikit-learn), or a FILE.csv"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `continuum-act`; return its exit code: 0, or 2 if the input is wrong."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    parser = _parser()
    options = parser.parse_args(arguments)
    if "run" not in options:
        parser.print_help()
        return 0
    try:
        options.run(options)
    except (ValueError, OSError, ImportError) as error:
        print(f"continuum-act: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("continuum-act: stopped; the same command goes on from here.", file=sys.stderr)
        return 130
    return 0


def parse_alphas(text: str, kind: str = "real") -> list[Any]:
    """Read "START:STOP:COUNT" or "A,B,C"; with kind "complex" the numbers may be like 0.5+1j.

    Raises:
        ValueError: if the text is neither, or names no alpha.

    Example:
        >>> parse_alphas("-1:1:5")
        [-1.0, -0.5, 0.0, 0.5, 1.0]
        >>> parse_alphas("0,1j", kind="complex")
        [0j, 1j]
    """
    number = complex if kind == "complex" else float
    what = "START:STOP:COUNT or A,B,C with " + (
        "numbers such as -1 or 0.5+1j" if kind == "complex" else "real numbers (--kind complex takes 1j)"
    )
    try:
        if ":" in text:
            start, stop, count = text.split(":")
            values = np.linspace(number(start), number(stop), int(count))
        else:
            values = np.array([number(part) for part in text.split(",")])
    except ValueError:
        raise ValueError(f"--alphas={text!r} cannot be read; give {what}.") from None
    if values.size == 0 or not np.all(np.isfinite(values)):
        raise ValueError(f"--alphas={text!r} must name at least one finite alpha; give {what}.")
    # linspace leaves -1.1e-16 where 0 is meant
    values = np.where(np.abs(values) < 1e-12 * np.abs(values).max(), 0.0, values)
    return [number(value) for value in values.tolist()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="continuum-act", description="Find the alpha of the soft exponential that suits your data."
    )
    commands = parser.add_subparsers(title="commands", metavar="{sweep,plot,report}")

    sweep = commands.add_parser("sweep", help="train one model per alpha and seed, and compare")
    sweep.add_argument("--data", default="digits", metavar="NAME|FILE.csv", help=f"{_DATA} (default: digits)")
    sweep.add_argument("--target", metavar="COLUMN", help="the column of FILE.csv to predict")
    sweep.add_argument("--seeds", type=int, default=5, metavar="N", help="seeds per alpha (default: 5)")
    sweep.add_argument("--epochs", type=int, default=30, metavar="N", help="epochs per member (default: 30)")
    sweep.add_argument("--storage", metavar="FILE.db", help="SQLite file (default: OUT/study.db)")
    sweep.add_argument("--engine", choices=("local", "ray"), default="local", help="where to train")
    sweep.set_defaults(run=_sweep)

    plot = commands.add_parser("plot", help="draw the activation for several alphas")
    plot.set_defaults(run=_plot)

    for command, grid in ((sweep, "-1:1:21"), (plot, "-1:1:9")):
        command.add_argument("--alphas", default=grid, metavar="A:B:N", help=f"as --alphas={grid} (the default)")
        command.add_argument("--kind", choices=("real", "complex"), default="real", help="which activation")

    report = commands.add_parser("report", help="show the result of a study again")
    report.add_argument("storage", metavar="STORAGE", help="SQLite file or Optuna storage URL")
    report.add_argument("--study", metavar="NAME", help="name of the study (default: the only one)")
    report.set_defaults(run=_report)

    sweep.add_argument("--out", default="sweeps", metavar="DIR", help="where to write (default: sweeps)")
    plot.add_argument("--out", default="soft_exponential.png", metavar="FILE", help="PNG, SVG or PDF")
    report.add_argument("--out", metavar="DIR", help="write table and pictures there, too")
    return parser


def _sweep(options: argparse.Namespace) -> None:
    alphas = parse_alphas(options.alphas, options.kind)
    try:
        import optuna

        from continuum_act.command_line import experiment, tables
        from continuum_act.sweep.urls import shown

        optuna.logging.set_verbosity(optuna.logging.WARNING)
    except ImportError as error:
        raise ImportError(f"{error}; `continuum-act sweep` needs: pip install 'continuum-act[cli]'") from error
    data = tables.load(options.data, options.target)
    out = _writable(options.out)
    print(
        f"{data.name}: {len(data.x)} rows to train, {len(data.x_val)} to validate, {data.x.shape[1]} inputs, "
        + (f"{data.classes} classes" if data.classes else "regression")
    )
    for note in data.notes:
        print(f"  {note}")
    result = experiment.run(
        data,
        alphas,
        kind=options.kind,
        seeds=options.seeds,
        epochs=options.epochs,
        storage=options.storage or str(out / "study.db"),
        engine=options.engine,
    )
    if not result.trained:
        print("nothing left to train: every member is in the study")
    _show(result, out)
    print(f"study {result.study_name!r} in {shown(options.storage or out / 'study.db')}: run again to resume")


def _plot(options: argparse.Namespace) -> None:
    from continuum_act.report.figures import plot_activations

    print(plot_activations(parse_alphas(options.alphas, options.kind), options.kind, options.out))


def _report(options: argparse.Namespace) -> None:
    from continuum_act.sweep.result import SweepResult, study_names
    from continuum_act.sweep.urls import shown

    storage = options.storage
    names = study_names(storage)
    if options.study is None and len(names) != 1:
        raise ValueError(f"{shown(storage)} has the studies {names}; choose one with --study NAME.")
    result = SweepResult.load(storage, options.study or names[0])
    _show(result, _writable(options.out) if options.out else None)


def _show(result: SweepResult, out: Path | None) -> None:
    from continuum_act.report.table import print_table
    from continuum_act.sweep.file_names import as_file_name

    print_table(result)
    if out:
        for path in result.save(out / as_file_name(result.study_name)):
            print(path)


def _writable(directory: str) -> Path:
    path = Path(directory)
    path.mkdir(parents=True, exist_ok=True)
    if not os.access(path, os.W_OK):
        raise PermissionError(f"the directory {path} cannot be written; choose another with --out.")
    return path
