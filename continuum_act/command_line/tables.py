"""Tables that become arrays: those that ship inside scikit-learn, a person's own file, or a `DataFrame`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from continuum_act.command_line.columns import Columns
from continuum_act.command_line.encoding import describe, encoder
from continuum_act.command_line.files import ENDINGS, column_names, read_table
from continuum_act.command_line.numbers import as_text
from continuum_act.command_line.targets import Target, Task, read_target

NAMES = ("digits", "breast_cancer", "wine", "diabetes")
_VALIDATION_SHARE = 0.25  # of what is not held out for the test
_FEWEST_ROWS = 20


class Part(NamedTuple):
    """Inputs and targets of some rows, as a network learns them."""

    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class Dataset:
    """A table split into parts and prepared by what the training part alone says.

    Attributes:
        name: of the table.
        train: its training part.
        validation: the part that alphas are compared by.
        test: the part that is held out, or None.
        pipeline: the fitted scikit-learn pipeline, from a table of the same columns to inputs.
        target: how targets are encoded.
        notes: what was done, in lines.
    """

    name: str
    train: Part
    validation: Part
    test: Part | None
    pipeline: Any
    target: Target
    notes: tuple[str, ...]


def load(
    data: str,
    target: str | None = None,
    *,
    drop: Sequence[str] = (),
    task: Task | None = None,
    test_share: float = 0.0,
    sep: str | None = None,
) -> Dataset:
    """Load one of `NAMES`, or a file whose column `target` is to be predicted; see `prepare` and `read_table`.

    Raises:
        ValueError: if the name or the column is unknown, or the table cannot be used.
        OSError: if the file cannot be read.
    """
    if data in NAMES:
        if target is not None:
            raise ValueError(f"--target is for a file; the data set {data!r} has its own target.")
        import sklearn.datasets

        table = getattr(sklearn.datasets, f"load_{data}")(as_frame=True).frame
        return prepare(table, "target", name=data, drop=drop, task=task, test_share=test_share)
    path = Path(data)
    if not path.suffix and not path.exists():
        raise ValueError(f"no data set {data!r}; give one of {', '.join(NAMES)}, or a file ({', '.join(ENDINGS)}).")
    table = read_table(path, sep)
    if target is None:
        raise ValueError(f"a file needs --target, one of its columns: {_names(table)}.")
    return prepare(table, target, name=path.name.split(".")[0] or "table", drop=drop, task=task, test_share=test_share)


def prepare(
    table: pd.DataFrame,
    target: str,
    *,
    name: str = "table",
    drop: Sequence[str] = (),
    task: Task | None = None,
    test_share: float = 0.0,
) -> Dataset:
    """Turn a table into arrays for a network, and keep the pipeline for new rows.

    Numbers are scaled to mean 0 and deviation 1, missing ones filled by the median; texts, categories and
    dates are encoded by skrub's `TableVectorizer`. Columns that say nothing (empty, constant, an index, a
    name of each row) and rows without a target are left out. The target is a classification if it has texts
    or truth values, two values, or at most 20 whole ones none of which is rare; else a regression.

    Args:
        table: rows and columns, of any type.
        target: the column to predict.
        name: what notes and errors call the table.
        drop: columns to leave out, or "TARGET=CLASS" for the rows of a class; also several as "A,B".
        task: "classification" or "regression", where the target should not decide.
        test_share: the fraction of rows to hold out.

    Raises:
        ValueError: if a column is unknown or the table cannot be used.

    Example:
        >>> table = pd.DataFrame({"size": range(40), "colour": ["red", "blue"] * 20, "price": range(40)})
        >>> data = prepare(table.assign(price=table["price"] * 1.5), "price")
        >>> data.train.x.shape, data.validation.y.shape
        ((30, 2), (10,))
        >>> data.pipeline.transform(table[:1]).shape
        (1, 2)
    """
    if not 0 <= test_share < 1:
        raise ValueError(f"the share of rows to test must be at least 0 and less than 1, got {test_share:g}.")
    if len(table) < _FEWEST_ROWS:
        raise ValueError(f"{name} has {_rows(len(table))}; {_FEWEST_ROWS} are needed.")
    target = target.strip()
    table = table.set_axis(column_names(table.columns, name), axis="columns").reset_index(drop=True)
    if target not in table.columns:
        raise ValueError(f"{name} has no column {target!r}; it has: {_names(table)}.")
    columns, classes = _dropped(table, target, drop)
    values, class_names, notes = read_target(table[target], task, classes)
    if len(values) < _FEWEST_ROWS:
        raise ValueError(f"{name} has {_rows(len(values))} with a target; {_FEWEST_ROWS} are needed.")
    features = table.drop(columns=[target, *columns]).loc[values.index]
    same = [column for column in features if features[column].equals(table.loc[values.index, target])]
    cleaner = Columns().fit(features.drop(columns=same))
    left_out = dict.fromkeys(columns, "--drop") | dict.fromkeys(same, "the same as the target") | cleaner.left_out_
    if not cleaner.used:
        raise ValueError(f"{name} has no column but the target that says anything (left out: {_reasons(left_out)}).")
    cleaned = cleaner.transform(features)
    if missing := int(cleaned.isna().sum().sum()):
        notes.append(f"{missing} missing values filled (numbers by the median, others as a category)")
    parts = _split(values, class_names is not None, test_share)
    encode = encoder(cleaned.loc[parts[0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of categories that only the validation part has, of short texts
        inputs = [encode.fit_transform(cleaned.loc[parts[0]])]
        inputs += [encode.transform(cleaned.loc[part]) for part in parts[1:]]
    amounts = values.loc[parts[0]].to_numpy()
    goal = Target(target, class_names) if class_names is not None else _scaled(name, target, amounts)
    arrays = [
        Part(_finite(name, x), goal.encode(values.loc[part].to_numpy())) for x, part in zip(inputs, parts, strict=True)
    ]
    notes += ["target scaled to mean 0 and deviation 1"] * (class_names is None)
    notes += describe(encode, cleaner) + ([f"left out: {_reasons(left_out)}"] if left_out else [])
    from sklearn.pipeline import Pipeline

    pipeline = Pipeline([("columns", cleaner), ("encoder", encode)])
    return Dataset(name, arrays[0], arrays[1], [*arrays, None][2], pipeline, goal, tuple(notes))


def _dropped(table: pd.DataFrame, target: str, drop: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return the columns to leave out, and the classes of the target; several may be in a text, between commas."""
    labels = {f"{target}={label}" for label in as_text(table[target]).dropna()}
    known = {*table.columns, *labels}
    names = [name for text in drop for name in ([text] if text in known else map(str.strip, text.split(","))) if name]
    columns = [name for name in names if name in table.columns]
    classes = [name for name in names if name not in columns and name.startswith(f"{target}=")]
    unknown = [name for name in names if name not in columns and name not in classes]
    if unknown:
        raise ValueError(f"there is no column {unknown[0]!r} to drop; the table has: {_names(table)}.")
    if target in columns:
        raise ValueError(f"the target {target!r} cannot be dropped.")
    return columns, tuple(name[len(target) + 1 :] for name in classes)


def _split(values: pd.Series, is_class: bool, test_share: float) -> list[Any]:
    """Return the rows to train, to validate and, if a share is held out, to test, each class in all of them."""
    from sklearn.model_selection import train_test_split

    held_out = test_share + _VALIDATION_SHARE * (1 - test_share)
    train, rest = train_test_split(
        values.index, test_size=held_out, random_state=0, stratify=values if is_class else None
    )
    if not test_share:
        return [train, rest]
    counts = values.loc[rest].value_counts()
    share = test_share / held_out
    few = counts.min() < 2 or len(counts) > len(rest) * min(share, 1 - share)
    validation, test = train_test_split(
        rest, test_size=share, random_state=0, stratify=values.loc[rest] if is_class and not few else None
    )
    return [train, validation, test]


def _scaled(name: str, target: str, amounts: np.ndarray) -> Target:
    size = float(np.abs(amounts).max()) or 1.0  # the square of 1e306 overflows
    centre, scale = float((amounts / size).mean()) * size, float((amounts / size).std()) * size
    if scale == 0:
        raise ValueError(
            f"the target {target!r} of {name} is constant in the training part: there is nothing to learn."
        )
    return Target(target, None, centre, scale)


def _finite(name: str, x: np.ndarray) -> np.ndarray:
    x = np.ascontiguousarray(x, dtype="float32")
    if not np.isfinite(x).all():
        raise ValueError(f"{name} has numbers that no float32 holds once they are scaled.")
    return x


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number} rows"


def _names(table: pd.DataFrame) -> str:
    names = ", ".join(repr(str(name)) for name in table.columns[:20])
    return names + (f" and {len(table.columns) - 20} more" if len(table.columns) > 20 else "")


def _reasons(left_out: dict[str, str]) -> str:
    shown = ", ".join(f"{name!r} ({reason})" for name, reason in list(left_out.items())[:8])
    return shown + (f" and {len(left_out) - 8} more" if len(left_out) > 8 else "")
