"""Print the error of the soft exponential, of the printed formula and of expm1/log1p, in condition-aware units (E).

Run as `python -m tests.accuracy [dtype ...]`; KERAS_BACKEND chooses the backend. E = |error| over one spacing of the
result plus what one spacing of x does to it; the bar is 3 for float32 and float64, 1 for 16-bit floats.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

import continuum_act as ca
from tests import oracle
from tests.functions.derivatives import array, gradient

ALPHAS = (0.0, 1e-30, 1e-7, 1e-3, 0.1, 0.3, 0.5, 0.59, 0.7, 0.9, 0.99, 1.0, 1.1, 2.0, 4.0)


def points(alpha: float, dtype: str, count: int, seed: int = 0) -> np.ndarray:
    """Return x inside the domain and below overflow, spread over magnitudes and about every switch and zero."""
    rng = np.random.default_rng(seed)
    _, lowest, largest = oracle.FORMATS[dtype]
    low = 1 / alpha - alpha if alpha < 0 else -largest
    high = min(math.log1p(largest * alpha) / alpha, largest) if alpha > 0 else largest
    third = count // 3
    x = [
        rng.normal(size=third) * 3,
        rng.uniform(-3, 3, third) / max(abs(alpha), 1e-25),
        np.exp(rng.uniform(math.log(1e-20), math.log(min(max(high, 1e-19), 1e30)), third // 2)),
        -np.exp(rng.uniform(math.log(1e-20), math.log(min(max(abs(low), 1e-19), 1e30)), third // 2)),
        [0.0, -alpha],
    ]
    if alpha > 0:
        x.append(high * (1 - 2.0 ** rng.uniform(-16, -1, third // 3)))
    elif low > -largest:
        x.append(low + max(abs(low), 1.0) * 2.0 ** rng.uniform(-16, 4, third // 3))
    x = np.concatenate(x).clip(-largest, largest)
    # A border within reach of a few spacings of x is outside what a first derivative can excuse.
    margin = 2.0 ** (4 - oracle.FORMATS[dtype][0])
    inside = (x < high * (1 - margin)) & (x > low + abs(low) * margin if alpha < 0 else x >= low)
    # exp(alpha*x)/alpha below the smallest normal number is flushed to zero
    x = x[inside & (max(alpha, 0.0) * x > (lowest + 4) * math.log(2))]
    return np.resize(x, count)  # one size, so that JAX compiles each operation once


def rounded(x: Any, dtype: str) -> tuple[Any, np.ndarray]:
    """Return x as a tensor of `dtype`, and the exact values of that tensor."""
    tensor = ops.cast(ops.convert_to_tensor(np.asarray(x, "float64" if dtype == "float64" else "float32")), dtype)
    return tensor, array(tensor).astype("float64")


def rounded_alpha(alpha: float, dtype: str) -> float:
    """Return alpha in the dtype that the functions compute in."""
    return float(alpha if dtype == "float64" else np.float32(alpha))


def errors(y: Any, x: np.ndarray, alpha: float, dtype: str, order: int = 0) -> list[float]:
    """Return E of the value (order 0) or of the derivative in x (order 1) at each point, for a fixed alpha."""
    found = []
    for got, at in zip(array(y).astype("float64"), x, strict=True):
        exact = oracle.real(float(at), alpha)
        result, slope = (exact.f, exact.x) if order == 0 else (exact.x, exact.xx)
        found.append(oracle.error(float(got), result, dtype, (slope, float(at)), flush=True))
    return found


def printed(x: Any, alpha: float) -> Any:
    """Evaluate the formula as printed in the paper."""
    if alpha == 0:
        return x
    return -ops.log(1 - alpha * (x + alpha)) / alpha if alpha < 0 else (ops.exp(alpha * x) - 1) / alpha + alpha


def expm1_log1p(x: Any, alpha: float) -> Any:
    """Evaluate the formula with expm1 and log1p."""
    if alpha == 0:
        return x
    return -ops.log1p(-alpha * (x + alpha)) / alpha if alpha < 0 else ops.expm1(alpha * x) / alpha + alpha


def _cell(found: list[float]) -> str:
    return f"{max(found):.2g} / {np.percentile(found, 99, method='lower'):.2g}"


def main(dtypes: list[str], count: int = 300) -> None:
    """Print one markdown table per dtype: max / 99th percentile of E."""
    functions: dict[str, Callable[..., Any]] = {
        "continuum_act": ca.soft_exponential,
        "expm1, log1p": expm1_log1p,
        "as printed": printed,
    }
    for dtype in dtypes:
        print(f"\n{keras.backend.backend()}, {dtype}: max / 99th percentile of E, {count} points per alpha\n")
        print("| alpha | " + " | ".join(functions) + " | continuum_act d/dx |")
        print("|" + " --- |" * (len(functions) + 2))
        for size in ALPHAS:
            for alpha in sorted({size, -size}):
                exact_alpha = rounded_alpha(alpha, dtype)
                x, at = rounded(points(exact_alpha, dtype, count), dtype)
                cells = [_cell(errors(f(x, exact_alpha), at, exact_alpha, dtype)) for f in functions.values()]
                slope = gradient(lambda t, a=exact_alpha: ca.soft_exponential(t, a))(x)[0]
                cells.append(_cell(errors(slope, at, exact_alpha, dtype, order=1)))
                print(f"| {alpha:g} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or ["float32", "float64", "bfloat16", "float16"])
