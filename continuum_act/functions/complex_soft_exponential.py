"""The complex soft exponential, on (re, im) pairs of real tensors."""

from __future__ import annotations

from typing import Any

from keras import ops

from continuum_act.functions.parts import join_parts


def complex_soft_exponential(x: Any, alpha: Any, *, join: str = "stack", axis: int = -1) -> Any:
    """Soft exponential of a complex alpha; the output has two parts, real and imaginary."""
    if isinstance(x, (list, tuple)):
        re, im = (ops.convert_to_tensor(part) for part in x)
    else:
        re = ops.convert_to_tensor(x)
        im = ops.zeros_like(re)
    a, b = alpha if isinstance(alpha, (list, tuple)) else (alpha.real, alpha.imag)
    a, b = ops.cast(a, re.dtype), ops.cast(b, re.dtype)
    norm = a * a + b * b
    safe = ops.where(norm > 0, norm, 1.0)
    u, v = a * re - b * im, a * im + b * re
    exp_re = ops.expm1(ops.where(a >= 0, u, 0.0))
    exp_re, exp_im = (exp_re + 1) * ops.cos(v) - 1, (exp_re + 1) * ops.sin(v)
    pos = ((exp_re * a + exp_im * b) / safe + a, (exp_im * a - exp_re * b) / safe + b)
    s_re, s_im = re + a, im + b
    t_re, t_im = 1 - (a * s_re - b * s_im), -(a * s_im + b * s_re)
    log_re, log_im = 0.5 * ops.log(ops.where(a < 0, t_re * t_re + t_im * t_im, 1.0)), ops.arctan2(t_im, t_re)
    neg = (-(log_re * a + log_im * b) / safe, -(log_im * a - log_re * b) / safe)
    out = [
        ops.where(norm == 0, same, ops.where(a >= 0, p, n)) for same, p, n in zip((re, im), pos, neg, strict=True)
    ]
    return join_parts(*out, join=join, axis=axis)
