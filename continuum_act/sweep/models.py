"""Trained members as ordinary compiled models, in this process and beside the study."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras

from continuum_act.population.budget import Budget, Member, MemberResult
from continuum_act.population.stateless_model import Build
from continuum_act.sweep.file_names import as_file_name
from continuum_act.sweep.training import train_one


@dataclass
class TrainedModels:
    """Called with an alpha and a seed, it returns that member with its weights and its optimizer's state.

    A member whose weights are not at hand is trained again from its seed.
    """

    build: Build
    budget: Budget
    results: dict[Member, MemberResult] = field(default_factory=dict)

    def __call__(self, alpha: Any, seed: int) -> keras.Model:
        """Return the model of a member."""
        result = self.results.get((alpha, seed))
        if result is None:
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


def save_best(model: keras.Model, path: Path) -> None:
    """Save the best model; what cannot be saved is a warning, as the study is whole without it."""
    try:
        model.save(path)
    except Exception as error:
        path.unlink(missing_ok=True)
        warnings.warn(f"the best model is not kept beside the study: it cannot be saved: {error}", stacklevel=3)
