"""Storages that go away, databases that are shared, studies of strangers, passwords."""

import json
import os
import sys
import uuid

import numpy as np
import optuna
import pytest
import sqlalchemy
from sqlalchemy.exc import OperationalError

import continuum_act as ca
from continuum_act.command_line.main import main
from continuum_act.study import retries
from continuum_act.study.file_names import as_file_name
from continuum_act.study.queue import TrialQueue
from continuum_act.study.storage import open_storage, rescue_path
from continuum_act.study.trial_rows import as_attributes, read_rows
from tests.study import rounds
from tests.sweep.models import BUDGET, build, wine

POSTGRESQL = os.environ.get("CONTINUUM_ACT_POSTGRESQL")


@pytest.fixture
def postgresql():
    """Make an empty database on the server that CONTINUUM_ACT_POSTGRESQL names; return its URL."""
    if not POSTGRESQL:
        pytest.skip("CONTINUUM_ACT_POSTGRESQL names no server")
    name = f"test_{uuid.uuid4().hex}"
    server = sqlalchemy.create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
        yield server.url.set(database=name).render_as_string(hide_password=False)
        connection.execute(sqlalchemy.text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def gone(*args):
    return OperationalError("SELECT 1", {}, ConnectionError("server closed the connection"))


@pytest.mark.slow
def test_four_processes_make_one_trial_per_alpha_and_no_member_twice_on_sqlite(tmp_path):
    rounds.check(str(tmp_path / "s.db"), 100)


@pytest.mark.slow
def test_four_processes_make_one_trial_per_alpha_and_no_member_twice_on_postgresql(postgresql):
    rounds.check(postgresql, 100)


def test_connections_that_the_server_closes_are_opened_again(postgresql):
    queue = TrialQueue(open_storage(postgresql), "s", "minimize")
    queue.enqueue([0.5], [0, 1])
    [claim] = queue.claim(1)
    server = sqlalchemy.create_engine(POSTGRESQL)
    for seed in (0, 1):
        with server.begin() as connection:
            of_others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
            name = sqlalchemy.make_url(postgresql).database
            assert connection.execute(sqlalchemy.text(of_others), {"name": name}).rowcount > 0
        assert queue.record(claim, rounds.row(seed))
    queue.finish(claim)
    assert queue.lacking([0.5], [0, 1]) == {}


def test_call_is_tried_again_until_the_storage_answers(monkeypatch):
    waits = []
    monkeypatch.setattr(retries.time, "sleep", waits.append)
    storage = open_storage(None)
    answers = iter([gone(), gone(), gone()])

    def call():
        for error in answers:
            raise error
        return "an answer"

    with pytest.warns(UserWarning, match="closed the connection; trying again"):
        assert storage.retry(call) == "an answer"
    assert waits == [0.25, 0.5, 1.0]


def test_storage_that_stays_away_is_waited_for_once(monkeypatch):
    monkeypatch.setattr(retries, "PATIENCE", 0.0)
    storage = open_storage(None)
    with pytest.warns(UserWarning, match="closed the connection; trying again"), pytest.raises(OperationalError):
        storage.retry(lambda: (_ for _ in ()).throw(gone()))
    assert not storage.patient
    assert storage.retry(lambda: 1) == 1
    assert storage.patient


def test_wrong_question_is_not_asked_again():
    for error in (KeyError("no such trial"), sqlalchemy.exc.ProgrammingError("SELECT", {}, Exception("no such table"))):
        with pytest.raises(type(error)):
            open_storage(None).retry(lambda error=error: (_ for _ in ()).throw(error))


@pytest.mark.slow
def test_rows_of_a_lost_storage_are_taken_in_by_the_next_call(tmp_path, monkeypatch):
    path, alphas = tmp_path / "study.db", [-0.5, 0.0, 0.5]
    undisturbed = ca.sweep(build, alphas, *wine(), **BUDGET)
    set_attribute = optuna.storages.RDBStorage.set_trial_user_attr
    recorded = []

    def set_until_lost(self, trial_id, key, value):
        if key.startswith("seed:"):
            recorded.append(key)
        if len(recorded) > 2:
            raise optuna.exceptions.StorageInternalError from gone()
        set_attribute(self, trial_id, key, value)

    with monkeypatch.context() as patch:
        patch.setattr(retries, "PATIENCE", 0.0)
        patch.setattr(optuna.storages.RDBStorage, "set_trial_user_attr", set_until_lost)
        with (
            pytest.warns(UserWarning, match=r"rows are kept in .*rescued\.json"),
            pytest.raises(OSError, match="closed"),
        ):
            ca.sweep(build, alphas, *wine(), storage=path, **BUDGET)
    [rescued] = tmp_path.glob("*.rescued.json")
    trained = len(recorded)
    again = ca.sweep(build, alphas, *wine(), storage=path, **BUDGET)
    assert again.trained == 6 - trained < 4
    assert not rescued.exists()
    assert [(r["alpha"], r["seed"], r["objective"]) for r in again.rows] == [
        (r["alpha"], r["seed"], r["objective"]) for r in undisturbed.rows
    ]


def test_long_history_fits_into_the_text_of_mysql(tmp_path):
    values = np.random.default_rng(0).random(8000).tolist()
    row = {**rounds.row(0), "history": {"val_loss": values, 'quoted "name"': values}}
    assert len(json.dumps(row)) > 2**18
    assert all(len(json.dumps(value)) < 2**16 for value in as_attributes(row).values())
    storage = open_storage(tmp_path / "s.db")
    queue = TrialQueue(storage, "s", "minimize")
    queue.enqueue([0.5], [0, 1])
    queue.record(queue.claim(1)[0], row)
    assert read_rows(optuna.load_study(storage=storage, study_name="s")) == [(0.5, row)]
    queue.release()
    assert queue.claim(1)[0].rows == {0: row}


SECRET = "gehe1m"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg2://me:{SECRET}@127.0.0.1:9/db",
        f"postgresql+psycopg2://me@127.0.0.1:9/db?password={SECRET}",
        f"mysql+pymysql://me:{SECRET}@127.0.0.1:9/db",
        f"postgresql+psycopg2://me:{SECRET}@{SECRET}@127.0.0.1:9/db",
        f"postgresql+psycopg2://me:{SECRET}@127.0.0.1:port/db",
        f"nosuch://me:{SECRET}@127.0.0.1/db",
    ],
)
def test_password_is_never_printed(url, capsys):
    assert main(["report", url]) == 2
    error = capsys.readouterr().err
    assert SECRET not in error
    assert "***" in error
    assert error.count("\n") == 1


def test_missing_driver_names_its_package(monkeypatch):
    for module in ("psycopg2", "pymysql"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"psycopg2-binary.*continuum-act\[postgresql\].*postgresql\+psycopg2://USER"):
        open_storage("postgresql+psycopg2://me@127.0.0.1/db")
    with pytest.raises(ImportError, match=r"pymysql.*continuum-act\[mysql\].*mysql\+pymysql://USER"):
        open_storage("mysql+pymysql://me@127.0.0.1/db")


@pytest.mark.parametrize(
    "attributes",
    [
        {"alpha": "text"},
        {"alpha": {"alpha": "text"}},
        {"alpha": {"alpha": None}},
        {"alpha": ["alpha", 0.5]},
        {"seed:0": "text"},
        {"seed:0": {**rounds.row(0), "state": "unknown"}},
        {"seed:0": {**rounds.row(0), "seed": "0"}},
        {"seed:0": {**rounds.row(0), "objective": "text"}},
        {"seed:0": {**rounds.row(0), "history": {"val_loss": ["a", "b"]}}},
        {"seed:0": {**rounds.row(0), "history": "text"}},
        {"seed:0": {**rounds.row(0), "metrics": [1]}},
        {"seed:0": {**rounds.row(0), "pieces": "text"}},
    ],
    ids=lambda attributes: str(attributes)[:70],
)
def test_study_of_a_stranger_gets_one_line(tmp_path, attributes, capsys):
    url = f"sqlite:///{tmp_path}/s.db"
    study = optuna.create_study(storage=url, study_name="s")
    study.set_user_attr("arguments", {"objective": "val_loss", "seeds": [0]})
    study.set_user_attr("versions", {})
    study.enqueue_trial({}, user_attrs={"alpha": {"alpha": 0.5}, "seeds": [0], **attributes})
    assert main(["report", url]) == 2
    error = capsys.readouterr().err
    assert "no sweep has written" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("arguments", ["text", {"objective": 1}, []])
def test_study_whose_arguments_are_no_arguments_gets_one_line(tmp_path, arguments, capsys):
    study = optuna.create_study(storage=f"sqlite:///{tmp_path}/s.db", study_name="s")
    study.set_user_attr("arguments", arguments)
    assert main(["report", f"{tmp_path}/s.db"]) == 2
    error = capsys.readouterr().err
    assert "was not made by a sweep" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "..", "", "CON", "a/b", "a\\b", "x" * 300, "études"])
def test_name_of_a_study_is_never_a_path(name, tmp_path):
    written = as_file_name(name)
    assert written
    assert (tmp_path / written).resolve().parent == tmp_path.resolve()
    assert not set(written) & set('/\\:*?"<>|')
    assert len(written) < 100
    storage = open_storage(tmp_path / "s.db")
    assert rescue_path(storage, name).parent == tmp_path
