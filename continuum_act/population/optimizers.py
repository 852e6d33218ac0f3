"""Keras's element-wise optimizers as pure functions."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from continuum_act.population import backend
from continuum_act.population.stand_in import NotMappable

_ELEMENTWISE = ("SGD", "Adam", "AdamW", "RMSprop", "Lion", "Adagrad", "Adadelta", "Adamax")
_COUPLING = ("clipnorm", "global_clipnorm", "use_ema", "gradient_accumulation_steps", "loss_scale_factor")


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


class PureUpdate:
    """The optimizer's step as a function of values, gradients and the values of its state, `slots`.

    Args:
        optimizer: an element-wise one.
        variables: the weights of one member.
        members: how many members' values are stacked in each value, but for scalars of the state; None for one alone.
    """

    def __init__(self, optimizer: Any, variables: list[keras.Variable], members: int | None = None) -> None:
        self._now: dict[int, Any] = {}  # the variable that is being updated, and its value
        self._alone = members is None
        leading = () if members is None else (members,)
        made: list[keras.Variable] = []
        self._pure = _pure(type(optimizer), self._now, made, leading).from_config(optimizer.get_config())
        self.slots = list(self._pure.variables)
        self._pure.build(variables)
        self.slots += made
        self._variables = variables

    def __call__(self, values: list[Any], gradients: list[Any], slots: list[Any]) -> tuple[list[Any], list[Any]]:
        """Return the new values and slots."""
        with keras.StatelessScope(list(zip(self.slots, slots, strict=True))) as scope:
            rows = zip(self._variables, values, gradients, strict=True)
            new = [v if g is None else self._updated(variable, v, g) for variable, v, g in rows]
            self._pure.iterations.assign(self._pure.iterations + 1)
        return new, [scope.get_current_value(v) for v in self.slots]

    def _updated(self, variable: keras.Variable, value: Any, gradient: Any) -> Any:
        pure, rate = self._pure, self._pure.learning_rate
        if pure.clipvalue is not None:
            gradient = ops.clip(gradient, -pure.clipvalue, pure.clipvalue)
        if pure.weight_decay is not None:
            value = value - value * ops.cast(pure.weight_decay, value.dtype) * ops.cast(rate, value.dtype)
        self._now[id(variable)] = value
        pure.update_step(gradient, variable, rate)
        value = self._now.pop(id(variable))
        if variable.constraint is None:
            return value
        return variable.constraint(value) if self._alone else backend.vectorized(variable.constraint, value)


def _pure(optimizer: Any, now: dict[int, Any], made: list[keras.Variable], leading: tuple[int, ...]) -> Any:
    """Return a class of optimizer that assigns the variables in `now` there, and lists its own in `made`."""

    class Pure(optimizer):
        def add_variable_from_reference(self, reference: Any, name: Any = None, initializer: Any = "zeros") -> Any:
            made.append(_Stacked(initializer, reference.shape, reference.dtype, leading))
            return made[-1]

        def assign(self, variable: Any, value: Any) -> None:
            if id(variable) in now:
                now[id(variable)] = ops.cast(value, variable.dtype)
            else:
                variable.assign(value)

        def assign_add(self, variable: Any, value: Any) -> None:
            self.assign(variable, ops.add(now.get(id(variable), variable), value))

        def assign_sub(self, variable: Any, value: Any) -> None:
            self.assign(variable, ops.subtract(now.get(id(variable), variable), value))

    return Pure


class _Stacked(keras.Variable):
    """A variable of one member, in the place of which a `keras.StatelessScope` holds the values of all."""

    _leading: tuple[int, ...] = ()

    def __init__(self, initializer: Any, shape: Any, dtype: Any, leading: tuple[int, ...]) -> None:
        super().__init__(initializer, shape=shape, dtype=dtype, trainable=False)
        self._leading = leading

    @property
    def shape(self) -> Any:
        """That of all members' values, in the backend's own type."""
        one = super().shape
        return type(one)((*self._leading, *one))
