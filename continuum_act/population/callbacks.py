"""Keras callbacks in a population: copies for each member, or one set for the means over members."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from continuum_act.population.budget import Budget
from continuum_act.population.stand_in import NotMappable

_PER_MEMBER = ("EarlyStopping", "LearningRateScheduler", "ReduceLROnPlateau", "TerminateOnNaN")
_READ_LOGS = ("CSVLogger", "LambdaCallback", "RemoteMonitor", "TensorBoard")
_EPOCH_HOOKS = {"on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end"}


class BestEpoch(keras.callbacks.Callback):
    """Keep the weights of the epoch with the best objective, the first of equals."""

    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self._objective = budget.objective
        self._sign = 1 if budget.direction == "minimize" else -1

    def on_train_begin(self, logs: Any = None) -> None:
        self._best, self._weights = math.inf, None

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        value = self._sign * (logs or {}).get(self._objective, math.nan)
        if value < self._best:
            self._best, self._weights = value, self.model.get_weights()

    def on_train_end(self, logs: Any = None) -> None:
        if self._weights is not None:
            self.model.set_weights(self._weights)


def callbacks_of(budget: Budget) -> list[keras.callbacks.Callback]:
    """Return new callbacks for one member's `fit`."""
    best = [BestEpoch(budget)] if budget.epoch == "best" else []
    return [*map(copy.deepcopy, budget.callbacks), *best, keras.callbacks.TerminateOnNaN()]


def check_mappable(callbacks: Sequence[keras.callbacks.Callback]) -> None:
    """Raise `NotMappable` unless each callback acts on a member by itself, or only reads the logs of an epoch."""
    for callback in callbacks:
        name = type(callback).__name__
        if type(callback) is not getattr(keras.callbacks, name, None) or name not in (*_PER_MEMBER, *_READ_LOGS):
            raise NotMappable(f"the callback {name} may ask for a model of its own.")
        hooks = {hook for hook in vars(callback) if hook.startswith("on_")}
        if not hooks <= _EPOCH_HOOKS:
            raise NotMappable(f"the callback {name} has {', '.join(sorted(hooks - _EPOCH_HOOKS))}.")
        if name == "TensorBoard" and (callback.histogram_freq or callback.update_freq != "epoch"):
            raise NotMappable(f"the callback {name} reads more than the logs of an epoch.")


class _Optimizer:
    """The learning rate of one member."""

    def __init__(self, rate: Any) -> None:
        self.rate = rate

    @property
    def learning_rate(self) -> Any:
        if self.rate is None:
            raise NotMappable("a callback sets the learning rate, which follows a schedule.")
        return self.rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.rate = self.learning_rate.dtype.type(value)


class MemberCallbacks:
    """The callbacks of one member; they see it in place of their model.

    Args:
        callbacks: those of the sweep.
        model: the model that all members are built like, for its metrics.
        rate: the learning rate as a NumPy number, None if it follows a schedule.
        get_weights: returns the member's weights now.
    """

    def __init__(
        self, callbacks: Sequence[Any], model: keras.Model, rate: Any, get_weights: Callable[[], list[Any]]
    ) -> None:
        self.metrics = model.metrics
        self.optimizer = _Optimizer(rate)
        self.stop_training = False
        self.get_weights = get_weights
        self.restored: list[np.ndarray] | None = None
        self._callbacks = [
            copy.deepcopy(c) for c in callbacks if type(c).__name__ not in (*_READ_LOGS, "TerminateOnNaN")
        ]
        for callback in self._callbacks:
            callback.set_model(self)
            callback.on_train_begin()

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Take the weights that a callback restores when training ends."""
        self.restored = weights

    @property
    def rate(self) -> Any:
        """The learning rate as the callbacks have set it."""
        return self.optimizer.rate

    def epoch_begin(self, epoch: int) -> None:
        """Tell that an epoch begins."""
        for callback in self._callbacks:
            callback.on_epoch_begin(epoch)

    def epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """Hand over the logs of an epoch, to which callbacks may add; a loss that is not finite ends training."""
        for callback in self._callbacks:
            callback.on_epoch_end(epoch, logs)
        if not math.isfinite(logs["loss"]):
            self.stop_training = True

    def train_end(self) -> None:
        """Tell that training ended."""
        for callback in self._callbacks:
            callback.on_train_end()


class MeanCallbacks:
    """The callbacks that only read logs: they get the means over members, those that are not finite left out."""

    def __init__(self, callbacks: Sequence[Any], model: keras.Model, epochs: int) -> None:
        self._callbacks = [callback for callback in callbacks if type(callback).__name__ in _READ_LOGS]
        for callback in self._callbacks:
            callback.set_params({"verbose": 0, "epochs": epochs, "steps": None})
            callback.set_model(model)
            callback.on_train_begin()

    def epoch_begin(self, epoch: int) -> None:
        """Tell that an epoch begins."""
        for callback in self._callbacks:
            callback.on_epoch_begin(epoch)

    def epoch_end(self, epoch: int, logs: Sequence[dict[str, Any]]) -> None:
        """Hand over the means of the logs of members."""
        means = {name: finite_mean([log[name] for log in logs]) for name in logs[0]} if self._callbacks else {}
        for callback in self._callbacks:
            callback.on_epoch_end(epoch, dict(means))

    def train_end(self) -> None:
        """Tell that training ended."""
        for callback in self._callbacks:
            callback.on_train_end()


def finite_mean(values: Any) -> Any:
    """Return the mean over members where it is finite; of each element, if the values are vectors."""
    values = np.asarray(values, dtype=float)
    finite = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        mean = np.where(finite, values, 0.0).sum(axis=0) / finite.sum(axis=0)
    return mean.tolist()
