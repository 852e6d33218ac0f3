"""Factories of `keras.layers.Lambda`: stateless, with a true output shape, masks kept, loadable in safe mode."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from continuum_act.functions.complex_soft_exponential import complex_soft_exponential
from continuum_act.functions.parts import joined_shape
from continuum_act.functions.soft_exponential import is_fixed, soft_exponential
from continuum_act.masks import is_shape, joined_mask, merged_mask, merged_shape


def soft_exponential_lambda(
    alpha: Any = None, *, domain: str = "strict", max_slope: float = 10.0, **layer_kwargs: Any
) -> keras.layers.Lambda:
    """Return a `Lambda` layer of `soft_exponential`."""
    return SoftExponentialLambda(alpha, domain, max_slope, **layer_kwargs)


def complex_soft_exponential_lambda(
    alpha: Any = None, *, join: str = "stack", axis: int = -1, **layer_kwargs: Any
) -> keras.layers.Lambda:
    """Return a `Lambda` layer of `complex_soft_exponential`."""
    return ComplexSoftExponentialLambda(alpha, join, axis, **layer_kwargs)


def activation_lambda(
    function: Callable[..., Any],
    *,
    output_shape: Any = "same",
    arguments: dict[str, Any] | None = None,
    **layer_kwargs: Any,
) -> keras.layers.Lambda:
    """Return a `Lambda` layer of a pure function of your own."""
    return ActivationLambda(function, output_shape, arguments=arguments, **layer_kwargs)


def _shape_of(tensor: Any) -> tuple[int | None, ...]:
    return tuple(tensor.shape)


class _CheckedLambda(keras.layers.Lambda):
    """A `Lambda` that compares each output with its stated shape, when the model is built and when it is called."""

    def __init__(self, function: Callable[..., Any], **kwargs: Any) -> None:
        super().__init__(function, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        outputs = super().call(inputs, mask=mask, training=training)
        stated = self.compute_output_shape(keras.tree.map_structure(_shape_of, inputs))
        actual = keras.tree.map_structure(_shape_of, outputs)
        if not _compatible(stated, actual):
            raise ValueError(
                f"Layer {self.name!r}: output_shape states {stated}, but the function returns {actual}."
                " State the shape that the function returns."
            )
        return outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        actual = keras.Operation.compute_output_spec(self, *args, **kwargs)  # traces `call`, which checks
        stated = super().compute_output_spec(*args, **kwargs)
        return keras.tree.map_structure(lambda s, a: keras.KerasTensor(s.shape, a.dtype), stated, actual)


def _compatible(stated: Any, actual: Any) -> bool:
    if isinstance(stated, dict):
        return (
            isinstance(actual, dict)
            and stated.keys() == actual.keys()
            and all(_compatible(stated[key], actual[key]) for key in stated)
        )
    if isinstance(actual, dict) or len(stated) != len(actual) or is_shape(stated) != is_shape(actual):
        return False
    if is_shape(stated):
        return all(None in pair or pair[0] == pair[1] for pair in zip(stated, actual, strict=True))
    return all(_compatible(s, a) for s, a in zip(stated, actual, strict=True))


class _AlphaLambda(_CheckedLambda):
    """A `Lambda` whose configuration is alpha and the options of its function."""

    def __init__(
        self, function: Callable[..., Any], alpha: Any, options: dict[str, Any], **kwargs: Any
    ) -> None:
        self._options = options
        if _is_saved(alpha):
            options = {"alpha": alpha, **options}
        else:
            # A variable or tensor stays its owner's: in `arguments`, Keras would make it a weight of the layer.
            function = functools.partial(function, alpha=alpha)
        super().__init__(function, output_shape=None, mask=None, arguments=options, **kwargs)

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        outputs = super().call(inputs, mask=mask, training=training)
        return keras.tree.map_structure(lambda y: ops.cast(y, self.compute_dtype), outputs)

    def get_config(self) -> dict[str, Any]:
        if "alpha" not in self.arguments:
            raise ValueError(
                f"Layer {self.name!r} cannot be saved or cloned: its alpha is a tensor or a variable. Use a number or"
                " a NumPy array; or alpha=None, which takes alpha as an input; or a trainable layer (SoftExponential)."
            )
        return {**keras.layers.Layer.get_config(self), **self.arguments}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: Any = None) -> Any:
        return cls(**config)


def _is_saved(alpha: Any) -> bool:
    return (
        alpha is None or is_fixed(alpha) and not (isinstance(alpha, tuple) and not all(map(is_fixed, alpha)))
    )


@keras.saving.register_keras_serializable(package="continuum_act")
class SoftExponentialLambda(_AlphaLambda):
    """See `soft_exponential_lambda`."""

    def __init__(
        self, alpha: Any = None, domain: str = "strict", max_slope: float = 10.0, **kwargs: Any
    ) -> None:
        fixed = alpha is None or is_fixed(alpha)
        soft_exponential(
            0.0, alpha if fixed and alpha is not None else 0.0, domain=domain, max_slope=max_slope
        )
        if fixed and alpha is not None:
            alpha = np.asarray(alpha, dtype="float64").tolist()
        options = {"domain": domain, "max_slope": max_slope}
        super().__init__(_soft_exponential_of, alpha, options, **kwargs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (
            input_shape
            if "alpha" not in self.arguments or self.arguments["alpha"] is not None
            else input_shape[0]
        )

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        fed = "alpha" in self.arguments and self.arguments["alpha"] is None
        return mask[0] if fed and mask is not None else mask


def _soft_exponential_of(inputs: Any, alpha: Any, domain: str, max_slope: float) -> Any:
    x, alpha = inputs if alpha is None else (inputs, alpha)
    return keras.tree.map_structure(
        lambda t: soft_exponential(t, alpha, domain=domain, max_slope=max_slope), x
    )


@keras.saving.register_keras_serializable(package="continuum_act")
class ComplexSoftExponentialLambda(_AlphaLambda):
    """See `complex_soft_exponential_lambda`."""

    def __init__(self, alpha: Any = None, join: str = "stack", axis: int = -1, **kwargs: Any) -> None:
        if alpha is not None:
            if not isinstance(alpha, (list, tuple)):
                if is_fixed(alpha) or isinstance(alpha, complex):
                    alpha = np.asarray(alpha, dtype="complex128")
                    alpha = (alpha.real.tolist(), alpha.imag.tolist())
                else:
                    alpha = (alpha, ops.zeros_like(alpha))
            elif all(is_fixed(part) for part in alpha):
                alpha = tuple(np.asarray(part, dtype="float64").tolist() for part in alpha)
        options = {"join": join, "axis": axis}
        super().__init__(_complex_soft_exponential_of, alpha, options, **kwargs)

    def _x(self, inputs: Any) -> Any:
        return inputs[0] if "alpha" in self.arguments and self.arguments["alpha"] is None else inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        join, axis = self.arguments["join"], self.arguments["axis"]
        return joined_shape(merged_shape(self._x(input_shape)), join=join, axis=axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return None
        part = keras.tree.flatten(self._x(inputs))[0]
        join, axis = self.arguments["join"], self.arguments["axis"]
        return joined_mask(merged_mask(self._x(mask)), len(part.shape), join=join, axis=axis)


def _complex_soft_exponential_of(inputs: Any, alpha: Any, join: str, axis: int) -> Any:
    x, alpha = (inputs[0], tuple(inputs[1:])) if alpha is None else (inputs, tuple(alpha))
    return complex_soft_exponential(x, alpha, join=join, axis=axis)


@keras.saving.register_keras_serializable(package="continuum_act")
def same_shape(input_shape: Any) -> Any:
    """Output shape of a function that keeps the shape of its input."""
    return input_shape


@keras.saving.register_keras_serializable(package="continuum_act")
class ActivationLambda(_CheckedLambda):
    """See `activation_lambda`."""

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = "same",
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        output_shape = same_shape if output_shape == "same" else output_shape
        super().__init__(function, output_shape=output_shape, mask=None, arguments=arguments, **kwargs)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return mask
