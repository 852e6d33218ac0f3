"""A network stays what it is when it is saved, copied, compiled, exported or put into another model."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

import continuum_act as ca
from tests.networks.exact import CASES

NETWORKS = [name for name in CASES if name != "product of 8"]
LOAD = """
import json, pathlib, sys
import keras, numpy as np
import continuum_act

results = {}
for path in pathlib.Path(sys.argv[1]).glob("*.keras"):
    model = keras.models.load_model(path, safe_mode=True)
    x = [np.load(path.parent / f"{path.stem}.{part.name}.npy") for part in model.inputs]
    y = keras.ops.convert_to_numpy(model(x if len(x) > 1 else x[0]))
    results[path.stem] = [y.astype("float64").tolist(), str(y.dtype), len(model.trainable_weights)]
pathlib.Path(sys.argv[1], "results.json").write_text(json.dumps(results))
"""


def inputs_of(name, dtype="float32"):
    x = CASES[name]._replace(largest=10.0).inputs(5, dtype)
    return x if len(x) > 1 else x[0]


def call(model, x):
    return keras.ops.convert_to_numpy(model(x))


def test_a_fresh_process_loads_each_network_in_safe_mode(tmp_path):
    built = {}
    for name in NETWORKS:
        for dtype in ("float32", "float64"):
            model = CASES[name].build(dtype=dtype)
            stem = f"{name} {dtype}"
            x = inputs_of(name, dtype)
            model.save(tmp_path / f"{stem}.keras")
            for part, array in zip(model.inputs, x if isinstance(x, list) else [x], strict=True):
                np.save(tmp_path / f"{stem}.{part.name}.npy", array)
            built[stem] = call(model, x)
    subprocess.run(
        [sys.executable, "-c", LOAD, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parents[2])},
        check=True,
    )
    results = json.loads((tmp_path / "results.json").read_text())
    assert sorted(results) == sorted(built)
    for stem, y in built.items():
        value, dtype, trainable = results[stem]
        # the same graph on the same machine
        np.testing.assert_allclose(value, y, rtol=8 * np.finfo(y.dtype).eps, err_msg=stem)
        assert (dtype, trainable) == (y.dtype, 0)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_copy_from_the_configuration_has_the_weights(name):
    model = CASES[name].build()
    x = inputs_of(name)
    for copied in (keras.models.clone_model(model), keras.Model.from_config(model.get_config())):
        np.testing.assert_array_equal(call(copied, x), call(model, x))
        assert copied.trainable_weights == []


@pytest.mark.parametrize("name", NETWORKS)
def test_compiled_prediction_agrees_with_a_call(name):
    model, x = CASES[name].build(), inputs_of(name)
    # both within the bounds of test_accuracy, at most 300 spacings for inputs below 10
    np.testing.assert_allclose(model.predict(x, verbose=0), call(model, x), rtol=300 * 1.2e-7, atol=1e-30)


def test_layers_before_a_network_are_trained_through_it():
    x = np.random.default_rng(0).uniform(1.0, 2.0, (64, 2)).astype("float32")
    start = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="identity")])
    model = keras.Sequential([start, ca.product_network(2)])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    y = 2.0 * np.prod(x, axis=1, keepdims=True)
    losses = model.fit(x, y, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.1 * losses[0]
    assert len(model.trainable_weights) == 2


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="SavedModel is TensorFlow's")
@pytest.mark.parametrize("name", NETWORKS)
def test_an_exported_network_predicts_the_same(name, tmp_path):
    tf = pytest.importorskip("tensorflow")
    model, x = CASES[name].build(), inputs_of(name)
    model.export(tmp_path / "saved", verbose=False)
    exported = tf.saved_model.load(str(tmp_path / "saved"))  # owns the variables of `serve`
    y = exported.serve(x)
    np.testing.assert_allclose(y, call(model, x), rtol=300 * 1.2e-7, atol=1e-30)
