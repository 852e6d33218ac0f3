"""Hypothesis strategies: alphas and inputs of the soft exponential, exact in float32."""

from __future__ import annotations

from hypothesis import strategies as st

SPECIAL = (0.0, 1e-30, 1e-7, 0.1, 0.57, 0.6, 0.71, 0.9, 1.0, 2.0)


def alphas(limit: float = 4.0) -> st.SearchStrategy[float]:
    """Return real alphas: the special ones of both signs, and any up to `limit`."""
    special = [sign * alpha for alpha in SPECIAL for sign in (1, -1) if alpha <= limit]
    return st.sampled_from(special) | st.floats(-limit, limit, width=32, allow_subnormal=False)


def inputs(limit: float = 16.0) -> st.SearchStrategy[list[float]]:
    """Return a few finite inputs."""
    return st.lists(st.floats(-limit, limit, width=32, allow_subnormal=False), min_size=1, max_size=8, unique=True)
