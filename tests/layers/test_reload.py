"""Every layer, in every kind of model, with and without masks, through every way of copying a model."""

import copy
import json
import os
import pathlib
import pickle
import re
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest

from tests.layers import cases

MATRIX = [
    (kind, form, mask)
    for kind in cases.LAYERS
    for form in cases.FORMS
    for mask in cases.MASKS
    if cases.possible(kind, form, mask)
]


def stem(*case):
    return re.sub(r"\W+", "-", " ".join(case))


def predict(model, x):
    return keras.ops.convert_to_numpy(model(x))


@pytest.fixture(scope="module")
def models():
    built = {case: cases.model(*case) for case in MATRIX}
    for (_, _, mask), model in built.items():
        if mask == "masked output":
            model.compile("sgd", "mse", run_eagerly=True)
    return built


@pytest.fixture(scope="module")
def expected(models):
    """Return what each model predicts, and its result, a loss if it has one."""
    return {
        case: (predict(model, cases.inputs(case[0])), result(model, cases.inputs(case[0])))
        for case, model in models.items()
    }


@pytest.fixture(scope="module")
def reloaded(models, tmp_path_factory):
    """Return what a fresh process computes with the saved models: one process, as importing is slow."""
    folder = tmp_path_factory.mktemp("saved")
    for case, model in models.items():
        model.save(folder / f"{stem(*case)}.keras")
        x = cases.inputs(case[0])
        for number, part in enumerate(x if isinstance(x, list) else [x]):
            np.save(folder / f"{stem(*case)}.input{number}.npy", part)
    subprocess.run(
        [sys.executable, str(pathlib.Path(__file__).with_name("load_saved.py")), str(folder)],
        env={**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parents[2])},
        check=True,
    )
    return folder, json.loads((folder / "results.json").read_text())


@pytest.mark.slow
def test_a_fresh_process_loads_each_model_in_safe_mode(models, reloaded):
    _, results = reloaded
    for case, model in models.items():
        result = results[stem(*case)]
        x = cases.inputs(case[0])
        y = predict(model, x)
        # The same graph on the same machine: equal to the last digits that the number of threads may change.
        np.testing.assert_allclose(result["prediction"], y, rtol=1e-5, atol=1e-7, err_msg=str(case))
        assert tuple(result["output_shape"]) == model.output_shape, case
        if model.compiled:  # the loss of a masked output is the mean over what the mask lets through
            loss = model.evaluate(x, np.ones(y.shape), verbose=0)
            np.testing.assert_allclose(result["loss"], loss, rtol=1e-5, err_msg=str(case))


@pytest.mark.slow
def test_a_function_of_the_users_own_needs_the_import_of_its_module(reloaded):
    _, results = reloaded
    assert results["refused before the import"] == sorted(
        stem(*case) for case in MATRIX if case[0] in cases.NEEDS_THIS_MODULE
    )


@pytest.mark.slow
def test_no_saved_file_holds_python_bytecode(models, reloaded):
    folder, _ = reloaded
    for case in models:
        with zipfile.ZipFile(folder / f"{stem(*case)}.keras") as archive:
            assert sorted(archive.namelist()) == ["config.json", "metadata.json", "model.weights.h5"]
            config = archive.read("config.json").decode()
        assert "__lambda__" not in config
        assert '"code"' not in config


def test_the_check_for_bytecode_finds_a_python_lambda(tmp_path):
    keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x)]).save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert "__lambda__" in archive.read("config.json").decode()


def cloned(model, folder):
    copied = keras.models.clone_model(model)
    copied.set_weights(model.get_weights())
    return copied


def from_config(model, folder):
    copied = type(model).from_config(json.loads(json.dumps(model.get_config())))
    copied.set_weights(model.get_weights())
    return copied


def weights_only(model, folder):
    model.save_weights(folder / "m.weights.h5")
    copied = type(model).from_config(model.get_config())
    copied.load_weights(folder / "m.weights.h5")
    return copied


def deepcopied(model, folder):
    return copy.deepcopy(model)


def pickled(model, folder):
    return pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize(
    "copied",
    [pickled, *(pytest.param(c, marks=pytest.mark.slow) for c in (cloned, from_config, weights_only, deepcopied))],
)
def test_a_copy_predicts_the_same(models, expected, copied, tmp_path):
    for case, model in models.items():
        twin = copied(model, tmp_path)
        x = cases.inputs(case[0])
        assert twin is not model
        assert twin.output_shape == model.output_shape, case
        prediction, loss = expected[case]
        np.testing.assert_array_equal(predict(twin, x), prediction, err_msg=str(case))
        if model.compiled:  # a lost mask shows in the loss
            twin.compile("sgd", "mse", run_eagerly=True)
            np.testing.assert_allclose(result(twin, x), loss, rtol=1e-6, err_msg=str(case))


def test_what_the_mask_hides_changes_nothing(models, expected):
    """Another embedding of the padding changes neither what an LSTM returns nor a masked loss."""
    for case, model in models.items():
        x = cases.inputs(case[0])
        _, before = expected[case]
        embedding = next(layer for layer in model.layers if isinstance(layer, keras.layers.Embedding))
        (table,) = embedding.get_weights()
        embedding.set_weights([np.concatenate([table[:1] + 1.0, table[1:]])])
        after = result(model, x)
        embedding.set_weights([table])
        if case[2] == "no mask":
            assert not np.allclose(after, before), case
        else:
            np.testing.assert_allclose(after, before, rtol=1e-6, err_msg=str(case))


def result(model, x):
    y = predict(model, x)
    return model.test_on_batch(x, np.ones(y.shape)) if model.compiled else y
