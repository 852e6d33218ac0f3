"""Chunks of members as tasks on a Ray cluster; the only file that imports ray.

`sweep(..., engine="ray")` connects to the cluster that Ray's own environment names (`RAY_ADDRESS=host:6379`,
or a program started by `ray job submit`), and starts one on this machine if there is none. The study stays
with the caller, so its storage needs to be reached from there alone. `build`, data and budget go into the
object store once, and each machine fetches them once; a task carries only a list of (alpha, seed) members. A
task whose worker dies is tried again by Ray, on another machine if need be.

On paper, 10,000 members on 100 machines, 64 members to a chunk: 157 tasks, so two rounds, and the time of two
chunks. Besides, once per worker, the import of Keras (3 to 4 s); the data once per machine, in 8 s per GB at
1 Gbit/s; and 10,000 rows to write for the caller, at about 10 ms each in SQLite 100 s, most of it while the
machines train.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from continuum_act.sweep.member import Budget, Outcome
from continuum_act.sweep.training import Build, Chunk, train_chunks

try:
    import ray
except ImportError as error:
    raise ImportError("engine='ray' needs Ray: pip install 'continuum-act[ray]'") from error


def train_chunks_on_ray(
    build: Build, chunks: Iterator[Chunk], budget: Budget, population: int | None
) -> Iterator[Outcome]:
    """Train chunks side by side, one per processor of the cluster; yield outcomes as tasks end."""
    started = not ray.is_initialized()
    if started:
        ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
    running: list[Any] = []
    try:
        shared = ray.put((build, budget, population))
        slots = max(1, int(ray.cluster_resources().get("CPU", 1)))
        while True:
            while len(running) < slots and (chunk := next(chunks, None)) is not None:
                running.append(_train.remote(shared, chunk))
            if not running:
                return
            [done], running = ray.wait(running)
            yield from ray.get(done)
    finally:
        for task in running:
            ray.cancel(task, force=True)
        if started:
            ray.shutdown()


@ray.remote(num_cpus=1, max_retries=3)
def _train(shared: tuple[Build, Budget, int | None], chunk: Chunk) -> list[Outcome]:
    build, budget, population = shared
    return list(train_chunks(build, [chunk], budget, population))
