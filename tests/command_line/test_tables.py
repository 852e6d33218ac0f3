"""Tables that become arrays: split, prepared by the training part alone, and new rows prepared the same."""

import gc

import numpy as np
import pandas as pd
import pytest

from continuum_act.command_line import saved, tables


@pytest.mark.parametrize(
    ("name", "rows", "inputs", "classes"),
    [
        ("digits", 1797, 61, 10),  # three pixels are never set
        ("breast_cancer", 569, 30, 2),
        ("wine", 178, 13, 3),
        ("diabetes", 442, 10, None),
    ],
)
def test_named_data_sets_are_whole_and_scaled_by_the_training_part(name, rows, inputs, classes):
    data = tables.load(name)
    assert len(data.train.x) + len(data.validation.x) == len(data.train.y) + len(data.validation.y) == rows
    assert data.train.x.shape[1] == data.validation.x.shape[1] == inputs
    assert data.test is None
    assert data.train.x.dtype == np.float32
    np.testing.assert_allclose(data.train.x.mean(0), 0, atol=1e-5)
    varying = data.train.x.std(0) > 0
    np.testing.assert_allclose(data.train.x.std(0)[varying], 1, rtol=1e-4)
    assert (data.target.classes is None) == (classes is None)
    if classes:
        assert len(data.target.classes) == classes
        shares = [np.bincount(part.y, minlength=classes) / len(part.y) for part in (data.train, data.validation)]
        np.testing.assert_allclose(*shares, atol=0.02)


def table(n=200):
    """Return a table with a column of every kind."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": rng.normal(size=n),
            "gap": np.where(np.arange(n) % 4, rng.normal(size=n), np.nan),
            "colour": rng.choice(["red", "blue", "green", None], n),
            "flag": rng.choice([True, False], n),
            "city": [f"Town {i % 90} on the river {i % 3}" for i in range(n)],
            "when": pd.date_range("2020-01-01", periods=n).strftime("%Y-%m-%d"),
            "outlying": np.where(np.arange(n) == 5, 1e9, rng.normal(size=n)),
            "price": [f"${1000 + i:,}" for i in range(n)],
            "kind": rng.choice(["u", "v"], n),
        }
    )


@pytest.fixture(scope="module")
def prepared():
    return tables.prepare(table(), "kind", test_share=0.2)


def test_every_kind_of_column_is_prepared_and_said(prepared):
    assert prepared.train.x.shape == (120, 4 + 4 + 1 + 4 + 30)
    assert np.isfinite(prepared.train.x).all()
    assert np.abs(prepared.train.x).max() < 10  # the outlier is squashed
    assert [note.split(":")[0] for note in prepared.notes] == [
        "classes",
        "94 missing values filled (numbers by the median, others as a category)",
        "numbers, scaled to mean 0 and deviation 1 (3)",
        "numbers with outliers, squashed to -3 to 3 (1)",
        "categories, one-hot encoded, 5 inputs (2)",
        "dates, by their parts, 4 inputs (1)",
        "texts, by their letters, 30 inputs (1)",
        "numbers written with thousands (1)",
    ]


def test_parts_are_disjoint_and_whole(prepared):
    parts = (prepared.train, prepared.validation, prepared.test)
    assert [len(part.x) for part in parts] == [len(part.y) for part in parts] == [120, 40, 40]
    sizes = np.concatenate([part.x[:, 0] for part in parts])
    np.testing.assert_allclose(np.sort(sizes), np.sort(prepared.pipeline.transform(table())[:, 0]), rtol=1e-6)


def test_preparation_is_the_same_each_time(prepared):
    again = tables.prepare(table(), "kind", test_share=0.2)
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(again, part).x, getattr(prepared, part).x)
        np.testing.assert_array_equal(getattr(again, part).y, getattr(prepared, part).y)


def test_only_the_training_part_says_how_to_scale():
    before = tables.prepare(table(), "kind")
    train = {round(float(v), 5) for v in before.train.x[:, 0]}
    changed = table()
    held_out = [i for i, v in enumerate(before.pipeline.transform(changed)[:, 0]) if round(float(v), 5) not in train]
    assert len(held_out) == 50
    changed.loc[held_out, "size"] = 1e6
    np.testing.assert_array_equal(tables.prepare(changed, "kind").train.x, before.train.x)


def test_saved_pipeline_and_target_prepare_new_rows_and_name_predictions(prepared, tmp_path):
    class Model:
        def save(self, path):
            path.write_text("model")

    saved.save(tmp_path, prepared, Model())
    assert {path.name for path in tmp_path.iterdir()} == set(saved.FILES)
    assert saved.load_target(tmp_path / "target.json") == prepared.target
    pipeline = saved.load_pipeline(tmp_path / "pipeline.skops")
    expected = prepared.pipeline.transform(table())
    np.testing.assert_array_equal(pipeline.transform(table()), expected)

    file = tmp_path / "new.csv"
    table().drop(columns="kind").iloc[:, ::-1].to_csv(file, index=False)  # as a file, in another order
    np.testing.assert_allclose(pipeline.transform(pd.read_csv(file)), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(pipeline.transform(pd.read_csv(file, nrows=1)), expected[:1], rtol=1e-5, atol=1e-6)
    empty = pd.DataFrame({name: [None] for name in table().columns})
    assert np.isfinite(pipeline.transform(empty)).all()


def test_a_pipeline_with_foreign_types_is_not_loaded(tmp_path):
    import skops.io

    skops.io.dump(gc.collect, tmp_path / "p.skops")
    with pytest.raises(ValueError, match=r"holds \['gc.collect'\].*not loaded"):
        saved.load_pipeline(tmp_path / "p.skops")


def test_columns_and_classes_can_be_dropped():
    data = tables.prepare(table().assign(y=["u", "v", "w", "v"] * 50), "y", drop=["city", "when", "y=w"])
    assert data.target.classes == ("u", "v")
    assert len(data.train.y) + len(data.validation.y) == 150
    assert data.notes[-1] == "left out: 'city' (--drop), 'when' (--drop)"
    quoted = table().assign(y=["a, b", "v", "w", "v"] * 50, **{"p,q": "s"})
    data = tables.prepare(quoted, "y", drop=["size,gap", "y=a, b", "p,q"])
    assert data.target.classes == ("v", "w")
    assert "'size' (--drop), 'gap' (--drop), 'p,q' (--drop)" in data.notes[-1]
    with pytest.raises(ValueError, match="no column 'town' to drop; the table has: 'size', 'gap'"):
        tables.prepare(table(), "kind", drop=["town"])
    with pytest.raises(ValueError, match="the target 'kind' cannot be dropped"):
        tables.prepare(table(), "kind", drop=["kind"])


def test_a_copy_of_the_target_does_not_leak():
    data = tables.prepare(table().assign(**{"kind.1": table()["kind"]}), "kind")
    assert data.notes[-1] == "left out: 'kind.1' (the same as the target)"


def test_a_column_that_is_empty_in_the_training_part_is_no_trouble():
    data = tables.prepare(table(), "kind")
    changed = table().assign(late=None, later=np.nan)
    train = {round(float(v), 5) for v in data.train.x[:, 0]}
    held_out = [i for i, v in enumerate(data.pipeline.transform(table())[:, 0]) if round(float(v), 5) not in train]
    changed["late"] = changed["late"].astype(object)
    changed.loc[held_out[:9], "late"] = ["u", "v", "w"] * 3
    changed.loc[held_out[:9], "later"] = [1.0, 2.0, 3.0] * 3
    data = tables.prepare(changed, "kind")
    assert np.isfinite(data.validation.x).all()
    assert "left out, empty in the training part (1): 'late'" in data.notes


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.9])
def test_a_test_part_of_any_share_leaves_rows_to_train_and_to_validate(share):
    data = tables.prepare(table(200), "kind", test_share=share)
    assert len(data.test.x) == pytest.approx(200 * share, abs=1)
    assert min(len(data.train.x), len(data.validation.x)) >= 4


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"y": [1, 2] * 20}, "no column but the target that says anything"),
        ({"id": range(40), "y": [1, 2] * 20}, "left out: 'id' .an ID"),
        ({"a": [np.inf] * 39 + [1], "y": [1.5, 2.5, 3] * 13 + [1]}, "infinite"),
        ({"a": [1.0], "y": [2.0]}, "has 1 row; 20 are needed"),
        ({"a": [], "y": []}, "has 0 rows; 20"),
        ({"a": range(19), "y": [1, 2] * 9 + [2]}, "19 rows; 20 are needed"),
        ({"a": range(40), "y": [1, 2] * 9 + [None] * 22}, "18 rows with a target; 20 are needed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unusable_table_gets_a_clear_error(columns, message):
    with pytest.raises(ValueError, match=message):
        tables.prepare(pd.DataFrame(columns), "y")


def test_a_column_without_a_name_is_used_and_two_of_one_name_are_refused():
    data = tables.prepare(table().rename(columns={"city": " ", "when": 7}), "kind")
    assert "texts, by their letters, 30 inputs (1): 'Unnamed: 4'" in data.notes
    assert data.pipeline.transform(table().rename(columns={"city": "", "when": "7"})).shape == (200, 43)
    with pytest.raises(ValueError, match="the columns 1 and 2 of table are all named 'size'"):
        tables.prepare(table().rename(columns={"gap": "size"}), "kind")


@pytest.mark.parametrize("share", [-0.1, 1.0, 5.0, float("nan")])
def test_a_share_is_a_fraction(share):
    with pytest.raises(ValueError, match="share of rows to test must be"):
        tables.prepare(table(), "kind", test_share=share)


def test_an_unknown_target_is_told_the_columns():
    with pytest.raises(ValueError, match="has no column 'Kind'; it has: 'size', 'gap'"):
        tables.prepare(table(), "Kind")
