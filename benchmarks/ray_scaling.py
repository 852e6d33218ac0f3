"""Throughput of two Ray workers against one, on members that compute: `python benchmarks/ray_scaling.py`.

Each worker trains one member at a time on one thread; both counts are measured in this run, in turn.
"""

import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ[name] = "1"  # inherited by the workers: one thread each

import keras
import numpy as np
import optuna
import ray

import continuum_act as ca

MEMBERS, ROUNDS = 8, 3


def build(alpha):
    """Return a network wide enough that its time is arithmetic."""
    model = keras.Sequential(
        [
            keras.Input((256,)),
            keras.layers.Dense(1024),
            ca.soft_exponential_lambda(alpha, domain="linear"),
            keras.layers.Dense(1024),
            ca.soft_exponential_lambda(alpha, domain="linear"),
            keras.layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    return model


def seconds(workers):
    """Time a sweep on a cluster of so many processors, started and warm."""
    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4096, 256)).astype("float32")
    y = np.tanh(x[:, :1])
    arguments = {"validation_split": 0.25, "batch_size": 128, "seeds": 1, "population": 1, "engine": "ray"}
    arguments["verbose"] = 0
    alphas = np.linspace(-0.4, 0.4, workers + 1)[1:] + 0.001  # workers import Keras
    ca.sweep(build, alphas, x, y, epochs=1, **arguments)
    start = time.perf_counter()
    ca.sweep(build, np.linspace(-0.5, 0.5, MEMBERS), x, y, epochs=6, **arguments)
    passed = time.perf_counter() - start
    ray.shutdown()
    return passed


def main():
    """Print seconds and the ratio of throughputs."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    ratios = []
    for _ in range(ROUNDS):
        one, two = seconds(1), seconds(2)
        ratios.append(one / two)
        print(f"{MEMBERS} members: 1 worker {one:.1f} s, 2 workers {two:.1f} s, x {one / two:.2f}", flush=True)
    print(f"median x {statistics.median(ratios):.2f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
