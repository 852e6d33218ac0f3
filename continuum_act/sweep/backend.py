"""What differs between TensorFlow and JAX: gradients, mapping and compilation of pure functions."""

from __future__ import annotations

import functools
import threading
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
        """Compile a pure function of lists of tensors; the second list may change in its first two axes."""
        traced = tf.function(functools.partial(function), jit_compile=xla, autograph=False)
        lock = threading.Lock()
        once: list[Any] = []

        def call(values: list[Any], block: list[Any], count: Any) -> Any:
            with lock:
                if not once:
                    free = [None if a is None else tf.TensorSpec([None, None, *a.shape[2:]], a.dtype) for a in block]
                    once.append(traced.get_concrete_function(values, free, count))
            return once[0](values, block, count)

        return call

    def graph(function: Callable[..., Any]) -> Callable[..., Any]:
        """Make one call of many cheap operations."""
        # a partial of its own, as TensorFlow warns of functions of the same code that are traced often
        return tf.function(functools.partial(function), autograph=False)

    COMPILE_ERRORS: tuple[type[Exception], ...] = (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError)
    # XLA draws other random numbers than TensorFlow's own kernels, which an ordinary fit on a CPU uses
    XLA_IS_RANDOM_ALIKE = False

elif keras.backend.backend() == "jax":
    import jax

    def value_and_gradients(function: Callable[..., Any], values: list[Any]) -> tuple[Any, list[Any]]:
        """Return `function(values)`, which is `(loss, aux)`, and the gradients of the loss."""
        return jax.value_and_grad(function, has_aux=True)(values)

    def vectorized(function: Callable[[Any], Any], elements: Any) -> Any:
        """Map a function over the leading axis of every tensor in `elements`."""
        return jax.vmap(function)(elements)

    def compiled(function: Callable[..., Any], *, xla: bool = True) -> Callable[..., Any]:
        """Compile a pure function of lists of tensors."""
        return jax.jit(function)

    def graph(function: Callable[..., Any]) -> Callable[..., Any]:
        """Make one call of many cheap operations."""
        return jax.jit(function)

    COMPILE_ERRORS = ()
    XLA_IS_RANDOM_ALIKE = True

else:

    def _unavailable(*args: Any, **kwargs: Any) -> Any:
        raise NotMappable(f"populations run on TensorFlow and JAX, not on {keras.backend.backend()}.")

    value_and_gradients = vectorized = compiled = graph = _unavailable
    COMPILE_ERRORS = ()
    XLA_IS_RANDOM_ALIKE = False
