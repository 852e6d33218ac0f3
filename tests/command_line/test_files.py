"""Files as people have them: read as they are written, or refused in a line that says what to do."""

import gzip

import pandas as pd
import pytest

from continuum_act.command_line.files import read_table

ROWS = "a,b,y\n" + "1,2,3\n4,5,6\n"


@pytest.fixture
def write(tmp_path):
    def write(content, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def columns(table):
    return {name: list(table[name]) for name in table}


EXPECTED = {"a": ["1", "4"], "b": ["2", "5"], "y": ["3", "6"]}


@pytest.mark.parametrize(
    ("content", "name", "sep"),
    [
        (ROWS, "t.csv", None),
        (ROWS, "T.CSV", None),
        ("\ufeff" + ROWS, "t.csv", None),
        (ROWS.replace("a,b,y", ' a , "b",y '), "t.csv", None),
        (ROWS.replace("\n", "\r\n"), "t.csv", None),
        (ROWS.replace("\n", "\r"), "t.csv", None),
        (ROWS.replace("\n", "\n\n"), "t.csv", None),
        (ROWS.rstrip("\n"), "t.csv", None),
        (ROWS.replace(",", "\t"), "t.tsv", None),
        (ROWS.replace(",", ";"), "t.csv", ";"),
        (ROWS.replace(",", "\t"), "t.csv", "\\t"),
        (ROWS.replace(",", "|"), "t.csv", "|"),
        (gzip.compress(ROWS.encode(), mtime=0), "t.csv.gz", None),
        (gzip.compress(ROWS.replace(",", "\t").encode(), mtime=0), "t.tsv.gz", None),
        ("a,b,y\n1,2,3,\n4,5,6,\n", "t.csv", None),  # a comma at the end of each row
        ("a,b,y,\n1,2,3,\n4,5,6,\n", "t.csv", None),  # of the header, too
    ],
)
def test_dialects_give_the_same_table(write, content, name, sep):
    assert columns(read_table(write(content, name), sep)) == EXPECTED


def test_parquet_gives_its_own_types(tmp_path):
    pytest.importorskip("pyarrow")
    table = pd.DataFrame({"a": [1, 2], "when": pd.to_datetime(["2020-01-01", "2020-01-02"]), "c": ["u", None]})
    table.to_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.parquet"), table)


def test_row_names_without_a_header_as_r_writes_them_become_a_column(write):
    table = read_table(write('"a","y"\n"Mazda",1,2\n"Fiat",3,4\n'))
    assert columns(table) == {"Unnamed: 0": ["Mazda", "Fiat"], "a": ["1", "3"], "y": ["2", "4"]}
    assert list(read_table(write("a,y\n1,5,2\n2,3,4\n"))["y"]) == ["2", "4"]


def test_a_column_without_a_name_is_named_by_its_place(write):
    assert list(read_table(write(",a,,y\n1,2,3,4\n"))) == ["Unnamed: 0", "a", "Unnamed: 2", "y"]


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("", "t.csv", "is empty"),
        ("\n\n", "t.csv", "is empty"),
        ("a,y\n5.1,1,2\n4.9,3,4\n", "t.csv", "line 2 of .* has 3 fields, its header 2"),
        ("a,y\nu,1,2\nu,3,4\n", "t.csv", "line 2 of .* has 3 fields, its header 2"),  # no row names: twice u
        ("a,b,y\n1,2,3\n1,2\n", "t.csv", "line 3 of .* has 2 fields, its header 3"),
        ("a,b,y\n1,2,3\n1,2,3,4,5\n", "t.csv", "line 3 of .* has 5 fields, its header 3"),
        ("a;y\n1;2\n", "t.csv", "looks separated by semicolons: add --sep ';'"),
        ("a\ty\n1\t2\n", "t.csv", r"looks separated by tabs: add --sep '\\t'"),
        ("a;y\n1,5;2,5\n3,5;2,5\n", "t.csv", "looks separated by semicolons"),
        ('"a";"y"\n"1";"2"\n', "t.csv", "looks separated by semicolons"),
        ("a,y\n1,2\n", "t.tsv", "looks separated by commas: add --sep ','"),
        ("a,y,y\n1,2,3\n", "t.csv", "the columns 2 and 3 of .* are all named 'y'"),
        ("a, y ,y\n1,2,3\n", "t.csv", "the columns 2 and 3 of .* are all named 'y'"),
        ('a,y\n1,"2\n3,4\n', "t.csv", "is a quotation mark left open"),
        ("a,y\nJosé,2\n".encode("latin-1"), "t.csv", r"not UTF-8 \(line 2\); it looks like Latin-1 .*iconv"),
        ("a,y\n1,2\n".encode("utf-16"), "t.csv", "looks like UTF-16: .*iconv"),
        ("a,y\n1,2\n".encode("utf-16-le"), "t.csv", "looks like UTF-16: .*iconv"),
        (b"a,y\n1,\x00\n" * 9, "t.csv", "zero bytes"),
        (gzip.compress(b"a,y\n", mtime=0), "t.csv", "looks like a gzip file"),
        (b"PK\x03\x04...", "t.csv", "looks like a zip file or a workbook"),
        (b"PAR1...", "t.csv", "looks like a Parquet file"),
        (b"a,y\n1,2\n", "t.csv.gz", "cannot be read as gzip"),
        (gzip.compress(b"a,y\n1,2\n" * 99, mtime=0)[:-9], "t.csv.gz", "cannot be read as gzip"),
        (b"a,y\n1,2\n", "t.xlsx", "workbook, perhaps of several sheets"),
        (b"a,y\n1,2\n", "t.json", "must be a file that ends in .csv"),
        (b"a,y\n1,2\n", "t.parquet", "cannot be read as Parquet"),
    ],
)
def test_what_cannot_be_read_right_is_refused_with_what_to_do(write, content, name, message):
    with pytest.raises(ValueError, match=message):
        read_table(write(content, name))


@pytest.mark.parametrize("sep", ["", ";;", '"', "\n"])
def test_a_separator_is_one_character(write, sep):
    with pytest.raises(ValueError, match="--sep must be one character"):
        read_table(write(ROWS), sep)


def test_directories_and_missing_files_are_named(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a directory; give one file"):
        read_table(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no file .*none\.csv"):
        read_table(tmp_path / "none.csv")
