"""Processes that die and processes that share: real ones, killed for real."""

import collections
import os
import signal
import sqlite3
import subprocess
import sys
import time

import numpy as np
import optuna
import pytest

import continuum_act as ca
from continuum_act.study.queue import TrialQueue
from continuum_act.study.storage import _tables, open_storage
from tests.sweep.models import BUDGET, build, wine

ALPHAS = 4
MEMBERS = [(a, s) for a in np.linspace(-1, 1, ALPHAS).tolist() for s in (0, 1)]


def start(storage, log, population=1, stderr=subprocess.DEVNULL):
    command = [sys.executable, "-m", "tests.sweep.models", str(storage), str(log), str(ALPHAS), str(population)]
    return subprocess.Popen(command, stderr=stderr, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})


def lines(log):
    return log.read_text().splitlines() if log.exists() else []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("population", "moments"),
    [(1, (1, 4)), (4, (0, 4))],  # after so many members: in an alpha, after one; before and after a chunk
    ids=["one-at-a-time", "population"],
)
def test_killed_sweep_redoes_only_unfinished_members(tmp_path, population, moments):
    storage, log = tmp_path / "study.db", tmp_path / "log"
    for moment in moments:
        process = start(storage, log, population)
        while not storage.exists():
            time.sleep(0.01)
        while len(lines(log)) < moment and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    recorded = {(r["alpha"], r["seed"]): r for r in ca.SweepResult.load(storage).rows}
    result = ca.sweep(build, np.linspace(-1, 1, ALPHAS), *wine(), storage=storage, **BUDGET)
    assert [(r["alpha"], r["seed"]) for r in result.rows] == MEMBERS
    assert {r["state"] for r in result.rows} == {"complete"}
    assert result.trained == len(MEMBERS) - len(recorded) < len(MEMBERS)
    assert len(recorded) >= len(lines(log)) - len(moments)  # a kill may come between the log and the study
    for row in result.rows:
        assert recorded.get((row["alpha"], row["seed"]), row) == row


@pytest.mark.slow
def test_two_processes_share_a_study_and_do_no_member_twice(tmp_path):
    storage = tmp_path / "study.db"
    logs = [tmp_path / "log-0", tmp_path / "log-1"]
    processes = [start(storage, log) for log in logs]
    assert [p.wait() for p in processes] == [0, 0]
    done = collections.Counter(line for log in logs for line in lines(log))
    assert done == collections.Counter(f"{a} {s}" for a, s in MEMBERS)
    assert [(r["alpha"], r["seed"]) for r in ca.SweepResult.load(storage).rows] == MEMBERS


@pytest.mark.slow
def test_no_process_ends_early_while_others_give_up(tmp_path):
    storage, logs = tmp_path / "study.db", [tmp_path / f"log-{i}" for i in range(3)]
    quitters = [start(storage, log, stderr=subprocess.PIPE) for log in logs[:2]]
    while not (lines(logs[0]) and lines(logs[1])):
        time.sleep(0.01)
    peer = start(storage, logs[2])
    stops = [(signal.SIGINT, 1, "KeyboardInterrupt"), (signal.SIGTERM, 143, "stopped by SIGTERM")]
    for quitter, (stop, code, said) in zip(quitters, stops, strict=True):
        quitter.send_signal(stop)
        assert said in quitter.communicate()[1].decode()
        assert quitter.returncode in (code, -stop)
    assert peer.wait() == 0
    done = collections.Counter(line for log in logs for line in lines(log))
    assert done == collections.Counter(f"{a} {s}" for a, s in MEMBERS)
    study = optuna.load_study(storage=f"sqlite:///{storage}", study_name="continuum_act")
    assert [t.state.name for t in study.trials] == ["COMPLETE"] * ALPHAS


def test_no_process_reads_the_queue_while_another_takes_a_trial_from_it(tmp_path):
    """Else both take it: in 80 studies of three processes that did nothing else, ten members were done twice."""
    storage = open_storage(tmp_path / "s.db")
    other = sqlite3.connect(tmp_path / "s.db", timeout=0, isolation_level=None)
    with storage.rdb.engine.begin() as connection:
        connection.exec_driver_sql("SELECT * FROM trials").all()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


def test_storage_is_created_whole_or_not_at_all(tmp_path, monkeypatch):
    """Else a process that is killed in between leaves studies without their unique names."""
    path = tmp_path / "s.db"
    with monkeypatch.context() as patch:
        tables = _tables()
        patch.setattr(sys.modules[open_storage.__module__], "_tables", lambda: [*tables[:3], "not SQL"])
        with pytest.raises(OSError, match="syntax error"):
            open_storage(path)
    for _ in range(2):
        TrialQueue(open_storage(path), "s", "minimize").enqueue([0.5], [0])
    assert optuna.get_all_study_names(f"sqlite:///{path}") == ["s"]
    made, optunas = open_storage(path).rdb, optuna.storages.RDBStorage(f"sqlite:///{tmp_path}/optuna.db")
    schemas = [set(s.engine.raw_connection().execute("SELECT sql FROM sqlite_master")) for s in (made, optunas)]
    assert schemas[0] == schemas[1]
