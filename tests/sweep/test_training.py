"""How members are trained: their names, their own `fit`, what fails, what is pruned."""

import io
import math
import re

import keras
import numpy as np
import optuna
import pytest
from rich.console import Console

import continuum_act as ca
from continuum_act.population.budget import MemberResult
from continuum_act.population.trainer import PopulationTrainer
from continuum_act.sweep import training
from continuum_act.sweep.arguments import as_budget
from continuum_act.sweep.progress import ProgressBar
from continuum_act.sweep.training import Task, Trainer
from tests.sweep.models import BUDGET, build, relu, wine

X, Y = wine()
ONE_HOT = np.eye(3)[Y]


def sweep(make=build, **changes):
    return ca.sweep(make, **{"alphas": [0.0, 0.5], "x": X, "y": Y, **BUDGET, **changes})


def with_metrics(alpha):
    inputs = keras.Input((13,))
    hidden = ca.soft_exponential_lambda(alpha, domain="linear")(keras.layers.Dense(8)(inputs))
    outputs = [keras.layers.Dense(3, "softmax")(hidden), keras.layers.Dense(3, "softmax")(hidden)]
    model = keras.Model(inputs, outputs)
    metrics = [[keras.metrics.AUC(), keras.metrics.AUC(curve="PR")], [keras.metrics.F1Score(), "accuracy"]]
    model.compile("adam", "categorical_crossentropy", metrics=metrics)
    return model


@pytest.mark.slow
def test_names_are_those_of_a_process_of_their_own_in_a_population_or_not():
    """Keras would number them by all that the process has built: auc_5 of dense_12."""
    data = {"x": X, "y": [ONE_HOT, ONE_HOT], "make": with_metrics, "seeds": 1}
    names = {
        "loss", "dense_1_loss", "dense_1_auc", "dense_1_auc_1", "dense_2_loss", "dense_2_f1_score", "dense_2_accuracy"
    }  # fmt: skip
    for population in (1, 8):
        result = sweep(objective="val_dense_1_auc_1", population=population, **data)
        assert result.direction == "maximize"
        for history in result.histories.values():
            assert set(history) == names | {f"val_{name}" for name in names}
            assert np.shape(history["val_dense_2_f1_score"]) == (2, 3)
        assert len(result.rows[0]["val_dense_2_f1_score"]) == 3


class Stopping(keras.Model):
    """A model whose own `fit` adds a callback."""

    def __init__(self, alpha):
        super().__init__()
        self.body = keras.Sequential([keras.layers.Dense(3), ca.soft_exponential_lambda(alpha, domain="linear")])

    def call(self, x):
        return self.body(x)

    def fit(self, *args, callbacks=(), **kwargs):
        stop = keras.callbacks.EarlyStopping(monitor="loss", min_delta=100.0)
        return super().fit(*args, callbacks=[*callbacks, stop], **kwargs)


def test_fit_of_the_model_s_own_is_used():
    def make(alpha):
        model = Stopping(alpha)
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return model

    with pytest.warns(UserWarning, match="one at a time: Stopping has a fit of its own"):
        result = sweep(make, epochs=6, population=8)
    assert [row["epochs"] for row in result.rows] == [2] * 4


def test_members_that_all_fail_alike_raise_their_error(tmp_path):
    class Broken(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise ZeroDivisionError("no luck at all")

    with pytest.raises(ZeroDivisionError, match="no luck at all"):
        sweep(callbacks=[Broken()], storage=tmp_path / "s.db")
    assert {row["state"] for row in ca.SweepResult.load(tmp_path / "s.db").rows} == {"failed"}


def test_some_members_that_fail_are_one_warning():
    def fail_at_half(alpha):
        if alpha == 0.5:
            raise RuntimeError("not this one")
        return build(alpha)

    with pytest.warns(
        UserWarning, match=r"2 members failed, the first, alpha=0\.5 with seed 0, .*not this one"
    ) as seen:
        result = sweep(fail_at_half)
    assert sum("members failed" in str(warning.message) for warning in seen) == 1
    assert len([row for row in result.rows if row["state"] == "failed"]) == 2


@pytest.mark.slow
def test_pruned_alpha_is_a_pruned_trial_and_its_members_train_no_further():
    storage = optuna.storages.InMemoryStorage()
    pruner = optuna.pruners.PercentilePruner(50.0, n_startup_trials=0)
    alphas = [-0.5, 0.0, 0.5, 1.0]
    arguments = {"alphas": alphas, "epochs": 4, "storage": storage, "baselines": {"relu": relu}}
    result = sweep(pruner=pruner, **arguments, population=8)
    trials = optuna.load_study(storage=storage, study_name="continuum_act").trials
    states = [trial.state.name for trial in trials]
    assert states.count("PRUNED") >= 1
    assert states.count("COMPLETE") >= 1
    for trial in trials:
        values = trial.intermediate_values
        if trial.state.name == "COMPLETE":
            assert sorted(values) == [0, 1, 2, 3]
            histories = [result.histories[trial.params["alpha"], seed]["val_loss"] for seed in (0, 1)]
            np.testing.assert_allclose([values[e] for e in range(4)], np.mean(histories, axis=0), rtol=1e-6)
        else:
            assert len(values) < 4
    complete = [trial.params["alpha"] for trial in trials if trial.state.name == "COMPLETE"]
    assert sorted({row["alpha"] for row in result.rows}) == sorted(complete)
    assert result.best.alpha in complete
    assert sweep(pruner=pruner, **arguments).trained == 0


def test_pruned_alpha_has_no_rows_where_members_train_one_at_a_time():
    """Of its seeds the last alone stops early; the others are complete, but not to be compared."""
    pruner = optuna.pruners.ThresholdPruner(upper=0.0)
    result = sweep(pruner=pruner, alphas=[0.0], storage=optuna.storages.InMemoryStorage())
    assert result.rows == []
    with pytest.raises(ValueError, match="no alpha"):
        _ = result.best


def test_another_objective_another_baseline_are_other_experiments(tmp_path):
    arguments = {"storage": tmp_path / "s.db", "baselines": {"relu": relu}, "seeds": 1}
    sweep(**arguments)
    for changes, named in (
        ({"objective": "val_accuracy"}, "objective"),
        ({"epoch": "best"}, r"epoch \(last then, best now\)"),
        ({"callbacks": [keras.callbacks.EarlyStopping(patience=3)]}, "callbacks"),
        ({"sample_weight": np.ones(178)}, "data"),
        ({"baselines": {"relu": lambda: build(0.25)}}, "model of relu"),
    ):
        with pytest.raises(ValueError, match=named):
            sweep(**{**arguments, **changes})
    assert sweep(**{**arguments, "baselines": {"elu": relu}}).trained == 1


def test_best_model_has_its_optimizer_s_state_and_is_kept_beside_the_study(tmp_path):
    result = sweep(storage=tmp_path / "s.db", study_name="of wine/1")
    [path] = tmp_path.glob("s.of-wine-1-*.best.keras")
    at_hand = result.best_model()
    loaded = ca.SweepResult.load(tmp_path / "s.db", "of wine/1").best_model()
    again = sweep(storage=tmp_path / "s.db", study_name="of wine/1")
    assert again.trained == 0
    for model in (at_hand, loaded, again.best_model()):
        assert int(model.optimizer.iterations) == 2 * math.ceil(133 / 32)
        assert any(np.any(keras.ops.convert_to_numpy(v)) for v in model.optimizer.variables[2:])
        loss = model.evaluate(X[133:], Y[133:], verbose=0)[0]
        assert loss == pytest.approx(result.best.objective, rel=1e-6)
    path.unlink()
    with pytest.raises(ValueError, match="only the model of alpha="):
        ca.SweepResult.load(tmp_path / "s.db", "of wine/1").best_model()


def test_only_what_cannot_be_mapped_is_trained_one_at_a_time(monkeypatch):
    """A bug is raised, and members that do not fit into memory are halved: 8, 4, then 2 at once."""
    sizes = []

    def train(self, members, watch):
        sizes.append(self._limit or len(members))
        if sizes[-1] > 2:
            raise MemoryError
        raise RuntimeError("a bug")
        yield

    monkeypatch.setattr(PopulationTrainer, "train", train)
    trainer = Trainer({"": build}, as_budget(X, Y, epochs=1, batch_size=32, objective="loss"), None)
    with pytest.raises(RuntimeError, match="a bug"):
        list(trainer.train(Task("", [(a / 8, 0) for a in range(8)]), lambda epoch, logs: ()))
    assert sizes == [8, 4, 2]


@pytest.mark.parametrize(("members", "epochs", "pays"), [(2, 1, False), (2, 700, True), (12, 1, True)])
def test_a_population_is_compiled_where_that_takes_less_than_the_fits(monkeypatch, members, epochs, pays):
    used = []
    monkeypatch.setattr(PopulationTrainer, "train", lambda self, left, watch: used.append(len(left)) or iter(()))
    monkeypatch.setattr(
        training, "train_one", lambda build, alpha, seed, *more: (None, MemberResult(alpha, seed, "complete"))
    )
    budget = as_budget(X, Y, epochs=epochs, batch_size=32, objective="loss")
    task = Task("", [(0.0, seed) for seed in range(2)], members)
    results = Trainer({"": build}, budget, None).train(task, lambda epoch, logs: ())
    next(results, None)
    assert bool(used) == pays


def test_a_log_has_each_waiting_line_once(capsys, monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    with ProgressBar(3, "val_loss", "minimize", "auto") as bar:
        for _ in range(3):
            bar.say("waiting for host-7")
    assert capsys.readouterr().err.count("waiting for host-7\n") == 1


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_bar_shows_its_times_at_every_width(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    with ProgressBar(105, "val_loss", "minimize", "auto") as bar:
        bar.advance(48)
        bar.show_best(0.1234)
        shown = io.StringIO()
        Console(file=shown, width=width).print(bar._progress.get_renderable())
    assert re.search(r"48/105 members 0:00:\d\d passed, -:--:-- left", shown.getvalue())
    assert (", best val_loss 0.1234" in shown.getvalue()) == (width >= 80)
