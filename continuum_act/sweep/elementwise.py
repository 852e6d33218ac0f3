"""Keras's element-wise optimizers as pure functions."""

from __future__ import annotations

from typing import Any

import keras

from continuum_act.sweep.stand_in import NotMappable

_ELEMENTWISE = ("SGD", "Adam", "AdamW", "RMSprop", "Lion", "Adagrad", "Adadelta", "Adamax")
_COUPLING = ("clipnorm", "global_clipnorm", "use_ema", "gradient_accumulation_steps", "loss_scale_factor")


def check_elementwise(optimizer: keras.optimizers.Optimizer) -> None:
    """Raise `NotMappable` unless each element of a weight is updated from its own gradient alone."""
    name = type(optimizer).__name__
    if type(optimizer) not in [getattr(keras.optimizers, known) for known in _ELEMENTWISE]:
        raise NotMappable(
            f"optimizer {name} is not known to be element-wise, so members would not train as if alone."
            f" Use one of {', '.join(_ELEMENTWISE)}."
        )
    for option in _COUPLING:
        if getattr(optimizer, option, None):
            raise NotMappable(
                f"optimizer {name}({option}={getattr(optimizer, option)!r}) is not mapped over members."
                " Use clipvalue, or leave it out."
            )
    if getattr(optimizer, "_exclude_from_weight_decay", None):
        raise NotMappable(f"optimizer {name} with exclude_from_weight_decay is not mapped over members.")


def pure(optimizer: keras.optimizers.Optimizer, variables: list[keras.Variable]) -> Any:
    """Return a copy of the optimizer, built on these variables, whose `updated` works inside a `StatelessScope`."""

    class Pure(type(optimizer)):  # type: ignore[misc]
        def assign(self, variable: Any, value: Any) -> None:
            self.change(variable, value)

        def assign_add(self, variable: Any, value: Any) -> None:
            self.change(variable, keras.ops.add(self.now(variable), value))

        def assign_sub(self, variable: Any, value: Any) -> None:
            self.change(variable, keras.ops.subtract(self.now(variable), value))

        def change(self, variable: Any, value: Any) -> None:
            if variable is self.target:
                self.value = keras.ops.cast(value, variable.dtype)
            else:
                variable.assign(value)

        def now(self, variable: Any) -> Any:
            return self.value if variable is self.target else variable.value

        def updated(self, values: list[Any], gradients: list[Any]) -> list[Any]:
            """Return the new values of the variables; the state of the optimizer changes in the scope."""
            new = []
            rate = self.learning_rate
            for self.target, self.value, gradient in zip(self.targets, values, gradients, strict=True):
                if gradient is not None:
                    if self.clipvalue is not None:
                        gradient = keras.ops.clip(gradient, -self.clipvalue, self.clipvalue)
                    if self.weight_decay is not None:
                        self.assign_sub(self.target, self.value * self.weight_decay * rate)
                    self.update_step(gradient, self.target, rate)
                    if self.target.constraint is not None:
                        self.value = self.target.constraint(self.value)
                new.append(self.value)
            self.iterations.assign(self.iterations + 1)
            return new

    copy = Pure.from_config(optimizer.get_config())
    copy.build(variables)
    copy.targets = variables
    return copy
