"""The layers inside the networks that people build: what they return there is what the function returns."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers, ops

import continuum_act as ca

RNG = np.random.default_rng(0)


def data(*shape):
    return RNG.uniform(-1, 1, (8, *shape)).astype("float32")


def between(activation, before, after, shape, axis=-1, wrap=lambda layer: layer):
    """Return the tensors of a network: a layer, the activation, the layers after; and data for it."""
    x = keras.Input(shape)
    hidden = before(x)
    active = y = wrap(activation(axis))(hidden)
    for layer in after:
        y = layer(y)
    return x, hidden, active, y, data(*(5 if n is None else n for n in shape))


def attention(activation):
    x = keras.Input((5, 4))
    attended = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x))
    hidden = layers.Dense(3)(attended)
    active = activation(-1)(hidden)
    y = layers.Add()([attended, layers.Dense(4)(active)])
    return x, hidden, active, y, data(5, 4)


def two_inputs(activation):
    x = [keras.Input((3,)), keras.Input((4,))]
    hidden = layers.Concatenate()([layers.Dense(2)(part) for part in x])
    active = activation(-1)(hidden)
    return x, hidden, active, layers.Dense(1)(active), [data(3), data(4)]


def shared(activation):
    x = keras.Input((4,))
    layer = activation(-1)
    first = layer(layers.Dense(3)(x))
    hidden = layers.Dense(3)(first)
    active = layer(hidden)
    return x, hidden, active, layers.Dense(1)(layers.Concatenate()([first, active])), data(4)


ARCHITECTURES = {
    "Dense": lambda f: between(f, layers.Dense(3), [layers.Dense(1)], (4,)),
    "Conv1D": lambda f: between(f, layers.Conv1D(3, 2), [layers.Conv1D(1, 2)], (None, 2)),
    "Conv2D": lambda f: between(f, layers.Conv2D(3, 2), [layers.Conv2D(1, 2)], (5, 6, 2)),
    "channels first": lambda f: between(
        f,
        layers.BatchNormalization(axis=1),
        [layers.GlobalAveragePooling2D("channels_first"), layers.Dense(1)],
        (3, 5, 6),
        axis=1,
    ),
    "TimeDistributed": lambda f: between(
        f, layers.Dense(3), [layers.Flatten(), layers.Dense(1)], (5, 2), wrap=layers.TimeDistributed
    ),
    "Bidirectional": lambda f: between(
        f,
        layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
        [layers.Bidirectional(layers.LSTM(2)), layers.Dense(1)],
        (5, 3),
    ),
    "attention": attention,
    "two inputs": two_inputs,
    "shared": shared,
}
ACTIVATIONS = {
    "real": (
        lambda axis: ca.soft_exponential_lambda(-0.4, domain="linear"),
        lambda x, axis: ca.soft_exponential(x, -0.4, domain="linear"),
    ),
    "complex": (
        lambda axis: ca.complex_soft_exponential_lambda(0.1 + 1j, join="concat", axis=axis),
        lambda x, axis: ca.complex_soft_exponential(x, 0.1 + 1j, join="concat", axis=axis),
    ),
}


@pytest.mark.parametrize("kind", ACTIVATIONS)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_layer_is_the_function_and_the_network_trains(architecture, kind):
    layer, function = ACTIVATIONS[kind]
    axis = 1 if architecture == "channels first" else -1
    x, hidden, active, y, batch = ARCHITECTURES[architecture](layer)
    h, a = keras.Model(x, [hidden, active])(batch)
    expected = function(h, axis)
    assert active.shape[1:] == tuple(
        n if m is not None else None for n, m in zip(a.shape[1:], active.shape[1:], strict=True)
    )
    np.testing.assert_allclose(ops.convert_to_numpy(a), ops.convert_to_numpy(expected), rtol=1e-6, atol=1e-7)

    model = keras.Model(x, y)
    model.compile("sgd", "mse", jit_compile=False)
    before = model.get_weights()
    loss = model.train_on_batch(batch, np.ones(model(batch).shape))
    assert np.isfinite(loss)
    changed = [np.any(old != new) for old, new in zip(before, model.get_weights(), strict=True)]
    assert sum(changed) >= len(model.trainable_variables) - 1  # a key's bias has no gradient


def test_alpha_fed_as_an_input_is_used_sample_by_sample():
    x, alpha = keras.Input((3,)), keras.Input((1,))
    model = keras.Model([x, alpha], ca.soft_exponential_lambda()([x, alpha]))
    values, alphas = data(3) + 2, np.linspace(-1, 1, 8, dtype="float32")[:, None]
    for row, (value, one) in enumerate(zip(values, alphas[:, 0], strict=True)):
        got = ops.convert_to_numpy(model([values, alphas]))[row]
        np.testing.assert_allclose(
            got, ops.convert_to_numpy(ca.soft_exponential(value, float(one), domain="linear")), rtol=1e-5
        )


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.data")
def test_a_dataset_of_unknown_batch_size():
    import tensorflow as tf

    x, y = data(3), np.ones((8, 1), "float32")
    dataset = tf.data.Dataset.from_generator(
        lambda: iter([(x[:5], y[:5]), (x[5:], y[5:])]),
        output_signature=(tf.TensorSpec((None, 3)), tf.TensorSpec((None, 1))),
    )
    model = keras.Sequential(
        [
            layers.Dense(2),
            ca.soft_exponential_lambda(0.5),
            ca.complex_soft_exponential_lambda(1j, join="concat", axis=1),
            layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    model.fit(dataset, verbose=0)
    assert model.predict(dataset, verbose=0).shape == (8, 1)


MIRRORED = """
import keras, numpy as np, tensorflow as tf
import continuum_act as ca
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
x, y = np.random.default_rng(0).uniform(-1, 1, (16, 3)).astype("float32"), np.ones((16, 1), "float32")

def trained():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input((3,)), ca.soft_exponential_lambda(0.5),
        ca.complex_soft_exponential_lambda(1j, join="concat"), ca.SoftExponential(), keras.layers.Dense(1),
    ])
    model.compile("sgd", "mse")
    model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return model.get_weights()

alone = trained()
with strategy.scope():
    assert strategy.num_replicas_in_sync == 2
    together = trained()
for one, other in zip(alone, together):
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
"""


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.distribute")
def test_two_replicas_train_as_one():
    subprocess.run([sys.executable, "-c", MIRRORED], check=True, env=os.environ)
