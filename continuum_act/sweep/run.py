"""`sweep`: every alpha with every seed, in a study that can be resumed."""

from __future__ import annotations

import importlib.metadata
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from continuum_act.sweep.alphas import as_alphas
from continuum_act.sweep.fingerprint import fingerprint
from continuum_act.sweep.member import Budget, Outcome, finite_or_none
from continuum_act.sweep.result import Best, SweepResult, baselines_of
from continuum_act.sweep.training import Build, train_each, train_one

if TYPE_CHECKING:
    from continuum_act.sweep.progress import Bar
    from continuum_act.sweep.study import Claim, Ledger

_MAXIMIZED = ("accuracy", "acc", "auc", "precision", "recall", "f1", "score", "iou", "cosine_similarity")


def sweep(
    build: Build,
    alphas: Any,
    x: Any,
    y: Any = None,
    *,
    validation_data: Any = None,
    validation_split: float = 0.0,
    epochs: int,
    batch_size: int = 32,
    seeds: int | list[int] = 5,
    objective: str = "val_loss",
    storage: Any = None,
    study_name: str | None = None,
    population: int | None = None,
    engine: str = "local",
    verbose: str | int = "auto",
    baselines: dict[str, Callable[[], keras.Model]] | None = None,
) -> SweepResult:
    """Train one model per alpha and seed under the same budget, and compare.

    Every member sees the same batches as the others of its seed, so alphas are compared in pairs. Members are
    recorded in an Optuna study as they finish: one trial per alpha, whose value is the mean objective over
    seeds and whose user attributes hold the row of each seed. The same call on the same storage goes on where
    a killed one stopped; several processes may share a storage, and no member is trained twice.

    Args:
        build: returns a compiled `keras.Model` for an alpha.
        alphas: 1-D array of real or complex alphas, or a list of equally long tuples when `build` takes one
            alpha per layer. Alphas that the study has already are not trained again.
        x: array of shape `(samples, ...)`, a list or dictionary of such arrays, or a `tf.data.Dataset` or
            `keras.utils.PyDataset` of batches, which is then used as it is (and `y` is None).
        y: targets, like `x`.
        validation_data: `(x, y)`, or a data set as for `x`.
        validation_split: fraction of the samples, the last ones, to hold out instead.
        epochs: number of epochs of each member.
        batch_size: number of samples per batch.
        seeds: a count (seeds 0, 1, ...) or a list of integers. A seed fixes initial weights, shuffling and
            dropout, the same for every alpha. It is set through `keras.utils.set_random_seed`.
        objective: name of a metric of `fit`'s history; its value after the last epoch is compared. It is
            maximized if its name says accuracy, AUC, precision, recall, F1, score, IoU or cosine similarity,
            minimized otherwise.
        storage: None (in memory), path of an SQLite file, or an Optuna storage or its URL.
        study_name: name of the study in the storage, "continuum_act" by default.
        population: how many alphas are trained before they are recorded.
        engine: "local".
        verbose: 0 is silent; "auto" or 1 shows a progress bar.
        baselines: functions without arguments that return compiled models, by name, to train under the same
            budget; they have a study of their own beside the first.

    Returns:
        The `SweepResult` of the whole study: alphas of earlier calls are in it.

    Raises:
        ValueError: if an argument is wrong, or the study holds the results of another experiment.
        OSError: if the storage cannot be read or written; what it holds stays as it is.

    Example:
        >>> import keras, numpy as np
        >>> import continuum_act as ca
        >>> def build(alpha):
        ...     model = keras.Sequential([
        ...         keras.Input((1,)),
        ...         keras.layers.Dense(8), ca.soft_exponential_lambda(alpha, domain="linear"),
        ...         keras.layers.Dense(1),
        ...     ])
        ...     model.compile("adam", "mse")
        ...     return model
        >>> x = np.linspace(-1, 1, 64)[:, None]
        >>> result = ca.sweep(
        ...     build, [-0.5, 0.0, 0.5], x, x**2, validation_split=0.25, epochs=2, seeds=2, verbose=0
        ... )
        >>> len(result.rows)
        6
        >>> sorted(result.summary[0])[:4]
        ['alpha', 'complete', 'difference', 'difference_high']
    """
    from continuum_act.sweep.progress import Bar
    from continuum_act.sweep.study import Ledger, open_storage, storage_errors

    grid = as_alphas(alphas)
    seeds = _as_seeds(seeds)
    budget = _as_budget(x, y, validation_data, validation_split, epochs, batch_size, objective)
    if engine != "local":
        raise ValueError(f"engine must be 'local', got {engine!r}.")
    if population is not None and population < 1:
        raise ValueError(f"population must be a positive number of alphas or None, got {population!r}.")
    baselines = baselines or {}
    name = study_name or "continuum_act"
    direction = _direction(objective)
    made_with = {
        "arguments": {"epochs": epochs, "batch_size": batch_size, "seeds": seeds, "objective": objective},
        "versions": _versions(),
    }
    with storage_errors(storage):
        opened = open_storage(storage)
        ledger = Ledger(opened, name, direction)
        ledger.describe(fingerprint(build(grid[0]), budget, seeds), **made_with)
        crews = [_Crew(ledger, build, budget, seeds, population)]
        work: list[list[Any]] = [grid]
        if baselines:
            ledger = Ledger(opened, baselines_of(name), direction)
            ledger.describe(fingerprint(None, budget, seeds), **made_with)
            crews.append(_Crew(ledger, lambda baseline: baselines[baseline](), budget, seeds, population))
            work.append(list(baselines))
        with Bar(sum(map(len, work)) * len(seeds), verbose) as bar:
            for crew, wanted in zip(crews, work, strict=True):
                crew.train(wanted, bar)
        result = SweepResult.load(opened, name)

    def model_of(best: Best) -> keras.Model:
        kept = crews[0].best
        if kept is None or kept[:2] != best[:2]:
            return train_one(build, best.alpha, best.seed, budget)[0]
        model = build(best.alpha)
        model.set_weights(kept[2])
        return model

    result.trained = sum(crew.trained for crew in crews)
    result._model = model_of
    return result


@dataclass
class _Crew:
    """Trains what is open in a ledger, and keeps the weights of its best member."""

    ledger: Ledger
    build: Build
    budget: Budget
    seeds: list[int]
    population: int | None
    trained: int = 0
    best: tuple[Any, int, Any] | None = None
    _best_value: float = math.inf

    def train(self, alphas: list[Any], bar: Bar) -> None:
        """Train until no alpha is open, neither here nor in another process."""
        bar.advance(self.ledger.enqueue(alphas, self.seeds))
        while True:
            self.ledger.enqueue(self.ledger.abandoned(), self.seeds)
            while claims := self.ledger.claim(self.population or 1):
                self._train(claims, bar)
            if not self.ledger.is_busy():
                return
            bar.say("waiting for another process")
            time.sleep(1.0)

    def _train(self, claims: list[Claim], bar: Bar) -> None:
        by_alpha = {claim.alpha: claim for claim in claims}
        members = [(c.alpha, seed) for c in claims for seed in self.seeds if seed not in c.rows]
        weights = {}
        try:
            for outcome in train_each(self.build, members, self.budget):
                claim = by_alpha[outcome.alpha]
                self.ledger.record(claim, _as_row(outcome, self.budget.objective))
                weights[outcome.alpha, outcome.seed] = outcome.weights
                self.trained += 1
                bar.advance(1)
                if len(claim.rows) == len(self.seeds):
                    self._finish(claim, weights)
        except BaseException:
            self.ledger.release(claims)
            raise

    def _finish(self, claim: Claim, weights: dict[tuple[Any, int], Any]) -> None:
        value = self.ledger.finish(claim)
        kept = {seed: weights.pop((claim.alpha, seed), None) for seed in self.seeds}
        if value is not None and self.ledger.sign * value < self._best_value:
            self._best_value = self.ledger.sign * value
            seed = min(self.seeds, key=lambda seed: self.ledger.sign * claim.rows[seed]["objective"])
            self.best = (claim.alpha, seed, kept[seed]) if kept[seed] is not None else None


def _as_row(outcome: Outcome, objective: str) -> dict[str, Any]:
    """Return what the study stores of a member; NaN and infinity, which JSON cannot say, become None."""
    if outcome.history and objective not in outcome.history:
        raise ValueError(
            f"objective {objective!r} is not in the history of fit, which has {sorted(outcome.history)}; "
            "a name that starts with 'val_' needs validation_data or validation_split."
        )
    history = {name: [finite_or_none(v) for v in values] for name, values in outcome.history.items()}
    last = {name: values[-1] for name, values in history.items()}
    return {
        "seed": outcome.seed,
        "state": outcome.state,
        "objective": last.get(objective),
        "epochs": len(history.get("loss", ())),
        "seconds": round(outcome.seconds, 6),
        "metrics": last,
        "history": history,
        **({"error": outcome.error} if outcome.error else {}),
    }


def _as_seeds(seeds: int | list[int]) -> list[int]:
    values = list(range(seeds)) if isinstance(seeds, int) else [int(seed) for seed in seeds]
    if not values or len(set(values)) < len(values) or min(values) < 0:
        raise ValueError(f"seeds must be a positive count or distinct integers >= 0, got {seeds!r}.")
    return values


def _as_budget(
    x: Any, y: Any, validation_data: Any, split: float, epochs: int, batch_size: int, objective: str
) -> Budget:
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value!r}.")
    if not 0.0 <= split < 1.0:
        raise ValueError(f"validation_split must be in [0, 1), got {split!r}.")
    if y is None:
        if split:
            raise ValueError("validation_split needs arrays; give validation_data with a data set.")
        return Budget(x, None, validation_data, epochs, batch_size, objective)
    x, y = keras.tree.map_structure(np.asarray, (x, y))
    lengths = {len(leaf) for leaf in keras.tree.flatten((x, y))}
    if len(lengths) > 1 or 0 in lengths:
        raise ValueError(f"x and y must have the same positive number of samples, got {sorted(lengths)}.")
    if split and validation_data is None:
        at = math.floor(lengths.pop() * (1.0 - split))
        if at == 0:
            raise ValueError(f"validation_split={split} leaves no sample to train on.")
        validation_data = keras.tree.map_structure(lambda leaf: leaf[at:], (x, y))
        x, y = keras.tree.map_structure(lambda leaf: leaf[:at], (x, y))
    if objective.startswith("val_") and validation_data is None:
        raise ValueError(f"objective {objective!r} needs validation_data or validation_split.")
    return Budget(x, y, validation_data, epochs, batch_size, objective)


def _direction(objective: str) -> str:
    words = objective.lower().removeprefix("val_")
    return "maximize" if any(word in words for word in _MAXIMIZED) else "minimize"


def _versions() -> dict[str, str]:
    packages = ("continuum-act", "keras", "numpy", "optuna", keras.backend.backend())
    return {package: importlib.metadata.version(package) for package in packages}
