"""The `Lambda` layers of the soft exponentials: alpha fixed, followed, or fed as an input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from continuum_act.functions import arguments
from continuum_act.functions.complex_soft_exponential import complex_soft_exponential
from continuum_act.functions.parts import joined_shape
from continuum_act.functions.soft_exponential import soft_exponential
from continuum_act.functions.types import Domain, Join
from continuum_act.layers.checked_lambda import CheckedLambda, flat_shapes, is_live, is_shape
from continuum_act.layers.masks import check_alpha_fits, complex_shape, joined_mask


class _AlphaLambda(CheckedLambda):
    """A `Lambda` whose configuration is the arguments of its function, alpha among them."""

    name: str
    _inputs: tuple[str, ...]

    def __init__(self, function: Callable[..., Any], options: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(function, output_shape=None, arguments=options, **kwargs)
        self._alpha_is_input = options["alpha"] is None
        if kwargs.get("name") is None and isinstance(self.alpha, (float, complex)):
            self.name = f"{self.name}_alpha_{self.alpha:.4g}".replace("+", "_")  # for summaries and diagrams

    @property
    def alpha(self) -> Any:
        """A number, an array, the variables or tensors that are followed, or None where alpha is an input."""
        return self._followed["alpha"] if "alpha" in self._followed else self._as_given(self.arguments["alpha"])

    def _as_given(self, alpha: Any) -> Any:
        return np.asarray(alpha) if isinstance(alpha, list) else alpha

    @property
    def activation(self) -> str:
        """What `keras.utils.plot_model` shows with `show_layer_activations=True`."""
        if self._alpha_is_input:
            return "alpha=input"
        leaves = keras.tree.flatten(self.alpha)
        shown = (leaf.path if isinstance(leaf, keras.Variable) else _short(leaf) for leaf in leaves)
        return "alpha=" + " + i*".join(shown)

    def __repr__(self) -> str:
        """Show alpha."""
        return f"<{type(self).__name__} {self.activation}, name={self.name}, built={self.built}>"

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        outputs = super().call(inputs, mask=mask, training=training)
        return keras.tree.map_structure(lambda y: ops.cast(y, self.compute_dtype), outputs)

    def _x_and_alphas(self, input_shape: Any) -> tuple[Any, Any]:
        """Return the shapes of x and of the parts of alpha."""
        if not self._alpha_is_input:
            return input_shape, self._alpha_shapes
        if is_shape(input_shape) or len(input_shape) != len(self._inputs):
            raise ValueError(
                f"Layer {self.name!r} has alpha=None, and is called on the list [{', '.join(self._inputs)}]."
                f" Received inputs of shape {input_shape}"
            )
        return input_shape[0], input_shape[1:]

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["function"], config["arguments"]
        return {**config, **self.arguments}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: Any = None) -> Any:
        return cls(**config)


@keras.saving.register_keras_serializable(package="continuum_act")
class SoftExponentialLambda(_AlphaLambda):
    """See `soft_exponential_lambda`."""

    _inputs = ("x", "alpha")

    def __init__(self, alpha: Any = None, domain: Domain = "linear", max_slope: float = 3.0, **kwargs: Any) -> None:
        fixed = alpha is not None and not is_live(alpha)
        arguments.slope(max_slope)
        soft_exponential(1.0, alpha if fixed else 0.0, domain=domain, max_slope=max_slope)  # its errors, now
        alpha = _plain(alpha) if fixed else alpha
        self._alpha_shapes = [] if alpha is None else [tuple(np.shape(alpha))]
        options = {"alpha": alpha, "domain": domain, "max_slope": max_slope}
        super().__init__(_soft_exponential, options, **kwargs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        x, alphas = self._x_and_alphas(input_shape)
        check_alpha_fits(alphas, flat_shapes(x))
        return x

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return mask[0] if self._alpha_is_input and mask is not None else mask


@keras.saving.register_keras_serializable(package="continuum_act")
class ComplexSoftExponentialLambda(_AlphaLambda):
    """See `complex_soft_exponential_lambda`."""

    _inputs = ("x", "alpha_real", "alpha_imaginary")

    def __init__(self, alpha: Any = None, join: Join = "concat", axis: int = -1, **kwargs: Any) -> None:
        axis = arguments.index("axis", axis)
        fixed = alpha is not None and not is_live(alpha)
        complex_soft_exponential([1.0], alpha if fixed else 0.0, join=join)  # its errors, now
        alpha = _plain_pair(alpha) if fixed else alpha
        parts = alpha if isinstance(alpha, (list, tuple)) else [alpha]
        self._alpha_shapes = [] if alpha is None else [tuple(np.shape(part)) for part in parts]
        options = {"alpha": alpha, "join": join, "axis": axis}
        super().__init__(_complex_soft_exponential, options, **kwargs)

    def _as_given(self, alpha: Any) -> Any:
        if alpha is None:
            return None
        re, im = map(np.asarray, alpha)
        return complex(re, im) if re.ndim == im.ndim == 0 else re + 1j * im

    def compute_output_shape(self, input_shape: Any) -> Any:
        x, alphas = self._x_and_alphas(input_shape)
        shape = complex_shape(x)
        check_alpha_fits(alphas, [shape])
        return joined_shape(shape, join=self.arguments["join"], axis=self.arguments["axis"])

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return None
        if self._alpha_is_input:
            inputs, mask = inputs[0], mask[0]
        rank = len(keras.tree.flatten(inputs)[0].shape)
        return joined_mask(mask, rank, join=self.arguments["join"], axis=self.arguments["axis"])


def _soft_exponential(inputs: Any, *, alpha: Any, domain: Domain, max_slope: float) -> Any:
    x, alpha = inputs if alpha is None else (inputs, alpha)
    return keras.tree.map_structure(lambda t: soft_exponential(t, alpha, domain=domain, max_slope=max_slope), x)


def _complex_soft_exponential(inputs: Any, *, alpha: Any, join: Join, axis: int) -> Any:
    x = inputs
    if alpha is None:
        x, *alpha = inputs
    return complex_soft_exponential(x, alpha, join=join, axis=axis)


def _short(alpha: Any) -> str:
    return np.array2string(ops.convert_to_numpy(alpha), separator=", ", threshold=8)


def _plain(alpha: Any) -> Any:
    """Return fixed alphas as plain floats, which are saved exactly."""
    return np.asarray(alpha, dtype="float64").tolist()


def _plain_pair(alpha: Any) -> tuple[Any, Any]:
    """Return fixed complex alphas as a pair (real, imaginary) of plain floats."""
    if isinstance(alpha, (list, tuple)):
        re, im = alpha
    else:
        re, im = np.real(alpha), np.imag(alpha)
    return _plain(re), _plain(im)
