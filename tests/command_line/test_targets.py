"""What is predicted: classes or amounts, their names kept, what cannot be learned refused."""

import numpy as np
import pandas as pd
import pytest

from continuum_act.command_line.targets import Target, read_target


def column(values):
    return pd.Series(values, name="y", dtype=object if any(isinstance(v, str) for v in values) else None)


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["no", "yes"] * 20, ("no", "yes")),
        ([True, False] * 20, ("False", "True")),
        ([True, False, None] * 20, ("False", "True")),
        ([1, 2, 3, 4] * 10, ("1", "2", "3", "4")),
        (["10", "9", "1"] * 10, ("1", "9", "10")),
        ([1.0, 2.0] * 20, ("1", "2")),
        ([0] * 38 + [1] * 2, ("0", "1")),
        (["+", "-"] * 20, ("+", "-")),
        (["?", "yes"] * 20, ("?", "yes")),
        (["None", "Mild", "Severe"] * 10, ("Mild", "None", "Severe")),
        (["none", "some"] * 20, ("none", "some")),
        (list(range(40)), None),
        ([0.5, 1.5, 2.5] * 20, None),
        (["$1,000", "$2,500", "$70"] * 10 + [str(i) for i in range(30)], None),
        ([0] * 60 + [1] * 30 + [2] * 8 + [3] * 2, None),  # counts, with a tail
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_target_is_of_classes_or_of_amounts_as_it_looks(values, classes):
    codes, names, notes = read_target(column(values), None)
    assert names == classes
    if classes:
        present = [str(v) for v in values if v is not None]
        decoded = [names[code] for code in codes]
        assert decoded == present or [float(d) for d in decoded] == [float(p) for p in present]
        assert any(note.startswith("classes: ") for note in notes)


def test_the_task_can_be_given():
    counts = column([0, 1, 2, 3] * 10)
    assert read_target(counts, "regression")[1] is None
    assert read_target(column(list(range(10)) * 5), "classification")[1] == tuple(map(str, range(10)))
    assert read_target(column(["1", "2"] * 10), "regression")[0].dtype == "float64"
    assert read_target(column([0.5, 1.5] * 10), "classification")[1] == ("0.5", "1.5")
    with pytest.raises(ValueError, match="the target 'y' has texts such as 'red', 'blue': no regression"):
        read_target(column(["red", "blue"] * 10), "regression")


def test_rows_without_a_target_and_dropped_classes_are_left_out_and_said():
    values, classes, notes = read_target(column(["u", "v", "NA", "w"] * 10), None, ("w",))
    assert classes == ("u", "v")
    assert len(values) == 20
    assert "10 rows without a target left out" in notes
    assert "rows left out: of the classes 'w'" in notes
    with pytest.raises(ValueError, match="has no class 'z'"):
        read_target(column(["u", "v"] * 10), None, ("z",))
    with pytest.raises(ValueError, match="'y' is a regression"):
        read_target(column(list(range(40))), None, ("3",))


def test_a_text_among_many_amounts_is_a_missing_target():
    values, classes, notes = read_target(column([str(i) for i in range(100)] + ["unknown"]), None)
    assert (len(values), classes) == (100, None)
    assert notes == ["texts among the targets taken as missing: 'unknown'", "1 rows without a target left out"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([3.5] * 40, "constant"),
        (["same"] * 40, "constant"),
        ([f"n{i}" for i in range(40)], "40 classes in 40 rows, such as 'n0', 'n1'"),
        (["rare"] + ["often", "more"] * 19, "1 row only of 'rare'; .* --drop 'y=rare' leaves"),
        ([1.5, np.inf] * 20, "infinite"),
        ([0.5 + i for i in range(40)] + [1.8e308], "has the value inf|infinite"),
        ([0.5 + i for i in range(40)] + [1.7e308], r"has the value 1.7e\+308, far from all others"),
        ([f"n{i // 8}" for i in range(128)] + [f"rare{i}" for i in range(6)], "'rare4' and 1 more; .* choose another"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_learned_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        read_target(column(values), None)


def test_an_outlying_amount_is_said():
    notes = read_target(column([0.5 + i for i in range(40)] + [-99999999]), None)[2]
    assert notes == [
        "the target 'y' has the value -1e+08, far from all others; if it stands for a missing one, empty its cell"
    ]


def test_amounts_of_any_size_are_scaled_and_found_again():
    for values in (np.linspace(-1e306, 1.7e308, 40), np.linspace(1, 2, 40) * 1e-300, np.linspace(1e9, 1e9 + 1, 40)):
        size = np.abs(values).max()
        target = Target("y", None, float((values / size).mean() * size), float((values / size).std() * size))
        encoded = target.encode(values)
        np.testing.assert_allclose([encoded.mean(), encoded.std()], [0, 1], atol=1e-6)
        np.testing.assert_allclose(target.decode(encoded[:, None]), values, rtol=1e-5)
