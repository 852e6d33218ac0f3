"""The rows of a sweep, and what is computed of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from continuum_act.population.arguments import Alpha
from continuum_act.sweep import statistics
from continuum_act.sweep.direction import Direction, sign_of
from continuum_act.sweep.export import by_name, metric_names, plain, to_frame
from continuum_act.sweep.rows import BaselineRow, BaselineSummary, Comparison, Findings, Row, Summary
from continuum_act.sweep.verdict import verdict

if TYPE_CHECKING:
    import pandas as pd


class Best(NamedTuple):
    """The best seed of an alpha: what `SweepResult.best` returns.

    Attributes:
        alpha: the alpha, a number or a tuple as it was swept.
        seed: the seed with the best objective of this alpha.
        objective: that member's objective: it is the best of several, so a single fit will be worse on average.

    Example:
        >>> import continuum_act as ca
        >>> best = ca.Best(alpha=0.3, seed=2, objective=0.25)
        >>> alpha, seed, objective = best
    """

    alpha: Alpha
    seed: int
    objective: float


@dataclass
class RecordedSweep:
    """What was measured, and the answer in it; `SweepResult` states the attributes."""

    rows: list[Row]
    baselines: list[BaselineRow] = field(default_factory=list)
    histories: dict[tuple[Alpha | str, int], dict[str, list[Any]]] = field(default_factory=dict)
    study_name: str = ""
    objective: str = "val_loss"
    direction: Direction = "minimize"
    made_with: dict[str, Any] = field(default_factory=dict)

    @property
    def summary(self) -> list[Summary]:
        """One dictionary per alpha.

        `complete`, `diverged`, `failed` count its seeds; `mean`, `standard_error` and the 95 % interval from
        `low` to `high` (Student's t) are over the complete ones; `difference`, `difference_low`,
        `difference_high` are the mean difference to the best alpha and its 95 % interval, paired by seed and
        corrected for the choice of the best among all alphas, as in `comparison`.
        """
        return cast(list[Summary], statistics.summarize(self.rows, "alpha", self._candidates, self.direction))

    @property
    def baseline_summary(self) -> list[BaselineSummary]:
        """The same per baseline."""
        summary = statistics.summarize(self.baselines, "baseline", self._candidates, self.direction)
        return cast(list[BaselineSummary], summary)

    @property
    def comparison(self) -> list[Comparison]:
        """Each baseline, and alpha = 0 if it was swept, beside the best alpha.

        A dictionary for each `rival`: `difference` (rival less best alpha, paired by seed) with its 95 % interval
        from `low` to `high`, corrected for the choice of the best among all alphas, and the `verdict` of the rival:
        "better", "worse" or "cannot tell". alpha = 0 is left out if it is the best.
        `continuum_act.sweep.statistics.difference_to_best` states the method.
        """
        best = statistics.best_of(self._candidates, self.direction)
        if best is None:
            return []
        rivals = [(entry["baseline"], cast(Any, entry)) for entry in self.baseline_summary]
        rivals += [
            ("alpha = 0", entry) for entry in self.summary if entry["alpha"] != best and _is_zero(entry["alpha"])
        ]
        return [statistics.compare(entry, rival, self.direction) for rival, entry in rivals]

    @property
    def verdict(self) -> str:
        """What the data tell, as one sentence."""
        best = statistics.best_of(self._candidates, self.direction)
        return verdict(self.summary, best, self.comparison, self.objective, self.direction)

    @property
    def best(self) -> Best:
        """Of the alpha with the best mean over seeds, its best seed; an alpha with a diverged seed is out.

        Raises:
            ValueError: if no alpha completed for every seed.
        """
        return self._ranked()[0]

    @property
    def failures(self) -> list[Row | BaselineRow]:
        """The rows that diverged or failed, those of baselines too; a failed one says its `error`."""
        rows: list[Row | BaselineRow] = [*self.rows, *self.baselines]
        return [row for row in rows if row["state"] != "complete"]

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows, baselines below, as a `pandas.DataFrame` whose columns do not depend on what happened.

        They are the parameters of alpha (`alpha`; `alpha_0`, `alpha_1`, ...; `alpha_real`, `alpha_imag`),
        `baseline`, `seed`, `state`, `objective`, `epochs`, `seconds`, the metrics by name, `error`.
        """
        return to_frame(self.rows, self.baselines)

    @property
    def _candidates(self) -> dict[Alpha, statistics.Values]:
        return statistics.candidates(self.rows)

    def _ranked(self) -> list[Best]:
        """Return the best seed of each alpha that completed for every seed, by the alpha's mean."""
        alphas = self._candidates
        if not alphas:
            states = {row["state"]: row.get("error") for row in self.rows}
            raise ValueError(
                f"no alpha of the study {self.study_name!r} completed for every seed (states: {states}). "
                "Try smaller alphas, a smaller learning rate, or domain='linear'."
            )
        best = []
        for alpha in statistics.ranked(alphas, self.direction):
            seed = min(alphas[alpha], key=lambda seed: sign_of(self.direction) * alphas[alpha][seed])
            best.append(Best(alpha, seed, alphas[alpha][seed]))
        return best

    def _findings(self) -> Findings:
        summary = self.summary
        rows: list[Any] = [*self.rows, *self.baselines]
        histories: dict[Alpha | str, list[list[float]]] = {}
        complete = {(row.get("alpha", row.get("baseline")), row["seed"]) for row in rows if row["state"] == "complete"}
        for (name, seed), history in self.histories.items():
            if (name, seed) in complete and (values := history.get(self.objective)):
                histories.setdefault(name, []).append([math.nan if v is None else v for v in values])
        return Findings(
            self.study_name,
            self.objective,
            self.direction,
            max((e["complete"] + e["diverged"] + e["failed"] for e in summary), default=0),
            self.made_with.get("arguments", {}).get("epoch", "last"),
            summary,
            self.baseline_summary,
            statistics.best_of(self._candidates, self.direction),
            self.comparison,
            self.verdict,
            by_name(rows, "objective"),
            {
                name: {of: statistics.interval(values) for of, values in found.items()}
                for name in metric_names(rows)
                if name != self.objective and (found := by_name(rows, name))
            },
            histories,
        )

    def _as_json(self) -> dict[str, Any]:
        return {
            "study_name": self.study_name,
            "objective": self.objective,
            "direction": self.direction,
            "verdict": self.verdict,
            "comparison": plain(self.comparison),
            "made_with": self.made_with,
            "summary": plain([*self.summary, *self.baseline_summary]),
            "rows": plain([*self.rows, *self.baselines]),
            "histories": [
                {**plain({"alpha": alpha}), "seed": seed, **plain(history)}
                for (alpha, seed), history in self.histories.items()
            ],
        }


def _is_zero(alpha: Alpha) -> bool:
    return not any(alpha) if isinstance(alpha, tuple) else alpha == 0
