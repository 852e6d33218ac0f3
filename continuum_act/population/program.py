"""One model's training and evaluation over many batches, mapped over members, as compiled pure functions."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from continuum_act.population import backend
from continuum_act.population.optimizers import PureUpdate, check_elementwise
from continuum_act.population.stand_in import NotMappable, stand_in

_TRACING = threading.RLock()  # Keras layers and metrics are traced by one thread at a time

Map = Callable[[Callable[[Any], Any], Any], Any]
Block = list[Any]  # the arrays of several batches, stacked: `(steps, batch, ...)`, None where there is none


def _alone(function: Callable[[Any], Any], values: Any) -> Any:
    return function(values)


class Template:
    """The model `build(stand-in for alpha)`, whose variables name the places of a member's values.

    A member's values are a flat list in the order of `places`.
    """

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
        _check(self.model)
        self.metrics: list[keras.Variable] | None = None

    def list_variables(self, input_shape: Any) -> None:
        """Build the model for this shape if it is not built yet, and list its variables."""
        self.input_shape = input_shape
        if not self.model.built:
            zeros = keras.tree.map_shape_structure(lambda shape: ops.zeros((2, *shape[1:])), input_shape)
            forward(self.model, zeros, training=False)
        alphas = set(map(id, self.alphas))
        self.trainable = [v for v in self.model.trainable_variables if id(v) not in alphas]
        self.other = [v for v in self.model.non_trainable_variables if id(v) not in alphas]
        self.weights = [v for v in self.model.weights if id(v) not in alphas]
        self.update = PureUpdate(self.model.optimizer, self.trainable)

    def build_metrics(self, x: Any, y: Any, sample_weight: Any) -> None:
        """Build the loss and the metrics by one evaluation, and list the variables of the metrics."""
        y_pred = forward(self.model, x, training=False)
        self.model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)
        self.model.compute_metrics(x, y, y_pred, sample_weight)
        self.model.reset_metrics()
        self.metrics = list(self.model.metrics_variables)
        for metric in self.model.metrics[1:]:  # the first, of the total loss, is weighted in every fit
            if backend.FIT_KNOWS_NO_BATCH_SIZE and type(metric) is keras.metrics.Mean:
                metric.update_state = functools.partial(_unweighted_by_known_size, metric.update_state)

    def places(self, *, training: bool) -> list[keras.Variable]:
        """Return all variables of a member: the state of the optimizer, which comes last, only for training."""
        slots = self.update.slots if training else []
        return [*self.alphas, *self.trainable, *self.other, *(self.metrics or []), *slots]

    def loss(self, values: list[Any], batch: Any, *, training: bool) -> tuple[Any, list[Any]]:
        """Return the loss of one member for a batch, and its values, but those of the optimizer, after it."""
        places = self.places(training=False)
        x, y, sample_weight = batch
        with keras.StatelessScope(list(zip(places, values, strict=True)), collect_losses=True) as scope:
            y_pred = forward(self.model, x, training=training)
            loss = self.model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
            self.model.metrics[0].update_state(loss, sample_weight=ops.shape(keras.tree.flatten(x)[0])[0])
            self.model.compute_metrics(x, y, y_pred, sample_weight)
        return loss, [scope.get_current_value(v) for v in places]

    def trained(self, values: list[Any], batch: Any, update: Any = None, mapped: Map = _alone) -> list[Any]:
        """Return the values after a training step: of one member, or of all over which `mapped` maps a function.

        What members have of their own is stacked then. Only the forward pass is mapped: the gradients of the summed
        losses are those of each member, and an element-wise optimizer takes stacked values as they are.
        """
        begin = len(self.alphas)
        end = begin + len(self.trainable)
        first_slot = len(self.places(training=False))

        def loss_of(trainable: list[Any]) -> tuple[Any, list[Any]]:
            current = [*values[:begin], *trainable, *values[end:first_slot]]
            losses, new = mapped(lambda member: self.loss(member, batch, training=True), current)
            return ops.sum(losses), new

        (_, new), gradients = backend.value_and_gradients(loss_of, values[begin:end])
        weights, slots = (update or self.update)(values[begin:end], gradients, values[first_slot:])
        return [*new[:begin], *weights, *new[end:], *slots]

    def results(self, values: list[Any], *, training: bool) -> dict[str, Any]:
        """Return the values of one member's metrics."""
        with keras.StatelessScope(list(zip(self.places(training=training), values, strict=True))):
            return self.model.get_metrics_result()


def forward(model: keras.Model, x: Any, *, training: bool) -> Any:
    """Call the model, in training or not if that makes a difference to it."""
    return model(x, training=training) if "training" in inspect.signature(model.call).parameters else model(x)


def _unweighted_by_known_size(update_state: Callable[..., Any], values: Any, sample_weight: Any = None) -> Any:
    """Update as in an ordinary `fit`: Keras weights an output's loss by the size of a batch only where it is static."""
    return update_state(values, sample_weight=None if isinstance(sample_weight, int) else sample_weight)


def _check(model: Any) -> None:
    if keras.backend.backend() not in ("tensorflow", "jax"):
        raise NotMappable(f"populations run on TensorFlow and JAX, not on {keras.backend.backend()}.")
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

    Called with the chunk's values (with a leading axis of members, but for those that are alike), a block of
    batches and their number, it returns the values after them and the metrics.

    Args:
        template: the model.
        training: train, or evaluate.
        alike: which values all members of a chunk have in common.
        structure: a batch `(x, y, sample_weight)`, of which only the structure counts.
        members: how many there are in a chunk, to vectorize over; None if they take turns.
    """

    def __init__(
        self, template: Template, training: bool, alike: list[bool], structure: Any, members: int | None
    ) -> None:
        self._template = template
        self._training = training
        self._alike = alike
        self._structure = structure
        self._update = template.update
        if training and members is not None:
            self._update = PureUpdate(template.model.optimizer, template.trainable, members)
        self._compiled = backend.Compiled(self._at_once if members else self._in_turn)

    def __call__(self, values: list[Any], block: Block, steps: int, *, xla: bool) -> tuple[list[Any], dict[str, Any]]:
        """Run so many steps, compiled by XLA or not."""
        run = self._compiled if xla else self._compiled.plain
        return run(values, block, ops.convert_to_tensor(steps, "int32"))

    def _batch(self, block: Block, i: Any) -> Any:
        return keras.tree.pack_sequence_as(self._structure, [None if a is None else a[i] for a in block])

    def _step(self, values: list[Any], batch: Any, mapped: Map = _alone) -> Any:
        if self._training:
            return self._template.trained(values, batch, self._update, mapped)
        return mapped(lambda member: self._template.loss(member, batch, training=False), values)[1]

    def _vectorized(self, function: Callable[[Any], Any], values: Any) -> Any:
        """Map a function of a member's values that returns something of its own, and the values."""
        alike = self._alike[: len(values)]
        own, common = _parted(values, alike)

        def of_member(own: list[Any]) -> tuple[Any, list[Any], list[Any]]:
            result, new = function(_joined(own, common, alike))
            own, new = _parted(new, alike)
            return result, own, [v + 0 for v in new]  # as TensorFlow cannot vectorize the return of an outer tensor

        result, own, repeated = backend.vectorized(of_member, own)
        return result, _joined(own, [v[0] for v in repeated], alike)

    def _at_once(self, values: list[Any], block: Block, count: Any) -> Any:
        def step(i: Any, values: Any) -> Any:
            return self._step(values, self._batch(block, i), self._vectorized)

        def results(own: list[Any]) -> dict[str, Any]:
            return self._template.results(_joined(own, common, self._alike), training=self._training)

        with _TRACING:
            values = ops.fori_loop(0, count, step, values)
            own, common = _parted(values, self._alike)
            return values, backend.vectorized(results, own)

    def _in_turn(self, values: list[Any], block: Block, count: Any) -> Any:
        own, common = _parted(values, self._alike)
        members = own[0].shape[0]

        def of_member(m: Any, carry: Any) -> Any:
            own, _, results = carry
            member = _joined([v[m] for v in own], common, self._alike)
            member = ops.fori_loop(0, count, lambda i, v: self._step(v, self._batch(block, i)), member)
            new = self._template.results(member, training=self._training)
            results = {name: _put(results[name], m, new[name]) for name in results}
            member_own, new_common = _parted(member, self._alike)
            return [_put(v, m, n) for v, n in zip(own, member_own, strict=True)], new_common, results

        with _TRACING:
            first = self._template.results(
                [v if a else v[0] for v, a in zip(values, self._alike, strict=True)], training=self._training
            )
            results = {name: ops.repeat(v[None], members, axis=0) for name, v in first.items()}
            own, common, results = ops.fori_loop(0, members, of_member, (own, common, results))
            return _joined(own, common, self._alike), results


def _joined(own: list[Any], common: list[Any], alike: list[bool]) -> list[Any]:
    values = iter(own), iter(common)
    return [next(values[is_alike]) for is_alike in alike]


def _parted(values: list[Any], alike: list[bool]) -> tuple[list[Any], list[Any]]:
    pairs = list(zip(values, alike, strict=True))
    return [v for v, is_alike in pairs if not is_alike], [v for v, is_alike in pairs if is_alike]


def _put(values: Any, index: Any, value: Any) -> Any:
    """Return the values with the one at this index of the leading axis replaced."""
    return ops.slice_update(values, [index, *[0] * (len(values.shape) - 1)], value[None])
