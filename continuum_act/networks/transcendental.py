"""Transcendental functions: sinusoids, Gaussians, softmax."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from continuum_act.layers.lambdas import complex_soft_exponential_lambda, soft_exponential_lambda
from continuum_act.networks.blocks import dense, input_of, numbers, positive, power


def sinusoid_network(
    frequencies: Sequence[float], amplitudes: Sequence[float], phases: Sequence[float], *, dtype: str | None = None
) -> keras.Model:
    """Return a network for a sum of sinusoids: y = a_1*sin(w_1*x + phi_1) + a_2*sin(w_2*x + phi_2) + ...

    The sine is the real part of the complex soft exponential with alpha = i.

    Args:
        frequencies: w_1, w_2, ..., in radians per unit of x; rounded to the dtype, as are the others.
        amplitudes: a_1, a_2, ..., as many.
        phases: phi_1, phi_2, ..., in radians, as many.
        dtype: dtype of input, weights and output; None for Keras's global dtype policy.

    Returns:
        A `keras.Model` of input shape (batch, 1), output shape (batch, 1), no trainable weights. Defined for all finite
        inputs.

    Raises:
        TypeError: the arguments are not real numbers.
        ValueError: they are not three rows of equally many finite numbers.

    Example:
    >>> import math
    >>> import keras
    >>> import continuum_act as ca
    >>> model = ca.sinusoid_network([1.0, 2.0], [1.0, 0.5], [0.0, math.pi / 2])  # sin(x) + cos(2x)/2
    >>> keras.ops.convert_to_numpy(model(keras.ops.array([[0.0], [math.pi / 2]]))).round(3).tolist()
    [[0.5], [0.5]]

    Notes:
        Accuracy, as `continuum_act.networks` measures it: error over |a_1| + |a_2| + ... at most 0.33*(1 + t) eps, in
        float32 and float64; t is the mean angle |w*x + phi|, weighted by |a|: an angle of 1e6 is rounded by up to 0.03
        in float32.

    Reference: Godfrey and Gashler, arXiv:1602.01321; the complex alpha is this package's.
    """
    w, a, phi = (
        numbers(name, values)
        for name, values in (("frequencies", frequencies), ("amplitudes", amplitudes), ("phases", phases))
    )
    if not len(w) == len(a) == len(phi):
        raise ValueError(
            f"Got {len(w)} frequencies, {len(a)} amplitudes and {len(phi)} phases: expected equally many of each."
        )
    x = input_of(1, dtype)
    angles = dense(w[None, :], dtype, bias=phi)(x)
    sines, _ = complex_soft_exponential_lambda(1j, join="list", dtype=dtype)(angles)
    return keras.Model(x, dense(a[:, None], dtype)(sines), name="sinusoid")


def gaussian_network(n: int, *, dtype: str | None = None) -> keras.Model:
    """Return a network for the Gaussian of n numbers: y = exp(-(x_1**2 + ... + x_n**2) / 2).

    That is the density of the standard normal distribution without its constant: 1 at the origin. The squares are
    computed as in `distance_network`, of numbers of any sign.

    Args:
        n: how many numbers.
        dtype: dtype of input, weights and output; None for Keras's global dtype policy.

    Returns:
        A `keras.Model` of input shape (batch, n), output shape (batch, 1), no trainable weights. Defined for all finite
        inputs; far from the origin it is zero.

    Raises:
        TypeError: n is not an integer.
        ValueError: n is less than 1.

    Example:
    >>> import keras
    >>> import continuum_act as ca
    >>> y = ca.gaussian_network(2)(keras.ops.array([[0.0, 0.0], [1.0, -1.0]]))  # 1, exp(-1)
    >>> keras.ops.convert_to_numpy(y).astype("float64").round(3).tolist()
    [[1.0], [0.368]]

    Notes:
        Accuracy, as `continuum_act.networks` measures it: relative error at most 2.1*(1 + x_1**2 + ... + x_n**2) eps,
        in float32 and float64; a rounding of x alone explains a quarter of that.

    Reference: Godfrey and Gashler, arXiv:1602.01321.
    """
    n = positive(n)
    x = input_of(n, dtype)
    squares = layers.Flatten(dtype=dtype)(power(layers.Reshape((n, 1), dtype=dtype)(x), 2.0, dtype))
    exponent = dense(np.full((n, 1), -0.5), dtype)(squares)
    return keras.Model(x, soft_exponential_lambda(1.0, domain="strict", dtype=dtype)(exponent), name="gaussian")


def softmax_network(n: int, *, dtype: str | None = None) -> keras.Model:
    """Return a network for the softmax: y_i = exp(x_i) / (exp(x_1) + ... + exp(x_n)).

    It is computed as y_i = exp(-log(exp(x_1 - x_i) + ... + exp(x_n - x_i))), with n**2 exponentials, so that nothing
    overflows: one that is infinite belongs to a y_i of zero.

    Args:
        n: how many classes.
        dtype: dtype of input, weights and output; None for Keras's global dtype policy.

    Returns:
        A `keras.Model` of input shape (batch, n), the logits, output shape (batch, n), no trainable weights. Defined
        for all finite inputs.

    Raises:
        TypeError: n is not an integer.
        ValueError: n is less than 1.

    Example:
    >>> import math
    >>> import keras
    >>> import continuum_act as ca
    >>> y = ca.softmax_network(3)(keras.ops.array([[0.0, math.log(2.0), 0.0], [1e6, -1e6, 1e6]]))
    >>> keras.ops.convert_to_numpy(y).round(3).tolist()
    [[0.25, 0.5, 0.25], [0.5, 0.0, 0.5]]

    Notes:
        Accuracy, as `continuum_act.networks` measures it: relative error of y_i at most 1.5*(1 + |log y_i|) eps, in
        float32 and float64, for n = 4.

    Reference: Godfrey and Gashler, arXiv:1602.01321.
    """
    n = positive(n)
    x = input_of(n, dtype)
    each = layers.Concatenate(dtype=dtype)(
        [layers.RepeatVector(n, dtype=dtype)(x), layers.Reshape((n, 1), dtype=dtype)(x)]
    )
    differences = dense(np.vstack([np.eye(n), -np.ones((1, n))]), dtype)(each)  # x_j - x_i at row i, column j
    odds = soft_exponential_lambda(1.0, domain="strict", dtype=dtype)(differences)
    total = dense(np.ones((n, 1)), dtype)(odds)
    return keras.Model(x, layers.Flatten(dtype=dtype)(power(total, -1.0, dtype)), name="softmax")
