"""Members as tasks on a Ray cluster; the only file that imports ray.

`sweep(..., engine="ray")` connects to the cluster that Ray's own environment names (`RAY_ADDRESS=host:6379`,
or a program started by `ray job submit`), and starts one on this machine if there is none. The study stays
with the caller, so its storage needs to be reached from there alone. `build`, data and budget go into the
object store once, and each machine fetches them once; a task carries only a list of (alpha, seed) members, and its
weights stay where they are, unless their alpha is the best. A machine gets a task for each of its accelerators, or for
each of its processors if it has none; a task sizes its threads and memory by what Ray gave it. A task whose worker dies
is tried again by Ray, on another machine if need be; one that dies four times is halved, and a single member is then a
failed row.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import socket
import uuid
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from continuum_act.population.budget import Budget, MemberResult
from continuum_act.population.stateless_model import Build
from continuum_act.population.trainer import Watch
from continuum_act.sweep.termination import sigterm_handler_kept
from continuum_act.sweep.training import Task, Trainer

try:
    import ray
except ImportError as error:
    raise ImportError("engine='ray' needs Ray: pip install 'continuum-act[ray]'") from error

_LAST_STARTED = Path("/tmp/ray/ray_current_cluster")  # where `ray.init` looks for a cluster of this machine
_SECONDS_TO_ANSWER = 5.0
_SECONDS_TO_GROW = 5.0  # between two looks at the size of the cluster
_THREADS = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
_TRAINERS: dict[str, Trainer] = {}  # of the sweep that a worker process trains for, compiled by its first task


class RayEngine:
    """Trains tasks side by side on a cluster; watches no epoch.

    It connects when the first task comes, and stays so, its data with the cluster, until it is closed.
    """

    def __init__(self) -> None:
        self._sweep = uuid.uuid4().hex
        self._shared: Any = None
        self._started = False

    def __call__(
        self,
        builds: Mapping[str, Build],
        tasks: Iterator[Task],
        budget: Budget,
        population: int | None,
        watch: Watch,
    ) -> Iterator[MemberResult]:
        """Yield the results of each task when it has ended."""
        self._connect()
        if self._shared is None:
            self._shared = ray.put((dict(builds), budget, population))
        running: dict[Any, _Running] = {}
        again: list[Task] = []
        told: set[str] = set()
        try:
            while True:
                parts = _parts(itertools.chain(_popped(again), tasks), _slots() - len(running))
                for task in parts:
                    accelerators = int(sum(each.accelerators for each in running.values()) < _accelerators())
                    rows, *weights = self._submit(task, accelerators)
                    running[rows] = _Running(task, weights, accelerators)
                if not running:
                    return
                done, _ = ray.wait(list(running), timeout=_SECONDS_TO_GROW)
                for rows in done:
                    task, weights, _ = running.pop(rows)
                    try:
                        results, notes = ray.get(rows)
                    except ray.exceptions.RayTaskError:
                        raise
                    except ray.exceptions.RayError as error:
                        if len(task.members) == 1:
                            text = f"its task died four times: {type(error).__name__}"
                            yield MemberResult(*task.members[0], "failed", error=text)
                        again += _halves(task)
                        continue
                    for note in notes:
                        if note not in told:
                            warnings.warn(note, stacklevel=2)
                    told |= set(notes)
                    for result, ref in zip(results, weights, strict=True):
                        yield dataclasses.replace(result, fetch=_Fetch(ref))
        finally:
            for rows in running:
                ray.cancel(rows, force=True)

    def close(self) -> None:
        """Let go of the data, and of Ray if this has started it."""
        self._shared = None
        if self._started:
            ray.shutdown()
            self._started = False

    def _connect(self) -> None:
        if not ray.is_initialized():
            _check_address()
            with sigterm_handler_kept():
                ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
            self._started = True

    def _submit(self, task: Task, accelerators: int) -> Any:
        options = {"num_returns": 1 + len(task.members), "num_gpus": accelerators}
        return _train.options(**options).remote(self._sweep, self._shared, task)


class _Running(NamedTuple):
    """A task on the cluster: where its weights will be, and how many accelerators it asked for."""

    task: Task
    weights: list[Any]
    accelerators: int


class _Fetch:
    """Brings the weights and the optimizer's variables of a member from where it was trained, if they are there."""

    def __init__(self, ref: Any) -> None:
        self._ref = ref

    def __call__(self) -> tuple[Any, Any]:
        try:
            return ray.get(self._ref)
        except ray.exceptions.RayError:
            return None, None


def _check_address() -> None:
    """Fail in seconds if no cluster answers at the address that Ray would use; Ray itself tries for two minutes.

    Raises:
        ConnectionError: if there is none.
    """
    address, source = os.environ.get("RAY_ADDRESS", ""), "RAY_ADDRESS"
    if address in ("", "auto") and _LAST_STARTED.is_file():
        address, source = _LAST_STARTED.read_text().strip(), str(_LAST_STARTED)
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _SECONDS_TO_ANSWER).close()
    except OSError as error:
        raise ConnectionError(
            f"no Ray cluster answers at {address}, the address in {source} ({error}). Start one there with"
            f" `ray start --head --port={port}`, name another in RAY_ADDRESS, or set RAY_ADDRESS=local to train here."
        ) from None


def _accelerators() -> int:
    return int(ray.cluster_resources().get("GPU", 0))


def _slots() -> int:
    """Return how many tasks the cluster has room for now: machines come and go."""
    machines = [machine["Resources"] for machine in ray.nodes() if machine["Alive"]]
    return max(1, sum(int(has.get("GPU", 0) or has.get("CPU", 0)) for has in machines))


def _popped(tasks: list[Task]) -> Iterator[Task]:
    while tasks:
        yield tasks.pop()


def _halves(task: Task) -> list[Task]:
    """Split a task; one of a single member has no halves.

    Example:
        >>> [half.members for half in _halves(Task("", [1, 2, 3]))], _halves(Task("", [1]))
        ([[1], [2, 3]], [])
    """
    half = len(task.members) // 2
    return [Task(task.build, members) for members in (task.members[:half], task.members[half:]) if half]


def _parts(tasks: Iterable[Task], idle: int) -> list[Task]:
    """Return tasks for so many idle processors, smaller ones if there are too few for all.

    Example:
        >>> [p.members for p in _parts(iter([Task("", [1, 2, 3]), Task("", [4, 5]), Task("", [6])]), 2)]
        [[1, 2, 3], [4, 5]]
        >>> [p.members for p in _parts(iter([Task("", [1, 2, 3]), Task("", [4, 5])]), 5)]
        [[1, 2], [3], [4], [5]]
    """
    taken = list(itertools.islice(tasks, max(0, idle)))
    pieces = idle // max(1, len(taken))
    parts = []
    for name, members, expected in taken:
        size = max(1, -(-len(members) // pieces))
        parts += [Task(name, members[i : i + size], expected) for i in range(0, len(members), size)]
    return parts


@ray.remote(num_cpus=1, max_retries=3, runtime_env={"env_vars": _THREADS})
def _train(sweep: str, shared: tuple[dict[str, Build], Budget, int | None], task: Task) -> Any:
    """Return the results of a task without weights, and its warnings; and the weights of each member on their own."""
    if sweep not in _TRAINERS:
        _TRAINERS.clear()
        _TRAINERS[sweep] = Trainer(*shared)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        results = list(_TRAINERS[sweep].train(task, lambda epoch, logs: ()))
    # not every exception can be sent
    light = [dataclasses.replace(result, cause=None, weights=None, optimizer=None) for result in results]
    notes = [str(warning.message) for warning in caught if warning.category is UserWarning]
    return (light, notes), *((result.weights, result.optimizer) for result in results)
