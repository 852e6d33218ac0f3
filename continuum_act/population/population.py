"""Many members, one per alpha and seed, as one `keras.Model`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from continuum_act.population.arguments import as_alphas, as_seeds
from continuum_act.population.batches import STEPS
from continuum_act.population.batches import stacked as stacked_batches
from continuum_act.population.callbacks import finite_mean
from continuum_act.population.chunked_variables import ChunkedVariables
from continuum_act.population.chunks import chunks_of
from continuum_act.population.stand_in import sign_of
from continuum_act.population.stateless_model import forward
from continuum_act.population.vectorized import VectorizedModel, stacked_alphas


class Population(keras.Model):
    """Many members, one per alpha and seed, that train at once and each as if it were alone.

    `build` is called once per seed, after `keras.utils.set_random_seed(seed)`, with a variable in place of alpha (a
    pair of variables for a complex alpha, a tuple for a tuple of alphas). Each of its weights gets a leading axis of
    members. `fit` is Keras's own, with its data, callbacks and validation; all members see the same batches, in steps
    of `steps_per_execution` batches per call (32). Member k becomes what `build(alpha)` becomes by its own `fit` with
    the same seed and batches, to rounding: see `member`.

    On an accelerator this holds against a `fit` on the same one. Rounding is then that of its matrix products, which
    are in TensorFloat-32 on recent GPUs (11 bits in place of 24), in bfloat16 on TPUs, unless that is switched off by
    `tf.config.experimental.enable_tensor_float_32_execution(False)` or, on JAX, by
    `jax.config.update("jax_default_matmul_precision", "highest")`. Random numbers (dropout, noise) are those of that
    `fit`: there TensorFlow compiles it by XLA, and so the population.

    The progress bar, callbacks and `History` see the mean of each metric over members, those that are not finite left
    out. `member_results` has the last value of each metric for each member, `member_history` those of each epoch.

    Args:
        build: returns a compiled `keras.Model` for an alpha.
        alphas: 1-D array of real or complex alphas, or a list of equally long tuples.
        seeds: a count (seeds 0, 1, ...) or a list of integers.
        chunk: number of members that are computed as one; if None, that which makes a chunk for each processor, or
            one for each seed on an accelerator.

    Shapes:
        A call takes what a member takes, and returns `(batch, members, ...)`; so does `predict`.

    Raises:
        TypeError: alphas or seeds are not numbers.
        ValueError: an alpha is not finite, a seed is negative, or one of them is there twice or none at all.
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
        self.members = [(alpha, seed) for seed in as_seeds(seeds) for alpha in as_alphas(alphas)]
        self.member_results: dict[str, np.ndarray] = {}
        self.member_history: dict[str, list[np.ndarray]] = {}
        self._last_results: dict[str, np.ndarray] = {}
        signs = {sign_of(alpha) for alpha, _ in self.members}
        sign = signs.pop() if len(signs) == 1 else None
        # what Keras must not track
        self._untracked = ChunkedVariables(
            VectorizedModel(build, *self.members[0], sign), chunks_of(self.members, chunk)
        )
        template = self._untracked.model.stateless.model
        optimizer = type(template.optimizer).from_config(template.optimizer.get_config())
        self.compile(optimizer=optimizer, loss=None, jit_compile=False, steps_per_execution=STEPS)
        if template.built:
            self.build(None)

    def build(self, input_shape: Any) -> None:
        """Make a variable of shape `(members, ...)` for each variable of a member."""
        model = self._untracked.model
        model.list_variables(input_shape)
        variables = model.stateless.variables
        self._trainable = [self._stack(v, True) for v in variables.trainable]
        self._other = [self._stack(v, False) for v in variables.other]
        self._random = [self._stack(v, False) for v in variables.random]
        self.optimizer.build(self._trainable)
        self.reset()
        self.built = True

    def reset(self) -> None:
        """Begin again: the initial weights of each member, and the optimizer's state; nothing is compiled again."""
        model = self._untracked.model
        initial = [model.initial(seed) for _, seed in self.members]
        fields = ((self._trainable, "trainable"), (self._other, "other"), (self._random, "random"))
        for stacked, field in fields:
            for variable, *values in zip(stacked, *(getattr(one, field) for one in initial), strict=True):
                variable.assign(np.stack(values))
        own = [*initial[0].counts, *initial[0].slots]
        for variable, value in zip(self.optimizer.variables, own, strict=True):
            variable.assign(np.broadcast_to(value, variable.shape))
        self.reset_metrics()

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

    def member(self, k: int) -> list[np.ndarray]:
        """Return the weights of member k, as `build(alpha).set_weights` takes them."""
        variables = self._untracked.model.stateless.variables
        names = map(id, [*variables.trainable, *variables.other, *variables.random])
        stacked = dict(zip(names, [*self._trainable, *self._other, *self._random], strict=True))
        weights = self._untracked.model.stateless.weights
        return [np.asarray(ops.convert_to_numpy(stacked[id(v)].value[k])) for v in weights]

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the outputs of all members, of shape `(batch, members, ...)`."""
        stateless = self._untracked.model.stateless
        names = [*stateless.variables.alphas, *stateless.variables.trainable, *stateless.variables.other]
        names += stateless.variables.random
        stacked = [v.value for v in [*self._trainable, *self._other, *self._random]]
        values = [*stacked_alphas([alpha for alpha, _ in self.members]), *stacked]

        def of_member(values: list[Any]) -> Any:
            with keras.StatelessScope(list(zip(names, values, strict=True))):
                return forward(stateless.model, inputs, training=training)

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
        self._untracked.metrics = None

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the mean of each metric over members, those where it is not finite left out."""
        return {name: finite_mean(values) for name, values in self.member_results.items()}

    def make_train_function(self, force: bool = False) -> None:
        """Let `fit` train on `steps_per_execution` batches per call."""
        self.train_function = self._function(training=True)

    def make_test_function(self, force: bool = False) -> None:
        """Let `evaluate` evaluate `steps_per_execution` batches per call."""
        self.test_function = self._function(training=False)

    def _function(self, *, training: bool) -> Callable[..., Any]:
        def on_tensorflow(iterator: Iterable[Any]) -> Any:
            variables = [self._trainable, self._other + self._random, *([self.optimizer.variables] if training else [])]
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
        work = stacked_batches(itertools.islice(iterator, STEPS), STEPS)
        if not work:
            raise StopIteration
        lists, results = self._untracked.run(lists, self.members, work, training)
        self.member_results = results
        prefix = "" if training else "val_"
        self._last_results |= {f"{prefix}{name}": values for name, values in results.items()}
        return lists


class _MemberHistory(keras.callbacks.Callback):
    """Keep the metrics of each member at the end of each epoch."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.model._last_results = {}

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for name, values in self.model._last_results.items():
            self.model.member_history.setdefault(name, []).append(values)
