"""The Ray engine: the rows of the local one, and a worker that is killed."""

import os
import signal

import numpy as np
import pytest

import continuum_act as ca
from tests.sweep.models import BUDGET, build, wine

ray = pytest.importorskip("ray")


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
