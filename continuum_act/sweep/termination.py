"""SIGTERM, with which queues and clouds stop a process."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def exit_on_sigterm(message: str) -> Iterator[None]:
    """Turn SIGTERM into `SystemExit`, so that what is claimed is released, and say so; a handler of yours stays."""
    if not _in_main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def stop(number: int, frame: Any) -> None:
        print(message, file=sys.stderr, flush=True)
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is stop:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextlib.contextmanager
def sigterm_handler_kept() -> Iterator[None]:
    """Put back the handler that a library replaces by its own, as Ray does."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    if before is not None and _in_main_thread():  # None: one that Python did not set
        signal.signal(signal.SIGTERM, before)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
