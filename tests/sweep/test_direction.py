"""The direction of an objective, for every public metric and loss of Keras, as a model logs it."""

import inspect

import keras
import numpy as np
import pytest

from continuum_act.sweep.direction import resolve_direction

# What the metric measures, by a word of its class: written here anew, not read from Keras.
LARGER_IS_BETTER = (
    "Accuracy", "AUC", "Precision", "Recall", "Sensitivity", "Specificity", "F1", "FBeta", "IoU", "Cosine",
    "Correlation", "R2", "TruePositives", "TrueNegatives",
)  # fmt: skip
NO_MEASURE = ("Metric", "Mean", "Sum", "MeanMetricWrapper")
ARGUMENTS = {"num_classes": 2, "target_class_ids": [0], "recall": 0.5, "precision": 0.5, "sensitivity": 0.5,
             "specificity": 0.5}  # fmt: skip


def public(module, kind):
    return sorted(name for name, value in vars(module).items() if kind(value))


def made(cls, **given):
    parameters = inspect.signature(cls).parameters.values()
    needed = {p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD}
    return cls(**{name: ARGUMENTS[name] for name in needed}, **given)


@pytest.mark.parametrize("name", public(keras.metrics, inspect.isclass))
def test_metric_of_keras_is_known_by_its_class(name):
    cls = getattr(keras.metrics, name)
    if name in NO_MEASURE:
        metrics = [cls(np.mean, name="m") if name == "MeanMetricWrapper" else cls(name="m")]
        with pytest.raises(ValueError, match="direction='minimize' or"):
            resolve_direction("val_m", "auto", metrics)
        return
    expected = "maximize" if any(word in name for word in LARGER_IS_BETTER) else "minimize"
    metric, subclass = made(cls), made(type("Mine", (cls,), {}), name="mine")
    assert resolve_direction(f"val_{metric.name}", "auto", [metric]) == expected
    assert resolve_direction("val_mine", "auto", [subclass]) == expected
    if hasattr(metric, "_direction"):  # Keras's own, where it has one
        assert (metric._direction == "up") == (expected == "maximize")


@pytest.mark.parametrize("name", public(keras.losses, inspect.isclass))
def test_loss_used_as_a_metric_is_minimized(name):
    loss = getattr(keras.losses, name)(name="l")
    assert resolve_direction("val_m", "auto", [keras.metrics.MeanMetricWrapper(loss, name="m")]) == "minimize"


@pytest.mark.parametrize("module", [keras.losses, keras.metrics], ids=["losses", "metrics"])
def test_function_of_keras_is_known(module):
    for name in set(public(module, inspect.isfunction)) - {"get", "serialize", "deserialize"}:
        metric = keras.metrics.MeanMetricWrapper(getattr(module, name), name="m")
        larger = "accuracy" in name or "correlation" in name
        assert resolve_direction("val_m", "auto", [metric]) == ("maximize" if larger else "minimize"), name


def dice(y_true, y_pred):
    return keras.ops.mean(y_true * y_pred)


X = np.random.default_rng(0).random((8, 3), "float32")
Y = np.array([[0], [1]] * 4, "float32")


def fitted(outputs=None, **compiled):
    inputs = keras.Input((3,))
    names = outputs or ["y"]
    heads = {name: keras.layers.Dense(1, "sigmoid", name=name)(inputs) for name in names}
    model = keras.Model(inputs, heads if outputs else heads["y"])
    model.compile("sgd", **compiled)
    y = dict.fromkeys(outputs, Y) if outputs else Y
    return model, model.fit(X, y, validation_split=0.5, verbose=0).history


def test_every_name_that_fit_logs_is_known():
    keras.metrics.AUC()  # moves the counter of names
    metrics = ["accuracy", "mse", "auc", keras.metrics.MeanIoU(2), keras.metrics.AUC(), "binary_crossentropy"]
    model, history = fitted(loss="mse", metrics=metrics, weighted_metrics=["mae"])
    larger = {name for name in history if resolve_direction(name, "auto", model.metrics) == "maximize"}
    without_counter = {name.removeprefix("val_").rstrip("_0123456789") for name in larger}
    assert without_counter == {"accuracy", "auc", "mean_io_u"}
    assert len(larger) == 8


def test_output_called_score_has_a_loss_all_the_same():
    model, history = fitted(["score", "auc"], loss="mse", metrics={"score": ["mae"], "auc": ["AUC"]})
    assert {"val_score_loss", "val_auc_loss", "val_score_mae", "val_auc_AUC"} <= history.keys()
    larger = {name for name in history if resolve_direction(name, "auto", model.metrics) == "maximize"}
    assert larger == {"auc_AUC", "val_auc_AUC"}


@pytest.mark.parametrize(("logged", "compiled"), [("val_auc", "auc_3"), ("val_auc_1", "auc"), ("val_auc_2", "auc_4")])
def test_counter_of_a_name_does_not_matter(logged, compiled):
    assert resolve_direction(logged, "auto", [keras.metrics.AUC(name=compiled)]) == "maximize"


@pytest.mark.parametrize("metric", [dice, lambda y_true, y_pred: dice(y_true, y_pred)], ids=["dice", "lambda"])
def test_function_of_ones_own_is_not_guessed_at(metric):
    model, history = fitted(loss="mse", metrics=[metric])
    name = next(name for name in history if name.startswith("val_") and name != "val_loss")
    with pytest.raises(ValueError, match="Give direction='minimize' or direction='maximize'"):
        resolve_direction(name, "auto", model.metrics)
    assert resolve_direction(name, "maximize", model.metrics) == "maximize"


def test_given_direction_wins_and_a_wrong_one_is_refused():
    assert resolve_direction("val_loss", "maximize", []) == "maximize"
    with pytest.raises(ValueError, match="'auto', got 'up'"):
        resolve_direction("val_loss", "up", [])
