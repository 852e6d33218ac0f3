"""A type checker finds the mistakes that a user of the functions and layers makes, and no others."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy", reason="mypy is not installed: pip install mypy")
ROOT = Path(__file__).parents[2]
RIGHT = """
import keras
import numpy as np
import continuum_act as ca

x = np.ones((2, 3), "float32")
v = keras.Variable(0.3)
for alpha in (0.3, np.float32(0.3), [0.1, 0.2, 0.3], x, v):
    ca.soft_exponential(x, alpha, domain="linear")
    ca.soft_exponential([[1.0, 2.0]], alpha)
    ca.soft_exponential_lambda(alpha)
ca.soft_exponential(1, 1)
ca.complex_soft_exponential(x, 0.3j)
ca.complex_soft_exponential([x, x], (v, 0.2), join="list").append(x)
ca.complex_soft_exponential(x, np.array([1j])).shape
ca.complex_soft_exponential_lambda((0.1, 0.2), join="concat", name="both").alpha
re, im = ca.split_parts(ca.join_parts(x, x, join="stack"), join="stack")
ca.gain(0.3).std
"""
WRONG = """
ca.soft_exponential(x, 0.3, domain="lineal")
ca.soft_exponential_lambda(0.3, domain="stict")
ca.SoftExponential(domain="linaer")
ca.complex_soft_exponential(x, 0.3j, join="concatenate")
ca.complex_soft_exponential_lambda(0.3j, join="stak")
ca.ComplexSoftExponential(join="lst")
ca.join_parts(x, x, join="both")
ca.soft_exponential(x, 0.3, domian="linear")
ca.gain(0.3, max_slop=2.0)
ca.soft_exponential("0.5", 0.3)
ca.complex_soft_exponential("0.5", 0.3)
ca.soft_exponential(x, 0.3j)
ca.soft_exponential_lambda(0.3j)
ca.gain(0.3j)
ca.complex_soft_exponential(x, 0.3j, join="list").shape
ca.soft_exponential(x, 0.3, max_slope="3")
"""


@pytest.mark.slow
def test_type_checker_finds_each_planted_mistake_and_passes_what_is_right(tmp_path):
    path = tmp_path / "planted.py"
    path.write_text(RIGHT.strip() + WRONG)
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "--cache-dir", str(tmp_path), str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    found = {int(line.split(":")[1]) for line in run.stdout.splitlines() if "planted.py" in line and ": error:" in line}
    first = len(RIGHT.strip().splitlines()) + 1
    assert found == set(range(first, first + len(WRONG.strip().splitlines()))), run.stdout
