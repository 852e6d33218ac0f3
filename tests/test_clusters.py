"""docs/clusters.md: what can be run of it is."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import continuum_act as ca

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "clusters.md").read_text()
MODEL = """
import keras, numpy as np
import continuum_act as ca

def build(alpha):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2), ca.soft_exponential_lambda(alpha)])
    model.compile("sgd", "mse")
    return model

x = np.linspace(-1, 1, 40)[:, None]
y = np.concatenate([x, x**2], axis=1)
"""


def snippets(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def test_extras_of_the_guide_exist():
    named = {extra for group in re.findall(r"(?:continuum-act|'\.)\[([a-z,]+)\]", GUIDE) for extra in group.split(",")}
    stated = set(re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text(), re.MULTILINE))
    assert named == {"cli", "ray", "postgresql", "mysql"}
    assert named <= stated


def test_shell_of_the_guide_is_shell():
    for snippet in snippets("bash"):
        subprocess.run(["bash", "-n"], input=snippet, text=True, check=True)


@pytest.mark.slow
def test_program_of_the_guide_runs_as_two_processes_on_one_study(tmp_path):
    (tmp_path / "my_model.py").write_text(MODEL)
    program = snippets("python")[0].replace("201", "4").replace("epochs=30", "epochs=1, seeds=2, verbose=0")
    (tmp_path / "sweep.py").write_text(program)
    study = str(tmp_path / "study.db")
    environment = {**os.environ, "STUDY_URL": f"sqlite:///{study}", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "sweep.py"]
    processes = [
        subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    said = [process.communicate()[0].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert said[0] == said[1]
    result = ca.SweepResult.load(study, "width-64")
    assert len(result.rows) == 8
    assert said[0].strip().startswith(f"Best(alpha={result.best.alpha}, seed={result.best.seed}")
