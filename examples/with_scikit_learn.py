"""scikit-learn's GridSearchCV: `keras.wrappers` hands `model_kwargs` to a function of X and y."""

from __future__ import annotations

import keras
import numpy as np
from sklearn.model_selection import GridSearchCV

from examples.wine import ALPHAS, X_TRAIN, Y_TRAIN, build


def build_for(X: np.ndarray, y: np.ndarray, alpha: float) -> keras.Model:
    """Return the model of one candidate; the wrapper encodes classes as one-hot rows."""
    model = build(alpha)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


def main(epochs: int = 20, folds: int = 5) -> dict[str, float]:
    """Return the best parameters."""
    keras.utils.set_random_seed(0)
    classifier = keras.wrappers.SKLearnClassifier(build_for, fit_kwargs={"epochs": epochs, "verbose": 0})
    grid = {"model_kwargs": [{"alpha": alpha} for alpha in ALPHAS]}
    search = GridSearchCV(classifier, grid, cv=folds).fit(X_TRAIN, Y_TRAIN)
    return search.best_params_["model_kwargs"]


if __name__ == "__main__":
    print(main())
