"""How many processors this process may use: not all of its machine's, as a task of a cluster or a job of a queue."""

from __future__ import annotations

import os


def processors() -> int:
    """Return the number of threads that `OMP_NUM_THREADS` grants, as clusters set it, or of processors that are open.

    Example:
        >>> 1 <= processors() <= os.cpu_count()
        True
    """
    open_to_us = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    granted = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(open_to_us, int(granted))) if granted.isdigit() else open_to_us


def share() -> float:
    """Return which part of its machine this process may use."""
    return processors() / max(processors(), os.cpu_count() or 1)
