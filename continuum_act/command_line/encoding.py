"""Columns as inputs of a network: scikit-learn for numbers, skrub's `TableVectorizer` for all else."""

from __future__ import annotations

from typing import Any

import pandas as pd

from continuum_act.command_line.columns import Columns
from continuum_act.command_line.numbers import PLAIN

_OUTLYING = 1000  # times the interquartile range from the median
_KINDS = {
    "low_cardinality": "categories, one-hot encoded",
    "high_cardinality": "texts, by their letters",
    "datetime": "dates, by their parts",
    "numeric": "numbers, scaled",
}


def encoder(train: pd.DataFrame) -> Any:
    """Return an unfitted transformer for tables with the columns of the training part."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    from skrub import DatetimeEncoder, SquashingScaler, StringEncoder, TableVectorizer

    def fill() -> SimpleImputer:
        return SimpleImputer(strategy="median", keep_empty_features=True)

    numbers = train.select_dtypes("float64")
    others = [name for name in train.columns if name not in numbers.columns]
    low, high = numbers.quantile(0.25), numbers.quantile(0.75)
    far = (numbers - numbers.median()).abs().max() > _OUTLYING * (high - low)
    outlying = list(numbers.columns[far & (high > low)])
    vectorizer = TableVectorizer(
        numeric=make_pipeline(fill(), StandardScaler()),
        datetime=make_pipeline(DatetimeEncoder(), fill(), StandardScaler()),
        low_cardinality=OneHotEncoder(handle_unknown="ignore", sparse_output=False, drop="if_binary", dtype="float32"),
        high_cardinality=StringEncoder(random_state=0),
    )
    parts = {
        "numbers": (make_pipeline(fill(), StandardScaler()), [n for n in numbers.columns if n not in outlying]),
        "outlying": (make_pipeline(fill(), SquashingScaler()), outlying),
        "others": (vectorizer, others),
    }
    return ColumnTransformer([(name, *part) for name, part in parts.items() if part[1]])


def describe(fitted: Any, columns: Columns) -> list[str]:
    """Say in a line per kind of column what became of it."""
    kinds: dict[str, list[str]] = {}
    used = {name: names for name, _, names in fitted.transformers_}
    kinds["numbers, scaled to mean 0 and deviation 1"] = used.get("numbers", [])
    kinds["numbers with outliers, squashed to -3 to 3"] = used.get("outlying", [])
    if "others" in used:
        vectorizer = fitted.named_transformers_["others"]
        for kind, what in _KINDS.items():
            names = list(vectorizer.kind_to_columns_[kind])
            inputs = sum(len(vectorizer.input_to_outputs_[name]) for name in names)
            kinds[f"{what}, {inputs} inputs"] = names
        gone = [name for name in used["others"] if name not in vectorizer.column_to_kind_]
        kinds["left out, empty in the training part"] = gone
    disguised = {name: style for name, style in columns.numbers_.items() if style != PLAIN}
    for style in sorted(set(disguised.values())):
        kinds[f"numbers written with {style}"] = [name for name, of in disguised.items() if of == style]
    lines = [f"{what} ({len(names)}): {_shown(names)}" for what, names in kinds.items() if names]
    for name, strays in columns.strays_.items():
        lines.append(f"texts among the numbers of {name!r} taken as missing: {_shown(strays)}")
    return lines


def _shown(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
