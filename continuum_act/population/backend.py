"""What differs between TensorFlow and JAX: gradients, mapping and compilation of pure functions."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import keras

from continuum_act.population.stand_in import NotMappable

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

    class Compiled:
        """A pure function of values, a block of arrays and a number of steps.

        It is traced once for each shape of the values and of a batch; in the graph of unknown shapes that TensorFlow
        would differentiate otherwise, a step takes twice as long. `plain` runs the trace without XLA, which saves the
        compilation.
        """

        def __init__(self, function: Callable[..., Any]) -> None:
            self._function = tf.function(functools.partial(function), autograph=False)
            self._lock = threading.Lock()
            self._traces: dict[Any, Any] = {}
            self._compiled = tf.function(functools.partial(self._inlined), jit_compile=True, autograph=False)

        def _inlined(self, values: Any, block: list[Any], steps: Any) -> Any:
            return self._trace(values, block, steps)(values, block, steps)

        def _trace(self, values: Any, block: list[Any], steps: Any) -> Any:
            shapes = (
                tuple(tuple(v.shape) for v in tf.nest.flatten(values)),
                tuple(None if a is None else tuple(a.shape[1:]) for a in block),
            )
            with self._lock:
                if shapes not in self._traces:
                    free = [None if a is None else tf.TensorSpec([None, *a.shape[1:]], a.dtype) for a in block]
                    self._traces[shapes] = self._function.get_concrete_function(values, free, steps)
                return self._traces[shapes]

        def __call__(self, values: Any, block: list[Any], steps: Any) -> Any:
            self._trace(values, block, steps)
            return self._compiled(values, block, steps)

        def plain(self, values: Any, block: list[Any], steps: Any) -> Any:
            """Run without XLA."""
            return self._trace(values, block, steps)(values, block, steps)

    HAS_PLAIN = True

    def graph(function: Callable[..., Any]) -> Callable[..., Any]:
        """Make one call of many cheap operations."""
        # a partial of its own, as TensorFlow warns of functions of the same code that are traced often
        return tf.function(functools.partial(function), autograph=False)

    def bytes_of(function: Callable[..., Any], *arguments: Any) -> int:
        """Return the size of all that a function of tensors computes."""
        traced = tf.function(functools.partial(function), autograph=False).get_concrete_function(*arguments)
        outputs = [out for operation in traced.graph.get_operations() for out in operation.outputs]
        return sum((out.shape.num_elements() or 0) * out.dtype.size for out in outputs if out.dtype.size)

    COMPILE_ERRORS: tuple[type[Exception], ...] = (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError)

    def is_out_of_memory(error: BaseException) -> bool:
        """Whether an error says that memory does not suffice."""
        return isinstance(error, (tf.errors.ResourceExhaustedError, MemoryError))

    def accelerator() -> Any:
        """Return the accelerator on which Keras computes now; None on a CPU."""
        device = tf.constant(0.0).device.rpartition("/device:")[2]
        return None if device.startswith("CPU") else device

    def free_bytes(device: Any) -> int | None:
        """Return how much of an accelerator's memory is free; None if it does not say."""
        from tensorflow.python.client import device_lib  # the limit has no public name

        visible = ",".join(gpu.name.rpartition(":")[2] for gpu in tf.config.get_visible_devices("GPU"))
        options = tf.compat.v1.GPUOptions(allow_growth=True, visible_device_list=visible)
        try:
            devices = device_lib.list_local_devices(tf.compat.v1.ConfigProto(gpu_options=options))
            [limit] = [one.memory_limit for one in devices if one.name == f"/device:{device}"]
            return limit - tf.config.experimental.get_memory_info(device)["current"]
        except (ValueError, RuntimeError, tf.errors.OpError):
            return None

    FIT_KNOWS_NO_BATCH_SIZE = True  # the shape of a batch from arrays is (None, ...)
    FIT_BUILDS_METRICS = False  # before its callbacks begin

elif keras.backend.backend() == "jax":
    import jax
    import jax.numpy as jnp

    def value_and_gradients(function: Callable[..., Any], values: list[Any]) -> tuple[Any, list[Any]]:
        """Return `function(values)`, which is `(loss, aux)`, and the gradients of the loss."""
        return jax.value_and_grad(function, has_aux=True)(values)

    def vectorized(function: Callable[[Any], Any], elements: Any) -> Any:
        """Map a function over the leading axis of every tensor in `elements`."""
        return jax.vmap(function)(elements)

    class Compiled:  # type: ignore[no-redef]
        """A compiled pure function of values, a block of arrays and a number of steps."""

        def __init__(self, function: Callable[..., Any]) -> None:
            self._compiled = jax.jit(function)

        def __call__(self, values: Any, block: list[Any], steps: Any) -> Any:
            return self._compiled(values, block, steps)

        plain = __call__

    HAS_PLAIN = False

    def graph(function: Callable[..., Any]) -> Callable[..., Any]:
        """Make one call of many cheap operations."""
        return jax.jit(function)

    def bytes_of(function: Callable[..., Any], *arguments: Any) -> int:
        """Return the size of all that a function of tensors computes."""
        equations = jax.make_jaxpr(function)(*arguments).jaxpr.eqns
        return sum(out.aval.size * out.aval.dtype.itemsize for equation in equations for out in equation.outvars)

    COMPILE_ERRORS = ()

    def is_out_of_memory(error: BaseException) -> bool:
        """Whether an error says that memory does not suffice."""
        refused = isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" in str(error)
        return refused or isinstance(error, MemoryError)

    def accelerator() -> Any:
        """Return the accelerator on which Keras computes now; None on a CPU."""
        [device] = jnp.zeros(()).devices()
        return None if device.platform == "cpu" else device

    def free_bytes(device: Any) -> int | None:
        """Return how much of an accelerator's memory is free; None if it does not say."""
        stats = device.memory_stats() or {}
        return stats["bytes_limit"] - stats["bytes_in_use"] if "bytes_limit" in stats else None

    FIT_KNOWS_NO_BATCH_SIZE = False
    FIT_BUILDS_METRICS = True

else:

    def _unavailable(*args: Any, **kwargs: Any) -> Any:
        raise NotMappable(f"populations run on TensorFlow and JAX, not on {keras.backend.backend()}.")

    value_and_gradients = vectorized = graph = bytes_of = accelerator = free_bytes = _unavailable
    Compiled: Any = _unavailable  # type: ignore[no-redef]
    HAS_PLAIN = False
    COMPILE_ERRORS = ()

    def is_out_of_memory(error: BaseException) -> bool:
        """Whether an error says that memory does not suffice."""
        return isinstance(error, MemoryError)

    FIT_KNOWS_NO_BATCH_SIZE = False
    FIT_BUILDS_METRICS = True
