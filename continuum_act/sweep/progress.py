"""The progress bar of a sweep."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class Bar:
    """Members done and to do, time passed and left, on standard error."""

    def __init__(self, total: int, verbose: str | int) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("members"),
            TimeElapsedColumn(),
            TextColumn("passed,"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=Console(stderr=True),
            disable=verbose in (0, False),
        )
        self._task = self._progress.add_task("training", total=total)

    def __enter__(self) -> Bar:
        """Show the bar."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bar as it stands."""
        self._progress.stop()

    def advance(self, members: int) -> None:
        """Count this many members as done."""
        self._progress.update(self._task, advance=members, description="training")

    def say(self, what: str) -> None:
        """Say what is going on."""
        self._progress.update(self._task, description=what)
