"""The work of a sweep: take alphas from the queue, have them trained, record what comes of it."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from continuum_act.population.budget import Budget, Member, MemberResult
from continuum_act.population.stateless_model import Build
from continuum_act.population.trainer import Watch
from continuum_act.sweep.direction import sign_of
from continuum_act.sweep.training import Task

if TYPE_CHECKING:
    from continuum_act.sweep.progress import ProgressBar
    from continuum_act.sweep.study import RunningTrial, TrialQueue

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
    _tried: set[Any] = field(default_factory=set)
    _epochs: Counter[Member] = field(default_factory=Counter)

    def train(self, alphas: list[Any], bar: ProgressBar) -> None:
        """Train until no alpha is open, neither here nor in another process."""
        bar.advance(self.queue.enqueue(alphas, self.seeds))
        while True:
            given_up = self.queue.abandoned()
            wanted = dict.fromkeys([*given_up, *alphas])
            self.queue.enqueue([alpha for alpha in wanted if alpha not in self._tried], self.seeds)

            def watch(epoch: int, logs: dict[Member, dict[str, Any]]) -> set[Any]:
                return self._watch(epoch, logs, bar)

            try:
                for result in self.engine(self.builds, self._tasks(), self.budget, self.population, watch):
                    bar.advance(1 - self._epochs.pop((result.alpha, result.seed), 0) / self.budget.epochs)
                    self._record(result)
                    bar.show_best(self._best_value if self.best else None)
            except BaseException:
                self.queue.release(list(self._open.values()))
                raise
            if self.queue.is_busy():
                bar.say("waiting for another process")
                time.sleep(1.0)
            elif not self.queue.lacking([alpha for alpha in alphas if alpha not in self._tried], self.seeds):
                return

    def _tasks(self) -> Iterator[Task]:
        """Claim alphas as the engine asks for them."""
        at_most = max(1, (self.population or _MEMBERS_AT_ONCE) // len(self.seeds))
        share = 0
        while True:
            share = share or -(-(self.queue.waiting() or self.trials) // _SHARES)
            limit = min(at_most, share)
            claims = self.queue.claim(limit)
            if not claims and self.ranges:
                claims = self.queue.propose(self.ranges, self.seeds, limit, self.trials)
            if not claims:
                return
            self._open |= {claim.alpha: claim for claim in claims}
            self._tried |= {claim.alpha for claim in claims}
            tasks: dict[str, list[Member]] = {}
            for claim in claims:
                name = claim.alpha if isinstance(claim.alpha, str) else ""
                left = [(claim.alpha, seed) for seed in claim.seeds if seed not in claim.rows]
                tasks.setdefault(name, []).extend(left)
            yield from (Task(name, members) for name, members in tasks.items() if members)

    def _watch(self, epoch: int, logs: dict[Member, dict[str, Any]], bar: ProgressBar) -> set[Any]:
        """Move the bar, and ask the pruner about each alpha of which all seeds have this epoch behind them."""
        bar.advance(len(logs) / self.budget.epochs)
        self._epochs.update(logs.keys())
        pruned = set()
        for (alpha, seed), log in logs.items() if self.prunes else ():
            claim = self._open[alpha]
            values = self._reported.setdefault((alpha, epoch), {})
            values[seed] = log[self.budget.objective]
            stopped = {seed: row["objective"] for seed, row in claim.rows.items()}
            if values.keys() | stopped.keys() >= set(claim.seeds):
                values = {**stopped, **values}
                if self.queue.report(claim, epoch, sum(values.values()) / len(values)):
                    pruned.add(alpha)
        return pruned

    def _record(self, result: MemberResult) -> None:
        if result.state == "pruned":
            if claim := self._open.pop(result.alpha, None):  # the first of its seeds
                self.queue.finish(claim, pruned=True)
            return
        claim = self._open[result.alpha]
        self.queue.record(claim, _as_row(result, self.budget))
        self._results[result.alpha, result.seed] = result
        self.trained += 1
        if result.state == "failed":
            self.failures.append(result)
        if claim.rows.keys() >= set(claim.seeds):
            value = self.queue.finish(claim)
            self._keep_best(claim, value)
            del self._open[result.alpha]

    def _keep_best(self, claim: RunningTrial, value: float | None) -> None:
        results = {seed: self._results.pop((claim.alpha, seed), None) for seed in claim.seeds}
        sign = sign_of(self.budget.direction)
        if value is not None and sign * value < self._best_value:
            self._best_value = sign * value
            self.best = {seed: result for seed, result in results.items() if result is not None}


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
