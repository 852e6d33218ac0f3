"""Thin, stateless factories of `keras.layers.Lambda`."""

from __future__ import annotations

from typing import Any

import keras

from continuum_act.functions.soft_exponential import soft_exponential

keras.saving.register_keras_serializable(package="continuum_act")(soft_exponential)


def soft_exponential_lambda(
    alpha: Any = None, *, domain: str = "strict", max_slope: float = 10.0, **layer_kwargs: Any
) -> keras.layers.Lambda:
    """Return a `Lambda` layer of `soft_exponential` with a fixed alpha."""
    arguments = {"alpha": alpha, "domain": domain, "max_slope": max_slope}
    return keras.layers.Lambda(soft_exponential, arguments=arguments, **layer_kwargs)
