"""The `Lambda` layer of this package: Keras's own, with its shapes checked and its masks kept."""

from __future__ import annotations

import functools
import inspect
import json
import types
from collections.abc import Callable
from typing import Any

import keras

from continuum_act.functions.arguments import agree
from continuum_act.functions.arguments import keywords as check_names
from continuum_act.layers.following import current

Shape = tuple[int | None, ...]


class CheckedLambda(keras.layers.Lambda):
    """A `Lambda` that supports masking and compares its outputs with their stated shapes.

    Its arguments are those that a reloaded layer has: they go through Keras's own serialization once, so that
    a tuple is a list from the start. Tensors and variables among them stay their owner's: the layer follows
    them, but does not make them its weights, and cannot be saved.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        check_keywords(type(self), kwargs)
        saved, live = {}, {}
        for name, value in (arguments or {}).items():
            if any(isinstance(leaf, keras.KerasTensor) for leaf in keras.tree.flatten(value)):
                raise TypeError(
                    f"{name} is the output of a layer, which a model cannot follow into an argument. Call"
                    " the layer on a list that contains it; for a soft exponential, with alpha=None on [x,"
                    " alpha]."
                )
            if is_live(value):
                live[name] = value
            else:
                saved[name] = _as_reloaded(name, value)
        if live:  # Keras would make a variable in `arguments` a weight of the layer
            function = functools.partial(_follow, function, live)
        super().__init__(function, output_shape=output_shape, mask=None, arguments=saved, **kwargs)
        self.supports_masking = True
        self._live_names = sorted(live)

    @property
    def _followed(self) -> dict[str, Any]:
        """Return the arguments that are tensors or variables: held by a partial, where Keras does not track them."""
        return self.function.args[1] if self._live_names else {}

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        stated = flat_shapes(self.compute_output_shape(shapes_of(inputs)))
        outputs = super().call(inputs, mask=mask, training=training)
        actual = flat_shapes(shapes_of(outputs))
        if len(stated) != len(actual) or not all(map(agree, stated, actual)):
            raise ValueError(
                f"Layer {self.name!r}: its stated output shape is {_show(stated)}, but its function returns"
                f" {_show(actual)}. State the shape that the function returns, as output_shape."
            )
        return outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        stated = super().compute_output_spec(*args, **kwargs)
        traced = keras.Operation.compute_output_spec(self, *args, **kwargs)  # runs `call` with its check
        return keras.tree.map_structure(lambda s, t: keras.KerasTensor(s.shape, t.dtype), stated, traced)

    def get_config(self) -> dict[str, Any]:
        if self._live_names:
            raise ValueError(
                f"Layer {self.name!r} cannot be saved or cloned, because {', '.join(self._live_names)} is a"
                " tensor or a variable. Use a number or a NumPy array, or feed it as an input of the layer."
            )
        return super().get_config()


@keras.saving.register_keras_serializable(package="continuum_act")
class ActivationLambda(CheckedLambda):
    """See `continuum_act.activation_lambda`."""

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = "same",
        arguments: dict[str, Any] | None = None,
        supports_masking: bool | None = None,
        **kwargs: Any,
    ) -> None:
        _check_loadable("function", function)
        if isinstance(output_shape, str) and output_shape == "same":
            output_shape = same_shape
        elif isinstance(output_shape, (list, tuple)) and is_shape(output_shape):
            output_shape = tuple(output_shape)
        elif callable(output_shape):
            _check_loadable("output_shape", output_shape)
        else:
            raise ValueError(
                f"output_shape={output_shape!r}: expected 'same', a tuple of sizes without the batch axis,"
                " or a registered function of the input shape."
            )
        super().__init__(function, output_shape, arguments, **kwargs)
        self._stated_masking = supports_masking
        if supports_masking is not None:
            self.supports_masking = supports_masking
        self._passes_mask = output_shape is same_shape if supports_masking is None else supports_masking

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        first = keras.tree.flatten(mask)[0]
        if first is None or not self._passes_mask:
            return None
        shapes = shapes_of(inputs)
        covered = flat_shapes(shapes)[0][: len(first.shape)]
        outputs = flat_shapes(self.compute_output_shape(shapes))
        return [first if shape[: len(covered)] == covered else None for shape in outputs]

    def get_config(self) -> dict[str, Any]:
        stated = {} if self._stated_masking is None else {"supports_masking": self._stated_masking}
        return {**super().get_config(), **stated}


@keras.saving.register_keras_serializable(package="continuum_act")
def same_shape(input_shape: Any) -> Any:
    """Return the output shape of a function that keeps the shape of its input."""
    return input_shape


LAYER_KEYWORDS = ("name", "dtype", "trainable", "activity_regularizer", "autocast", "input_shape", "input_dim")


def check_keywords(cls: type, given: dict[str, Any]) -> None:
    """Refuse what neither this class nor Keras's layers know, with the nearest name that they do."""
    own = [name for name in inspect.signature(cls).parameters if name != "kwargs"]
    check_names(cls.__name__, given, (*own, *LAYER_KEYWORDS))


def _follow(function: Callable[..., Any], live: dict[str, Any], inputs: Any, **arguments: Any) -> Any:
    followed = keras.tree.map_structure(lambda value: current(value, inputs), live)
    return function(inputs, **followed, **arguments)


def is_live(value: Any) -> bool:
    """Whether tensors or variables are in this, whose values are not known when the layer is made."""
    return any(
        isinstance(leaf, (keras.Variable, keras.KerasTensor)) or keras.ops.is_tensor(leaf)
        for leaf in keras.tree.flatten(value)
    )


def is_shape(value: Any) -> bool:
    """Whether this is one shape, not a list of shapes."""
    return all(size is None or isinstance(size, int) for size in value)


def shapes_of(tensors: Any) -> Any:
    """Return the shape of each tensor of a structure; None where a traced size is no number yet."""
    return keras.tree.map_structure(
        lambda tensor: tuple(n if isinstance(n, int) else None for n in tensor.shape), tensors
    )


def flat_shapes(shapes: Any) -> list[Shape]:
    """Return the shapes of a structure of shapes as a flat list."""
    flat: list[Shape] = []
    keras.tree.map_shape_structure(lambda shape: flat.append(tuple(shape)), shapes)
    return flat


def _show(shapes: list[Shape]) -> str:
    return str(shapes[0] if len(shapes) == 1 else shapes)


def _as_reloaded(name: str, value: Any) -> Any:
    try:
        config = json.loads(json.dumps(keras.saving.serialize_keras_object(value)))
        return keras.saving.deserialize_keras_object(config, safe_mode=True)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"Argument {name!r} cannot be saved with the layer: {value!r} (of type {type(value).__name__})."
            " Expected numbers, strings, lists, dictionaries or real NumPy arrays; a complex number as"
            " [real, imaginary]."
        ) from error


def _check_loadable(name: str, function: Any) -> None:
    """Check that Keras, in safe mode and in another process, finds this very function by its saved name."""
    if not isinstance(function, types.FunctionType):
        raise TypeError(
            f"{name} must be a function defined with `def`. Received: {function!r} (of type"
            f" {type(function).__name__}). Call it in a function of your own; for a partial of soft_exponential, use"
            " soft_exponential_lambda(alpha), which Dense(activation=...) takes and saves too."
        )
    found = None
    if "<" not in function.__qualname__:  # no lambda, and not defined inside another function
        try:
            config = keras.saving.serialize_keras_object(function)
            found = keras.saving.deserialize_keras_object(config, safe_mode=True)
        except (TypeError, ValueError):
            found = None
    if found is not function and str(function.__module__).startswith("continuum_act."):
        raise ValueError(
            f"{function.__qualname__!r} of this package takes or returns more than a Lambda layer passes on. Call it in"
            " a function of your own, defined at the top level of a module and decorated with"
            " `@keras.saving.register_keras_serializable(package='my_package')`."
        )
    if found is not function:
        raise ValueError(
            f"A model with {function.__qualname__!r} as {name} could not be loaded in safe mode. Define it"
            " with `def` at the top level of a module, decorate it with"
            " `@keras.saving.register_keras_serializable(package='my_package')`, and pass the values that it"
            " depends on as arguments."
        )
