"""Tables that become arrays: what is scaled, filled, encoded, refused."""

import numpy as np
import pandas as pd
import pytest

from continuum_act.command_line import tables


@pytest.fixture
def table(tmp_path):
    def write(**columns):
        path = tmp_path / "t.csv"
        pd.DataFrame(columns).to_csv(path, index=False)
        return str(path)

    return write


@pytest.mark.parametrize(
    ("name", "rows", "inputs", "classes"),
    [
        ("digits", 1797, 64, 10),
        ("breast_cancer", 569, 30, 2),
        ("wine", 178, 13, 3),
        ("diabetes", 442, 10, None),
    ],
)
def test_named_data_sets_are_whole_and_scaled_by_the_training_part(name, rows, inputs, classes):
    data = tables.load(name)
    assert len(data.x) + len(data.x_val) == len(data.y) + len(data.y_val) == rows
    assert data.x.shape[1] == data.x_val.shape[1] == inputs
    assert data.classes == classes
    assert data.x.dtype == np.float32
    np.testing.assert_allclose(data.x.mean(0), 0, atol=1e-5)
    varying = data.x.std(0) > 0
    np.testing.assert_allclose(data.x.std(0)[varying], 1, rtol=1e-4)
    if classes:
        shares = [np.bincount(y, minlength=classes) / len(y) for y in (data.y, data.y_val)]
        np.testing.assert_allclose(*shares, atol=0.02)


def test_missing_numbers_are_the_median_and_missing_texts_a_category(table):
    data = tables.load(table(a=[0.0, 10.0, None, 2.0] * 10, b=["u", None, "v", "v"] * 10, y=["p", "q"] * 20), "y")
    assert np.isfinite(data.x).all()
    assert data.x.shape[1] == 1 + 3
    assert set(np.unique(data.x[:, 1:])) == {0.0, 1.0}
    assert np.allclose(data.x[:, 1:].sum(1), 1)
    assert data.notes == ("20 missing values filled (numbers by the median, others as a category)",)


def test_rows_without_a_target_are_left_out(table):
    data = tables.load(table(a=range(40), y=[1.25, None] * 10 + [2.5] * 20), "y")
    assert len(data.x) + len(data.x_val) == 30
    assert data.notes[0] == "10 rows without a target left out"


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (["no", "yes"] * 20, 2),
        ([True, False] * 20, 2),
        ([1, 2, 3, 4] * 10, 4),
        ([1.0, 2.0] * 20, 2),
        (list(range(40)), None),
        ([0.5, 1.5] * 20, None),
    ],
)
def test_kind_of_target_decides_between_classification_and_regression(table, y, classes):
    assert tables.load(table(a=range(40), y=y), "y").classes == classes


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"y": [1, 2] * 20}, "no column but the target"),
        ({"a": range(40), "y": [3.5] * 40}, "constant"),
        ({"a": range(40), "y": ["same"] * 40}, "constant"),
        ({"a": range(40), "y": [f"n{i}" for i in range(40)]}, "40 classes in 40 rows"),
        ({"a": range(40), "y": ["rare"] + ["often", "more"] * 19 + ["more"]}, "1 of 'rare'"),
        ({"a": [f"n{i}" for i in range(80)], "y": [1.5, 2.5] * 40}, "80 different texts"),
        ({"a": [np.inf] * 40, "y": [1.5, 2.5] * 20}, "infinite"),
        ({"a": range(40), "y": [1.5, np.inf] * 20}, "infinite"),
        ({"a": [1.0], "y": [2.0]}, "1 row"),
        ({"a": [], "y": []}, "0 rows"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unusable_table_gets_a_clear_error(table, columns, message):
    with pytest.raises(ValueError, match=message):
        tables.load(table(**columns), "y")


def test_empty_file_gets_a_clear_error(tmp_path):
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ValueError, match="cannot be read as CSV"):
        tables.load(str(tmp_path / "empty.csv"), "y")
