"""The rows of a sweep and what is computed of them, as types that a type checker and JSON know."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypedDict

from continuum_act.population.arguments import Alpha
from continuum_act.sweep.direction import Direction

State = Literal["complete", "diverged", "failed"]
Verdict = Literal["better", "worse", "cannot tell"]


class _MayHaveFailed(TypedDict, total=False):
    error: str


class _Member(_MayHaveFailed):
    seed: int
    state: State
    objective: float
    epochs: int
    seconds: float


class Row(_Member):
    """One member of an alpha; at run time its metrics stand beside these keys."""

    alpha: Alpha


class BaselineRow(_Member):
    """One member of a baseline."""

    baseline: str


class _Means(TypedDict):
    complete: int
    diverged: int
    failed: int
    mean: float
    standard_error: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float


class Summary(_Means):
    """The members of an alpha, over seeds."""

    alpha: Alpha


class BaselineSummary(_Means):
    """The members of a baseline, over seeds."""

    baseline: str


class Comparison(TypedDict):
    """A rival of the best alpha: a baseline, or alpha = 0. The verdict is the rival's."""

    rival: str
    difference: float
    low: float
    high: float
    verdict: Verdict


class Interval(NamedTuple):
    """A mean over seeds, its standard error and the bounds of its 95 % interval; NaN where one seed says nothing."""

    mean: float
    error: float
    low: float
    high: float


class Findings(NamedTuple):
    """What the table and the pictures of a sweep show, as plain numbers.

    `values` has the objective of each complete member, `metrics` the interval of each other metric, `histories` the
    objective per epoch of each member; all by alpha or by the name of a baseline.
    """

    study_name: str
    objective: str
    direction: Direction
    seeds: int
    epoch: str
    alphas: list[Summary]
    baselines: list[BaselineSummary]
    best: Alpha | None
    comparison: list[Comparison]
    verdict: str
    values: dict[Alpha | str, list[float]]
    metrics: dict[str, dict[Alpha | str, Interval]]
    histories: dict[Alpha | str, list[list[float]]]


def in_words(objective: str) -> str:
    """Write the name of an objective as it is read.

    Example:
        >>> in_words("val_loss")
        'validation loss'
    """
    return objective.replace("val_", "validation ", 1).replace("_", " ")
