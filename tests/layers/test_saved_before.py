"""Models that an earlier version saved load, and predict the same."""

from pathlib import Path

import keras
import numpy as np
import pytest

import continuum_act  # noqa: F401  registers its layers

SAVED = sorted(Path(__file__).with_name("saved").glob("*.keras"))


@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.stem)
def test_model_of_an_earlier_version_loads_and_predicts_the_same(path):
    model = keras.models.load_model(path, safe_mode=True)
    with np.load(path.with_suffix(".npz")) as stored:
        y = model.predict([stored["x"], stored["alpha"]], verbose=0)
        # through eleven layers, each of which rounds, on another backend's exp and log
        np.testing.assert_allclose(y, stored["y"], rtol=1e-4, atol=1e-5)
