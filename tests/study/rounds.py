"""Several processes that claim and record, round after round, and train nothing."""

import multiprocessing
import time
from collections import Counter

import optuna

from continuum_act.study.queue import TrialQueue
from continuum_act.study.storage import open_storage
from continuum_act.study.trial_rows import read_rows

PROCESSES = 4
SEEDS = [0]


def grid(process):
    """Return the alphas of a process: each shares some with its neighbours."""
    return [0.1 * (process + i) for i in range(2)]


def name_of(number):
    return f"round {number}"


def row(seed):
    """Return the row of a member."""
    return {
        "seed": seed,
        "state": "complete",
        "objective": 0.5,
        "epochs": 1,
        "seconds": 0.1,
        "metrics": {"val_loss": 0.5},
        "history": {"val_loss": [0.5]},
    }


def play(process, url, rounds, start, results):
    """Play rounds on one database, each a study that all processes find at the same moment."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    done = []
    start.wait()
    storage = open_storage(url)
    for number in range(rounds):
        start.wait()
        queue, alphas = TrialQueue(storage, name_of(number), "minimize"), grid(process)
        with queue.beating():
            while queue.lacking(alphas, SEEDS):
                queue.enqueue(alphas, SEEDS)
                for claim in queue.claim(1 + process % 2, alphas):
                    for seed in claim.seeds:
                        if seed not in claim.rows:
                            done.append((number, claim.alpha, seed))
                            assert queue.record(claim, row(seed))
                    queue.finish(claim)
                time.sleep(0.001)
    results.put(done)


def play_together(url, rounds):
    """Let all processes play; return how often each member of each round was recorded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    start, results = context.Barrier(PROCESSES), context.Queue()
    processes = [
        context.Process(target=play, args=(process, url, rounds, start, results)) for process in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    recorded = Counter(member for _ in processes for member in results.get(timeout=120))
    for process in processes:
        process.join()
    return recorded


def check(url, rounds):
    """Check that each round has one trial per alpha, complete, and each member was recorded once."""
    recorded = play_together(url, rounds)
    alphas = sorted({alpha for process in range(PROCESSES) for alpha in grid(process)})
    expected = [(number, alpha, seed) for number in range(rounds) for alpha in alphas for seed in SEEDS]
    assert recorded == Counter(expected)
    storage = open_storage(url)
    for number in range(rounds):
        study = optuna.load_study(storage=storage, study_name=name_of(number))
        assert [(alpha, row["seed"]) for alpha, row in read_rows(study)] == [
            (a, s) for _, a, s in expected[: len(alphas)]
        ]
        assert [t.state.name for t in study.get_trials(deepcopy=False)] == ["COMPLETE"] * len(alphas)
