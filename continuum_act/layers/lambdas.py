"""Factories of `keras.layers.Lambda`: stateless, of true shape, with masks, loaded in safe mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from continuum_act.functions.types import ComplexLike, Domain, Join, RealLike
from continuum_act.layers.alpha_lambda import ComplexSoftExponentialLambda, SoftExponentialLambda
from continuum_act.layers.checked_lambda import ActivationLambda


def soft_exponential_lambda(
    alpha: RealLike | None = None, *, domain: Domain = "linear", max_slope: float = 3.0, **layer_kwargs: Any
) -> SoftExponentialLambda:
    """Return a `Lambda` layer of `soft_exponential`, saved with its alpha and loaded in safe mode.

    Called on a tensor, the layer returns a tensor of equal shape; on a list of tensors, the list of their
    activations. The output has the layer's compute dtype and the input's mask. A saved model is loaded by
    `keras.models.load_model` in any program that has imported `continuum_act`. It serves as an activation too:
    `Dense(8, activation=soft_exponential_lambda(0.3))` is saved and loaded, where a `functools.partial` of the
    function could not be. `layer.alpha` is its alpha; its `repr` and its default name show it, and so
    `keras.utils.plot_model`.

    Args:
        alpha: a real number, or an array that broadcasts to the shape of the input (one alpha per channel,
            say). None makes a layer that is called on `[x, alpha]`. A tensor or a `keras.Variable` is
            followed, compiled or not, but neither trained nor saved by the layer.
        domain: as in `soft_exponential`. `"linear"`, the default here, is finite for every alpha and x, so that
            training survives; `"strict"` is NaN outside the domain of a negative alpha.
        max_slope: as in `soft_exponential`.
        **layer_kwargs: `name`, `dtype` and so on, as for every Keras layer.

    Returns:
        A `keras.layers.Lambda`.

    Raises:
        TypeError: as `soft_exponential`, when the layer is made; a keyword argument is not known.
        ValueError: as `soft_exponential`, when the layer is made; when it is first called, an alpha that does
            not broadcast to the shape of the input.

    Example:
    >>> import keras
    >>> import continuum_act as ca
    >>> layer = ca.soft_exponential_lambda(1.0)
    >>> keras.ops.convert_to_numpy(layer(keras.ops.array([0.0, 1.0]))).astype("float64").round(3).tolist()
    [1.0, 2.718]

    Reference: Godfrey and Gashler, arXiv:1602.01321.
    """
    return SoftExponentialLambda(alpha, domain, max_slope, **layer_kwargs)


def complex_soft_exponential_lambda(
    alpha: ComplexLike | None = None, *, join: Join = "concat", axis: int = -1, **layer_kwargs: Any
) -> ComplexSoftExponentialLambda:
    """Return a `Lambda` layer of `complex_soft_exponential`, saved with its alpha and loaded in safe mode.

    Put it after a layer, not into `Dense(activation=...)`: that states its own number of units, whatever the
    activation returns, and so a wrong shape. Called on a tensor or on a complex pair `[re, im]`, the layer
    returns the two parts of the output, joined. The output has the layer's compute dtype and the input's
    mask; a join among the axes that the mask covers joins the mask too. A saved model is loaded by
    `keras.models.load_model` in any program that has imported `continuum_act`.

    Args:
        alpha: a complex number or array, or a pair `(real, imaginary)` of numbers or arrays. None makes a
            layer that is called on `[x, alpha_real, alpha_imaginary]`. Tensors and `keras.Variable`s are
            followed, compiled or not, but neither trained nor saved by the layer.
        join: `"concat"`, the default here, doubles `axis`, as a Dense layer behind it expects; `"stack"` gives
            shape + (2,), the new axis at `axis`; `"list"` gives `[re, im]`.
        axis: counts the batch axis as 0.
        **layer_kwargs: `name`, `dtype` and so on, as for every Keras layer.

    Returns:
        A `keras.layers.Lambda`.

    Raises:
        TypeError: as `complex_soft_exponential`, when the layer is made; a keyword argument is not known.
        ValueError: as `complex_soft_exponential`, when the layer is made; when it is first called, an alpha
            that does not broadcast to the shape of the input, or an axis out of range.

    Example:
    >>> import continuum_act as ca
    >>> ca.complex_soft_exponential_lambda(2j).compute_output_shape((None, 3))
    (None, 6)

    Reference: Godfrey and Gashler, arXiv:1602.01321; the branches for a complex alpha are this package's.
    """
    return ComplexSoftExponentialLambda(alpha, join, axis, **layer_kwargs)


def activation_lambda(
    function: Callable[..., Any],
    *,
    output_shape: Any = "same",
    arguments: dict[str, Any] | None = None,
    **layer_kwargs: Any,
) -> ActivationLambda:
    """Return a `Lambda` layer of a pure function of your own, saved by its name and loaded in safe mode.

    The layer passes the mask of its (first) input on where the output is stated to have the shape of the input, or
    where `supports_masking=True` is given: then to each output that begins with the axes that the mask covers. A saved
    model is loaded by `keras.models.load_model` in any program that has imported `continuum_act` and the module that
    registers the function.

    Args:
        function: takes a tensor (or what the layer is called on), returns a tensor, on `keras.ops`. Defined
            at the top level of a module and registered by
            `@keras.saving.register_keras_serializable(package=...)`, or one of `keras.activations`, or a soft
            exponential of this package, though its own factory knows its shape.
        output_shape: `"same"` as the input; a tuple without the batch axis; or a function, registered
            likewise, that maps the input shape to the output shape, both with the batch axis.
        arguments: keyword arguments of the function: numbers, strings, lists, real NumPy arrays. Tuples
            become lists. Tensors and `keras.Variable`s are followed, compiled or not, but neither trained nor
            saved by the layer.
        **layer_kwargs: `supports_masking`, and `name`, `dtype` and so on, as for every Keras layer.

    Returns:
        A `keras.layers.Lambda`.

    Raises:
        TypeError: the function is not one, an argument cannot be saved, or a keyword argument is not known.
        ValueError: the function could not be loaded in safe mode (a Python lambda, a closure, not
            registered); when the layer is first called or the model built, the function returns another shape
            than stated.

    Example:
    >>> import keras
    >>> import continuum_act as ca
    >>> @keras.saving.register_keras_serializable(package="example")
    ... def scaled_relu(x, scale):
    ...     return scale * keras.ops.relu(x)
    >>> layer = ca.activation_lambda(scaled_relu, arguments={"scale": 3.0})
    >>> keras.ops.convert_to_numpy(layer(keras.ops.array([-1.0, 2.0]))).tolist()
    [0.0, 6.0]
    """
    return ActivationLambda(function, output_shape, arguments, **layer_kwargs)
