"""Real tables of every kind: all are prepared, some are swept; the guide's snippets run on one of them."""

import functools
import os
import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from continuum_act.command_line import experiment, saved, tables
from continuum_act.command_line.main import main
from continuum_act.layers.lambdas import soft_exponential_lambda
from tests.command_line.real_tables import SWEPT, TABLES, read

GUIDE = Path(__file__).parents[2] / "docs" / "your-own-table.md"
SNIPPET = re.compile(r"<!-- (\w+) -->\n```python\n(.*?)```", re.DOTALL)


def write(directory, package, item):
    table, path = read(package, item), directory / f"{item}.csv"
    table.to_csv(path, index=False)
    return table, path


@pytest.mark.slow
def test_every_real_table_is_prepared_and_trained_on(tmp_path):
    assert len({(package, item) for package, item, *_ in TABLES}) >= 24
    for package, item, target, classes, _ in TABLES:
        table, path = write(tmp_path, package, item)
        start = time.perf_counter()
        data = tables.load(str(path), target)
        seconds = time.perf_counter() - start
        parts = (data.train, data.validation)
        assert sum(len(part.y) for part in parts) == table[target].notna().sum(), item
        assert all(np.isfinite(part.x).all() and np.isfinite(part.y).all() for part in parts), item
        assert (data.target.classes and len(data.target.classes)) == classes, item
        model = experiment.network(data, functools.partial(soft_exponential_lambda, 0.3))
        model.run_eagerly = True  # a step without its compilation
        assert np.isfinite(model.train_on_batch(data.train.x[:256], data.train.y[:256])).all(), item
        saved.save_pipeline(tmp_path / "p.skops", data.pipeline)
        new = saved.load_pipeline(tmp_path / "p.skops").transform(pd.read_csv(path, nrows=1))
        assert new.shape == (1, data.train.x.shape[1]), item
        print(f"{package}/{item} | {table.shape[0]} | {table.shape[1]} | {data.train.x.shape[1]} | {seconds:.1f}")
        path.unlink()


@pytest.mark.slow
@pytest.mark.parametrize(("package", "item", "target"), SWEPT if "EVERY_TABLE" not in os.environ else
                         [table[:3] for table in TABLES])  # fmt: skip
def test_real_tables_are_swept(package, item, target, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(experiment, "BASELINES", ("relu",))
    _, path = write(tmp_path, package, item)
    command = ["sweep", "--data", str(path), "--target", target, "--alphas", "-0.3,0.3", "--seeds", "1",
               "--epochs", "1", "--batch-size", "512", "--out", str(tmp_path)]  # fmt: skip
    start = time.perf_counter()
    assert main(command) == 0
    with capsys.disabled():
        print(f"\n{package}/{item}: {time.perf_counter() - start:.1f} s")


@pytest.mark.slow
def test_snippets_of_the_guide_predict_new_rows(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(experiment, "BASELINES", ())
    table, path = write(tmp_path, "palmerpenguins", "penguins")
    assert (
        main(["sweep", "--data", path.name, "--target", "species", "--alphas=0.3", "--seeds", "1", "--epochs", "20"])
        == 0
    )
    printed = capsys.readouterr().out
    shown = re.search(r"```\n(penguins: .*?)```", GUIDE.read_text(), re.DOTALL)[1]
    assert printed.startswith(shown)
    table.drop(columns="species").iloc[::-1].to_csv("new.csv", index=False)
    snippets = dict(SNIPPET.findall(GUIDE.read_text()))
    assert set(snippets) == {"predict", "prepare"}
    exec(compile(snippets["predict"], str(GUIDE), "exec"), names := {})
    predicted = names["target"].decode(names["model"].predict(names["pipeline"].transform(names["new"]), verbose=0))
    assert (predicted == table["species"][::-1].to_numpy()).mean() > 0.9
    exec(compile(snippets["prepare"], str(GUIDE), "exec"), {})
    assert "numbers, scaled to mean 0" in capsys.readouterr().out
