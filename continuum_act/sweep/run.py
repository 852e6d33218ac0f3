"""`sweep`: every alpha with every seed, in a study that can be resumed."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import keras

from continuum_act.population.arguments import as_alphas, as_seeds
from continuum_act.population.budget import MemberResult
from continuum_act.population.stateless_model import Build
from continuum_act.study.parameters import as_ranges, from_params
from continuum_act.sweep.arguments import Epoch, as_budget, builds_of
from continuum_act.sweep.direction import Direction, resolve_direction
from continuum_act.sweep.fingerprint import fingerprint
from continuum_act.sweep.keywords import explain_unknown
from continuum_act.sweep.models import TrainedModels, keep_best, kept_model
from continuum_act.sweep.probe import check_model
from continuum_act.sweep.process_state import optuna_silent_if, random_state_kept
from continuum_act.sweep.result import SweepResult
from continuum_act.sweep.runner import Engine, SweepRunner
from continuum_act.sweep.training import train

if TYPE_CHECKING:
    import optuna

EngineName = Literal["local", "ray"]


@explain_unknown
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
    seeds: int | Sequence[int] = 5,
    objective: str = "val_loss",
    direction: Direction | Literal["auto"] = "auto",
    epoch: Epoch = "last",
    callbacks: Sequence[keras.callbacks.Callback] | None = None,
    class_weight: Mapping[int, float] | None = None,
    sample_weight: Any = None,
    pruner: optuna.pruners.BasePruner | None = None,
    sampler: optuna.samplers.BaseSampler | None = None,
    trials: int | None = None,
    baselines: Mapping[str, Callable[[], keras.Model]] | None = None,
    storage: str | Path | optuna.storages.BaseStorage | None = None,
    study_name: str | None = None,
    population: int | None = None,
    engine: EngineName = "local",
    verbose: Literal["auto", 0, 1] = "auto",
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
            dropout, the same for every alpha. Later calls may add seeds: only these are trained.
        objective: name of a metric of `fit`'s history. What Keras numbers by a counter of the process (`auc_1`) is
            called as in a process of its own (`auc`).
        direction: "minimize" or "maximize"; "auto" asks the compiled metric, by its class.
        epoch: "last" compares members after their last epoch; "best" each by its best one, whose weights are kept.
        callbacks: Keras callbacks, with the meaning that they have in the member's own `fit`. `EarlyStopping`,
            `TerminateOnNaN`, `LearningRateScheduler` and `ReduceLROnPlateau` act on each member by itself inside a
            population. One that only reads logs (`CSVLogger`, `TensorBoard`, `LambdaCallback`) gets the means over
            the members that train at once. Any other makes the sweep train one member at a time.
        class_weight: weight of each class, as in `fit`.
        sample_weight: weight of each sample, like `x`.
        pruner: an Optuna pruner. It is told the mean objective over seeds after each epoch; the members of a pruned
            alpha train no further, and have no rows. Of members that are trained one at a time, the last seed alone
            can be saved.
        sampler: an Optuna sampler for ranges of alpha; Optuna's random one by default.
        trials: how many alphas the study shall have, for ranges.
        baselines: functions without arguments that return compiled models, by name, to train under the same
            budget; they have a study of their own beside the first.
        storage: None (in memory), path of an SQLite file, or an Optuna storage or its URL. Beside an SQLite file
            `NAME.db` the best model is kept, as `NAME.STUDY.best.keras`.
        study_name: name of the study in the storage, "continuum_act" by default.
        population: how many members to train at once as one program, at most; None chooses by the size of
            the model and of the memory. What cannot be mapped over members is trained one at a time.
        engine: "local", or "ray" for a Ray cluster (`continuum_act.sweep.cluster` says how).
        verbose: 0 is silent; "auto" or 1 shows a progress bar.

    Returns:
        The `SweepResult` of the whole study: alphas of earlier calls are in it.

    Raises:
        TypeError: if an argument, or what `build` returns, is of a wrong kind.
        ValueError: if an argument is wrong, a batch of the data does not fit the model, or the study holds the results
            of another experiment. Nothing is trained or stored then.
        Exception: the error of the members, if all fail alike.
        OSError: if the storage cannot be read or written; what it holds stays as it is.
        ImportError: without the packages of the extra `[sweep]`, or `[ray]` for its engine.

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
    """
    try:
        from continuum_act.study.queue import TrialQueue
        from continuum_act.study.storage import open_storage, storage_errors
        from continuum_act.sweep.progress import ProgressBar
        from continuum_act.sweep.stored import baselines_of
    except ImportError as error:
        raise ImportError(f"{error}; `sweep` needs: pip install 'continuum-act[sweep]'") from error

    ranges, grid = as_ranges(alphas), [] if isinstance(alphas, dict) else as_alphas(alphas)
    if (trials is None) != (ranges is None) or (sampler is not None and ranges is None):
        raise ValueError("sampler and trials go with alphas={name: (low, high)}, and ranges need trials.")
    if population is not None and population < 1:
        raise ValueError(f"population must be a positive number of members or None, got {population!r}.")
    if pruner is not None and engine == "ray":
        raise ValueError("a pruner needs engine='local': tasks on a cluster report when they have ended.")
    train_tasks = engine_of(engine)
    seeds = as_seeds(seeds)
    builds = {"": build, **builds_of(baselines)}
    budget = as_budget(
        x,
        y,
        sample_weight=sample_weight,
        class_weight=class_weight,
        validation_data=validation_data,
        validation_split=validation_split,
        epochs=epochs,
        batch_size=batch_size,
        objective=objective,
        epoch=epoch,
        callbacks=callbacks,
    )
    name = study_name or "continuum_act"
    with (
        contextlib.closing(train_tasks) if hasattr(train_tasks, "close") else contextlib.nullcontext(),
        random_state_kept(),
        optuna_silent_if(verbose == 0),
        storage_errors(storage),
    ):
        probe = grid[0] if ranges is None else from_params({key: sum(ends) / 2 for key, ends in ranges.items()})
        probes = {key: make(probe) for key, make in builds.items()}
        for key, model in probes.items():
            check_model(f"baseline {key!r}" if key else "build(alpha)", model, budget)
        if build(probe) is probes[""]:
            raise ValueError("build returned the same model twice; it must make a new one at each call.")
        budget = dataclasses.replace(budget, direction=resolve_direction(objective, direction, probes[""].metrics))

        opened = open_storage(storage)

        def runner_of(made: dict[str, keras.Model], queue: TrialQueue, **options: Any) -> SweepRunner:
            all_seeds = list(dict.fromkeys([*queue.seeds(), *seeds]))
            arguments = {"epochs": epochs, "batch_size": batch_size, "seeds": all_seeds, "objective": objective,
                         "epoch": epoch}  # fmt: skip
            queue.describe(fingerprint(made, budget), arguments=arguments, versions=_versions())
            return SweepRunner(queue, train_tasks, builds, budget, seeds, population, **options)

        queue = TrialQueue(opened, name, budget.direction, sampler, pruner)
        model = {"": probes.pop("")}
        runner = runner_of(model, queue, ranges=ranges, trials=trials or 0, prunes=pruner is not None)
        work: list[tuple[SweepRunner, list[Any]]] = [(runner, list(grid))]
        if probes:
            queue = TrialQueue(opened, baselines_of(name), budget.direction)
            work.append((runner_of(probes, queue), list(probes)))
        members = ((trials or len(grid)) + len(builds) - 1) * len(seeds)
        with ProgressBar(members, objective, budget.direction, verbose) as bar:
            for each, wanted in work:
                each.train(wanted, bar)
        result = SweepResult.load(opened, name)
        result.trained = sum(each.trained for each, _ in work)
        _raise_if_all_failed(result, [failure for each, _ in work for failure in each.failures])
        models = TrainedModels(build, budget, {(r.alpha, r.seed): r for r in runner.best.values()})
        models.kept = kept_model(storage, result.study)
        if runner.best and (member := result.best[:2]) in models.results:
            keep_best(models(*member), *member, storage, result.study)
        result._models = models
    return result


def _raise_if_all_failed(result: SweepResult, failures: list[MemberResult]) -> None:
    if not failures:
        return
    first = failures[0]
    if all(row["state"] == "failed" for row in result.rows) and len({failure.error for failure in failures}) == 1:
        raise first.cause or RuntimeError(first.error)
    warnings.warn(
        f"{len(failures)} members failed, the first, alpha={first.alpha} with seed {first.seed}, with {first.error}."
        " `failures` lists them; the same call tries them again.",
        stacklevel=3,
    )


def engine_of(name: str) -> Engine:
    """Return what trains tasks: this machine, or a Ray cluster."""
    if name == "local":
        return train
    if name == "ray":
        from continuum_act.sweep.cluster import RayEngine

        return RayEngine()
    raise ValueError(f"engine must be 'local' or 'ray', got {name!r}.")


def _versions() -> dict[str, str]:
    modules = ("continuum_act", "keras", "numpy", "optuna", keras.backend.backend())
    return {module: importlib.import_module(module).__version__ for module in modules}
