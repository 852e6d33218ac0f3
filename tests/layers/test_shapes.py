"""The stated output shape is the shape that the call returns; a mask fits the output that carries it."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

import continuum_act as ca
from continuum_act.layers.masks import joined_mask
from tests.layers import cases

SIZES = (2, 4, 3, 5, 2)  # no two neighbours alike
DOUBLE = [] if keras.backend.backend() == "jax" else ["float64"]  # JAX has it switched off by default
JOINS = [("list", -1), *((join, axis) for join in ("stack", "concat") for axis in range(-6, 6))]


def in_range(join, axis, rank):
    return join == "list" or -rank - (join == "stack") <= axis < rank + (join == "stack")


def shapes(tensors):
    return keras.tree.map_structure(lambda tensor: tuple(tensor.shape), tensors)


def stated(shape):
    """Return a stated shape or list of shapes as tuples."""
    return [tuple(part) for part in shape] if isinstance(shape, list) else tuple(shape)


def unknown(shape, which):
    """Return the shape with some of its axes unknown."""
    return tuple(None if axis in which else size for axis, size in enumerate(shape))


def layers():
    for alpha in (0.3, None):
        yield "real", ca.soft_exponential_lambda(alpha)
        for join, axis in JOINS:
            yield (join, axis), ca.complex_soft_exponential_lambda(alpha, join=join, axis=axis)
    yield "own", ca.activation_lambda(keras.activations.gelu)
    yield "own, doubled", ca.activation_lambda(cases.mirrored, output_shape=cases.mirrored_shape)


def fed(layer, kind, shape):
    """Shapes of the inputs: with one alpha per sample where alpha is an input of the layer."""
    if "alpha" not in layer.get_config() or layer.get_config()["alpha"] is not None:
        return shape
    return [shape] + [(shape[0], *[1] * (len(shape) - 1))] * (1 if kind == "real" else 2)


@pytest.mark.parametrize("rank", [1, 2, 3, 4, 5])
def test_the_stated_shape_is_the_returned_one(rank):
    shape = SIZES[:rank]
    for kind, layer in layers():
        if isinstance(kind, tuple) and not in_range(*kind, rank):
            with pytest.raises(ValueError, match="out of range"):
                layer.compute_output_shape(fed(layer, kind, shape))
            continue
        given = fed(layer, kind, shape)
        x = [np.ones(part, "float32") for part in given] if isinstance(given, list) else np.ones(given, "float32")
        actual = shapes(layer(x))
        assert stated(layer.compute_output_shape(given)) == actual, (kind, given)
        for which in [{0}, set(range(rank)), {rank - 1}]:
            partly = fed(layer, kind, unknown(shape, which))
            declared = stated(layer.compute_output_shape(partly))
            pairs = zip(declared, actual, strict=True) if isinstance(actual, list) else [(declared, actual)]
            for known, full in pairs:
                assert len(known) == len(full), (kind, partly)
                assert all(n in (None, m) for n, m in zip(known, full, strict=True)), (kind, partly)
                assert sum(n is None for n in known) == len(which), (kind, partly)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", *DOUBLE, "int32", "bool"])
def test_the_stated_dtype_is_the_returned_one(dtype):
    """Integers and floats alike come out in the layer's compute dtype."""
    x = ops.cast(np.array([[0, 1, 1], [1, 0, 1]]), dtype)
    for policy in ("float32", *DOUBLE, "mixed_float16", "mixed_bfloat16"):
        for layer in (
            ca.soft_exponential_lambda(-0.3, dtype=policy),
            ca.soft_exponential_lambda(np.array([0.0, 0.5, -0.5]), dtype=policy, domain="linear"),
            ca.complex_soft_exponential_lambda(0.3j, join="concat", dtype=policy),
            ca.SoftExponential(dtype=policy),
            ca.ComplexSoftExponential(dtype=policy),
        ):
            expected = layer.compute_dtype
            symbol = layer(keras.KerasTensor(x.shape, dtype))
            assert symbol.dtype == expected
            assert keras.backend.standardize_dtype(layer(x).dtype) == expected


def test_a_list_of_tensors_gives_a_list_of_activations():
    x = [np.ones((2, 3), "float32"), np.zeros((2, 4, 5), "float32")]
    layer = ca.soft_exponential_lambda(1.0)
    assert shapes(layer(x)) == [(2, 3), (2, 4, 5)]
    assert [y.shape for y in layer([keras.Input((3,)), keras.Input((None, 5))])] == [
        (None, 3),
        (None, None, 5),
    ]
    np.testing.assert_allclose(layer(x)[0], np.e * x[0], rtol=1e-6)


def test_a_pair_is_a_complex_tensor():
    z = np.array([[0.5 - 1j, 2 + 0.5j]])
    layer = ca.complex_soft_exponential_lambda(1.0, join="list")
    re, im = layer([z.real, z.imag])  # alpha = 1: exp(z), by NumPy
    np.testing.assert_allclose(ops.convert_to_numpy(re) + 1j * ops.convert_to_numpy(im), np.exp(z), rtol=1e-6)
    symbols = layer([keras.Input((2,)), keras.Input((2,))])
    assert [y.shape for y in symbols] == [(None, 2), (None, 2)]


def test_the_summary_shows_the_shape(capsys):
    model = keras.Sequential([keras.Input((None, 3)), ca.complex_soft_exponential_lambda(1j, join="concat")])
    model.summary()
    assert "(None, None, 6)" in capsys.readouterr().out


@pytest.mark.parametrize("output_shape", ["same", (3,), (2, 6), cases.mirrored_shape])
def test_a_shape_that_the_function_contradicts_fails_when_the_model_is_built(output_shape):
    right = output_shape is cases.mirrored_shape
    model = keras.Sequential([ca.activation_lambda(cases.mirrored, output_shape=output_shape)])
    if right:
        model.build((None, 3))
        return
    wrong = "3)" if output_shape == "same" else str(output_shape)[1:].replace(",)", ")")
    with pytest.raises(ValueError, match="stated output shape") as error:
        model.build((None, 3))
    assert f", {wrong}, but its function returns (" in str(error.value)
    assert ", 6). State" in str(error.value)


def test_a_shape_is_checked_outside_a_model_too():
    with pytest.raises(ValueError, match=r"\(2, 3\).*\(2, 6\)"):
        ca.activation_lambda(cases.mirrored)(np.ones((2, 3), "float32"))


def test_an_alpha_that_would_grow_the_output_is_refused():
    x = keras.Input((4, 3))
    for alpha in (np.ones(2), np.ones((2, 1)), np.ones((1, 1, 1, 1))):
        with pytest.raises(ValueError, match="does not fit x of shape"):
            ca.soft_exponential_lambda(alpha)(x)
        with pytest.raises(ValueError, match="does not fit x of shape"):
            ca.complex_soft_exponential_lambda(1j * alpha)(x)


def test_an_alpha_per_sample_needs_the_axes_of_x():
    """Aligned at the last axis, the batch of an alpha of shape (batch, 1) would meet the time of x."""
    x = keras.Input((4, 3))
    with pytest.raises(ValueError, match=r"\(None, 1, 1\) \(one alpha per sample\)"):
        ca.soft_exponential_lambda()([x, keras.Input((1,))])
    assert ca.soft_exponential_lambda()([x, keras.Input((1, 1))]).shape == (None, 4, 3)


def test_a_layer_fed_with_alpha_says_what_it_is_called_on():
    x = keras.Input((2,))
    for call in (x, [x], [x, x, x]):
        with pytest.raises(ValueError, match=r"\[x, alpha\]"):
            ca.soft_exponential_lambda()(call)
    for call in (x, [x, x]):
        with pytest.raises(ValueError, match=r"\[x, alpha_real, alpha_imaginary\]"):
            ca.complex_soft_exponential_lambda()(call)


@pytest.mark.parametrize("covered", [1, 2, 3, 4])
def test_a_joined_mask_masks_the_joined_elements(covered):
    """Oracle: the mask spread over x, joined like x, is the new mask spread over the output."""
    rng = np.random.default_rng(0)
    x_shape = (2, 4, 3, 5)
    mask = rng.random(x_shape[:covered]) < 0.5
    spread = np.broadcast_to(mask.reshape(*mask.shape, *[1] * (4 - covered)), x_shape)
    for join, axis in itertools.product(("stack", "concat"), range(-4, 4)):
        function = np.stack if join == "stack" else np.concatenate
        expected = function([spread, spread], axis=axis)
        got = ops.convert_to_numpy(joined_mask(ops.convert_to_tensor(mask), 4, join=join, axis=axis))
        assert got.shape == expected.shape[: got.ndim]
        reshaped = got.reshape(*got.shape, *[1] * (expected.ndim - got.ndim))
        np.testing.assert_array_equal(np.broadcast_to(reshaped, expected.shape), expected)


def test_a_pair_is_masked_where_either_part_is():
    first, second = np.array([[True, False, True]]), np.array([[True, True, False]])
    for layer in (ca.complex_soft_exponential_lambda(1j), ca.ComplexSoftExponential()):
        x = [ops.ones((1, 3, 2)), ops.ones((1, 3, 2))]
        both = layer.compute_mask(x, [ops.convert_to_tensor(first), ops.convert_to_tensor(second)])
        np.testing.assert_array_equal(both, first & second)
        np.testing.assert_array_equal(layer.compute_mask(x, [None, ops.convert_to_tensor(second)]), second)
        assert layer.compute_mask(x, [None, None]) is None
        assert layer.compute_mask(x, None) is None


def test_a_mask_goes_no_further_than_the_axes_that_it_covers():
    mask = ops.convert_to_tensor(np.array([[True, False]]))
    x = ops.ones((1, 2, 3))
    kept = ca.activation_lambda(cases.mirrored, output_shape=cases.mirrored_shape, supports_masking=True)
    lost = ca.activation_lambda(cases.mirrored, output_shape=(3, 2), supports_masking=True)
    assert keras.tree.flatten(kept.compute_mask(x, mask))[0] is mask
    assert keras.tree.flatten(lost.compute_mask(x, mask))[0] is None
