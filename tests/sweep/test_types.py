"""A type checker finds planted mistakes in what is asked of a sweep and of its result."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

RIGHT = """
import continuum_act as ca
import numpy as np
x = np.zeros((8, 2))
def build(alpha: object) -> object: ...
ca.sweep(build, [0.0, 0.5], x, x, epochs=2, engine="ray", epoch="best", direction="maximize", verbose=0)
result = ca.SweepResult.load("study.db")
worst: float = max(row["objective"] for row in result.rows if row["state"] == "complete")
errors: list[str] = [row["error"] for row in result.failures if row["state"] == "failed"]
rivals: list[str] = [c["rival"] for c in result.comparison if c["verdict"] == "better"]
error: float = result.summary[0]["standard_error"] + result.best.objective
losses: list[float] = result.histories[0.5, 0]["val_loss"]
names: list[str] = [row["baseline"] for row in result.baselines]
"""
PLANTED = {
    'result.rows[0]["objectiv"]': "typeddict-item",
    'result.rows[0]["baseline"]': "typeddict-item",
    'result.baselines[0]["alpha"]': "typeddict-item",
    'result.rows[0]["state"] == "done"': "comparison-overlap",
    'result.summary[0]["std"]': "typeddict-item",
    'result.comparison[0]["p_value"]': "typeddict-item",
    'result.comparison[0]["verdict"] == "equal"': "comparison-overlap",
    "result.best.loss": "attr-defined",
    'ca.SweepResult([], direction="min")': "arg-type",
    'ca.sweep(build, [0.0], x, epochs=2, engine="rya")': "arg-type",
    'ca.sweep(build, [0.0], x, epochs=2, epoch="first")': "arg-type",
    'ca.sweep(build, [0.0], x, epochs=2, direction="up")': "arg-type",
    "ca.sweep(build, [0.0], x, epochs=2, bathc_size=3)": "call-arg",
    'ca.sweep(build, [0.0], x, epochs="2")': "arg-type",
}


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy comes with the extra [lint]")
def test_misspelt_names_and_wrong_values_are_found(tmp_path):
    file = tmp_path / "asked.py"
    file.write_text(RIGHT + "\n".join(PLANTED) + "\n")
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict-equality", "--ignore-missing-imports", "--follow-imports=silent",
         "--config-file=", f"--cache-dir={tmp_path / 'cache'}", str(file)],
        capture_output=True, text=True, cwd=Path(__file__).parents[2],
    ).stdout  # fmt: skip
    first = RIGHT.count("\n") + 1
    errors = {}
    for line in found.splitlines():
        if ": error: " in line:
            errors[int(line.split(":")[1]) - first] = line.rsplit("[", 1)[1].rstrip("]")
    assert errors == dict(enumerate(PLANTED.values())), found
