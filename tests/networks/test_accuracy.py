"""Each network against mpmath, over magnitudes from 1e-6 to 1e6, and where exponents leave the dtype."""

import keras
import numpy as np
import pytest

import continuum_act as ca
from tests.networks import exact


def call(model, *inputs, dtype="float32"):
    inputs = [np.asarray(part, dtype) for part in inputs]
    return keras.ops.convert_to_numpy(model(inputs if len(inputs) > 1 else inputs[0]))


@pytest.mark.parametrize("dtype", exact.DTYPES)
@pytest.mark.parametrize("name", exact.CASES)
def test_errors_are_those_that_rounding_explains(name, dtype):
    case = exact.CASES[name]
    model = case.build(dtype=dtype)
    for largest in (1e6, 10.0):  # Gaussians and softmax are mostly 0 or 1 at 1e6
        inputs = case._replace(largest=largest).inputs(500, dtype)
        y = call(model, *inputs, dtype=dtype)
        assert y.dtype == dtype
        spacings, over_bound = exact.errors(case, inputs, y)
        assert over_bound.max() <= 1
        assert spacings.max() > 0.01  # the check sees the errors


def test_the_check_sees_an_error_of_a_tenth_of_a_thousandth():
    case = exact.CASES["product"]
    inputs = case.inputs(20, "float32")
    _, over_bound = exact.errors(case, inputs, np.prod(inputs[0], axis=1, keepdims=True) * np.float32(1.0001))
    assert over_bound.min() > 1


@pytest.mark.parametrize("n", [1, 2, 3, 100])
def test_the_sign_of_a_product_counts_its_negative_factors(n):
    negative = np.arange(n + 1)
    x = np.where(np.arange(n) < negative[:, None], -1.0, 1.0)
    # n roundings of an angle k*pi < 2**9, half a spacing each: a cosine of 1 - angle**2/2
    tolerance = (n * 2.0**-16) ** 2 / 2 + 4 * 1.2e-7
    np.testing.assert_allclose(call(ca.product_network(n), x)[:, 0], (-1.0) ** negative, rtol=tolerance)


def test_a_zero_makes_the_product_zero():
    x = [[0.0, 5.0, 1e30], [-0.0, -5.0, 1.0], [0.0, 0.0, -1e-30], [1e-30, 1e30, 0.0]]
    np.testing.assert_array_equal(call(ca.product_network(3), x), np.zeros((4, 1)))


def test_a_product_beyond_the_dtype_is_infinite_or_zero():
    x = [[1e30, 1e30, 1e30], [-1e30, 1e30, 1e30], [1e-30, 1e-30, 1e-30], [-1e38, 1e38, -1e38]]
    y = call(ca.product_network(3), x)
    np.testing.assert_array_equal(y, [[np.inf], [-np.inf], [0.0], [np.inf]])


def test_what_overflows_on_the_way_does_not_hurt_a_product():
    y = call(ca.product_network(3), [[1e30, 1e30, -1e-30]])
    assert y[0, 0] == pytest.approx(-1e30, rel=1e-4)


def test_zeros_add_nothing_to_an_inner_product():
    y = call(ca.inner_product_network(3), [[0.0, -2.0, 0.0]], [[5.0, 3.0, 0.0]])
    np.testing.assert_allclose(y, [[-6.0]], rtol=1e-6)
    np.testing.assert_array_equal(call(ca.inner_product_network(2), [[0.0, 1.0]], [[7.0, 0.0]]), [[0.0]])


def test_the_distance_of_equal_vectors_is_zero():
    np.testing.assert_array_equal(call(ca.distance_network(2), [[3.0, -1e6]], [[3.0, -1e6]]), [[0.0]])


def test_a_polynomial_at_zero_is_its_constant():
    np.testing.assert_array_equal(call(ca.polynomial_network([1.5, 2.0, -1.0]), [[0.0], [-0.0]]), [[1.5], [1.5]])


@pytest.mark.parametrize("coefficients", [[2.5], [2.5, 0.0, 0.0]])
def test_a_constant_is_a_polynomial(coefficients):
    y = call(ca.polynomial_network(coefficients), [[-3.0], [0.0], [1e6]])
    np.testing.assert_array_equal(y, np.full((3, 1), 2.5))


def test_powers_without_a_coefficient_cannot_overflow():
    y = call(ca.polynomial_network([0.0, 1.0, *[0.0] * 9]), [[-1e6]])
    assert y[0, 0] == pytest.approx(-1e6, rel=1e-5)


def test_a_gaussian_is_one_at_the_origin_and_zero_far_away():
    y = call(ca.gaussian_network(2), [[0.0, 0.0], [1e6, -1e6], [1e30, 0.0]])
    np.testing.assert_array_equal(y, [[1.0], [0.0], [0.0]])


def test_logits_of_any_size_give_probabilities():
    x = [[1e6, -1e6, 1e6], [3e38, -3e38, 0.0], [0.0, 0.0, 0.0], [-100.0, -100.0, -300.0]]
    expected = [[0.5, 0.0, 0.5], [1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0.0]]
    np.testing.assert_allclose(call(ca.softmax_network(3), x), expected, rtol=1e-6)


@pytest.mark.skipif("float64" not in exact.DTYPES, reason="multiplies matrices in float32")
def test_weights_are_rounded_once_to_the_dtype_of_the_network():
    one = [[1.0]]
    y = call(ca.polynomial_network([0.1, 0.2], dtype="float64"), one, dtype="float64")
    assert y[0, 0] == pytest.approx(0.3, rel=1e-15)
    y = call(ca.sinusoid_network([0.1], [0.1], [0.2], dtype="float64"), one, dtype="float64")
    assert y[0, 0] == pytest.approx(0.1 * np.sin(0.3), rel=1e-15)


def test_one_number_is_enough():
    np.testing.assert_allclose(call(ca.inner_product_network(1), [[-2.0]], [[3.0]]), [[-6.0]], rtol=1e-6)
    np.testing.assert_allclose(call(ca.distance_network(1), [[-2.0]], [[3.0]]), [[5.0]], rtol=1e-6)
    np.testing.assert_allclose(call(ca.gaussian_network(1), [[-2.0]]), [[np.exp(-2.0)]], rtol=1e-6)
    np.testing.assert_array_equal(call(ca.softmax_network(1), [[-2.0]]), [[1.0]])
