"""Keras's element-wise optimizers as pure functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from continuum_act.sweep.stand_in import NotMappable

_ELEMENTWISE = ("SGD", "Adam", "AdamW", "RMSprop", "Lion", "Adagrad", "Adadelta", "Adamax")
_COUPLING = ("clipnorm", "global_clipnorm", "use_ema", "gradient_accumulation_steps", "loss_scale_factor")

Update = Callable[[list[Any], list[Any]], list[Any]]


def check_elementwise(optimizer: Any) -> None:
    """Raise `NotMappable` unless each element of a weight is updated from its own gradient alone."""
    name = type(optimizer).__name__
    if type(optimizer) not in [getattr(keras.optimizers, known) for known in _ELEMENTWISE]:
        raise NotMappable(
            f"optimizer {name} is not known to be element-wise, so members might not train as if alone."
            f" Element-wise are {', '.join(_ELEMENTWISE)}."
        )
    for option in _COUPLING:
        if getattr(optimizer, option, None):
            raise NotMappable(
                f"optimizer {name} with {option}={getattr(optimizer, option)!r} couples the elements of a weight"
                " or steps, so members might not train as if alone. Leave it out, or use clipvalue."
            )
    if getattr(optimizer, "_exclude_from_weight_decay", None):
        raise NotMappable(f"optimizer {name} with exclude_from_weight_decay is not mapped over members.")


def pure_update(optimizer: Any, variables: list[keras.Variable]) -> tuple[Update, list[keras.Variable]]:
    """Return the optimizer's step as a function of (values, gradients), and the variables of its state.

    The function returns the new values. Called inside a `keras.StatelessScope`, it changes the state there only.
    """
    now: dict[int, Any] = {}  # the variable that is being updated, and its value

    class Pure(type(optimizer)):  # type: ignore[misc]
        def assign(self, variable: Any, value: Any) -> None:
            if id(variable) in now:
                now[id(variable)] = ops.cast(value, variable.dtype)
            else:
                variable.assign(value)

        def assign_add(self, variable: Any, value: Any) -> None:
            self.assign(variable, ops.add(now.get(id(variable), variable), value))

        def assign_sub(self, variable: Any, value: Any) -> None:
            self.assign(variable, ops.subtract(now.get(id(variable), variable), value))

    pure = Pure.from_config(optimizer.get_config())
    pure.build(variables)

    def update(values: list[Any], gradients: list[Any]) -> list[Any]:
        new = []
        rate = pure.learning_rate
        for variable, value, gradient in zip(variables, values, gradients, strict=True):
            if gradient is not None:
                if pure.clipvalue is not None:
                    gradient = ops.clip(gradient, -pure.clipvalue, pure.clipvalue)
                if pure.weight_decay is not None:
                    value = value - value * ops.cast(pure.weight_decay, value.dtype) * ops.cast(rate, value.dtype)
                now[id(variable)] = value
                pure.update_step(gradient, variable, rate)
                value = now.pop(id(variable))
                if variable.constraint is not None:
                    value = variable.constraint(value)
            new.append(value)
        pure.iterations.assign(pure.iterations + 1)
        return new

    return update, list(pure.variables)
