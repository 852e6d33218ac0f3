"""Each member of a population against its own ordinary fit."""

import warnings
from typing import Any

import keras
import pytest

from tests.population import equivalence

needs_mapping = pytest.mark.skipif(keras.backend.backend() == "torch", reason="populations need TensorFlow or JAX")


QUICK = ["Dense", "LSTM", "complex alpha"]
ON_JAX = ["two inputs, two outputs", "Dropout", "BatchNormalization", "Conv2D", "LSTM", "AdamW"]


def cases() -> list[Any]:
    """Return all pairs, or on JAX, which maps and compiles by itself, one for each kind of state and of layer."""
    pairs = equivalence.PAIRS
    if keras.backend.backend() == "jax":
        pairs = [pair for pair in pairs if pair[0] in ON_JAX or pair[1] in ON_JAX]
    quick = [(kind, "Adam") for kind in QUICK]
    return [pytest.param(*pair, marks=[] if pair in quick else pytest.mark.slow) for pair in pairs]


@needs_mapping
@pytest.mark.parametrize(("kind", "optimizer"), cases())
def test_members_equal_their_ordinary_fits(kind: str, optimizer: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = equivalence.deviations(kind, optimizer)
    take_turns = any("trained one member after another" in str(warning.message) for warning in caught)
    assert take_turns == (kind == "DepthwiseConv2D" and keras.backend.backend() == "tensorflow")
    assert found.weights <= equivalence.TOLERANCE
    assert found.history <= equivalence.TOLERANCE
