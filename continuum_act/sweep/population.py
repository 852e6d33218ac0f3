"""Many members, one per alpha and seed, as one `keras.Model`."""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np
from keras import ops

from continuum_act.sweep import backend
from continuum_act.sweep.mapped import Program, State, Template
from continuum_act.sweep.stand_in import NotMappable, parts


class Population(keras.Model):
    """Train all members, one per alpha and seed, at once.

    `build` is called once per seed, after `keras.utils.set_random_seed(seed)`, with a variable in place of alpha.
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
        seeds = list(range(seeds)) if isinstance(seeds, int) else list(seeds)
        self.members = [(alpha, seed) for seed in seeds for alpha in alphas]
        self.chunk = chunk
        self.member_results: dict[str, np.ndarray] = {}
        self.member_history: dict[str, list[np.ndarray]] = {}
        self._hidden = _Hidden(build, alphas, seeds)
        template = self._hidden.template
        optimizer = type(template.model.optimizer).from_config(template.model.optimizer.get_config())
        self.compile(optimizer=optimizer, loss=None, jit_compile=False, steps_per_execution=32)
        if template.model.built:
            self.build(None)

    @property
    def alphas(self) -> list[Any]:
        """Alpha of each member."""
        return [alpha for alpha, _ in self.members]

    @property
    def seeds(self) -> list[int]:
        """Seed of each member."""
        return [seed for _, seed in self.members]

    def build(self, input_shape: Any) -> None:
        """Make a variable of shape `(members, ...)` for each variable of a member."""
        template, hidden = self._hidden.template, self._hidden
        if not template.model.built:
            template.model.build(input_shape)
        template.list_variables()
        hidden.trainable = [self._stack(v, True) for v in template.trainable]
        hidden.other = [self._stack(v, False) for v in template.other]
        self.optimizer.build(hidden.trainable)
        self.start(self.members)
        self.built = True

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
        hidden = self._hidden
        values = {seed: hidden.initial(seed) for seed in dict.fromkeys(seed for _, seed in members)}
        for i, variable in enumerate(hidden.trainable + hidden.other):
            variable.assign(np.stack([values[seed][i] for _, seed in members]))
        fresh = hidden.template.slots
        for variable, one in zip(self.optimizer.variables, fresh, strict=True):
            variable.assign(np.broadcast_to(np.asarray(ops.convert_to_numpy(one)), variable.shape))
        self.members = list(members)
        hidden.alphas = [
            np.asarray(column, keras.config.floatx())
            for column in zip(*(parts(alpha) for alpha, _ in members), strict=True)
        ]
        hidden.metrics = None

    def member(self, k: int) -> list[np.ndarray]:
        """Return the weights of member k, as `build(alpha).set_weights` takes them."""
        template, hidden = self._hidden.template, self._hidden
        stacked = dict(zip(map(id, template.trainable + template.other), hidden.trainable + hidden.other, strict=True))
        return [np.asarray(ops.convert_to_numpy(stacked[id(v)].value[k])) for v in template.weights]

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the outputs of all members, of shape `(batch, members, ...)`."""
        template, hidden = self._hidden.template, self._hidden
        names = template.alphas + template.trainable + template.other
        values = [*hidden.alphas, *(v.value for v in hidden.trainable + hidden.other)]

        def of_member(values: list[Any]) -> Any:
            with keras.StatelessScope(list(zip(names, values, strict=True))):
                return template.forward(inputs, training=training)

        outputs = ops.vectorized_map(of_member, [ops.convert_to_tensor(v) for v in values])
        return keras.tree.map_structure(lambda y: ops.swapaxes(y, 0, 1), outputs)

    def reset_metrics(self) -> None:
        """Set the metrics of all members to their initial state."""
        self._hidden.metrics = None

    def get_metrics_result(self) -> dict[str, float]:
        """Return the mean of each metric over members, those where it is not finite left out."""
        return {name: _finite_mean(values) for name, values in self.member_results.items()}

    def make_train_function(self, force: bool = False) -> None:
        """Let `fit` train on `steps_per_execution` batches per call."""
        self.train_function = self._function("train")

    def make_test_function(self, force: bool = False) -> None:
        """Let `evaluate` evaluate `steps_per_execution` batches per call."""
        self.test_function = self._function("test")

    def _function(self, kind: str) -> Callable[..., Any]:
        def on_jax(state: Any, iterator: Iterable[Any]) -> Any:
            lists = (state[0], state[1], state[2] if kind == "train" else None)
            trainable, other, slots = self._execute(kind, iterator, *lists)
            # Keras's own state of metrics, the last, passes through: members' metrics are apart
            new = [trainable, other, slots, state[-1]] if kind == "train" else [trainable, other, state[-1]]
            return self.get_metrics_result(), tuple(new)

        def on_tensorflow(iterator: Iterable[Any]) -> Any:
            variables = (self._hidden.trainable, self._hidden.other, self.optimizer.variables)
            lists = [[ops.convert_to_tensor(v) for v in names] for names in variables]
            new = self._execute(kind, iterator, *lists[: 3 if kind == "train" else 2])
            for names, values in zip(variables, new, strict=True):
                if values is not None:
                    for variable, value in zip(names, values, strict=True):
                        variable.assign(value)
            return self.get_metrics_result()

        return on_jax if keras.backend.backend() == "jax" else on_tensorflow

    def _execute(
        self, kind: str, iterator: Iterable[Any], trainable: list[Any], other: list[Any], slots: Any = None
    ) -> tuple[list[Any], list[Any], Any]:
        batches = list(itertools.islice(iterator, self.steps_per_execution))
        if not batches:
            raise StopIteration
        hidden = self._hidden
        for block, structure, count in _blocks(batches, self.steps_per_execution):
            if hidden.metrics is None:
                hidden.metrics = hidden.initial_metrics(batches[0], len(self.members))
            state = State([ops.convert_to_tensor(a) for a in hidden.alphas], trainable, other, slots or [], hidden.metrics)
            state, results = self._run(kind, structure, state, block, count)
            trainable, other, slots, hidden.metrics = state.trainable, state.other, state.slots, state.metrics
        self.member_results = {name: np.asarray(ops.convert_to_numpy(v)) for name, v in results.items()}
        return trainable, other, slots if kind == "train" else None

    def _run(self, kind: str, structure: Any, state: State, block: list[Any], count: int) -> Any:
        hidden = self._hidden
        while True:
            chunks = self._chunks() if hidden.at_once else [np.array([k]) for k in range(len(self.members))]
            program, alike = hidden.program(kind, structure, state)
            try:
                return _in_chunks(program, state, alike, chunks, block, count)
            except backend.COMPILE_ERRORS as error:
                if not hidden.xla:
                    raise
                # XLA refuses the loops that stand in for operations without a vectorized form
                hidden.at_once, hidden.xla = False, hidden.at_once
                how = "one member after another" if hidden.xla else "without XLA"
                warnings.warn(f"trained {how}: XLA cannot compile this model otherwise: {error}", stacklevel=2)

    def _chunks(self) -> list[np.ndarray]:
        """Return the members of each chunk: of one seed if the model is random, and as many in each."""
        rows = np.arange(len(self.members))
        seeds = np.array(self.seeds)
        groups = [rows[seeds == seed] for seed in dict.fromkeys(self.seeds)] if self._hidden.is_random else [rows]
        largest = max(map(len, groups))
        size = self.chunk or min(largest, -(-len(rows) // (os.cpu_count() or 1)))
        # the last of a group is filled up with its last member
        return [
            group[np.minimum(np.arange(start, start + size), len(group) - 1)]
            for group in groups
            for start in range(0, len(group), size)
        ]


class _Hidden:
    """What Keras must not track: the template and its programs, alphas and the members' metrics."""

    def __init__(self, build: Callable[[Any], keras.Model], alphas: Sequence[Any], seeds: Sequence[int]) -> None:
        self._build = build
        self._alpha = alphas[0]
        self._first_seed = seeds[0]
        self._one_seed = len(set(seeds)) == 1
        self.template = Template(build, alphas[0], seeds[0])
        self.at_once = True
        self.xla = True
        self.trainable: list[Any] = []
        self.other: list[Any] = []
        self.alphas: list[np.ndarray] = []
        self.metrics: list[Any] | None = None
        self._programs: dict[Any, Program] = {}
        self._built_metrics = False

    def initial(self, seed: int) -> list[np.ndarray]:
        """Return the initial values of a member's variables."""
        template = self.template
        if seed != self._first_seed:
            template = Template(self._build, self._alpha, seed)
            template.list_variables()
        values = [np.asarray(ops.convert_to_numpy(v)) for v in template.trainable + template.other]
        if [v.shape for v in values] != [tuple(v.shape) for v in self.template.trainable + self.template.other]:
            raise NotMappable(f"build(alpha) makes other weights for seed {seed} than for seed {self._first_seed}.")
        return values

    def initial_metrics(self, batch: Any, members: int) -> list[Any]:
        """Return the state of the metrics of all members before the first batch."""
        if not self._built_metrics:
            self.template.build_metrics(*keras.utils.unpack_x_y_sample_weight(batch))
            self._built_metrics = True
        return [ops.repeat(ops.convert_to_tensor(v)[None], members, axis=0) for v in self.template.metrics]

    @property
    def is_random(self) -> bool:
        """Whether the model has a random state, which goes with the seed."""
        return any(map(_is_random_state, self.template.other))

    def program(self, kind: str, structure: Any, state: State) -> tuple[Program, State]:
        """Return the compiled function for data of this structure, and which variables it does not map."""
        template = self.template
        alike = State(
            [False] * len(state.alphas),
            [False] * len(state.trainable),
            [_is_random_state(v) for v in template.other],
            [tuple(v.shape) == tuple(one.shape) for v, one in zip(state.slots, template.slots, strict=False)],
            [False] * len(state.metrics),
        )
        key = (kind, str(keras.tree.map_structure(lambda a: a is None, structure)), self.at_once, self.xla)
        if key not in self._programs:
            self._programs[key] = Program(
                template, kind == "train", alike, structure, at_once=self.at_once, xla=self.xla
            )
        return self._programs[key], alike


def _is_random_state(variable: keras.Variable) -> bool:
    return variable.name == "seed_generator_state"


def _in_chunks(
    program: Program, state: State, alike: State, chunks: list[np.ndarray], block: list[Any], count: int
) -> tuple[State, dict[str, Any]]:
    """Run the chunks, as many at a time as there are processors, and put their members together again."""
    members = len(np.unique(np.concatenate(chunks)))
    values, flags = keras.tree.flatten(list(state)), keras.tree.flatten(list(alike))
    stacked = [len(v.shape) > 0 and v.shape[0] == members or not flag for v, flag in zip(values, flags, strict=True)]

    def run(rows: np.ndarray) -> Any:
        part = []
        for v, flag, many in zip(values, flags, stacked, strict=True):
            part.append(v if not many else v[rows[0]] if flag else ops.take(v, rows, axis=0))
        return program(State(*keras.tree.pack_sequence_as(list(state), part)), block, count)

    # the first call for these shapes compiles, which one thread does
    first = [] if program.is_compiled(block, len(chunks[0])) else [run(chunks[0])]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outputs = first + list(pool.map(run, chunks[len(first) :]))
    sizes = [len(np.unique(rows)) for rows in chunks]

    def together(pieces: Any, flag: bool, many: bool) -> Any:
        if not many:
            return pieces[0]
        if flag:
            pieces = [ops.repeat(piece[None], n, axis=0) for piece, n in zip(pieces, sizes, strict=True)]
        return ops.concatenate([piece[:n] for piece, n in zip(pieces, sizes, strict=True)])

    columns = zip(*(keras.tree.flatten(list(s)) for s, _ in outputs), strict=True)
    new = [together(*column) for column in zip(columns, flags, stacked, strict=True)]
    results = {name: together([r[name] for _, r in outputs], False, True) for name in outputs[0][1]}
    return State(*keras.tree.pack_sequence_as(list(state), new)), results


def _blocks(batches: list[Any], length: int) -> Iterable[tuple[list[Any], Any, int]]:
    """Stack runs of batches of equal shapes; yield the arrays, the structure of a batch and the number of batches."""
    batches = [keras.utils.unpack_x_y_sample_weight(batch) for batch in batches]

    def shapes(batch: Any) -> list[Any]:
        return [None if a is None else tuple(a.shape) for a in keras.tree.flatten(batch)]

    for _, group in itertools.groupby(batches, shapes):
        same = list(group)
        flat = [keras.tree.flatten(batch) for batch in same]
        block = [None if a[0] is None else np.stack([np.asarray(v) for v in a]) for a in zip(*flat, strict=True)]
        if 1 < len(same) < length:
            block = [a if a is None else np.concatenate([a, np.zeros((length - len(same), *a.shape[1:]), a.dtype)]) for a in block]
        yield [None if a is None else ops.convert_to_tensor(a) for a in block], same[0], len(same)


def _finite_mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")
