"""A trained model with its alphas as constants: smaller, faster, and fit to be quantized."""

from __future__ import annotations

from typing import Any

import keras

from continuum_act.layers.trainable import ComplexSoftExponential, SoftExponential


def with_fixed_alphas(model: keras.Model) -> keras.Model:
    """Return a copy of a model in which each trained alpha is a constant: of the layer's `to_lambda()`.

    Do so before an export. The graph of a trained alpha holds the formulas for both signs and series about 0, whose
    intermediate results reach far beyond the output: 8-bit integers leave them no digits. A constant has one formula.
    In 8 bits of LiteRT, a small network then erred by 1 to 3 % of the output's deviation (with `ELU`: 1 %); by more
    where 8 bits hold too little: next to the zero of a complex logarithm's argument (alpha = -1: 6 %), and for the
    arrays of real alphas [-0.5, 0.001, 0.9] and [0.9, 1.2, 0] (82 and 87 %).

    Args:
        model: a Functional or Sequential model, built.

    Returns:
        A model of the same kind with copies of all other layers and weights, not compiled; it predicts the same, to
        rounding. A layer inside another (a wrapper, `Dense(activation=...)`) stays as it is.

    Raises:
        ValueError: the model is of another kind, or not built.

    Example:
    >>> import keras
    >>> import continuum_act as ca
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3), ca.SoftExponential()])
    >>> [type(layer).__name__ for layer in ca.with_fixed_alphas(model).layers]
    ['Dense', 'SoftExponentialLambda']
    """
    if not model.built:
        raise ValueError(f"Model {model.name!r} is not built: call it on data first.")
    pairs = []

    def copied(layer: Any) -> Any:
        if isinstance(layer, (SoftExponential, ComplexSoftExponential)):
            return layer.to_lambda()
        twin = type(layer).from_config(layer.get_config())
        pairs.append((layer, twin))
        return twin

    fixed = keras.models.clone_model(model, clone_function=copied, recursive=True)
    for layer, twin in pairs:
        twin.set_weights(layer.get_weights())
    return fixed
