"""Layers that train alpha, with the arguments of `keras.layers.PReLU`."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from continuum_act.functions import arguments
from continuum_act.functions.complex_soft_exponential import complex_soft_exponential
from continuum_act.functions.parts import joined_shape
from continuum_act.functions.soft_exponential import soft_exponential
from continuum_act.functions.types import Domain, Join
from continuum_act.layers.alpha_lambda import ComplexSoftExponentialLambda, SoftExponentialLambda
from continuum_act.layers.checked_lambda import Shape, check_keywords, flat_shapes
from continuum_act.layers.masks import complex_shape, joined_mask


class _TrainableAlpha(keras.layers.Layer):
    """A layer with a weight `alpha`, one for each element of a sample but shared along `shared_axes`."""

    def __init__(
        self,
        alpha_initializer: Any,
        alpha_regularizer: Any,
        alpha_constraint: Any,
        shared_axes: int | list[int] | tuple[int, ...] | None,
        **kwargs: Any,
    ) -> None:
        check_keywords(type(self), kwargs)
        super().__init__(**kwargs)
        self.supports_masking = True
        self.alpha_initializer = self._initializer(alpha_initializer)
        self.alpha_regularizer = keras.regularizers.get(_registered(alpha_regularizer))
        self.alpha_constraint = keras.constraints.get(_registered(alpha_constraint))
        if shared_axes is not None and not isinstance(shared_axes, (list, tuple)):
            shared_axes = [shared_axes]
        self.shared_axes = None if shared_axes is None else [_plain(axis) for axis in shared_axes]

    def _initializer(self, given: Any) -> Any:
        if np.iscomplexobj(getattr(given, "value", given)):
            raise TypeError(f"alpha_initializer is complex: {given!r}. Use ComplexSoftExponential.")
        return keras.initializers.get(given)

    def add_alpha(self, x_shape: Shape, parts: tuple[int, ...] = ()) -> keras.InputSpec:
        """Add the weight for inputs of this shape, and return what they must be like from now on."""
        rank = len(x_shape)
        shared = set()
        for axis in self.shared_axes or []:
            if not isinstance(axis, int) or not (1 <= axis < rank or 1 - rank <= axis < 0):
                raise ValueError(
                    f"shared_axes={self.shared_axes}: expected axes of an input of shape {x_shape}, from 1 to"
                    f" {rank - 1}; axis 0 is the batch and is always shared."
                )
            shared.add(axis % rank)
        sizes = {axis: x_shape[axis] for axis in range(1, rank) if axis not in shared}
        if None in sizes.values():
            unknown = [axis for axis, size in sizes.items() if size is None]
            raise ValueError(
                f"Layer {self.name!r} has one alpha per element, but its input of shape {x_shape} has axes of"
                f" unknown size. Share alpha along them: shared_axes={sorted(shared.union(unknown))}."
            )
        self.alpha = self.add_weight(
            name="alpha",
            shape=(*(sizes.get(axis, 1) for axis in range(1, rank)), *parts),
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            autocast=False,  # the functions compute in float32 or better, whatever the compute dtype
        )
        return keras.InputSpec(ndim=rank, axes=sizes)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "alpha_initializer": keras.initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": keras.regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": keras.constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }


@keras.saving.register_keras_serializable(package="continuum_act")
class SoftExponential(_TrainableAlpha):
    """Soft exponential with a trained alpha: see `soft_exponential` for the formula.

    Args:
        alpha_initializer: initializer of alpha. 0 is the identity; the gradient in alpha is not 0 there.
        alpha_regularizer: regularizer of alpha; besides those of Keras, `"TernaryRegularizer"`.
        alpha_constraint: constraint of alpha; besides those of Keras, `"TernaryConstraint"`.
        shared_axes: axes along which alpha is shared, from 1. For images of shape (batch, height, width,
            channels), `[1, 2]` gives one alpha per channel. None gives one per element of a sample.
        domain: as in `soft_exponential`; `"linear"` is finite for every alpha and every x of which max_slope*x is,
            and so can be trained.
        max_slope: as in `soft_exponential`.
        **kwargs: `name`, `dtype` and so on, as for every Keras layer.

    The output has the shape and the mask of the input, and the layer's compute dtype.

    Raises:
        TypeError: max_slope is not a number, the initializer is complex, or a keyword argument is not known.
        ValueError: domain or max_slope is out of range; when the layer is built, shared_axes are not axes of the input
            other than the batch, or an axis of unknown size is not among them.

    Example:
    >>> import keras
    >>> import continuum_act as ca
    >>> layer = ca.SoftExponential(alpha_initializer="ones", shared_axes=1)
    >>> keras.ops.convert_to_numpy(layer(keras.ops.array([[0.0, 1.0]]))).astype("float64").round(3).tolist()
    [[1.0, 2.718]]
    >>> tuple(layer.alpha.shape)
    (1,)

    Reference: Godfrey and Gashler, arXiv:1602.01321.
    """

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | list[int] | tuple[int, ...] | None = None,
        domain: Domain = "linear",
        max_slope: float = 3.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(alpha_initializer, alpha_regularizer, alpha_constraint, shared_axes, **kwargs)
        soft_exponential(1.0, 0.0, domain=domain, max_slope=max_slope)  # its errors, now
        self.domain = domain
        self.max_slope = max_slope

    def build(self, input_shape: Any) -> None:
        self.input_spec = self.add_alpha(tuple(input_shape))

    def call(self, inputs: Any) -> Any:
        y = soft_exponential(inputs, self.alpha, domain=self.domain, max_slope=self.max_slope)
        return ops.cast(y, self.compute_dtype)

    def to_lambda(self) -> SoftExponentialLambda:
        """Return the `Lambda` layer of the present alpha as a constant: see `with_fixed_alphas`."""
        alpha = ops.convert_to_numpy(self.alpha)
        return SoftExponentialLambda(alpha, self.domain, self.max_slope, name=self.name, dtype=self.dtype_policy)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "domain": self.domain, "max_slope": self.max_slope}


@keras.saving.register_keras_serializable(package="continuum_act")
class ComplexSoftExponential(_TrainableAlpha):
    """Complex soft exponential with a trained alpha: see `complex_soft_exponential` for the formula.

    The weight `alpha` has a last axis of 2: the real and the imaginary part, which the regularizer and the
    constraint see as two numbers. The formula jumps where the real part changes its sign beside 0:
    `alpha_constraint="non_neg"` keeps it, and the frequency, on one side.

    Args:
        alpha_initializer: initializer of alpha, or a complex number: `2j` is `keras.initializers.Constant([0.0, 2.0])`.
        alpha_regularizer: as in `SoftExponential`.
        alpha_constraint: as in `SoftExponential`.
        shared_axes: as in `SoftExponential`.
        join: as in `complex_soft_exponential`.
        axis: as in `complex_soft_exponential`.
        **kwargs: `name`, `dtype` and so on, as for every Keras layer.

    The input is a tensor or a pair `[re, im]`. The output has the layer's compute dtype and the input's mask,
    joined like the parts where the join is among the axes that it covers. For a tensor of shape (batch, n), `"stack"`
    gives (batch, n, 2), `"concat"` (batch, 2*n).

    Raises:
        TypeError: axis is not an integer, or a keyword argument is not known.
        ValueError: join is not known; when the layer is built, as `SoftExponential`, or axis is out of range.

    Example:
    >>> import keras
    >>> import continuum_act as ca
    >>> layer = ca.ComplexSoftExponential(shared_axes=1)
    >>> keras.ops.convert_to_numpy(layer(keras.ops.array([[0.5, 1.0]]))).tolist()
    [[0.5, 1.0, 0.0, 0.0]]
    >>> tuple(layer.alpha.shape)
    (1, 2)

    Reference: Godfrey and Gashler, arXiv:1602.01321; the branches for a complex alpha are this package's.
    """

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | list[int] | tuple[int, ...] | None = None,
        join: Join = "concat",
        axis: int = -1,
        **kwargs: Any,
    ) -> None:
        axis = arguments.index("axis", axis)
        super().__init__(alpha_initializer, alpha_regularizer, alpha_constraint, shared_axes, **kwargs)
        complex_soft_exponential([1.0], 0.0, join=join)  # its errors, now
        self.join = join
        self.axis = axis

    def _initializer(self, given: Any) -> Any:
        if isinstance(given, (complex, np.complexfloating)):
            given = keras.initializers.Constant(given)
        value = getattr(given, "value", 0.0)  # of a Constant
        if np.iscomplexobj(value):
            given = keras.initializers.Constant(np.stack([np.real(value), np.imag(value)], axis=-1).tolist())
        return keras.initializers.get(given)

    def build(self, input_shape: Any) -> None:
        spec = self.add_alpha(complex_shape(input_shape), parts=(2,))
        self.input_spec = [spec] * len(flat_shapes(input_shape))

    def call(self, inputs: Any) -> Any:
        alpha = self.alpha[..., 0], self.alpha[..., 1]
        y = complex_soft_exponential(inputs, alpha, join=self.join, axis=self.axis)
        return keras.tree.map_structure(lambda part: ops.cast(part, self.compute_dtype), y)

    def to_lambda(self) -> ComplexSoftExponentialLambda:
        """Return the `Lambda` layer of the present alpha as a constant: see `with_fixed_alphas`."""
        alpha = ops.convert_to_numpy(self.alpha)
        pair = alpha[..., 0], alpha[..., 1]
        return ComplexSoftExponentialLambda(pair, self.join, self.axis, name=self.name, dtype=self.dtype_policy)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return joined_shape(complex_shape(input_shape), join=self.join, axis=self.axis)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        rank = len(keras.tree.flatten(inputs)[0].shape)
        return joined_mask(previous_mask, rank, join=self.join, axis=self.axis)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "join": self.join, "axis": self.axis}


def _plain(axis: Any) -> Any:
    return int(axis) if isinstance(axis, np.integer) else axis


def _registered(identifier: Any) -> Any:
    """Resolve the name of a class of this package, or of another registered one, which Keras does not look up."""
    if not isinstance(identifier, str):
        return identifier
    find = keras.saving.get_registered_object
    return find(f"continuum_act>{identifier}") or find(identifier) or identifier
