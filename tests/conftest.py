"""Deterministic by default: `HYPOTHESIS_PROFILE=random` explores."""

import os

import hypothesis
import keras
import pytest

hypothesis.settings.register_profile("default", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("random", deadline=None, max_examples=1000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(autouse=True)
def seeded():
    """Give each test the same random state, whatever ran before it."""
    keras.utils.set_random_seed(0)
