"""Rows that a storage did not take, in a file until the next run."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Rescued = tuple[dict[str, Any], list[int], dict[int, dict[str, Any]]]  # an alpha's parameters, its seeds, its rows


class RescuedRows:
    """Rows on their way to a storage, and the file that they go to if they do not arrive.

    Attributes:
        made_with: the fingerprint of the experiment that they are of; rows of another are left in the file.
    """

    def __init__(self, path: Path) -> None:
        self.made_with: dict[str, str] = {}
        self._path = path
        self._pending: list[tuple[dict[str, Any], list[int], dict[str, Any]]] = []

    @contextlib.contextmanager
    def kept(self, params: dict[str, Any], seeds: list[int], row: dict[str, Any]) -> Iterator[None]:
        """Keep a row in memory until the block, which stores it, has ended well."""
        self._pending.append((params, seeds, row))
        yield
        self._pending.pop()

    def write(self) -> str | None:
        """Add the rows that are kept to the file; say what has become of them, if there are any."""
        count = len(self._pending)
        if not count:
            return None
        ours, others = self._stored()
        stored = [*others, {"made_with": self.made_with, "rows": [*ours, *self._pending]}]
        self._pending.clear()
        try:
            self._path.write_text(json.dumps(stored))
        except OSError as error:
            return f"{count} rows are lost: {self._path} cannot be written ({error})."
        return f"{count} rows are kept in {self._path}; the same call takes them in."

    def read(self) -> list[Rescued]:
        """Return the rows of this experiment that an earlier run has left."""
        return [(params, seeds, {row["seed"]: row}) for params, seeds, row in self._stored()[0]]

    def forget(self) -> None:
        """Remove what was read, as a storage has it."""
        ours, others = self._stored()
        if ours and others:
            self._path.write_text(json.dumps(others))
        elif ours:
            self._path.unlink(missing_ok=True)

    def _stored(self) -> tuple[list[Any], list[Any]]:
        """Return the rows in the file that are of this experiment, and what there is of others."""
        if not self._path.exists():
            return [], []
        try:
            stored = json.loads(self._path.read_text())
            ours = [row for entry in stored if entry["made_with"] == self.made_with for row in entry["rows"]]
        except (ValueError, TypeError, KeyError):
            raise ValueError(f"{self._path} cannot be read as rescued rows; move it away.") from None
        return ours, [entry for entry in stored if entry["made_with"] != self.made_with]
