"""What a study was made with, in short: so that two different experiments are never mixed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import keras
import numpy as np

from continuum_act.population.budget import Budget

_VARYING = {"name", "build_config", "compile_config", "registered_name"}


def fingerprint(models: dict[str, keras.Model], budget: Budget) -> dict[str, str]:
    """Describe an experiment, by part, apart from its alphas and seeds.

    Args:
        models: `build(alpha)`, for any alpha, under the name "", and baselines under theirs.
        budget: what they are trained on.
    """
    of_models = {
        f"{part} of {name}" if name else part: digest
        for name, model in models.items()
        for part, digest in _model(model).items()
    }
    return {
        **of_models,
        "data": _data_digest(budget.arrays),
        "validation data": _data_digest(budget.validation_data),
        "epochs": str(budget.epochs),
        "batch_size": str(budget.batch_size),
        "objective": budget.objective,
        "epoch": budget.epoch,
        "callbacks": _digest([[type(c).__name__, _stable(_plain_attributes(c))] for c in budget.callbacks]),
    }


def _plain_attributes(callback: keras.callbacks.Callback) -> dict[str, Any]:
    return {k: v for k, v in vars(callback).items() if isinstance(v, (bool, int, float, str))}


def _model(model: keras.Model) -> dict[str, str]:
    layers = [_layer(layer) for layer in model.layers]
    weights = [(list(w.shape), str(w.dtype)) for w in model.weights]
    optimizer = model.optimizer.get_config() if model.optimizer else None
    loss = (model.get_compile_config() or {}).get("loss")
    return {"model": _digest([layers, weights]), "optimizer or loss": _digest(_stable([optimizer, loss]))}


def _layer(layer: keras.layers.Layer) -> Any:
    try:
        config = layer.get_config()
    except Exception:  # a layer without a config still counts by its class and its weights
        config = {}
    return [type(layer).__name__, _stable(config, {*_VARYING, "alpha"})]


def _stable(config: Any, varying: set[str] = _VARYING) -> Any:
    """Leave out names that Keras numbers, and from a layer its alpha."""
    if isinstance(config, dict):
        return {key: _stable(value, varying) for key, value in config.items() if key not in varying}
    if isinstance(config, (list, tuple)):
        return [_stable(value, varying) for value in config]
    return config


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=lambda v: type(v).__name__)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _data_digest(data: Any) -> str:
    digest = hashlib.sha256()
    for leaf in keras.tree.flatten(data):
        if isinstance(leaf, np.ndarray) and leaf.dtype.kind != "O":
            digest.update(f"{leaf.shape} {leaf.dtype}".encode())
            digest.update(np.ascontiguousarray(leaf).data)
        else:
            digest.update(type(leaf).__name__.encode())
    return digest.hexdigest()[:16]
