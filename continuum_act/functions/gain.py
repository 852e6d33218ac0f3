"""How the soft exponential scales a standard normal input."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np

from continuum_act.functions import arguments, tangent
from continuum_act.functions.soft_exponential import DOMAINS
from continuum_act.functions.types import Domain

REACH = 12.0  # standard deviations, beyond which a normal density is below 1e-31 of its peak
NODES = 200  # for each smooth piece: the result has 12 digits for |alpha| up to 8


class Gain(NamedTuple):
    """Mean and standard deviation of an activation's output."""

    mean: float
    std: float


def gain(alpha: float, *, domain: Domain = "linear", max_slope: float = 3.0) -> Gain:
    """Mean and standard deviation of f(alpha, x) for x of the standard normal distribution, by quadrature.

    For networks without normalization. A Dense layer behind the activation, with weights of mean 0 and variance v, has
    the variance fan_in*v*(mean**2 + std**2); so v = 1/(fan_in*(mean**2 + std**2)) keeps it at 1, which is
    `keras.initializers.VarianceScaling(1/(mean**2 + std**2), "fan_in")`. `torch.nn.init.calculate_gain` does so for
    other activations.

    Args:
        alpha: a real number.
        domain: as in `soft_exponential`.
        max_slope: as in `soft_exponential`.

    Returns:
        A named tuple `(mean, std)` of Python floats.

    Raises:
        TypeError: alpha or max_slope is not a real number.
        ValueError: alpha is not one finite number; domain or max_slope is out of range; for `"strict"`, alpha is
            negative (a part of the inputs is then outside the domain) or so large that the result overflows.

    Example:
    >>> import keras
    >>> import continuum_act as ca
    >>> mean, std = ca.gain(-0.5)
    >>> round(mean, 3), round(std, 3)
    (-1.044, 1.735)
    >>> initializer = keras.initializers.VarianceScaling(1 / (mean**2 + std**2), "fan_in")
    >>> layer = keras.layers.Dense(8, kernel_initializer=initializer)

    Reference: Godfrey and Gashler, arXiv:1602.01321, for f.
    """
    arguments.choice("domain", domain, DOMAINS)
    if np.ndim(alpha):
        raise ValueError(f"alpha must be one number, got an array of shape {np.shape(alpha)}.")
    a = float(arguments.fixed_alpha(alpha, "float64"))
    knee, low, high = math.inf, -REACH, REACH + 2 * max(a, 0.0)  # where f**2 times the density is
    if domain == "linear":
        slope = arguments.slope(max_slope)
        knee, high = tangent.knee_of(a, slope, "float64"), REACH
    elif a < 0:
        raise ValueError(f"alpha={a}: f is not defined for all normal inputs. Use domain='linear'.")
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    ends = sorted({low, min(max(knee, low), high), high})
    mean = square = 0.0
    for left, right in itertools.pairwise(ends):
        x = (left + right) / 2 + (right - left) / 2 * nodes
        density = weights * (right - left) / 2 * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        inside = np.maximum(x, knee) if a < 0 else np.minimum(x, knee)
        y = _strict(inside, a) + (slope * (x - inside) if domain == "linear" else 0.0)
        mean += float(density @ y)
        square += float(density @ (y * y))
    if not math.isfinite(square):
        raise ValueError(f"alpha={a}: the variance of f overflows. Use domain='linear'.")
    return Gain(mean, math.sqrt(square - mean * mean))


def _strict(x: np.ndarray, a: float) -> np.ndarray:
    if abs(a) < np.finfo("float64").tiny:
        return x
    with np.errstate(over="ignore"):
        return np.expm1(a * x) / a + a if a > 0 else -np.log1p(-a * (x + a)) / a
