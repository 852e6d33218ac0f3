"""What the exact networks are made of: inputs, Dense layers of fixed weights, powers and their products."""

from __future__ import annotations

import math
import operator
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from continuum_act.functions import arguments
from continuum_act.layers.lambdas import activation_lambda, complex_soft_exponential_lambda, soft_exponential_lambda


def positive(n: Any) -> int:
    """Check a number of inputs."""
    try:
        size = operator.index(n)
    except TypeError as error:
        raise TypeError(f"n must be an integer, got {type(n).__name__}: {n!r}.") from error
    if size < 1:
        raise ValueError(f"n={n}: expected at least 1.")
    return size


def numbers(name: str, values: Any) -> np.ndarray:
    """Check a row of weights."""
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be real numbers, got {values!r}.")
    if array.ndim != 1 or not array.size or not np.isfinite(array).all():
        raise ValueError(f"{name} must be one row of finite numbers, such as [1.0, 2.0]; got {values!r}.")
    return array.astype("float64")


def input_of(n: int, dtype: str | None, name: str = "x") -> Any:
    """Return an input of shape (batch, n), not rounded to less than `dtype`."""
    return keras.Input((n,), dtype=keras.dtype_policies.get(dtype).variable_dtype, name=name)


def pairs_of(n: int, dtype: str | None) -> tuple[Any, Any, Any]:
    """Return two inputs of shape (batch, n) and their pairs, of shape (batch, n, 2)."""
    p, q = input_of(n, dtype, "p"), input_of(n, dtype, "q")
    columns = [layers.Reshape((n, 1), dtype=dtype)(part) for part in (p, q)]
    return p, q, layers.Concatenate(dtype=dtype)(columns)


def dense(kernel: Any, dtype: str | None, bias: Any = 0.0) -> layers.Dense:
    """Return a Dense layer with these weights, which a copy from its configuration has too."""
    kernel = np.asarray(kernel, "float64")
    return layers.Dense(
        kernel.shape[1],
        kernel_initializer=keras.initializers.Constant(kernel),
        bias_initializer=keras.initializers.Constant(bias),
        trainable=False,
        dtype=dtype,
    )


def monomials(x: Any, exponents: Any, dtype: str | None) -> Any:
    """Return exp(Log(x) @ exponents): products of integer powers of the numbers along the last axis.

    The exponents are not mixed with zeros, because a zero times the logarithm of zero is NaN.
    """
    re, im = complex_soft_exponential_lambda(-1.0, join="list", dtype=dtype)(x)
    re = activation_lambda(clip_exponent, dtype=dtype)(dense(exponents, dtype)(re))
    im = dense(exponents, dtype)(im)
    return complex_soft_exponential_lambda(1.0, join="list", dtype=dtype)([re, im])[0]


def power(x: Any, exponent: float, dtype: str | None) -> Any:
    """Return |x|**exponent = exp(exponent * Re Log x), for a last axis of size 1."""
    log, _ = complex_soft_exponential_lambda(-1.0, join="list", dtype=dtype)(x)
    return soft_exponential_lambda(1.0, domain="strict", dtype=dtype)(dense([[exponent]], dtype)(log))


@keras.saving.register_keras_serializable(package="continuum_act")
def clip_exponent(x: Any) -> Any:
    """Clip x to where exp(x) is zero or just infinite: an infinite x in exp(x + i*y) times sin(0) would be NaN."""
    dtype = arguments.compute_dtype(keras.backend.standardize_dtype(x.dtype))
    largest = math.log(np.finfo(dtype).max)
    return ops.clip(x, -1.2 * largest, largest + 2.0)
