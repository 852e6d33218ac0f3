"""The complex function, norm-wise, in spacings beyond what the conditioning excuses: see `BARS`."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from keras import ops

import continuum_act as ca
from benchmarks import dense_complex
from continuum_act.functions import complex_fixed, complex_traced
from continuum_act.functions.complex_arithmetic import reciprocal
from tests import oracle
from tests.functions.derivatives import array, gradient

BARS = {
    "fixed": {"value": 4, "d/dz": 5},
    "real": {"value": 4, "d/dz": 5},
    "traced": {"value": 4, "d/dz": 6, "d/dalpha": 32},
}
ALPHAS = [0, 1e-30, 1e-7j, -1e-7, 0.1, -0.1, 0.3j, -0.3j, 0.5 + 0.5j, -0.5 + 0.5j, -0.5 - 0.5j, 0.99 + 0.02j]
ALPHAS += [-0.99 - 0.02j, 1, -1, 1j, -1j, 1e-6 + 1j, -1e-6 + 1j, 2 - 3j, -2 + 3j, 4, -4, 4j, -4j]
# where a search found the largest errors of earlier formulas
ALPHAS += [
    0.716 + 0.14j,
    -0.727 + 0.521j,
    0.88 - 0.261j,
    -0.0129 - 1.0398j,
    -0.41 + 0.23j,
    0.0115 - 1.256j,
]
# where the two terms of d/dalpha cancel
ALPHAS += [-0.11 - 1.15j, -0.001 - 3.6j, -1e-5 + 0.66j]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["fixed", "traced"])
def test_value_and_both_derivatives_are_within_the_bar(dtype, kind):
    bars = BARS[kind]
    rng = np.random.default_rng(5)
    for q in ALPHAS:
        alpha = complex(np.complex64(q) if dtype == "float32" else q)
        z = np.concatenate(
            [
                rng.normal(size=10) + 0j,
                2 * (rng.normal(size=20) + 1j * rng.normal(size=20)),
                (rng.uniform(-2, 2, 10) + 1j * rng.uniform(-2, 2, 10)) / max(abs(alpha), 1e-3),
                -alpha + abs(alpha) * 0.3 * (rng.normal(size=8) + 1j * rng.normal(size=8)),
            ]
        )
        x, y = z.real.astype(dtype), z.imag.astype(dtype)
        tensors = ops.convert_to_tensor(x), ops.convert_to_tensor(y)
        if kind == "traced":
            tensors += tuple(ops.convert_to_tensor(np.full_like(x, part)) for part in (alpha.real, alpha.imag))

        def function(re, im, *parts, alpha=alpha):
            return ca.complex_soft_exponential([re, im], parts or alpha, join="list")

        re, im = (array(part) for part in function(*tensors))
        slopes = [array(g) for g in gradient(lambda *t, f=function: f(*t)[0])(*tensors)]
        for i, at in enumerate(x + 1j * y.astype("float64")):
            e = oracle.complex_(complex(x[i], y[i]), alpha)
            t = 1 - alpha * (at + alpha)
            if alpha.real < 0 and (abs(t) < 1e-3 or (t.real < 0 and 0 < abs(t.imag) < 1e-5)):
                continue  # at the singularity, and where rounding may cross the branch cut
            known = [(e.x, abs(at))], [(e.xx, abs(at))], [(e.x_alpha, abs(at))]
            if kind == "traced":
                for more, d in zip(known, (e.alpha, e.x_alpha, e.alpha_alpha), strict=True):
                    more.append((d, abs(alpha)))
            assert oracle.error(complex(re[i], im[i]), e.f, dtype, *known[0]) <= bars["value"], (alpha, at)
            # the real part u has u_x - i u_y = f'
            assert (
                oracle.error(complex(slopes[0][i], -slopes[1][i]), e.x, dtype, *known[1], flush=True) <= bars["d/dz"]
            ), (
                alpha,
                at,
            )
            if kind == "traced":
                got = complex(slopes[2][i], -slopes[3][i])
                assert oracle.error(got, e.alpha, dtype, *known[2], flush=True) <= bars["d/dalpha"], (
                    alpha,
                    at,
                )


def test_real_alpha_next_to_minus_one_keeps_its_digits_beyond_the_border_in_float64():
    for alpha in (-1.001, -0.999, -1 + 1e-9):
        border = float(1 / Fraction(alpha) - Fraction(alpha))
        x = border - np.array([1e-4, 1e-3, 0.1, 2.0])
        re, im = (array(part) for part in ca.complex_soft_exponential(x, alpha, join="list"))
        for at, got in zip(x.tolist(), (re + 1j * im).tolist(), strict=True):
            e = oracle.complex_(at, alpha)
            assert oracle.error(got, e.f, "float64", (e.x, at)) <= 3, (alpha, at)


def samples(seed, alphas, count):
    rng = np.random.default_rng(seed)
    for name, found in dense_complex.regions(rng):
        found = np.where(abs(found) > 4, found / 2, found)[:alphas].astype("complex64")
        z = np.stack([dense_complex.points(complex(a), rng, count, "float32") for a in found], axis=1)
        yield name, found, z.astype("complex64")


@pytest.mark.parametrize("kind", ["real", "fixed", "traced"])
def test_search_over_the_plane_of_alpha_finds_no_error_beyond_the_bar(kind):
    for name, alphas, z in samples(3, 24, 480):
        for of, found in dense_complex.measured(kind, alphas, z, "float32").items():
            assert (found <= BARS[kind][of]).all(), (name, of, found.max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("sizes", "reach"), [((0.25, 1.2), 3), ((1.2, 4.0), 16)])
def test_search_where_the_terms_of_the_derivative_in_alpha_cancel(sizes, reach, dtype):
    """Next to the imaginary axis, for v = alpha*(z + alpha) < 0, where f' in alpha has its zeros."""
    rng = np.random.default_rng(12)
    alphas = -1e-5 + 1j * rng.uniform(*sizes, 30) * rng.choice([-1, 1], 30)
    v = -rng.uniform(0, reach, (4000, 30)) * np.exp(0.3j * rng.normal(size=(4000, 30)))
    z = np.concatenate([v / alphas - alphas, 0.1 * (rng.normal(size=(1000, 30)) + 1j * rng.normal(size=(1000, 30)))])
    found = dense_complex.measured("traced", alphas, z, dtype)
    assert all(e.max() <= BARS["traced"][of] for of, e in found.items()), {of: e.max() for of, e in found.items()}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sign", [1, -1])
def test_search_where_the_series_and_the_formula_meet(sign, dtype):
    """|u| next to NEAR_EXP for u = alpha*z, or to NEAR_LOG for u = alpha*(z + alpha)."""
    rng = np.random.default_rng(13)
    angles = rng.uniform(-1.57, 1.57, 60)
    alphas = sign * np.exp(rng.uniform(np.log(1e-6), np.log(4), 60) + 1j * angles)
    radius = (complex_traced.NEAR_EXP if sign > 0 else complex_traced.NEAR_LOG) * (
        1 + 0.02 * rng.normal(size=(3000, 60))
    )
    u = radius * np.exp(1j * rng.uniform(-np.pi, np.pi, (3000, 60)))
    z = u / alphas - (alphas if sign < 0 else 0)
    found = dense_complex.measured("traced", alphas, z, dtype)
    assert all(e.max() <= BARS["traced"][of] for of, e in found.items()), {of: e.max() for of, e in found.items()}


CANCELLING = {  # sizes of alpha next to the imaginary axis; v as a function of alpha and of random numbers in (0, 1)
    "beyond the series": (0.4, 1.0, lambda alphas, u: -1.2 - 0.5 * u),
    "next to v = -1.8": (0.8, 1.3, lambda alphas, u: -1.3 - u),
    "next to z = 0": (2.2, 4.0, lambda alphas, u: alphas**2 * (0.3 + 1.7 * u)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("where", CANCELLING)
def test_search_where_the_terms_of_the_derivative_cancel_far_from_zero(where, dtype):
    rng = np.random.default_rng(15)
    low, high, v = CANCELLING[where]
    alphas = -1e-5 + 1j * rng.uniform(low, high, 30) * rng.choice([-1, 1], 30)
    v = v(alphas, rng.random((6000, 30))) * np.exp(0.05j * rng.normal(size=(6000, 30)))
    found = dense_complex.measured("traced", alphas, v / alphas - alphas, dtype)
    assert all(e.max() <= BARS["traced"][of] for of, e in found.items()), {of: e.max() for of, e in found.items()}


@pytest.mark.parametrize("kind", ["fixed", "traced"])
def test_bar_holds_for_an_alpha_whose_square_underflows(kind):
    rng = np.random.default_rng(16)
    # neither part is subnormal, which hardware may take for zero
    alphas = np.exp(rng.uniform(np.log(5e-38), np.log(2e-37), 30) + 1j * rng.uniform(1.85, 2.85, 30))
    v = 3 * (rng.normal(size=(300, 30)) + 1j * rng.normal(size=(300, 30)))
    found = dense_complex.measured(kind, alphas, v / alphas, "float32")
    assert all(e.max() <= BARS[kind][of] for of, e in found.items()), {of: e.max() for of, e in found.items()}


def test_derivative_of_a_fixed_alpha_errs_little_more_than_that_of_log_alone():
    """TensorFlow's own, without XLA, of log|t| errs by 4.3 spacings: t = 1 - alpha*(x + alpha) is rounded once here."""
    rng = np.random.default_rng(14)
    alphas = (-np.exp(rng.uniform(-12, -4, 60)) + 1j * rng.uniform(0.98, 1.02, 60)).astype("complex64")
    x = rng.uniform(-0.3, 0.3, (4000, 60)).astype("complex64")
    known = dense_complex.exact(x.astype("complex128"), alphas.astype("complex128") + 0 * x)
    t = (1 / known.z).astype("complex64")
    parts = [ops.convert_to_tensor(part.copy()) for part in (t.real, t.imag)]
    p, q = gradient(lambda p, q: 0.5 * ops.log(p * p + q * q))(*parts)
    slope = array(p).astype("float64") - 1j * array(q).astype("float64")
    alone = dense_complex.errors(slope, known.z, known.counts, "float32", (known.zz, x)).max()
    assert dense_complex.measured("real", alphas, x, "float32")["d/dz"].max() <= max(4, alone + 0.5)


def test_value_of_a_fixed_alpha_errs_as_much_as_its_steps_rounded_once():
    """-(Log(x - (1/alpha - alpha)) + Log(-alpha))/alpha, with one logarithm and one argument."""
    alpha, x = -0.991877555847168 - 0.8809365630149841j, 0.042830102145671844

    def once(exact):
        return mpmath.mpf(float(np.float32(float(exact))))

    constants = complex_fixed._shifted_constants(Fraction(alpha.real), Fraction(alpha.imag), "float32")
    with mpmath.workdps(40):
        p, p_rest, q, q_rest, size, phase, re, im = (once(constant) for constant in constants)
        u = mpmath.mpc(once(once(x - p_rest) - p), once(once(-q_rest) - q))
        log, arg = once(once(mpmath.log(abs(u))) + size), once(once(mpmath.arg(u)) + phase)
        value = complex(once(once(log * re) - once(arg * im)), once(once(log * im) + once(arg * re)))
    e = oracle.complex_(x, alpha)
    assert oracle.error(value, e.f, "float32", (e.x, abs(x))) > 3
    assert dense_complex.measured("real", np.array([alpha]), np.array([[x + 0j]]), "float32")["value"].max() <= 3.9


def test_reciprocal_is_within_four_spacings_and_its_derivative_within_three_times_that():
    """The derivative has the quotient three times, each with its own roundings."""
    rng = np.random.default_rng(8)
    alpha = (rng.normal(size=20_000) + 1j * rng.normal(size=20_000)).astype("complex64")
    parts = [ops.convert_to_tensor(part.copy()) for part in (alpha.real, alpha.imag)]
    exact = alpha.astype("complex128")
    re, im = (array(part).astype("float64") for part in reciprocal(*parts))
    slope = [array(g).astype("float64") for g in gradient(lambda *t: reciprocal(*t)[0])(*parts)]
    for got, want, bar in ((re + 1j * im, 1 / exact, 4), (slope[0] - 1j * slope[1], -1 / exact**2, 12)):
        assert (abs(got - want) / np.spacing(abs(want).astype("float32"))).max() <= bar


def test_reference_of_the_search_agrees_with_mpmath():
    for _, alphas, z in samples(4, 6, 60):
        known = dense_complex.exact(z.astype("complex128"), alphas.astype("complex128") + 0 * z)
        for i, k in np.ndindex(z.shape):
            if not known.counts[i, k] or abs(known.f[i, k]) > 1e37:
                continue
            at, alpha = complex(z[i, k]), complex(alphas[k])
            e = oracle.complex_(at, alpha)
            excused = [(e.x, abs(at))], [(e.xx, abs(at))], [(e.x_alpha, abs(at))]
            for got, exact, slopes in zip(known[:3], e[:3], excused, strict=True):
                if 1e-37 < abs(exact) < 1e37:
                    assert oracle.error(complex(got[i, k]), exact, "float32", *slopes) < 1e-3, (alpha, at)


EVERY_FORMULA = [0, 1, 0.5, 0.3j, -0.3j, 2, 2j, -2j, -0.3 + 0.3j, -0.9 + 0.1j, -0.1 + 0.9j, -0.1 - 0.9j]
EVERY_FORMULA += [-2 + 0.5j, -0.5 + 2j, -0.5 - 2j, -1, -2, 1e-7j, 0.3 + 0.4j]


@pytest.mark.parametrize("pair", [False, True])
def test_array_gives_each_channel_what_its_scalar_gives_bit_for_bit(pair):
    alphas = np.array(EVERY_FORMULA, "complex64")
    x, y = np.random.default_rng(1).normal(size=(2, 64, len(alphas))).astype("float32") * 2
    parts = ca.complex_soft_exponential([x, y] if pair else x, alphas, join="list")
    for k, alpha in enumerate(alphas.tolist()):
        z = [x[:, k], y[:, k]] if pair else x[:, k]
        for part, alone in zip(parts, ca.complex_soft_exponential(z, alpha, join="list"), strict=True):
            np.testing.assert_array_equal(array(part)[:, k], array(alone))


@pytest.mark.parametrize("traced", [False, True])
def test_formula_of_one_channel_does_not_touch_the_gradient_of_another(traced):
    alphas = np.array(EVERY_FORMULA, "complex64")
    x = np.where(alphas.real > 0, -300, 300).astype("float32")  # exp(300) overflows
    y = np.zeros_like(x)
    parts = tuple(ops.convert_to_tensor(part.copy()) for part in (alphas.real, alphas.imag))

    def total(re, im, *alpha):
        p, q = ca.complex_soft_exponential([re, im], alpha or alphas, join="list")
        return p + q

    inputs = [ops.convert_to_tensor(part) for part in (x, y)] + (list(parts) if traced else [])
    for slope in gradient(total)(*inputs):
        assert np.isfinite(array(slope)).all()


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("alpha", [-0.3 + 0.4j, -0.9 - 0.1j, -0.1 - 0.9j, -0.5 + 2j, -2 - 0.5j, -0.5 - 2j, -2, -1])
def test_argument_of_the_logarithm_is_principal_on_both_sides_of_the_cut(alpha, traced):
    angle = np.concatenate([np.linspace(-3.1, 3.1, 41), [3.1415, -3.1415]])
    t = np.exp(1j * angle) * np.array([[0.1], [1.0], [30.0]])
    z = ((1 - t) / alpha - alpha).ravel()
    alpha = (alpha.real, np.imag(alpha))
    if traced:
        alpha = tuple(ops.convert_to_tensor(np.float64(part)) for part in alpha)
    re, im = ca.complex_soft_exponential([z.real.copy(), z.imag.copy()], alpha, join="list")
    a = complex(*(float(array(ops.convert_to_tensor(part))) for part in alpha))
    found = -a * (array(re).astype("float64") + 1j * array(im).astype("float64"))
    # a spacing of t, divided by the smallest |t|
    np.testing.assert_allclose(found, np.log(t).ravel(), atol=2e-5)


@pytest.mark.parametrize("alpha", [-0.5, -1.0, -3.0])
def test_derivative_of_the_argument_is_right_on_the_real_axis(alpha):
    x, y = np.array([4.0, 6.0], "float32"), np.array([0.0, -0.0], "float32")
    inputs = ops.convert_to_tensor(x), ops.convert_to_tensor(y)
    slope = gradient(lambda *t: ca.complex_soft_exponential(list(t), alpha, join="list")[1])(*inputs)[1]
    np.testing.assert_allclose(array(slope), 1 / (1 - alpha * (x + alpha)), rtol=1e-6)


def test_logarithm_just_below_the_negative_axis_has_argument_minus_pi():
    re, im = ca.complex_soft_exponential([np.float32(-3), np.float32(-1e-10)], -1.0, join="list")
    assert float(array(im)) == -np.float32(np.pi)
    np.testing.assert_allclose(float(array(re)), np.log(3), rtol=1e-6)


@pytest.mark.parametrize("alpha", [4.0, 3 + 2j, 4j, -4j])
@pytest.mark.parametrize("traced", [False, True])
def test_exponential_overflows_only_where_its_quotient_by_alpha_does(alpha, traced):
    z = np.complex64((89.5 + 0.5j) / alpha)  # exp(89.5) is above, a quarter of it below the largest float32
    parts = (np.float32(alpha.real), np.float32(np.imag(alpha)))
    if traced:
        parts = tuple(ops.convert_to_tensor(part) for part in parts)
    re, im = ca.complex_soft_exponential([z.real, z.imag], parts, join="list")
    got = complex(array(re).astype("float64"), array(im).astype("float64"))
    exact = oracle.complex_(complex(z), alpha)
    assert oracle.error(got, exact.f, "float32", (exact.x, abs(z))) <= 3


@pytest.mark.parametrize("alpha", [-3.0, -4 + 1j, -0.5 - 3.5j])
def test_logarithm_is_finite_where_its_argument_overflows(alpha):
    z = np.complex64(2e38 + 1.5e38j)
    parts = (z.real, z.imag, np.float32(alpha.real), np.float32(np.imag(alpha)))
    re, im = complex_traced.traced(*(ops.convert_to_tensor(part) for part in parts))
    got = complex(array(re).astype("float64"), array(im).astype("float64"))
    exact = oracle.complex_(complex(z), alpha)
    assert oracle.error(got, exact.f, "float32", (exact.x, abs(z)), (exact.alpha, abs(alpha))) <= 3


@pytest.mark.parametrize("alpha", [0, 1e-7j, 0.3, -0.3, 0.2 - 0.4j, -0.2 + 0.4j, 1, -1, 1j, -0.1 - 1j, 2 + 1j, -2 + 1j])
def test_second_derivatives_are_right(alpha):
    rng = np.random.default_rng(6)
    z = rng.normal(size=12) + 1j * rng.normal(size=12)
    z = z[(abs(1 - alpha * (z + alpha)) > 0.05)]
    inputs = [ops.convert_to_tensor(part.copy()) for part in (z.real, z.imag)]
    exact = [oracle.complex_(complex(at), alpha) for at in z]
    xx, x_alpha, alpha_alpha = (
        np.array([complex(getattr(e, name)) for e in exact]) for name in ("xx", "x_alpha", "alpha_alpha")
    )
    fixed = second(inputs, lambda *t: ca.complex_soft_exponential(list(t), alpha, join="list")[0], 0)
    # some tens of roundings, each amplified by up to 1/t**2 = 400: 1e4 * eps, and 1/alpha**3 in alpha
    np.testing.assert_allclose(fixed[0] - 1j * fixed[1], xx, rtol=1e-11, atol=1e-11)
    inputs += [ops.convert_to_tensor(np.full(len(z), part, "float64")) for part in (alpha.real, np.imag(alpha))]

    def traced(x, y, a, b):
        return ca.complex_soft_exponential([x, y], (a, b), join="list")[0]

    in_x, in_alpha = second(inputs, traced, 0), second(inputs, traced, 2)
    np.testing.assert_allclose(in_x[0] - 1j * in_x[1], xx, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(in_x[2] - 1j * in_x[3], x_alpha, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(in_alpha[2] - 1j * in_alpha[3], alpha_alpha, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("alpha", [-0.1 + 0.2j, -0.3 + 0.4j, -0.9 - 0.1j, -0.5 + 2j])
def test_third_derivatives_are_right(alpha):
    rng = np.random.default_rng(6)
    z = 2 * (rng.normal(size=30) + 1j * rng.normal(size=30))
    t = 1 - alpha * (z + alpha)
    z, t = z[abs(t) > 0.2], t[abs(t) > 0.2]
    inputs = [ops.convert_to_tensor(np.full(len(z), part)) for part in (z.real, z.imag, alpha.real, alpha.imag)]

    def bend(*parts):
        return gradient(lambda *q: gradient(lambda *p: complex_traced.traced(*p)[0])(*q)[0])(*parts)[0]

    third = [array(part) for part in gradient(bend)(*inputs)]  # of alpha/t**2
    np.testing.assert_allclose(third[0] - 1j * third[1], 2 * alpha**2 / t**3, rtol=1e-9, atol=1e-9)
    exact = 1 / t**2 + 2 * alpha * (z + 2 * alpha) / t**3
    np.testing.assert_allclose(third[2] - 1j * third[3], exact, rtol=1e-9, atol=1e-9)


def second(inputs, function, first):
    """Return the derivatives of the derivative in one of the inputs."""
    return [array(g) for g in gradient(lambda *t: gradient(function)(*t)[first])(*inputs)]
