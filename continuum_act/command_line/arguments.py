"""The options of the command line, and how they are read."""

from __future__ import annotations

import argparse
import cmath
import re
from collections.abc import Sequence
from typing import Any

from continuum_act import __version__

_DATA = (
    "digits, breast_cancer, wine, diabetes (these ship with scikit-learn), or a file: .csv, .tsv (also .gz), .parquet"
)
_MOST_ALPHAS = 10_000
_NEGATIVE = re.compile(r"-(\d|\.\d|inf|nan|j)")


def join_negative_values(arguments: Sequence[str]) -> list[str]:
    """Write `--alphas -1:1:3` as `--alphas=-1:1:3`: argparse takes the former for two options."""
    joined: list[str] = []
    for argument in arguments:
        if joined and _NEGATIVE.match(argument) and re.fullmatch(r"--[a-z-]+", joined[-1]):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def parse_alphas(text: str, kind: str = "real") -> list[Any]:
    """Read "START:STOP:COUNT" or "A,B,C"; with kind "complex" the numbers may be like 0.5+1j.

    Raises:
        ValueError: if the text is neither, or names no alpha, or too many.

    Example:
        >>> parse_alphas("-1:1:5")
        [-1.0, -0.5, 0.0, 0.5, 1.0]
        >>> parse_alphas("0,1j", kind="complex")
        [0j, 1j]
    """
    number: Any = complex if kind == "complex" else float
    what = "START:STOP:COUNT or A,B,C with " + (
        "numbers such as -1 or 0.5+1j" if kind == "complex" else "real numbers (--kind complex takes 1j)"
    )
    try:
        if ":" in text:
            first, last, how_many = text.split(":")
            start, stop, count = number(first), number(last), int(how_many)
        else:
            parts = text.split(",")
            values, count = [number(part) for part in parts], len(parts)
    except (ValueError, OverflowError):
        raise ValueError(f"--alphas={text!r} cannot be read; give {what}.") from None
    if count > _MOST_ALPHAS:
        raise ValueError(f"--alphas={text!r} names {count} alphas; {_MOST_ALPHAS} are the most.")
    if ":" in text:
        step = (stop - start) / max(count - 1, 1)
        values = [start + i * step for i in range(count - 1)] + [stop] * (count > 1) or [start] * count
    if not values or not all(map(cmath.isfinite, values)):
        raise ValueError(f"--alphas={text!r} must name at least one finite alpha; give {what}.")
    # a grid has 1.1e-16 where 0 is meant
    least = 1e-12 * max(max(abs(value.real), abs(value.imag)) for value in values)
    return [number(0) if max(abs(value.real), abs(value.imag)) < least else value for value in values]


def parse_seeds(text: str) -> int | list[int]:
    """Read a count, "5", or the seeds themselves, "0,1,2".

    Raises:
        ValueError: if the text is neither.
    """
    try:
        seeds = [int(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"--seeds={text!r} cannot be read; give a count such as 5, or seeds such as 0,1,2.") from None
    return seeds if "," in text else seeds[0]


def parser() -> argparse.ArgumentParser:
    """Return the parser of `continuum-act`; the command is the attribute `command`."""
    parser = argparse.ArgumentParser(
        prog="continuum-act",
        description="Find the alpha of the soft exponential that suits your data.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"continuum-act {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="{sweep,plot,report}", dest="command")

    sweep = commands.add_parser("sweep", help="train one model per alpha and seed, and compare", allow_abbrev=False)
    sweep.add_argument("--data", default="digits", metavar="NAME|FILE", help=f"{_DATA} (default: digits)")
    sweep.add_argument("--target", metavar="COLUMN", help="the column of FILE to predict")
    sweep.add_argument(
        "--drop",
        action="append",
        default=[],
        metavar="COLUMN,...",
        help="columns to leave out, or TARGET=CLASS for the rows of a class; may be repeated",
    )
    sweep.add_argument("--task", choices=("classification", "regression"), help="default: as the target looks")
    sweep.add_argument("--sep", metavar="CHARACTER", help="between the fields of FILE (default: comma; .tsv: tab)")
    sweep.add_argument("--seeds", default="5", metavar="N|A,B,C", help="seeds per alpha, or which (default: 5)")
    sweep.add_argument("--epochs", type=int, default=30, metavar="N", help="epochs per member (default: 30)")
    sweep.add_argument("--batch-size", type=int, default=32, metavar="N", help="rows per step (default: 32)")
    sweep.add_argument(
        "--test-share", type=float, default=0.0, metavar="SHARE",
        help="rows held out for one test of the best alpha and the baselines, such as 0.2 (default: 0)",
    )  # fmt: skip
    sweep.add_argument("--storage", metavar="FILE.db|URL", help="where the study is kept (default: OUT/study.db)")
    sweep.add_argument("--study", metavar="NAME", help="name of the study (default: data and kind)")
    sweep.add_argument("--engine", choices=("local", "ray"), default="local", help="where to train")

    plot = commands.add_parser("plot", help="draw the activation for several alphas", allow_abbrev=False)
    for command, grid in ((sweep, "-1:1:21"), (plot, "-1:1:9")):
        command.add_argument("--alphas", default=grid, metavar="A:B:N", help=f"or A,B,C (default: {grid})")
        command.add_argument("--kind", choices=("real", "complex"), default="real", help="which activation")

    report = commands.add_parser("report", help="show the result of a study again", allow_abbrev=False)
    report.add_argument("storage", metavar="STORAGE", help="SQLite file or Optuna storage URL")
    report.add_argument("--study", metavar="NAME", help="name of the study (default: the only one)")

    sweep.add_argument("--out", default="sweeps", metavar="DIR", help="where to write (default: sweeps)")
    plot.add_argument("--out", default="soft_exponential.png", metavar="FILE", help="PNG, SVG or PDF")
    report.add_argument("--out", metavar="DIR", help="write table and pictures there, too")
    return parser
