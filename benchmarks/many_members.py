"""10,000 members that sleep, 8 processes: `python benchmarks/many_members.py URL [ALPHAS [SEEDS [SECONDS]]]`.

Prints rows per second and the share of the processes' time that is spent in calls of the storage.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROCESSES = 8
WORKER = Path(__file__).with_name("sleeping_worker.py")


def measure(url, alphas, seeds, seconds):
    """Run the processes to their end; return rows per second and the share of time in the storage."""
    with tempfile.TemporaryDirectory() as folder:
        logs = [Path(folder) / str(i) for i in range(PROCESSES)]
        arguments = [str(alphas), str(seeds), str(seconds)]
        processes = [subprocess.Popen([sys.executable, WORKER, url, log, *arguments]) for log in logs]
        assert [process.wait() for process in processes] == [0] * PROCESSES
        lines = [line.split() for log in logs for line in log.read_text().splitlines()]
    trained = [(line[1], line[2]) for line in lines if line[0] == "trained"]
    assert len(trained) == len(set(trained)) == alphas * seeds
    times = [float(line[3]) for line in lines if line[0] == "trained"]
    shares = [float(line[1]) / float(line[3]) for line in lines if line[0] == "database"]
    return len(trained) / (max(times) - min(times)), sum(shares) / len(shares)


if __name__ == "__main__":
    url = sys.argv[1]
    alphas, seeds, seconds = (float(a) for a in [*sys.argv[2:], *("2000", "5", "0.1")[len(sys.argv) - 2 :]])
    start = time.perf_counter()
    rate, share = measure(url, int(alphas), int(seeds), seconds)
    print(f"{alphas * seeds:.0f} members of {seconds} s, {PROCESSES} processes: {rate:.0f} rows per second", end=", ")
    print(f"{PROCESSES / seconds:.0f} if all slept at once; {share:.0%} of their time in the storage")
