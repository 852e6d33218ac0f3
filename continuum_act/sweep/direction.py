"""Whether an objective is minimized or maximized: asked of the metric that a model was compiled with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args

import keras
from keras import metrics as km

from continuum_act.population.budget import Direction

_MAXIMIZED = (
    km.Accuracy,
    km.BinaryAccuracy,
    km.CategoricalAccuracy,
    km.SparseCategoricalAccuracy,
    km.SparseTopKCategoricalAccuracy,
    km.TopKCategoricalAccuracy,
    km.AUC,
    km.Precision,
    km.PrecisionAtRecall,
    km.Recall,
    km.RecallAtPrecision,
    km.SensitivityAtSpecificity,
    km.SpecificityAtSensitivity,
    km.TrueNegatives,
    km.TruePositives,
    km.FBetaScore,  # and F1Score
    km.IoU,  # and BinaryIoU, MeanIoU, OneHotIoU, OneHotMeanIoU
    km.CosineSimilarity,
    km.ConcordanceCorrelation,
    km.PearsonCorrelation,
    km.R2Score,
)
_MINIMIZED = (
    km.BinaryCrossentropy,
    km.CategoricalCrossentropy,
    km.SparseCategoricalCrossentropy,
    km.KLDivergence,
    km.Poisson,
    km.CategoricalHinge,
    km.Hinge,
    km.SquaredHinge,
    km.LogCoshError,
    km.MeanAbsoluteError,
    km.MeanAbsolutePercentageError,
    km.MeanSquaredError,
    km.MeanSquaredLogarithmicError,
    km.RootMeanSquaredError,
    km.FalseNegatives,
    km.FalsePositives,
)


def sign_of(direction: Direction) -> Literal[1, -1]:
    """Return the factor that makes the better value the smaller one."""
    return 1 if direction == "minimize" else -1


def resolve_direction(
    objective: str, direction: Direction | Literal["auto"], metrics: Iterable[keras.Metric]
) -> Direction:
    """Say whether an objective is to be minimized or maximized.

    Args:
        objective: a name in the history of `fit`, such as "val_loss" or "val_auc".
        direction: "minimize" or "maximize", which is returned as it is, or "auto".
        metrics: `model.metrics` of a compiled model that has seen a batch (before, Keras does not know them all).
            Those of Keras and their subclasses are known by class; losses, alone or used as metrics, are minimized.

    Raises:
        ValueError: if `direction` is none of the three, or is "auto" and the metric of that name is not known.

    Example:
        >>> import keras
        >>> resolve_direction("val_mean_io_u", "auto", [keras.metrics.MeanIoU(num_classes=2)])
        'maximize'
        >>> resolve_direction("val_gain", "maximize", [])
        'maximize'
    """
    if direction in get_args(Direction):
        return direction  # type: ignore[return-value]
    if direction != "auto":
        raise ValueError(f"direction must be 'minimize', 'maximize' or 'auto', got {direction!r}.")
    name = objective.removeprefix("val_")
    if name == "loss":
        return "minimize"
    found = {_direction_of(metric) for metric in _called(name, list(_flat(metrics)))}
    if found == {"minimize"} or found == {"maximize"}:
        return found.pop()  # type: ignore[return-value]
    raise ValueError(
        f"whether the objective {objective!r} is better when smaller or when larger is not known: it is no loss, and "
        "no metric of Keras by that name is compiled. Give direction='minimize' or direction='maximize'."
    )


def _flat(metrics: Iterable[Any]) -> Iterator[Any]:
    """Yield each metric, and those that it holds, as the one in which Keras keeps the compiled ones."""
    for metric in metrics:
        yield metric
        yield from _flat(getattr(metric, "metrics", ()))


def _called(name: str, metrics: list[Any]) -> list[Any]:
    """Return the metrics that are logged by a name, the longest of its ends that is one's name.

    An output's name may come before, and AUC() is called auc, auc_1, ... by a counter of the process.
    """
    for read in (str, _without_counter):
        ends = [m for m in metrics if f"_{read(name)}".endswith(f"_{read(m.name)}")]
        if ends:
            longest = max(len(read(m.name)) for m in ends)
            return [m for m in ends if len(read(m.name)) == longest]
    return []


def _without_counter(name: str) -> str:
    return re.sub(r"_\d+$", "", name)


def _direction_of(metric: Any) -> Direction | None:
    if isinstance(metric, _MAXIMIZED):
        return "maximize"
    if isinstance(metric, _MINIMIZED):
        return "minimize"
    if type(metric) is km.MeanMetricWrapper:
        return _direction_of_function(getattr(metric, "_fn", None))
    if type(metric) is km.Mean and f"_{metric.name}".endswith("_loss"):
        return "minimize"  # Keras's tracker of an output's loss, or a model's own
    return None


def _direction_of_function(function: Any) -> Direction | None:
    """Tell a loss, or a function of Keras by identity: a user's own `dice` is larger where Keras's loss is smaller."""
    if isinstance(function, keras.losses.Loss) or _is_in(keras.losses, function):
        return "minimize"
    return "maximize" if _is_in(km, function) else None  # accuracies and correlations


def _is_in(module: Any, function: Any) -> bool:
    return function is not None and getattr(module, getattr(function, "__name__", ""), None) is function
