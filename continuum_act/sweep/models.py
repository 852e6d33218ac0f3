"""Trained members as ordinary compiled models, in this process and beside the study."""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from continuum_act.population.budget import Budget, Member, MemberResult
from continuum_act.population.stateless_model import Build
from continuum_act.study.file_names import as_file_name
from continuum_act.study.parameters import from_params, to_params
from continuum_act.sweep.training import train_one

if TYPE_CHECKING:
    import optuna


@dataclass
class KeptModel:
    """The best model of an earlier process, in its file beside the study."""

    path: Path
    alpha: Any
    seed: int

    def __call__(self, alpha: Any, seed: int) -> keras.Model:
        """Return the model of a member, if it is the one that is kept."""
        if (alpha, seed) != (self.alpha, self.seed) or not self.path.exists():
            raise ValueError(
                f"only the model of alpha={self.alpha} with seed {self.seed} is kept, in {self.path}. Call"
                " continuum_act.sweep with the same arguments and storage: it trains again what is asked for."
            )
        return keras.models.load_model(self.path)


@dataclass
class TrainedModels:
    """Called with an alpha and a seed, it returns that member with its weights and its optimizer's state.

    A member whose weights are not at hand is taken from beside the study, or trained again from its seed.
    """

    build: Build
    budget: Budget
    results: dict[Member, MemberResult] = field(default_factory=dict)
    kept: KeptModel | None = None

    def __call__(self, alpha: Any, seed: int) -> keras.Model:
        """Return the model of a member."""
        result = self.results.get((alpha, seed))
        if result is None:
            with contextlib.suppress(Exception):
                if self.kept:
                    return self.kept(alpha, seed)
            return train_one(self.build, alpha, seed, self.budget)[0]
        model = self.build(alpha)
        if not model.built:
            model(_first_rows(self.budget))
        model.set_weights(result.weights)
        model.optimizer.build(model.trainable_variables)
        for variable, value in zip(model.optimizer.variables, result.optimizer or (), strict=True):
            variable.assign(value)
        return model


def _first_rows(budget: Budget) -> Any:
    from continuum_act.population.batches import first_batch

    return first_batch(budget)[0]


def path_of_best(storage: Any, study_name: str) -> Path | None:
    """Return where the best model of a study is kept: beside its SQLite file; None for another storage."""
    if not isinstance(storage, (str, Path)) or "://" in str(storage):
        return None
    path = Path(storage)
    return path.with_name(f"{path.stem}.{as_file_name(study_name)}.best.keras")


def kept_model(storage: Any, study: optuna.Study) -> KeptModel | None:
    """Return the model that is kept beside a study, None if there is none."""
    path, best = path_of_best(storage, study.study_name), study.user_attrs.get("best_model")
    return KeptModel(path, from_params(best["alpha"]), best["seed"]) if path and best else None


def keep_best(model: keras.Model, alpha: Any, seed: int, storage: Any, study: optuna.Study) -> None:
    """Save the best model beside its study; what cannot be saved is a warning, as the study is whole without it."""
    path = path_of_best(storage, study.study_name)
    if path is None:
        return
    try:
        model.save(path)
        study.set_user_attr("best_model", {"alpha": to_params(alpha), "seed": seed})
    except Exception as error:
        path.unlink(missing_ok=True)
        warnings.warn(f"the best model is not kept beside the study: it cannot be saved: {error}", stacklevel=3)
