"""What `sweep` refuses, before anything is trained or stored, and what it takes."""

import warnings

import keras
import numpy as np
import optuna
import pandas as pd
import pytest

import continuum_act as ca
from tests.sweep.models import BUDGET, build, relu, wine

X, Y = wine()


def sweep(**changes):
    return ca.sweep(**{"build": build, "alphas": [0.0], "x": X, "y": Y, **BUDGET, **changes})


def compiled(loss="sparse_categorical_crossentropy", metrics=()):
    def make(alpha):
        model = keras.Sequential([keras.Input((13,)), ca.soft_exponential_lambda(alpha, domain="linear")])
        model.add(keras.layers.Dense(3, "softmax"))
        model.compile("adam", loss, metrics=[metric() for metric in metrics])
        return model

    return make


def uncompiled(alpha):
    return keras.Sequential([keras.Input((13,)), keras.layers.Dense(3)])


KEPT = build(0.0)
WITH_NAN = np.where(np.arange(X.size).reshape(X.shape) == 5, np.nan, X)

REFUSED = {
    "epochs 2.0": ({"epochs": 2.0}, "epochs must be a whole number, got float: 2.0"),
    "seeds 2.0": ({"seeds": 2.0}, "seeds must be"),
    "seeds of floats": ({"seeds": [0, 1.5]}, "seeds must be"),
    "batch_size None": ({"batch_size": None}, "batch_size must be a whole number"),
    "text": ({"x": X.astype(str)}, "x must hold numbers, got dtype <U"),
    "objects": ({"y": Y.astype(object)}, "y must hold numbers, got dtype object"),
    "a DataFrame with text": ({"x": pd.DataFrame({"a": ["b"] * len(Y)})}, "x must hold numbers"),
    "ragged lists": ({"x": [[1.0], [2.0, 3.0]] + [[1.0]] * 176}, "ragged|same positive number"),
    "NaN in x": ({"x": WITH_NAN}, "x has NaN or infinity in 1 of 178 samples"),
    "NaN in y": ({"y": np.where(np.arange(178) < 2, np.nan, Y)}, "y has NaN or infinity in 2 of 178"),
    "a generator": ({"x": iter([X]), "y": None, "validation_split": 0.0}, "x is a .*iterator"),
    "a generator beside y": ({"x": (row for row in X)}, "which can be read once"),
    "validation_data of one": ({"validation_data": (X,)}, "validation_data must be"),
    "baselines that are a list": ({"baselines": [relu]}, "baselines must be a dictionary"),
    "baselines that are models": ({"baselines": {"relu": relu()}}, "baselines must be a dictionary|compiled"),
    "a baseline without a model": ({"baselines": {"none": lambda: None}}, "baseline 'none' must return a compiled"),
    "an uncompiled model": ({"build": uncompiled}, "must return a compiled model"),
    "no model": ({"build": lambda alpha: None}, "must return a compiled keras.Model, got NoneType"),
    "the same model twice": ({"build": lambda alpha: KEPT}, "returned the same model twice"),
    "a wrong shape": ({"x": X[:, :5]}, r"does not take a batch of the data, of shapes \(\(32, 5\), \(32,\)\)"),
    "a wrong loss": ({"build": compiled("categorical_crossentropy")}, "does not take a batch of the data"),
    "an objective that is not there": ({"objective": "val_acuracy"}, "not among the metrics"),
    "an objective of many numbers": (
        {"build": compiled("categorical_crossentropy", [keras.metrics.F1Score]), "y": np.eye(3)[Y],
         "objective": "val_f1_score"},
        r"average='macro'",
    ),
    "an unknown direction": ({"direction": "up"}, "direction must be"),
    "an unknown epoch": ({"epoch": "first"}, "epoch must be 'last' or 'best'"),
    "both kinds of weights": ({"class_weight": {0: 1.0}, "sample_weight": np.ones(178)}, "not both"),
    "class weights of a regression": ({"y": Y + 0.5, "class_weight": {0: 1.0}}, "class_weight needs classes"),
    "a callback class": ({"callbacks": [keras.callbacks.EarlyStopping]}, "callbacks must be Keras callbacks"),
    "a metric in place of an objective": ({"metric": "val_loss"}, "no argument 'metric'. Did you mean 'objective'"),
    "a misspelt argument": ({"bathc_size": 3}, "no argument 'bathc_size'. Did you mean 'batch_size'"),
    "shuffle": ({"shuffle": True}, "no argument 'shuffle'. Leave it out"),
    "a pruner on a cluster": ({"pruner": optuna.pruners.MedianPruner(), "engine": "ray"}, "engine='local'"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_wrong_input_gets_one_clear_line_and_leaves_no_study(case, tmp_path):
    changes, message = REFUSED[case]
    with pytest.raises((TypeError, ValueError), match=message):
        sweep(storage=tmp_path / "s.db", **changes)
    assert list(tmp_path.iterdir()) == []


def test_infinite_data_set_is_refused():
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(32)
    with pytest.raises(ValueError, match="without an end"):
        sweep(x=data.repeat(), y=None, validation_split=0.0, objective="loss")


def test_lists_and_frames_are_arrays():
    arrays = sweep(epochs=1).rows
    lists = sweep(epochs=1, x=X.tolist(), y=Y.tolist()).rows
    frames = sweep(epochs=1, x=pd.DataFrame(X), y=pd.Series(Y)).rows
    for one, other, third in zip(arrays, lists, frames, strict=True):
        assert one["objective"] == pytest.approx(other["objective"], rel=1e-6)
        assert one["objective"] == third["objective"]


def test_one_class_in_the_validation_part_is_a_warning():
    rows = np.argsort(Y, kind="stable")
    with pytest.warns(UserWarning, match="all 45 validation samples are of class 2: is y sorted"):
        sweep(x=X[rows], y=Y[rows], epochs=1, seeds=1)


def test_verbose_0_is_silent(tmp_path, capfd):
    optuna.logging.set_verbosity(optuna.logging.INFO)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        sweep(storage=tmp_path / "s.db", epochs=1, seeds=1, verbose=0)
    assert optuna.logging.get_verbosity() == optuna.logging.INFO
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "A new study" not in printed.err
    assert "members" not in printed.err


def test_class_weights_are_those_of_fit():
    """They weight the training loss, and leave validation alone."""
    weights = {0: 3.0, 2: 0.5}
    row = sweep(epochs=1, seeds=[4], class_weight=weights).rows[0]
    keras.utils.set_random_seed(4)
    model = build(0.0)
    order = np.random.default_rng([4, 0]).permutation(133)
    history = model.fit(
        X[:133][order], Y[:133][order], class_weight=weights, validation_data=(X[133:], Y[133:]), batch_size=32,
        shuffle=False, verbose=0,
    ).history  # fmt: skip
    for name, values in history.items():
        assert row[name] == pytest.approx(values[0], rel=1e-5), name


def test_random_state_of_the_caller_is_kept():
    """What comes after a sweep does not depend on it: NumPy's numbers, and the weights of the next model."""

    def after(seeds):
        keras.utils.set_random_seed(3)
        if seeds:
            sweep(epochs=1, seeds=seeds)
        return np.random.rand(), keras.ops.convert_to_numpy(keras.initializers.RandomUniform()((2,)))

    number, weights = after([])
    for seeds in ([7], [8, 9]):
        assert after(seeds)[0] == number
        np.testing.assert_array_equal(after(seeds)[1], weights)
