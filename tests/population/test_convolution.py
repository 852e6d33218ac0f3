"""Convolutions as matrix products are those of `keras.ops.conv`."""

import itertools

import keras
import numpy as np
import pytest
from keras import layers, ops

from continuum_act.population.convolution import _layers, as_matrix_products, convolution


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_convolution_is_that_of_keras(rank):
    rng = np.random.default_rng(0)
    lengths, sizes = (7, 6, 5)[:rank], (3, 2, 1)[:rank]
    x, kernel = rng.normal(size=(2, *lengths, 3)), rng.normal(size=(*sizes, 3, 4))
    x, kernel = (ops.convert_to_tensor(a, "float32") for a in (x, kernel))
    for padding, (stride, dilation) in itertools.product(("valid", "same"), ((1, 1), (2, 1), (3, 1), (1, 2))):
        expected = ops.conv(x, kernel, stride, padding, dilation_rate=dilation)
        found = convolution(x, kernel, (stride,) * rank, padding, (dilation,) * rank)
        assert found.shape == expected.shape
        # sums of at most 18 products of numbers below 4, rounded in another order
        np.testing.assert_allclose(*map(ops.convert_to_numpy, (found, expected)), rtol=0, atol=18 * 16 * 2.0**-24)


def models():
    """Yield models with convolutions, and the layers of each that are replaced."""
    inputs = keras.Input((None, 3))
    yield keras.Sequential([keras.Input((5, 3)), layers.Conv1D(4, 2, padding="causal", use_bias=False)]), 1
    yield keras.Sequential([keras.Input((5, 5, 3)), layers.Conv2D(4, 2, activation="tanh")]), 1
    yield keras.Model(inputs, layers.Conv1D(2, 2)(inputs)), 1
    inner = keras.Sequential([keras.Input((5, 3)), layers.Conv1D(4, 2)])
    yield keras.Sequential([keras.Input((4, 5, 3)), layers.TimeDistributed(inner)]), 1
    yield keras.Sequential([keras.Input((5, 5, 4)), layers.SeparableConv2D(4, 2), layers.DepthwiseConv2D(2)]), 0


@pytest.mark.parametrize("case", range(5))
def test_model_predicts_the_same(case):
    model, replaced = list(models())[case]
    shape = [2, *(5 if n is None else n for n in model.input_shape[1:])]
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    before = ops.convert_to_numpy(model(x))
    as_matrix_products(model)
    changed = [layer for layer in _layers(model) if "call" in vars(layer)]
    assert len(changed) == replaced
    np.testing.assert_allclose(ops.convert_to_numpy(model(x)), before, rtol=0, atol=1e-5)
