"""What a sweep found: its rows, their summary, the best member; as a table, a picture, and files."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import keras

from continuum_act.population.arguments import Alpha
from continuum_act.sweep import statistics
from continuum_act.sweep.direction import Direction, sign_of
from continuum_act.sweep.export import by_name, metric_names, plain, to_frame
from continuum_act.sweep.rows import BaselineRow, BaselineSummary, Comparison, Findings, Row, Summary
from continuum_act.sweep.verdict import verdict

if TYPE_CHECKING:
    import optuna
    import pandas as pd


class Best(NamedTuple):
    """The best seed of an alpha."""

    alpha: Alpha
    seed: int
    objective: float


@dataclass
class SweepResult:
    """Result of `continuum_act.sweep`; printed, or shown by a notebook, it is a table that ends with the verdict.

    A pickled result leaves `build` and the data behind, as one that was loaded: it has no models.

    Attributes:
        rows: one dictionary per alpha and seed: `alpha`, `seed`, `state` ("complete", "diverged" or
            "failed"), `objective`, `epochs`, `seconds`, then every metric of the epoch that is compared (the last
            one, unless the sweep was told otherwise). A failed row has the `error` besides. A type checker knows the
            names up to `seconds`; metrics, which are called as the model calls them, are in `histories`, too.
        baselines: the same for each baseline, with `baseline` in the place of `alpha`.
        histories: `{(alpha or baseline, seed): {metric: [value per epoch]}}`.
        study_name: name of the Optuna study.
        objective: name of the metric that the sweep compares.
        direction: "minimize" or "maximize".
        made_with: the arguments of the sweep and the versions it ran with.
        trained: how many members the call that returned this result has trained; the rest was there.

    Example:
        >>> import continuum_act as ca
        >>> rows = [{"alpha": a, "seed": s, "state": "complete", "objective": a * a + s / 10, "epochs": 1,
        ...          "seconds": 0.1} for a in (-0.5, 0.0) for s in (0, 1)]
        >>> result = ca.SweepResult(rows, study_name="parabola")
        >>> result.best
        Best(alpha=0.0, seed=0, objective=0.0)
        >>> round(result.summary[0]["standard_error"], 3)
        0.05
    """

    rows: list[Row]
    baselines: list[BaselineRow] = field(default_factory=list)
    histories: dict[tuple[Alpha | str, int], dict[str, list[Any]]] = field(default_factory=dict)
    study_name: str = ""
    objective: str = "val_loss"
    direction: Direction = "minimize"
    made_with: dict[str, Any] = field(default_factory=dict)
    trained: int = 0
    _models: Callable[[Alpha, int], keras.Model] | None = field(default=None, repr=False)
    _storage: Any = field(default=None, repr=False)

    @classmethod
    def load(cls, storage: Any, study_name: str = "continuum_act") -> SweepResult:
        """Read the result of a study as it stands; nothing is trained.

        Args:
            storage: path of an SQLite file, or an Optuna storage or its URL.
            study_name: name of the study.

        Raises:
            ValueError: if the storage has no such study, or it is not the study of a sweep.
            OSError: if the storage cannot be read.
        """
        from continuum_act.sweep.stored import read_study

        return cls(**read_study(storage, study_name))

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the models: they hold `build` and the data."""
        return self.__dict__ | {"_models": None}

    def __str__(self) -> str:
        """Return the table, as wide as the terminal; at its natural width where standard output is none."""
        from continuum_act.report.table import as_text, width_of

        return as_text(self._findings(), width_of(sys.stdout), getattr(sys.stdout, "encoding", None) or "utf-8")

    def _repr_html_(self) -> str:
        from continuum_act.report.table import as_html

        return as_html(self._findings())

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

    @property
    def study(self) -> optuna.Study:
        """The Optuna study, one trial per alpha.

        Raises:
            ValueError: if this result was made from rows, not by a sweep or from a storage.
        """
        import optuna

        if self._storage is None:
            raise ValueError("this result was made from rows: it has no study.")
        return optuna.load_study(storage=self._storage, study_name=self.study_name)

    def best_model(self) -> keras.Model:
        """Return the best member as an ordinary compiled model with fixed alpha and its trained weights.

        If it was trained in an earlier process, whose weights are gone, it is trained again from its seed.

        Raises:
            ValueError: if no alpha completed for every seed, or this result was read from a storage, without
                `build` and data.
        """
        return self.models(1)[0]

    def models(self, n: int) -> list[keras.Model]:
        """Return the models of the n alphas with the best means, the best first, each of its best seed.

        Raises:
            ValueError: as `best_model`, or if fewer than n alphas completed for every seed.
        """
        ranked = self._ranked()
        if not 1 <= n <= len(ranked):
            raise ValueError(f"n must be between 1 and {len(ranked)}, the alphas that are complete, got {n!r}.")
        if self._models is None:
            raise ValueError(
                "this result was read from a storage and knows neither build nor data: call "
                "continuum_act.sweep with them and the same storage (nothing finished is trained again)."
            )
        return [self._models(alpha, seed) for alpha, seed, _ in ranked[:n]]

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows, baselines below, as a `pandas.DataFrame` whose columns do not depend on what happened.

        They are the parameters of alpha (`alpha`; `alpha_0`, `alpha_1`, ...; `alpha_real`, `alpha_imag`),
        `baseline`, `seed`, `state`, `objective`, `epochs`, `seconds`, the metrics by name, `error`.
        """
        return to_frame(self.rows, self.baselines)

    def plot(self, path: str | Path) -> Path:
        """Draw the objective against alpha, baselines and differences beside it, as PNG or SVG by `path`."""
        from continuum_act.report.figures import plot_sweep

        return plot_sweep(self._findings(), path)

    def save(self, directory: str | Path) -> list[Path]:
        """Write a directory: `sweep.csv` (rows), `sweep.json` (all that is known) and two pictures.

        The pictures are `sweep.png` and `learning-curves.png`.
        """
        from continuum_act.report.figures import plot_learning_curves

        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        csv, record = directory / "sweep.csv", directory / "sweep.json"
        self.to_pandas().to_csv(csv, index=False)
        record.write_text(json.dumps(self._as_json(), indent=1) + "\n")
        curves = plot_learning_curves(self._findings(), directory / "learning-curves.png")
        return [csv, record, self.plot(directory / "sweep.png"), curves]

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
