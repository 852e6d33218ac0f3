"""Populations as JAX programs written for one network: `vmap` over members, `scan` over batches, Adam.

Imported by `benchmarks/accelerator.py` and `benchmarks/population.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

SLOPE = 3.0  # `max_slope`
SHAPES = {
    "64-64": [(64, 64), (64,), (64, 64), (64,), (64, 10), (10,)],
    "CNN": [(3, 3, 1, 8), (8,), (3, 3, 8, 16), (16,), (64, 10), (10,)],
}


def activation(x: Any, a: Any) -> Any:
    """Return the soft exponential with `domain="linear"`, by the plain formula, for an alpha of either sign."""
    positive, negative = jnp.where(a > 0, a, 1.0), jnp.where(a < 0, a, -1.0)
    u, knee = positive * x, np.log(SLOPE)
    above = jnp.expm1(jnp.minimum(u, knee)) / positive + positive + SLOPE * jnp.maximum(u - knee, 0) / positive
    v, knee = negative * (x + negative), 1 - 1 / SLOPE
    below = -jnp.log1p(-jnp.minimum(v, knee)) / negative + SLOPE * jnp.maximum(v - knee, 0) / negative
    return jnp.where(a > 0, above, jnp.where(a < 0, below, x))


def convolution(x: Any, kernel: Any, stride: int) -> Any:
    """Return the convolution of images with a kernel, without padding."""
    return jax.lax.conv_general_dilated(
        x, kernel, (stride, stride), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def logits(network: str, w: Any, a: Any, x: Any) -> Any:
    """Return the output of one member."""
    if network == "CNN":
        hidden = activation(convolution(x.reshape(-1, 8, 8, 1), w[0], 1) + w[1], a)
        hidden = activation(convolution(hidden, w[2], 2) + w[3], a).reshape(len(x), -1)
    else:
        hidden = activation(x @ w[0] + w[1], a)
        hidden = activation(hidden @ w[2] + w[3], a)
    return hidden @ w[4] + w[5]


def training(network: str, x: Any, y: Any, alphas: Any, epochs: int, batch: int) -> Callable[[], Any]:
    """Return a function that trains a member of each alpha; its second call compiles nothing."""
    x, y, a = jnp.asarray(x), jnp.asarray(y, "int32"), jnp.asarray(alphas, "float32")

    def loss(w: Any, a: Any, x: Any, y: Any) -> Any:
        z = logits(network, w, a, x)
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1)), jnp.mean(jnp.argmax(z, 1) == y)

    gradient = jax.vmap(jax.value_and_grad(loss, has_aux=True), (0, 0, None, None))

    def step(state: Any, rows: Any) -> Any:
        w, m, v, t = state
        results, g = gradient(w, a, x[rows], y[rows])
        t = t + 1
        rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        m = [m + (g - m) * 0.1 for m, g in zip(m, g, strict=True)]
        v = [v + (g * g - v) * 0.001 for v, g in zip(v, g, strict=True)]
        w = [w - rate * m / (jnp.sqrt(v) + 1e-7) for w, m, v in zip(w, m, v, strict=True)]
        return (w, m, v, t), results

    epoch = jax.jit(lambda state, rows: jax.lax.scan(step, state, rows), donate_argnums=0)

    def train() -> Any:
        rng = np.random.default_rng(0)
        made = [rng.normal(size=shape) * 0.1 for shape in SHAPES[network]]
        w = [jnp.asarray(np.repeat(v[None], len(a), 0), "float32") for v in made]
        state = (w, [jnp.zeros_like(v) for v in w], [jnp.zeros_like(v) for v in w], jnp.float32(0))
        for _ in range(epochs):
            rows = rng.permutation(len(x)).astype("int32")
            full = len(x) // batch * batch
            for batches in (rows[:full].reshape(-1, batch), rows[None, full:]):
                if batches.size:
                    state, results = epoch(state, batches)
                    jax.tree.map(np.asarray, results)
        return [np.asarray(v) for v in state[0]]

    return train
