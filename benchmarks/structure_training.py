"""Train every cell of the grid and every rival on the parts of one repetition, under the same budget."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

import continuum_act as ca
from benchmarks.evidence_training import FIXED
from benchmarks.structure_data import Case, Split, split
from benchmarks.structure_prediction import FIXED as ACTIVATIONS
from benchmarks.structure_prediction import Function, complex_soft_exponential, forward, soft_exponential

UNITS, SEEDS, STEPS, BATCH, RATE = 4, 5, 512, 16, 0.03
RIVAL_UNITS = 8  # in each of two hidden layers
STEP = [-1.0, -0.5, 0.0, 0.5, 1.0]
GRID = {
    "real": [(first, second) for first in STEP for second in STEP],
    "complex": [complex(re, im) for re in STEP for im in range(5)],
}
LEAVES = (5, 20)  # least rows in a leaf of the boosted trees
SCALES = ["linear", "log x", "log y", "log-log"]
MEMBERS = {
    "real": GRID["real"],
    "complex": [(alpha,) for alpha in GRID["complex"]],
    "rival": [(float(k),) for k in range(len(FIXED))],
}


class Curve(NamedTuple):
    """How the continuum is trained: `domain="strict"` if `max_slope` is None."""

    max_slope: float | None = 100.0
    rate: float = RATE

    @property
    def options(self) -> dict[str, Any]:
        """Return the arguments of the layer."""
        return {"domain": "strict"} if self.max_slope is None else {"domain": "linear", "max_slope": self.max_slope}


DEFAULT = Curve()
Row = dict[str, Any]  # "model", "seed", and mean squared errors: None if not finite
Predict = Callable[[np.ndarray], np.ndarray]  # from the rows to train on to predictions, (rows, members)
Fit = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # likewise, from x, y and rows


@keras.saving.register_keras_serializable(package="benchmarks")
def one_of_fixed(x: Any, index: Any) -> Any:
    """Return the fixed activation of this index: as one function, so that one population trains all of them."""
    y = x
    for k, name in enumerate(FIXED):
        y = keras.ops.where(keras.ops.equal(index, k), keras.activations.get(name)(x), y)
    return y


def continuum(columns: int, curve: Curve, alphas: Any) -> keras.Model:
    """Return f(alpha_1), Dense, f(alpha_2), Dense, compiled; the last of the alphas is the number of the seed."""
    first, second, _ = alphas
    layers = [
        ca.soft_exponential_lambda(first, **curve.options),
        keras.layers.Dense(UNITS),
        ca.soft_exponential_lambda(second, **curve.options),
    ]
    return _compiled(columns, layers, curve.rate)


def complex_continuum(columns: int, curve: Curve, alphas: Any) -> keras.Model:
    """Return Dense, f(alpha) with its two parts, Dense, compiled."""
    return _compiled(columns, [keras.layers.Dense(UNITS), ca.complex_soft_exponential_lambda(alphas[0])], curve.rate)


def rival(columns: int, curve: Curve, alphas: Any) -> keras.Model:
    """Return a network of two hidden layers with one of the fixed activations, compiled."""
    layers: list[keras.layers.Layer] = []
    for _ in range(2):
        layers += [
            keras.layers.Dense(RIVAL_UNITS),
            ca.activation_lambda(one_of_fixed, arguments={"index": alphas[0]}),
        ]
    return _compiled(columns, layers, curve.rate)


def _compiled(columns: int, layers: list[keras.layers.Layer], rate: float) -> keras.Model:
    model = keras.Sequential([keras.Input((columns,)), *layers, keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, STEPS)), "mean_squared_error")
    return model


BUILDS = {"real": continuum, "complex": complex_continuum, "rival": rival}


def functions(kind: str, alphas: Sequence[Any], curve: Curve) -> list[Function | None]:
    """Return what a member of a kind applies before each of its Dense layers."""
    if kind == "real":
        return [soft_exponential(alpha, curve.max_slope) for alpha in alphas]
    if kind == "complex":
        return [None, complex_soft_exponential(*alphas)]
    activation = ACTIVATIONS[FIXED[int(alphas[0])]]
    return [None, activation, activation]


def label(alpha: Any) -> str:
    """Return the name of a cell of the grid."""
    if isinstance(alpha, complex):
        return f"{alpha.real:g}{alpha.imag:+g}i"
    return ",".join(f"{a:g}" for a in alpha)


def kind_of(law: str) -> str:
    """Return which grid is searched."""
    return "complex" if law == "sinusoid" else "real"


class Trainer:
    """Trains on parts of tables; what was compiled for one serves all that have as many columns."""

    def __init__(self, curve: Curve = DEFAULT, seeds: int = SEEDS) -> None:
        self._curve, self._seeds = curve, seeds
        self._populations: dict[tuple[str, int], ca.Population] = {}
        self._initial: dict[tuple[str, int, int], list[np.ndarray]] = {}

    def __call__(self, case: Case, repetition: int, rivals: bool = True) -> list[Row]:
        """Return a row for each model and seed: its mean squared errors in variances of y within the range."""
        parts = split(case, repetition)
        kind = kind_of(case.law)
        names = {kind: [label(alpha) for alpha in GRID[kind]], "rival": FIXED}
        if not rivals:
            del names["rival"]
        rows = []
        for network, models in names.items():
            keys = [(model, repetition * self._seeds + k) for k in range(self._seeds) for model in models]
            rows += _rows(keys, case, parts, lambda rows, of=network: self.network(of, case, parts, rows, repetition))
        if rivals:
            for model, fit in _fits():
                rows += _rows([(model, 0)], case, parts, lambda rows, fit=fit: fit(case.x, case.y, rows))
        return rows

    def network(self, kind: str, case: Case, parts: Split, rows: np.ndarray, repetition: int) -> np.ndarray:
        """Train all members of a kind on these rows; return their predictions of all rows, (rows, members)."""
        population = self._population(kind, case.x.shape[1], repetition)
        within = case.x[parts.inner]
        # the logarithm wants positive inputs, and a usual network standardized ones
        x = case.x / within.mean(0) if kind == "real" else (case.x - within.mean(0)) / within.std(0)
        mean, spread = case.y[parts.inner].mean(), case.y[parts.inner].std()
        rng = np.random.default_rng(repetition)
        drawn = np.concatenate([rng.permutation(rows) for _ in range(-(-STEPS * BATCH // len(rows)))])[: STEPS * BATCH]
        x, y = x.astype("float32"), ((case.y - mean) / spread).astype("float32")
        population.fit(x[drawn], y[drawn], batch_size=BATCH, shuffle=False, verbose=0)
        stacked = [np.asarray(keras.ops.convert_to_numpy(w), "float64") for w in population.weights]
        members = [functions(kind, alpha, self._curve) for alpha in MEMBERS[kind]] * self._seeds
        found = [forward(x, of, weights) for of, *weights in zip(members, *stacked, strict=True)]
        return np.concatenate(found, axis=1) * spread + mean

    def _population(self, kind: str, columns: int, repetition: int) -> ca.Population:
        """Return the population of a kind as its members' own seeds make it, untrained."""

        def build(alpha: Any) -> keras.Model:
            return BUILDS[kind](columns, self._curve, alpha)

        alphas = MEMBERS[kind]
        population = self._populations.get((kind, columns))
        if population is None:
            # seeds as a further alpha: one program for all of them, and the weights are given below
            members = [(*alpha, k) for k in range(self._seeds) for alpha in alphas]
            population = ca.Population(build, members, [0], chunk=len(members))
            self._populations[kind, columns] = population
        population.reset()
        weights = []
        for seed in range(repetition * self._seeds, (repetition + 1) * self._seeds):
            key = kind, columns, seed
            if key not in self._initial:
                keras.utils.set_random_seed(seed)
                self._initial[key] = build((*alphas[0], 0.0)).get_weights()
            weights += [self._initial[key]] * len(alphas)
        population.set_weights([np.stack(values) for values in zip(*weights, strict=True)])
        return population


def _rows(keys: list[tuple[str, int]], case: Case, parts: Split, predict: Predict) -> list[Row]:
    """Train three times: without either validation part, and on all of the inner rows, for the test."""
    variance = case.y[parts.inner].var()

    def errors(predicted: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return np.mean((predicted[rows] - case.y[rows, None]) ** 2, axis=0) / variance

    found: dict[str, np.ndarray] = {}
    for name in ("inside", "outer"):
        held_out = getattr(parts, name)
        found[f"validation_{name}"] = errors(predict(np.setdiff1d(parts.inner, held_out)), held_out)
    predicted = predict(parts.inner)
    found |= {name: errors(predicted, rows) for name, rows in zip(("train", "test", "outside"), parts, strict=False)}
    return [
        {"model": model, "seed": seed, **{name: _finite_or_none(values[k]) for name, values in found.items()}}
        for k, (model, seed) in enumerate(keys)
    ]


def _fits() -> Iterator[tuple[str, Fit]]:
    """Yield boosted trees, and the linear model on each scale: functions that predict all rows from some."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    def of(model: Any) -> Fit:
        return lambda x, y, rows: model.fit(x[rows], y[rows]).predict(x)[:, None]

    for leaf in LEAVES:
        yield f"boosting {leaf}", of(HistGradientBoostingRegressor(min_samples_leaf=leaf, random_state=0))
    for scale in SCALES:
        model = LinearRegression()
        if scale in ("log x", "log-log"):
            model = make_pipeline(FunctionTransformer(np.log), model)
        if scale in ("log y", "log-log"):
            inner = of(TransformedTargetRegressor(model, func=np.log, inverse_func=np.exp))
            yield scale, functools.partial(_fit_where_positive, inner)
        else:
            yield scale, of(model)


def _fit_where_positive(fit: Fit, x: np.ndarray, y: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Leave out targets without a logarithm; there is no such model if they are more than a tenth."""
    positive = rows[y[rows] > 0]
    return fit(x, y, positive) if len(positive) >= 0.9 * len(rows) else np.full((len(x), 1), np.nan)


def _finite_or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
