"""The README: its snippets run, in one process but for the one that says otherwise."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
SNIPPET = re.compile(r"(<!-- a new process -->\n)?```python\n(.*?)```", re.DOTALL)


@pytest.mark.slow
def test_snippets_run_in_their_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    snippets = SNIPPET.findall(README.read_text())
    assert len(snippets) == 6
    names = {}
    for elsewhere, code in snippets:
        if elsewhere:
            run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
            assert run.stdout.strip() == "(2, 4)"
        else:
            exec(compile(code, str(README), "exec"), names)
    assert {p.name for p in tmp_path.iterdir()} >= {"model.keras", "study.db", "sweep.png", "best.keras"}


def test_a_command_runs_the_main_job_and_another_the_tests():
    text = README.read_text()
    commands = re.findall(r"<!-- (main job|tests) -->\n```sh\n(.*)\n```", text)
    assert [name for name, _ in commands] == ["main job", "tests"]
    ci = (README.parent / ".ci" / "run").read_text()
    assert "<!-- tests -->" in ci  # taken from the README, not written again
