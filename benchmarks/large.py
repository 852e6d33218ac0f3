"""Populations over members and over rows, on TensorFlow and JAX: `python -m benchmarks.large [option ...]`.

The digits network (64-64, Adam, batches of 32) on random numbers; each point in a process of its own. Of each: the
seconds of an epoch, those before the first (build, check, trace, compile), and the largest resident memory. What an
epoch consists of, in percent: the matrix products at the rate of a large product on this machine ("arithmetic"); and
these parts, each measured alone, compiled, in as many threads: the products in their own shapes, the activation and its
derivative, the optimizer, shuffling the batches. The rest is loss, metrics, dispatch and what a member costs in Python.

    --members 1,4,16,64,256,1024   of 1,792 rows     --rows 1024,10240,102400,1024000   of 8 members
    --backends tensorflow,jax
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

MEMBERS, ROWS = "1,4,16,64,256,1024", "1024,10240,102400,1024000"
ROWS_OF_MEMBERS, MEMBERS_OF_ROWS = 1792, 8
PARTS = ("arithmetic", "products", "activation", "optimizer", "batches", "rest")


def point(backend: str, members: int, rows: int) -> dict[str, Any]:
    """Return what is measured of so many members and rows, in a process of its own."""
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, "KERAS_BACKEND": backend}
    command = [sys.executable, "-m", "benchmarks.large_point", str(members), str(rows)]
    run = subprocess.run(command, cwd=Path(__file__).parents[1], env=environment, stdout=subprocess.PIPE, text=True)
    return json.loads(run.stdout.splitlines()[-1]) if run.returncode == 0 else {}


def cells(found: dict[str, Any]) -> list[str]:
    """Return the cells of a row."""
    if not found:
        return ["failed", *[""] * (len(PARTS) + 2)]
    shares = [f"{found[name] / found['epoch']:.0%}" for name in PARTS]
    return [f"{found['epoch']:.3f}", *shares, f"{found['before']:.1f}", f"{found['peak'] / 2**20:.0f}"]


def main(arguments: list[str]) -> None:
    """Measure, and print a line of the table for each point as it comes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", default=MEMBERS)
    parser.add_argument("--rows", default=ROWS)
    parser.add_argument("--backends", default="tensorflow,jax")
    options = parser.parse_args(arguments)
    members, rows = ([int(n) for n in text.split(",") if n] for text in (options.members, options.rows))
    header = ["backend", "members", "rows", "an epoch, s", *PARTS, "before the first, s", "peak memory, MiB"]
    print("| " + " | ".join(header) + " |")
    print("| --- |" + " ---: |" * (len(header) - 1))
    for backend in options.backends.split(","):
        if importlib.util.find_spec(backend) is None:
            continue
        for count, of in [*((n, ROWS_OF_MEMBERS) for n in members), *((MEMBERS_OF_ROWS, n) for n in rows)]:
            row = [backend, f"{count:,}", f"{of:,}", *cells(point(backend, count, of))]
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
