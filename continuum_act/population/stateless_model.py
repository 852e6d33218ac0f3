"""One model's training and evaluation as pure functions of the values of its variables."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from continuum_act.population import backend
from continuum_act.population.convolution import as_matrix_products
from continuum_act.population.names import log_name, name_metrics
from continuum_act.population.optimizers import StatelessOptimizer, check_elementwise
from continuum_act.population.stand_in import NotMappable, stand_in

Build = Callable[[Any], keras.Model]
Map = Callable[[Callable[["State", Any], Any], "State"], Any]
OVERRIDDEN = ("fit", "evaluate", "train_step", "test_step", "make_train_function", "make_test_function")


class State(NamedTuple):
    """The variables of a model, or their values.

    The values of many members are stacked on a leading axis, but for the last two fields: `random` has the states of
    random generators, which members of one seed share, and `counts` the optimizer's count of steps.
    """

    alphas: list[Any]
    trainable: list[Any]
    other: list[Any]
    metrics: list[Any]
    slots: list[Any]
    random: list[Any]
    counts: list[Any]

    @property
    def own(self) -> tuple[list[Any], ...]:
        """What each member has for itself."""
        return self[:5]

    @property
    def shared(self) -> tuple[list[Any], ...]:
        """What members of one seed share."""
        return self[5:]

    @property
    def for_test(self) -> State:
        """Without the optimizer's."""
        return self._replace(slots=[], counts=[])

    def map(self, function: Callable[..., Any], *others: State) -> State:
        """Apply a function to each value, and to those in its place in other states."""
        return State(*(list(map(function, *fields)) for fields in zip(self, *others, strict=True)))

    def flat(self) -> list[Any]:
        """All values, field after field."""
        return [value for field in self for value in field]


def alone(function: Callable[[State, Any], Any], state: State) -> Any:
    """Apply a function to the state of one member and to the place of its batch: the map over one."""
    return function(state, None)


def batch_at(place: Any, batches: Any) -> Any:
    """Return one of several batches that are stacked; the batch itself if there is one, without a place."""
    if place is None:
        return batches
    return keras.tree.map_structure(lambda a: None if a is None else ops.take(a, place, axis=0), batches)


class StatelessModel:
    """The model `build(stand-in for alpha)`, whose `variables` name the places of a member's values."""

    def __init__(self, build: Build, alpha: Any, seed: int, sign: int | None) -> None:
        given, self._alphas = stand_in(alpha, sign)
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
        as_matrix_products(self.model)

    def list_variables(self, input_shape: Any) -> None:
        """Build the model for this shape if it is not built yet, and list its variables."""
        self.input_shape = input_shape
        if not self.model.built:
            zeros = keras.tree.map_shape_structure(lambda shape: ops.zeros((2, *shape[1:])), input_shape)
            forward(self.model, zeros, training=False)
        alphas = set(map(id, self._alphas))
        trainable = [v for v in self.model.trainable_variables if id(v) not in alphas]
        other = [v for v in self.model.non_trainable_variables if id(v) not in alphas]
        self.weights = [v for v in self.model.weights if id(v) not in alphas]
        self.optimizer = StatelessOptimizer(self.model.optimizer, trainable)
        self.variables = State(
            self._alphas,
            trainable,
            [v for v in other if not _is_random_state(v)],
            [],
            self.optimizer.slots,
            [v for v in other if _is_random_state(v)],
            self.optimizer.counts,
        )

    @property
    def rate(self) -> Any:
        """The learning rate as a NumPy number of its dtype, None if it follows a schedule."""
        return np.asarray(self.optimizer.rates[0].numpy())[()] if self.optimizer.rates else None

    def build_metrics(self, x: Any, y: Any, sample_weight: Any) -> None:
        """Build the loss and the metrics by one evaluation, and list the variables of the metrics."""
        y_pred = forward(self.model, x, training=False)
        self.model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)
        self.model.compute_metrics(x, y, y_pred, sample_weight)
        name_metrics(self.model)
        self.model.reset_metrics()
        self.variables = self.variables._replace(metrics=list(self.model.metrics_variables))
        for metric in self.model.metrics[1:]:  # the first, of the total loss, is weighted in every fit
            if backend.FIT_KNOWS_NO_BATCH_SIZE and type(metric) is keras.metrics.Mean:
                metric.update_state = functools.partial(_unweighted_by_known_size, metric.update_state)

    def loss(self, state: State, batch: Any, *, training: bool) -> tuple[Any, State]:
        """Return the loss of one member for a batch, and its state, but the optimizer's, after it."""
        variables = self.variables.for_test
        x, y, sample_weight = batch
        scope = keras.StatelessScope(list(zip(variables.flat(), state.flat(), strict=True)), collect_losses=True)
        with scope:
            y_pred = forward(self.model, x, training=training)
            loss = self.model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
            self.model.metrics[0].update_state(loss, sample_weight=ops.shape(keras.tree.flatten(x)[0])[0])
            self.model.compute_metrics(x, y, y_pred, sample_weight)
        return loss, variables.map(scope.get_current_value)

    def train_step(self, state: State, batch: Any, mapped: Map = alone, members: int | None = None) -> State:
        """Return the state after a training step: of one member, or of all over which `mapped` maps a function.

        Only the forward pass is mapped: the gradients of the summed losses are those of each member, and an
        element-wise optimizer takes stacked values as they are. `batch` is that of all members, or one for each place
        that `mapped` hands to the function.
        """

        def loss_of(trainable: list[Any]) -> tuple[Any, State]:
            current = state.for_test._replace(trainable=trainable)
            losses, new = mapped(
                lambda member, place: self.loss(member, batch_at(place, batch), training=True), current
            )
            return ops.sum(losses), new

        (_, new), gradients = backend.value_and_gradients(loss_of, state.trainable)
        trainable, slots, counts = self.optimizer(state.trainable, gradients, state.slots, state.counts, members)
        return new._replace(trainable=trainable, slots=slots, counts=counts)

    def metric_results(self, state: State) -> dict[str, Any]:
        """Return the values of one member's metrics."""
        with keras.StatelessScope(list(zip(self.variables.metrics, state.metrics, strict=True))):
            results = self.model.get_metrics_result()
        rename = log_name(self.model)
        return {rename(name): value for name, value in results.items()}


def forward(model: keras.Model, x: Any, *, training: bool) -> Any:
    """Call the model, in training or not if that makes a difference to it."""
    return model(x, training=training) if "training" in inspect.signature(model.call).parameters else model(x)


def _is_random_state(variable: keras.Variable) -> bool:
    """Whether this is the state of a `keras.random.SeedGenerator`."""
    return variable.name == "seed_generator_state"


def _unweighted_by_known_size(update_state: Callable[..., Any], values: Any, sample_weight: Any = None) -> Any:
    """Update as in an ordinary `fit`: Keras weights an output's loss by the size of a batch only where it is static."""
    return update_state(values, sample_weight=None if isinstance(sample_weight, int) else sample_weight)


def _check(model: Any) -> None:
    if keras.backend.backend() not in ("tensorflow", "jax"):
        raise NotMappable(f"populations run on TensorFlow and JAX, not on {keras.backend.backend()}.")
    if not isinstance(model, keras.Model) or not model.compiled:
        raise TypeError(f"build(alpha) must return a compiled keras.Model, got {model!r}.")
    for method in OVERRIDDEN:
        if getattr(type(model), method) is not getattr(keras.Model, method):
            raise NotMappable(f"{type(model).__name__} has a {method} of its own, which cannot be mapped.")
    if model.run_eagerly:
        raise NotMappable("the model is compiled with run_eagerly=True.")
    check_elementwise(model.optimizer)
