"""Table files: what a person has on disk, read as it is written; what cannot be read right is refused in a line."""

from __future__ import annotations

import csv
import gzip
import io
import sys
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

ENDINGS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
_WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_FIRST_BYTES = {
    b"\x1f\x8b": "a gzip file: let its name end in .gz",
    b"PK\x03\x04": "a zip file or a workbook: save one sheet as CSV",
    b"PAR1": "a Parquet file: let its name end in .parquet",
    b"\xff\xfe": "UTF-16: `iconv -f UTF-16 -t UTF-8 FILE > NEW.csv` converts it",
    b"\xfe\xff": "UTF-16: `iconv -f UTF-16 -t UTF-8 FILE > NEW.csv` converts it",
}


def read_table(path: str | Path, sep: str | None = None) -> pd.DataFrame:
    r"""Read a CSV, TSV (both may be gzipped) or Parquet file.

    The cells of a text file stay texts, empty ones too: what they mean is decided by column, in `Columns`.
    A column without a name, as R and pandas write row names, gets pandas' name for it, "Unnamed: 0" if it is the first.

    Args:
        path: a file with one of `ENDINGS`.
        sep: the character between fields; a comma, or a tab in a `.tsv` file, by default. "\t" as two
            characters, as a shell passes it, is a tab, too.

    Raises:
        ValueError: if the file is something else, or its rows do not fit its header.
        OSError: if it cannot be opened.
    """
    path = Path(path)
    name = path.name.lower()
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a directory; give one file.")
    if name.endswith(_WORKBOOKS):
        raise ValueError(f"{path} is a workbook, perhaps of several sheets; save one sheet as CSV and give that file.")
    if not name.endswith(ENDINGS):
        raise ValueError(f"{path} must be a file that ends in {', '.join(ENDINGS)}.")
    if not path.exists():
        raise FileNotFoundError(f"no file {path}.")
    if name.endswith(".parquet"):
        return _parquet(path)
    separator = {None: "\t" if ".tsv" in name else ",", "\\t": "\t", "tab": "\t"}.get(sep, sep) or ""
    if len(separator) != 1 or separator in '"\r\n':
        raise ValueError(f"--sep must be one character such as ';' or '\\t', got {sep!r}.")
    text = _text(path)
    return _table(path, _records(path, text, separator), text, separator)


def _parquet(path: Path) -> pd.DataFrame:
    try:
        import pyarrow  # noqa: F401  # pandas reads Parquet with it
    except ImportError:
        raise ImportError(f"{path} needs pyarrow: pip install pyarrow, or save the table as CSV.") from None
    try:
        table = pd.read_parquet(path, engine="pyarrow")
    except (ValueError, OSError) as error:
        raise ValueError(f"{path} cannot be read as Parquet: {error}.") from error
    table.columns = column_names(table.columns, path)
    return table.reset_index(drop=True)


def _text(path: Path) -> str:
    content = path.read_bytes()
    if path.name.lower().endswith(".gz"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path} cannot be read as gzip: {error}.") from error
    looks = next((what for first, what in _FIRST_BYTES.items() if content.startswith(first)), None)
    if looks is None and b"\0" in content:
        is_utf16 = content.count(b"\0") > len(content) / 4
        looks = _FIRST_BYTES[b"\xff\xfe"] if is_utf16 else "no text: it has zero bytes"
    if looks:
        raise ValueError(f"{path} looks like {looks}.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValueError(
            f"{path} is not UTF-8 (line {line}); it looks like Latin-1 or Windows-1252: "
            "`iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW.csv` converts it."
        ) from None


def _records(path: Path, text: str, separator: str) -> list[tuple[int, list[str]]]:
    """Return the number of the last line of each record with its fields; blank lines are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    limit = csv.field_size_limit(sys.maxsize)
    try:
        return [(reader.line_num, fields) for fields in reader if fields]
    except csv.Error as error:
        why = _other_separator(text, separator) or "; is a quotation mark left open?"
        raise ValueError(f"{path} cannot be read as CSV: {error} (line {reader.line_num}){why}.") from None
    finally:
        csv.field_size_limit(limit)


def _table(path: Path, records: list[tuple[int, list[str]]], text: str, separator: str) -> pd.DataFrame:
    if not records:
        raise ValueError(f"{path} is empty.")
    header = [name.strip() for name in records[0][1]]
    rows = [fields for _, fields in records[1:]]
    wide = [fields for fields in rows if len(fields) == len(header) + 1]
    if wide and all(not fields[-1].strip() for fields in wide):  # a separator at the end of each line
        for fields in wide:
            del fields[-1]
    elif wide and len(wide) == len(rows) and _are_row_names([fields[0] for fields in rows]):
        header = ["", *header]
    for line, fields in records[1:]:
        if len(fields) != len(header):
            raise ValueError(
                f"line {line} of {path} has {_count(len(fields), 'field')}, its header {len(header)}"
                f"{_other_separator(text, separator) or ': each row needs a field for each name'}."
            )
    if len(header) == 1 and (other := _other_separator(text, separator)):
        raise ValueError(f"{path} has one column{other}.")
    table = pd.DataFrame(rows, columns=range(len(header)), dtype=object)
    last = len(header) - 1
    if last and not header[last] and (table[last].str.strip() == "").all():
        header, table = header[:last], table.iloc[:, :last]
    table.columns = column_names(header, path)
    return table


def _are_row_names(values: list[str]) -> bool:
    """Whether a first column without a name is what R writes: texts that are all different, or 1, 2, 3, ..."""
    if values == [str(i + 1) for i in range(len(values))]:
        return True
    return len(set(values)) == len(values) and not any(value.strip("-+").replace(".", "").isdigit() for value in values)


def _other_separator(text: str, separator: str) -> str:
    """Say which separator the first lines seem to have, if it is another."""
    lines = text[:100_000].splitlines()[:20]
    for other, name in _SEPARATORS.items():
        counts = {line.count(other) for line in lines if line}
        if other != separator and len(counts) == 1 and counts.pop() > 0:
            return f"; it looks separated by {name}: add --sep '{other if other != chr(9) else chr(92) + 't'}'"
    return ""


def column_names(names: Iterable[Any], table: str | Path) -> list[str]:
    """Return names without blanks around them; a column without one is named by its place, as pandas does.

    Raises:
        ValueError: if two columns have the same name.
    """
    texts = [str(name).strip() or f"Unnamed: {place}" for place, name in enumerate(names)]
    if len(set(texts)) < len(texts):
        twice = next(text for text in texts if texts.count(text) > 1)
        places = " and ".join(str(place) for place, text in enumerate(texts, 1) if text == twice)
        raise ValueError(f"the columns {places} of {table} are all named {twice!r}; rename or remove all but one.")
    return texts


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
