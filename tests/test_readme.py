"""The README: each of its snippets runs by itself, it names what there is, and its commands are those of CI."""

import re
from pathlib import Path

import pytest

import continuum_act as ca

README = Path(__file__).parents[1] / "README.md"
SNIPPETS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize("code", SNIPPETS, ids=["a layer", "complex", "a sweep"])
def test_snippet_runs_alone(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(code, str(README), "exec"), names)
    if "result" in names:
        assert {p.name for p in tmp_path.iterdir()} >= {"study.db", "sweep.png", "best.keras"}
        assert names["result"].comparison, "the example has a rival to be compared with"
        assert all(row["state"] == "complete" for row in names["result"].rows)


def test_every_public_name_is_there():
    assert [name for name in ca.__all__ if f"`{name}`" not in README.read_text()] == []


def test_the_first_screen_has_formula_picture_install_and_code_in_this_order():
    screen = README.read_text().partition("\n## ")[0]
    places = [screen.index(part) for part in ("log(1 - alpha*(x + alpha))", "![", "pip install", "```python")]
    assert places == sorted(places)


def test_a_command_runs_the_main_job_and_another_the_tests():
    text = README.read_text()
    commands = re.findall(r"<!-- (main job|tests) -->\n```sh\n(.*)\n```", text)
    assert [name for name, _ in commands] == ["main job", "tests"]
    ci = (README.parent / ".ci" / "run").read_text()
    assert "<!-- tests -->" in ci  # taken from the README, not written again
