"""`sweep`: every alpha with every seed, in a study that can be resumed."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from typing import Any

import keras

from continuum_act.population.arguments import as_alphas, as_seeds
from continuum_act.sweep.alphas import as_ranges, from_params
from continuum_act.sweep.arguments import as_budget, direction_of
from continuum_act.sweep.fingerprint import fingerprint
from continuum_act.sweep.result import SweepResult
from continuum_act.sweep.runner import Crew, Engine
from continuum_act.sweep.training import Build, train_chunks, train_one


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
    sampler: Any = None,
    trials: int | None = None,
) -> SweepResult:
    """Train one model per alpha and seed under the same budget, and compare.

    Every member sees the same batches as the others of its seed, so alphas are compared in pairs. Members are
    recorded in an Optuna study as they finish: one trial per alpha, whose value is the mean objective over
    seeds and whose user attributes hold the row of each seed. The same call on the same storage goes on where
    a killed one stopped; several processes may share a storage, and no member is trained twice.

    Args:
        build: returns a compiled `keras.Model` for an alpha.
        alphas: 1-D array of real or complex alphas, or a list of equally long tuples when `build` takes one
            alpha per layer. Alphas that the study has already are not trained again. A dictionary of ranges,
            `{"alpha": (-1.0, 1.0)}` (or `alpha_0`, `alpha_1`, ... or `alpha_real`, `alpha_imag`), is searched
            by the `sampler` instead.
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
        population: how many members to train at once as one program, at most; None chooses by the size of
            the model and of the memory. What cannot be mapped over members is trained one at a time.
        engine: "local", or "ray" for a Ray cluster (`continuum_act.sweep.cluster` says how).
        verbose: 0 is silent; "auto" or 1 shows a progress bar.
        baselines: functions without arguments that return compiled models, by name, to train under the same
            budget; they have a study of their own beside the first.
        sampler: an Optuna sampler for ranges of alpha; Optuna's random one by default.
        trials: how many alphas the study shall have, for ranges.

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
    from continuum_act.sweep.storage import open_storage, storage_errors
    from continuum_act.sweep.stored import baselines_of
    from continuum_act.sweep.study import Ledger

    ranges, grid = as_ranges(alphas), [] if isinstance(alphas, dict) else as_alphas(alphas)
    if (trials is None) != (ranges is None) or (sampler is not None and ranges is None):
        raise ValueError("sampler and trials go with alphas={name: (low, high)}, and ranges need trials.")
    seeds = as_seeds(seeds)
    budget = as_budget(x, y, validation_data, validation_split, epochs, batch_size, objective)
    if population is not None and population < 1:
        raise ValueError(f"population must be a positive number of members or None, got {population!r}.")
    train = engine_of(engine)
    baselines = baselines or {}
    name = study_name or "continuum_act"
    direction = direction_of(objective)
    made_with = {
        "arguments": {"epochs": epochs, "batch_size": batch_size, "seeds": seeds, "objective": objective},
        "versions": _versions(),
    }
    with storage_errors(storage):
        opened = open_storage(storage)
        probe = grid[0] if ranges is None else from_params({k: sum(v) / 2 for k, v in ranges.items()})
        made_from = fingerprint(build(probe), budget, seeds)
        ledger = Ledger(opened, name, direction, sampler)
        ledger.describe(made_from, **made_with)
        crew = Crew(ledger, train, build, budget, seeds, population, ranges, trials or 0)
        work: list[tuple[Crew, list[Any]]] = [(crew, grid)]
        if baselines:
            ledger = Ledger(opened, baselines_of(name), direction)
            ledger.describe(fingerprint(None, budget, seeds), **made_with)
            beside = Crew(ledger, train, lambda baseline: baselines[baseline](), budget, seeds, population)
            work.append((beside, list(baselines)))
        members = ((trials or len(grid)) + len(baselines)) * len(seeds)
        with Bar(members, verbose) as bar:
            for each, wanted in work:
                each.train(wanted, bar)
        result = SweepResult.load(opened, name)

    def model_of(alpha: Any, seed: int) -> keras.Model:
        if crew.best is None or crew.best[:2] != (alpha, seed):
            return train_one(build, alpha, seed, budget)[0]
        model = build(alpha)
        model.set_weights(crew.best[2])
        return model

    result.trained = sum(each.trained for each, _ in work)
    result._models = model_of
    return result


def engine_of(name: str) -> Engine:
    """Return what trains chunks of members: here, or on a Ray cluster."""
    if name == "local":
        return train_chunks
    if name == "ray":
        from continuum_act.sweep.cluster import train_chunks_on_ray

        return train_chunks_on_ray
    raise ValueError(f"engine must be 'local' or 'ray', got {name!r}.")


def _versions() -> dict[str, str]:
    packages = ("continuum-act", "keras", "numpy", "optuna", keras.backend.backend())
    return {package: importlib.metadata.version(package) for package in packages}
