"""The examples for users of other tools run, and find what they look for."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "needs", "arguments", "found"),
    [
        ("with_optuna", "optuna", {"trials": 2, "epochs": 1}, {"alpha", "learning_rate"}),
        ("with_keras_tuner", "keras_tuner", {"epochs": 1}, {"alpha"}),
        ("with_scikit_learn", "sklearn", {"epochs": 1, "folds": 2}, {"alpha"}),
    ],
)
def test_example_finds_an_alpha(name, needs, arguments, found):
    pytest.importorskip(needs)
    best = importlib.import_module(f"examples.{name}").main(**arguments)
    assert set(best) == found
    assert -1 <= best["alpha"] <= 1


@pytest.mark.slow
def test_example_of_ray_tune_finds_an_alpha(tmp_path):
    pytest.importorskip("ray.tune")
    code = "from examples.with_ray_tune import main; print(sorted(main(epochs=1)))"
    # not the cluster of a test that runs beside this one
    environment = {"RAY_ADDRESS": "local", "RAY_AIR_NEW_OUTPUT": "0", "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    environment["PYTHONPATH"] = str(ROOT)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.splitlines()[-1] == "['alpha']"
