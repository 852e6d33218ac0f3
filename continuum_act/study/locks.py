"""A lock of a database, for what reads and then writes: tables, the queue of a study."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

import sqlalchemy

_NAME = "continuum_act"
_NUMBER = int.from_bytes(_NAME[:8].encode(), "big") >> 1  # PostgreSQL's locks have numbers


@contextlib.contextmanager
def exclusive(engine: sqlalchemy.Engine) -> Iterator[None]:
    """Let one process at a time into the block; the death of one frees the lock. Other databases have none."""
    if engine.dialect.name == "sqlite":
        with _exclusive_file(engine.url.database):
            yield
    elif engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(:number)"), {"number": _NUMBER})
            yield
    elif engine.dialect.name in ("mysql", "mariadb"):
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("SELECT GET_LOCK(:name, 60)"), {"name": _NAME})
            try:
                yield
            finally:
                connection.execute(sqlalchemy.text("SELECT RELEASE_LOCK(:name)"), {"name": _NAME})
    else:
        yield


@contextlib.contextmanager
def _exclusive_file(path: str | None) -> Iterator[None]:
    """Lock an empty file beside an SQLite file, in SQLite's own way, which works wherever the study does."""
    if not path or path.startswith((":memory:", "file:")):
        yield
        return
    with contextlib.closing(sqlite3.connect(f"{path}-queue", timeout=60, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
