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
    """Turn SIGTERM into `SystemExit`, so that what is claimed is released, and say so; a handler of yours stays.

    Code that the signal interrupts may raise a `SystemExit` of its own in its place, as `ray.wait` does, with exit
    status 1; the status is that of the signal all the same.
    """
    if not _in_main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    status = None

    def stop(number: int, frame: Any) -> None:
        nonlocal status
        print(message, file=sys.stderr, flush=True)
        status = 128 + number
        raise SystemExit(status)

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except SystemExit:
        if status is None:
            raise
        raise SystemExit(status) from None
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
