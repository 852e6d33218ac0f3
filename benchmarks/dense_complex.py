"""Search for the largest E of the complex function: `python -m benchmarks.dense_complex [dtype] [points] [way]`.

E is the error in spacings beyond what one spacing of each input explains (`tests.oracle`), norm-wise over the two
parts, here against complex numbers of more bits, so that a million points take seconds. Each region has 60 alphas, with
that many points each. KERAS_BACKEND chooses the backend; `way` is eager, graph or XLA, on JAX eager or compiled.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from keras import ops

import continuum_act as ca
from benchmarks.dense import WAYS
from tests.functions.derivatives import array, gradient

WIDE = {"float32": np.complex128, "float64": np.clongdouble}
NARROW = {"float32": np.complex64, "float64": np.complex128}
np.seterr(all="ignore")
ALPHAS = 60  # of each region


class Exact(NamedTuple):
    """The function, its derivatives, and which points count."""

    f: Any
    z: Any
    alpha: Any
    zz: Any
    z_alpha: Any
    alpha_alpha: Any
    counts: Any


def _ring(rng: Any, low: float, high: float, count: int) -> Any:
    """Return complex numbers of any direction, their logarithms of size spread evenly."""
    return np.exp(rng.uniform(np.log(low), np.log(high), count) + 1j * rng.uniform(-np.pi, np.pi, count))


def regions(rng: Any) -> Iterator[tuple[str, Any]]:
    """Yield a name and some alphas."""
    n = ALPHAS
    axes = rng.choice(np.array([1, -1, 1j, -1j]), n)
    yield "0, +-1, +-i", np.resize([0, 1, -1, 1j, -1j, 1 + 1j, -1 + 1j, 2, -2], n)
    yield "|alpha| < 1e-3", _ring(rng, 1e-37, 1e-3, n)
    yield "1e-3 to 0.3", _ring(rng, 1e-3, 0.3, n)
    yield "0.3 to 0.8", _ring(rng, 0.3, 0.8, n)
    yield "0.8 to 1.3", _ring(rng, 0.8, 1.3, n)
    yield "1.3 to 4", _ring(rng, 1.3, 4.0, n)
    yield "axes", axes * np.exp(rng.uniform(np.log(1e-3), np.log(4), n))
    yield "near +-1", rng.choice([1, -1], n) + _ring(rng, 1e-7, 0.2, n)
    yield "near +-i", rng.choice([1j, -1j], n) + _ring(rng, 1e-7, 0.2, n)
    yield "near imaginary axis", (axes * axes * _ring(rng, 1e-9, 1e-2, n).real) + 1j * rng.uniform(-4, 4, n)


def points(alpha: complex, rng: Any, count: int, dtype: str) -> Any:
    """Return z of every size, about 0, -alpha, the zeros, the singularity and overflow."""
    a, n = alpha or 1e-3, count // 12
    size = float(np.finfo(dtype).max)
    near = _ring(rng, 1e-7, 0.5, n)
    v = np.sqrt(rng.uniform(0, 9, 2 * n)) * np.exp(1j * rng.uniform(-np.pi, np.pi, 2 * n))
    z = [
        2 * (rng.normal(size=n) + 1j * rng.normal(size=n)),
        3 * rng.normal(size=n) + 0j,
        v / a,
        v / a - alpha,
        _ring(rng, 1e-30, size**0.9, n),
        -alpha * (1 + near),
        (1 - near) / a - alpha,  # |1 - alpha*(z + alpha)| = |near|
        (1 - np.exp(1j * rng.uniform(-np.pi, np.pi, n)) * (1 + 0.3 * near)) / a - alpha,
    ]
    if alpha.real >= 0:
        zero = (np.log(1 - alpha**2 + 0j) if abs(1 - alpha**2) > 0 else -9) + 2j * np.pi * rng.integers(-1, 2, n)
        z.append((zero * (1 + near)) / a)
        z.append((np.log(size) - 2 + np.log(abs(a)) - rng.exponential(3, n) + 3j * rng.normal(size=n)) / a)
    z = np.concatenate(z)
    return np.resize(z[np.isfinite(z) & (abs(z) < size / 8)], count)


def _series(terms: Any, q: Any) -> Any:
    total = 0 * q
    for term in reversed(terms):
        total = total * q + term
    return total


def _exponential(z: Any, a: Any) -> Exact:
    u, c = a * z, (1 - a) * (1 + a)
    e = np.exp(u)
    near = abs(u) < 1
    n = np.arange(30, dtype=a.real.dtype)
    factorial = np.cumprod(np.maximum(n, 1))
    q, at = np.where(near, u, 0), np.where(a == 0, 1, a)
    f = np.where(near, z * _series(1 / factorial[1:], q), (e - 1) / at) + a
    f = np.where(abs(c) < 0.5, (e - c) / at, f)
    slope = np.where(near, z**2 * _series(n[1:-1] / factorial[2:], q), (u * e - e + 1) / at**2) + 1
    bend = np.where(
        near, z**3 * _series(n[1:-2] * n[2:-1] / factorial[3:], q), (u * u * e - 2 * (u - 1) * e - 2) / at**3
    )
    return Exact(f, e, slope, a * e, z * e, bend, np.isfinite(u))


def _logarithm(z: Any, a: Any) -> Exact:
    w, c = z + a, (1 - a) * (1 + a)
    v, d = a * w, z + 2 * a
    t = np.where(abs(c) < 0.5, c - a * z, 1 - v)
    near = abs(v) < 0.5
    log = np.log(t)
    q = np.where(near, v, 0)
    log = np.where(near, 0.5 * np.log1p(abs(q) ** 2 - 2 * q.real), log.real) + 1j * log.imag
    n = np.arange(70, dtype=a.real.dtype)
    q0, q1, q2 = (_series(s, q) for s in (1 / (n + 1), (n + 1) / (n + 2), (n + 1) * (n + 2) / (n + 3)))
    slope = np.where(near, q0 + w * d * q1, log / a**2 + d / (a * t))
    bend = -2 * log / a**3 - 2 * d / (a * a * t) + 2 / (a * t) + d**2 / (a * t * t)
    bend = np.where(near, 2 * (d + w) * q1 + w * d * d * q2, bend)
    # Only where a few spacings of the inputs do not reach the singularity, nor the branch cut.
    spacing = EPS[a.dtype.type] * (abs(a * z) + abs(a * a))
    counts = (abs(t) > 16 * spacing) & ((t.real > 0) | (abs(t.imag) > 8 * spacing))
    return Exact(-log / a, 1 / t, slope, a / t**2, d / t**2, bend, counts)


EPS = {np.complex128: 2.0**-23, np.clongdouble: 2.0**-52}


def exact(z: Any, alpha: Any) -> Exact:
    """Return the function of numbers in a wider format."""
    with np.errstate(all="ignore"):
        positive = alpha.real >= 0
        grown = _exponential(np.where(positive, z, 0), np.where(positive, alpha, 0))
        shrunk = _logarithm(np.where(positive, 0, z), np.where(positive, -0.5, alpha))
        return Exact(*(np.where(positive, p, q) for p, q in zip(grown, shrunk, strict=True)))


def spacing(value: Any, dtype: str) -> Any:
    size = np.minimum(abs(value), np.finfo(dtype).max / 2).astype(dtype)
    return np.spacing(np.maximum(size, np.finfo(dtype).tiny)).astype(abs(value).dtype)


def errors(got: Any, want: Any, counts: Any, dtype: str, *excused: tuple[Any, Any], size: Any = 1) -> Any:
    """Return E of each point."""
    limits = np.finfo(dtype)
    with np.errstate(all="ignore"):
        unit = spacing(want, dtype) + sum(abs(slope) * spacing(at, dtype) for slope, at in excused)
        unit = unit + limits.tiny * size  # numbers below may be flushed to zero
        found = abs(got - want) / unit
    counts = counts & (abs(want) < limits.max / 4) & np.isfinite(unit)
    return np.where(counts, np.where(np.isnan(found), np.inf, found), 0).astype("float64")


def holomorphic(re: Any, im: Any) -> tuple[Any, Any]:
    """Return the derivative of a holomorphic function by its real part, and by its imaginary part."""
    return re[0] - 1j * re[1], im[1] + 1j * im[0]


def function(kind: str, alpha: Any) -> Any:
    """Return the function of x, y and, for a traced alpha, of its parts; `real` is a fixed alpha and a real x."""

    def call(x: Any, y: Any, *parts: Any) -> Any:
        return ca.complex_soft_exponential(x if kind == "real" else [x, y], parts or alpha, join="list")

    return call


def measured(kind: str, alpha: Any, z: Any, dtype: str, way: Any = lambda f: f) -> dict[str, Any]:
    """Return E at z, of shape (points, alphas), of the value and the derivatives of both parts."""
    z = z.real + 0j if kind == "real" else z
    z, alpha = z.astype(NARROW[dtype]), alpha.astype(NARROW[dtype])
    e = exact(z.astype(WIDE[dtype]), alpha.astype(WIDE[dtype]) + 0 * z)
    inputs = [z.real, z.imag]
    if kind == "traced":
        inputs += [np.broadcast_to(alpha.real, z.shape), np.broadcast_to(alpha.imag, z.shape)]
    inputs = [ops.convert_to_tensor(part.copy()) for part in inputs]
    limits = np.finfo(dtype)
    # Not where the function overflows, nor where 1/(alpha*t**2), inside the derivative of the logarithm, does.
    counts = e.counts & (abs(e.f) < limits.max / 4) & (abs(e.z) * np.maximum(abs(e.z), 1) < abs(alpha) * limits.max / 8)
    e = e._replace(counts=np.where(alpha == 0, e.counts, counts))
    call = function(kind, alpha)
    traced = kind == "traced"

    def excused(*slopes: Any) -> Any:
        return list(zip(slopes, (z, alpha), strict=True))[: 1 + traced]

    re, im = (array(part).astype(e.f.real.dtype) for part in way(call)(*inputs))
    found = {"value": errors(re + 1j * im, e.f, e.counts, dtype, *excused(e.z, e.alpha))}
    re, im = (
        [array(g).astype(e.f.real.dtype) for g in way(gradient(lambda *t, k=k: call(*t)[k]))(*inputs)] for k in (0, 1)
    )
    found["d/dz"] = np.maximum(
        *(errors(g, e.z, e.counts, dtype, *excused(e.zz, e.z_alpha)) for g in holomorphic(re[:2], im[:2]))
    )
    if kind == "real":
        found["d/dz"] = errors(re[0] + 1j * im[0], e.z, e.counts, dtype, *excused(e.zz, e.z_alpha))
    if traced:
        known = excused(e.z_alpha, e.alpha_alpha)
        found["d/dalpha"] = np.maximum(
            *(errors(g, e.alpha, e.counts, dtype, *known, size=1 + abs(z)) for g in holomorphic(re[2:], im[2:]))
        )
    return found


def main(dtype: str = "float32", count: int = 20_000, way: str = "eager", seed: int = 0) -> None:
    """Print the largest E of each region, and where it is."""
    rng = np.random.default_rng(int(seed))
    print("| alpha | of | largest E | alpha | z |\n| --- | --- | --- | --- | --- |")
    for name, alphas in regions(rng):
        alphas = np.where(abs(alphas) > 4, alphas / 2, alphas).astype(NARROW[dtype])
        z = np.stack([points(complex(a), rng, int(count), dtype) for a in alphas], axis=1).astype(NARROW[dtype])
        for kind in ("real", "fixed", "traced"):
            for of, e in measured(kind, alphas, z, dtype, WAYS[way]).items():
                at = np.unravel_index(e.argmax(), e.shape)
                where = f"{complex(alphas[at[1]])!r} | {complex(z[at])!r}"
                print(f"| {name} | {kind} {of} | {e[at]:.2f} | {where} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
