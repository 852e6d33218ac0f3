"""`domain="linear"`, against mpmath: the curve up to where its slope is max_slope, and its tangent beyond."""

import numpy as np
import pytest
from keras import ops

import continuum_act as ca
from tests import accuracy, oracle
from tests.functions.derivatives import array, compiled, gradient

SIZES = (1e-30, 1e-7, 1e-3, 0.1, 0.3, 0.5, 0.56, 0.8, 0.95, 1.0, 1.1, 2.0, 4.0)
ALPHAS = [sign * size for size in SIZES for sign in (1, -1)]


def junction(alpha, max_slope):
    return np.log(max_slope) / alpha if alpha > 0 else (1 - 1 / max_slope) / alpha - alpha


def about(alpha, max_slope, dtype, rng):
    """Return 60 points on both sides of the junction, from next to it to far beyond."""
    at = junction(alpha, max_slope)
    steps = [rng.normal(size=20), 1e-3 * rng.normal(size=20), 1e-6 * rng.normal(size=10)]
    steps.append(np.sign(alpha) * np.exp(rng.uniform(-3, 20, 10)))
    return np.clip(at + np.concatenate(steps) * max(abs(at), 1 / abs(alpha)), -1e37, 1e37).astype(dtype)


def linear(max_slope):
    return lambda x, alpha: ca.soft_exponential(x, alpha, domain="linear", max_slope=max_slope)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("max_slope", [1.5, 3.0, 10.0])
@pytest.mark.parametrize("way", [lambda f: f, compiled], ids=["eager", "compiled"])
def test_bar_holds_on_both_sides_of_the_junction(max_slope, dtype, way):
    rng, function = np.random.default_rng(0), linear(max_slope)
    alphas = [accuracy.rounded_alpha(a, dtype) for a in ALPHAS]
    x = [about(a, max_slope, dtype, rng) for a in alphas]
    tensors = [ops.convert_to_tensor(v) for v in (np.concatenate(x), np.repeat(np.array(alphas, dtype), 60))]
    traced = [array(v).reshape(-1, 60) for v in (way(function)(*tensors), *way(gradient(function))(*tensors))]
    columns, row = ops.convert_to_tensor(np.stack(x, axis=1)), np.array(alphas)
    fixed = [
        array(v).T
        for v in (way(lambda t: function(t, row))(columns), *way(gradient(lambda t: function(t, row)))(columns))
    ]
    for i, alpha in enumerate(alphas):
        for j, at in enumerate(x[i].tolist()):
            e = oracle.real(at, alpha, max_slope)
            inputs = [
                [(e.x, at), (e.alpha, alpha)],
                [(e.xx, at), (e.x_alpha, alpha)],
                [(e.x_alpha, at), (e.alpha_alpha, alpha)],
            ]
            for got, exact, known, bar in zip(traced, e[:3], inputs, (3, 4, 4), strict=True):
                assert oracle.error(float(got[i, j]), exact, dtype, *known, flush=True) <= bar, (alpha, at)
            for got, exact, known, bar in zip(fixed, e[:2], inputs[:2], (3, 5), strict=True):
                assert oracle.error(float(got[i, j]), exact, dtype, known[0], flush=True) <= bar, (alpha, at)


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("alpha", [-2.0, -1.0, -0.3, -1e-3, 1e-3, 0.3, 1.0, 2.0])
def test_up_to_the_junction_it_is_the_strict_function_to_the_last_bit(alpha, traced):
    alpha = float(np.float32(alpha))
    x = junction(alpha, 3.0) - np.sign(alpha) * np.array([0.01, 0.1, 1, 10]) / abs(alpha)
    given = ops.convert_to_tensor(np.float32(alpha)) if traced else alpha
    x = ops.convert_to_tensor(x.astype("float32"))
    np.testing.assert_array_equal(array(linear(3.0)(x, given)), array(ca.soft_exponential(x, given)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_subnormal_alphas_among_others_are_the_identity(dtype):
    x = np.array([[-3.0], [0.0], [2.0]], dtype)
    tiny = float(np.finfo(dtype).tiny) / 8
    alphas = np.array([tiny, -tiny, 0.0, 0.5], dtype)
    got = array(linear(3.0)(x, alphas))
    np.testing.assert_array_equal(got[:, :3], np.broadcast_to(x, (3, 3)))
    np.testing.assert_allclose(ca.gain(-1e-310), [0, 1], atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_second_derivatives_are_right_beyond_the_junction(dtype):
    rng = np.random.default_rng(1)
    alpha = np.array([s * size for s in (1, -1) for size in (1e-9, 1e-3, 0.1, 0.6, 1.0, 1.2, 4.0)], dtype)
    x = np.array([junction(float(a), 3.0) for a in alpha])
    x = (x + np.sign(alpha) * rng.uniform(0.1, 2, alpha.size) * np.maximum(1, 1 / abs(alpha))).astype(dtype)
    tensors = ops.convert_to_tensor(x), ops.convert_to_tensor(alpha)
    found = [gradient(lambda *t, i=i: gradient(linear(3.0))(*t)[i])(*tensors) for i in (0, 1)]
    exact = [oracle.real(float(at), float(a), 3.0) for at, a in zip(x, alpha, strict=True)]
    for got, want in zip((*found[0], *found[1]), ("xx", "x_alpha", "x_alpha", "alpha_alpha"), strict=True):
        # a quotient by alpha**3: some six roundings
        want = np.array([float(getattr(e, want)) for e in exact])
        np.testing.assert_allclose(array(got), want, rtol=6 * np.finfo(dtype).eps)


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("alpha", [2e-38, 1e-30, 1e-19, 1e-3, 0.3, 1.0, 4.0, 100.0, 0.0])
def test_it_is_finite_and_increases_by_at_most_max_slope_wherever_max_slope_times_x_is_finite(alpha, traced):
    x = np.array([0, 1e-30, 1, 80, 1e3, 1e10, 1e19, 1e30, 1.1e38], "float32")
    x = np.concatenate([-x[:0:-1], x])
    for a in (alpha, -alpha):
        # traced: one alpha for all x, whose derivative is the sum over x
        given = ops.convert_to_tensor(np.float32(a)) if traced else a
        y = array(linear(3.0)(ops.convert_to_tensor(x), given)).astype("float64")
        slope = array(gradient(lambda t, b=given: linear(3.0)(t, b))(ops.convert_to_tensor(x))[0])
        assert np.isfinite(y).all()
        assert (np.diff(y) >= 0).all()
        assert ((slope >= 0) & (slope <= 3 * (1 + 2e-7))).all()


def test_gradient_in_alpha_of_points_inside_is_finite_for_every_alpha_in_float32():
    alpha = np.array([0.0, 1e-45, 1.2e-38, 1e-30, 1e-19, 1e19, 1e20, 1e30], "float32")
    alpha = np.concatenate([alpha, -alpha])
    tensors = ops.convert_to_tensor(np.zeros_like(alpha)), ops.convert_to_tensor(alpha)
    _, by_alpha = gradient(linear(3.0))(*tensors)
    # f(0) = alpha up to where the tangent begins, below 0 for alpha < -0.8; then 3*alpha + ...
    np.testing.assert_array_equal(array(by_alpha), np.where(alpha < -1, 3.0, 1.0))


@pytest.mark.parametrize("max_slope", [1.0001, 3.0, 1e5, 1e300])
def test_any_max_slope_above_one_will_do(max_slope):
    x = np.linspace(-9, 9, 36, dtype="float32")
    for a in (0.5, -0.5, 1.0, -1.0):
        for given in (a, ops.convert_to_tensor(np.float32(a))):
            slope = array(gradient(lambda t, b=given: linear(max_slope)(t, b))(ops.convert_to_tensor(x))[0])
            exact = [oracle.real(float(at), a, max_slope) for at in x]
            np.testing.assert_allclose(slope, [min(float(e.x), 2.0**128 - 2.0**104) for e in exact], rtol=5e-6)
            y = array(linear(max_slope)(x, given))
            finite = np.array([abs(e.f) < 3e37 for e in exact])
            want = np.array([float(e.f) for e in exact])
            np.testing.assert_allclose(y[finite], want[finite], rtol=5e-6, atol=1e-6)


def test_it_is_continuous_in_alpha_across_zero():
    x = np.linspace(-50, 50, 101).astype("float32")
    for size in (1e-38, 1e-30, 1e-9):
        for a in (size, -size):
            for given in (a, ops.convert_to_tensor(np.float32(a))):
                np.testing.assert_allclose(array(linear(3.0)(x, given)), x, rtol=1e-6, atol=2e-9)


def test_an_array_of_alphas_on_both_sides_of_the_junction_gives_each_channel_what_its_scalar_gives():
    alphas = np.array([0, 1e-30, -1e-30, 0.3, -0.3, 1, -1, 2.5, -2.5], "float32")
    x = np.random.default_rng(1).normal(size=(64, len(alphas))).astype("float32") * 9
    y = array(linear(3.0)(x, alphas))
    for k, alpha in enumerate(alphas.tolist()):
        np.testing.assert_array_equal(y[:, k], array(linear(3.0)(x[:, k], alpha)))


@pytest.mark.parametrize("alpha", [1e20, 1e30, 3e38])
def test_huge_traced_alphas_give_what_fixed_ones_give(alpha):
    x = np.array([0.0, -1.0, 2e38], "float32")
    for a, domain in ((alpha, "strict"), (alpha, "linear"), (-alpha / 4, "strict")):
        inside = x <= 0 if domain == "strict" and a > 0 else x >= (0 if a > 0 else 1e38)
        want = array(ca.soft_exponential(x, a, domain=domain))[inside]
        got = array(ca.soft_exponential(x, ops.convert_to_tensor(np.float32(a)), domain=domain))[inside]
        np.testing.assert_allclose(got, want, rtol=1e-6)
