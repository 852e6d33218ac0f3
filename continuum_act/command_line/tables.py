"""Real data for the command line: tables that ship inside scikit-learn, and the user's own CSV file."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

NAMES = ("digits", "breast_cancer", "wine", "diabetes")
_HELD_OUT = 0.25
_MOST_CATEGORIES = 50
_FEWEST_ROWS = 20


@dataclass(frozen=True)
class Dataset:
    """A table split into a training and a held-out validation part, scaled by the training part alone."""

    name: str
    x: np.ndarray
    y: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    classes: int | None  # None for a regression
    notes: tuple[str, ...] = ()


def load(data: str, target: str | None = None) -> Dataset:
    """Load one of `NAMES`, or a CSV file whose column `target` is to be predicted.

    Numeric columns are scaled to mean 0 and deviation 1, missing values filled by the median. Other columns
    are one-hot encoded, missing values a category of their own. Rows without a target are left out. A target
    of text, of booleans, or of at most 20 different whole numbers is a classification, else a regression.

    Raises:
        ValueError: if the name or the column is unknown, or the table cannot be used.
        OSError: if the file cannot be read.
    """
    if data in NAMES:
        if target is not None:
            raise ValueError(f"--target is for a CSV file; the data set {data!r} has its own target.")
        import sklearn.datasets

        table = getattr(sklearn.datasets, f"load_{data}")(as_frame=True)
        return _prepare(data, table.data, table.target)
    if not data.lower().endswith(".csv"):
        raise ValueError(f"no data set {data!r}; give one of {', '.join(NAMES)}, or a file that ends in .csv.")
    return _from_csv(Path(data), target)


def _from_csv(path: Path, target: str | None) -> Dataset:
    try:
        table = pd.read_csv(path)
    except FileNotFoundError:
        raise FileNotFoundError(f"no file {path}; give a CSV file or one of {', '.join(NAMES)}.") from None
    except ValueError as error:  # pandas' parser errors, and text that is not UTF-8
        raise ValueError(f"{path} cannot be read as CSV: {str(error).strip()}.") from error
    columns = ", ".join(map(str, table.columns))
    if target is None:
        raise ValueError(f"a CSV file needs --target, one of its columns: {columns}.")
    if target not in table.columns:
        raise ValueError(f"{path} has no column {target!r}; it has: {columns}.")
    labelled = table[target].notna()
    notes = [f"{(~labelled).sum()} rows without a target left out"] if not labelled.all() else []
    table = table[labelled]
    return _prepare(path.stem, table.drop(columns=target), table[target], notes)


def _prepare(name: str, features: pd.DataFrame, target: pd.Series, notes: list[str] | None = None) -> Dataset:
    from sklearn.model_selection import train_test_split

    notes = notes or []
    if len(target) < _FEWEST_ROWS:
        rows = "1 row" if len(target) == 1 else f"{len(target)} rows"
        raise ValueError(f"{name} has {rows} with a target; {_FEWEST_ROWS} are needed.")
    features = features.dropna(axis="columns", how="all")
    if features.shape[1] == 0:
        raise ValueError(f"{name} has no column but the target.")
    if np.isinf(features.select_dtypes("number")).any(axis=None):
        raise ValueError(f"{name} has infinite values; remove them or leave them empty.")
    features = features.astype(dict.fromkeys(features.select_dtypes("bool").columns, "int8"))
    missing = int(features.isna().sum().sum())
    if missing:
        notes.append(f"{missing} missing values filled (numbers by the median, others as a category)")
    is_class = _is_classification(target)
    y, classes = _targets(name, target, is_class)
    x_train, x_val, y_train, y_val = train_test_split(
        features, y, test_size=_HELD_OUT, random_state=0, stratify=y if is_class else None
    )
    pipeline = _pipeline(name, features)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Found unknown categories")
        x_train = pipeline.fit_transform(x_train).astype("float32")
        x_val = pipeline.transform(x_val).astype("float32")
    if not is_class:
        centre, scale = y_train.mean(), y_train.std()
        if scale == 0:
            raise ValueError(f"the target of {name} is constant: there is nothing to learn.")
        y_train, y_val = ((part - centre) / scale for part in (y_train, y_val))
        notes.append("target scaled to mean 0 and deviation 1")
    dtype = "int32" if is_class else "float32"
    return Dataset(name, x_train, y_train.astype(dtype), x_val, y_val.astype(dtype), classes, tuple(notes))


def _is_classification(target: pd.Series) -> bool:
    if not pd.api.types.is_numeric_dtype(target) or pd.api.types.is_bool_dtype(target):
        return True
    return target.nunique() <= 20 and bool((target == target.round()).all())


def _targets(name: str, target: pd.Series, is_class: bool) -> tuple[np.ndarray, int | None]:
    if not is_class:
        values = target.to_numpy(dtype=float)
        if not np.isfinite(values).all():
            raise ValueError(f"the target of {name} has infinite values; remove these rows.")
        return values, None
    codes, names = pd.factorize(target, sort=True)
    counts = np.bincount(codes)
    if len(names) < 2:
        raise ValueError(f"the target of {name} is constant: there is nothing to learn.")
    if len(names) > len(codes) / 4 or counts.min() < 2:
        rare = names[int(counts.argmin())]
        raise ValueError(
            f"the target of {name} has {len(names)} classes in {len(codes)} rows, and {counts.min()} of "
            f"{rare!r}; a classification needs 2 rows or more of each class, and 4 rows per class on average."
        )
    return codes, len(names)


def _pipeline(name: str, features: pd.DataFrame):  # type: ignore[no-untyped-def]  # scikit-learn is untyped
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numeric = features.select_dtypes("number").columns
    other = features.columns.difference(numeric, sort=False)
    wide = [c for c in other if features[c].nunique() > _MOST_CATEGORIES]
    if wide:
        raise ValueError(
            f"the column {wide[0]!r} of {name} has {features[wide[0]].nunique()} different texts (at most "
            f"{_MOST_CATEGORIES} can be encoded); drop it, or turn it into numbers."
        )
    encode = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numeric),
        (make_pipeline(SimpleImputer(strategy="constant", fill_value="missing"), encode), other),
    )
