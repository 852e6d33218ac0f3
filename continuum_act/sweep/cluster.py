"""Members as tasks on a Ray cluster; the only file that imports ray.

`sweep(..., engine="ray")` connects to the cluster that Ray's own environment names (`RAY_ADDRESS=host:6379`,
or a program started by `ray job submit`), and starts one on this machine if there is none. The study stays
with the caller, so its storage needs to be reached from there alone. `build`, data and budget go into the
object store once, and each machine fetches them once; a task carries only a list of (alpha, seed) members. A
task whose worker dies is tried again by Ray, on another machine if need be.

On paper, 10,000 members on 100 machines, 64 members to a chunk: 157 tasks, so one round if each machine has two
processors, and the time of one chunk. Besides, once per worker, the import of Keras (3 to 4 s); the data once per
machine, in 8 s per GB at 1 Gbit/s; and 10,000 rows to write for the caller, at about 10 ms each in SQLite 100 s, after
the machines have trained.
"""

from __future__ import annotations

import dataclasses
import itertools
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from continuum_act.population.budget import Budget, MemberResult
from continuum_act.population.stateless_model import Build
from continuum_act.population.trainer import Watch
from continuum_act.sweep.training import Task, Trainer

try:
    import ray
except ImportError as error:
    raise ImportError("engine='ray' needs Ray: pip install 'continuum-act[ray]'") from error

_TRAINERS: dict[str, Trainer] = {}  # of the sweep that a worker process trains for, compiled by its first task


def train_on_ray(
    builds: Mapping[str, Build], tasks: Iterator[Task], budget: Budget, population: int | None, watch: Watch
) -> Iterator[MemberResult]:
    """Train tasks side by side, one per processor of the cluster; yield results as tasks end, and watch no epoch."""
    started = not ray.is_initialized()
    if started:
        ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
    running: list[Any] = []
    try:
        sweep, shared = uuid.uuid4().hex, ray.put((dict(builds), budget, population))
        slots = max(1, int(ray.cluster_resources().get("CPU", 1)))
        while True:
            running += [_train.remote(sweep, shared, part) for part in _parts(tasks, slots - len(running))]
            if not running:
                return
            [done], running = ray.wait(running)
            yield from ray.get(done)
    finally:
        for task in running:
            ray.cancel(task, force=True)
        if started:
            ray.shutdown()


def _parts(tasks: Iterator[Task], idle: int) -> list[Task]:
    """Return tasks for so many idle processors, smaller ones if there are too few for all.

    Example:
        >>> [p.members for p in _parts(iter([Task("", [1, 2, 3]), Task("", [4, 5]), Task("", [6])]), 2)]
        [[1, 2, 3], [4, 5]]
        >>> [p.members for p in _parts(iter([Task("", [1, 2, 3]), Task("", [4, 5])]), 5)]
        [[1, 2], [3], [4], [5]]
    """
    taken = list(itertools.islice(tasks, idle))
    pieces = idle // max(1, len(taken))
    parts = []
    for name, members, expected in taken:
        size = max(1, -(-len(members) // pieces))
        parts += [Task(name, members[i : i + size], expected) for i in range(0, len(members), size)]
    return parts


@ray.remote(num_cpus=1, max_retries=3)
def _train(sweep: str, shared: tuple[dict[str, Build], Budget, int | None], task: Task) -> list[MemberResult]:
    if sweep not in _TRAINERS:
        _TRAINERS.clear()
        _TRAINERS[sweep] = Trainer(*shared)
    results = _TRAINERS[sweep].train(task, lambda epoch, logs: ())
    return [dataclasses.replace(result, cause=None) for result in results]  # not every exception can be sent
