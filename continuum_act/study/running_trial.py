"""A trial in the hands of this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from optuna.trial import Trial

from continuum_act.population.arguments import Alpha


@dataclass
class RunningTrial:
    """An alpha that this process trains: its trial, the seeds it is for, and the rows that it has already."""

    alpha: Alpha | str
    trial: Trial
    seeds: list[int]
    rows: dict[int, dict[str, Any]]
    reported: set[int] = field(default_factory=set)
