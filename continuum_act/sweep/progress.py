"""The progress bar of a sweep."""

from __future__ import annotations

import math
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from continuum_act.sweep.direction import Direction, sign_of

_WIDE = 80  # columns from which there is room for the best objective too


class ProgressBar:
    """Members done and to do, time passed and left, the best objective so far, on standard error.

    Args:
        total: number of members.
        objective: its name.
        direction: whether it is minimized.
        verbose: 0 shows nothing.
    """

    def __init__(self, total: int, objective: str, direction: Direction, verbose: str | int) -> None:
        self._objective = objective
        self._sign = sign_of(direction)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total} members"),
            TimeElapsedColumn(table_column=Column(no_wrap=True)),  # where it is narrow, the bar shrinks first
            TextColumn("passed,"),
            TimeRemainingColumn(table_column=Column(no_wrap=True)),
            TextColumn("left{task.fields[best]}"),
            console=Console(stderr=True),
            disable=verbose in (0, False),
        )
        self._said = ""
        self._best = math.inf
        self._task = self._progress.add_task("training", total=total, best="")

    def __enter__(self) -> ProgressBar:
        """Show the bar."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bar as it stands."""
        self._progress.stop()

    def advance(self, members: float) -> None:
        """Count this many members, or parts of one, as done."""
        self._progress.update(self._task, advance=members, description="training")

    def show_best(self, value: float | None) -> None:
        """Show the best mean objective so far, of alphas and baselines; the value is given as it is minimized."""
        if value is not None and self._progress.console.width >= _WIDE:
            self._best = min(self._best, value)
            self._progress.update(self._task, best=f", best {self._objective} {self._sign * self._best:.4g}")

    def say(self, what: str) -> None:
        """Say what is going on: in place of the bar's title, or as a line of a log, each once."""
        self._progress.update(self._task, description=what)
        if not self._progress.console.is_terminal and not self._progress.disable and what != self._said:
            self._said = what
            self._progress.console.print(what)
