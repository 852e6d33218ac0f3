"""Alphas and rows of members as attributes of trials: `seed:0`, and a history that is long in pieces beside it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from continuum_act.population.arguments import Alpha
from continuum_act.study.parameters import from_params

Key = tuple[tuple[str, Any], ...]  # the parameters of an alpha
FINAL = ("complete", "diverged")
_STATES = (*FINAL, "failed")
_PIECE = 16_000  # characters; MySQL's text holds 65,535 bytes, and a quote within takes two


def as_attributes(row: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes that hold a row, the row itself last: it is there when its history is."""
    seed = row["seed"]
    text = json.dumps(row["history"])
    if len(text) <= _PIECE:
        return {f"seed:{seed}": row}
    pieces = [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]
    short = {**row, "history": {}, "pieces": len(pieces)}
    return {**{f"history:{seed}:{i}": piece for i, piece in enumerate(pieces)}, f"seed:{seed}": short}


def rows_of(trials: list[FrozenTrial]) -> dict[int, dict[str, Any]]:
    """Merge the rows of all trials of one alpha; a final row is never replaced by another.

    Raises:
        ValueError: if a trial holds a row that no sweep has written.
    """
    rows: dict[int, dict[str, Any]] = {}
    for trial in trials:
        for key, row in trial.user_attrs.items():
            if not key.startswith("seed:"):
                continue
            if not (isinstance(row, dict) and key == f"seed:{row.get('seed')}" and row.get("state") in _STATES):
                raise _not_ours(trial, key)
            if rows.get(row["seed"], {}).get("state") not in FINAL:
                rows[row["seed"]] = _whole(row, trial) if "pieces" in row else row
    return rows


def is_of_a_sweep(study: optuna.Study) -> bool:
    """Whether a study holds what a sweep writes into each of its own."""
    arguments = study.user_attrs.get("arguments")
    has_objective = isinstance(arguments, dict) and isinstance(arguments.get("objective"), str)
    return has_objective and "versions" in study.user_attrs and len(study.directions) == 1


def read_rows(study: optuna.Study) -> list[tuple[Alpha | str, dict[str, Any]]]:
    """Return each alpha with the row of each of its seeds, in the order of alphas and seeds.

    An alpha that was pruned is left out: not all of its seeds have a row.

    Raises:
        ValueError: if the study holds an alpha or a row that no sweep has written.
    """
    by_key = by_alpha(study.get_trials(deepcopy=False))
    by_key = {k: trials for k, trials in by_key.items() if all(t.state != TrialState.PRUNED for t in trials)}
    return [
        (from_params(dict(key)), checked(row, trials[0]))
        for key, trials in sorted(by_key.items(), key=lambda item: [value for _, value in item[0]])
        for _, row in sorted(rows_of(trials).items())
    ]


def by_alpha(trials: list[FrozenTrial]) -> dict[Key, list[FrozenTrial]]:
    """Sort trials by their alpha; those that no sweep has made are left out."""
    by_key: dict[Key, list[FrozenTrial]] = {}
    for trial in trials:
        if params := params_of(trial):
            by_key.setdefault(tuple(params.items()), []).append(trial)
    return by_key


def final_rows(trials: list[FrozenTrial]) -> dict[int, dict[str, Any]]:
    """Return the rows of an alpha that are not trained again."""
    return {seed: row for seed, row in rows_of(trials).items() if row["state"] in FINAL}


def ranges_of(keys: Iterable[Key]) -> dict[str, tuple[float, float]]:
    """Return the least and the greatest value of each alpha among all trials."""
    values: dict[str, list[float]] = {}
    for name, value in (param for key in keys for param in key):
        if not isinstance(value, str):
            values.setdefault(name, []).append(value)
    return {name: (min(of), max(of)) for name, of in values.items()}


def checked(row: dict[str, Any], trial: FrozenTrial) -> dict[str, Any]:
    """Return a row whose values are of the types that a sweep writes.

    Raises:
        ValueError: if they are not.
    """
    history, metrics = row.get("history"), row.get("metrics")
    right = (
        isinstance(row["seed"], int)
        and _is_number(row.get("objective"), or_none=row["state"] != "complete")
        and isinstance(row.get("epochs"), int)
        and _is_number(row.get("seconds"))
        and isinstance(metrics, dict)
        and all(map(_are_numbers, metrics.values()))
        and isinstance(history, dict)
        and all(isinstance(values, list) and _are_numbers(values) for values in history.values())
    )
    if not right:
        raise _not_ours(trial, f"seed:{row['seed']}")
    return row


def params_of(trial: FrozenTrial) -> dict[str, Any] | None:
    """Return the parameters of a trial's alpha, or the name of its baseline; None if no sweep has made the trial.

    Raises:
        ValueError: if they are of other types.
    """
    params = trial.user_attrs.get("alpha")
    if params is None:
        return None
    if not isinstance(params, dict) or not params:
        raise _not_ours(trial, "alpha")
    if list(params) == ["baseline"]:
        if isinstance(params["baseline"], str):
            return params
    elif all(name.startswith("alpha") and _is_number(value) for name, value in params.items()):
        return params
    raise _not_ours(trial, "alpha")


def _whole(row: dict[str, Any], trial: FrozenTrial) -> dict[str, Any]:
    try:
        pieces = [trial.user_attrs[f"history:{row['seed']}:{i}"] for i in range(row["pieces"])]
        return {**{k: v for k, v in row.items() if k != "pieces"}, "history": json.loads("".join(pieces))}
    except (KeyError, TypeError, ValueError):
        raise _not_ours(trial, f"history:{row['seed']}") from None


def _is_number(value: Any, or_none: bool = False) -> bool:
    if value is None:
        return or_none
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _are_numbers(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_are_numbers, value))
    return _is_number(value, or_none=True)


def _not_ours(trial: FrozenTrial, key: str) -> ValueError:
    what = str(trial.user_attrs.get(key))
    what = what if len(what) < 60 else what[:57] + "..."
    return ValueError(
        f"trial {trial.number} has {key}={what}, which no sweep has written: the study is of another program, or was"
        " changed. Use another study_name."
    )
