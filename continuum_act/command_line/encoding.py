"""Columns as inputs of a network: scikit-learn for numbers, skrub's `TableVectorizer` for all else."""

from __future__ import annotations

from typing import Any

import pandas as pd

from continuum_act.command_line.columns import Columns, are_dates
from continuum_act.command_line.numbers import PLAIN

_OUTLYING = 1000  # times the interquartile range from the median
_TEXTS = 40  # different ones, from which they are encoded by their letters
_KINDS = {
    "low_cardinality": "categories, one-hot encoded",
    "datetime": "dates, by their parts",
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
    low, high = numbers.quantile(0.25), numbers.quantile(0.75)
    far = (numbers - numbers.median()).abs().max() > _OUTLYING * (high - low)
    outlying = list(numbers.columns[far & (high > low)])
    others = train.drop(columns=numbers.columns)
    texts = [
        n for n in others if others[n].nunique() >= _TEXTS and others[n].dtype == object and not are_dates(others[n])
    ]
    vectorizer = TableVectorizer(
        datetime=make_pipeline(DatetimeEncoder(), fill(), StandardScaler()),
        low_cardinality=OneHotEncoder(handle_unknown="ignore", sparse_output=False, drop="if_binary", dtype="float32"),
    )
    parts = [
        ("numbers", make_pipeline(fill(), StandardScaler()), [n for n in numbers if n not in outlying]),
        ("outlying", make_pipeline(fill(), SquashingScaler()), outlying),
        ("others", vectorizer, [n for n in others if n not in texts]),
        # outside of the `TableVectorizer`, which would save each vocabulary a dozen times
        *((f"text {i}", StringEncoder(random_state=0), name) for i, name in enumerate(texts)),
    ]
    return ColumnTransformer([part for part in parts if part[2] or isinstance(part[2], str)])


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
        kinds["left out, empty in the training part"] = [
            name for name in used["others"] if name not in vectorizer.column_to_kind_
        ]
    texts = {name: encoder for part, encoder, name in fitted.transformers_ if part.startswith("text ")}
    kinds[f"texts, by their letters, {sum(e.n_components_ for e in texts.values())} inputs"] = list(texts)
    disguised = {name: style for name, style in columns.numbers_.items() if style != PLAIN}
    for style in sorted(set(disguised.values())):
        kinds[f"numbers written with {style}"] = [name for name, of in disguised.items() if of == style]
    lines = [f"{what} ({len(names)}): {_shown(names)}" for what, names in kinds.items() if names]
    for name, strays in columns.strays_.items():
        lines.append(f"texts among the numbers of {name!r} taken as missing: {_shown(strays)}")
    return lines


def _shown(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
