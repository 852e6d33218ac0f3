"""The columns of a table: which are numbers, which are texts or dates, which say nothing."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types
from sklearn.base import BaseEstimator, TransformerMixin

from continuum_act.command_line.files import column_names
from continuum_act.command_line.numbers import DECIMAL_COMMA, PLAIN, THOUSANDS, as_text, style_of, to_numbers

_INDEX = re.compile(r"(unnamed: \d+|__index_level_\d+__|row\.?_?names?|row\.?_?(id|number|num)|index)", re.IGNORECASE)
_ID = re.compile(r"(id|.*[ ._-]id|.*[a-z]I[Dd])")
_NAME_LENGTH = 40  # characters on average, of a text that names a row; a longer one says something
LARGEST = 1e30  # float32 ends at 3e38


class Columns(TransformerMixin, BaseEstimator):
    """A transformer of tables: numbers as float64, dates as they are, all else as text; what says nothing is left out.

    It takes columns of any type, whatever library read them, by their names.

    Attributes:
        numbers_: how the numbers of each column are written, by name.
        texts_: names of the columns of texts, categories and truth values.
        dates_: names of the columns that hold dates already; texts may turn out to be dates later.
        left_out_: the reason, by name.
        strays_: texts among numbers, which are taken as missing, by name.
    """

    def fit(self, table: pd.DataFrame, y: Any = None) -> Columns:
        """Decide what each column is.

        Raises:
            ValueError: if a column cannot be used and should be dropped.
        """
        self.numbers_: dict[str, str] = {}
        self.texts_: list[str] = []
        self.dates_: list[str] = []
        self.left_out_: dict[str, str] = {}
        self.strays_: dict[str, list[str]] = {}
        for name in table.columns:
            column = plain(name, table[name])
            style, strays = style_of(column)
            values = column if style is None else _to_float(column, style)
            if reason := _says_nothing(name, values):
                self.left_out_[name] = reason
                continue
            if style is None:
                (self.texts_ if values.dtype == object else self.dates_).append(name)
                continue
            _check_size(name, values)
            self.numbers_[name] = style
            if strays:
                self.strays_[name] = strays
        if DECIMAL_COMMA in self.numbers_.values():  # then `1,234` is a number of that kind, too
            for name, style in self.numbers_.items():
                if style == THOUSANDS and not plain(name, table[name]).str.contains(".", regex=False).any():
                    self.numbers_[name] = DECIMAL_COMMA
        return self

    @property
    def used(self) -> list[str]:
        """Names of the columns that are used."""
        return [*self.numbers_, *self.texts_, *self.dates_]

    def transform(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the columns that are used, as numbers, dates or texts.

        Raises:
            ValueError: if a column is missing.
        """
        table = table.set_axis(column_names(table.columns, "the table"), axis="columns")
        missing = [name for name in self.used if name not in table.columns]
        if missing:
            raise ValueError(f"the table lacks the columns {missing[:10]}; it has {list(table.columns)[:20]}.")
        numbers = {n: _to_float(plain(n, table[n]), style) for n, style in self.numbers_.items()}
        texts = {n: _to_text(table[n]) for n in self.texts_}
        dates = {n: pd.to_datetime(plain(n, table[n]), errors="coerce") for n in self.dates_}
        return pd.DataFrame(numbers | texts | dates, index=table.index)


def plain(name: str, column: pd.Series) -> pd.Series:
    """Return a column as float64, datetime64 or texts (of type object).

    Raises:
        ValueError: if its values are neither.
    """
    kind = column.dtype
    if isinstance(kind, pd.SparseDtype):
        return plain(name, column.sparse.to_dense())
    if types.is_timedelta64_dtype(kind):
        return column.dt.total_seconds()
    if types.is_datetime64_any_dtype(kind):
        return column.dt.tz_convert("UTC").dt.tz_localize(None) if column.dt.tz is not None else column
    if types.is_complex_dtype(kind):
        raise ValueError(f"the column {name!r} has complex numbers; leave it out with --drop {name!r}.")
    if types.is_numeric_dtype(kind) and not types.is_bool_dtype(kind):
        return pd.Series(column.to_numpy(dtype="float64", na_value=np.nan), index=column.index)
    if isinstance(kind, pd.PeriodDtype):
        return column.dt.to_timestamp()
    try:
        text = as_text(column)
    except TypeError as error:  # unhashable type: 'list'
        raise ValueError(f"the column {name!r} has values of an {error}; leave it out with --drop {name!r}.") from None
    return text if style_of(text) != (PLAIN, []) else to_numbers(text, PLAIN)


def _to_float(column: pd.Series, style: str) -> pd.Series:
    return to_numbers(column, style) if column.dtype == object else column.astype("float64")


def _to_text(column: pd.Series) -> pd.Series:
    if types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():  # 7 may have been read as 7.0
        column = column.astype("Int64")
    return as_text(column)


def _says_nothing(name: str, column: pd.Series) -> str | None:
    """Return the reason to leave a column out: it is empty, constant, an index or a name of each row."""
    different, present = column.nunique(), int(column.notna().sum())
    if present == 0:
        return "empty"
    if different == 1 and present == len(column):
        return "one value"
    all_different = different == len(column) and len(column) > 1
    if _INDEX.fullmatch(name) and all_different:
        return "numbers or names of the rows"
    if not all_different or types.is_datetime64_any_dtype(column):
        return None
    if column.dtype != object:
        return "an ID, different in each row" if _ID.fullmatch(name) and (column % 1 == 0).all() else None
    if column.str.len().mean() > _NAME_LENGTH or are_dates(column):
        return None
    return "texts that are different in each row"


def are_dates(column: pd.Series) -> bool:
    """Whether the texts of a column are dates."""
    from skrub import to_datetime

    return types.is_datetime64_any_dtype(to_datetime(column))


def _check_size(name: str, values: pd.Series) -> None:
    too_large = values[~(values.abs() <= LARGEST) & values.notna()]
    if len(too_large):
        value = too_large.iloc[0]
        what = "infinite values" if np.isinf(value) else f"values such as {value:g}, beyond {LARGEST:g}"
        raise ValueError(
            f"the column {name!r} has {what} ({len(too_large)} of {len(values)}); where they stand for missing "
            f"ones leave the cells empty, else scale it, or leave it out with --drop {name!r}."
        )
