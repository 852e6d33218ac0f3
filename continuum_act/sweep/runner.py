"""The work of a sweep: claim alphas, have them trained, record what comes of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from continuum_act.population.budget import Budget, Outcome, finite_or_none
from continuum_act.sweep.training import Build, Chunk

if TYPE_CHECKING:
    from continuum_act.sweep.progress import Bar
    from continuum_act.sweep.study import Claim, Ledger

_MEMBERS_AT_ONCE = 64
Engine = Callable[[Build, Iterator[Chunk], Budget, int | None], Iterator[Outcome]]


@dataclass
class Crew:
    """Trains what is open in a ledger, and keeps the weights of its best member."""

    ledger: Ledger
    engine: Engine
    build: Build
    budget: Budget
    seeds: list[int]
    population: int | None
    ranges: dict[str, tuple[float, float]] | None = None
    trials: int = 0
    trained: int = 0
    best: tuple[Any, int, Any] | None = None  # alpha, seed, weights
    _best_value: float = math.inf
    _open: dict[Any, Claim] = field(default_factory=dict)
    _weights: dict[tuple[Any, int], Any] = field(default_factory=dict)

    def train(self, alphas: list[Any], bar: Bar) -> None:
        """Train until no alpha is open, neither here nor in another process."""
        bar.advance(self.ledger.enqueue(alphas, self.seeds))
        while True:
            self.ledger.enqueue(self.ledger.abandoned(), self.seeds)
            try:
                for outcome in self.engine(self.build, self._chunks(), self.budget, self.population):
                    self._record(outcome)
                    bar.advance(1)
            except BaseException:
                self.ledger.release(list(self._open.values()))
                raise
            if not self.ledger.is_busy():
                return
            bar.say("waiting for another process")
            time.sleep(1.0)

    def _chunks(self) -> Iterator[Chunk]:
        """Claim alphas as the engine asks for them."""
        limit = max(1, (self.population or _MEMBERS_AT_ONCE) // len(self.seeds))
        while True:
            claims = self.ledger.claim(limit)
            if not claims and self.ranges:
                claims = self.ledger.propose(self.ranges, limit, self.trials)
            if not claims:
                return
            self._open |= {claim.alpha: claim for claim in claims}
            yield [(c.alpha, seed) for c in claims for seed in self.seeds if seed not in c.rows]

    def _record(self, outcome: Outcome) -> None:
        claim = self._open[outcome.alpha]
        self.ledger.record(claim, _as_row(outcome, self.budget.objective))
        self._weights[outcome.alpha, outcome.seed] = outcome.weights
        self.trained += 1
        if len(claim.rows) == len(self.seeds):
            value = self.ledger.finish(claim)
            self._keep_best(claim, value)
            del self._open[outcome.alpha]

    def _keep_best(self, claim: Claim, value: float | None) -> None:
        weights = {seed: self._weights.pop((claim.alpha, seed), None) for seed in self.seeds}
        if value is not None and self.ledger.sign * value < self._best_value:
            self._best_value = self.ledger.sign * value
            seed = min(self.seeds, key=lambda seed: self.ledger.sign * claim.rows[seed]["objective"])
            self.best = None if weights[seed] is None else (claim.alpha, seed, weights[seed])


def _as_row(outcome: Outcome, objective: str) -> dict[str, Any]:
    """Return what the study stores of a member; NaN and infinity, which JSON cannot say, become None."""
    if outcome.history and objective not in outcome.history:
        raise ValueError(
            f"objective {objective!r} is not in the history of fit, which has {sorted(outcome.history)}; "
            "a name that starts with 'val_' needs validation_data or validation_split."
        )
    history = {name: [finite_or_none(v) for v in values] for name, values in outcome.history.items()}
    last = {name: values[-1] for name, values in history.items()}
    return {
        "seed": outcome.seed,
        "state": outcome.state,
        "objective": last.get(objective),
        "epochs": len(history.get("loss", ())),
        "seconds": round(outcome.seconds, 6),
        "metrics": last,
        "history": history,
        **({"error": outcome.error} if outcome.error else {}),
    }
