"""What differs between TensorFlow and JAX: gradients, mapping and compilation of pure functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from continuum_act.sweep.stand_in import NotMappable


if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    def value_and_gradients(function: Callable[..., Any], values: list[Any]) -> tuple[Any, list[Any]]:
        """Return `function(values)`, which is `(loss, aux)`, and the gradients of the loss (None if unused)."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            loss, aux = function(values)
        gradients = tape.gradient(loss, values)
        return (loss, aux), [None if g is None else tf.convert_to_tensor(g) for g in gradients]

    def vectorized(function: Callable[[Any], Any], elements: Any) -> Any:
        """Map a function over the leading axis of every tensor in `elements`."""
        return tf.vectorized_map(function, elements, warn=False)

    def compiled(function: Callable[..., Any], *, xla: bool = True) -> Callable[..., Any]:
        """Compile a pure function of nested lists of tensors."""
        return tf.function(function, jit_compile=xla, autograph=False)

    COMPILE_ERRORS: tuple[type[Exception], ...] = (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError)

elif keras.backend.backend() == "jax":
    import jax

    def value_and_gradients(function: Callable[..., Any], values: list[Any]) -> tuple[Any, list[Any]]:
        """Return `function(values)`, which is `(loss, aux)`, and the gradients of the loss."""
        return jax.value_and_grad(function, has_aux=True)(values)

    def vectorized(function: Callable[[Any], Any], elements: Any) -> Any:
        """Map a function over the leading axis of every tensor in `elements`."""
        return jax.vmap(function)(elements)

    def compiled(function: Callable[..., Any], *, xla: bool = True) -> Callable[..., Any]:
        """Compile a pure function of nested lists of tensors."""
        return jax.jit(function)

    COMPILE_ERRORS = ()

else:
    raise NotMappable(f"populations run on TensorFlow and JAX, not on {keras.backend.backend()}.")
