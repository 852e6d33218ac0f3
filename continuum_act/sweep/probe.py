"""One batch through a model that `build` returned, so that mistakes show before anything is trained or stored."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from continuum_act.population.batches import first_batch
from continuum_act.population.budget import Budget
from continuum_act.population.names import log_name, name_metrics
from continuum_act.population.stateless_model import OVERRIDDEN, forward


def build_metrics(model: keras.Model, budget: Budget) -> None:
    """Build the loss and the metrics, and name the metrics as in a process of their own."""
    _logs(model, first_batch(budget))


def check_model(what: str, model: Any, budget: Budget) -> None:
    """Check that a model takes the data, and that its logs have the objective, as one number.

    Raises:
        TypeError: if it is no compiled `keras.Model`.
        ValueError: if the data do not fit the model, its loss or its metrics, or the objective is not in its logs.
    """
    logs = _logs(model, first_batch(budget), what)
    if any(getattr(type(model), method) is not getattr(keras.Model, method) for method in OVERRIDDEN):
        return  # what its `fit` logs is known when it has run
    if budget.validation_data is not None:
        logs |= {f"val_{name}": value for name, value in logs.items()}
    if budget.objective not in logs:
        hint = ""
        if budget.validation_data is None and budget.objective.startswith("val_"):
            hint = " A name that starts with 'val_' needs validation_data or validation_split."
        raise ValueError(f"objective {budget.objective!r} is not among the metrics of {what}: {sorted(logs)}.{hint}")
    if np.ndim(logs[budget.objective]):
        raise ValueError(
            f"objective {budget.objective!r} has {np.size(logs[budget.objective])} values, and alphas are compared by"
            " one number: average the metric, for example F1Score(average='macro')."
        )


def _logs(model: Any, batch: Any, what: str = "build(alpha)") -> dict[str, Any]:
    """Evaluate one batch, which builds the loss and the metrics; return what `fit` would log."""
    if not isinstance(model, keras.Model):
        raise TypeError(f"{what} must return a compiled keras.Model, got {type(model).__name__}: {model!r}.")
    if not model.compiled or model.optimizer is None:
        raise TypeError(f"{what} must return a compiled model: call model.compile(optimizer, loss) in it.")
    x, y, sample_weight = batch
    try:
        y_pred = forward(model, x, training=False)
        loss = model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)
        model.metrics[0].update_state(loss)
        model.compute_metrics(x, y, y_pred, sample_weight)
    except Exception as error:
        shapes = keras.tree.map_structure(lambda a: None if a is None else tuple(np.shape(a)), (x, y))
        raise ValueError(
            f"{what} does not take a batch of the data, of shapes {shapes}: {type(error).__name__}: {error}"
        ) from error
    name_metrics(model)
    rename = log_name(model)
    logs = {rename(name): keras.ops.convert_to_numpy(value) for name, value in model.get_metrics_result().items()}
    model.reset_metrics()
    return logs
