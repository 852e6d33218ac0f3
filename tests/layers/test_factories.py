"""What the factories return, before any model is built of it."""

import keras
import numpy as np
import pytest

import continuum_act as ca

numpy = keras.ops.convert_to_numpy
X = np.linspace(0.5, 2.0, 10, dtype="float32").reshape(2, 5)


def test_the_layer_computes_the_function():
    assert isinstance(ca.soft_exponential_lambda(0.3), keras.layers.Lambda)
    np.testing.assert_array_equal(ca.soft_exponential_lambda(0.3)(X), ca.soft_exponential(X, 0.3, domain="linear"))
    np.testing.assert_array_equal(
        ca.complex_soft_exponential_lambda(0.1 + 2j)(X), ca.complex_soft_exponential(X, 0.1 + 2j, join="concat")
    )


def test_a_variable_as_alpha_is_followed_but_is_no_weight_of_the_layer():
    alpha = keras.Variable(0.3)
    layer = ca.soft_exponential_lambda(alpha)
    np.testing.assert_allclose(numpy(layer(X)), ca.soft_exponential(X, 0.3), rtol=1e-6)
    with keras.StatelessScope([(alpha, keras.ops.convert_to_tensor(0.5))]):
        np.testing.assert_allclose(numpy(layer(X)), ca.soft_exponential(X, 0.5), rtol=1e-6)
    assert layer.variables == []
    with pytest.raises(ValueError, match="Use a number"):
        layer.get_config()
