"""`gain`, against mpmath's quadrature of the oracle's function."""

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

import continuum_act as ca
from tests import oracle


def moments(alpha, max_slope):
    """Return mean and standard deviation, the integral split at the junction."""
    knee = mpf(alpha) and (mp.log(max_slope) / alpha if alpha > 0 else (1 - 1 / mpf(max_slope)) / alpha - mpf(alpha))
    ends = sorted({-mp.mpf(14), *(max(min(knee, 14), -14),), mpf(0), mpf(14)})

    def moment(n):
        return mp.quad(lambda x: oracle.real(x, alpha, max_slope).f ** n * mp.npdf(x), ends)

    mean = moment(1)
    return mean, mp.sqrt(moment(2) - mean**2)


@pytest.mark.parametrize("alpha", [0.0, 1e-9, 0.3, 1.0, 4.0, -1e-9, -0.5, -1.0, -4.0])
@pytest.mark.parametrize("max_slope", [1.5, 3.0])
def test_gain_is_the_mean_and_deviation_of_the_function_of_a_normal_variable(alpha, max_slope):
    with mpmath.workdps(15):
        want = moments(alpha, max_slope)
    np.testing.assert_allclose(ca.gain(alpha, max_slope=max_slope), [float(v) for v in want], rtol=1e-9, atol=1e-9)


def test_strict_gain_is_that_of_the_lognormal_distribution():
    for a in (1e-6, 0.5, 1.0, 2.0):
        mean, std = ca.gain(a, domain="strict")
        assert mean == pytest.approx(np.expm1(a * a / 2) / a + a, rel=1e-10)
        assert std == pytest.approx(np.exp(a * a / 2) * np.sqrt(np.expm1(a * a)) / a, rel=1e-9)


def test_strict_gain_of_the_identity_is_that_of_its_input():
    np.testing.assert_allclose(ca.gain(0.0, domain="strict"), [0, 1], atol=1e-12)


def test_what_has_no_gain_is_refused():
    with pytest.raises(ValueError, match="domain='linear'"):
        ca.gain(-0.5, domain="strict")
    with pytest.raises(ValueError, match="overflows"):
        ca.gain(40.0, domain="strict")
    with pytest.raises(ValueError, match="one number"):
        ca.gain([0.1, 0.2])
    with pytest.raises(TypeError, match="complex_soft_exponential"):
        ca.gain(1j)
    with pytest.raises(ValueError, match="above 1"):
        ca.gain(0.5, max_slope=1.0)
