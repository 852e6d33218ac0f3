"""The arguments of `sweep`, checked before anything is built."""

from __future__ import annotations

import functools
import inspect
import math
import operator
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import keras
import numpy as np

from continuum_act.population.budget import Budget
from continuum_act.population.stateless_model import Build

Epoch = Literal["last", "best"]


def as_budget(
    x: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
    validation_data: Any = None,
    validation_split: float = 0.0,
    epochs: int,
    batch_size: int,
    objective: str,
    epoch: Epoch = "last",
    callbacks: Sequence[keras.callbacks.Callback] | None = None,
) -> Budget:
    """Return the budget of a sweep; a validation split is cut off the end, as Keras does."""
    epochs, batch_size = (_whole(name, v) for name, v in (("epochs", epochs), ("batch_size", batch_size)))
    if epoch not in ("last", "best"):
        raise ValueError(f"epoch must be 'last' or 'best', got {epoch!r}.")
    if not 0.0 <= validation_split < 1.0:
        raise ValueError(f"validation_split must be in [0, 1), got {validation_split!r}.")
    schedule: dict[str, Any] = {
        "epochs": epochs, "batch_size": batch_size, "objective": objective, "epoch": epoch,
        "callbacks": _callbacks(callbacks),
    }  # fmt: skip
    validation_data = _validation(validation_data)
    if y is None:
        _check_data_set("x", x)
        if validation_split:
            raise ValueError("validation_split needs arrays; give validation_data with a data set.")
        if sample_weight is not None or class_weight is not None:
            raise ValueError("sample_weight and class_weight go with arrays; a data set yields (x, y, sample_weight).")
        return Budget(x, None, validation_data, **schedule)
    data = {"x": as_arrays("x", x), "y": as_arrays("y", y)}
    if sample_weight is not None or class_weight is not None:
        data["sample_weight"] = _weights(data["y"], sample_weight, class_weight)
    lengths = {len(leaf) for leaf in keras.tree.flatten(data)}
    if len(lengths) > 1 or 0 in lengths:
        raise ValueError(f"{', '.join(data)} must have the same positive number of samples, got {sorted(lengths)}.")
    if validation_split and validation_data is None:
        at = math.floor(lengths.pop() * (1.0 - validation_split))
        if at == 0:
            raise ValueError(f"validation_split={validation_split} leaves no sample to train on.")
        # as in `fit`, validation has the weights of samples, but not those of classes
        held_out = [part for name, part in data.items() if name != "sample_weight" or class_weight is None]
        validation_data = tuple(keras.tree.map_structure(lambda leaf: leaf[at:], part) for part in held_out)
        data = {name: keras.tree.map_structure(lambda leaf: leaf[:at], part) for name, part in data.items()}
    if objective.startswith("val_") and validation_data is None:
        raise ValueError(f"objective {objective!r} needs validation_data or validation_split.")
    _warn_of_one_class(data["y"], validation_data)
    return Budget(data["x"], data["y"], validation_data, sample_weight=data.get("sample_weight"), **schedule)


def as_arrays(name: str, values: Any) -> Any:
    """Return arrays of finite numbers, in the structure in which they are given."""
    if inspect.isgenerator(values) or hasattr(values, "__next__"):
        raise TypeError(f"{name} is a {type(values).__name__}, which can be read once; give arrays or a data set.")
    if hasattr(values, "to_numpy"):  # of pandas or polars
        return _as_array(name, values.to_numpy())
    if isinstance(values, (list, tuple)) and all(np.ndim(leaf) == 0 for leaf in keras.tree.flatten(values)):
        return _as_array(name, values)
    return keras.tree.map_structure(lambda leaf: _as_array(name, leaf), values)


def builds_of(baselines: Mapping[str, Callable[[], keras.Model]] | None) -> dict[str, Build]:
    """Return baselines as functions of an alpha, which they ignore."""
    if baselines is None:
        return {}
    if not isinstance(baselines, Mapping) or not all(
        callable(make) and not isinstance(make, keras.Model) for make in baselines.values()
    ):
        raise TypeError(
            "baselines must be a dictionary of functions without arguments that return compiled models, such as"
            f" {{'relu': build_with_relu}}, got {baselines!r}."
        )
    if wrong := [name for name in baselines if not isinstance(name, str) or not name]:
        raise TypeError(f"the names of baselines must be texts, got {wrong}.")
    return {name: functools.partial(_without_alpha, make) for name, make in baselines.items()}


def _without_alpha(make: Callable[[], keras.Model], alpha: Any) -> keras.Model:
    return make()


def _as_array(name: str, values: Any) -> np.ndarray:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} is ragged: {error}") from error
    if array.dtype.kind not in "biufc":
        raise TypeError(
            f"{name} must hold numbers, got dtype {array.dtype}. Encode texts and categories first; for a table,"
            " `continuum-act sweep --data FILE` does it."
        )
    if array.ndim == 0:
        raise ValueError(f"{name} must have an axis of samples, got the number {array}.")
    wrong = ~np.isfinite(array)
    if wrong.any():
        rows = int(wrong.reshape(len(array), -1).any(axis=1).sum())
        raise ValueError(f"{name} has NaN or infinity in {rows} of {len(array)} samples; fill or drop them first.")
    return array


def _validation(data: Any) -> Any:
    if data is None:
        return None
    if isinstance(data, (tuple, list)):
        if len(data) not in (2, 3):
            raise ValueError(f"validation_data must be (x, y) or (x, y, sample_weight), got {len(data)} parts.")
        return tuple(as_arrays("validation_data", part) for part in data)
    _check_data_set("validation_data", data)
    return data


def _check_data_set(name: str, data: Any) -> None:
    hint = "Give arrays, a tf.data.Dataset or a keras.utils.PyDataset of a known number of batches."
    infinite = False
    if isinstance(data, keras.utils.PyDataset):
        infinite = data.num_batches is None
    elif hasattr(data, "cardinality"):
        infinite = int(data.cardinality()) == -1
    else:
        missing = ", and y is None" if name == "x" else ""
        raise TypeError(f"{name} is a {type(data).__name__}{missing}. {hint}")
    if infinite:
        raise ValueError(f"{name} is a data set without an end. {hint}")


def _weights(y: Any, sample_weight: Any, class_weight: Mapping[int, float] | None) -> Any:
    """Return the weight of each sample; a class weight means what it means to `fit`."""
    if class_weight is None:
        return as_arrays("sample_weight", sample_weight)
    if sample_weight is not None:
        raise ValueError("give sample_weight or class_weight, not both.")
    if not isinstance(y, np.ndarray):
        raise ValueError("class_weight goes with one array y; give sample_weight for several outputs.")
    classes = y if y.ndim == 1 else y[:, 0] if y.shape[-1] == 1 else y.argmax(axis=-1)
    if classes.ndim != 1 or not np.array_equal(classes, np.round(classes)):
        raise ValueError("class_weight needs classes: y must be whole numbers or one-hot rows.")
    weights = np.ones(len(y), keras.config.floatx())
    for label, weight in class_weight.items():
        weights[classes == label] = weight
    return weights


def _callbacks(callbacks: Any) -> tuple[keras.callbacks.Callback, ...]:
    given = () if callbacks is None else tuple(callbacks) if isinstance(callbacks, (list, tuple)) else (callbacks,)
    for callback in given:
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(f"callbacks must be Keras callbacks, made already, got {callback!r}.")
    return given


def _whole(name: str, value: Any) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {type(value).__name__}: {value!r}.") from None
    if number < 1 or isinstance(value, bool):
        raise ValueError(f"{name} must be at least 1, got {value!r}.")
    return number


def _warn_of_one_class(y: Any, validation_data: Any) -> None:
    if not isinstance(y, np.ndarray) or y.dtype.kind not in "biu" or not isinstance(validation_data, tuple):
        return
    held_out = validation_data[1]
    if isinstance(held_out, np.ndarray) and y.ndim == held_out.ndim == 1 and len(np.unique(y)) > 1:
        classes = np.unique(held_out)
        if len(classes) == 1:
            warnings.warn(
                f"all {len(held_out)} validation samples are of class {classes[0]}: is y sorted? Shuffle it before"
                " validation_split.",
                stacklevel=4,
            )
