"""What a sweep found: its rows, their summary, the best member; as a table, a picture, and files."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from continuum_act.population.arguments import Alpha
from continuum_act.sweep.recorded import RecordedSweep

if TYPE_CHECKING:
    import optuna


@dataclass
class SweepResult(RecordedSweep):
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

    def plot(self, path: str | Path) -> Path:
        """Draw the objective against alpha, baselines and differences beside it, as PNG or SVG by `path`."""
        from continuum_act.report.figures import plot_sweep

        return plot_sweep(self._findings(), path)

    def plot_learning_curves(self, path: str | Path) -> Path:
        """Draw the objective per epoch, a line per alpha and baseline, mean over seeds, as PNG or SVG by `path`."""
        from continuum_act.report.figures import plot_learning_curves

        return plot_learning_curves(self._findings(), path)

    def save(self, directory: str | Path) -> list[Path]:
        """Write a directory: `sweep.csv` (rows), `sweep.json` (all that is known) and two pictures.

        The pictures are `sweep.png` and `learning-curves.png`.
        """
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        csv, record = directory / "sweep.csv", directory / "sweep.json"
        self.to_pandas().to_csv(csv, index=False)
        record.write_text(json.dumps(self._as_json(), indent=1) + "\n")
        curves = self.plot_learning_curves(directory / "learning-curves.png")
        return [csv, record, self.plot(directory / "sweep.png"), curves]
