"""What a result answers: which is better, in words and numbers; its table, its files, its models."""

import json
import math
import pickle

import numpy as np
import optuna
import pandas as pd
import pytest

import continuum_act as ca
from tests.sweep.made import made
from tests.sweep.models import BUDGET, build, relu, wine

GRID = [-1.0, -0.5, 0.0, 0.5, 1.0]


def valley(alpha):
    return 0.2 + (alpha - 0.5) ** 2


def test_comparison_has_each_baseline_and_alpha_0():
    result = made(GRID, valley, {"relu": 0.1, "elu": 0.2, "tanh": 0.9})
    assert [(c["rival"], c["verdict"]) for c in result.comparison] == [
        ("relu", "better"), ("elu", "cannot tell"), ("tanh", "worse"), ("alpha = 0", "worse")
    ]  # fmt: skip
    best = [row["objective"] for row in result.rows if row["alpha"] == 0.5]
    theirs = [row["objective"] for row in result.baselines if row["baseline"] == "relu"]
    assert result.comparison[0]["difference"] == pytest.approx(np.mean(np.subtract(theirs, best)))
    assert result.comparison[0] == {
        "rival": "relu",
        "verdict": "better",
        **{name: result.baseline_summary[0][f"difference{end}"]
           for name, end in (("difference", ""), ("low", "_low"), ("high", "_high"))},
    }  # fmt: skip


def test_alpha_0_is_no_rival_of_itself():
    assert made(GRID, abs, {"relu": 0.5}).best.alpha == 0.0
    assert [c["rival"] for c in made(GRID, abs, {"relu": 0.5}).comparison] == ["relu"]


@pytest.mark.parametrize("zero", [0.0, 0j, (0.0, 0.0)])
def test_alpha_0_is_found_in_every_kind_of_alpha(zero):
    best = {float: 0.5, complex: 0.5j, tuple: (0.5, 0.0)}[type(zero)]
    result = made([zero, best], lambda alpha: 0.2 if alpha == best else 0.5)
    assert [(c["rival"], c["verdict"]) for c in result.comparison] == [("alpha = 0", "worse")]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (
            made(GRID, valley, {"relu": 0.1, "elu": 0.2, "tanh": 0.9}),
            "alpha = 0.5, the best of 5, is better than tanh by * [*, *] and alpha = 0 by * [*, *] and worse than relu "
            "by * [*, *] in validation loss; the data cannot tell it from elu (5 seeds, 95 % intervals, corrected "
            "for the choice of alpha).",
        ),
        (
            made(GRID, lambda a: 0.2, {"relu": 0.2, "elu": 0.2}),
            "alpha = *, the best of 5, cannot be told from relu, elu or alpha = 0 in validation loss (5 seeds, 95 % "
            "intervals, corrected for the choice of alpha).",
        ),
        (
            made([0.5], valley, {"relu": 0.1}),
            "alpha = 0.5 is worse than relu by * [*, *] in validation loss (5 seeds, 95 % intervals).",
        ),
        (
            made(GRID[3:], valley),
            "alpha = 0.5, the best of 2, has the lowest mean validation loss, * [*, *]; nothing tells whether that is "
            "good: give baselines (5 seeds, 95 % interval).",
        ),
        (
            made(GRID, valley, {"relu": 0.1}, seeds=1),
            "alpha = 0.5, the best of 5, has a validation loss of * with one seed, which cannot tell it from any "
            "other: train with 5 seeds or so.",
        ),
        (
            made(GRID, lambda a: math.inf, {"relu": 0.1}),
            "No alpha completed for every seed (25 diverged): try smaller alphas, a smaller learning rate, or "
            "domain='linear'.",
        ),
        (
            made(GRID, valley, {"relu": math.inf, "elu": 0.9}),
            "alpha = 0.5, the best of 5, is better than elu by * [*, *] and alpha = 0 by * [*, *] in validation loss; "
            "relu did not complete for two seeds (5 seeds, 95 % intervals, corrected for the choice of alpha).",
        ),
        (
            made(GRID, lambda a: 0.8 - valley(a), {"relu": 0.5}, direction="maximize", objective="val_auc"),
            "alpha = 0.5, the best of 5, is better than relu by * [*, *] and alpha = 0 by * [*, *] in validation auc "
            "(5 seeds, 95 % intervals, corrected for the choice of alpha).",
        ),
    ],
    ids=["mixed", "no-difference", "one-alpha", "no-rival", "one-seed", "diverged", "baseline-diverged", "maximize"],
)  # fmt: skip
def test_verdict_is_one_sentence(result, expected):
    pieces = expected.split("*")
    rest = result.verdict
    assert rest.startswith(pieces[0])
    for piece in pieces:
        assert piece in rest, result.verdict
        rest = rest[rest.index(piece) + len(piece) :]
    assert rest == ""


def test_columns_of_the_frame_do_not_depend_on_what_happened():
    fixed = ["baseline", "seed", "state", "objective", "epochs", "seconds", "loss", "val_accuracy", "val_loss", "error"]
    for alphas, params in [
        (GRID, ["alpha"]),
        ([0j, 1j], ["alpha_real", "alpha_imag"]),
        ([(0.0, 1.0), (0.5, 1.0)], ["alpha_0", "alpha_1"]),
    ]:
        plain = made(alphas, lambda a: 0.2).to_pandas()
        whole = made(alphas, lambda a: 0.2, {"relu": 0.1}).to_pandas()
        assert list(plain) == list(whole) == [*params, *fixed]
        assert whole["baseline"].tolist()[-5:] == ["relu"] * 5
        assert all(plain[name].dtype == float for name in params)


def test_failures_are_the_rows_that_did_not_complete():
    result = made(GRID, lambda a: math.inf if a == 1.0 else 0.2, {"relu": math.inf})
    result.rows[0].update(state="failed", error="RuntimeError: no luck")
    failures = result.failures
    assert [row["state"] for row in failures] == ["failed", *["diverged"] * 10]
    assert failures[0]["error"] == "RuntimeError: no luck"
    assert {row.get("baseline") for row in failures[-5:]} == {"relu"}


def test_models_are_those_of_the_best_alphas():
    result = made(GRID, valley)
    result._models = lambda alpha, seed: (alpha, seed)
    means = {e["alpha"]: e["mean"] for e in result.summary}
    assert [alpha for alpha, _ in result.models(5)] == sorted(means, key=means.get)
    assert result.best_model() == result.models(1)[0] == result.best[:2]
    with pytest.raises(ValueError, match="between 1 and 5"):
        result.models(6)


def test_files_hold_the_answer(tmp_path):
    result = made(GRID, lambda a: math.inf if a == -1 else valley(a), {"relu": 0.1})
    assert {path.name for path in result.save(tmp_path)} == {
        "sweep.csv", "sweep.json", "sweep.png", "learning-curves.png"
    }  # fmt: skip
    record = json.loads((tmp_path / "sweep.json").read_text(), parse_constant=pytest.fail)
    assert record["verdict"] == result.verdict
    assert record["comparison"] == result.comparison
    assert pd.read_csv(tmp_path / "sweep.csv")["alpha"].tolist()[:25:5] == GRID


def test_printed_result_is_its_table_and_ends_with_the_verdict(capsys):
    result = made(GRID, valley, {"relu": 0.1})
    print(result)
    printed = capsys.readouterr().out
    assert "wine: mean ± standard error over 5 seeds, last epoch" in printed
    assert " ".join(printed.split()).endswith(result.verdict)
    assert result.verdict in result._repr_html_().replace("&#x27;", "'")


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    storage = tmp_path_factory.mktemp("study") / "s.db"
    return ca.sweep(build, [-0.5, 0.0], *wine(), storage=storage, baselines={"relu": relu}, **BUDGET), storage


def test_study_is_the_optuna_study(swept):
    result, storage = swept
    assert isinstance(result.study, optuna.Study)
    assert [trial.params for trial in ca.SweepResult.load(storage).study.trials] == [{"alpha": -0.5}, {"alpha": 0.0}]
    with pytest.raises(ValueError, match="made from rows"):
        _ = made(GRID, valley).study


def test_result_can_be_pickled(swept):
    result, _ = swept
    copy = pickle.loads(pickle.dumps(result))
    assert (copy.rows, copy.comparison, copy.histories) == (result.rows, result.comparison, result.histories)
    assert [trial.value for trial in copy.study.trials] == [trial.value for trial in result.study.trials]
    with pytest.raises(ValueError, match="knows neither build nor data"):
        copy.best_model()
