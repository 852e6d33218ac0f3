"""The rows of a sweep for other programs: columns, and what JSON can say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from continuum_act.study.parameters import to_params

if TYPE_CHECKING:
    import pandas as pd

_BEFORE = ("seed", "state", "objective", "epochs", "seconds")
_FIXED = {"alpha", "baseline", *_BEFORE, "error"}


def metric_names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of the metrics in rows, sorted."""
    return sorted({name for row in rows for name in row} - _FIXED)


def by_name(rows: Sequence[Mapping[str, Any]], measure: str) -> dict[Any, list[float]]:
    """Return a measure of each complete member by its alpha or baseline; a vector counts as none."""
    found: dict[Any, list[float]] = {}
    for row in rows:
        value = row.get(measure)
        if row["state"] == "complete" and isinstance(value, int | float):
            found.setdefault(row.get("alpha", row.get("baseline")), []).append(value)
    return found


def to_frame(rows: Sequence[Mapping[str, Any]], baselines: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows and, below, baselines; `SweepResult.to_pandas` states the columns."""
    import pandas as pd

    every = [*rows, *baselines]
    of_alpha = dict.fromkeys(name for row in rows for name in to_params(row["alpha"]))
    columns = [*(of_alpha or ["alpha"]), "baseline", *_BEFORE, *metric_names(every), "error"]
    named = [dict(row) | (to_params(row["alpha"]) if "alpha" in row else {}) for row in every]
    return pd.DataFrame(named, columns=columns)


def plain(value: Any) -> Any:
    """Replace what JSON cannot say: an alpha by its parameters, NaN and infinity by null."""
    if isinstance(value, dict):
        alpha = to_params(value["alpha"]) if "alpha" in value else {}
        return {**alpha, **{key: plain(v) for key, v in value.items() if key != "alpha"}}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
