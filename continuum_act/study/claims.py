"""The trials of a study that this process trains, and those of other processes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, Trial, TrialState

from continuum_act.study import heartbeat
from continuum_act.study.retries import RetryingStorage


class Claims:
    """Claims trials for this process; a claim ends with its trial, by its release, or when its heartbeat stops."""

    def __init__(self, study: optuna.Study, storage: RetryingStorage) -> None:
        self._study = study
        self._storage = storage
        self._study_id = storage.get_study_id_from_name(study.study_name)
        self._worker = heartbeat.Worker()
        self._monitor = heartbeat.HeartbeatMonitor()
        self._ids: dict[int, int] = {}  # of the trials that are claimed here, by their numbers

    def id_of(self, number: int) -> int:
        """Return the id by which the storage calls a trial."""
        return self._storage.get_trial_id_from_study_id_trial_number(self._study_id, number)

    def take(self, number: int) -> Trial | None:
        """Claim a trial that waits; None if another process was first."""
        trial_id = self.id_of(number)
        try:
            if not self._storage.set_trial_state_values(trial_id, state=TrialState.RUNNING):
                return None
        except UpdateFinishedTrialError:
            return None
        self._ids[number] = trial_id
        self._sign(trial_id)
        return Trial(self._study, trial_id)

    def ask(self) -> Trial:
        """Claim a new trial."""
        trial = self._study.ask()
        self._ids[trial.number] = self.id_of(trial.number)
        self._sign(self._ids[trial.number])
        return trial

    def forget(self, number: int) -> None:
        """End the claim of a trial that has ended."""
        self._ids.pop(number, None)

    def release(self) -> None:
        """Put all that is claimed here back into the queue, without waiting for a storage that is away."""
        ids, self._ids = self._ids, {}
        for trial_id in ids.values():
            with contextlib.suppress(Exception):  # what stopped the sweep may be the storage; it is raised anyway
                if self._is_ours(trial_id):
                    self._storage.wrapped.set_trial_state_values(trial_id, state=TrialState.WAITING)

    @contextlib.contextmanager
    def beating(self) -> Iterator[None]:
        """Show other processes that this one is alive, with whatever it has claimed."""
        ended = threading.Event()

        def beat() -> None:
            while not ended.wait(heartbeat.BEAT):
                self._worker.beats += 1
                # while the storage is away nobody sees that there is no beat, either
                with contextlib.suppress(Exception):
                    claimed = next(filter(self._is_ours, list(self._ids.values())))
                    self._storage.wrapped.set_trial_user_attr(claimed, "beat", self._worker.beat())

        with self._worker.at_work():
            threading.Thread(target=beat, daemon=True, name="heartbeat").start()
            try:
                yield
            finally:
                ended.set()

    def take_back(self, running: list[FrozenTrial]) -> list[str]:
        """Put back those of the running trials whose process is gone; say of whom the others are, and for how long."""
        others = [trial for trial in running if trial.number not in self._ids]
        left = self._monitor.seconds_left(others)
        said = []
        for trial in others:
            if left[trial.number] > 0:
                said.append(f"trial {trial.number} {heartbeat.owner(trial)}: {left[trial.number]:.0f} s")
                continue
            with contextlib.suppress(UpdateFinishedTrialError):
                self._storage.set_trial_state_values(self.id_of(trial.number), state=TrialState.WAITING)
        return said

    def _is_ours(self, trial_id: int) -> bool:
        """Whether a claim was not taken over by another process meanwhile."""
        trial = self._storage.wrapped.get_trial(trial_id)
        return trial.state == TrialState.RUNNING and heartbeat.signature_of(trial)["id"] == self._worker.id

    def _sign(self, trial_id: int) -> None:
        self._storage.set_trial_user_attr(trial_id, "worker", self._worker.signature())
