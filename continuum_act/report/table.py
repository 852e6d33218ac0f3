"""The table of a sweep: as text for a terminal, a pipe or a file, and as HTML for a notebook."""

from __future__ import annotations

import html
import io
import math
import shutil
import textwrap
from typing import Any, NamedTuple

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from continuum_act.population.arguments import Alpha
from continuum_act.study.parameters import label
from continuum_act.sweep.rows import BaselineSummary, Findings, Interval, Summary

_DIFFERENCE = "to the best [95 %]"
_NATURAL = 10_000  # columns: wider than any table


class _Cells(NamedTuple):
    header: list[str]
    alphas: list[list[str]]
    baselines: list[list[str]]


def width_of(stream: Any) -> int | None:
    """Return the width of the terminal behind a stream, None if there is none."""
    return shutil.get_terminal_size().columns if stream is not None and stream.isatty() else None


def as_text(findings: Findings, width: int | None = None, encoding: str = "utf-8") -> str:
    """Return mean ± standard error per alpha, the best marked, the baselines below, and the verdict.

    Columns that have no room are left out, and said: the metrics first, from the last one on, then the differences to
    the best. Without a width it is as wide as its columns.
    """
    cells = _cells(findings)
    shown = len(cells.header) - 1  # without the mark
    utf = encoding.lower().startswith("utf")
    while width and shown > 2 and _natural_width(_table(cells, shown, utf)) > width:
        shown -= 1
    table = _table(cells, shown, utf)
    text_width = width or max(_natural_width(table), 80)
    console = _console(width or _NATURAL)
    console.print(table)
    lines = [textwrap.fill(_title(findings), text_width), console.file.getvalue().rstrip("\n")]  # type: ignore[attr-defined]
    if left_out := cells.header[shown:-1]:
        lines.append(textwrap.fill(f"left out for want of room: {', '.join(reversed(left_out))}", text_width))
    lines.append(textwrap.fill(findings.verdict, text_width, break_on_hyphens=False))
    text = "\n".join(lines)
    return text if utf else text.replace("±", "+-").encode(encoding, "replace").decode(encoding)


def as_html(findings: Findings) -> str:
    """Return the same, every column of it, for a notebook."""
    cells = _cells(findings)

    def row(kind: str, values: list[str]) -> str:
        return "<tr>" + "".join(f"<{kind}>{html.escape(value)}</{kind}>" for value in values) + "</tr>"

    body = "".join(row("td", values) for values in (*cells.alphas, *cells.baselines))
    return (
        f"<table><caption>{html.escape(_title(findings))}</caption><thead>{row('th', cells.header)}</thead>"
        f"<tbody>{body}</tbody></table><p>{html.escape(findings.verdict)}</p>"
    )


def _title(findings: Findings) -> str:
    seeds = f"{findings.seeds} seed" + ("s" if findings.seeds != 1 else "")
    name = f"{findings.study_name}: " if findings.study_name else ""
    return f"{name}mean ± standard error over {seeds}, {findings.epoch} epoch"


def _console(width: int) -> Console:
    return Console(width=width, file=io.StringIO(), markup=False, emoji=False, highlight=False)


def _natural_width(table: Table) -> int:
    console = _console(_NATURAL)
    return Measurement.get(console, console.options, table).maximum


def _table(cells: _Cells, shown: int, utf: bool) -> Table:
    """Return the table of its first columns and the mark, which is the last."""
    kept = [*range(shown), len(cells.header) - 1]
    table = Table(box=box.HEAVY_HEAD if utf else box.ASCII2)
    for i in kept:
        # the name of an alpha per layer, and the mark, may take two lines
        table.add_column(
            cells.header[i],
            justify="left" if i == kept[-1] else "right",
            no_wrap=0 < i < len(cells.header) - 1,
            overflow="fold",
        )
    for rows in (cells.alphas, cells.baselines):
        table.add_section()
        for row in rows:
            table.add_row(*(row[i] if utf else row[i].replace("±", "+-") for i in kept))
    return table


def _cells(findings: Findings) -> _Cells:
    metrics = [name for name in findings.metrics if name.startswith("val_")] or list(findings.metrics)
    header = ["alpha", findings.objective, _DIFFERENCE, *metrics, "verdict"]
    told = {entry["rival"]: entry["verdict"] for entry in findings.comparison}

    def row(of: Alpha | str, name: str, entry: Summary | BaselineSummary, mark: str) -> list[str]:
        objective = Interval(entry["mean"], entry["standard_error"], entry["low"], entry["high"])
        others = [findings.metrics[metric].get(of) for metric in metrics]
        marks = ", ".join(filter(None, [mark, _troubles(entry)]))
        difference = "" if of == findings.best else _difference(entry)
        return [name, _with_error(objective), difference, *map(_with_error, others), marks]

    alphas = []
    for entry in findings.alphas:
        alpha = entry["alpha"]
        mark = "best alpha" if alpha == findings.best else ""
        if label(alpha) == "0":
            mark = mark or told.get("alpha = 0", "")
        alphas.append(row(alpha, label(alpha), entry, mark))
    baselines = [row(e["baseline"], e["baseline"], e, told.get(e["baseline"], "")) for e in findings.baselines]
    return _Cells(header, alphas, baselines)


def _with_error(value: Interval | None) -> str:
    if value is None or math.isnan(value.mean):
        return "-"
    return f"{value.mean:.4g}" if math.isnan(value.error) else f"{value.mean:.4g} ± {value.error:.2g}"


def _difference(entry: Summary | BaselineSummary) -> str:
    if math.isnan(entry["difference_low"]):
        return "-" if math.isnan(entry["difference"]) else f"{entry['difference']:+.3g}"
    return f"{entry['difference']:+.2g} [{entry['difference_low']:+.2g}, {entry['difference_high']:+.2g}]"


def _troubles(entry: Summary | BaselineSummary) -> str:
    counts = {"diverged": entry["diverged"], "failed": entry["failed"]}
    return ", ".join(f"{count} {state}" for state, count in counts.items() if count)
