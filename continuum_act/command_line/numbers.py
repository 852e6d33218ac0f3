"""Numbers in disguise: texts such as `1,000`, `$5`, `3,5` or `?` in a column of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

MISSING = ("", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "#N/A", "#NA", "<NA>", "NaT")
_NO_NUMBER = ("?", "-", "--", ".", "*", "None", "none")  # missing among numbers, else a category
_SYMBOLS = r"[$€£¥%'\s]"
_THOUSANDS = r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?"
_DECIMAL_COMMA = r"[-+]?(?:\d*|\d{1,3}(?:\.\d{3})+),\d+(?:[eE][-+]?\d+)?"
PLAIN, THOUSANDS, DECIMAL_COMMA = "plain", "thousands", "decimal comma"
STYLES = (PLAIN, THOUSANDS, DECIMAL_COMMA)
_STRAY_SHARE = 0.05  # of the different texts in a column of numbers, which are then taken as missing
_FEWEST_NUMBERS = 20  # different ones, for a column with such texts


def as_text(column: pd.Series) -> pd.Series:
    """Return a column of texts without blanks around them, or of NaN where a value is missing.

    Raises:
        TypeError: if a value is a list, a tuple or the like.
    """
    codes, different = pd.factorize(column.astype(object))
    text = pd.Series([*map(_written, different), ""], dtype=object)  # the last one for -1, a missing value
    return text.mask(text.isin(MISSING), np.nan).take(codes % len(text)).set_axis(column.index)


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        raise TypeError("unhashable type: 'tuple'")
    return (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)).strip()


def to_numbers(text: pd.Series, style: str) -> pd.Series:
    """Read texts as numbers of one of `STYLES`; NaN is what is none."""
    values = pd.to_numeric(text, errors="coerce").astype("float64")
    rest = text[values.isna() & text.notna()].astype("str" if len(text) else object)
    if len(rest):
        bare = rest.str.replace(_SYMBOLS, "", regex=True).str.replace("\u2212", "-")
        if style == THOUSANDS:
            bare = bare.str.replace(",", "").where(bare.str.fullmatch(_THOUSANDS), bare)
        elif style == DECIMAL_COMMA:
            decimal = bare.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
            bare = decimal.where(bare.str.fullmatch(_DECIMAL_COMMA), bare)
        values[rest.index] = pd.to_numeric(bare, errors="coerce").astype("float64")
    return values


def style_of(text: pd.Series) -> tuple[str | None, list[str]]:
    """Return how the numbers of a column are written, None if it is no column of numbers, and its stray texts.

    The column is one of texts, or is float64 or datetime64 already.

    Example:
        >>> style_of(pd.Series(["1,000", "$5", "?"], dtype=object))
        ('thousands', [])
        >>> style_of(pd.Series(["3,5", "4"], dtype=object))
        ('decimal comma', [])
        >>> style_of(pd.Series(["3", "red"], dtype=object))
        (None, [])
    """
    if text.dtype != object:
        return PLAIN if text.dtype == "float64" else None, []
    present = pd.Series(text.dropna().unique(), dtype=object)
    present = present[~present.isin(_NO_NUMBER)]
    if present.empty:
        return None, []
    strays = {}
    for style in STYLES:
        values = to_numbers(present, style)
        stray = values.isna()
        if not stray.any():
            return style, []
        strays[style] = stray
        if stray.mean() > _STRAY_SHARE and not present[stray].str.contains(",", regex=False).any():
            return None, []
    style = min(STYLES, key=lambda style: strays[style].sum())
    stray = strays[style]
    if stray.mean() > _STRAY_SHARE or to_numbers(present[~stray], style).nunique() <= _FEWEST_NUMBERS:
        return None, []
    return style, list(present[stray])
