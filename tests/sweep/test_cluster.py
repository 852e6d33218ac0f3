"""The Ray engine: the rows of the local one, and a worker that is killed."""

import os
import signal
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import continuum_act as ca
from tests.sweep.models import BUDGET, build, wine

ray = pytest.importorskip("ray")


def test_stale_address_fails_in_seconds(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
    start = time.monotonic()
    with pytest.raises(ConnectionError, match=r"no Ray cluster answers at 127\.0\.0\.1:9, the address in RAY_ADDRESS"):
        ca.sweep(build, [0.5], *wine(), engine="ray", **BUDGET)
    assert time.monotonic() - start < 60  # Ray itself tries for 120 s
    assert not ray.is_initialized()


@pytest.fixture(scope="module")
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.mark.slow
def test_ray_gives_the_rows_of_the_local_engine(cluster):
    arguments = (build, [-0.5, 0.0, 0.5], *wine())
    local = ca.sweep(*arguments, **BUDGET)
    remote = ca.sweep(*arguments, engine="ray", **BUDGET)
    assert [(r["alpha"], r["seed"], r["state"]) for r in remote.rows] == [
        (r["alpha"], r["seed"], r["state"]) for r in local.rows
    ]
    # the same program on other threads: a few float32 roundings per step
    np.testing.assert_allclose([r["objective"] for r in remote.rows], [r["objective"] for r in local.rows], rtol=1e-5)


@pytest.mark.slow
def test_killed_worker_costs_a_retry_and_no_result(cluster, tmp_path):
    mark, driver = tmp_path / "killed", os.getpid()

    def build_and_die_once(alpha):
        if alpha == 0.5 and not mark.exists() and os.getpid() != driver:
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return build(alpha)

    result = ca.sweep(
        build_and_die_once,
        [0.0, 0.5],
        *wine(),
        engine="ray",
        storage=tmp_path / "s.db",
        **BUDGET,
    )
    assert mark.exists()
    assert [(r["alpha"], r["seed"]) for r in result.rows] == [(0.0, 0), (0.0, 1), (0.5, 0), (0.5, 1)]
    assert {r["state"] for r in result.rows} == {"complete"}


@pytest.mark.slow
def test_member_that_kills_each_worker_is_a_failed_row_and_warnings_reach_the_caller(cluster):
    driver = os.getpid()

    def build_and_die(alpha):
        if os.getpid() != driver:
            warnings.warn("said by a worker", stacklevel=1)
            if alpha == 0.5:
                os.kill(os.getpid(), signal.SIGKILL)
        return build(alpha)

    with pytest.warns(UserWarning, match="said by a worker|members failed") as caught:
        result = ca.sweep(build_and_die, [0.0, 0.5], *wine(), engine="ray", **{**BUDGET, "seeds": 1})
    assert [(r["alpha"], r["state"]) for r in result.rows] == [(0.0, "complete"), (0.5, "failed")]
    assert "its task died four times" in result.rows[1]["error"]
    assert [str(w.message) for w in caught].count("said by a worker") == 1


@pytest.mark.slow
def test_cluster_that_grows_and_shrinks_gives_the_rows_of_the_local_engine():
    from ray.cluster_utils import Cluster

    alphas = np.linspace(-1, 1, 6)
    local = ca.sweep(build, alphas, *wine(), **BUDGET)
    ray.shutdown()
    machines = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    ray.init(address=machines.address, log_to_driver=False)
    try:
        with ThreadPoolExecutor() as pool:
            sweep = pool.submit(ca.sweep, build, alphas, *wine(), engine="ray", **BUDGET)
            time.sleep(4)
            added = machines.add_node(num_cpus=2)
            time.sleep(12)
            machines.remove_node(added, allow_graceful=False)
            machines.add_node(num_cpus=1)
            remote = sweep.result()
    finally:
        ray.shutdown()
        machines.shutdown()
    assert [(r["alpha"], r["seed"], r["state"]) for r in remote.rows] == [
        (r["alpha"], r["seed"], r["state"]) for r in local.rows
    ]
    np.testing.assert_allclose([r["objective"] for r in remote.rows], [r["objective"] for r in local.rows], rtol=1e-5)
