"""What a sweep found: its rows, their summary, the best member; as a table, a picture, and files."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import keras

from continuum_act.population.arguments import Alpha
from continuum_act.sweep.alphas import to_params
from continuum_act.sweep.statistics import best_of, summarize

if TYPE_CHECKING:
    import pandas as pd


class Best(NamedTuple):
    """The best seed of the alpha with the best mean objective."""

    alpha: Alpha
    seed: int
    objective: float


@dataclass
class SweepResult:
    """Result of `continuum_act.sweep`.

    Attributes:
        rows: one dictionary per alpha and seed: `alpha`, `seed`, `state` ("complete", "diverged" or
            "failed"), `objective` (of the last epoch), `epochs`, `seconds`, then every metric of the last
            epoch. A failed row has the `error` besides.
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

    rows: list[dict[str, Any]]
    baselines: list[dict[str, Any]] = field(default_factory=list)
    histories: dict[tuple[Any, int], dict[str, list[float]]] = field(default_factory=dict)
    study_name: str = ""
    objective: str = "val_loss"
    direction: str = "minimize"
    made_with: dict[str, Any] = field(default_factory=dict)
    trained: int = 0
    _models: Callable[[Alpha, int], keras.Model] | None = field(default=None, repr=False)

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
        import optuna

        from continuum_act.sweep.rows import is_of_a_sweep, read_rows
        from continuum_act.sweep.storage import open_storage, storage_errors

        with storage_errors(storage):
            storage = open_storage(storage, must_exist=True)
            names = optuna.get_all_study_names(storage)
            if study_name not in names:
                raise ValueError(f"no study {study_name!r} in the storage; it has {names}.")
            study = optuna.load_study(storage=storage, study_name=study_name)
            if not is_of_a_sweep(study):
                raise ValueError(f"the study {study_name!r} was not made by a sweep; give another name of {names}.")
            result = cls(
                [],
                study_name=study_name,
                objective=study.user_attrs["arguments"]["objective"],
                direction=study.direction.name.lower(),
                made_with={key: study.user_attrs[key] for key in ("arguments", "versions")},
            )
            stored = [("alpha", result.rows, study)]
            if baselines_of(study_name) in names:
                beside = optuna.load_study(storage=storage, study_name=baselines_of(study_name))
                stored.append(("baseline", result.baselines, beside))
            for key, rows, of in stored:
                for alpha, row in read_rows(of):
                    result.histories[alpha, row["seed"]] = row["history"]
                    rows.append({key: alpha, **_flat(row)})
        return result

    @property
    def summary(self) -> list[dict[str, Any]]:
        """One dictionary per alpha.

        `complete`, `diverged`, `failed` count its seeds; `mean`, `standard_error` and the 95 % interval from
        `low` to `high` (Student's t) are over the complete ones; `difference`, `difference_low`,
        `difference_high` are the mean difference to the best alpha and its 95 % interval, paired by seed.
        """
        return summarize(self.rows, "alpha", self.direction)

    @property
    def baseline_summary(self) -> list[dict[str, Any]]:
        """The same per baseline."""
        return summarize(self.baselines, "baseline", self.direction)

    @property
    def best(self) -> Best:
        """Of the alpha with the best mean over seeds, its best seed; an alpha with a diverged seed is out.

        Raises:
            ValueError: if no alpha completed for every seed.
        """
        entry = best_of(self.summary, self.direction)
        if entry is None:
            states = {row["state"]: row.get("error") for row in self.rows}
            raise ValueError(
                f"no alpha of the study {self.study_name!r} completed for every seed (states: {states}). "
                "Try smaller alphas, a smaller learning rate, or domain='linear'."
            )
        sign = 1 if self.direction == "minimize" else -1
        rows = [row for row in self.rows if row["alpha"] == entry["alpha"]]
        row = min(rows, key=lambda row: sign * row["objective"])
        return Best(row["alpha"], row["seed"], row["objective"])

    def best_model(self) -> keras.Model:
        """Return the best member as an ordinary compiled model with fixed alpha and its trained weights.

        If it was trained in an earlier process, whose weights are gone, it is trained again from its seed.

        Raises:
            ValueError: if this result was read from a storage, without `build` and data.
        """
        if self._models is None:
            raise ValueError(
                "this result was read from a storage and knows neither build nor data: call "
                "continuum_act.sweep with them and the same storage (nothing finished is trained again)."
            )
        return self._models(*self.best[:2])

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows, baselines below, as a `pandas.DataFrame`."""
        import pandas as pd

        return pd.DataFrame(self.rows + self.baselines)

    def plot(self, path: str | Path) -> Path:
        """Draw the objective against alpha with its 95 % band and the baselines, as PNG or SVG by `path`."""
        from continuum_act.report.figures import plot_sweep

        return plot_sweep(self, path)

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
        curves = plot_learning_curves(self, directory / "learning-curves.png")
        return [csv, record, self.plot(directory / "sweep.png"), curves]

    def _as_json(self) -> dict[str, Any]:
        summary = self.summary + self.baseline_summary
        return {
            "study_name": self.study_name,
            "objective": self.objective,
            "direction": self.direction,
            "made_with": self.made_with,
            "summary": [_plain(entry) for entry in summary],
            "rows": [_plain(row) for row in self.rows + self.baselines],
            "histories": [
                {**_plain({"alpha": alpha}), "seed": seed, **_plain(history)}
                for (alpha, seed), history in self.histories.items()
            ],
        }


def study_names(storage: Any) -> list[str]:
    """Return the names of the sweeps in a storage, without the studies of their baselines."""
    import optuna

    from continuum_act.sweep.storage import open_storage, storage_errors

    with storage_errors(storage):
        names = optuna.get_all_study_names(open_storage(storage, must_exist=True))
    return [name for name in names if not any(name == baselines_of(other) for other in names)]


def baselines_of(study_name: str) -> str:
    """Name the study that holds the baselines of a study."""
    return f"{study_name} (baselines)"


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as it is stored, its metrics beside the rest; null is NaN."""
    first = {key: value for key, value in row.items() if key not in ("metrics", "history")}
    first["objective"] = math.nan if first["objective"] is None else first["objective"]
    return first | {name: math.nan if v is None else v for name, v in row["metrics"].items()}


def _plain(value: Any) -> Any:
    """Replace what JSON cannot say: an alpha by its parameters, NaN and infinity by null."""
    if isinstance(value, dict):
        alpha = to_params(value["alpha"]) if "alpha" in value else {}
        return {**alpha, **{key: _plain(v) for key, v in value.items() if key != "alpha"}}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
