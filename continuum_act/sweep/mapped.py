"""One model's training and evaluation over many batches, mapped over members, as compiled pure functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import ops

from continuum_act.sweep import backend
from continuum_act.sweep.elementwise import check_elementwise, pure_update
from continuum_act.sweep.stand_in import NotMappable, stand_in


class State(NamedTuple):
    """Values of variables, of one member or, with a leading member axis, of many."""

    alphas: list[Any]
    trainable: list[Any]
    other: list[Any]
    slots: list[Any]
    metrics: list[Any]


class Template:
    """The model `build(stand-in for alpha)`, whose variables name the places of a member's values."""

    def __init__(self, build: Callable[[Any], keras.Model], alpha: Any, seed: int) -> None:
        given, self.alphas = stand_in(alpha)
        keras.utils.set_random_seed(seed)
        try:
            self.model = build(given)
        except NotMappable:
            raise
        except Exception as error:
            raise NotMappable(
                f"build(alpha) fails on a variable in place of alpha: {type(error).__name__}: {error}"
            ) from error
        _check_model(self.model)
        self.takes_training = "training" in inspect.signature(self.model.call).parameters

    def list_variables(self) -> None:
        """List the variables of the model, once it is built."""
        hidden = {id(v) for v in self.alphas}
        self.trainable = [v for v in self.model.trainable_variables if id(v) not in hidden]
        self.other = [v for v in self.model.non_trainable_variables if id(v) not in hidden]
        self.weights = [v for v in self.model.weights if id(v) not in hidden]
        self.update, self.slots = pure_update(self.model.optimizer, self.trainable)

    def build_metrics(self, x: Any, y: Any, sample_weight: Any) -> None:
        """Build the loss and the metrics by one evaluation, and list the variables of the metrics."""
        y_pred = self.forward(x, training=False)
        self.model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)
        self.model.compute_metrics(x, y, y_pred, sample_weight)
        self.model.reset_metrics()
        self.metrics = list(self.model.metrics_variables)

    def forward(self, x: Any, *, training: bool) -> Any:
        """Call the model."""
        return self.model(x, training=training) if self.takes_training else self.model(x)

    def places(self, state: State) -> list[tuple[keras.Variable, Any]]:
        """Pair the variables with the values of one member."""
        names = (*self.alphas, *self.trainable, *self.other, *self.metrics)
        values = (*state.alphas, *state.trainable, *state.other, *state.metrics)
        return list(zip(names, values, strict=True))

    def evaluated(self, state: State, batch: Any, *, training: bool) -> tuple[Any, State]:
        """Return the loss of one member on a batch, and its state with what the forward pass changes."""
        x, y, sample_weight = batch
        size = ops.shape(keras.tree.flatten(x)[0])[0]
        with keras.StatelessScope(self.places(state), collect_losses=True) as scope:
            y_pred = self.forward(x, training=training)
            loss = self.model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
            self.model.metrics[0].update_state(loss, sample_weight=size)
            self.model.compute_metrics(x, y, y_pred, sample_weight)
        other = [scope.get_current_value(v) for v in self.other]
        metrics = [scope.get_current_value(v) for v in self.metrics]
        return loss, state._replace(other=other, metrics=metrics)

    def tested(self, state: State, batch: Any) -> State:
        """Return the state of one member after the evaluation of a batch."""
        return self.evaluated(state, batch, training=False)[1]

    def trained(self, state: State, batch: Any) -> State:
        """Return the state of one member after a step."""

        def loss_of(trainable: list[Any]) -> Any:
            return self.evaluated(state._replace(trainable=trainable), batch, training=True)

        (_, state), gradients = backend.value_and_gradients(loss_of, list(state.trainable))
        with keras.StatelessScope(list(zip(self.slots, state.slots, strict=True))) as scope:
            trainable = self.update(state.trainable, gradients)
        return state._replace(trainable=trainable, slots=[scope.get_current_value(v) for v in self.slots])

    def results(self, metrics: list[Any]) -> dict[str, Any]:
        """Return the values of one member's metrics."""
        with keras.StatelessScope(list(zip(self.metrics, metrics, strict=True))):
            return self.model.get_metrics_result()


def _check_model(model: Any) -> None:
    if not isinstance(model, keras.Model) or not model.compiled:
        raise TypeError(f"build(alpha) must return a compiled keras.Model, got {model!r}.")
    for method in ("train_step", "test_step"):
        if getattr(type(model), method) is not getattr(keras.Model, method):
            raise NotMappable(f"{type(model).__name__} has a {method} of its own, which cannot be mapped.")
    if model.run_eagerly:
        raise NotMappable("the model is compiled with run_eagerly=True.")
    check_elementwise(model.optimizer)


class Program:
    """Many steps of training or of evaluation of a chunk of members, compiled.

    Called with a chunk's `State`, a block of batches (arrays with a leading axis of steps) and their number, it
    returns the state after them and the values of the metrics.

    Args:
        template: the model.
        training: train, or evaluate.
        alike: a `State` of booleans: which variables have one value for all members of a chunk.
        structure: a batch `(x, y, sample_weight)`, of which only the structure counts.
        at_once: map over members; otherwise a chunk has one member.
        xla: compile with XLA.
    """

    def __init__(
        self, template: Template, training: bool, alike: State, structure: Any, *, at_once: bool, xla: bool
    ) -> None:
        self._template = template
        self._alike = keras.tree.flatten(list(alike))
        self._structure = structure
        self._at_once = at_once
        self._step = template.trained if training else template.tested
        self._compiled = backend.compiled(self._run, xla=xla)
        self._compiled_for: set[Any] = set()

    def is_compiled(self, block: list[Any], members: int) -> bool:
        """Whether this has been asked before for these shapes."""
        shapes = (members, *(None if a is None else tuple(a.shape) for a in block))
        known = shapes in self._compiled_for
        self._compiled_for.add(shapes)
        return known

    def __call__(self, state: State, block: list[Any], count: int) -> tuple[State, dict[str, Any]]:
        """Run."""
        state, results = self._compiled(list(state), block, ops.convert_to_tensor(count, "int32"))
        return State(*state), results

    def _run(self, state: Any, block: list[Any], count: Any) -> Any:
        def one(i: Any, state: Any) -> Any:
            batch = keras.tree.pack_sequence_as(self._structure, [None if a is None else a[i] for a in block])
            return self._stepped(state, batch)

        state = ops.fori_loop(0, count, one, [list(values) for values in state])
        metrics = State(*state).metrics
        if self._at_once:
            return state, backend.vectorized(self._template.results, metrics)
        results = self._template.results([value[0] for value in metrics])
        return state, {name: value[None] for name, value in results.items()}

    def _stepped(self, state: list[list[Any]], batch: Any) -> list[list[Any]]:
        """Apply one step to every member of the chunk."""
        values = keras.tree.flatten(state)

        def of_member(own: list[Any]) -> list[Any]:
            rest = iter(own)
            member = [v if alike else next(rest) for v, alike in zip(values, self._alike, strict=True)]
            new = keras.tree.flatten(list(self._step(State(*keras.tree.pack_sequence_as(state, member)), batch)))
            # TensorFlow cannot vectorize a function that returns a tensor from outside it
            return [v + 0 if alike else v for v, alike in zip(new, self._alike, strict=True)]

        own = [v for v, alike in zip(values, self._alike, strict=True) if not alike]
        if self._at_once:
            new = backend.vectorized(of_member, own)
            new = [v[0] if alike else v for v, alike in zip(new, self._alike, strict=True)]
        else:
            new = of_member([v[0] for v in own])
            new = [v if alike else v[None] for v, alike in zip(new, self._alike, strict=True)]
        return keras.tree.pack_sequence_as(state, new)
