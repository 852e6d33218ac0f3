"""Convolutions as matrix products, which can be mapped over members that have kernels of their own."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

_KINDS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)


def as_matrix_products(model: keras.Model) -> None:
    """Make the convolutions of a model products of patches and kernels.

    TensorFlow maps a convolution over kernels by a loop that XLA does not compile, JAX by a convolution in groups,
    which XLA does not compute by matrix products on a CPU. Convolutions in groups, and layers inside of layers that
    do not list them, stay as they are.
    """
    for layer in _layers(model):
        if type(layer) in _KINDS and layer.groups == 1 and layer.data_format == "channels_last":
            layer.call = functools.partial(_call, layer)


def convolution(x: Any, kernel: Any, strides: tuple[int, ...], padding: str, dilation: tuple[int, ...]) -> Any:
    """Return what `keras.ops.conv` does for inputs of a static shape, with their channels last.

    Example:
        >>> x, kernel = keras.random.normal((2, 7, 5, 3)), keras.random.normal((3, 2, 3, 4))
        >>> expected = ops.conv(x, kernel, strides=2, padding="same")
        >>> bool(ops.max(ops.abs(convolution(x, kernel, (2, 2), "same", (1, 1)) - expected)) < 1e-5)
        True
    """
    extents = [(size - 1) * step + 1 for size, step in zip(kernel.shape, dilation, strict=False)]
    if padding != "valid":
        pads = [
            (extent - 1, 0) if padding == "causal" else _same(length, extent, stride)
            for length, extent, stride in zip(x.shape[1:], extents, strides, strict=False)
        ]
        x = ops.pad(x, [(0, 0), *pads, (0, 0)])
    starts = [length - extent + 1 for length, extent in zip(x.shape[1:], extents, strict=False)]
    patches = []
    for place in itertools.product(*map(range, kernel.shape[:-2])):
        begins = [i * step for i, step in zip(place, dilation, strict=True)]
        index = [slice(b, b + n, stride) for b, n, stride in zip(begins, starts, strides, strict=True)]
        patches.append(x[(slice(None), *index)])
    columns = ops.concatenate(patches, axis=-1)
    flat = ops.reshape(columns, (-1, columns.shape[-1]))
    return ops.reshape(flat @ ops.reshape(kernel, (-1, kernel.shape[-1])), (-1, *columns.shape[1:-1], kernel.shape[-1]))


def _call(layer: Any, inputs: Any) -> Any:
    if None in inputs.shape[1:]:
        return type(layer).call(layer, inputs)
    outputs = convolution(inputs, layer.kernel, layer.strides, layer.padding, layer.dilation_rate)
    if layer.use_bias:
        outputs = outputs + layer.bias
    return outputs if layer.activation is None else layer.activation(outputs)


def _same(length: int, extent: int, stride: int) -> tuple[int, int]:
    """Return the padding before and after, of which the second takes the odd one."""
    both = max((-(-length // stride) - 1) * stride + extent - length, 0)
    return both // 2, both - both // 2


def _layers(model: Any) -> Iterator[Any]:
    """Yield the layers that a model lists, those of models and wrappers among them too."""
    for layer in [*getattr(model, "layers", ()), *filter(None, [getattr(model, "layer", None)])]:
        yield layer
        yield from _layers(layer)
