"""The storage of a study: a path, a URL or an Optuna storage, and errors that name it."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy
import sqlalchemy.exc


@contextlib.contextmanager
def storage_errors(storage: Any) -> Iterator[None]:
    """Turn a database's exception into an `OSError` that names the storage."""
    try:
        yield
    except (sqlite3.Error, sqlalchemy.exc.SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        cause = error.__cause__ if isinstance(error.__cause__, sqlalchemy.exc.SQLAlchemyError) else error
        reason = str(getattr(cause, "orig", None) or cause).splitlines()[0]
        raise OSError(
            f"the storage {shown(storage)} cannot be used as an Optuna study: {reason}. "
            "Give the path of a new or an existing study in a directory that can be written."
        ) from error


def open_storage(storage: Any, *, must_exist: bool = False) -> Any:
    """Return an Optuna storage for None (in memory), a path (SQLite), a URL, or a storage as it is."""
    if storage is None:
        return optuna.storages.InMemoryStorage()
    if isinstance(storage, (str, Path)):
        url, file = str(storage), None
        if "://" not in url:
            path = Path(url)
            if not path.parent.is_dir():
                raise FileNotFoundError(f"no directory {path.parent} for the storage {path}; create it first.")
            if must_exist and not path.exists():
                raise FileNotFoundError(f"no file {path}; give the storage of a sweep.")
            if path.is_dir():
                raise IsADirectoryError(f"the storage {path} is a directory; give the path of a file.")
            url, file = _sqlite_url(path), path
        sqlite = url.startswith("sqlite")
        with storage_errors(storage):
            if sqlite:
                file = file or _file_of(sqlalchemy.make_url(url).database)
                if must_exist and file is not None and not file.exists():
                    raise FileNotFoundError(f"no file {file}; give the storage of a sweep.")
                if not must_exist:
                    _create_whole(file)
            kwargs = {"connect_args": {"timeout": 60}} if sqlite else {}
            made = optuna.storages.RDBStorage(url, engine_kwargs=kwargs)
        if sqlite and not must_exist:
            _lock_before_reading(made.engine)
        return made
    return storage


def shown(storage: Any) -> str:
    """Write a storage for a message: without the password and the query of a URL."""
    text = str(storage)
    if "://" not in text or text.startswith("sqlite"):
        return text
    return re.sub(r"(?<=://)[^:]*:.*@", "***@", text).split("?")[0]


def _sqlite_url(path: Path) -> str:
    """Return the URL of a database, whatever `?`, `#`, `%` or braces its path has."""
    url = sqlalchemy.URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)
    if sqlalchemy.make_url(url).database != str(path):  # SQLAlchemy 2.0 does not quote a path, 2.1 does
        url = f"sqlite:///file:{urllib.parse.quote(str(path.absolute()))}?uri=true"
    return url.replace("{", "{{").replace("}", "}}")  # Optuna formats URLs


def _file_of(database: str | None) -> Path | None:
    """Return the file of an SQLite database, None if it is in memory."""
    if not database or ":memory:" in database:
        return None
    if not database.startswith("file:"):
        return Path(database)
    return Path(urllib.parse.unquote(database.removeprefix("file:").split("?")[0]))


def _create_whole(path: Path | None) -> None:
    """Create Optuna's tables in one transaction: a process that is killed leaves all or none, and two make them once.

    Optuna makes them one by one, and a study without its indices can be there twice.
    """
    if path is None or (path.exists() and path.stat().st_size):
        return
    with contextlib.closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        if not connection.execute("SELECT name FROM sqlite_master").fetchone():
            for statement in _tables():
                connection.execute(statement)
        connection.execute("COMMIT")


def _tables() -> list[str]:
    """Return the SQL that makes an empty storage."""
    empty = optuna.storages.RDBStorage("sqlite:///:memory:")
    connection: Any = empty.engine.raw_connection().driver_connection
    return list(connection.iterdump())[1:-1]  # without BEGIN and COMMIT


def _lock_before_reading(engine: sqlalchemy.Engine) -> None:
    """Let every transaction begin with SQLite's lock for writing.

    Python's sqlite3 begins one at the first write, so two processes could read that a trial waits, and both take it.
    """

    @sqlalchemy.event.listens_for(engine, "connect")
    def leave_transactions_to_us(connection: Any, record: Any) -> None:
        connection.isolation_level = None

    @sqlalchemy.event.listens_for(engine, "begin")
    def begin(connection: sqlalchemy.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    engine.dispose()  # connections that were made before
