"""Claims of processes that live, die, or are only thought dead."""

import os

import optuna
import pytest

from continuum_act.study import heartbeat
from continuum_act.study.queue import TrialQueue
from continuum_act.study.storage import open_storage
from tests.study.rounds import row


@pytest.fixture
def clock(monkeypatch):
    """Let time pass by `clock(seconds)`."""
    now = [0.0]
    monkeypatch.setattr(heartbeat.time, "monotonic", lambda: now[0])

    def wait(seconds):
        now[0] += seconds

    return wait


def queue_on(path):
    storage = path
    if path.suffix == ".log":
        storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
    return TrialQueue(open_storage(storage), "s", "minimize")


def sign(claim, beat=0, **signature):
    worker = {**claim.trial.user_attrs["worker"], "system": "elsewhere", **signature}
    claim.trial.set_user_attr("worker", worker)
    claim.trial.set_user_attr("beat", {"id": worker["id"], "count": beat})


def states(queue):
    return [trial.state.name for trial in queue._study.trials]


@pytest.fixture(params=["s.db", "s.log"], ids=["sqlite", "journal"])
def pair(tmp_path, request):
    """Return a queue that has claimed an alpha, its claim, and a queue that watches."""
    mine, other = queue_on(tmp_path / request.param), queue_on(tmp_path / request.param)
    mine.enqueue([0.5], [0, 1])
    [claim] = mine.claim(1)
    return mine, claim, other


def test_claim_of_a_silent_host_is_taken_over_after_the_grace_period(pair, clock):
    _, claim, other = pair
    sign(claim, host="elsewhere", pid=7)
    assert other.take_back() == [f"trial 0 of process 7 on elsewhere: {heartbeat.GRACE:.0f} s"]
    for _ in range(20):
        clock(heartbeat.GRACE / 21)
        assert len(other.take_back()) == 1
    clock(4.0)
    assert other.take_back() == []
    assert states(other) == ["WAITING"]
    assert [c.alpha for c in other.claim(1)] == [0.5]


def test_claim_that_beats_is_left_alone_whatever_its_host_and_process_are_called(pair, clock):
    """As in containers with equal host names and process ids of their own."""
    _, claim, other = pair
    for beat in range(50):
        sign(claim, pid=os.getpid(), beat=beat)
        assert len(other.take_back()) == 1
        clock(4.0)
    assert states(other) == ["RUNNING"]


def test_time_in_which_nobody_looked_does_not_count(pair, clock):
    """The storage may have been away, and no beat have come through."""
    _, claim, other = pair
    sign(claim)
    other.take_back()
    clock(10 * heartbeat.GRACE)
    assert len(other.take_back()) == 1
    assert states(other) == ["RUNNING"]


def test_claim_without_a_signature_is_taken_over_too(pair, clock):
    """Its process died between the claim and the signature."""
    _, claim, other = pair
    claim.trial.set_user_attr("beat", {"id": claim.trial.user_attrs["worker"]["id"], "count": "text"})
    assert heartbeat.signature_of(other._study.trials[0])["beat"] == 0
    claim.trial.set_user_attr("worker", "text")
    while other.take_back():
        clock(4.0)
    assert states(other) == ["WAITING"]


def test_claim_of_an_ended_process_of_this_system_is_taken_over_at_once(pair):
    mine, claim, other = pair
    with mine.beating():
        assert len(other.take_back()) == 1
        sign(claim, system=heartbeat.system(), pid=2**22 + 1)
        assert other.take_back() == []
    assert states(other) == ["WAITING"]


def test_claim_that_this_process_gave_up_is_taken_over_at_once(pair):
    """As after Ctrl-C in a notebook on a disk that was full: the trial could not be put back."""
    mine, _, other = pair
    with mine.beating():
        assert len(other.take_back()) == 1
    assert other.take_back() == []
    assert states(other) == ["WAITING"]


def test_beats_reach_the_study_and_spare_what_another_process_took_over(pair, monkeypatch):
    mine, claim, other = pair
    monkeypatch.setattr(heartbeat, "BEAT", 0.02)

    def signature():
        [trial] = other._study.trials
        return heartbeat.signature_of(trial)

    first = signature()
    with mine.beating():
        while signature()["beat"] <= first["beat"]:
            pass
        other._storage.set_trial_state_values(claim.trial._trial_id, state=other._study.trials[0].state.WAITING)
        other.claim(1)
        taken = signature()
        assert taken["id"] != first["id"]
        beats = mine._claims._worker.beats
        while mine._claims._worker.beats < beats + 5:
            pass
        assert signature() == taken
        mine.release()
        assert states(other) == ["RUNNING"]


def test_beat_that_comes_late_does_not_claim_anew(pair, clock):
    """Its process found the claim its own, and another took it over before the beat was written."""
    mine, claim, other = pair
    worker = mine._claims._worker
    other._storage.set_trial_state_values(claim.trial._trial_id, state=other._study.trials[0].state.WAITING)
    other.claim(1)
    claim.trial.set_user_attr("beat", worker.beat())
    third = TrialQueue(other._storage, "s", "minimize")
    assert heartbeat.signature_of(third._study.trials[0])["id"] == other._claims._worker.id
    mine.release()
    assert states(other) == ["RUNNING"]


def test_row_of_a_claim_that_was_taken_over_is_kept(pair):
    mine, claim, other = pair
    assert other.take_back() == []
    assert mine.record(claim, row(0))  # nobody has finished it
    [taken] = other.claim(1)
    assert taken.rows == {0: row(0)}
    other.record(taken, row(1))
    other.finish(taken)
    assert not mine.record(claim, row(1))
    mine.finish(claim)
    assert states(other) == ["COMPLETE"]
    assert other.lacking([0.5], [0, 1]) == {}


def test_row_for_a_trial_that_was_closed_without_it_is_kept(pair):
    mine, claim, other = pair
    other._study.tell(0, state=other._study.trials[0].state.FAIL)
    assert not mine.record(claim, row(0))
    assert not mine.record(claim, row(1))
    assert states(other) == ["FAIL", "WAITING"]
    assert other.lacking([0.5], [0, 1]) == {}


def test_released_trial_waits_again_with_its_rows_and_no_failure(pair):
    mine, claim, other = pair
    mine.record(claim, row(1))
    mine.release()
    assert states(other) == ["WAITING"]
    [again] = other.claim(1)
    assert again.rows == {1: row(1)}


def test_only_what_is_asked_for_is_claimed(pair):
    """Another process's grid may hold baselines that this one cannot build."""
    mine, _, other = pair
    mine.enqueue([0.1, "relu", 0.2], [0])
    assert [c.alpha for c in other.claim(5, [0.2, 0.3])] == [0.2]
    assert [c.alpha for c in other.claim(5)] == [0.1, "relu"]
