"""The problem of all examples: scikit-learn's wine, standardized, and a network with an alpha and a learning rate."""

from __future__ import annotations

import keras
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import continuum_act as ca

ALPHAS = [-0.5, 0.0, 0.5]
X_TRAIN, X_VAL, Y_TRAIN, Y_VAL = train_test_split(
    *load_wine(return_X_y=True), test_size=0.25, random_state=0, stratify=load_wine().target
)
_SCALER = StandardScaler().fit(X_TRAIN)
X_TRAIN, X_VAL = (_SCALER.transform(x).astype("float32") for x in (X_TRAIN, X_VAL))


def build(alpha: float, learning_rate: float = 0.01) -> keras.Model:
    """Return a compiled network with one hidden layer."""
    model = keras.Sequential(
        [
            keras.Input((13,)),
            keras.layers.Dense(16),
            ca.soft_exponential_lambda(alpha),
            keras.layers.Dense(3, "softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
