"""Algebraic operations: products, inner products, distances, polynomials."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from continuum_act.networks.blocks import dense, input_of, monomials, numbers, pairs_of, positive, power


def product_network(n: int, *, dtype: str | None = None) -> keras.Model:
    """Return a network that multiplies n numbers: y = x_1 * ... * x_n = exp(Log x_1 + ... + Log x_n).

    Both functions are complex soft exponentials, Log with alpha = -1 and exp with alpha = 1, so that a negative
    number has the logarithm log|x| + i*pi, and its sign is right in the product. A zero makes the product zero.

    Args:
        n: how many numbers.
        dtype: dtype of inputs, weights and output; None for Keras's global dtype policy.

    Returns:
        A `keras.Model` of input shape (batch, n), output shape (batch, 1), no trainable weights. Defined for all finite
        inputs; a product beyond the dtype is infinite, one below it zero.

    Raises:
        TypeError: n is not an integer.
        ValueError: n is less than 1.

    Example:
    >>> import keras
    >>> import continuum_act as ca
    >>> y = ca.product_network(3)(keras.ops.array([[2.0, -3.0, 4.0], [5.0, 0.0, -6.0]]))
    >>> (keras.ops.convert_to_numpy(y).round(3) + 0.0).tolist()
    [[-24.0], [0.0]]

    Notes:
        Accuracy, as `continuum_act.networks` measures it: relative error at most 1.2*(1 + |log|x_1|| + ... +
        |log|x_n||) eps, in float32 and float64; for magnitudes from 1e-6 to 1e6 that was 40 eps for n = 3, and 72 eps
        for n = 8.

    Reference: Godfrey and Gashler, arXiv:1602.01321.
    """
    n = positive(n)
    x = input_of(n, dtype)
    return keras.Model(x, monomials(x, np.ones((n, 1)), dtype), name="product")


def inner_product_network(n: int, *, dtype: str | None = None) -> keras.Model:
    """Return a network for the inner product of two vectors: y = p_1*q_1 + ... + p_n*q_n.

    Each p_i*q_i is computed as by `product_network`, with any sign and with zeros.

    Args:
        n: the length of the vectors.
        dtype: dtype of inputs, weights and output; None for Keras's global dtype policy.

    Returns:
        A `keras.Model` of two inputs `[p, q]`, each of shape (batch, n), output shape (batch, 1), no trainable weights.
        Defined for all finite inputs.

    Raises:
        TypeError: n is not an integer.
        ValueError: n is less than 1.

    Example:
    >>> import keras
    >>> import continuum_act as ca
    >>> p, q = keras.ops.array([[1.0, -2.0, 3.0]]), keras.ops.array([[4.0, 5.0, 0.0]])
    >>> keras.ops.convert_to_numpy(ca.inner_product_network(3)([p, q])).round(3).tolist()
    [[-6.0]]

    Notes:
        Accuracy, as `continuum_act.networks` measures it: error over |p_1*q_1| + ... + |p_n*q_n| at most 23 eps in
        float32 and 9 eps in float64 for n = 4. As in every sum, terms that cancel leave a larger relative error.

    Reference: Godfrey and Gashler, arXiv:1602.01321.
    """
    n = positive(n)
    p, q, pairs = pairs_of(n, dtype)
    products = layers.Flatten(dtype=dtype)(monomials(pairs, np.ones((2, 1)), dtype))
    return keras.Model([p, q], dense(np.ones((n, 1)), dtype)(products), name="inner_product")


def distance_network(n: int, *, dtype: str | None = None) -> keras.Model:
    """Return a network for the Euclidean distance: y = sqrt((p_1 - q_1)**2 + ... + (p_n - q_n)**2).

    A power |d|**k is exp(k*log|d|), where log|d| is the real part of the complex soft exponential with alpha = -1.

    Args:
        n: the length of the vectors.
        dtype: dtype of inputs, weights and output; None for Keras's global dtype policy.

    Returns:
        A `keras.Model` of two inputs `[p, q]`, each of shape (batch, n), output shape (batch, 1), no trainable weights.
        Defined for all inputs whose squared distance neither overflows nor underflows (in float32: from 1e-19 to 1e19);
        the distance of equal vectors is 0.

    Raises:
        TypeError: n is not an integer.
        ValueError: n is less than 1.

    Example:
    >>> import keras
    >>> import continuum_act as ca
    >>> p, q = keras.ops.array([[1.0, 2.0], [3.0, 3.0]]), keras.ops.array([[4.0, -2.0], [3.0, 3.0]])
    >>> keras.ops.convert_to_numpy(ca.distance_network(2)([p, q])).round(3).tolist()
    [[5.0], [0.0]]

    Notes:
        Accuracy, as `continuum_act.networks` measures it: relative error at most 17 eps in float32 and 16 eps in
        float64 for n = 4; it grows like |log |p_i - q_i|| eps.

    Reference: Godfrey and Gashler, arXiv:1602.01321.
    """
    n = positive(n)
    p, q, pairs = pairs_of(n, dtype)
    differences = dense([[1.0], [-1.0]], dtype)(pairs)
    squares = layers.Flatten(dtype=dtype)(power(differences, 2.0, dtype))
    total = dense(np.ones((n, 1)), dtype)(squares)
    return keras.Model([p, q], power(total, 0.5, dtype), name="distance")


def polynomial_network(coefficients: Sequence[float], *, dtype: str | None = None) -> keras.Model:
    """Return a network for a polynomial: y = c_0 + c_1*x + c_2*x**2 + ...

    Each power is exp(k*Log x), by complex soft exponentials as in `product_network`, so x has any sign; at 0, y is c_0.

    Args:
        coefficients: c_0, c_1, ..., lowest degree first, as in `numpy.polynomial`; rounded to the dtype.
        dtype: dtype of input, weights and output; None for Keras's global dtype policy.

    Returns:
        A `keras.Model` of input shape (batch, 1), output shape (batch, 1), no trainable weights. Defined for all finite
        inputs whose terms do not overflow.

    Raises:
        TypeError: the coefficients are not real numbers.
        ValueError: they are not one row of at least one finite number.

    Example:
    >>> import keras
    >>> import continuum_act as ca
    >>> y = ca.polynomial_network([1.0, 0.0, -2.0, 1.0])(keras.ops.array([[-2.0], [0.0], [3.0]]))
    >>> keras.ops.convert_to_numpy(y).round(3).tolist()
    [[-15.0], [1.0], [10.0]]

    Notes:
        Accuracy, as `continuum_act.networks` measures it: error over |c_0| + |c_1*x| + |c_2*x**2| + ... at most 70 eps
        in float32 and 35 eps in float64 for degree 5; it grows like k*|log |x|| eps.

    Reference: Godfrey and Gashler, arXiv:1602.01321.
    """
    c = np.append(numbers("coefficients", coefficients), 0.0)
    degrees = [k for k in range(1, len(c)) if c[k] != 0] or [1]  # no power that could overflow in vain
    x = input_of(1, dtype)
    powers = monomials(x, [degrees], dtype)
    return keras.Model(x, dense(c[degrees][:, None], dtype, bias=c[:1])(powers), name="polynomial")
