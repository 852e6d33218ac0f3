"""Chunks of members as tasks on a Ray cluster; the only file that imports ray.

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

import itertools
import uuid
from collections.abc import Iterator
from typing import Any

from continuum_act.population.budget import Budget, Outcome
from continuum_act.sweep.training import Build, Chunk, Teams

try:
    import ray
except ImportError as error:
    raise ImportError("engine='ray' needs Ray: pip install 'continuum-act[ray]'") from error

_TEAMS: dict[str, Teams] = {}  # of the sweep that a worker process trains for, compiled by its first task


def train_chunks_on_ray(
    build: Build, chunks: Iterator[Chunk], budget: Budget, population: int | None
) -> Iterator[Outcome]:
    """Train chunks side by side, one per processor of the cluster; yield outcomes as tasks end."""
    started = not ray.is_initialized()
    if started:
        ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
    running: list[Any] = []
    try:
        sweep, shared = uuid.uuid4().hex, ray.put((build, budget, population))
        slots = max(1, int(ray.cluster_resources().get("CPU", 1)))
        while True:
            running += [_train.remote(sweep, shared, part) for part in _parts(chunks, slots - len(running))]
            if not running:
                return
            [done], running = ray.wait(running)
            yield from ray.get(done)
    finally:
        for task in running:
            ray.cancel(task, force=True)
        if started:
            ray.shutdown()


def _parts(chunks: Iterator[Chunk], idle: int) -> list[Chunk]:
    """Return members for so many idle processors, in smaller chunks if there are too few for all.

    Example:
        >>> _parts(iter([[1, 2, 3], [4, 5], [6]]), 2), _parts(iter([[1, 2, 3], [4, 5]]), 5)
        ([[1, 2, 3], [4, 5]], [[1, 2], [3], [4], [5]])
    """
    taken = list(itertools.islice(chunks, idle))
    pieces = idle // max(1, len(taken))
    sizes = [max(1, -(-len(chunk) // pieces)) for chunk in taken]
    return [c[i : i + size] for c, size in zip(taken, sizes, strict=True) for i in range(0, len(c), size)]


@ray.remote(num_cpus=1, max_retries=3)
def _train(sweep: str, shared: tuple[Build, Budget, int | None], chunk: Chunk) -> list[Outcome]:
    if sweep not in _TEAMS:
        _TEAMS.clear()
        _TEAMS[sweep] = Teams(*shared)
    return list(_TEAMS[sweep].train(chunk))
