"""Derivatives and compilation on the backend that Keras runs on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

BACKEND = keras.backend.backend()

if BACKEND == "jax":
    import jax

    jax.config.update("jax_enable_x64", True)

if BACKEND == "torch":
    import torch

    # In about one process of six, one thread of PyTorch's first parallel float64 exp has the digits of float32 only.
    torch.exp(torch.zeros(2**15, dtype=torch.float64))


def gradient(function: Callable[..., Any]) -> Callable[..., tuple[Any, ...]]:
    """Return the derivatives of the sum of `function` in each of its arguments; it can be nested."""

    def tensorflow(*inputs: Any) -> tuple[Any, ...]:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(inputs)
            total = tf.reduce_sum(function(*inputs))
        return tape.gradient(total, inputs, unconnected_gradients="zero")

    def jax(*inputs: Any) -> tuple[Any, ...]:
        import jax

        return jax.grad(lambda *args: function(*args).sum(), argnums=tuple(range(len(inputs))))(*inputs)

    def torch(*inputs: Any) -> tuple[Any, ...]:
        import torch

        inputs = tuple(x if x.requires_grad else x.detach().requires_grad_() for x in inputs)
        total = function(*inputs).sum()
        if not total.requires_grad:
            return tuple(torch.zeros_like(x) for x in inputs)
        return torch.autograd.grad(total, inputs, create_graph=True, allow_unused=True, materialize_grads=True)

    return {"tensorflow": tensorflow, "jax": jax, "torch": torch}[BACKEND]


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile with XLA where the backend has it."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return tf.function(function, jit_compile=True)
    if BACKEND == "jax":
        import jax

        return jax.jit(function)
    return function


def array(x: Any) -> Any:
    """Return a tensor as a float64 or float32 NumPy array."""
    x = x.detach() if hasattr(x, "detach") else x
    dtype = keras.backend.standardize_dtype(x.dtype)
    return ops.convert_to_numpy(ops.cast(x, "float32") if dtype in ("bfloat16", "float16") else x)
