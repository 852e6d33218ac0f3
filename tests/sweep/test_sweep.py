"""A sweep: its members against ordinary fits, its rows, what it refuses."""

import json
import math
from wsgiref.util import setup_testing_defaults

import keras
import numpy as np
import optuna
import pytest
import sqlalchemy

import continuum_act as ca
from continuum_act.population.budget import Budget, shuffled_batches
from continuum_act.study import retries
from tests.sweep.models import BUDGET, build, relu, wine

X, Y = wine()
TRAIN, HELD_OUT = slice(0, 133), slice(133, None)  # validation_split=0.25 of 178 rows, as Keras splits


@pytest.fixture(scope="module", params=[1, 8], ids=["one-at-a-time", "population"])
def result(request):
    budget = {**BUDGET, "population": request.param}
    return ca.sweep(build, [-0.5, 0.0, 0.5], X, Y, baselines={"relu": relu}, **budget)


def ordinary_fit(alpha, seed):
    """Fit as a user would, on arrays put into the seed's order by hand, an epoch at a time."""
    keras.utils.set_random_seed(seed)
    model = build(alpha)
    for epoch in range(2):
        rows = np.random.default_rng([seed, epoch]).permutation(133)
        model.fit(X[TRAIN][rows], Y[TRAIN][rows], batch_size=32, shuffle=False, verbose=0)
    return model


def test_member_is_what_an_ordinary_fit_makes_of_it(result):
    row = next(r for r in result.rows if (r["alpha"], r["seed"]) == (0.5, 1))
    loss, accuracy = ordinary_fit(0.5, 1).evaluate(X[HELD_OUT], Y[HELD_OUT], verbose=0)
    # the same arithmetic in the same order, but for the compiler's freedom: a few float32 roundings per step
    assert row["val_loss"] == pytest.approx(loss, rel=1e-5)
    assert row["val_accuracy"] == pytest.approx(accuracy)


def test_rows_carry_one_line_per_alpha_and_seed(result):
    assert [(r["alpha"], r["seed"]) for r in result.rows] == [(a, s) for a in (-0.5, 0.0, 0.5) for s in (0, 1)]
    for row in result.rows:
        assert list(row)[:6] == ["alpha", "seed", "state", "objective", "epochs", "seconds"]
        assert row["state"] == "complete"
        assert row["objective"] == row["val_loss"]
        assert row["epochs"] == 2
        assert row["seconds"] > 0
        assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= row.keys()
    assert [r["baseline"] for r in result.baselines] == ["relu", "relu"]


def test_best_is_the_best_seed_of_the_best_mean(result):
    means = {e["alpha"]: e["mean"] for e in result.summary}
    alpha = min(means, key=means.get)
    objective, seed = min((r["objective"], r["seed"]) for r in result.rows if r["alpha"] == alpha)
    assert result.best == (alpha, seed, objective)


def test_best_model_predicts_what_the_member_predicted(result):
    loss = result.best_model().evaluate(X[HELD_OUT], Y[HELD_OUT], verbose=0)[0]
    assert loss == pytest.approx(result.best.objective, rel=1e-6)


def test_best_model_of_an_earlier_process_is_trained_again(tmp_path):
    arguments = (build, [0.0], X, Y)
    first = ca.sweep(*arguments, storage=tmp_path / "study.db", **BUDGET)
    again = ca.sweep(*arguments, storage=tmp_path / "study.db", **BUDGET)
    assert (first.trained, again.trained) == (2, 0)
    loss = again.best_model().evaluate(X[HELD_OUT], Y[HELD_OUT], verbose=0)[0]
    assert loss == pytest.approx(first.best.objective, rel=1e-5)


def test_study_has_one_trial_per_alpha_whose_value_is_the_mean(tmp_path):
    result = ca.sweep(build, [0.0, 0.5], X, Y, storage=tmp_path / "study.db", study_name="wine", **BUDGET)
    study = optuna.load_study(storage=f"sqlite:///{tmp_path}/study.db", study_name="wine")
    assert [t.params for t in study.trials] == [{"alpha": 0.0}, {"alpha": 0.5}]
    for trial, entry in zip(study.trials, result.summary, strict=True):
        assert trial.value == pytest.approx(entry["mean"], rel=1e-12)
        assert {trial.user_attrs[f"seed:{s}"]["state"] for s in (0, 1)} == {"complete"}


@pytest.mark.parametrize(
    ("alphas", "params"),
    [
        ([0.5j], {"alpha_real": 0.0, "alpha_imag": 0.5}),
        ([(0.5, -0.5)], {"alpha_0": 0.5, "alpha_1": -0.5}),
    ],
)
def test_complex_alphas_and_one_per_layer_are_parameters(alphas, params):
    def build(alpha):
        if isinstance(alpha, complex):
            hidden = [ca.complex_soft_exponential_lambda(alpha, join="concat")]
        else:
            hidden = [ca.soft_exponential_lambda(a, domain="linear") for a in alpha]
        model = keras.Sequential([keras.Input((13,)), *hidden, keras.layers.Dense(3)])
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return model

    storage = optuna.storages.InMemoryStorage()
    result = ca.sweep(build, alphas, X, Y, storage=storage, study_name="s", **BUDGET)
    assert [row["alpha"] for row in result.rows] == alphas * 2
    assert optuna.load_study(storage=storage, study_name="s").trials[0].params == params
    assert result.best_model().predict(X, verbose=0).shape == (178, 3)


def test_diverged_member_is_a_row_and_never_the_best():
    def explode_at_one(alpha):
        model = build(alpha)
        if alpha == 1:
            model.compile(keras.optimizers.SGD(1e30), model.loss, metrics=["accuracy"])
        return model

    result = ca.sweep(explode_at_one, [0.0, 1.0], X, Y, **BUDGET)
    assert [row["state"] for row in result.rows] == ["complete"] * 2 + ["diverged"] * 2
    assert result.best.alpha == 0.0
    assert result.summary[1]["diverged"] == 2
    assert math.isnan(result.summary[1]["mean"])
    json.dumps(result._as_json(), allow_nan=False)


def test_failed_member_is_a_row_and_is_tried_again(tmp_path):
    broken = True

    def fail_once(alpha):
        if alpha == 0.5 and broken:
            raise RuntimeError("no luck")
        return build(alpha)

    arguments = (fail_once, [0.0, 0.5], X, Y)
    result = ca.sweep(*arguments, storage=tmp_path / "s.db", **BUDGET)
    assert [row["state"] for row in result.rows] == ["complete"] * 2 + ["failed"] * 2
    assert result.rows[2]["error"] == "RuntimeError: no luck"
    broken = False
    result = ca.sweep(*arguments, storage=tmp_path / "s.db", **BUDGET)
    assert result.trained == 2
    assert [row["state"] for row in result.rows] == ["complete"] * 4


def test_alphas_may_be_added_to_a_study(tmp_path):
    ca.sweep(build, [0.0], X, Y, storage=tmp_path / "s.db", **BUDGET)
    result = ca.sweep(build, [-1.0, 0.0, 1.0], X, Y, storage=tmp_path / "s.db", **BUDGET)
    assert result.trained == 4
    assert [e["alpha"] for e in result.summary] == [-1.0, 0.0, 1.0]


def test_seeds_may_be_added_to_a_study(tmp_path):
    arguments = {"alphas": [0.0, 0.5], "x": X, "y": Y, "storage": tmp_path / "s.db", "baselines": {"relu": relu}}
    before = ca.sweep(build, **arguments, **BUDGET)
    result = ca.sweep(build, **arguments, **{**BUDGET, "seeds": [1, 4]})
    assert (before.trained, result.trained) == (6, 3)
    assert [(r["alpha"], r["seed"]) for r in result.rows] == [(a, s) for a in (0.0, 0.5) for s in (0, 1, 4)]
    assert [row for row in result.rows if row["seed"] != 4] == before.rows
    assert result.made_with["arguments"]["seeds"] == [0, 1, 4]
    assert ca.sweep(build, **arguments, **{**BUDGET, "seeds": [0, 1, 4]}).trained == 0


def test_ranges_are_searched_by_a_sampler_up_to_so_many_trials(tmp_path):
    arguments = {"storage": tmp_path / "s.db", "study_name": "s", **BUDGET, "population": 4}
    ranges = {"alpha": (-0.5, 0.25)}
    sampler = optuna.samplers.TPESampler(seed=0, n_startup_trials=2)
    result = ca.sweep(build, ranges, X, Y, sampler=sampler, trials=5, **arguments)
    assert result.trained == 10
    alphas = [e["alpha"] for e in result.summary]
    assert len(set(alphas)) == 5
    assert -0.5 <= min(alphas) < max(alphas) <= 0.25
    assert ca.sweep(build, ranges, X, Y, trials=6, **arguments).trained == 2


def test_search_by_a_seeded_sampler_does_not_repeat_itself(tmp_path):
    arguments = {"storage": tmp_path / "s.db", **BUDGET, "seeds": 1, "epochs": 1}
    for trials in (3, 6):
        sampler = optuna.samplers.RandomSampler(seed=0)
        result = ca.sweep(build, {"alpha": (-0.5, 0.5)}, X, Y, sampler=sampler, trials=trials, **arguments)
        assert len({row["alpha"] for row in result.rows}) == trials


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"epochs": 3}, "epochs (2 then, 3 now)"),
        ({"batch_size": 16}, "batch_size (32 then, 16 now)"),
        ({"x": X + 1}, "data"),
        ({"build": lambda alpha: relu()}, "model"),
    ],
    ids=lambda v: next(iter(v)) if isinstance(v, dict) else "",
)
def test_study_of_another_experiment_is_refused(tmp_path, change, named):
    same = {"build": build, "alphas": [0.0], "x": X, "y": Y, "storage": tmp_path / "s.db", **BUDGET}
    before = ca.sweep(**same).rows
    with pytest.raises(ValueError, match="was made with another") as error:
        ca.sweep(**{**same, **change})
    assert named in str(error.value)
    assert ca.SweepResult.load(tmp_path / "s.db").rows == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alphas": []}, "shape"),
        ({"alphas": [0.0, math.nan]}, "finite"),
        ({"alphas": ["a"]}, "numbers"),
        ({"alphas": [0.0, 0.0]}, "once"),
        ({"alphas": [(0.0, 1.0), (0.0,)]}, "ragged"),
        ({"seeds": 0}, "seeds"),
        ({"seeds": [1, 1]}, "seeds"),
        ({"epochs": 0}, "epochs"),
        ({"validation_split": 1.0}, "validation_split"),
        ({"validation_split": 0.0}, "validation"),
        ({"objective": "val_nonsense"}, "not among the metrics"),
        ({"y": Y[:-1]}, "same positive number"),
        ({"population": 0}, "population"),
        ({"engine": "abacus"}, "engine"),
        ({"alphas": {"alpha": (-1.0, 1.0)}}, "ranges need trials"),
        ({"trials": 3}, "ranges need trials"),
        ({"alphas": {"alpha": (1.0, -1.0)}, "trials": 3}, "low < high"),
        ({"alphas": {"beta": (-1.0, 1.0)}, "trials": 3}, "cannot be read"),
    ],
)
def test_wrong_argument_gets_a_clear_error(change, message):
    good = {"build": build, "alphas": [0.0], "x": X, "y": Y, **BUDGET}
    with pytest.raises((ValueError, TypeError), match=message):
        ca.sweep(**{**good, **change})


def test_unreadable_storage_is_an_oserror_and_stays_as_it_is(tmp_path):
    not_a_study = tmp_path / "notes.db"
    not_a_study.write_bytes(b"these are my notes" * 100)
    with pytest.raises(OSError, match=r"notes\.db cannot be used"):
        ca.sweep(build, [0.0], X, Y, storage=not_a_study, **BUDGET)
    assert not_a_study.read_bytes() == b"these are my notes" * 100
    with pytest.raises(OSError, match="no directory"):
        ca.sweep(build, [0.0], X, Y, storage=tmp_path / "nowhere" / "s.db", **BUDGET)


def test_read_only_storage_leaves_the_old_study_readable(tmp_path):
    before = ca.sweep(build, [0.0], X, Y, storage=tmp_path / "s.db", **BUDGET).rows
    read_only = f"sqlite:///file:{tmp_path}/s.db?mode=ro&uri=true"
    with pytest.raises(OSError, match="cannot be used"):
        ca.sweep(build, [0.0, 1.0], X, Y, storage=read_only, **BUDGET)
    assert ca.SweepResult.load(tmp_path / "s.db").rows == before


def test_full_disk_is_an_oserror_and_what_was_there_stays_readable(tmp_path, monkeypatch):
    monkeypatch.setattr(retries, "PATIENCE", 0.0)
    before = ca.sweep(build, [0.0], X, Y, storage=tmp_path / "s.db", **BUDGET).rows
    storage = optuna.storages.RDBStorage(f"sqlite:///{tmp_path}/s.db")

    @sqlalchemy.event.listens_for(storage.engine, "connect")
    def fill_the_disk(connection, _):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    storage.engine.dispose()
    with pytest.raises(OSError, match="database or disk is full"):
        ca.sweep(build, np.linspace(-1, 1, 60), X, Y, storage=storage, **BUDGET)
    after = ca.SweepResult.load(tmp_path / "s.db").rows
    assert [row for row in after if row["alpha"] == 0.0] == before


def test_dashboard_shows_the_study(tmp_path):
    dashboard = pytest.importorskip("optuna_dashboard")
    ca.sweep(build, [0.0, 0.5], X, Y, storage=tmp_path / "s.db", study_name="wine", **BUDGET)
    app = dashboard.wsgi(f"sqlite:///{tmp_path}/s.db")

    def get(path):
        environment = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": ""}
        setup_testing_defaults(environment)
        status = []
        body = b"".join(app(environment, lambda *arguments: status.append(arguments[0])))
        assert status == ["200 OK"]
        return json.loads(body, parse_constant=pytest.fail)

    [study] = get("/api/studies")["study_summaries"]
    assert study["study_name"] == "wine"
    trials = get(f"/api/studies/{study['study_id']}")["trials"]
    assert [[p["param_external_value"] for p in trial["params"]] for trial in trials] == [["0.0"], ["0.5"]]


def test_batches_follow_the_order_of_their_seed_and_epoch():
    budget = Budget({"a": np.arange(10), "b": np.arange(10.0)}, np.arange(10), None, 1, 4)
    batches = shuffled_batches(budget, seed=3)
    for epoch in range(2):
        seen = [next(batches) for _ in range(budget.steps)]
        assert [len(y) for _, y in seen] == [4, 4, 2]
        order = np.concatenate([y for _, y in seen])
        assert order.tolist() == np.random.default_rng([3, epoch]).permutation(10).tolist()
        assert np.concatenate([x["b"] for x, _ in seen]).tolist() == order.tolist()
