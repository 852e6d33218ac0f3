"""What the functions take, what shape and dtype they return, and what they say to wrong input."""

import keras
import numpy as np
import pytest
from keras import ops

import continuum_act as ca
from continuum_act.functions.parts import joined_shape
from tests.functions.derivatives import BACKEND, array, compiled, gradient

X = np.linspace(-1, 2, 12).astype("float32").reshape(3, 4)


@pytest.mark.parametrize(
    ("alpha", "error", "words"),
    [
        (np.nan, ValueError, "finite"),
        (np.inf, ValueError, "finite"),
        (1e300, ValueError, "finite in float32"),
        ("0.5", TypeError, "str"),
        (None, TypeError, "NoneType"),
        (True, TypeError, "bool|True"),
        (0.5j, TypeError, "complex_soft_exponential"),
        ([[0.1], [0.2, 0.3]], ValueError, "rectangular"),
        (np.zeros(3), ValueError, "broadcast"),
        ({"a": 1}, TypeError, "dict"),
    ],
)
def test_wrong_alpha_is_refused_with_what_to_do(alpha, error, words):
    with pytest.raises(error, match=words):
        ca.soft_exponential(X, alpha)


def test_wrong_options_are_refused_and_the_near_one_is_suggested():
    with pytest.raises(ValueError, match="Did you mean 'linear'"):
        ca.soft_exponential(X, 0.5, domain="lineal")
    with pytest.raises(ValueError, match="Did you mean 'concat'"):
        ca.complex_soft_exponential(X, 0.5j, join="concatenate")
    for slope in (0, -1, 1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="above 1"):
            ca.soft_exponential(X, 0.5, domain="linear", max_slope=slope)
    with pytest.raises(TypeError, match="max_slope"):
        ca.soft_exponential(X, 0.5, domain="linear", max_slope="10")
    for axis in (3, -4):
        with pytest.raises(ValueError, match="out of range"):
            ca.complex_soft_exponential(X, 0.5j, axis=axis)
    with pytest.raises(ValueError, match="no axis to double"):
        ca.complex_soft_exponential(1.0, 0.5j, join="concat")
    with pytest.raises(TypeError, match="axis must be an integer"):
        ca.join_parts(X, X, join="stack", axis="last")
    with pytest.raises(ValueError, match="length 3"):
        ca.complex_soft_exponential(X, (0.1, 0.2, 0.3))
    with pytest.raises(ValueError, match="even size"):
        ca.split_parts(np.zeros((2, 3)), join="concat")


@pytest.mark.parametrize("x", ["word", np.array(["a"]), None, [[1.0], [1.0, 2.0]]])
def test_x_that_is_not_numbers_is_refused(x):
    with pytest.raises(TypeError, match="x must"):
        ca.soft_exponential(x, 0.5)


def test_complex_x_is_refused_by_the_real_function_and_split_by_the_complex_one():
    z = (X + 1j * X).astype("complex64")
    with pytest.raises(TypeError, match="complex_soft_exponential"):
        ca.soft_exponential(z, 0.5)
    want = ca.complex_soft_exponential([X, X], 0.3 + 0.2j)
    np.testing.assert_array_equal(array(ca.complex_soft_exponential(z, 0.3 + 0.2j)), array(want))


@pytest.mark.skipif(BACKEND != "tensorflow", reason="ragged and sparse tensors are TensorFlow's")
def test_ragged_and_sparse_tensors_are_refused():
    import tensorflow as tf

    for x in (tf.ragged.constant([[1.0], [1.0, 2.0]]), tf.sparse.from_dense([[1.0, 0.0]])):
        with pytest.raises(TypeError, match="dense"):
            ca.soft_exponential(x, 0.5)


def test_integers_are_computed_in_floatx_and_16_bit_floats_stay():
    assert keras.backend.standardize_dtype(ca.soft_exponential([1, 2], 0.5).dtype) == "float32"
    assert keras.backend.standardize_dtype(ca.complex_soft_exponential([[1, 2, 3]], 0.5j).dtype) == "float32"
    for dtype in ("float16", "bfloat16"):
        x = ops.cast(X, dtype)
        for alpha in (0.5, -0.5, ops.convert_to_tensor(np.float32(0.5))):
            y = ca.soft_exponential(x, alpha)
            re, _ = ca.complex_soft_exponential(x, (alpha, 0.25), join="list")
            assert {keras.backend.standardize_dtype(t.dtype) for t in (y, re)} == {dtype}


def test_empty_tensors_and_numbers_pass():
    for alpha in (0.5, -0.5, np.array([0.1, -0.2, 0, 1]), ops.convert_to_tensor(np.float32(-0.3))):
        assert tuple(ca.soft_exponential(np.zeros((0, 4), "float32"), alpha).shape) == (0, 4)
        assert tuple(ca.complex_soft_exponential(np.zeros((0, 4), "float32"), alpha).shape) == (0, 4, 2)
    assert tuple(ca.soft_exponential(2.0, -0.5).shape) == ()


@pytest.mark.parametrize("join", ["stack", "concat", "list"])
@pytest.mark.parametrize("axis", [-2, -1, 0, 1])
def test_joined_shape_is_the_shape_of_the_joined_parts_and_split_undoes_it(join, axis):
    re, im = ops.convert_to_tensor(X), ops.convert_to_tensor(X + 5)
    y = ca.join_parts(re, im, join=join, axis=axis)
    shape = [tuple(part.shape) for part in y] if join == "list" else tuple(y.shape)
    assert joined_shape(X.shape, join=join, axis=axis) == shape
    for part, want in zip(ca.split_parts(y, join=join, axis=axis), (re, im), strict=True):
        np.testing.assert_array_equal(array(part), array(want))
    assert joined_shape((None, 4), join="concat", axis=0) == (None, 4)
    assert joined_shape((None, 4), join="stack", axis=0) == (2, None, 4)


def test_kinds_of_alpha_agree():
    # 30 spacings: fixed and traced formulas differ by at most their errors
    for alpha in (0.5, -0.3, 1.0):
        want = array(ca.soft_exponential(X + 2, alpha))
        for a in (np.float32(alpha), [alpha] * 4, keras.Variable(alpha), ops.convert_to_tensor(np.float32(alpha))):
            np.testing.assert_allclose(array(ca.soft_exponential(X + 2, a)), want, rtol=4e-6)
    want = array(ca.complex_soft_exponential(X, 0.5 - 0.25j))
    for a in (
        np.complex64(0.5 - 0.25j),
        np.full(4, 0.5 - 0.25j),
        (0.5, -0.25),
        [np.full(4, 0.5), -0.25],
        (keras.Variable(0.5), -0.25),
        (0.5, ops.convert_to_tensor(np.float32(-0.25))),
        ops.convert_to_tensor(np.full(4, 0.5 - 0.25j, "complex64")),
    ):
        np.testing.assert_allclose(array(ca.complex_soft_exponential(X, a)), want, rtol=4e-6, atol=1e-6)


def test_functional_model_with_alpha_as_input_has_unknown_dimensions_and_is_saved(tmp_path):
    x, a, b = keras.Input((4,)), keras.Input((1,)), keras.Input((1,))
    outputs = [
        ca.soft_exponential(x, a),
        ca.soft_exponential(x, np.array([0.1, -0.2, 0.0, 1.0]), domain="linear"),
        ca.complex_soft_exponential(x, [a, b], join="concat"),
        ca.complex_soft_exponential(x, 0.3 + 0.1j, axis=1),
        ca.interpolate_add_multiply(x, x, a, domain="linear"),
    ]
    assert [tuple(y.shape) for y in outputs] == [(None, 4), (None, 4), (None, 8), (None, 2, 4), (None, 4)]
    model = keras.Model([x, a, b], outputs)
    inputs = [X, np.full((3, 1), 0.4, "float32"), np.full((3, 1), -0.2, "float32")]
    want = [array(y) for y in model(inputs)]
    np.testing.assert_array_equal(want[0], array(ca.soft_exponential(X, ops.convert_to_tensor(inputs[1]))))
    model.save(tmp_path / "model.keras")
    for y, known in zip(keras.saving.load_model(tmp_path / "model.keras")(inputs), want, strict=True):
        np.testing.assert_array_equal(array(y), known)


def test_vectorized_map_over_alphas_equals_one_at_a_time():
    alphas = np.array([-1.2, -0.5, -1e-7, 0, 1e-7, 0.5, 1.2], "float32")
    x = ops.convert_to_tensor(X + 2)
    mapped = ops.vectorized_map(lambda a: ca.soft_exponential(x, a), ops.convert_to_tensor(alphas))
    parts = ops.vectorized_map(lambda a: ca.complex_soft_exponential(x, (a, 0.5 * a)), ops.convert_to_tensor(alphas))
    for k, alpha in enumerate(alphas.tolist()):
        a = ops.convert_to_tensor(np.float32(alpha))
        np.testing.assert_allclose(array(mapped)[k], array(ca.soft_exponential(x, a)), rtol=1e-6)
        want = array(ca.complex_soft_exponential(x, (a, 0.5 * a)))
        np.testing.assert_allclose(array(parts)[k], want, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_gradients_pass_through_16_bit_inputs(dtype):
    x, alpha = ops.cast(X[0], dtype), ops.cast(np.full(4, 0.5, "float32"), dtype)
    for got, want in zip(
        gradient(ca.soft_exponential)(x, alpha),
        gradient(ca.soft_exponential)(ops.cast(x, "float32"), ops.cast(alpha, "float32")),
        strict=True,
    ):
        assert keras.backend.standardize_dtype(got.dtype) == dtype
        np.testing.assert_allclose(array(got), array(want), rtol=2.0**-7)


@pytest.mark.skipif(BACKEND != "jax", reason="forward mode of jax")
def test_forward_mode_and_hessian_equal_reverse_mode():
    import jax

    x, alpha = jax.numpy.asarray(X[2]), jax.numpy.asarray(0.3)
    for sign in (1, -1):
        tangent = jax.jvp(lambda a: ca.soft_exponential(x, a), (sign * alpha,), (1.0,))[1]
        reverse = jax.vmap(lambda t, s=sign: jax.grad(ca.soft_exponential, 1)(t, s * alpha))(x)
        np.testing.assert_allclose(tangent, reverse, rtol=1e-5)
        hessian = jax.hessian(lambda p: ca.soft_exponential(p[0], p[1]))(jax.numpy.array([0.7, sign * 0.3]))
        nested = gradient(lambda *p: gradient(ca.soft_exponential)(*p)[0])(
            jax.numpy.array(0.7), jax.numpy.array(sign * 0.3)
        )
        np.testing.assert_allclose(hessian[0], np.array(nested), rtol=1e-5)


def test_compiled_function_equals_the_eager_one():
    for alpha in (0.5, -0.5, 1.5, -1.5):
        eager = array(ca.soft_exponential(ops.convert_to_tensor(X + 2.5), alpha))
        jitted = array(compiled(lambda t, a=alpha: ca.soft_exponential(t, a))(ops.convert_to_tensor(X + 2.5)))
        np.testing.assert_allclose(jitted, eager, rtol=2e-6)  # 16 spacings: XLA has its own exp and log


def test_a_masked_array_is_refused_and_one_without_masked_elements_is_an_array():
    masked = np.ma.array([0.1, 0.2, 0.3, 0.4], mask=[True, False, False, False])
    for call in (
        lambda: ca.soft_exponential(X, masked),
        lambda: ca.soft_exponential(masked, 0.3),
        lambda: ca.complex_soft_exponential(X, masked),
        lambda: ca.complex_soft_exponential([masked, masked], 0.3),
        lambda: ca.interpolate_add_multiply(masked, 1.0, 0.3),
    ):
        with pytest.raises(TypeError, match=r"filled\(value\)"):
            call()
    plain = np.ma.array([0.1, 0.2, 0.3, 0.4])
    np.testing.assert_array_equal(array(ca.soft_exponential(X, plain)), array(ca.soft_exponential(X, plain.data)))


def test_shapes_that_do_not_fit_are_value_errors_of_the_package():
    with pytest.raises(ValueError, match=r"q of shape \(4,\) does not broadcast against p"):
        ca.interpolate_add_multiply(np.ones(3), np.ones(4), 0.5)
    with pytest.raises(ValueError, match="im of shape"):
        ca.complex_soft_exponential([np.ones(3), np.ones(4)], 0.5)
    for join in ("stack", "concat", "list"):
        with pytest.raises(ValueError, match="equal shape"):
            ca.join_parts(np.ones(3), np.ones(4), join=join)


def test_interpolation_of_inputs_of_a_model_is_that_of_tensors():
    p, q = keras.Input((3,)), keras.Input((3,))
    model = keras.Model([p, q], ca.interpolate_add_multiply(p, q, 0.5))
    given = np.array([[1.0, 2.0, 3.0]], "float32"), np.array([[0.5, 4.0, 1.0]], "float32")
    want = array(ca.interpolate_add_multiply(*given, 0.5))
    np.testing.assert_allclose(model.predict(list(given), verbose=0), want, rtol=1e-6)


def test_integers_of_any_size_are_numbers():
    big = 10**30
    want = array(ca.soft_exponential(np.zeros(2, "float32"), 1e30))
    for alpha in (big, [big, big]):
        np.testing.assert_array_equal(array(ca.soft_exponential(np.zeros(2, "float32"), alpha)), want)
    assert array(ca.complex_soft_exponential(np.float32(0.0), big))[0] == np.float32(1e30)
    assert array(ca.soft_exponential(big, 0.0)) == np.float32(1e30)
    with pytest.raises(ValueError, match="finite"):
        ca.soft_exponential(0.0, 10**400)
    with pytest.raises(ValueError, match="above 1"):
        ca.soft_exponential(0.0, 0.5, domain="linear", max_slope=10**400)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_subnormal_complex_alphas_do_not_warn():
    for alpha in (1e-40j, -1e-40 + 1e-42j, np.array([1e-45j, 1j, 1e-40, -1e-40])):
        re, _ = ca.complex_soft_exponential(X, alpha, join="list")
        np.testing.assert_array_equal(array(re)[:, 0], X[:, 0])


def test_a_symbolic_call_raises_the_error_of_the_function():
    x = keras.Input((3,))
    for call, message in (
        (lambda: ca.soft_exponential(x, np.ones(4)), "^alpha of shape"),
        (lambda: ca.complex_soft_exponential(x, 0.1j, axis=7), "^axis=7 is out of range"),
        (lambda: ca.soft_exponential(x, 0.1, domain="lineal"), "^domain='lineal'"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.skipif(BACKEND != "tensorflow", reason="only TensorFlow has tensors of unknown rank")
def test_an_unknown_rank_is_computed_or_refused_by_name():
    import tensorflow as tf

    def of_unknown_rank(function):
        return tf.function(function, input_signature=[tf.TensorSpec(None)])(X)

    assert of_unknown_rank(lambda x: ca.soft_exponential(x, -0.3, domain="linear")).shape == X.shape
    assert len(of_unknown_rank(lambda x: ca.complex_soft_exponential(x, 0.1j, join="list"))) == 2
    for function in (
        lambda x: ca.complex_soft_exponential(x, 0.1j),
        lambda x: ca.complex_soft_exponential(x, 0.1j, join="concat"),
        lambda x: ca.split_parts(x, join="concat"),
    ):
        with pytest.raises(ValueError, match="needs the number of axes"):
            of_unknown_rank(function)


@pytest.mark.skipif(BACKEND != "torch", reason="torch.compile")
@pytest.mark.parametrize("dynamic", [False, True])
def test_compiler_of_pytorch_takes_the_function_whole(dynamic):
    import torch

    x, traced, alpha = torch.linspace(0.1, 1, 12), torch.tensor(-0.3), -0.4
    functions = [
        lambda t: ca.soft_exponential(t, -0.3, domain="linear"),
        lambda t: ca.soft_exponential(t, alpha, domain="linear"),
        lambda t: ca.soft_exponential(t, 1, domain="linear", max_slope=2),
        lambda t: ca.soft_exponential(t, 0.3),
        lambda t: ca.soft_exponential(t, traced),
        lambda t: ca.soft_exponential(t, traced, domain="linear"),
        lambda t: ca.interpolate_add_multiply(t, t, 0.5),
        lambda t: ca.complex_soft_exponential(t, 1j),
        lambda t: ca.complex_soft_exponential(t, -0.8),
        lambda t: ca.complex_soft_exponential([t, t], (-0.3, 0.5)),
        ca.soft_exponential_lambda(0.3),
        ca.complex_soft_exponential_lambda(-0.3 - 0.6j),
    ]
    for function in functions:
        torch._dynamo.reset()
        compiled = torch.compile(function, backend="eager", fullgraph=True, dynamic=dynamic)
        np.testing.assert_array_equal(array(compiled(x)), array(function(x)))


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "torch", reason="torch.compile")
def test_compiler_of_pytorch_leaves_a_traced_complex_alpha_to_run_as_it_is():
    """Whole, it took the code generator more than three minutes; the layers around it are compiled."""
    import torch

    torch._dynamo.reset()
    inputs = keras.Input((3,))
    hidden = ca.ComplexSoftExponential(keras.initializers.Constant([0.5, 2.0]))(keras.layers.Dense(4)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1)(hidden))
    x = torch.linspace(-1, 1, 12).reshape(4, 3)
    y = torch.compile(model)(x)
    np.testing.assert_allclose(array(y), array(model(x)), rtol=1e-5)
    y.sum().backward()
    assert all(weight.value.grad is not None for weight in model.trainable_weights)
