"""The storage of a study: a path, a URL or an Optuna storage, and errors that name it."""

from __future__ import annotations

import contextlib
import sqlite3
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy
import sqlalchemy.exc

from continuum_act.study.file_names import as_file_name
from continuum_act.study.locks import exclusive
from continuum_act.study.retries import RetryingStorage, reason_of
from continuum_act.study.urls import driver_hint, engine_arguments, shown, with_driver, without_secrets


@contextlib.contextmanager
def storage_errors(storage: Any) -> Iterator[None]:
    """Turn a database's exception into an `OSError` that names the storage, without its password."""
    try:
        yield
    except (sqlite3.Error, sqlalchemy.exc.SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        reason = without_secrets(reason_of(error), storage)
        hint = "Give the path of a new or an existing study in a directory that can be written."
        if "://" in str(storage):
            hint = "Give the URL of a database that this machine reaches, or the path of an SQLite file."
        raise OSError(f"the storage {shown(storage)} cannot be used as an Optuna study: {reason}. {hint}") from error


def open_storage(storage: Any, *, must_exist: bool = False) -> RetryingStorage:
    """Return an Optuna storage for None (in memory), a path (SQLite), a URL, or a storage as it is."""
    if isinstance(storage, RetryingStorage):
        return storage
    if storage is None:
        storage = optuna.storages.InMemoryStorage()
    if not isinstance(storage, (str, Path)):
        return RetryingStorage(storage, f"the {type(storage).__name__}")
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
    with storage_errors(storage):
        made = _sqlite(url, file, must_exist) if url.startswith("sqlite") else _server(url)
    return RetryingStorage(made, f"the storage {shown(storage)}")


def rescue_path(storage: RetryingStorage, study_name: str) -> Path:
    """Return where the rows of a study are kept if its storage is lost: beside an SQLite file, or in this directory."""
    name = f"{as_file_name(study_name)}.rescued.json"
    if storage.rdb is not None and storage.rdb.engine.name == "sqlite":
        path = storage.rdb.engine.url.database
        if path and not path.startswith((":memory:", "file:")):
            return Path(path).with_name(f"{Path(path).stem}.{name}")
    return Path(name)


def _server(url: str) -> optuna.storages.RDBStorage:
    """Connect to a database server; of several processes that find it empty, one creates Optuna's tables."""
    url = with_driver(url)
    arguments = engine_arguments(url)
    try:
        engine = sqlalchemy.create_engine(url, **arguments)
    except (ImportError, sqlalchemy.exc.NoSuchModuleError) as error:
        raise ImportError(f"the storage {shown(url)} cannot be opened ({error}); {driver_hint(url)}.") from error
    except ValueError:
        raise ValueError(f"the URL {shown(url)} cannot be read; {driver_hint(url)}.") from None
    try:
        with exclusive(engine):
            return optuna.storages.RDBStorage(url, engine_kwargs=arguments)
    finally:
        engine.dispose()


def _sqlite(url: str, file: Path | None, must_exist: bool) -> optuna.storages.RDBStorage:
    file = file or _file_of(sqlalchemy.make_url(url).database)
    if must_exist and file is not None and not file.exists():
        raise FileNotFoundError(f"no file {file}; give the storage of a sweep.")
    if not must_exist:
        _create_whole(file)
    made = optuna.storages.RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 60}})
    if not must_exist:
        _lock_before_reading(made.engine)
    return made


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
