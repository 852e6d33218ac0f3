"""Errors of the exact networks against mpmath, `python -m benchmarks.networks [inputs]`: the docstrings' figures.

Inputs of both signs, magnitudes from 1e-6 to 1e6, uniform in their logarithm; errors in eps of the dtype, over the
scale of each network (`tests.networks.exact`): its value where nothing is added, else the sum of its terms' sizes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from tests.networks import exact

Array = np.ndarray


class Unit(NamedTuple):
    """What a docstring divides the error by, and a function of (outputs, inputs) for it."""

    text: str
    value: Callable[..., Array]


def mean_angle(y: Array, x: Array) -> Array:
    """1 + t: t is the mean of |w*x + phi|, weighted by |a|."""
    w, a, phi = (np.asarray(row) for row in exact.WAVES)
    return 1 + np.abs(w * x + phi) @ np.abs(a)[:, None] / np.abs(a).sum()


LOGARITHMS = Unit("1 + sum |log |x_i||", lambda y, x: 1 + np.abs(np.log(np.abs(x))).sum(1, keepdims=True))
UNITS = {
    "product": LOGARITHMS,
    "product of 8": LOGARITHMS,
    "sinusoid": Unit("1 + t", mean_angle),
    "gaussian": Unit("1 + sum x_i**2", lambda y, x: 1 + (x**2).sum(1, keepdims=True)),
    "softmax": Unit("1 + |log y_i|", lambda y, x: 1 - np.log(np.where(y > 0, y, 1))),
}


def measured(name: str, dtype: str, count: int) -> tuple[float, float | None]:
    """Return the largest error in eps, and in the unit of the docstring where that is another."""
    case = exact.CASES[name]
    inputs = case.inputs(count, dtype)
    model = case.build(dtype=dtype)
    y = keras.ops.convert_to_numpy(model(inputs if len(inputs) > 1 else inputs[0]))
    found, _ = exact.errors(case, inputs, y)
    if name not in UNITS:
        return found.max(), None
    unit = UNITS[name].value(y.astype("float64"), *(part.astype("float64") for part in inputs))
    return found.max(), (found / unit.ravel()).max()


def main(count: int = 20_000) -> None:
    """Print a table."""
    print(f"{count} inputs, {keras.backend.backend()}, Keras {keras.__version__}\n")
    print("| network | dtype | eps | eps per | |\n| --- | --- | ---: | ---: | --- |")
    for name in exact.CASES:
        for dtype in exact.DTYPES:
            plain, scaled = measured(name, dtype, count)
            more = "| |" if scaled is None else f"{scaled:.2g} | {UNITS[name].text} |"
            print(f"| {name} | {dtype} | {plain:.3g} | {more}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
