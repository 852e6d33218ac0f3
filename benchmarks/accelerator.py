"""Populations and functions on an accelerator: `python -m benchmarks.accelerator [option ...]`.

Prints one table, with a column for JAX and one for TensorFlow, where it is installed. Each is measured in a process of
its own. It needs the package, Keras and JAX; digits are scikit-learn's, or random numbers of their shape.

Of members of the digits network (64-64) and of a small CNN, trained on 1,792 rows in batches of 32: the seconds of a
first run, which compiles, and of the next, which does not; those of the next over one ordinary fit, and over a program
of `vmap` and `scan` by hand. Of the functions, compiled, in value and backward pass: the time over that of elu,
and the share of the bandwidth of a copy that they reach.

    --members 64,512,4096   --epochs 5   --elements 67108864   --backends jax,tensorflow   --device accelerator

`--device cpu --members 4,8 --epochs 1 --elements 16384` tries it on a CPU.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.accelerator_rows import NOT_MEASURED, rows


def measure(options: argparse.Namespace) -> None:
    """Print each row of this process's backend as a line of JSON, nothing if the device is missing."""
    import keras

    from benchmarks.accelerator_measures import called, device_name, trained
    from continuum_act.population import backend

    if (backend.accelerator() is None) == (options.device == "accelerator"):
        return
    module = sys.modules[keras.backend.backend()]
    print(json.dumps(["device", f"{device_name()}, {module.__name__} {module.__version__}"]), flush=True)
    for part in (trained(options.members, options.epochs), called(options.elements)):
        try:
            for row in part:
                print(json.dumps(row), flush=True)
        except Exception as error:  # the rest of a run on a borrowed device still counts
            print(f"{type(error).__name__}: {error}", file=sys.stderr)


def column(backend: str, arguments: list[str], device: str) -> dict[str, str]:
    """Return the rows of a backend, measured in a process of its own; say on the way what comes."""
    if importlib.util.find_spec(backend) is None:
        return {}
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, "KERAS_BACKEND": backend}
    if device == "cpu":
        environment |= {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", "benchmarks.accelerator", *arguments, "--measure"]
    found = {}
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            if line.startswith('["'):
                name, cell = json.loads(line)
                found[name] = cell
                print(f"{backend}: {name}: {cell}", file=sys.stderr, flush=True)
    return found


def main(arguments: list[str]) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=lambda text: [int(n) for n in text.split(",")], default=[64, 512, 4096])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--elements", type=int, default=2**26)
    parser.add_argument("--backends", default="jax,tensorflow")
    parser.add_argument("--device", choices=["accelerator", "cpu"], default="accelerator")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.measure:
        measure(options)
        return
    names = options.backends.split(",")
    columns = [column(name, arguments, options.device) for name in names]
    print("| what | " + " | ".join(names) + " |")
    print("| --- |" + " ---: |" * len(names))
    for row in rows(options.members):
        print(f"| {row} | " + " | ".join(found.get(row, NOT_MEASURED) for found in columns) + " |")


if __name__ == "__main__":
    main(sys.argv[1:])
