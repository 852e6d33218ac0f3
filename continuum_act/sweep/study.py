"""The study of a sweep: a trial per alpha, the row of each seed as its user attribute; a queue for processes."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from dataclasses import dataclass
from typing import Any

import optuna
import psutil
from optuna.trial import FrozenTrial, Trial, TrialState

from continuum_act.population.arguments import Alpha
from continuum_act.sweep.alphas import from_params, to_params
from continuum_act.sweep.direction import Direction
from continuum_act.sweep.fingerprint import differences

FINAL = ("complete", "diverged")
_OPEN = (TrialState.WAITING, TrialState.RUNNING)
_CLAIMED_HERE: set[tuple[str, int]] = set()  # study and number of the trials that this process trains
_SECONDS_TO_SIGN = 10.0  # between asking for a trial and signing it lie milliseconds


@dataclass
class RunningTrial:
    """An alpha that this process trains: its trial, the seeds it is for, and the rows that it has already."""

    alpha: Alpha | str
    trial: Trial
    seeds: list[int]
    rows: dict[int, dict[str, Any]]


class TrialQueue:
    """Who trains which alpha, and what came of it; safe for several processes on one storage."""

    def __init__(
        self,
        storage: Any,
        name: str,
        direction: Direction,
        sampler: optuna.samplers.BaseSampler | None = None,
        pruner: optuna.pruners.BasePruner | None = None,
    ) -> None:
        self._study = optuna.create_study(
            storage=storage,
            study_name=name,
            direction=optuna.study.StudyDirection[direction.upper()],
            load_if_exists=True,
            sampler=sampler or optuna.samplers.RandomSampler(),
            pruner=pruner or optuna.pruners.NopPruner(),
        )
        if self._study.direction.name.lower() != direction:
            raise ValueError(f"the study {name!r} does not {direction} its objective; use another study_name.")
        if self._trials():  # a seeded sampler would propose again what it proposed before
            self._study.sampler.reseed_rng()

    def describe(self, made_with: dict[str, str], **attributes: Any) -> None:
        """Store what the study is made with.

        Raises:
            ValueError: if it holds the results of another experiment.
        """
        stored = self._study.user_attrs.get("made_with", {})
        if changed := differences(stored, made_with):
            raise ValueError(
                f"the study {self._study.study_name!r} was made with another {', another '.join(changed)}. "
                "Its results cannot be mixed with new ones: use another study_name or another storage."
            )
        for key, value in {"made_with": {**stored, **made_with}, **attributes}.items():
            if self._study.user_attrs.get(key) != value:
                self._study.set_user_attr(key, value)

    def seeds(self) -> list[int]:
        """Return the seeds of earlier calls."""
        return self._study.user_attrs.get("arguments", {}).get("seeds", [])

    def enqueue(self, alphas: list[Any], seeds: list[int]) -> int:
        """Queue the alphas that have not all of these seeds; rows that they have go along.

        Returns:
            How many members of these alphas and seeds are finished already.
        """
        lacking = self.lacking(alphas, seeds)
        finished = len(alphas) * len(seeds)
        for alpha, (params, kept, is_open) in lacking.items():
            finished -= len(set(seeds) - kept.keys())
            if not is_open:
                queued = params if not isinstance(alpha, str) else {}
                rows = {f"seed:{seed}": row for seed, row in kept.items()}
                self._study.enqueue_trial(queued, user_attrs={"alpha": params, "seeds": seeds, **rows})
        return finished

    def lacking(self, alphas: list[Any], seeds: list[int]) -> dict[Any, tuple[dict[str, Any], dict[int, Any], bool]]:
        """Return the alphas that have not all of these seeds, unless they were pruned.

        Of each: its parameters, its final rows, and whether a trial of it is open.
        """
        by_params: dict[Any, list[FrozenTrial]] = {}
        for trial in self._trials():
            if params := _params(trial):
                by_params.setdefault(tuple(params.items()), []).append(trial)
        found = {}
        for alpha in alphas:
            params = to_params(alpha)
            trials = by_params.get(tuple(params.items()), [])
            kept = {seed: row for seed, row in _rows_of(trials).items() if row["state"] in FINAL}
            if not kept.keys() >= set(seeds) and not any(t.state == TrialState.PRUNED for t in trials):
                found[alpha] = params, kept, any(t.state in _OPEN for t in trials)
        return found

    def waiting(self) -> int:
        """Return how many trials are in the queue."""
        return len(self._trials(TrialState.WAITING))

    def claim(self, limit: int) -> list[RunningTrial]:
        """Take up to this many alphas from the queue; no other process gets them."""
        claims: list[RunningTrial] = []
        trials = self._trials()
        ranges = _ranges(trials)
        first: dict[Any, int] = {}
        for t in trials:
            if t.state in _OPEN and (params := _params(t)):
                first.setdefault(tuple(params.items()), t.number)
        for _ in range(sum(t.state == TrialState.WAITING for t in trials)):
            trial = self._ask()
            params = trial.user_attrs.get("alpha")
            if params is None or trial.number > first.get(tuple(params.items()), trial.number):
                # another process emptied the queue first, or queued the same alpha at the same moment
                self._tell(trial, None)
                continue
            for name in ranges.keys() & params.keys():
                trial.suggest_float(name, *ranges[name])
            claims.append(RunningTrial(from_params(params), trial, trial.user_attrs["seeds"], _rows_of([trial])))
            if len(claims) == limit:
                break
        return claims

    def propose(
        self, ranges: dict[str, tuple[float, float]], seeds: list[int], limit: int, trials: int
    ) -> list[RunningTrial]:
        """Ask the sampler for up to this many new alphas, until the study has so many trials."""
        claims: list[RunningTrial] = []
        while len(claims) < limit and self._counted() < trials:
            trial = self._ask()
            if self._counted(before=trial.number) >= trials:  # another process asked at the same moment
                self._tell(trial, None)
                break
            params = {name: trial.suggest_float(name, low, high) for name, (low, high) in ranges.items()}
            trial.set_user_attr("alpha", params)
            trial.set_user_attr("seeds", seeds)
            claims.append(RunningTrial(from_params(params), trial, seeds, {}))
        return claims

    def report(self, claim: RunningTrial, epoch: int, value: float) -> bool:
        """Tell the pruner the mean over seeds after an epoch; return whether it gives the alpha up."""
        claim.trial.report(value, epoch)
        return claim.trial.should_prune()

    def record(self, claim: RunningTrial, row: dict[str, Any]) -> None:
        """Store the row of one finished member."""
        claim.trial.set_user_attr(f"seed:{row['seed']}", row)
        claim.rows[row["seed"]] = row

    def finish(self, claim: RunningTrial, *, pruned: bool = False) -> float | None:
        """Close a trial: its value is the mean objective over seeds, None if not every seed is complete."""
        rows = [claim.rows[seed] for seed in claim.seeds if seed in claim.rows]
        whole = not pruned and all(row["state"] == "complete" for row in rows)
        value = sum(row["objective"] for row in rows) / len(rows) if whole else None
        self._tell(claim.trial, value, TrialState.PRUNED if pruned else None)
        return value

    def release(self, claims: list[RunningTrial]) -> None:
        """Give up what is claimed and not finished, so that the next sweep takes it at once."""
        for claim in claims:
            with contextlib.suppress(Exception):  # what stopped the sweep may be the storage; it is raised anyway
                self._tell(claim.trial, None)

    def abandoned(self) -> list[Alpha | str]:
        """Fail the running trials whose process is gone; return their alphas."""
        gone = [t for t in self._trials(TrialState.RUNNING) if not _is_alive(t, self._study.study_name)]
        for trial in gone:
            self._study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
        return [from_params(params) for t in gone if (params := _params(t))]

    def is_busy(self) -> bool:
        """Whether some trial is running, here or in another process."""
        return bool(self._trials(TrialState.RUNNING))

    def _ask(self) -> Trial:
        trial = self._study.ask()
        _CLAIMED_HERE.add((self._study.study_name, trial.number))
        trial.set_user_attr("worker", _this_worker())
        return trial

    def _tell(self, trial: Trial, value: float | None, state: TrialState | None = None) -> None:
        _CLAIMED_HERE.discard((self._study.study_name, trial.number))
        state = state or (TrialState.FAIL if value is None else TrialState.COMPLETE)
        self._study.tell(trial, value, state=state, skip_if_finished=True)

    def _counted(self, before: int | None = None) -> int:
        return sum(t.state != TrialState.FAIL and (before is None or t.number < before) for t in self._trials())

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False, states=states or None)


def read_rows(study: optuna.Study) -> list[tuple[Alpha | str, dict[str, Any]]]:
    """Return each alpha with the row of each of its seeds, in the order of alphas and seeds."""
    trials = study.get_trials(deepcopy=False)
    by_alpha: dict[tuple[Any, ...], list[FrozenTrial]] = {}
    for trial in trials:
        if params := _params(trial):
            by_alpha.setdefault(tuple(params.items()), []).append(trial)
    return [
        (from_params(dict(params)), row)
        for params, of_alpha in sorted(by_alpha.items(), key=lambda item: [value for _, value in item[0]])
        for _, row in sorted(_rows_of(of_alpha).items())
    ]


def _params(trial: FrozenTrial) -> dict[str, Any] | None:
    return trial.user_attrs.get("alpha")


def _ranges(trials: list[FrozenTrial]) -> dict[str, tuple[float, float]]:
    """Return the least and the greatest value of each alpha among all trials."""
    values: dict[str, list[float]] = {}
    for params in filter(None, map(_params, trials)):
        for name, value in params.items():
            if not isinstance(value, str):
                values.setdefault(name, []).append(value)
    return {name: (min(of), max(of)) for name, of in values.items()}


def _rows_of(trials: list[Any]) -> dict[int, dict[str, Any]]:
    """Merge the rows of all trials of one alpha; a final row is never replaced by another."""
    rows: dict[int, dict[str, Any]] = {}
    for trial in trials:
        for key, row in trial.user_attrs.items():
            if key.startswith("seed:") and rows.get(row["seed"], {}).get("state") not in FINAL:
                rows[row["seed"]] = row
    return rows


def _this_worker() -> dict[str, Any]:
    return {"host": socket.gethostname(), "pid": os.getpid(), "started": psutil.Process().create_time()}


def _is_alive(trial: FrozenTrial, study_name: str) -> bool:
    """Whether the process that signed the trial still runs; one of another host is taken at its word."""
    worker = trial.user_attrs.get("worker")
    if worker is None:
        started = trial.datetime_start
        return started is not None and time.time() - started.timestamp() < _SECONDS_TO_SIGN
    if worker["host"] != socket.gethostname():
        return True
    if worker == _this_worker():
        return (study_name, trial.number) in _CLAIMED_HERE
    try:
        return psutil.Process(worker["pid"]).create_time() == worker["started"]
    except psutil.NoSuchProcess:
        return False
