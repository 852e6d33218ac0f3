"""No function makes a constant -0.0: TensorFlow would take it for every later 0.0 of the process."""

import subprocess
import sys

import keras
import pytest

CALLS = [
    "ca.complex_soft_exponential(x, -1)",
    "ca.complex_soft_exponential(x, 0.3 + 0.5j)",
    "ca.complex_soft_exponential(x, np.array([1j, -0.3]))",
]
CODE = """
import numpy as np
import tensorflow as tf
import continuum_act as ca

x = np.float32([0.5, -0.5])
{call}
assert 1 / tf.convert_to_tensor(0.0, dtype="float32") > 0
"""


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's cache of constants")
@pytest.mark.parametrize("call", CALLS)
def test_zero_stays_positive_in_the_process(call: str) -> None:
    subprocess.run([sys.executable, "-c", CODE.format(call=call)], check=True)
