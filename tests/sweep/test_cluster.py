"""The Ray engine: the rows of the local one, and a worker that is killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import continuum_act as ca
from tests.sweep.models import BUDGET, build, wine

ray = pytest.importorskip("ray")

from continuum_act.sweep.cluster import _slots  # noqa: E402


def assert_same_rows(one, other):
    """Compare states, and objectives up to a few float32 roundings per step: the same program on other threads."""
    named = [[(r["alpha"], r["seed"], r["state"]) for r in rows] for rows in (one, other)]
    assert named[0] == named[1]
    np.testing.assert_allclose(*([r["objective"] for r in rows] for rows in (one, other)), rtol=1e-5)


def test_stale_address_fails_in_seconds(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
    start = time.monotonic()
    with pytest.raises(ConnectionError, match=r"no Ray cluster answers at 127\.0\.0\.1:9, the address in RAY_ADDRESS"):
        ca.sweep(build, [0.5], *wine(), engine="ray", **BUDGET)
    assert time.monotonic() - start < 60  # Ray itself tries for 120 s
    assert not ray.is_initialized()


@pytest.fixture(scope="module")
def cluster():
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.mark.slow
def test_rows_are_the_local_engine_s_and_a_member_that_kills_each_worker_is_a_failed_one(cluster, tmp_path):
    mark, driver = tmp_path / "killed", os.getpid()

    def build_and_die(alpha):
        if os.getpid() != driver:
            warnings.warn("said by a worker", stacklevel=1)
            once = alpha == 0.0 and not mark.exists()
            if once:
                mark.touch()
            if once or alpha == 0.5:
                os.kill(os.getpid(), signal.SIGKILL)
        return build(alpha)

    budget = {**BUDGET, "seeds": 1}
    local = ca.sweep(build, [-0.5, 0.0], *wine(), **budget)
    with pytest.warns(UserWarning, match="said by a worker|members failed") as caught:
        result = ca.sweep(build_and_die, [-0.5, 0.0, 0.5], *wine(), engine="ray", storage=tmp_path / "s.db", **budget)
    assert mark.exists()
    *complete, failed = result.rows
    assert_same_rows(complete, local.rows)
    assert (failed["alpha"], failed["state"]) == (0.5, "failed")
    assert "its task died four times" in failed["error"]
    assert [str(w.message) for w in caught].count("said by a worker") == 1


@pytest.mark.slow
def test_lost_caller_costs_what_was_in_training_and_the_next_one_goes_on(cluster, tmp_path):
    storage, alphas = tmp_path / "s.db", 6
    rows: list = []
    for stop, code in ((signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)):
        command = [
            sys.executable,
            "-m",
            "tests.sweep.models",
            str(storage),
            str(tmp_path / "log"),
            str(alphas),
            "1",
            "ray",
        ]
        environment = {**os.environ, "RAY_ADDRESS": ray.get_runtime_context().gcs_address, "TF_CPP_MIN_LOG_LEVEL": "3"}
        caller = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        before, rows = len(rows), []
        while len(rows) <= before:
            assert caller.poll() is None
            time.sleep(0.1)
            with contextlib.suppress(OSError, ValueError):  # there is no study yet
                rows = ca.SweepResult.load(storage).rows
        caller.send_signal(stop)
        said = caller.communicate()[1]
        assert caller.returncode == code, said
        assert ("stopped by SIGTERM; the same call goes on from here." in said) == (stop is signal.SIGTERM)
        rows = ca.SweepResult.load(storage).rows
        assert len(rows) < 2 * alphas
    arguments = (build, np.linspace(-1, 1, alphas), *wine())
    local = ca.sweep(*arguments, **BUDGET)
    remote = ca.sweep(*arguments, engine="ray", storage=storage, **BUDGET)
    assert remote.trained == 2 * alphas - len(rows)
    assert_same_rows(remote.rows, local.rows)


@pytest.mark.slow
def test_cluster_of_unlike_machines_that_come_and_go_gives_the_rows_of_the_local_engine(tmp_path):
    from ray.cluster_utils import Cluster

    alphas, driver = np.linspace(-1, 1, 6), os.getpid()
    local = ca.sweep(build, alphas, *wine(), **BUDGET)

    def build_and_tell(alpha):
        if os.getpid() != driver:
            (tmp_path / f"{ray.get_runtime_context().get_node_id()} {len(ray.get_gpu_ids())}").touch()
        return build(alpha)

    ray.shutdown()
    machines = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "num_gpus": 1})
    ray.init(address=machines.address, log_to_driver=False)
    try:
        with ThreadPoolExecutor() as pool:
            sweep = pool.submit(ca.sweep, build_and_tell, alphas, *wine(), engine="ray", **BUDGET)
            machines.add_node(num_cpus=1)
            assert _slots() == 2
            while not sweep.done() and len({path.name.split()[0] for path in tmp_path.iterdir()}) < 2:
                time.sleep(0.1)  # until both have begun
            lost = machines.add_node(num_cpus=1)
            time.sleep(4)
            machines.remove_node(lost, allow_graceful=False)
            remote = sweep.result()
    finally:
        ray.shutdown()
        machines.shutdown()
    assert_same_rows(remote.rows, local.rows)
    of_machine = {}
    for path in tmp_path.iterdir():
        machine, accelerators = path.name.split()
        of_machine.setdefault(machine, set()).add(accelerators)
    # the one with the accelerator may have taken a task without it, before the first that asked for it
    assert any("1" in given for given in of_machine.values())
    assert {"0"} in of_machine.values()
