"""What the factories refuse, and what kind of model they return."""

import keras
import numpy as np
import pytest
from keras import layers

import continuum_act as ca
from tests.networks.exact import CASES, DTYPES

SIZED = [
    ca.product_network,
    ca.inner_product_network,
    ca.distance_network,
    ca.gaussian_network,
    ca.softmax_network,
]


@pytest.mark.parametrize("network", SIZED)
def test_a_size_is_a_positive_integer(network):
    with pytest.raises(ValueError, match="n=0: expected at least 1"):
        network(0)
    for n in (2.0, "2", None):
        with pytest.raises(TypeError, match="n must be an integer, got"):
            network(n)
    assert network(np.int64(2)).inputs[0].shape == (None, 2)


@pytest.mark.parametrize("coefficients", [[], 1.0, [[1.0]], [1.0, np.inf], [np.nan]])
def test_coefficients_are_one_row_of_finite_numbers(coefficients):
    with pytest.raises(ValueError, match=r"coefficients must be one row of finite numbers.*; got"):
        ca.polynomial_network(coefficients)


@pytest.mark.parametrize("coefficients", ["12", [1j], None, ["1"]])
def test_coefficients_are_real_numbers(coefficients):
    with pytest.raises(TypeError, match="coefficients must be real numbers, got"):
        ca.polynomial_network(coefficients)


def test_each_sinusoid_has_a_frequency_an_amplitude_and_a_phase():
    with pytest.raises(ValueError, match="Got 2 frequencies, 1 amplitudes and 2 phases"):
        ca.sinusoid_network([1.0, 2.0], [1.0], [0.0, 0.0])
    with pytest.raises(TypeError, match="phases must be real numbers"):
        ca.sinusoid_network([1.0], [1.0], ["0"])


@pytest.mark.parametrize("name", CASES)
def test_shapes_and_dtypes_are_those_of_the_docstring(name):
    case = CASES[name]
    for dtype in (None, *DTYPES):
        model = case.build(dtype=dtype)
        assert [part.shape for part in model.inputs] == [(None, n) for n in case.sizes]
        assert model.output_shape == (None, case.sizes[0] if name == "softmax" else 1)
        assert {part.dtype for part in [*model.inputs, model.output]} == {dtype or keras.config.floatx()}


def test_the_global_dtype_policy_is_the_default():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = ca.product_network(2)
    finally:
        keras.config.set_dtype_policy(policy)
    assert (model.input.dtype, model.output.dtype) == ("float32", "bfloat16")
    y = keras.ops.convert_to_numpy(keras.ops.cast(model(np.array([[-2.0, 4.0]], "float32")), "float32"))
    assert y[0, 0] == pytest.approx(-8.0, rel=0.05)


@pytest.mark.parametrize("name", CASES)
def test_dense_and_lambda_layers_do_the_arithmetic_and_nothing_is_trained(name):
    model = CASES[name].build()
    arithmetic = (layers.Dense, layers.Lambda)
    only_shape = (layers.InputLayer, layers.Reshape, layers.Flatten, layers.Concatenate, layers.RepeatVector)
    for layer in model.layers:
        assert isinstance(layer, (*arithmetic, *only_shape)), layer
    assert model.weights
    assert model.trainable_weights == []
