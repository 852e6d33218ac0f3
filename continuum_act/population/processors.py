"""How many processors this process may use, and how many chunks of members fill what computes them."""

from __future__ import annotations

import os

from continuum_act.population import backend


def processors() -> int:
    """Return the number of threads that `OMP_NUM_THREADS` grants, as clusters set it, or of processors that are open.

    Not all of its machine's belong to a task of a cluster or a job of a queue.

    Example:
        >>> 1 <= processors() <= os.cpu_count()
        True
    """
    open_to_us = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    granted = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(open_to_us, int(granted))) if granted.isdigit() else open_to_us


def chunks_at_once() -> int:
    """Return how many chunks keep all that computes busy: one for each processor, a single one on an accelerator.

    Example:
        >>> chunks_at_once() == (processors() if backend.accelerator() is None else 1)
        True
    """
    return processors() if backend.accelerator() is None else 1


def share() -> float:
    """Return which part of its machine this process may use."""
    return processors() / max(processors(), os.cpu_count() or 1)
