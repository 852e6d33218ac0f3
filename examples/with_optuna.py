"""Plain Optuna: alpha and the learning rate together."""

from __future__ import annotations

import keras
import optuna

from examples.wine import X_TRAIN, X_VAL, Y_TRAIN, Y_VAL, build


def objective(trial: optuna.Trial, epochs: int) -> float:
    """Return the validation loss of one trial."""
    keras.utils.set_random_seed(0)  # the same initial weights for every alpha
    model = build(trial.suggest_float("alpha", -1.0, 1.0), trial.suggest_float("learning_rate", 1e-3, 1e-1, log=True))
    history = model.fit(X_TRAIN, Y_TRAIN, validation_data=(X_VAL, Y_VAL), epochs=epochs, verbose=0).history
    return history["val_loss"][-1]


def main(trials: int = 30, epochs: int = 20) -> dict[str, float]:
    """Return the best parameters."""
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(lambda trial: objective(trial, epochs), n_trials=trials)
    return study.best_params


if __name__ == "__main__":
    print(main())
