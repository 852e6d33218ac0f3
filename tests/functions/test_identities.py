"""What must hold between values of the functions, whatever the formulas inside."""

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from keras import ops

import continuum_act as ca
from tests import strategies
from tests.functions.derivatives import BACKEND, array, compiled, gradient


def values(x, alpha, **options):
    return array(ca.soft_exponential(np.asarray(x, "float32"), alpha, **options)).astype("float64")


@given(strategies.inputs(4.0), strategies.alphas(1.5))
def test_negated_alpha_inverts(x, alpha):
    x = np.array(x, "float32").astype("float64")
    if alpha < 0:
        x = x[1 - alpha * (x + alpha) > 0.1]
    if len(x) == 0:
        return
    x = np.resize(x, 8)  # one size, so that JAX compiles each operation once
    alpha = float(np.float32(alpha))
    y = values(x, alpha)
    back = values(y, -alpha)
    # each way within 6 spacings; those of y are carried back by the slope of the inverse
    slope = np.exp(alpha * x) if alpha >= 0 else 1 / (1 - alpha * (x + alpha))
    spacing = np.spacing(np.abs(y).astype("float32")) / slope + np.spacing(np.abs(x).astype("float32"))
    kept = np.isfinite(y) & (slope > 1e-3)
    assert (np.abs(back - x)[kept] <= 13 * spacing[kept] + 13 * np.spacing(np.float32(abs(alpha)))).all()


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("traced", [False, True])
def test_alpha_one_and_minus_one_are_exp_and_log_to_the_last_bit(jit, traced):
    x = ops.convert_to_tensor(np.random.default_rng(0).uniform(0.01, 20, 1000).astype("float32"))
    wrap = compiled if jit else lambda f: f
    for alpha, known in ((1.0, ops.exp), (-1.0, ops.log)):
        tensor = ops.convert_to_tensor(np.float32(alpha)) if traced else alpha
        y = wrap(lambda t, a=tensor: ca.soft_exponential(t, a))(x)
        np.testing.assert_array_equal(array(y), array(wrap(known)(x)))


@given(strategies.alphas())
def test_function_increases_with_x(alpha):
    x = np.linspace(-8, 8, 257).astype("float32")
    y = values(x, alpha, domain="linear")
    # steps of 1/16, against an error of 6 spacings
    assert (np.diff(y)[np.isfinite(y[1:])] >= -12 * np.spacing(np.float32(np.abs(y).min() + abs(alpha)))).all()


@pytest.mark.parametrize("switch", [0.0, 0.6, 0.5**0.5, 0.9, 1.0])
@pytest.mark.parametrize("traced", [False, True])
def test_function_is_continuous_in_alpha_across_every_switch(switch, traced):
    x = np.linspace(0.5, 3, 11).astype("float32")
    for sign in (1, -1):
        at = np.float32(sign * switch)
        near = [float(np.nextafter(at, np.float32(d))) for d in (-9, 9)] + [float(at)]
        near = [a if abs(a) > 1e-37 else sign * 1e-30 * (a != 0) for a in near]
        y = [values(x, ops.convert_to_tensor(np.float32(a)) if traced else a) for a in near]
        for other in y[1:]:  # two spacings of alpha at a slope below 20, and six of the value on each side
            np.testing.assert_allclose(other, y[0], rtol=5e-6, atol=5e-6)


def test_box_cox_pair_of_scipy_agrees():
    x = np.linspace(-2, 4, 101)
    for alpha in (0.05, 0.4, 0.8, 1.7):
        y = array(ca.soft_exponential(x, alpha))
        np.testing.assert_allclose(y, scipy.special.boxcox(np.exp(x), alpha) + alpha, rtol=1e-13, atol=1e-14)
        inside = x > -1 / alpha + alpha + 0.05
        y = array(ca.soft_exponential(x[inside], -alpha))
        want = np.log(scipy.special.inv_boxcox(x[inside] - alpha, alpha))
        np.testing.assert_allclose(y, want, rtol=1e-13, atol=1e-14)


def test_outside_the_strict_domain_is_nan_and_the_border_minus_infinity():
    for alpha in (-1.0, ops.convert_to_tensor(np.float32(-1.0))):
        y = values([-1.0, 0.0, 1.0], alpha)
        assert np.isnan(y[0])
        assert y[1] == -np.inf
        assert y[2] == 0


@pytest.mark.parametrize("domain", ["strict", "linear"])
@pytest.mark.parametrize("jit", [False, True])
# 64 and 200 rows: TensorFlow computes what is left of a packet of 16 by other, scalar functions.
def test_array_of_alphas_gives_each_channel_what_its_scalar_gives_bit_for_bit(domain, jit):
    alphas = np.array([0, 1e-30, -1e-30, 1e-3, -1e-3, 0.3, -0.3, 0.8, -0.8, 1, -1, 2.5, -2.5], "float32")
    x = np.random.default_rng(1).normal(size=(200, len(alphas))).astype("float32") * 2
    wrap = compiled if jit else lambda f: f
    y = array(wrap(lambda t: ca.soft_exponential(t, alphas, domain=domain))(ops.convert_to_tensor(x)))
    for k, alpha in enumerate(alphas.tolist()):
        alone = wrap(lambda t, a=alpha: ca.soft_exponential(t, a, domain=domain))(ops.convert_to_tensor(x[:, k]))
        if jit and BACKEND != "torch" and -1 < alpha < -0.1:
            # XLA rounds b*x + c once for the one and twice for the other: measured 11 spacings next to the zero of f
            np.testing.assert_array_max_ulp(y[:, k][~np.isnan(y[:, k])], array(alone)[~np.isnan(y[:, k])], 11)
        elif jit and BACKEND != "torch" and domain == "linear":
            np.testing.assert_array_max_ulp(y[:, k], array(alone), 2)  # it rounds f + m*(x - knee) once or twice
        else:
            np.testing.assert_array_equal(y[:, k], array(alone))


def test_formula_of_one_channel_does_not_touch_the_gradient_of_another():
    alphas = np.array([1, -1, 0.3, -0.3, 2, -2, 0, 0.8, -0.8], "float32")
    x = np.where(alphas > 0, -300, 300).astype("float32")  # exp(300) overflows, log(-300) is NaN
    for domain in ("strict", "linear"):
        slope = gradient(lambda t, d=domain: ca.soft_exponential(t, alphas, domain=d))(ops.convert_to_tensor(x))[0]
        assert np.isfinite(array(slope)).all()


def test_no_branch_that_is_not_used_makes_a_gradient_nan():
    alpha, x = np.meshgrid(np.linspace(-4, 4, 81), [-200.0, -100, -9, -1, -1e-30, 0, 1e-30, 1, 9, 100, 200])
    alpha, x = alpha.ravel().astype("float32"), x.ravel().astype("float32")
    tensors = ops.convert_to_tensor(x), ops.convert_to_tensor(alpha)
    inside = np.abs(alpha * x) < 80
    for domain in ("strict", "linear"):
        good = inside & ((domain == "linear") | (alpha >= 0) | (1 - alpha * (x + alpha) > 1e-3))
        for slope in gradient(lambda t, a, d=domain: ca.soft_exponential(t, a, domain=d))(*tensors):
            assert np.isfinite(array(slope)[good]).all()


def test_infinite_x_has_the_slope_of_its_own_branch():
    alpha, x = np.array([-0.5, -2, 0.5], "float32"), np.array([np.inf, np.inf, -np.inf], "float32")
    tensors = ops.convert_to_tensor(x), ops.convert_to_tensor(alpha)
    np.testing.assert_array_equal(array(ca.soft_exponential(*tensors)), [np.inf, np.inf, -1.5])
    np.testing.assert_array_equal(array(gradient(ca.soft_exponential)(*tensors)[0]), 0)


def test_nan_in_alpha_or_x_stays_in_its_element():
    alpha = np.array([0.5, np.nan, -0.5, -0.5], "float32")
    x = np.array([1, 1, np.nan, 1], "float32")
    tensors = ops.convert_to_tensor(x), ops.convert_to_tensor(alpha)
    for result in (ca.soft_exponential(*tensors), *gradient(ca.soft_exponential)(*tensors)):
        assert np.isfinite(array(result)[[0, 3]]).all()
    assert np.isnan(array(ca.soft_exponential(*tensors))[[1, 2]]).all()


def test_interpolation_adds_at_zero_and_multiplies_at_one():
    p, q = np.array([0.5, 2, 3], "float32"), np.array([4, 0.25, 7], "float32")
    for kind in (float, lambda a: ops.convert_to_tensor(np.float32(a))):
        np.testing.assert_allclose(array(ca.interpolate_add_multiply(p, q, kind(0.0))), p + q, rtol=2e-7)
        # exp(log p + log q): the sum of logarithms, below 4, is off by 3 spacings
        np.testing.assert_allclose(array(ca.interpolate_add_multiply(p, q, kind(1.0))), p * q, rtol=2e-6)


@pytest.mark.parametrize("alpha", [0.0, 0.4, 1.0, 2.0, -0.4, -1.0, -2.0])
@pytest.mark.parametrize("join", ["stack", "concat", "list"])
def test_complex_function_agrees_with_the_real_one_where_that_is_defined(alpha, join):
    x = np.linspace(2.2, 5, 12).astype("float32").reshape(3, 4)
    for a in (alpha, complex(alpha), (alpha, 0.0), (ops.convert_to_tensor(np.float32(alpha)), 0.0)):
        re, im = ca.split_parts(ca.complex_soft_exponential(x, a, join=join), join=join)
        np.testing.assert_allclose(array(re), values(x, alpha), rtol=1e-6)
        np.testing.assert_array_equal(array(im), 0)


@pytest.mark.parametrize("w", [0.3, -1.0, 2.5])
def test_imaginary_alpha_gives_the_sinusoid(w):
    x = np.linspace(-7, 7, 29)
    re, im = ca.complex_soft_exponential(x.astype("float32"), 1j * w, join="list")
    w = float(np.float32(w))
    x = x.astype("float32").astype("float64")
    # two spacings of (1 + w*x) over w
    np.testing.assert_allclose(array(re), np.sin(w * x) / w, atol=3e-6)
    np.testing.assert_allclose(array(im), (1 - np.cos(w * x)) / w + w, atol=3e-6)


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_negative_real_argument_has_argument_plus_pi_whatever_its_signed_zero(zero):
    x, y = np.array([-3.0, -2.5], "float32"), np.array([zero, zero], "float32")
    for alpha in (-0.5, (-0.5, -0.0), -1.0, -3.0, tuple(ops.convert_to_tensor(np.float32(v)) for v in (-1.0, -0.0))):
        re, im = ca.complex_soft_exponential([x, y], alpha, join="list")
        a = alpha if isinstance(alpha, float) else -float(np.abs(array(ops.convert_to_tensor(alpha[0]))))
        np.testing.assert_allclose(array(im), np.pi / abs(a), rtol=1e-6)
        np.testing.assert_allclose(array(re), np.log(np.abs(1 - a * (x + a))) / abs(a), rtol=1e-5, atol=1e-6)


def test_real_alpha_and_real_x_outside_the_real_domain_give_the_logarithm_of_a_negative_number():
    x = np.array([-9.0, -5.0, -4.0], "float32")
    for alpha in (-0.5, -1.0, -3.0, np.array([-0.5, -1.0, -3.0]), ops.convert_to_tensor(np.float32(-0.7))):
        a = array(ops.convert_to_tensor(alpha)).astype("float64")
        re, im = ca.complex_soft_exponential(x, alpha, join="list")
        np.testing.assert_allclose(array(im), np.broadcast_to(np.pi / -a, 3), rtol=1e-6)
        np.testing.assert_allclose(array(re), np.log(a * (x + a) - 1) / -a, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("traced", [False, True])
def test_complex_function_keeps_its_digits_where_numbers_are_tiny_or_huge(traced):
    def value(z, alpha):
        parts = (alpha.real, alpha.imag)
        if traced:
            parts = tuple(ops.convert_to_tensor(np.float32(part)) for part in parts)
        re, im = ca.complex_soft_exponential([np.float32(z.real), np.float32(z.imag)], parts, join="list")
        return complex(array(re), array(im))

    # rtol: a few spacings (1e-7), times 20 for the exponent
    np.testing.assert_allclose(value(-20 + 1j, 1 + 0j), np.exp(-20 + 1j), rtol=5e-6)
    np.testing.assert_allclose(value(1e-30 + 1e-30j, -1 + 0j), np.log(1e-30 + 1e-30j), rtol=1e-6)
    np.testing.assert_allclose(value(3e38 - 1e38j, -4 + 0j), np.log(1.2e39 - 4e38j) / 4, rtol=1e-6)
    np.testing.assert_allclose(value(1e-30 + 2e-30j, 1e-30 - 1e-30j), 2e-30 + 1e-30j, rtol=1e-6)
