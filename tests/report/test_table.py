"""The printed table, at the widths that terminals, pipes and logs have."""

import io
import os
import pty
import subprocess
import sys

import pytest

from continuum_act.report.table import as_html, as_text, width_of
from tests.sweep.made import made

GRID = [round(-1 + i / 10, 1) for i in range(21)]
BASELINES = {"relu": 0.1, "elu": 0.2}
VALLEY = made(GRID, lambda a: 0.2 + (a - 0.5) ** 2, BASELINES)
LAYERS = made([(a, b, -a, -b, a) for a in (-0.25, 0.75) for b in (0.5, 1.0)], lambda a: 0.2 - a[0] / 10, BASELINES)
PLANE = made([complex(a, b) for a in (-1, 0.125, 1) for b in (0, 1)], lambda a: 0.2 + abs(a - 1j), BASELINES)
LONG = made(GRID, lambda a: 0.2 + a * a, BASELINES, objective="val_sparse_categorical_crossentropy")


@pytest.mark.parametrize("width", [60, 70, 80, 100, 120, None])
@pytest.mark.parametrize("result", [VALLEY, LAYERS, PLANE, LONG], ids=["valley", "layers", "plane", "long"])
def test_every_width_keeps_alpha_objective_and_the_mark_of_the_best(result, width):
    text = as_text(result._findings(), width)
    assert all(len(line) <= (width or 200) for line in text.splitlines())
    assert result.objective in text
    assert "best alpha" in text
    for entry in [*result.summary, *result.baseline_summary]:
        assert f"{entry['mean']:.4g} ± {entry['standard_error']:.2g} " in text
    if result is VALLEY:
        for alpha in GRID:
            assert f" {alpha:+g} " in text or alpha == 0
    assert " ".join(text.split()).endswith(result.verdict)


@pytest.mark.parametrize(
    ("width", "left_out"),
    [(60, "val_accuracy, to the best [95 %]"), (80, "val_accuracy"), (120, None), (None, None)],
)
def test_metrics_are_left_out_first_then_differences_and_it_is_said(width, left_out):
    text = as_text(VALLEY._findings(), width)
    lines = [line for line in text.splitlines() if line.startswith("left out")]
    assert lines == ([f"left out for want of room: {left_out}"] if left_out else [])
    assert ("val_accuracy" in text.splitlines()[2]) == (left_out is None)


def test_ascii_terminal_gets_ascii():
    text = as_text(VALLEY._findings(), 80, "ascii")
    assert text.isascii()
    assert "+- " in text
    table = [line for line in text.splitlines() if line.startswith(("|", "+"))]
    assert len({len(line) for line in table}) == 1


def test_best_alpha_is_no_winner_beside_a_better_baseline():
    lines = as_text(VALLEY._findings()).splitlines()
    assert next(line for line in lines if " relu " in line).rstrip("│ ").endswith("better")
    assert "worse than relu" in " ".join(lines)


def test_a_metric_that_is_a_vector_is_left_out():
    result = made(GRID, abs)
    for row in result.rows:
        row["val_f1_score"] = [0.5, 0.25]
    assert "val_f1_score" not in as_text(result._findings())


def test_names_are_text_in_a_terminal_and_in_html():
    result = made(GRID, abs, {"[bold]<b>": 0.5})
    assert "[bold]<b>" in as_text(result._findings())
    assert "[bold]&lt;b&gt;" in as_html(result._findings())
    assert as_html(result._findings()).count("<tr>") == 1 + len(GRID) + 1


PRINT = "from tests.report.test_table import VALLEY; print(VALLEY)"


def test_a_pipe_has_no_width():
    assert width_of(io.StringIO()) is None
    assert width_of(None) is None


@pytest.mark.slow
def test_print_follows_the_terminal(tmp_path):
    environment = os.environ | {"COLUMNS": "60", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONIOENCODING": "utf-8"}
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", PRINT], stdout=theirs, stderr=subprocess.DEVNULL, env=environment):
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 65536):
                seen += piece
        except OSError:  # the other end is closed
            pass
    assert seen.decode().replace("\r\n", "\n").rstrip("\n") == as_text(VALLEY._findings(), 60)
