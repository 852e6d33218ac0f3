"""Any file that looks like a table is prepared or refused in a line: `FUZZ_FILES=500` tries more of them."""

import csv
import gzip
import io
import os
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from continuum_act.command_line import tables
from continuum_act.command_line.files import read_table

FILES = int(os.environ.get("FUZZ_FILES", "25"))

SAFE = st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",))
CELLS = {
    "numbers": st.floats(-1e6, 1e6, width=32).map(str) | st.integers(-9, 9).map(str),
    "any numbers": st.floats().map(repr) | st.integers().map(str),
    "amounts": st.integers(0, 10**7).map(lambda n: f"${n:,}"),
    "decimal commas": st.integers(0, 9999).map(lambda n: f"{n // 100},{n % 100:02}"),
    "codes": st.integers(0, 3).map(str),
    "truth values": st.sampled_from(["True", "False"]),
    "categories": st.sampled_from(["red", "blue", "None", "?", "-", "NA ", "grün"]),
    "dates": st.dates().map(str) | st.dates().map(lambda d: d.strftime("%d/%m/%Y")),
    "moments": st.datetimes().map(str),
    "texts": st.text(SAFE, max_size=12),
    "constant": st.just("same"),
    "empty": st.just(""),
}
GAPS = ["", "NA", "?", "-", "nan", "None", " "]
NAMES = st.sampled_from(["a", "b", " b", "", "y", "id", "Unnamed: 0", "größe", "x,y", 'x"y', "1", "y.1"])


@st.composite
def columns(draw, rows):
    """Return cells of one column, perhaps of two kinds, perhaps with gaps."""
    kind = CELLS[draw(st.sampled_from(list(CELLS)))]
    cells = draw(st.lists(kind, min_size=rows, max_size=rows))
    if draw(st.integers(0, 3)) == 0 and rows:
        other = CELLS[draw(st.sampled_from(list(CELLS)))]
        for place in draw(st.lists(st.integers(0, rows - 1), max_size=3)):
            cells[place] = draw(other)
    if draw(st.integers(0, 2)) == 0:
        gap, every = draw(st.sampled_from(GAPS)), draw(st.integers(1, 9))
        cells = [gap if place % every == 0 else cell for place, cell in enumerate(cells)]
    return cells


@st.composite
def files(draw):
    """Return the bytes of a file, its ending, the options to read it with."""
    rows = draw(st.integers(0, 3)) if rarely(draw, 19) else draw(st.integers(19, 90))
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique_by=None if rarely(draw, 19) else str.strip))
    cells = [draw(columns(rows)) for _ in names]
    target = draw(st.sampled_from(names)).strip()
    if not rarely(draw, 5):  # a target that can be learned, of a few classes or of amounts
        target, kind = "goal", draw(st.sampled_from(["truth values", "codes", "numbers", "amounts", "decimal commas"]))
        place = draw(st.integers(0, len(names)))
        names.insert(place, target)
        cells.insert(place, draw(st.lists(CELLS[kind], min_size=rows, max_size=rows)))
    text = io.StringIO()
    separator = draw(st.sampled_from([",", ",", ",", ";", "\t", "|"]))
    writer = csv.writer(
        text,
        delimiter=separator,
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])),
        lineterminator=draw(st.sampled_from(["\n", "\r\n"])),
    )
    lines = [names, *map(list, zip(*cells, strict=True))]
    odd = draw(st.sampled_from([None] * 16 + ["comma", "row names", "ragged", "note"]))
    for number, line in enumerate(lines):
        if odd == "comma" and number:
            line.append("")
        elif odd == "row names" and number:
            line.insert(0, f"row {number}")
        elif odd == "ragged" and number == len(lines) // 2:
            line.append("more")
    if odd == "note":
        lines.insert(0, ["exported in a hurry"])
    writer.writerows(lines)
    encoding = draw(st.sampled_from(["utf-8"] * 15 + ["utf-8-sig", "latin-1", "utf-16"]))
    content = text.getvalue().encode(encoding, "replace")
    if rarely(draw, 29):
        content = content[: draw(st.integers(0, len(content)))]
    ending = draw(st.sampled_from([".csv", ".csv", ".tsv", ".csv.gz"]))
    if ending.endswith(".gz"):
        content = gzip.compress(content)
    options = {
        "sep": None if rarely(draw, 9) else separator,
        "task": draw(st.sampled_from([None] * 8 + ["classification", "regression"])),
        "test_share": draw(st.sampled_from([0.0, 0.0, 0.2, 0.7])),
        "drop": draw(st.sampled_from([(), (), (), (names[0].strip(),)])),
    }
    return content, ending, "no" if rarely(draw, 29) else target, options


def rarely(draw, times):
    """Return True once in so many times."""
    return draw(st.integers(0, times)) == times


def check_message(message):
    """Check that an error names what it is about, as one from a library below would not."""
    assert re.search(r"table\b|table\.|column|target", message), message


@pytest.mark.slow
@settings(max_examples=FILES, deadline=None, suppress_health_check=list(HealthCheck))
@given(file=files())
def test_any_file_is_prepared_or_refused_in_a_line(tmp_path_factory, file):
    content, ending, target, options = file
    path = tmp_path_factory.mktemp("fuzz") / f"table{ending}"
    path.write_bytes(content)
    try:
        data = tables.load(str(path), target, **options)
    except (ValueError, OSError) as error:
        check_message(str(error))
        event(f"refused: {str(error).replace(str(path), 'FILE')[:40]}")
        return
    event("prepared")
    new = data.pipeline.transform(read_table(path, options["sep"])[:2])
    assert np.isfinite(new).all()
    assert new.shape == (2, data.train.x.shape[1])
    parts = [part for part in (data.train, data.validation, data.test) if part is not None]
    assert (len(parts) == 3) == (options["test_share"] > 0)
    for part in parts:
        assert np.isfinite(part.x).all()
        assert np.isfinite(part.y).all()
        assert len(part.x) == len(part.y) > 0
        assert part.x.shape[1] == data.train.x.shape[1] > 0
