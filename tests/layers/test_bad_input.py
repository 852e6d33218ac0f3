"""Bad input ends in a TypeError or a ValueError that says what was given; nothing ends in a wrong result."""

import functools
import re

import hypothesis
import keras
import numpy as np
import pytest
from hypothesis import strategies as st
from keras import layers, ops

import continuum_act as ca
from tests.layers import cases

X = np.linspace(0.5, 2.0, 6, dtype="float32").reshape(2, 3)
FED = ops.convert_to_tensor(X)  # an alpha whose value is not known in Python
NOT_ALPHAS = [np.nan, np.inf, "0.5", True, {}, object(), [[1], [1, 2]], keras.Input((1,)), "abc"]


@pytest.mark.parametrize("factory", [ca.soft_exponential_lambda, ca.complex_soft_exponential_lambda])
@pytest.mark.parametrize("alpha", NOT_ALPHAS, ids=lambda value: re.sub(" at 0x[0-9a-f]+", "", repr(value)))
def test_a_wrong_alpha_fails_when_the_layer_is_made(factory, alpha):
    with pytest.raises((TypeError, ValueError), match="alpha"):
        factory(alpha)(X)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ca.soft_exponential_lambda(1j), "complex_soft_exponential"),
        (lambda: ca.soft_exponential_lambda(np.array([1j])), "complex_soft_exponential"),
        (lambda: ca.complex_soft_exponential_lambda([1, 2, 3]), "pair"),
        (lambda: ca.complex_soft_exponential_lambda((np.nan, 1.0)), "finite"),
        (lambda: ca.complex_soft_exponential_lambda(1j, join="concatenate"), "'concat'"),
        (lambda: ca.soft_exponential_lambda(0.5, domain="linaer"), "Did you mean 'linear'"),
        (lambda: ca.soft_exponential_lambda(0.5, max_slope=0), "max_slope"),
        (lambda: ca.soft_exponential_lambda(-0.5, domain="linear", max_slope=-2.0), "max_slope"),
        (lambda: ca.soft_exponential_lambda(0.5, slope=2.0), "slope"),
        (lambda: ca.soft_exponential_lambda(0.5, mask=None), "mask"),
        (lambda: ca.soft_exponential_lambda(0.5, output_shape=(3,)), "output_shape"),
    ],
)
def test_a_wrong_option_fails_when_the_layer_is_made(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


@pytest.mark.parametrize(
    ("layer", "x", "message"),
    [
        (lambda: ca.soft_exponential_lambda(np.ones(2)), (3,), "does not fit"),
        (lambda: ca.soft_exponential_lambda([0.1, 0.2]), (3,), "does not fit"),
        (lambda: ca.complex_soft_exponential_lambda(1j, axis=3), (3,), "out of range"),
        (lambda: ca.complex_soft_exponential_lambda(1j, axis=-4), (3,), "out of range"),
        (lambda: ca.complex_soft_exponential_lambda(1j, axis="1"), (3,), "axis"),
        (lambda: ca.complex_soft_exponential_lambda(1j, axis=1.0), (3,), "axis"),
    ],
)
def test_what_does_not_fit_the_input_fails_when_the_model_is_built(layer, x, message):
    with pytest.raises((TypeError, ValueError), match=message):
        keras.Sequential([keras.Input(x), layer()])


def test_a_complex_input_is_a_pair_of_equal_shapes():
    layer = ca.complex_soft_exponential_lambda(1j)
    for shapes in ([(3,), (4,)], [(3,), (3, 1)], [(3,), (3,), (3,)]):
        with pytest.raises(ValueError, match=r"pair \[re, im\]"):
            layer([keras.Input(shape) for shape in shapes])


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tensors of TensorFlow")
def test_text_ragged_and_sparse_inputs_are_refused():
    import tensorflow as tf

    for layer in (ca.soft_exponential_lambda(0.5), ca.complex_soft_exponential_lambda(0.5)):
        for x in (tf.constant(["a"]), tf.ragged.constant([[1.0], [1.0, 2.0]]), tf.sparse.from_dense(X)):
            with pytest.raises(TypeError, match="x must"):
                layer(x)
        with pytest.raises(TypeError, match="x must"):
            layer(keras.Input((3,), dtype="string"))


def test_a_complex_dtype_is_split_by_the_complex_layer_and_refused_by_the_real_one():
    z = ops.convert_to_tensor(np.array([[0.5 - 1j]], "complex64"))
    with pytest.raises(TypeError, match="complex_soft_exponential"):
        ca.soft_exponential_lambda(0.5)(z)
    got = ops.convert_to_numpy(ca.complex_soft_exponential_lambda(1.0)(z))
    expected = np.exp(0.5 - 1j)  # alpha = 1
    np.testing.assert_allclose(got, [[expected.real, expected.imag]], rtol=1e-6)


def test_a_doubling_layer_is_no_activation_of_a_dense_layer():
    """Keras does not ask an activation for its shape: Dense states 3, and the next layer finds 6."""
    twice = ca.complex_soft_exponential_lambda(1j, join="concat")
    dense = layers.Dense(3, activation=twice)
    assert dense(keras.Input((2,))).shape == (None, 3)
    assert dense(np.ones((1, 2), "float32")).shape == (1, 6)
    assert "Dense(activation=" in ca.complex_soft_exponential_lambda.__doc__


def closure():
    @keras.saving.register_keras_serializable(package="tests")
    def inner(x):
        return x

    return inner


def unregistered(x):
    return x


@pytest.mark.parametrize(
    "function",
    [lambda x: x, closure(), unregistered, ops.tanh],
    ids=["lambda", "closure", "unregistered", "op"],
)
def test_a_function_that_would_not_load_is_refused_with_the_way_to_register_it(function):
    with pytest.raises(ValueError, match="register_keras_serializable"):
        ca.activation_lambda(function)
    with pytest.raises(ValueError, match="register_keras_serializable"):
        ca.activation_lambda(cases.mirrored, output_shape=function)


@pytest.mark.parametrize(
    "function",
    [functools.partial(cases.mirrored), np.tanh, layers.ReLU(), None, "relu", len, layers.ReLU],
    ids=lambda value: re.sub(" at 0x[0-9a-f]+", "", repr(value)),
)
def test_what_is_no_function_is_refused(function):
    with pytest.raises(TypeError, match="def"):
        ca.activation_lambda(function)


@pytest.mark.parametrize("output_shape", ["sme", None, 3, [(3,), (3,)], (3.0,)])
def test_an_output_shape_is_one_of_three_things(output_shape):
    with pytest.raises(ValueError, match="expected 'same'"):
        ca.activation_lambda(cases.mirrored, output_shape=output_shape)


@pytest.mark.parametrize("value", [1j, np.array([1j]), object(), {1, 2}, b"\xff"])
def test_an_argument_that_cannot_be_saved_is_refused(value):
    with pytest.raises(TypeError, match="scale"):
        ca.activation_lambda(cases.scaled_softsign, arguments={"scale": value, "axes": []})


def test_a_saved_alpha_is_the_same_to_the_last_bit():
    rng = np.random.default_rng(0)
    numbers = [0.1, -0.0, 1 / 3, np.float32(0.1), 5e-324, 1e30, *rng.standard_normal(20)]
    for alpha in [*numbers, np.array(numbers), np.array([0.1, 1 / 3], "float32")]:
        layer = ca.soft_exponential_lambda(alpha)
        config = keras.saving.serialize_keras_object(layer)
        twin = keras.saving.deserialize_keras_object(config)
        for kept in (layer.arguments["alpha"], twin.arguments["alpha"]):
            assert np.asarray(kept).tobytes() == np.asarray(alpha, "float64").tobytes()
        pair = ca.complex_soft_exponential_lambda(alpha + 1j * np.asarray(alpha))
        twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(pair))
        np.testing.assert_array_equal(twin.arguments["alpha"], [np.real(alpha + 0.0), np.asarray(alpha)])


def test_the_layer_keeps_its_own_copy_of_an_array():
    alpha = np.array([0.1, 0.2, 0.3])
    layer = ca.soft_exponential_lambda(alpha)
    before = ops.convert_to_numpy(layer(X))
    alpha[:] = 1.0
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(X)), before)


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=6),
    st.lists(st.floats(-2, 2), max_size=4),
    st.tuples(st.floats(-2, 2), st.floats(-2, 2)),
    st.sampled_from([np.ones(3), np.ones((2, 3)), np.ones(2), np.array([1j]), np.array("a"), {}, object()]),
)


@hypothesis.settings(max_examples=150)
@hypothesis.given(
    alpha=anything,
    domain=st.one_of(st.sampled_from(["strict", "linear"]), anything),
    max_slope=st.one_of(st.just(10.0), anything),
)
@hypothesis.example(alpha=np.array("a"), domain="strict", max_slope=10.0)
def test_any_real_layer_is_the_function_or_a_clear_error(alpha, domain, max_slope):
    try:
        layer = ca.soft_exponential_lambda(alpha, domain=domain, max_slope=max_slope)
        y = layer([X, X] if alpha is None else X)
    except (TypeError, ValueError):
        return
    expected = ca.soft_exponential(X, FED if alpha is None else alpha, domain=domain, max_slope=max_slope)
    np.testing.assert_array_equal(ops.convert_to_numpy(y), ops.convert_to_numpy(expected))
    assert layer.compute_output_shape([X.shape] * 2 if alpha is None else X.shape) == X.shape


@hypothesis.settings(max_examples=150)
@hypothesis.given(
    alpha=anything,
    join=st.one_of(st.sampled_from(["stack", "concat", "list"]), anything),
    axis=st.one_of(st.integers(-4, 4), anything),
)
def test_any_complex_layer_is_the_function_or_a_clear_error(alpha, join, axis):
    try:
        layer = ca.complex_soft_exponential_lambda(alpha, join=join, axis=axis)
        y = layer([X, X, X] if alpha is None else X)
    except (TypeError, ValueError):
        return
    expected = ca.complex_soft_exponential(X, (FED, FED) if alpha is None else alpha, join=join, axis=axis)
    for got, part in zip(keras.tree.flatten(y), keras.tree.flatten(expected), strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(got), ops.convert_to_numpy(part))


@pytest.mark.parametrize(
    ("make", "near"),
    [
        (lambda: ca.soft_exponential_lambda(0.5, domian="linear"), "domain"),
        (lambda: ca.soft_exponential_lambda(0.5, max_slop=2.0), "max_slope"),
        (lambda: ca.complex_soft_exponential_lambda(0.5j, jion="list"), "join"),
        (lambda: ca.activation_lambda(cases.mirrored, output_shap=(6,)), "output_shape"),
        (lambda: ca.SoftExponential(shared_axis=1), "shared_axes"),
        (lambda: ca.ComplexSoftExponential(alpha_init="zeros"), "alpha_initializer"),
        (lambda: ca.SoftExponential(nme="a"), "name"),
    ],
)
def test_a_misspelt_keyword_is_refused_with_the_nearest_right_one(make, near):
    with pytest.raises(TypeError, match=f"Did you mean '{near}'"):
        make()


def test_functions_of_the_package_are_registered_or_refused_with_the_way():
    got = ca.activation_lambda(ca.soft_exponential, arguments={"alpha": 0.3})(X)
    np.testing.assert_array_equal(ops.convert_to_numpy(got), ops.convert_to_numpy(ca.soft_exponential(X, 0.3)))
    with pytest.raises(ValueError, match="a function of your own"):
        ca.activation_lambda(ca.interpolate_add_multiply)
    with pytest.raises(TypeError, match=r"soft_exponential_lambda\(alpha\)"):
        ca.activation_lambda(functools.partial(ca.soft_exponential, alpha=0.3))


def test_an_activation_of_a_dense_layer_is_saved_with_its_alpha(tmp_path):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(3, activation=ca.soft_exponential_lambda(0.3))])
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(twin.predict(X, verbose=0), model.predict(X, verbose=0))


def test_integers_of_numpy_are_axes():
    one = np.int64(1)
    assert ca.complex_soft_exponential_lambda(1j, axis=one)(X).shape == (2, 6)
    for layer in (ca.SoftExponential(shared_axes=[one]), ca.ComplexSoftExponential(shared_axes=one, axis=one)):
        layer(X)
        assert keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer)).shared_axes == [1]


@pytest.mark.parametrize("given", [0.5 + 2j, np.complex64(0.5 + 2j), keras.initializers.Constant(0.5 + 2j)])
def test_a_complex_number_initializes_a_complex_alpha_and_no_real_one(given):
    layer = ca.ComplexSoftExponential(given)
    layer(X)
    np.testing.assert_array_equal(ops.convert_to_numpy(layer.alpha), [[0.5, 2.0]] * 3)
    assert layer.get_config()["alpha_initializer"]["config"]["value"] == [0.5, 2.0]
    with pytest.raises(TypeError, match="ComplexSoftExponential"):
        ca.SoftExponential(given)


@keras.saving.register_keras_serializable(package="tests")
def transposed(x):
    return ops.transpose(x, (0, 2, 1))


@pytest.mark.parametrize("stated", [(3, 3), "function"])
def test_a_mask_is_not_handed_to_axes_that_are_not_the_masks(stated):
    shape = transposed_shape if stated == "function" else stated
    x = keras.Input((3, 3))
    y = ca.activation_lambda(transposed, output_shape=shape)(layers.Masking()(x))
    model = keras.Model(x, layers.GlobalAveragePooling1D()(y))
    np.testing.assert_array_equal(
        model.predict(np.array([[[6.0, 3, 0], [0, 0, 0], [0, 0, 0]]]), verbose=0), [[3, 0, 0]]
    )  # with the mask of the rows, the mean over the first step alone: 6


@keras.saving.register_keras_serializable(package="tests")
def transposed_shape(shape):
    return shape[0], shape[2], shape[1]


def test_the_first_network_of_a_new_user_trains():
    x = np.random.default_rng(0).normal(size=(64, 8)).astype("float32")
    for activation in (ca.soft_exponential_lambda(-0.5), ca.soft_exponential_lambda(-1.0), ca.SoftExponential()):
        model = keras.Sequential([keras.Input((8,)), layers.Dense(8), activation, layers.Dense(1)])
        model.compile("adam", "mse")
        assert np.isfinite(model.fit(x, x[:, :1], epochs=2, verbose=0).history["loss"]).all()
    assert ca.complex_soft_exponential_lambda(1j)(layers.Dense(16)(keras.Input((8,)))).shape == (None, 32)
