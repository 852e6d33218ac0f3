"""What each column is: numbers in any disguise, texts, dates; and what says nothing."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest

from continuum_act.command_line.columns import Columns
from continuum_act.command_line.numbers import style_of, to_numbers


def texts(*values):
    return pd.Series(values, dtype=object)


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        (["1", " 2.5 ", "-3e2"], [1, 2.5, -300]),
        (["1,000", "2,500.5", "7"], [1000, 2500.5, 7]),
        (["$5", "-$1,200.50", "€3"], [5, -1200.5, 3]),
        (["3,5", "4", "1.234,5"], [3.5, 4, 1234.5]),
        (["5%", "12.5 %"], [5, 12.5]),
        (["\u22125", "5"], [-5, 5]),
        (["1", "?", "3"], [1, np.nan, 3]),
        (["-", "2", "None"], [np.nan, 2, np.nan]),
        (["1'000", "2 000"], [1000, 2000]),
        (["", "NA", "7"], [np.nan, np.nan, 7]),
    ],
)
def test_numbers_are_read_however_they_are_written(written, numbers):
    table = pd.DataFrame({"a": texts(*written, "8")})
    read = Columns().fit(table).transform(table)["a"]
    assert read.dtype == "float64"
    np.testing.assert_array_equal(read, [*numbers, 8])


def test_a_comma_is_the_decimal_one_where_another_column_says_so():
    table = pd.DataFrame({"a": texts("1,234", "5,678"), "b": texts("3,5", "4,25")})
    read = Columns().fit(table).transform(table)
    np.testing.assert_array_equal(read["a"], [1.234, 5.678])
    alone = Columns().fit(table[["a"]]).transform(table[["a"]])
    np.testing.assert_array_equal(alone["a"], [1234, 5678])


def test_a_few_texts_among_many_numbers_are_missing_and_said():
    table = pd.DataFrame({"a": texts(*map(str, range(200)), "unknown")})
    columns = Columns().fit(table)
    assert columns.strays_ == {"a": ["unknown"]}
    assert columns.transform(table)["a"].isna().sum() == 1
    assert style_of(texts(*"123456789" * 4, "X")) == (None, [])  # codes: nine different ones


@pytest.mark.parametrize("values", [["a1", "b2", "a1"], ["1", "2", "red"], ["1.2.3", "4.5.6", "1.2.3"], ["1,2,3", "4"]])
def test_texts_stay_texts(values):
    assert style_of(texts(*values))[0] is None


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        (pd.Series([True, False] * 10), object),
        (pd.Series([True, None] + [False] * 18, dtype=object), object),
        (pd.Series([True, None] + [False] * 18, dtype="boolean"), object),
        (pd.Series([1, None] * 10, dtype="Int64"), "float64"),
        (pd.Series([1.5, None] * 10, dtype="Float32"), "float64"),
        (pd.Series(["u", "v"] * 10, dtype="category"), object),
        (pd.Series([1, 2] * 10, dtype="category"), "float64"),
        (pd.Series([decimal.Decimal("1.5"), decimal.Decimal(2)] * 10), "float64"),
        (pd.Series(pd.to_timedelta([1, 2] * 10, "h")), "float64"),
        (pd.Series(pd.date_range("2020", periods=20, tz="Asia/Tokyo")), "datetime64[ns]"),
        (pd.Series([datetime.date(2020, 1, 1 + i) for i in range(20)]), object),
        (pd.Series(pd.period_range("2020-01", periods=20, freq="M")), "datetime64[ns]"),
        (pd.Series([datetime.datetime(2020, 1, 1 + i) for i in range(20)], dtype=object), object),
        (pd.Series(pd.arrays.SparseArray([0.0, 1.0] * 10)), "float64"),
        (pd.Series([b"u", b"v"] * 10), object),
        (pd.Series([1, "u", None, 2.5] * 5, dtype=object), object),
        (pd.Series([10**40, 2] * 10, dtype=object), None),
    ],
    ids=lambda value: str(value.dtype) if isinstance(value, pd.Series) else "",
)
def test_columns_of_any_type_become_numbers_dates_or_texts(column, dtype):
    table = pd.DataFrame({"a": column})
    if dtype is None:
        with pytest.raises(ValueError, match="values such as 1e\\+40, beyond 1e\\+30"):
            Columns().fit(table)
        return
    read = Columns().fit(table).transform(table)["a"]
    assert read.dtype == dtype or (dtype == "datetime64[ns]" and read.dtype.kind == "M")
    if dtype is object:
        assert {type(value) for value in read.dropna()} == {str}


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, np.zeros(2)], ids=lambda value: type(value).__name__)
def test_nested_values_are_refused_by_name(value):
    with pytest.raises(ValueError, match=r"the column 'a' has values of an unhashable type.*--drop 'a'"):
        Columns().fit(pd.DataFrame({"a": [value] * 3}))


def test_complex_numbers_are_refused_by_name():
    with pytest.raises(ValueError, match="the column 'a' has complex numbers"):
        Columns().fit(pd.DataFrame({"a": [1j, 2j]}))


def test_what_says_nothing_is_left_out_with_its_reason():
    n = 30
    table = pd.DataFrame(
        {
            "Unnamed: 0": range(n),
            "rownames": [f"car {i}" for i in range(n)],
            "customer_id": np.arange(n)[::-1] * 7,
            "PassengerId": range(n),
            "name": [f"Mr. {i}" for i in range(n)],
            "empty": texts(*["NA"] * n),
            "same": ["x"] * n,
            "paid": range(n),  # ends in id, but is no ID
            "index": [1, 2] * 15,
            "when": [f"2020-01-{i + 1:02}" for i in range(n)],
            "review": [f"A text that says something about the product number {i}" for i in range(n)],
            "gap": texts(*["x", None] * 15),
        }
    )
    columns = Columns().fit(table)
    assert set(columns.left_out_) == {
        "Unnamed: 0", "rownames", "customer_id", "PassengerId", "name", "empty", "same"
    }  # fmt: skip
    assert set(columns.numbers_) == {"paid", "index"}
    assert columns.texts_ == ["when", "review", "gap"]


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1.8e308 / 10, -9.9e36, "inf"])
def test_infinite_and_huge_numbers_are_refused_by_name(value):
    with pytest.raises(ValueError, match=r"the column 'a' has (infinite values|values such as).*--drop 'a'"):
        Columns().fit(pd.DataFrame({"a": texts(1.0, 2.0, value)}))


def test_new_rows_are_read_as_the_fitted_ones_whatever_their_types():
    columns = Columns().fit(pd.DataFrame({"a": texts("1,000", "2", "2"), "b": texts("u", "v", "u")}))
    for seven, text in ((7, "7"), (7.0, "7"), ("007", "007")):
        new = columns.transform(pd.DataFrame({"b": [seven], " a ": ["3,000"], "more": [1]}))
        assert new.to_dict("list") == {"a": [3000.0], "b": [text]}
    assert np.isnan(columns.transform(pd.DataFrame({"a": ["red"], "b": [None]}))["a"].iloc[0])
    with pytest.raises(ValueError, match="lacks the columns \\['a'\\]; it has \\['b'\\]"):
        columns.transform(pd.DataFrame({"b": ["u"]}))


def test_conversion_of_no_rows_is_no_rows():
    assert len(to_numbers(texts(), "plain")) == 0
