"""How far the members of a population are from ordinary fits.

`python -m tests.population.equivalence` prints the table.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers, ops

import continuum_act as ca

# The tolerance below is that of float32; recent GPUs would multiply matrices in TensorFloat-32, TPUs in bfloat16.
if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    tf.config.experimental.enable_tensor_float_32_execution(False)
elif keras.backend.backend() == "jax":
    import jax

    jax.config.update("jax_default_matmul_precision", "highest")

ALPHAS = [-0.4, 0.0, 0.6]
SAMPLES, BATCH, EPOCHS, RATE = 44, 16, 2, 0.01
STEPS = EPOCHS * -(-SAMPLES // BATCH)
# The last batch, of training and of validation, is smaller for these kinds, where its size has an effect of its own;
# the others, with two equal batches and one, compile half as many programs.
RAGGED = ("Dense", "two inputs, two outputs", "subclassed", "Dropout", "BatchNormalization", "regularized")

# A gradient is a sum of at most n = 2**11 products (batch, positions, units), rounded in another order: its relative
# error is at most n * 2**-24. An update of size RATE inherits it (Adam and its kin divide by the gradient's size), at
# most STEPS updates add up, and each layer that the next step passes hands it on: at most 4 here. No model has a
# weight whose gradient is exactly 0 (a bias before a normalization, or of an attention's keys): Adam turns the
# rounding of such a gradient into updates of size RATE, which change nothing that the model computes in training.
TOLERANCE = 4 * STEPS * RATE * 2**11 * 2.0**-24

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "SGD with momentum": lambda: keras.optimizers.SGD(RATE, momentum=0.9, nesterov=True),
    "Adam": lambda: keras.optimizers.Adam(RATE),
    "AdamW": lambda: keras.optimizers.AdamW(RATE, weight_decay=0.02, clipvalue=0.5),
    "RMSprop": lambda: keras.optimizers.RMSprop(RATE, momentum=0.5, centered=True),
    "Lion": lambda: keras.optimizers.Lion(RATE / 4),
    "Adam on a schedule": lambda: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, STEPS)),
}


class Deviations(NamedTuple):
    """Largest absolute differences from an ordinary fit."""

    weights: float
    history: float


def activation(alpha: Any) -> layers.Layer:
    """Return the layer whose alpha is swept."""
    return ca.soft_exponential_lambda(alpha, domain="linear", max_slope=4.0)


def _sequential(input_shape: tuple[int, ...], *body: Any) -> keras.Model:
    return keras.Sequential([keras.Input(input_shape), *body, layers.Dense(3)])


def _functional(alpha: Any) -> keras.Model:
    one, two = keras.Input((4,), name="one"), keras.Input((3,), name="two")
    hidden = activation(alpha)(layers.Dense(6)(layers.Concatenate()([one, two])))
    return keras.Model([one, two], [layers.Dense(3, name="a")(hidden), layers.Dense(1, name="b")(hidden)])


class Subclassed(keras.Model):
    """A model without a `training` argument, and with a loss of its own."""

    def __init__(self, alpha: Any) -> None:
        super().__init__()
        self.hidden, self.activation, self.out = layers.Dense(6), activation(alpha), layers.Dense(3)

    def call(self, x: Any) -> Any:
        hidden = self.activation(self.hidden(x))
        self.add_loss(1e-2 * ops.mean(hidden**2))
        return self.out(hidden)


def _attention(alpha: Any) -> keras.Model:
    x = keras.Input((5, 4))
    y = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 3, use_bias=False)(x, x))
    return keras.Model(x, layers.Dense(3)(layers.Flatten()(activation(alpha)(layers.Dense(4)(y)))))


def _unbiased(units: int) -> layers.Layer:
    """Return a Dense layer without bias: a normalization makes its gradient 0, whose rounding Adam scales up."""
    return layers.Dense(units, use_bias=False)


def _frozen(alpha: Any) -> keras.Model:
    return _sequential((4,), layers.Dense(6, trainable=False), layers.Dense(6, use_bias=False), activation(alpha))


def _complex(alpha: Any) -> keras.Model:
    both = ca.complex_soft_exponential_lambda(alpha, join="concat")
    return _sequential((4,), layers.Dense(5), both)


MODELS: dict[str, tuple[Callable[[Any], keras.Model], tuple[int, ...]]] = {
    "Dense": (lambda a: _sequential((4,), layers.Dense(6), activation(a)), (4,)),
    "two alphas": (
        lambda a: _sequential((4,), layers.Dense(6), activation(a[0]), layers.Dense(6), activation(a[1])),
        (4,),
    ),
    "complex alpha": (_complex, (4,)),
    "two inputs, two outputs": (_functional, (4,)),
    "subclassed": (Subclassed, (4,)),
    "frozen weights": (_frozen, (4,)),
    "Dropout": (lambda a: _sequential((4,), layers.Dense(6), activation(a), layers.Dropout(0.3)), (4,)),
    "BatchNormalization": (
        lambda a: _sequential((4,), _unbiased(6), layers.BatchNormalization(momentum=0.5), activation(a)),
        (4,),
    ),
    "regularized": (
        lambda a: _sequential(
            (4,),
            layers.Dense(6, kernel_regularizer="l1l2", kernel_constraint=keras.constraints.MaxNorm(1.0)),
            layers.ActivityRegularization(l2=1e-2),
            activation(a),
        ),
        (4,),
    ),
    "attention, LayerNormalization": (_attention, (5, 4)),
    "Conv1D": (
        lambda a: _sequential(
            (6, 4), layers.Conv1D(4, 2, dilation_rate=2, padding="causal"), activation(a), layers.Flatten()
        ),
        (6, 4),
    ),
    "Conv2D": (
        lambda a: _sequential(
            (6, 6, 1),
            layers.Conv2D(3, 3, strides=2, padding="same"),
            activation(a),
            layers.MaxPooling2D(2, 1),
            layers.TimeDistributed(layers.Conv1D(2, 2, activation=activation(a))),
            layers.Flatten(),
        ),
        (6, 6, 1),
    ),
    "DepthwiseConv2D": (
        lambda a: _sequential((4, 4, 2), layers.DepthwiseConv2D(3), activation(a), layers.GlobalAveragePooling2D()),
        (4, 4, 2),
    ),
    "LSTM": (lambda a: _sequential((5, 4), layers.LSTM(4), activation(a)), (5, 4)),
    "GRU": (lambda a: _sequential((5, 4), layers.GRU(4), activation(a)), (5, 4)),
}
ALPHAS_OF = {"two alphas": [(-0.4, 0.3), (0.0, 0.0), (0.6, -0.2)], "complex alpha": [-0.3 + 0.2j, 0.1j, 0.5 - 0.2j]}


def deviations(kind: str, optimizer: str) -> Deviations:
    """Train a population and two of its members alone, on the same batches."""
    make, shape = MODELS[kind]
    batch_size = BATCH if kind in RAGGED and optimizer == "Adam" else SAMPLES // 2
    two_outputs = kind == "two inputs, two outputs"
    alphas = ALPHAS_OF.get(kind, ALPHAS)
    rng = np.random.default_rng(7)

    def data(n: int) -> tuple[Any, Any, Any]:
        x = rng.normal(size=(n, *shape)).astype("float32")
        y = rng.integers(0, 3, n)
        if two_outputs:
            return [x, x[:, 1:]], [y, x[:, :1]], None
        return x, y, rng.uniform(0.5, 1.5, n).astype("float32")

    x, y, sample_weight = data(SAMPLES)
    validation = data(20)[: 2 if two_outputs else 3]

    def build(alpha: Any) -> keras.Model:
        model = make(alpha)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        if two_outputs:
            model.compile(
                OPTIMIZERS[optimizer](), [loss, "mse"], loss_weights=[1.0, 0.5], metrics=[["accuracy"], ["mae"]]
            )
        else:
            model.compile(OPTIMIZERS[optimizer](), loss, metrics=["accuracy"], weighted_metrics=["accuracy"])
        return model

    def fit(model: keras.Model, **more: Any) -> Any:
        return model.fit(
            x, y, sample_weight=sample_weight, batch_size=batch_size, epochs=EPOCHS, validation_data=validation,
            shuffle=False, verbose=0, **more,
        )  # fmt: skip

    population = ca.Population(build, alphas, [3])
    fit(population)
    weights, history = 0.0, 0.0
    for k in (0, len(alphas) - 1):
        keras.utils.set_random_seed(3)
        alone = build(alphas[k])
        alone_history = fit(alone).history
        ours = {name: [v[k] for v in values] for name, values in population.member_history.items()}
        assert set(ours) == set(alone_history)
        for one, other in zip(alone.get_weights(), population.member(k), strict=True):
            weights = max(weights, float(np.max(np.abs(one - other))))
        for name, values in alone_history.items():
            history = max(history, float(np.max(np.abs(np.array(values) - ours[name]))))
    return Deviations(weights, history)


def main(pairs: list[tuple[str, str]]) -> None:
    """Print a line for each pair, and stop with an error if one is beyond the tolerance."""
    print(f"{keras.backend.backend()}; tolerance {TOLERANCE:.1e}; largest deviation of a weight, of the history:")
    worst = 0.0
    for kind, optimizer in pairs:
        found = deviations(kind, optimizer)
        worst = max(worst, *found)
        print(f"{kind:32}{optimizer:22}{found.weights:10.1e}{found.history:10.1e}", flush=True)
    if not worst <= TOLERANCE:
        sys.exit(f"beyond the tolerance: {worst:.1e}")


PAIRS = [*((kind, "Adam") for kind in MODELS), *(("Dense", name) for name in OPTIMIZERS if name != "Adam")]

if __name__ == "__main__":
    main([pair for pair in PAIRS if not sys.argv[1:] or pair[0] in sys.argv[1:] or pair[1] in sys.argv[1:]])
