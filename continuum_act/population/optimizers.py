"""Keras's element-wise optimizers as functions without state."""

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


class StatelessOptimizer:
    """The optimizer's step as a function of values, gradients and the values of its own variables.

    These are its `slots`, which each member has for itself, the learning rate among them, and its `counts`, which
    members that train together share. Keras's own `stateless_apply` does not do: TensorFlow has none.

    Args:
        optimizer: an element-wise one.
        variables: the weights of one member.
    """

    def __init__(self, optimizer: Any, variables: list[keras.Variable]) -> None:
        self._now: dict[int, Any] = {}  # the variable that is being updated, and its value
        self._leading: list[int] = []  # the leading axis of stacked values
        made: list[keras.Variable] = []
        self._optimizer = _functional(type(optimizer), self._now, made, self._leading).from_config(
            optimizer.get_config()
        )
        first = list(self._optimizer.variables)
        self._optimizer.build(variables)
        self.counts = [v for v in first if v is self._optimizer.iterations]
        self.rates = [v for v in first if v is not self._optimizer.iterations]  # none if it follows a schedule
        self.slots = [*self.rates, *made]
        self._variables = variables

    def __call__(
        self, values: list[Any], gradients: list[Any], slots: list[Any], counts: list[Any], members: int | None = None
    ) -> tuple[list[Any], list[Any], list[Any]]:
        """Return the new values, slots and counts; of so many members, stacked, or of one."""
        self._leading[:] = [] if members is None else [members]
        rates = len(self.rates)
        own = [*zip(self.slots[rates:], slots[rates:], strict=True)]
        with keras.StatelessScope([*own, *zip(self.counts, counts, strict=True)]) as scope:
            rate = slots[0] if rates else self._optimizer.learning_rate
            rows = zip(self._variables, values, gradients, strict=True)
            new = [v if g is None else self._updated(variable, v, g, rate) for variable, v, g in rows]
            self._optimizer.iterations.assign(self._optimizer.iterations + 1)
        changed = [scope.get_current_value(v) for v, _ in own]
        return new, [*slots[:rates], *changed], [scope.get_current_value(v) for v in self.counts]

    def _updated(self, variable: keras.Variable, value: Any, gradient: Any, rate: Any) -> Any:
        optimizer = self._optimizer
        if len(rate.shape):  # one for each member
            rate = ops.reshape(rate, [-1, *[1] * (len(value.shape) - 1)])
        if optimizer.clipvalue is not None:
            gradient = ops.clip(gradient, -optimizer.clipvalue, optimizer.clipvalue)
        if optimizer.weight_decay is not None:
            value = value - value * ops.cast(optimizer.weight_decay, value.dtype) * ops.cast(rate, value.dtype)
        self._now[id(variable)] = value
        optimizer.update_step(gradient, variable, rate)
        value = self._now.pop(id(variable))
        if variable.constraint is None:
            return value
        return backend.vectorized(variable.constraint, value) if self._leading else variable.constraint(value)


def _functional(optimizer: Any, now: dict[int, Any], made: list[keras.Variable], leading: list[int]) -> Any:
    """Return a class of optimizer that assigns the variables in `now` there, and lists its own in `made`."""

    class Functional(optimizer):
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

    return Functional


class _Stacked(keras.Variable):
    """A variable of one member, in the place of which a `keras.StatelessScope` holds the values of all."""

    _leading: list[int] = []  # noqa: RUF012  replaced below; Keras asks for the shape before

    def __init__(self, initializer: Any, shape: Any, dtype: Any, leading: list[int]) -> None:
        super().__init__(initializer, shape=shape, dtype=dtype, trainable=False)
        self._leading = leading

    @property
    def shape(self) -> Any:
        """That of all members' values, in the backend's own type."""
        one = super().shape
        return type(one)((*self._leading, *one))
