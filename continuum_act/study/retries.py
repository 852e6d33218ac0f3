"""A storage whose database may be away for a while."""

from __future__ import annotations

import contextlib
import functools
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import optuna
import sqlalchemy.exc
from optuna.storages import BaseStorage, RDBStorage

from continuum_act.study.locks import exclusive

PATIENCE = 300.0  # seconds: longer than the restart of a server, or the election of another
_LONGEST_WAIT = 20.0
_SQLITE_MAY_PASS = ("locked", "full", "disk I/O error", "unable to open")
Result = TypeVar("Result")


def may_pass(error: BaseException) -> bool:
    """Whether an error of a storage is of its connection, or of its place, and not of what was asked."""
    if isinstance(error, optuna.exceptions.StorageInternalError) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, sqlalchemy.exc.DBAPIError):
        if type(error.orig).__module__.startswith("sqlite3"):
            return any(words in str(error.orig) for words in _SQLITE_MAY_PASS)
        of_the_server = (sqlalchemy.exc.OperationalError, sqlalchemy.exc.InterfaceError, sqlalchemy.exc.InternalError)
        return error.connection_invalidated or isinstance(error, of_the_server)
    if isinstance(error, sqlalchemy.exc.TimeoutError):  # of the pool of connections
        return True
    # Redis has errors of its own with these names
    return isinstance(error, OSError) or type(error).__name__ in ("ConnectionError", "TimeoutError")


def reason_of(error: BaseException) -> str:
    """Return in one line what a database said."""
    cause = error.__cause__ if isinstance(error.__cause__, sqlalchemy.exc.SQLAlchemyError) else error
    return (str(getattr(cause, "orig", None) or cause).splitlines() or [type(cause).__name__])[0]


def _retried(name: str) -> Callable[..., Any]:
    def method(self: RetryingStorage, *args: Any, **kwargs: Any) -> Any:
        return self.retry(functools.partial(getattr(self.wrapped, name), *args, **kwargs))

    return method


_names = [name for name, value in vars(BaseStorage).items() if callable(value) and not name.startswith("_")]
_Delegating: Any = type("_Delegating", (BaseStorage,), {name: _retried(name) for name in _names})


class RetryingStorage(_Delegating):
    """An Optuna storage that tries again what fails with the connection, for `PATIENCE` seconds, ever less often.

    Attributes:
        wrapped: the storage that is called, without patience.
        rdb: the relational database beneath it, if it is one.
        name: what it is called in messages.
        patient: whether to wait; it is not once waiting was in vain, until a call succeeds.
    """

    def __init__(self, storage: BaseStorage, name: str) -> None:
        self.rdb = storage if isinstance(storage, RDBStorage) else None
        self.wrapped: BaseStorage = optuna.storages.get_storage(storage)
        self.name = name
        self.patient = True

    def retry(self, call: Callable[[], Result]) -> Result:
        """Return what the call returns, when it does."""
        wait, deadline = 0.25, None
        while True:
            try:
                result = call()
            except Exception as error:
                now = time.monotonic()
                if not may_pass(error) or not self.patient:
                    raise
                if deadline is None:
                    deadline = now + PATIENCE
                    warnings.warn(f"{self.name}: {reason_of(error)}; trying again for {PATIENCE:.0f} s.", stacklevel=2)
                if now >= deadline:
                    self.patient = False
                    raise
                time.sleep(min(wait, max(0.0, deadline - now)))
                wait = min(2 * wait, _LONGEST_WAIT)
            else:
                self.patient = True
                return result

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Let one process at a time into the block, where the database has locks."""
        with contextlib.ExitStack() as stack:
            if self.rdb is not None:
                engine = self.rdb.engine
                self.retry(lambda: stack.enter_context(exclusive(engine)))
            yield
