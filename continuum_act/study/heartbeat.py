"""Whether the process that claimed a trial is alive.

Optuna's own heartbeat needs `heartbeat_interval` on the storage, is in relational databases alone, and never gives up
a trial whose process died before its first beat. This one is a number beside the claim, a public user attribute, so it
works on every storage: its process counts it up every `BEAT` seconds, and whoever waits for the trial takes it when the
number has stood still for `GRACE` seconds of its own clock. So no two clocks are compared, and no name of a host. The
claim itself is written once: a late beat of a process that lost it cannot claim it anew.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

BEAT = 10.0
GRACE = 60.0
_LOOK = 2 * BEAT  # seconds between two looks that count as one watch
_BEATING: set[str] = set()  # the workers of this process that train


def system() -> str | None:
    """Name the running system that process ids belong to: a container has its own; None if it is not known."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return None


def started(pid: int) -> int | None:
    """Return when a process of this system started, in ticks since its boot; None if it has ended."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else int(rest[18])


@dataclass
class Worker:
    """A sweep in this process, as it signs its claims."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    beats: int = 0

    def signature(self) -> dict[str, Any]:
        """Return what a claim holds of its worker."""
        pid = os.getpid()
        ids = {"id": self.id, "host": socket.gethostname(), "pid": pid}
        return {**ids, "system": system(), "started": started(pid)}

    def beat(self) -> dict[str, Any]:
        """Return the sign of life that stands beside a claim."""
        return {"id": self.id, "count": self.beats}

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Let other sweeps in this process know that its claims are alive."""
        _BEATING.add(self.id)
        try:
            yield
        finally:
            _BEATING.discard(self.id)


class HeartbeatMonitor:
    """Watches the claims of others."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[Any, float]] = {}
        self._looked = -float("inf")

    def seconds_left(self, running: list[FrozenTrial]) -> dict[int, float]:
        """Return after how many seconds without a sign of life each trial is given up, by its number; 0 is now.

        The time in which nobody looked, the storage being away perhaps, does not count.
        """
        now = time.monotonic()
        if now - self._looked > _LOOK:
            self._seen.clear()
        self._looked = now
        signatures = {trial.number: signature_of(trial) for trial in running}
        beats: dict[str, int] = {}
        for signature in signatures.values():
            beats[signature["id"]] = max(beats.get(signature["id"], -1), signature["beat"])
        left = {}
        for number, signature in signatures.items():
            worker = signature["id"]
            if self._seen.get(worker, (None, 0.0))[0] != beats[worker]:
                self._seen[worker] = beats[worker], now
            left[number] = 0.0 if _has_ended(signature) else max(0.0, self._seen[worker][1] + GRACE - now)
        return left


def signature_of(trial: FrozenTrial) -> dict[str, Any]:
    """Return who claimed a trial; a claim that was not signed yet is a worker of its own."""
    signature = {"id": f"trial {trial.number}", "host": "an unknown host", "pid": 0, **_mapping(trial, "worker")}
    beat = _mapping(trial, "beat")
    is_its_own = beat.get("id") == signature["id"] and isinstance(beat.get("count"), int)
    return signature | {"beat": beat["count"] if is_its_own else 0}


def _mapping(trial: FrozenTrial, name: str) -> dict[str, Any]:
    value = trial.user_attrs.get(name)
    return value if isinstance(value, dict) else {}


def owner(trial: FrozenTrial) -> str:
    """Say whose a running trial is."""
    signature = signature_of(trial)
    return f"of process {signature['pid']} on {signature['host']}"


def _has_ended(signature: dict[str, Any]) -> bool:
    """Whether a worker of this system, of which alone this can be told, trains no more."""
    if signature.get("system") is None or signature["system"] != system():
        return False
    if signature["pid"] == os.getpid() and signature.get("started") == started(os.getpid()):
        return signature["id"] not in _BEATING
    return started(signature["pid"]) != signature.get("started")
