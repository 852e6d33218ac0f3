"""What a sweep loses when a machine does: `python benchmarks/machines.py [FAULT ...]`, as root on Linux.

Three processes share a study of 24 alphas and two seeds whose members sleep half a second. In its middle comes a fault.
"In hand" are the members that were claimed and not trained where it came, "lost" those that were trained there and had
to be trained again, "doubled" all that were trained twice; "until taken over" is the time from the fault until another
process trains what was in hand, or the longest pause of a process whose storage was away. Each time, the rows are
compared with an undisturbed run's.
"""

import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import optuna
import psutil
import sqlalchemy
from sleeping_worker import NAME, alphas_of, objective

from continuum_act.study.storage import open_storage
from continuum_act.study.trial_rows import read_rows

ALPHAS, SEEDS, SECONDS, PROCESSES = 24, 2, 0.5, 3
HERE = Path(__file__).parent
PORT = 54329
ELSEWHERE = ["unshare", "--uts", "--pid", "--mount-proc", "--fork", "--kill-child", "sh", "-c"]


class Sweep:
    """Three processes on one storage, each on a host of its own if `hosts`."""

    def __init__(self, url, folder, hosts):
        self.url, self.logs = url, [folder / f"log-{i}" for i in range(PROCESSES)]
        self.commands = []
        for i, log in enumerate(self.logs):
            command = [
                sys.executable,
                str(HERE / "sleeping_worker.py"),
                url,
                str(log),
                *map(str, (ALPHAS, SEEDS, SECONDS)),
            ]
            if hosts:
                command = [*ELSEWHERE, f'hostname machine-{i}; exec "$@"', "sh", *command]
            self.commands.append(command)
        self.processes = [self.start(i) for i in range(PROCESSES)]

    def start(self, i):
        return subprocess.Popen(self.commands[i], cwd=HERE.parent, stderr=self.logs[i].with_suffix(".err").open("a"))

    def lines(self, i):
        log = self.logs[i].read_text().split("\n") if self.logs[i].exists() else []
        return [line.split() for line in log[:-1]]

    def trained(self, i):
        return [((line[1], line[2]), float(line[3])) for line in self.lines(i) if line[0] == "trained"]

    def wait_for_the_middle(self):
        while min(len(self.trained(i)) for i in range(PROCESSES)) < 2:
            time.sleep(0.02)

    def signal(self, i, number):
        process = psutil.Process(self.processes[i].pid)
        for each in [*process.children(recursive=True)] or [process]:
            each.send_signal(number)


def fault_of(number):
    """Return a fault: a signal to the first process, whose claims the others take over."""

    def send(sweep, folder):
        sweep.signal(0, number)
        return [0]

    return send


def kill_caller(sweep, folder):
    for i in range(PROCESSES):
        sweep.signal(i, signal.SIGKILL)
        sweep.processes[i].wait()
    sweep.processes = [sweep.start(i) for i in range(PROCESSES)]
    return [0, 1, 2]


def restart(mode):
    def do(sweep, folder):
        subprocess.run([HERE.parent / ".ci" / "postgresql", "restart", folder, str(PORT), "-m", mode], check=True)
        return []

    return do


def drop_connections(sweep, folder):
    with sqlalchemy.create_engine(sweep.url).connect() as connection:
        every = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        connection.execute(sqlalchemy.text(every))
    return []


def fill_disk(sweep, folder):
    with open(folder / "filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"0" * 512)
        except OSError:
            pass
    time.sleep(10)
    (folder / "filler").unlink(missing_ok=True)
    return []


FAULTS = {
    "SIGKILL of a process": ("postgresql", False, fault_of(signal.SIGKILL)),
    "SIGTERM of a process": ("postgresql", False, fault_of(signal.SIGTERM)),
    "SIGINT of a process": ("postgresql", False, fault_of(signal.SIGINT)),
    "SIGKILL of a host": ("postgresql", True, fault_of(signal.SIGKILL)),
    "SIGTERM of a host": ("postgresql", True, fault_of(signal.SIGTERM)),
    "SIGKILL of a host, SQLite": ("sqlite", True, fault_of(signal.SIGKILL)),
    "SIGKILL of all, started again": ("postgresql", False, kill_caller),
    "server restarted, fast": ("postgresql", True, restart("fast")),
    "server restarted, immediate": ("postgresql", True, restart("immediate")),
    "idle connections dropped": ("postgresql", True, drop_connections),
    "disk full for 10 s, SQLite": ("tmpfs", False, fill_disk),
}


def measure(kind, hosts, fault):
    """Return what was in hand, lost and doubled, and the seconds until it was taken over."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    url = (
        str(folder / "study.db")
        if kind != "postgresql"
        else f"postgresql+psycopg2://postgres@127.0.0.1:{PORT}/postgres"
    )
    if kind == "postgresql":
        subprocess.run([HERE.parent / ".ci" / "postgresql", "start", folder, str(PORT)], check=True)
    if kind == "tmpfs":
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", folder], check=True)
    try:
        logs = Path(tempfile.mkdtemp())
        sweep = Sweep(url, logs, hosts)
        sweep.wait_for_the_middle()
        moment = time.time()
        hit = fault(sweep, folder)
        before = {i: {m for m, at in sweep.trained(i) if at <= moment} for i in hit}
        in_hand = {(line[1], line[2]) for i in hit for line in sweep.lines(i) if line[0] == "claimed"}
        in_hand -= set().union(*before.values()) if hit else set()
        codes = [process.wait() for process in sweep.processes]
        trained = [entry for i in range(PROCESSES) for entry in sweep.trained(i)]
        if hit:
            pause = min(at for member, at in trained if at > moment and member in in_hand) - SECONDS - moment
        else:
            times = [sorted(at for _, at in sweep.trained(i)) for i in range(PROCESSES)]
            pause = max(b - a for of in times for a, b in itertools.pairwise(of) if b > moment) - SECONDS
        counts = Counter(member for member, _ in trained)
        study = optuna.load_study(storage=open_storage(url), study_name=NAME)
        rows = [(alpha, row["seed"], row["objective"]) for alpha, row in read_rows(study)]
        right = rows == [(a, s, objective(a, s)) for a in alphas_of(ALPHAS) for s in range(SEEDS)]
        states = Counter(t.state.name for t in study.trials)
        lost = sum(counts[m] > 1 for m in set().union(*before.values())) if hit else 0
        doubled = sum(count > 1 for count in counts.values())
        shutil.rmtree(logs)
        return len(in_hand), lost, doubled, pause, right, dict(states), codes
    finally:
        if kind == "postgresql":
            subprocess.run([HERE.parent / ".ci" / "postgresql", "stop", folder, str(PORT), "-m", "fast"], check=True)
        if kind == "tmpfs":
            subprocess.run(["umount", "-l", folder], check=True)
        shutil.rmtree(folder)


if __name__ == "__main__":
    print("| fault | in hand | lost | doubled | s until taken over | rows equal | trials | exit codes |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in sys.argv[1:] or FAULTS:
        hand, lost, doubled, seconds, right, states, codes = measure(*FAULTS[name])
        print(f"| {name} | {hand} | {lost} | {doubled} | {seconds:.1f} | {right} | {states} | {codes} |", flush=True)
