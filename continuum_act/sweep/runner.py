"""The work of a sweep: take alphas from the queue, have them trained, record what comes of it."""

from __future__ import annotations

import itertools
import math
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from continuum_act.population.budget import Budget, Member, MemberResult
from continuum_act.population.stateless_model import Build
from continuum_act.population.trainer import Watch
from continuum_act.sweep.direction import sign_of
from continuum_act.sweep.termination import exit_on_sigterm
from continuum_act.sweep.training import Task

if TYPE_CHECKING:
    from continuum_act.study.queue import TrialQueue
    from continuum_act.study.running_trial import RunningTrial
    from continuum_act.sweep.progress import ProgressBar

_MEMBERS_AT_ONCE = 64
_SHARES = 5  # of the alphas that are open, one is claimed at once: what a kill costs, and another process can take
Engine = Callable[[Mapping[str, Build], Iterator[Task], Budget, int | None, Watch], Iterator[MemberResult]]


@dataclass
class SweepRunner:
    """Trains what is open in a study, and keeps the results of the best alpha."""

    queue: TrialQueue
    engine: Engine
    builds: Mapping[str, Build]
    budget: Budget
    seeds: list[int]
    population: int | None
    ranges: dict[str, tuple[float, float]] | None = None
    trials: int = 0
    prunes: bool = False
    trained: int = 0
    best: dict[int, MemberResult] = field(default_factory=dict)
    failures: list[MemberResult] = field(default_factory=list)
    _best_value: float = math.inf
    _open: dict[Any, RunningTrial] = field(default_factory=dict)
    _results: dict[Member, MemberResult] = field(default_factory=dict)
    _reported: dict[tuple[Any, int], dict[int, float]] = field(default_factory=dict)
    _alphas: list[Any] = field(default_factory=list)
    _tried: set[Member] = field(default_factory=set)
    _training: set[Member] = field(default_factory=set)
    _lost: Exception | None = None
    _epochs: Counter[Member] = field(default_factory=Counter)

    def train(self, alphas: list[Any], bar: ProgressBar) -> None:
        """Train until each alpha is final, here or in another process.

        Raises:
            OSError: or the storage's own error, if it is lost. What was trained is in a file then, for the next call.
        """
        self._alphas = alphas
        bar.advance(self.queue.enqueue(alphas, self.seeds))
        with self.queue.beating(), exit_on_sigterm("stopped by SIGTERM; the same call goes on from here."):
            try:
                while True:
                    others = self.queue.take_back()
                    open_alphas = self._untrained()
                    self.queue.enqueue(list(open_alphas), self.seeds)
                    self._train(bar)
                    if not self._is_open():
                        return
                    if others:
                        bar.say(f"waiting; without a heartbeat taken over are {', '.join(others[:3])}")
                    time.sleep(1.0 if others else 0.1)
            finally:
                self.queue.release()
                if said := self.queue.rescue():
                    warnings.warn(said, stacklevel=2)

    def _train(self, bar: ProgressBar) -> None:
        """Train what can be claimed."""

        def watch(epoch: int, logs: dict[Member, dict[str, Any]]) -> set[Any]:
            return self._watch(epoch, logs, bar)

        tasks = self._tasks()
        for first in itertools.islice(tasks, 1):  # an engine need not start for nothing
            given = itertools.chain([first], tasks)
            for result in self.engine(self.builds, given, self.budget, self.population, watch):
                bar.advance(1 - self._epochs.pop((result.alpha, result.seed), 0) / self.budget.epochs)
                self._record(result)
                bar.show_best(self._best_value if self.best else None)
        if self._lost is not None:
            raise self._lost

    def _untrained(self) -> dict[Any, bool]:
        """Return the alphas of which this process has members to train, and whether a trial of each is open."""
        return {
            alpha: is_open
            for alpha, (_, kept, is_open) in self.queue.lacking(self._alphas, self.seeds).items()
            if any(seed not in kept and (alpha, seed) not in self._tried for seed in self.seeds)
        }

    def _is_open(self) -> bool:
        return self.queue.is_busy() if self.ranges else bool(self._untrained())

    def _tasks(self) -> Iterator[Task]:
        """Claim alphas as the engine asks for them."""
        at_most = max(1, (self.population or _MEMBERS_AT_ONCE) // len(self.seeds))
        share = 0
        while self._lost is None:
            share = share or max(1, (self.queue.waiting() or self.trials) // _SHARES)
            limit = min(at_most, share)
            claims = self.queue.claim(limit, None if self.ranges else self._alphas)
            if not claims and self.ranges:
                claims = self.queue.propose(self.ranges, self.seeds, limit, self.trials)
            if not claims:
                return
            tasks: dict[str, list[Member]] = {}
            for claim in claims:
                self._open[claim.alpha] = claim
                left = [(claim.alpha, seed) for seed in claim.seeds if seed not in claim.rows]
                if not left:
                    self._finish(claim)
                # a claim that was taken over, and is back, may be in training here
                members = [member for member in left if member not in self._training]
                self._training |= set(members)
                tasks.setdefault(claim.alpha if isinstance(claim.alpha, str) else "", []).extend(members)
            alphas = len(self._alphas) or self.trials
            for name, members in tasks.items():
                if members:
                    yield Task(name, members, (1 if name else alphas) * len(self.seeds))

    def _watch(self, epoch: int, logs: dict[Member, dict[str, Any]], bar: ProgressBar) -> set[Any]:
        """Move the bar, and ask the pruner about each alpha of which all seeds have this epoch behind them."""
        bar.advance(len(logs) / self.budget.epochs)
        self._epochs.update(logs.keys())
        pruned = set()
        for (alpha, seed), log in logs.items() if self.prunes else ():
            claim = self._open.get(alpha)
            if claim is None:
                continue
            values = self._reported.setdefault((alpha, epoch), {})
            values[seed] = log[self.budget.objective]
            stopped = {seed: row["objective"] for seed, row in claim.rows.items()}
            if values.keys() | stopped.keys() >= set(claim.seeds):
                values = {**stopped, **values}
                if self.queue.report(claim, epoch, sum(values.values()) / len(values)):
                    pruned.add(alpha)
        return pruned

    def _record(self, result: MemberResult) -> None:
        member = result.alpha, result.seed
        self._training.discard(member)
        claim = self._open.get(result.alpha)
        if claim is None:  # pruned, by the first of its seeds
            return
        if result.state == "pruned":
            del self._open[result.alpha]
            self.queue.finish(claim, pruned=True)
            return
        self._tried.add(member)
        self._results[member] = result
        self.trained += 1
        if result.state == "failed":
            self.failures.append(result)
        row = _as_row(result, self.budget)
        try:
            self.queue.record(claim, row)
            if claim.rows.keys() >= set(claim.seeds):
                self._finish(claim)
        except Exception as error:  # what is in training is trained to its end, and kept
            self._lost = self._lost or error

    def _finish(self, claim: RunningTrial) -> None:
        del self._open[claim.alpha]
        self._keep_best(claim, self.queue.finish(claim))

    def _keep_best(self, claim: RunningTrial, value: float | None) -> None:
        results = {seed: self._results.pop((claim.alpha, seed), None) for seed in claim.seeds}
        sign = sign_of(self.budget.direction)
        if value is not None and sign * value < self._best_value:
            self._best_value = sign * value
            kept = [result for result in results.values() if result is not None]
            for result in kept:
                if result.fetch is not None:
                    result.weights, result.optimizer = result.fetch()
            self.best = {result.seed: result for result in kept if result.weights is not None}


def _as_row(result: MemberResult, budget: Budget) -> dict[str, Any]:
    """Return what the study stores of a member; NaN and infinity, which JSON cannot say, become None."""
    if result.history and budget.objective not in result.history:
        raise ValueError(
            f"objective {budget.objective!r} is not in the history of fit, which has {sorted(result.history)}."
        )
    history = {name: [_finite_or_none(v) for v in values] for name, values in result.history.items()}
    epoch = _compared(result, budget)
    metrics = {name: values[epoch] for name, values in history.items()}
    return {
        "seed": result.seed,
        "state": result.state,
        "objective": metrics.get(budget.objective),
        "epochs": len(history.get("loss", ())),
        "seconds": round(result.seconds, 6),
        "metrics": metrics,
        "history": history,
        **({"error": result.error} if result.error else {}),
    }


def _compared(result: MemberResult, budget: Budget) -> int:
    """Return the epoch whose objective counts: the last, or the first of the best ones."""
    values = result.history.get(budget.objective, [])
    if budget.epoch == "last" or result.state != "complete":
        return -1
    return min(range(len(values)), key=lambda epoch: sign_of(budget.direction) * values[epoch])


def _finite_or_none(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite_or_none(v) for v in value]
    return float(value) if math.isfinite(value) else None
