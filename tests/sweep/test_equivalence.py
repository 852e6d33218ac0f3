"""Each member of a population against its own ordinary fit."""

import os
import subprocess
import sys

import keras
import pytest

from tests.sweep import equivalence

needs_mapping = pytest.mark.skipif(keras.backend.backend() == "torch", reason="populations need TensorFlow or JAX")


@needs_mapping
@pytest.mark.parametrize(("kind", "optimizer"), equivalence.PAIRS)
def test_members_equal_their_ordinary_fits(kind: str, optimizer: str) -> None:
    found = equivalence.deviations(kind, optimizer)
    assert found.weights <= equivalence.TOLERANCE
    assert found.history <= equivalence.TOLERANCE


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="started once")
def test_members_equal_their_ordinary_fits_on_jax() -> None:
    kinds = ["two inputs, two outputs", "Dropout", "BatchNormalization", "Conv2D", "LSTM", "AdamW"]
    command = [sys.executable, "-m", "tests.sweep.equivalence", *kinds]
    pytest.importorskip("jax")
    subprocess.run(command, check=True, env=os.environ | {"KERAS_BACKEND": "jax"})
