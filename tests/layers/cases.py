"""The layers that the tests of this folder put through the same mill, and the models around them.

`LAYERS` names one layer of each kind. `model(kind, form, mask)` builds the model that the reload test saves:
an embedding, the layer, and an LSTM or a Dense layer.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

import continuum_act as ca


@keras.saving.register_keras_serializable(package="tests")
def scaled_softsign(x, scale, axes):
    assert isinstance(axes, list)
    return scale * x / (1 + ops.abs(x))


@keras.saving.register_keras_serializable(package="tests")
def mirrored(x):
    return ops.concatenate([x, -x], axis=-1)


@keras.saving.register_keras_serializable(package="tests")
def mirrored_shape(shape):
    return (*shape[:-1], None if shape[-1] is None else 2 * shape[-1])


CHANNELS = 3
LAYERS = {
    "real": lambda: ca.soft_exponential_lambda(0.3),
    "real, negative": lambda: ca.soft_exponential_lambda(-0.7, domain="linear", max_slope=5.0),
    "real, per channel": lambda: ca.soft_exponential_lambda(np.array([-0.1, 0.0, 1 / 3], "float32"), domain="linear"),
    "real, alpha fed": lambda: ca.soft_exponential_lambda(domain="linear"),
    "stack": lambda: ca.complex_soft_exponential_lambda(0.1 + 2j, join="stack"),
    "stack, time": lambda: ca.complex_soft_exponential_lambda((-0.1, 0.2), join="stack", axis=1),
    "concat": lambda: ca.complex_soft_exponential_lambda(np.array([0.1j, 1 / 3, -1 + 1j]), join="concat"),
    "concat, time": lambda: ca.complex_soft_exponential_lambda(1j, join="concat", axis=1),
    "list": lambda: ca.complex_soft_exponential_lambda(0.3, join="list"),
    "concat, alpha fed": lambda: ca.complex_soft_exponential_lambda(join="concat"),
    "own function": lambda: ca.activation_lambda(scaled_softsign, arguments={"scale": 1.5, "axes": (1, 2)}, name="own"),
    "own shape": lambda: ca.activation_lambda(mirrored, output_shape=mirrored_shape, supports_masking=True, name="own"),
    "Keras's function": lambda: ca.activation_lambda(keras.activations.gelu),
}
NEEDS_THIS_MODULE = ("own function", "own shape")
FED = {"real, alpha fed": 1, "concat, alpha fed": 2}  # how many inputs alpha takes
FORMS = ("Functional", "Sequential")
MASKS = ("no mask", "masked LSTM", "masked output")

TOKENS = np.array([[1, 2, 3, 0, 0], [4, 1, 0, 0, 0], [2, 2, 4, 3, 1]], "int32")
ALPHAS = [np.full((3, 1, 1), 0.4, "float32"), np.full((3, 1, 1), -0.2, "float32")]


def inputs(kind):
    fed = FED.get(kind, 0)
    return [TOKENS, *ALPHAS[:fed]] if fed else TOKENS


def possible(kind, form, mask):
    """Whether there is such a model: a Sequential has one input and, to be masked, one tensor per layer."""
    return not (kind in FED and form == "Sequential") and not (
        kind == "list" and (form, mask) != ("Functional", "masked LSTM")
    )


def model(kind, form, mask):
    keras.utils.set_random_seed(1)
    head = [layers.Embedding(5, CHANNELS, embeddings_initializer="uniform", mask_zero=mask != "no mask")]
    tail = [layers.TimeDistributed(layers.Flatten())] if kind == "stack" else []
    if mask == "masked LSTM":
        tail.append(layers.TimeDistributed(layers.LSTM(2)) if kind == "stack, time" else layers.LSTM(2))
    else:
        tail.append(layers.Dense(2))
    tokens = keras.Input((5,), dtype="int32")
    if form == "Sequential":
        return keras.Sequential([tokens, *head, LAYERS[kind](), *tail])
    alphas = [keras.Input((1, 1)) for _ in range(FED.get(kind, 0))]
    y = head[0](tokens)
    y = LAYERS[kind]()([y, *alphas] if alphas else y)
    for layer in tail:
        y = layers.Concatenate()([layer(part) for part in y]) if isinstance(y, list) else layer(y)
    return keras.Model([tokens, *alphas] if alphas else tokens, y)
