"""The single-operation tasks of the literature on neural arithmetic: inputs, targets, ranges, criterion of success."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

INPUTS = 10
EPSILON = 1e-5  # of the perturbed solution whose error is the criterion
OPERATIONS = {  # of the operands a and b
    "add": lambda a, b: a + b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "square": lambda a, _: a * a,
    "root": lambda a, _: np.sqrt(a),
    "reciprocal": lambda a, _: 1.0 / a,
}
FORMS = {  # the inputs that are added up to a, and those to b
    "inputs": ([0], [1]),
    "sums": ([0, 1], [1, 2]),
}


class Range(NamedTuple):
    """Uniform numbers: between `low` and `high`, and if `mirrored`, with a random sign."""

    low: float
    high: float
    mirrored: bool = False

    def __str__(self) -> str:
        sign = "±" if self.mirrored else ""
        return f"{sign}[{self.low:g}, {self.high:g}]"


class Task(NamedTuple):
    """An operation on two operands among the inputs, a range to learn it in, and a range to extrapolate to."""

    operation: str
    form: str
    training: Range
    extrapolation: Range

    def __str__(self) -> str:
        return f"{self.operation} of {self.form}, {self.training} to {self.extrapolation}"


PLAIN = (Range(1, 2), Range(2, 6))
RANGES = [  # of Madsen and Johansen (2020), besides PLAIN
    (Range(-2, -1), Range(-6, -2)),
    (Range(-2, 2), Range(2, 6, mirrored=True)),
    (Range(0, 1), Range(1, 5)),
    (Range(0.1, 0.2), Range(0.2, 2)),
    (Range(10, 20), Range(20, 40)),
]
TASKS = [
    *(Task(operation, "inputs", *PLAIN) for operation in OPERATIONS),
    *(Task(operation, "sums", *PLAIN) for operation in ("multiply", "divide", "square", "root")),
    *(Task("multiply", "inputs", *ranges) for ranges in RANGES),
    *(Task("divide", "inputs", *ranges) for ranges in RANGES),
]


def selection(form: str) -> np.ndarray:
    """Return the weights, of shape (INPUTS, 2), that add the inputs up to the operands a and b."""
    weights = np.zeros((INPUTS, 2))
    for operand, rows in enumerate(FORMS[form]):
        weights[rows, operand] = 1.0
    return weights


def target(x: np.ndarray, task: Task, error: float = 0.0) -> np.ndarray:
    """Return the results, of shape (rows,), for inputs of shape (rows, INPUTS).

    The operands are selected with 1 - error in place of 1 and error in place of 0; the operation itself is exact.
    """
    weights = selection(task.form)
    return OPERATIONS[task.operation](*(x @ (weights + error * (1 - 2 * weights))).T)


def rows(task: Task, limits: Range, count: int, seed: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs, of shape (count, INPUTS), and targets, of shape (count, 1); a range from 0 does not contain 0."""
    generator = np.random.default_rng(seed)
    x = limits.high - (limits.high - limits.low) * generator.random((count, INPUTS))
    if limits.mirrored:
        x *= generator.choice([-1.0, 1.0], x.shape)
    return x.astype("float32"), target(x, task)[:, None].astype("float32")


@functools.cache
def threshold(task: Task) -> float:
    """Return the mean squared error on the extrapolation range of a solution whose weights are wrong by EPSILON.

    This is the criterion of Madsen and Johansen (arXiv:1910.01888), from 200,000 rows.
    """
    x = rows(task, task.extrapolation, 200_000, [0])[0].astype("float64")
    return float(np.mean((target(x, task, EPSILON) - target(x, task)) ** 2))
