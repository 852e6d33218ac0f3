"""The experiment of the command line: a small network on a table, alpha against activations without one."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from continuum_act.command_line.tables import Dataset, Part
from continuum_act.layers.lambdas import complex_soft_exponential_lambda, soft_exponential_lambda
from continuum_act.study.parameters import label
from continuum_act.sweep.result import SweepResult
from continuum_act.sweep.run import EngineName, sweep
from continuum_act.sweep.statistics import interval
from continuum_act.sweep.stored import study_names

BASELINES = ("relu", "elu", "gelu", "tanh")
_UNITS = 64


def network(data: Dataset, activation: Any, units: int = _UNITS) -> keras.Model:
    """Two hidden layers, normalized (an exponential needs bounded inputs), and Adam.

    `activation` makes a new layer at each call.
    """
    classes = data.target.classes
    model = keras.Sequential(
        [
            keras.Input(data.train.x.shape[1:]),
            keras.layers.Dense(units),
            keras.layers.LayerNormalization(),
            activation(),
            keras.layers.Dense(units),
            keras.layers.LayerNormalization(),
            activation(),
            keras.layers.Dense(len(classes) if classes else 1),
        ]
    )
    if classes:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    else:
        model.compile("adam", "mean_squared_error", metrics=["mean_absolute_error"])
    return model


@dataclass(frozen=True)
class Experiment:
    """A sweep of alpha on a table, with baselines under the same budget."""

    data: Dataset
    kind: str
    seeds: int | list[int]
    epochs: int
    batch_size: int
    storage: str
    study: str | None
    engine: EngineName

    @property
    def study_name(self) -> str:
        """The name that was given, or that of the data with the kind of activation."""
        return self.study or f"{self.data.name}-{self.kind}"

    def build(self, alpha: Any) -> keras.Model:
        """Return the network of an alpha."""
        if self.kind == "complex":
            # the output is twice as large: half the units give the next layer as many inputs
            activation = functools.partial(complex_soft_exponential_lambda, alpha, join="concat")
            return network(self.data, activation, _UNITS // 2)
        return network(self.data, functools.partial(soft_exponential_lambda, alpha, domain="linear"))

    def baseline(self, name: str) -> keras.Model:
        """Return the same network with an activation of Keras."""
        return network(self.data, functools.partial(keras.layers.Activation, name))

    def run(self, alphas: list[Any]) -> SweepResult:
        """Train every alpha and baseline, compared on the validation part."""
        return self._sweep(alphas, self.data.validation, self.study_name)

    def test(self, result: SweepResult, directory: Path) -> list[str]:
        """Train the best alpha and the baselines once more from their seeds, and score them on the test part.

        The scores are kept in a study beside the first, so that a later run shows them and tests nothing else.

        Returns:
            Lines to print; the scores of each seed are in `test.csv` of the directory.
        """
        assert self.data.test is not None
        name = study_of_test(self.study_name)
        best = result.best.alpha
        tested = _tested_alpha(self.storage, name)
        if tested is not None and tested != best:
            return [f"the test rows were used already, for alpha = {label(tested)}; they are not used for another."]
        scores = self._sweep([best], self.data.test, name)
        file = directory / "test.csv"
        table = scores.to_pandas().rename(columns=lambda column: column.replace("val_", "test_"))
        table.to_csv(file, index=False)
        metrics = [column for column in table if column.startswith("test_")]
        lines = [f"on the {len(self.data.test.x)} rows held out, mean (standard error) over seeds:"]
        for member in (best, *BASELINES):
            rows = table[table["baseline" if isinstance(member, str) else "alpha"] == member]
            means = [interval(rows[metric].dropna().tolist()) for metric in metrics]
            shown = (f"{m} {mean:.4g} ({error:.2g})" for m, (mean, error, *_) in zip(metrics, means, strict=True))
            lines.append(f"  {member if isinstance(member, str) else 'alpha ' + label(member):>12}  {'  '.join(shown)}")
        return [*lines, str(file)]

    def _sweep(self, alphas: list[Any], validation: Part, study_name: str) -> SweepResult:
        return sweep(
            self.build,
            alphas,
            *self.data.train,
            validation_data=tuple(validation),
            epochs=self.epochs,
            batch_size=self.batch_size,
            seeds=self.seeds,
            storage=self.storage,
            study_name=study_name,
            engine=self.engine,
            baselines={name: functools.partial(self.baseline, name) for name in BASELINES},
        )


def _tested_alpha(storage: str, study_name: str) -> Any:
    """Return the alpha that the test part was used for, None if it was not."""
    if study_name not in study_names(storage):
        return None
    return SweepResult.load(storage, study_name).summary[0]["alpha"]


def study_of_test(study_name: str) -> str:
    """Name the study that holds the scores of the test part."""
    return f"{study_name} (test)"
