"""Every dtype policy, eagerly, as a graph and compiled by XLA: the same model, to its rounding."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import continuum_act as ca
from tests.layers import cases

EPS = {"float64": 2.0**-52, "float32": 2.0**-23, "mixed_float16": 2.0**-10, "mixed_bfloat16": 2.0**-7}
X = np.linspace(-1, 1, 24).reshape(8, 3)
MODES = {
    "eager": {"run_eagerly": True},
    "graph": {"jit_compile": False},
    "XLA": {"jit_compile": True},
}


def built(policy):
    keras.utils.set_random_seed(0)
    middle = [
        ca.soft_exponential_lambda(np.array([-0.5, 0.0, 0.5]), domain="linear", dtype=policy),
        ca.complex_soft_exponential_lambda(-0.2 + 1j, join="concat", dtype=policy),
        ca.activation_lambda(cases.mirrored, output_shape=cases.mirrored_shape, dtype=policy),
        ca.SoftExponential(dtype=policy),
        ca.ComplexSoftExponential(join="concat", dtype=policy),
    ]
    model = keras.Sequential([keras.Input((3,)), *middle, layers.Dense(1, dtype=policy)])
    return model, middle


@pytest.mark.slow
@pytest.mark.parametrize("policy", EPS)
def test_each_mode_computes_and_trains_the_same_in_each_precision(policy):
    results = {}
    for mode, how in MODES.items():
        model, middle = built(policy)
        assert {layer.output.dtype for layer in middle} == {middle[0].compute_dtype}
        model.compile(keras.optimizers.SGD(0.01), "mse", **how)
        history = model.fit(X, np.ones((8, 1)), batch_size=4, epochs=2, shuffle=False, verbose=0)
        trained = [ops.convert_to_numpy(layer.alpha) for layer in middle[-2:]]
        assert all(np.all(alpha != 0) for alpha in trained)
        assert {alpha.dtype.name for alpha in trained} == {middle[-1].variable_dtype}
        # Keras keeps the mean of the loss in float32, whatever the policy
        losses = np.array(history.history["loss"], "float32")
        results[mode] = [losses, *(alpha.astype("float64").ravel() for alpha in trained)]
    for mode in ("graph", "XLA"):
        for values, expected in zip(results[mode], results["eager"], strict=True):
            # Six layers deep, each of a few units of rounding, and four steps of gradients.
            tolerance = 64 * max(EPS[policy], 0 if values.dtype == "float64" else 2.0**-24)
            np.testing.assert_allclose(values, expected, rtol=tolerance, atol=tolerance)


def test_a_trained_alpha_is_not_rounded_to_the_compute_dtype():
    layer = ca.SoftExponential(keras.initializers.Constant(0.3), shared_axes=1, domain="strict", dtype="mixed_float16")
    y = ops.convert_to_numpy(layer(np.array([[30.0]], "float16")))[0, 0]

    def rounded(alpha):
        return np.float16(np.expm1(30.0 * float(alpha)) / float(alpha) + float(alpha))

    assert y == rounded(np.float32(0.3))
    assert y != rounded(np.float16(0.3))
