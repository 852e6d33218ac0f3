"""SIGTERM ends a sweep with the status of the signal, and leaves the handlers of others alone."""

import os
import signal

import pytest

from continuum_act.sweep.termination import exit_on_sigterm


@pytest.fixture(autouse=True)
def no_handler():
    """Let SIGTERM have no handler, as Ray sets one for good in the process that starts it."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGTERM, before)


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def terminate_as_ray_does() -> None:
    try:
        terminate()
    except SystemExit:
        raise SystemExit(1) from None


@pytest.mark.parametrize("interrupted", [terminate, terminate_as_ray_does])
def test_status_is_that_of_the_signal_whatever_it_interrupts(interrupted, capsys):
    with pytest.raises(SystemExit) as caught, exit_on_sigterm("stopped"):
        interrupted()
    assert caught.value.code == 143
    assert capsys.readouterr().err == "stopped\n"
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_exit_of_the_users_own_code_keeps_its_status():
    with pytest.raises(SystemExit) as caught, exit_on_sigterm("stopped"):
        raise SystemExit(3)
    assert caught.value.code == 3


def test_handler_of_the_user_stays(capsys):
    received = []
    signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
    try:
        with exit_on_sigterm("stopped"):
            terminate()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert received == [signal.SIGTERM]
    assert capsys.readouterr().err == ""
