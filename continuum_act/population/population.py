"""Many members, one per alpha and seed, as one `keras.Model`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from continuum_act.population.arguments import as_alphas, as_seeds
from continuum_act.population.feed import Feed, stacked
from continuum_act.population.members import Members
from continuum_act.population.program import forward


class Population(keras.Model):
    """Many members, one per alpha and seed, that train at once and each as if it were alone.

    `build` is called once per seed, after `keras.utils.set_random_seed(seed)`, with a variable in place of alpha (a
    pair of variables for a complex alpha, a tuple for a tuple of alphas). Each of its weights gets a leading axis of
    members. `fit` is Keras's own, with its data, callbacks and validation; all members see the same batches, in steps
    of `steps_per_execution` batches per call (32). Member k becomes what `build(alpha)` becomes by its own `fit` with
    the same seed and batches, to rounding: see `member`.

    The progress bar, callbacks and `History` see the mean of each metric over members, those that are not finite left
    out. `member_results` has the last value of each metric for each member, `member_history` those of each epoch.

    Args:
        build: returns a compiled `keras.Model` for an alpha.
        alphas: 1-D array of real or complex alphas, or a list of equally long tuples.
        seeds: a count (seeds 0, 1, ...) or a list of integers.
        chunk: number of members that are computed as one; chosen by the number of processors if None.

    Shapes:
        A call takes what a member takes, and returns `(batch, members, ...)`; so does `predict`.

    Raises:
        NotMappable: (a ValueError) if members could not train exactly as if alone: an optimizer that is not
            element-wise (Lamb, Muon, a norm clip, ...), a `build` that makes a Python number of alpha, a model with
            a `train_step` of its own, or PyTorch as backend.

    Example:
        >>> import keras, numpy as np
        >>> import continuum_act as ca
        >>> def build(alpha):
        ...     model = keras.Sequential([
        ...         keras.Input((1,)),
        ...         keras.layers.Dense(4), ca.soft_exponential_lambda(alpha, domain="linear"),
        ...         keras.layers.Dense(1),
        ...     ])
        ...     model.compile("adam", "mse")
        ...     return model
        >>> population = ca.Population(build, [-0.5, 0.0, 0.5], seeds=2)
        >>> x = np.linspace(-1, 1, 32)[:, None]
        >>> history = population.fit(x, x**2, verbose=0)
        >>> population.member_results["loss"].shape
        (6,)
        >>> population.members[4]
        (0.0, 1)
        >>> alone = build(0.0)
        >>> alone.set_weights(population.member(4))
    """

    def __init__(
        self,
        build: Callable[[Any], keras.Model],
        alphas: Sequence[Any],
        seeds: int | Sequence[int] = 1,
        *,
        chunk: int | None = None,
    ) -> None:
        super().__init__()
        members = [(alpha, seed) for seed in as_seeds(seeds) for alpha in as_alphas(alphas)]
        self.member_results: dict[str, np.ndarray] = {}
        self.member_history: dict[str, list[np.ndarray]] = {}
        self.feed: Feed | None = None
        self._last_results: dict[str, np.ndarray] = {}
        self._members = Members(build, members, chunk)
        template = self._members.template
        optimizer = type(template.model.optimizer).from_config(template.model.optimizer.get_config())
        self.compile(optimizer=optimizer, loss=None, jit_compile=False, steps_per_execution=32)
        if template.model.built:
            self.build(None)

    @property
    def members(self) -> list[tuple[Any, int]]:
        """The alpha and the seed of each member."""
        return self._members.members

    @property
    def seeds(self) -> list[int]:
        """The seeds, each once."""
        return list(dict.fromkeys(seed for _, seed in self.members))

    @property
    def is_mean_of_samples(self) -> bool:
        """Whether the loss is surely a mean over samples, so that an evaluation does not depend on the batches."""
        model = self._members.template.model
        means = ("sum_over_batch_size", "mean", "mean_with_sample_weight")
        reductions = [getattr(loss, "reduction", means[0]) for loss in keras.tree.flatten(model.loss)]
        own = type(model).compute_loss is not keras.Model.compute_loss
        return not own and not model.losses and all(reduction in means for reduction in reductions)

    def build(self, input_shape: Any) -> None:
        """Make a variable of shape `(members, ...)` for each variable of a member."""
        template = self._members.template
        template.list_variables(input_shape)
        self._stacked = [self._stack(v, True) for v in template.trainable]
        self._stacked_other = [self._stack(v, False) for v in template.other]
        self.optimizer.build(self._stacked)
        self.start(self.members)
        self.built = True

    def _build_for(self, data: Any) -> None:
        """Build from the shapes of the data, for models that have no `Input`."""
        if isinstance(data, keras.utils.PyDataset):
            data = data[0][0]
        elif hasattr(data, "element_spec"):  # a `tf.data.Dataset`
            data = keras.utils.unpack_x_y_sample_weight(data.element_spec)[0]
        elif not all(hasattr(array, "shape") for array in keras.tree.flatten(data)):
            raise ValueError("a population of a model without an Input cannot be built from a generator; add an Input.")
        self.build(keras.tree.map_structure(lambda array: (None, *array.shape[1:]), data))

    def _stack(self, variable: Any, trainable: bool) -> Any:
        return self.add_weight(
            shape=(len(self.members), *variable.shape),
            initializer="zeros",
            dtype=keras.backend.standardize_dtype(variable.dtype),
            trainable=trainable,
            autocast=False,
            name=variable.path.replace("/", "_"),
        )

    def start(self, members: Sequence[tuple[Any, int]]) -> None:
        """Begin again with these members, as many as before: initial weights, and the optimizer's state."""
        if len(members) != len(self.members):
            raise ValueError(f"expected {len(self.members)} members, got {len(members)}.")
        self._members.start(members)
        initial = {seed: self._members.initial(seed) for seed in dict.fromkeys(seed for _, seed in members)}
        for i, variable in enumerate(self._stacked + self._stacked_other):
            variable.assign(np.stack([initial[seed][i] for _, seed in members]))
        for variable, one in zip(self.optimizer.variables, self._members.template.update.slots, strict=True):
            variable.assign(np.broadcast_to(one.numpy(), variable.shape))
        self.reset_metrics()

    def member(self, k: int) -> list[np.ndarray]:
        """Return the weights of member k, as `build(alpha).set_weights` takes them."""
        template = self._members.template
        names = map(id, template.trainable + template.other)
        stacked = dict(zip(names, self._stacked + self._stacked_other, strict=True))
        return [np.asarray(ops.convert_to_numpy(stacked[id(v)].value[k])) for v in template.weights]

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the outputs of all members, of shape `(batch, members, ...)`."""
        template = self._members.template
        names = template.alphas + template.trainable + template.other
        values = [*self._members.alphas(), *(v.value for v in self._stacked + self._stacked_other)]

        def of_member(values: list[Any]) -> Any:
            with keras.StatelessScope(list(zip(names, values, strict=True))):
                return forward(template.model, inputs, training=training)

        outputs = ops.vectorized_map(of_member, [ops.convert_to_tensor(v) for v in values])
        return keras.tree.map_structure(lambda y: ops.swapaxes(y, 0, 1), outputs)

    def fit(self, *args: Any, callbacks: Any = None, **kwargs: Any) -> keras.callbacks.History:
        """Train as `keras.Model.fit` does; `member_history` then has each epoch's metrics of each member."""
        self.member_history = {}
        if isinstance(callbacks, keras.callbacks.CallbackList):
            raise TypeError("give the callbacks of a population as a list.")
        if not self.built:
            self._build_for(args[0] if args else kwargs.get("x"))
        callbacks = [_MemberHistory(), *keras.tree.flatten([] if callbacks is None else callbacks)]
        return super().fit(*args, callbacks=callbacks, **kwargs)

    def reset_metrics(self) -> None:
        """Set the metrics of all members to their initial state."""
        self._members.metrics = None

    def get_metrics_result(self) -> dict[str, float]:
        """Return the mean of each metric over members, those where it is not finite left out."""
        return {name: _finite_mean(values) for name, values in self.member_results.items()}

    def make_train_function(self, force: bool = False) -> None:
        """Let `fit` train on `steps_per_execution` batches per call."""
        self.train_function = self._function(training=True)

    def make_test_function(self, force: bool = False) -> None:
        """Let `evaluate` evaluate `steps_per_execution` batches per call."""
        self.test_function = self._function(training=False)

    def _function(self, *, training: bool) -> Callable[..., Any]:
        def on_tensorflow(iterator: Iterable[Any]) -> Any:
            variables = [self._stacked, self._stacked_other, *([self.optimizer.variables] if training else [])]
            lists = [[v.value for v in names] for names in variables]
            for names, values in zip(variables, self._execute(lists, iterator, training), strict=True):
                for variable, value in zip(names, values, strict=True):
                    variable.assign(value)
            return self.get_metrics_result()

        def on_jax(state: Any, iterator: Iterable[Any]) -> Any:
            *lists, own_metrics = state  # a population has no metrics of its own, but Keras's unused ones
            lists = self._execute(lists, iterator, training)
            return self.get_metrics_result(), (*lists, own_metrics)

        return on_jax if keras.backend.backend() == "jax" else on_tensorflow

    def _execute(self, lists: list[list[Any]], iterator: Iterable[Any], training: bool) -> list[list[Any]]:
        then_test = None
        if training and self.feed is not None:
            next(iter(iterator))
            of_seed, then_test = self.feed.turn()
        else:
            work = stacked(itertools.islice(iterator, self.steps_per_execution), self.steps_per_execution)
            if not work:
                raise StopIteration
            of_seed = dict.fromkeys(self.seeds, work)
        lists, results, tested = self._members.run(lists, of_seed, training=training, then_test=then_test)
        tested = {f"val_{name}": values for name, values in tested.items()}
        self.member_results = {**results, **tested}
        prefix = "" if training else "val_"
        self._last_results |= {f"{prefix}{name}": values for name, values in results.items()} | tested
        return lists


class _MemberHistory(keras.callbacks.Callback):
    """Keep the metrics of each member at the end of each epoch."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.model._last_results = {}

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for name, values in self.model._last_results.items():
            self.model.member_history.setdefault(name, []).append(values)


def _finite_mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")
