"""A process of a sweep whose members sleep instead of training, for `machines.py` and `many_members.py`.

`python benchmarks/sleeping_worker.py STORAGE LOG ALPHAS SEEDS SECONDS`
"""

import math
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import optuna

from continuum_act.population.budget import Budget, MemberResult
from continuum_act.study.queue import TrialQueue
from continuum_act.study.retries import RetryingStorage
from continuum_act.study.storage import open_storage, storage_errors
from continuum_act.sweep.progress import ProgressBar
from continuum_act.sweep.runner import SweepRunner

NAME = "sleeping"


def alphas_of(count):
    """Return so many alphas."""
    return [i / count for i in range(count)]


def objective(alpha, seed):
    """Return what a member's training comes to."""
    return math.cos(alpha * 7.0) + 0.01 * seed


class Clock:
    """Measures the time that a process spends in calls of its storage."""

    def __init__(self):
        self.seconds = 0.0
        self._depth = 0

    def watch(self):
        """Count from now on."""
        retry = RetryingStorage.retry

        def timed(storage, call):
            start, self._depth = time.perf_counter(), self._depth + 1
            try:
                return retry(storage, call)
            finally:
                self._depth -= 1
                self.seconds += 0.0 if self._depth else time.perf_counter() - start

        RetryingStorage.retry = timed


def sleep_through(storage, log, alphas, seeds, seconds):
    """Sweep; log what is claimed and what is trained, with the time of each."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def say(what, alpha, seed):
        log.write(f"{what} {alpha} {seed} {time.time()}\n")
        log.flush()

    def engine(builds, tasks, budget, population, watch):
        for task in tasks:
            for alpha, seed in task.members:
                say("claimed", alpha, seed)
            for alpha, seed in task.members:
                time.sleep(seconds)
                say("trained", alpha, seed)
                history = {"loss": [objective(alpha, seed)] * 30}
                yield MemberResult(alpha, seed, "complete", history, [], seconds=seconds)

    budget = Budget(None, None, None, epochs=30, batch_size=32, objective="loss")
    with storage_errors(storage), ProgressBar(alphas * seeds, "loss", "minimize", 0) as bar:
        queue = TrialQueue(open_storage(storage), NAME, "minimize")
        queue.describe({"model": "sleep"}, arguments={"objective": "loss", "seeds": list(range(seeds))})
        runner = SweepRunner(queue, engine, {}, budget, list(range(seeds)), None)
        runner.train(alphas_of(alphas), bar)


if __name__ == "__main__":
    clock = Clock()
    clock.watch()
    start = time.perf_counter()
    with open(sys.argv[2], "a") as file:
        try:
            sleep_through(sys.argv[1], file, int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
        finally:
            file.write(f"database {clock.seconds} of {time.perf_counter() - start}\n")
