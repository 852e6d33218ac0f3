"""The operations by mpmath, inputs of all magnitudes, and how large an error rounding explains.

The bounds count spacings, relative to the scale that each case returns. They assume that exp, log, sin and cos err by
at most one spacing (eps, relatively), and every sum, product and quotient by half a spacing. A sum of n terms errs by
(n - 1)/2 spacings of the sum of their sizes; an error of the exponent is the relative error of the exponential.
`EXPONENTIAL` is for the exponential itself: exp, cos, two products, and a quotient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from mpmath import mp, mpf

import continuum_act as ca

DTYPES = ["float32", "float64"] if keras.backend.backend() == "tensorflow" else ["float32"]
EXPONENTIAL = 4
COEFFICIENTS = [-0.5, 2.0, 0.0, 0.75, -1.0, 0.125]
WAVES = ([0.25, 1.0, 3.5], [2.0, -1.0, 0.5], [0.0, 1.5, -0.75])  # exact in float32, as the coefficients


class Exact(NamedTuple):
    """Exact outputs, the scale of their errors, and the bound on error / (scale * eps)."""

    value: list[Any]
    scale: list[Any]
    bound: list[float]


def product(x: list[Any]) -> Exact:
    logs = sum(abs(mp.log(abs(v))) for v in x)
    y = mp.fprod(x)
    return Exact([y], [abs(y)], [logs * (1 + (len(x) - 1) / 2) + EXPONENTIAL])


def inner_product(p: list[Any], q: list[Any]) -> Exact:
    products = [product([a, b]) for a, b in zip(p, q, strict=True)]
    sizes = [term.scale[0] for term in products]
    total = mp.fsum(sizes)
    bound = mp.fsum(size * term.bound[0] for size, term in zip(sizes, products, strict=True)) / total
    return Exact([mp.fsum(term.value[0] for term in products)], [total], [bound + len(p) / 2])


def distance(p: list[Any], q: list[Any]) -> Exact:
    differences = [a - b for a, b in zip(p, q, strict=True)]
    squares = [d * d for d in differences]
    total = mp.fsum(squares)
    # a difference errs by 1/2, which its square doubles; 2*log|d| by 3/2 of its size, with its product
    bounds = [1 + 3 * abs(mp.log(abs(d))) + EXPONENTIAL for d in differences]
    bound = mp.fsum(s * b for s, b in zip(squares, bounds, strict=True)) / total + len(p) / 2
    y = mp.sqrt(total)
    return Exact([y], [y], [bound / 2 + 0.75 * abs(mp.log(total)) + EXPONENTIAL])


def polynomial(x: list[Any]) -> Exact:
    (x,) = x
    terms = [mpf(c) * x**k for k, c in enumerate(COEFFICIENTS)]
    sizes = [abs(term) for term in terms]
    total = mp.fsum(sizes)
    bounds = [1.5 * k * abs(mp.log(abs(x))) + EXPONENTIAL + 0.5 for k in range(len(terms))]
    bound = mp.fsum(s * b for s, b in zip(sizes, bounds, strict=True)) / total + len(terms) / 2
    return Exact([mp.fsum(terms)], [total], [bound])


def sinusoid(x: list[Any]) -> Exact:
    (x,) = x
    waves = list(zip(*WAVES, strict=True))
    total = mp.fsum(abs(a) for _, a, _ in waves)
    # an angle errs by half a spacing of w*x and half of its sum with phi
    angles = mp.fsum(abs(a) * (abs(w * x) + abs(phi) / 2) for w, a, phi in waves)
    bound = angles / total + EXPONENTIAL + len(waves) / 2
    return Exact([mp.fsum(a * mp.sin(w * x + phi) for w, a, phi in waves)], [total], [bound])


def gaussian(x: list[Any]) -> Exact:
    halves = [v * v / 2 for v in x]
    bounds = [3 * abs(mp.log(abs(v))) + EXPONENTIAL + len(x) / 2 for v in x]
    y = mp.exp(-mp.fsum(halves))
    return Exact([y], [y], [mp.fsum(h * b for h, b in zip(halves, bounds, strict=True)) + 1])


def softmax(x: list[Any]) -> Exact:
    values, bounds = [], []
    highest = max(x)
    weights = [mp.exp(v - highest) for v in x]
    total = mp.fsum(weights)
    for v, weight in zip(x, weights, strict=True):
        y = weight / total
        # each x_j - x_i errs by 1/2 of its size, and counts as much as class j in the sum
        differences = mp.fsum(w * abs(u - v) for u, w in zip(x, weights, strict=True)) / total / 2
        values.append(y)
        bounds.append(differences + 1 + len(x) / 2 + 1.5 * abs(mp.log(y)) + 1)
    return Exact(values, values, bounds)


class Case(NamedTuple):
    """A network, its exact operation, and the shapes of its inputs."""

    build: Callable[..., Any]
    exact: Callable[..., Exact]
    sizes: tuple[int, ...]
    largest: float = 1e6

    def inputs(self, count: int, dtype: str, seed: int = 0) -> list[np.ndarray]:
        """Return numbers of random sign, uniform in the logarithm of their size."""
        rng = np.random.default_rng(seed)
        return [
            (
                rng.choice([-1.0, 1.0], (count, n))
                * np.exp(rng.uniform(np.log(1e-6), np.log(self.largest), (count, n)))
            ).astype(dtype)
            for n in self.sizes
        ]


CASES = {
    "product": Case(lambda **k: ca.product_network(3, **k), product, (3,)),
    "product of 8": Case(lambda **k: ca.product_network(8, **k), product, (8,)),
    "inner product": Case(lambda **k: ca.inner_product_network(4, **k), inner_product, (4, 4)),
    "distance": Case(lambda **k: ca.distance_network(4, **k), distance, (4, 4)),
    "polynomial": Case(lambda **k: ca.polynomial_network(COEFFICIENTS, **k), polynomial, (1,)),
    "sinusoid": Case(lambda **k: ca.sinusoid_network(*WAVES, **k), sinusoid, (1,)),
    "gaussian": Case(lambda **k: ca.gaussian_network(3, **k), gaussian, (3,)),
    "softmax": Case(lambda **k: ca.softmax_network(4, **k), softmax, (4,)),
}


def errors(case: Case, x: list[np.ndarray], y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return errors in spacings of the scale, and the errors over their bounds.

    A result that is below the smallest normal number, or above the largest, is right within rounding if it is there.
    """
    limits = np.finfo(y.dtype)
    tiny, huge, eps = mpf(float(limits.tiny)), mpf(float(limits.max)), mpf(float(limits.eps))
    counted, relative = [], []
    with mp.workdps(60):
        for row in range(len(y)):
            exact = case.exact(*[[mpf(float(v)) for v in part[row]] for part in x])
            for got, value, scale, bound in zip(y[row], *exact, strict=True):
                if scale < 4 * tiny:
                    error = mpf(0) if abs(got) < 8 * tiny else mp.inf
                elif scale > huge / 4:
                    error = mpf(0) if abs(got) > huge / 8 and not np.isnan(got) else mp.inf
                else:
                    error = abs(mpf(float(got)) - value) / (scale * eps) if np.isfinite(got) else mp.inf
                counted.append(float(error))
                relative.append(float(error / bound))
    return np.array(counted), np.array(relative)
