"""A sweep as its study stores it."""

from __future__ import annotations

import math
from typing import Any

import optuna

from continuum_act.study.storage import open_storage, storage_errors
from continuum_act.study.trial_rows import is_of_a_sweep, read_rows
from continuum_act.sweep.models import kept_model


def read_study(storage: Any, study_name: str) -> dict[str, Any]:
    """Return the fields of the `SweepResult` of a study; `SweepResult.load` says what is raised."""
    with storage_errors(storage):
        opened = open_storage(storage, must_exist=True)
        names = optuna.get_all_study_names(opened)
        if study_name not in names:
            raise ValueError(f"no study {study_name!r} in the storage; it has {names}.")
        study = optuna.load_study(storage=opened, study_name=study_name)
        if not is_of_a_sweep(study):
            raise ValueError(f"the study {study_name!r} was not made by a sweep; give another name of {names}.")
        stored = {"alpha": read_rows(study), "baseline": []}
        if baselines_of(study_name) in names:
            beside = optuna.load_study(storage=opened, study_name=baselines_of(study_name))
            stored["baseline"] = read_rows(beside)
    rows = {key: [{key: name, **_flat(row)} for name, row in of] for key, of in stored.items()}
    return {
        "rows": rows["alpha"],
        "baselines": rows["baseline"],
        "histories": {(name, row["seed"]): row["history"] for of in stored.values() for name, row in of},
        "study_name": study_name,
        "objective": study.user_attrs["arguments"]["objective"],
        "direction": study.direction.name.lower(),
        "made_with": {key: study.user_attrs[key] for key in ("arguments", "versions")},
        "_models": kept_model(storage, study),
        "_storage": opened,
    }


def study_names(storage: Any) -> list[str]:
    """Return the names of the sweeps in a storage, without the studies of their baselines."""
    with storage_errors(storage):
        names = optuna.get_all_study_names(open_storage(storage, must_exist=True))
    return [name for name in names if not any(name == baselines_of(other) for other in names)]


def baselines_of(study_name: str) -> str:
    """Name the study that holds the baselines of a study."""
    return f"{study_name} (baselines)"


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as it is stored, its metrics beside the rest; null is NaN."""
    first = {key: value for key, value in row.items() if key not in ("metrics", "history")}
    first["objective"] = math.nan if first["objective"] is None else first["objective"]
    return first | {name: math.nan if v is None else v for name, v in row["metrics"].items()}
