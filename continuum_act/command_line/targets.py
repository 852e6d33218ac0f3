"""The column to predict: classes or amounts, as a network learns them, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api import types

from continuum_act.command_line.columns import plain
from continuum_act.command_line.numbers import as_text, style_of, to_numbers

Task = Literal["classification", "regression"]
_MOST_NUMBERED_CLASSES = 20
_ROWS_PER_CLASS = 4  # on average
_OUTLYING, _BEYOND = 1e4, 1e9  # times the interquartile range from the median


@dataclass(frozen=True)
class Target:
    """What is predicted: the names of classes, or how amounts were scaled.

    Attributes:
        column: its name in the table.
        classes: their names, in the order of the network's logits; None for a regression.
        centre: mean of the amounts in the training part.
        scale: their standard deviation.
    """

    column: str
    classes: tuple[str, ...] | None = None
    centre: float = 0.0
    scale: float = 1.0

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return what the network learns: amounts with mean 0 and deviation 1, or the classes' numbers."""
        if self.classes is not None:
            return values.astype("int32")
        size = np.abs(values).max() or 1.0  # targets near 1e308 would overflow
        return ((values / size - self.centre / size) / (self.scale / size)).astype("float32")

    def decode(self, outputs: Any) -> np.ndarray:
        """Return the names of classes, or amounts, for the outputs of a network, shape (rows, logits or 1).

        Example:
            >>> Target("colour", ("blue", "red")).decode(np.array([[-1.0, 2.0], [0.5, 0.1]])).tolist()
            ['red', 'blue']
            >>> Target("price", None, centre=100.0, scale=10.0).decode(np.array([[0.5]])).tolist()
            [105.0]
        """
        outputs = np.asarray(outputs, "float64")
        if self.classes is not None:
            return np.array(self.classes, dtype=object)[outputs.argmax(axis=-1)]
        return outputs[:, 0] * self.scale + self.centre


def read_target(
    column: pd.Series, task: Task | None, drop_classes: tuple[str, ...] = ()
) -> tuple[pd.Series, tuple[str, ...] | None, list[str]]:
    """Return amounts, or the numbers of classes, of the rows that have a target; the classes; notes.

    Raises:
        ValueError: if there is nothing to learn.
    """
    name, notes = str(column.name), []
    values = plain(name, column)
    if types.is_datetime64_any_dtype(values):
        values = as_text(values)
    numbers = values if values.dtype != object else None
    if numbers is None and task != "classification":
        style, strays = style_of(values)
        if style is not None:
            numbers = to_numbers(values, style)
            if strays:
                notes.append(f"texts among the targets taken as missing: {_quoted(strays)}")
    if task == "regression" and numbers is None:
        raise ValueError(f"the target {name!r} has texts such as {_quoted(values.dropna().unique())}: no regression.")
    is_class = numbers is None or task == "classification" or (task is None and _are_classes(numbers))
    if is_class:
        values = values if numbers is None or values.dtype == object else numbers.map(_as_label, na_action="ignore")
    else:
        values = numbers
    if drop_classes:
        if not is_class:
            raise ValueError(f"--drop {name}={drop_classes[0]} is for a classification; {name!r} is a regression.")
        if unknown := set(drop_classes) - set(values.dropna()):
            raise ValueError(f"the target {name!r} has no class {sorted(unknown)[0]!r}.")
        values = values[~values.isin(drop_classes)]
        notes.append(f"rows left out: of the classes {_quoted(drop_classes)}")
    missing = int(values.isna().sum())
    if missing:
        notes.append(f"{missing} rows without a target left out")
    values = values.dropna()
    if not is_class:
        notes += _check_amounts(name, values)
        whole = "whole numbers, taken as amounts; --task classification takes them as classes"
        if task is None and 2 < values.nunique() <= _MOST_NUMBERED_CLASSES and (values % 1 == 0).all():
            notes.append(f"target: {values.nunique()} different {whole}")
        return values, None, notes
    codes, names = pd.factorize(values, sort=False)
    order = np.argsort(_sort_keys(names), kind="stable")
    codes = np.argsort(order)[codes]
    classes = tuple(str(names[i]) for i in order)
    counts = np.bincount(codes, minlength=len(classes))
    _check_classes(name, classes, counts)
    shown = [f"{c!r} ({n})" for c, n in zip(classes, counts, strict=True)][:10]
    notes.append("classes: " + ", ".join(shown) + (f" and {len(classes) - 10} more" if len(classes) > 10 else ""))
    return pd.Series(codes, index=values.index), classes, notes


def _are_classes(numbers: pd.Series) -> bool:
    """Whether numbers are classes: two values, or at most 20 whole ones, none of them rare as the tail of counts is."""
    counts = numbers.value_counts()
    if len(counts) > _MOST_NUMBERED_CLASSES or not (numbers.dropna() % 1 == 0).all():
        return False
    return len(counts) <= 2 or bool(counts.min() >= 5 and counts.min() >= 0.01 * counts.sum())


def _as_label(value: float) -> str:
    return str(int(value)) if value % 1 == 0 else str(value)


def _sort_keys(names: Any) -> np.ndarray:
    """Sort classes that are numbers by size, others by name."""
    text = pd.Series(list(names), dtype=object)
    numbers = pd.to_numeric(text, errors="coerce")
    return np.asarray(text.rank() if numbers.isna().any() else numbers.rank())


def _check_amounts(name: str, values: pd.Series) -> list[str]:
    """Refuse amounts that cannot be learned; return a note on those that may stand for missing ones."""
    if np.isinf(values).any():
        raise ValueError(f"the target {name!r} has infinite values; empty their cells to leave these rows out.")
    if values.nunique() == 1:
        raise ValueError(f"the target {name!r} is constant: there is nothing to learn.")
    sized = values / values.abs().max()
    low, high = sized.quantile([0.25, 0.75])
    distance = (sized - sized.median()).abs()
    far = distance.idxmax() if len(values) else None
    if far is None or not high > low or distance[far] < _OUTLYING * (high - low):
        return []
    what = f"the target {name!r} has the value {values[far]:g}, far from all others; if it stands for a missing one,"
    if distance[far] > _BEYOND * (high - low):
        raise ValueError(f"{what} empty its cell (rows without a target are left out), else scale the target.")
    return [f"{what} empty its cell"]


def _check_classes(name: str, classes: tuple[str, ...], counts: np.ndarray) -> None:
    rows = int(counts.sum())
    if len(classes) == 1:
        raise ValueError(f"the target {name!r} is constant: there is nothing to learn.")
    if len(classes) > rows / _ROWS_PER_CLASS:
        raise ValueError(
            f"the target {name!r} has {len(classes)} classes in {rows} rows, such as {_quoted(classes)}; "
            f"a classification needs {_ROWS_PER_CLASS} rows per class on average. Choose another column"
            " (or --task regression, if these are numbers)."
        )
    rare = [label for label, count in zip(classes, counts, strict=True) if count == 1]
    if rare:
        drop = " ".join(f"--drop '{name}={label}'" for label in rare)
        advice = f"{drop} leaves these rows out" if len(rare) <= 5 else "choose another column"
        raise ValueError(
            f"the target {name!r} has 1 row only of {_quoted(rare)}; each class needs 2 or more: {advice}."
        )


def _quoted(texts: Any) -> str:
    shown = ", ".join(repr(str(text)) for text in list(texts)[:5])
    return shown + (f" and {len(texts) - 5} more" if len(texts) > 5 else "")
