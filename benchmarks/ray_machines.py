"""What a sweep on a Ray cluster loses when a part of it dies: `python -m benchmarks.ray_machines [FAULT ...]`.

A cluster of three machines with a processor each, all on this one, trains 12 alphas with two seeds, one member at a
time. In its middle comes a fault. "In hand" are the members that were in training where it came, "trained again" all
that were begun more than once, "until taken over" is the time from the fault until the first of those in hand is begun
anew. Each time the rows are compared with the local engine's.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import ray
from ray.cluster_utils import Cluster
from sklearn.datasets import load_wine

import continuum_act as ca

ALPHAS, SEEDS, MACHINES = np.linspace(-1, 1, 12).tolist(), 2, 3
BUDGET: dict[str, Any] = {"validation_split": 0.25, "epochs": 15, "seeds": SEEDS, "population": 1, "verbose": 0}


class Begun(NamedTuple):
    """A member whose training began: its alpha, in which process, on which machine, and when."""

    alpha: float
    process: int
    machine: str
    time: float


def build(alpha: Any) -> keras.Model:
    """Return the compiled model."""
    hidden = keras.layers.Dense(8), ca.soft_exponential_lambda(alpha)
    model = keras.Sequential([keras.Input((13,)), *hidden, keras.layers.Dense(3)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def sweep(**options: Any) -> ca.SweepResult:
    """Train what is left."""
    x, y = load_wine(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(x))
    x = ((x - x.mean(0)) / x.std(0)).astype("float32")
    return ca.sweep(options.pop("build", build), ALPHAS, x[rows], y[rows], **options, **BUDGET)


def call(storage: str, log: str) -> None:
    """Sweep on the cluster, and log where and when each member begins."""
    caller = os.getpid()

    def told(alpha: Any) -> keras.Model:
        if os.getpid() != caller:
            begun = Begun(alpha, os.getpid(), ray.get_runtime_context().get_node_id(), time.time())
            with open(log, "a") as file:
                file.write(" ".join(map(str, begun)) + "\n")
        return build(alpha)

    sweep(build=told, storage=storage, engine="ray")


class Study:
    """The caller of a sweep, and what is known of its study."""

    def __init__(self, folder: Path, address: str) -> None:
        self.storage, self.log = folder / "study.db", folder / "log"
        self._address = address
        self.start()

    def start(self) -> None:
        """Start the caller."""
        command = [sys.executable, "-m", "benchmarks.ray_machines", "--call", str(self.storage), str(self.log)]
        self.caller = subprocess.Popen(
            command, env={**os.environ, "RAY_ADDRESS": self._address}, stderr=subprocess.DEVNULL
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return what is recorded."""
        try:
            return ca.SweepResult.load(self.storage).rows
        except (OSError, ValueError):  # not made yet
            return []

    def begun(self) -> list[Begun]:
        """Return the members that were begun, in their order."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        parts = [line.split() for line in lines]
        return [Begun(float(alpha), int(process), machine, float(at)) for alpha, process, machine, at in parts]


Where = Callable[[Begun], bool]


def kill_worker(study: Study, cluster: Cluster, nodes: list[Any]) -> Where:
    """Kill the process that began the last member."""
    process = study.begun()[-1].process
    os.kill(process, signal.SIGKILL)
    return lambda begun: begun.process == process


def remove_machine(study: Study, cluster: Cluster, nodes: list[Any]) -> Where:
    """Kill all of a machine's processes."""
    machine = nodes[-1].node_id
    cluster.remove_node(nodes[-1], allow_graceful=False)
    return lambda begun: begun.machine == machine


def stop_caller(number: int) -> Callable[..., Where]:
    """Return a fault: a signal to the caller, which is started again."""

    def stop(study: Study, cluster: Cluster, nodes: list[Any]) -> Where:
        study.caller.send_signal(number)
        study.caller.wait()
        study.start()
        return lambda begun: True

    return stop


FAULTS: dict[str, Callable[..., Where]] = {
    "SIGKILL of a worker": kill_worker,
    "a machine removed": remove_machine,
    "SIGTERM of the caller, started again": stop_caller(signal.SIGTERM),
    "SIGKILL of the caller, started again": stop_caller(signal.SIGKILL),
}


def measure(fault: Callable[..., Where], expected: list[dict[str, Any]]) -> str:
    """Return the cells of a fault's row."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(MACHINES - 1)]
    try:
        with tempfile.TemporaryDirectory() as folder:
            study = Study(Path(folder), cluster.address)
            while len(study.rows()) < 6 or len({begun.machine for begun in study.begun()}) < MACHINES:
                time.sleep(0.1)
            recorded = study.rows()
            known = len(study.begun())
            moment = time.time()
            hit = fault(study, cluster, nodes)
            begun, done = Counter(b.alpha for b in study.begun()[:known]), Counter(row["alpha"] for row in recorded)
            left = {b.alpha for b in study.begun()[:known] if hit(b) and begun[b.alpha] > done[b.alpha]}
            in_hand = sum(begun[alpha] - done[alpha] for alpha in left)
            code = study.caller.wait()
            rows, members = study.rows(), study.begun()
    finally:
        cluster.shutdown()
    named = [[(row["alpha"], row["seed"], row["state"]) for row in of] for of in (rows, expected)]
    equal = named[0] == named[1] and np.allclose(
        [row["objective"] for row in rows], [row["objective"] for row in expected], rtol=1e-5
    )
    kept = all(row in rows for row in recorded)
    again = len(members) - len(ALPHAS) * SEEDS
    taken = min((b.time for b in members[known:] if b.alpha in left), default=float("nan")) - moment
    return f"{in_hand} | {again} | {taken:.1f} | {kept} | {equal} | {code}"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--call"]:
        call(*sys.argv[2:])
    else:
        undisturbed = sweep().rows
        print("| fault | in hand | trained again | s until taken over | rows kept | rows equal | exit code |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for name in sys.argv[1:] or FAULTS:
            print(f"| {name} | {measure(FAULTS[name], undisturbed)} |", flush=True)
