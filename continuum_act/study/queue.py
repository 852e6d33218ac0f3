"""The study of a sweep: a trial per alpha, the row of each seed as its user attribute; a queue for processes."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, Trial, TrialState

from continuum_act.population.budget import Direction
from continuum_act.study.claims import Claims
from continuum_act.study.made_with import differences
from continuum_act.study.parameters import from_params, to_params
from continuum_act.study.rescue import RescuedRows
from continuum_act.study.running_trial import RunningTrial
from continuum_act.study.storage import open_storage, rescue_path
from continuum_act.study.trial_rows import as_attributes, by_alpha, final_rows, params_of, ranges_of

_OPEN = (TrialState.WAITING, TrialState.RUNNING)


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
        self._storage = open_storage(storage)
        self._study = optuna.create_study(
            storage=self._storage,
            study_name=name,
            direction=optuna.study.StudyDirection[direction.upper()],
            load_if_exists=True,
            sampler=sampler or optuna.samplers.RandomSampler(),
            pruner=pruner or optuna.pruners.NopPruner(),
        )
        self._claims = Claims(self._study, self._storage)
        self._rescued = RescuedRows(rescue_path(self._storage, name))
        self.beating = self._claims.beating
        if [d.name.lower() for d in self._study.directions] != [direction]:
            raise ValueError(f"the study {name!r} does not {direction} its objective; use another study_name.")
        if self._trials():  # a seeded sampler would propose again what it proposed before
            self._study.sampler.reseed_rng()

    def describe(self, made_with: dict[str, str], **attributes: Any) -> None:
        """Store what the study is made with.

        Raises:
            ValueError: if it holds the results of another experiment.
        """
        with self._storage.exclusive():
            stored = self._attribute("made_with")
            if changed := differences(stored, made_with):
                raise ValueError(
                    f"the study {self._study.study_name!r} was made with another {', another '.join(changed)}. "
                    "Its results cannot be mixed with new ones: use another study_name or another storage."
                )
            for key, value in {"made_with": {**stored, **made_with}, **attributes}.items():
                if self._study.user_attrs.get(key) != value:
                    self._study.set_user_attr(key, value)
        self._rescued.made_with = made_with
        for params, seeds, rows in self._rescued.read():
            self._keep(params, seeds, rows)
        self._rescued.forget()

    def seeds(self) -> list[int]:
        """Return the seeds of earlier calls."""
        return self._attribute("arguments").get("seeds", [])

    def _attribute(self, name: str) -> dict[str, Any]:
        value = self._study.user_attrs.get(name, {})
        if not isinstance(value, dict):
            raise ValueError(f"the study {self._study.study_name!r} was not made by a sweep; use another study_name.")
        return value

    def enqueue(self, alphas: list[Any], seeds: list[int]) -> int:
        """Queue the alphas that have not all of these seeds; rows that they have go along.

        Returns:
            How many members of these alphas and seeds are finished already.
        """
        if not alphas:
            return 0
        found = self.lacking(alphas, seeds)
        if not all(is_open for _, _, is_open in found.values()):
            with self._storage.exclusive():
                found = self.lacking(alphas, seeds)
                for params, kept, is_open in found.values():
                    if not is_open:
                        self._add(params, seeds, kept)
        return len(alphas) * len(seeds) - sum(len(set(seeds) - kept.keys()) for _, kept, _ in found.values())

    def lacking(self, alphas: list[Any], seeds: list[int]) -> dict[Any, tuple[dict[str, Any], dict[int, Any], bool]]:
        """Return the alphas that have not all of these seeds, unless they were pruned.

        Of each: its parameters, its final rows, and whether a trial of it is open.
        """
        by_key = by_alpha(self._trials())
        found = {}
        for alpha in alphas:
            params = to_params(alpha)
            trials = by_key.get(tuple(params.items()), [])
            kept = final_rows(trials)
            if not kept.keys() >= set(seeds) and not any(t.state == TrialState.PRUNED for t in trials):
                found[alpha] = params, kept, any(t.state in _OPEN for t in trials)
        return found

    def waiting(self) -> int:
        """Return how many trials are in the queue."""
        return sum(params_of(trial) is not None for trial in self._trials(TrialState.WAITING))

    def claim(self, limit: int, alphas: Collection[Any] | None = None) -> list[RunningTrial]:
        """Take up to this many of these alphas from the queue, or of all; no other process gets them."""
        claims: list[RunningTrial] = []
        by_key = by_alpha(self._trials())
        ranges = ranges_of(by_key)
        wanted = None if alphas is None else {tuple(to_params(alpha).items()) for alpha in alphas}
        queued = [(t.number, key, t) for key, of in by_key.items() for t in of if t.state == TrialState.WAITING]
        for number, key, frozen in sorted(queued, key=lambda item: item[0]):
            if len(claims) == limit:
                break
            if (wanted is not None and key not in wanted) or (trial := self._claims.take(number)) is None:
                continue
            if number > next(t.number for t in by_key[key] if t.state in _OPEN):
                self._tell(trial, None)  # on a storage without locks, two may queue an alpha at the same moment
                continue
            for name, ends in ranges.items():
                if name in dict(key) and name not in frozen.params:
                    trial.suggest_float(name, *ends)
            seeds = trial.user_attrs.get("seeds", [])
            reported = set(frozen.intermediate_values)
            claims.append(RunningTrial(from_params(dict(key)), trial, seeds, final_rows(by_key[key]), reported))
        return claims

    def propose(
        self, ranges: dict[str, tuple[float, float]], seeds: list[int], limit: int, trials: int
    ) -> list[RunningTrial]:
        """Ask the sampler for up to this many new alphas, until the study has so many trials."""
        claims: list[RunningTrial] = []
        with self._storage.exclusive():
            while len(claims) < limit and self._counted() < trials and not self.waiting():
                trial = self._claims.ask()
                if self._counted(before=trial.number) >= trials:  # a storage without locks
                    self._tell(trial, None)
                    break
                params = {name: trial.suggest_float(name, low, high) for name, (low, high) in ranges.items()}
                trial.set_user_attr("seeds", seeds)
                trial.set_user_attr("alpha", params)
                claims.append(RunningTrial(from_params(params), trial, seeds, {}))
        return claims

    def report(self, claim: RunningTrial, epoch: int, value: float) -> bool:
        """Tell the pruner the mean over seeds after an epoch; return whether it gives the alpha up."""
        with contextlib.suppress(UpdateFinishedTrialError):
            if epoch not in claim.reported:
                claim.trial.report(value, epoch)
            return claim.trial.should_prune()
        return False

    def record(self, claim: RunningTrial, row: dict[str, Any]) -> bool:
        """Store the row of one finished member; return whether the claim is still open.

        A claim that another process took over and closed is no error, and the row is stored if it has not this one.
        """
        claim.rows[row["seed"]] = row
        params = to_params(claim.alpha)
        with self._rescued.kept(params, claim.seeds, row):
            try:
                for key, value in as_attributes(row).items():
                    claim.trial.set_user_attr(key, value)
            except UpdateFinishedTrialError:
                self._keep(params, claim.seeds, {row["seed"]: row})
                return False
        return True

    def finish(self, claim: RunningTrial, *, pruned: bool = False) -> float | None:
        """Close a trial: its value is the mean objective over seeds, None if not every seed is complete."""
        rows = [claim.rows[seed] for seed in claim.seeds if seed in claim.rows]
        whole = not pruned and all(row["state"] == "complete" for row in rows)
        value = sum(row["objective"] for row in rows) / len(rows) if whole and rows else None
        self._tell(claim.trial, value, TrialState.PRUNED if pruned else None)
        return value

    def release(self) -> None:
        """Put back what is claimed and not finished, with its rows, so that another process takes it at once."""
        self._claims.release()

    def rescue(self) -> str | None:
        """Write the rows that the storage did not take to a file; say so, if there are any."""
        return self._rescued.write()

    def take_back(self) -> list[str]:
        """Put back the running trials whose process is gone; say of the others whose they are, and for how long."""
        return self._claims.take_back(self._trials(TrialState.RUNNING))

    def is_busy(self) -> bool:
        """Whether some trial is running or in the queue."""
        return bool(self._trials(TrialState.RUNNING)) or self.waiting() > 0

    def _add(self, params: dict[str, Any], seeds: list[int], rows: dict[int, dict[str, Any]]) -> None:
        kept = {key: value for row in rows.values() for key, value in as_attributes(row).items()}
        queued = {} if "baseline" in params else params
        self._study.enqueue_trial(queued, user_attrs={"alpha": params, "seeds": seeds, **kept})

    def _keep(self, params: dict[str, Any], seeds: list[int], rows: dict[int, dict[str, Any]]) -> None:
        """Store rows of an alpha that this process has no claim to: in its open trial, or a new one."""
        with self._storage.exclusive():
            trials = by_alpha(self._trials()).get(tuple(params.items()), [])
            new = {seed: row for seed, row in rows.items() if seed not in final_rows(trials)}
            for trial in [t for t in trials if t.state in _OPEN][:1] if new else ():
                with contextlib.suppress(UpdateFinishedTrialError):
                    for row in new.values():
                        for key, value in as_attributes(row).items():
                            self._storage.set_trial_user_attr(self._claims.id_of(trial.number), key, value)
                    return
            if new:
                self._add(params, seeds, final_rows(trials) | new)

    def _tell(self, trial: Trial, value: float | None, state: TrialState | None = None) -> None:
        state = state or (TrialState.FAIL if value is None else TrialState.COMPLETE)
        with contextlib.suppress(UpdateFinishedTrialError):
            try:
                self._study.tell(trial, value, state=state, skip_if_finished=True)
            except ValueError:  # it was put back into the queue meanwhile, and not taken
                values = None if value is None else [value]
                self._storage.set_trial_state_values(self._claims.id_of(trial.number), state=state, values=values)
        self._claims.forget(trial.number)

    def _counted(self, before: int | None = None) -> int:
        return sum(t.state != TrialState.FAIL and (before is None or t.number < before) for t in self._trials())

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False, states=states or None)
