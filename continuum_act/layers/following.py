"""The value that a variable of someone else's has now, in a compiled function too."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops


def current(value: Any, inputs: Any) -> Any:
    """Return what stands for the variable in a computation on `inputs`.

    Compiled functions of TensorFlow and PyTorch read a variable when they run. JAX makes its value a constant, unless
    the function was given it, as Keras gives the variables of the model: so the others are read by a callback.
    """
    in_population = hasattr(value, "known_sign")  # which places the values of its variables itself
    if keras.backend.backend() != "jax" or not isinstance(value, keras.Variable) or in_population:
        return value
    import jax

    tensor = ops.convert_to_tensor(value)
    compiling = any(isinstance(x, jax.core.Tracer) for x in keras.tree.flatten(inputs))
    if not compiling or isinstance(tensor, jax.core.Tracer):
        return tensor
    shape = jax.ShapeDtypeStruct(tensor.shape, tensor.dtype)
    return jax.pure_callback(lambda: np.asarray(value.value).astype(shape.dtype), shape, vmap_method="sequential")
