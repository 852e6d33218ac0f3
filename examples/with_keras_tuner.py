"""KerasTuner: `build` gets its alpha from the hyperparameters. It needs the packages keras-tuner and tensorboard."""

from __future__ import annotations

import tempfile

import keras
import keras_tuner

from examples.wine import ALPHAS, X_TRAIN, X_VAL, Y_TRAIN, Y_VAL, build


def build_from(hyperparameters: keras_tuner.HyperParameters) -> keras.Model:
    """Return the model of one trial."""
    return build(hyperparameters.Choice("alpha", ALPHAS))


def main(epochs: int = 20) -> dict[str, float]:
    """Return the best parameters."""
    with tempfile.TemporaryDirectory() as directory:
        tuner = keras_tuner.GridSearch(build_from, "val_loss", directory=directory, seed=0)
        tuner.search(X_TRAIN, Y_TRAIN, validation_data=(X_VAL, Y_VAL), epochs=epochs, verbose=0)
        return tuner.get_best_hyperparameters()[0].values


if __name__ == "__main__":
    print(main())
