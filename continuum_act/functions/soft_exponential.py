"""The real soft exponential: formulas for a fixed alpha and for a traced one."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

DOMAINS = ("strict", "linear")


def is_fixed(alpha: Any) -> bool:
    """Whether alpha is a number or an array of numbers, known in Python (not a tensor or a variable)."""
    return isinstance(alpha, (int, float, np.number, np.ndarray, list, tuple))


def soft_exponential(x: Any, alpha: Any, *, domain: str = "strict", max_slope: float = 10.0) -> Any:
    """Soft exponential of Godfrey and Gashler."""
    x = ops.convert_to_tensor(x)
    if not keras.backend.is_float_dtype(keras.backend.standardize_dtype(x.dtype)):
        x = ops.cast(x, keras.config.floatx())
    if is_fixed(alpha):
        alpha = np.asarray(alpha, dtype=keras.backend.standardize_dtype(x.dtype))
        if alpha.ndim == 0 and alpha == 0:
            return x
    alpha = ops.cast(alpha, x.dtype)
    return _traced(x, alpha, domain, max_slope)


def _traced(x: Any, alpha: Any, domain: str, max_slope: float) -> Any:
    positive, negative = alpha > 0, alpha < 0
    a_pos = ops.where(positive, alpha, 1.0)
    a_neg = ops.where(negative, alpha, -1.0)
    exponential = ops.expm1(a_pos * ops.where(positive, x, 0.0)) / a_pos + a_pos
    v = a_neg * (ops.where(negative, x, 1.0) + a_neg)
    if domain == "linear":
        v_max = 1.0 - 1.0 / max_slope
        inside = ops.minimum(v, v_max)
        logarithm = -ops.log1p(-inside) / a_neg + (v - inside) * max_slope / a_neg
    else:
        logarithm = -ops.log1p(-v) / a_neg
    limit = x + alpha * (1.0 + 0.5 * x * x)
    return ops.where(positive, exponential, ops.where(negative, logarithm, limit))


def interpolate_add_multiply(p: Any, q: Any, alpha: Any, *, domain: str = "strict") -> Any:
    """f(alpha, f(-alpha, p) + f(-alpha, q)): p + q at alpha = 0, p * q at alpha = 1."""
    negated = np.negative(alpha) if is_fixed(alpha) else -ops.convert_to_tensor(alpha)
    return soft_exponential(
        soft_exponential(p, negated, domain=domain) + soft_exponential(q, negated, domain=domain),
        alpha,
        domain=domain,
    )
