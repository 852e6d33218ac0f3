"""The command line: what it prints, what it writes, how it refuses."""

import subprocess
import sys

import pandas as pd
import pytest

from continuum_act.command_line.main import main, parse_alphas

SMALL = ["--data", "wine", "--alphas=-0.5:0.5:3", "--seeds", "2", "--epochs", "1"]


@pytest.mark.slow
def test_sweep_writes_table_pictures_and_study_then_says_that_it_is_done(tmp_path, capsys):
    command = ["sweep", *SMALL, "--out", str(tmp_path)]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "133 rows to train, 45 to validate" in printed
    for name in ("relu", "elu", "±", "best"):
        assert name in printed
    written = tmp_path / "wine-real"
    assert {p.name for p in written.iterdir()} == {
        "sweep.csv", "sweep.json", "sweep.png", "learning-curves.png"
    }  # fmt: skip
    table = pd.read_csv(written / "sweep.csv")
    assert len(table) == (3 + 2) * 2
    assert set(table["state"]) == {"complete"}

    assert main(command) == 0
    assert "nothing left to train" in capsys.readouterr().out
    assert main(["report", str(tmp_path / "study.db")]) == 0
    assert "wine-real" in capsys.readouterr().out

    before = (tmp_path / "study.db").read_bytes()
    assert main([*command, "--epochs", "2"]) == 2
    assert "another epochs (1 then, 2 now)" in capsys.readouterr().err
    assert (tmp_path / "study.db").read_bytes() == before


@pytest.mark.slow
def test_sweep_of_a_csv_file_with_text_and_gaps(tmp_path, capsys):
    table = pd.DataFrame({"size": [1.0, 2.0, None, 4.0] * 10, "colour": ["red", "blue", None, "red"] * 10})
    table["price"] = [float(i % 4) * 1.5 for i in range(40)]
    table.to_csv(tmp_path / "t.csv", index=False)
    command = ["sweep", "--data", str(tmp_path / "t.csv"), "--target", "price", "--alphas=0,1j", "--kind",
               "complex", "--seeds", "1", "--epochs", "1", "--out", str(tmp_path)]  # fmt: skip
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "4 inputs, regression" in printed  # size; red, blue, missing
    assert "20 missing values filled" in printed
    assert (tmp_path / "t-complex" / "sweep.png").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sweep", "--alphas=a:b:3"], "--alphas='a:b:3' cannot be read"),
        (["sweep", "--alphas=-1:1:0"], "at least one"),
        (["sweep", "--alphas=nan"], "finite"),
        (["sweep", "--alphas=1j"], "--kind complex takes 1j"),
        (["sweep", "--alphas=1,1"], "once"),
        (["sweep", "--data", "iris"], "no data set 'iris'"),
        (["sweep", "--data", "no.csv", "--target", "y"], "no.csv"),
        (["sweep", "--data", "t.csv", "--target", "z"], "no column 'z'"),
        (["sweep", "--data", "t.csv"], "needs --target"),
        (["sweep", "--target", "y"], "--target is for a CSV file"),
        (["sweep", "--seeds", "0"], "seeds"),
        (["sweep", "--epochs", "0"], "epochs"),
        (["sweep", "--out", "t.csv"], "t.csv"),
        (["sweep", "--storage", "nowhere/s.db"], "no directory nowhere"),
        (["sweep", "--storage", "t.csv"], "cannot be used as an Optuna study"),
        (["report", "nothing.db"], "no file nothing.db"),
        (["report", "t.csv"], "cannot be used as an Optuna study"),
        (["plot", "--out", "f.txt"], "its ending must be one of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_input_gets_one_line_and_exit_code_2(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("x,y\n" + "1,2\n" * 20)
    assert main(arguments) == 2
    error = capsys.readouterr().err.splitlines()
    assert [line for line in error if line.startswith("continuum-act: error:")] == error[-1:]
    assert words in error[-1]


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("-1:1:3", "real", [-1.0, 0.0, 1.0]),
        ("-1:1:21", "real", [pytest.approx(i / 10) for i in range(-10, 11)]),
        ("0.25", "real", [0.25]),
        ("0,0.5+1j", "complex", [0j, 0.5 + 1j]),
        ("-1j:1j:3", "complex", [-1j, 0j, 1j]),
    ],
)
def test_alphas_are_read(text, kind, expected):
    assert parse_alphas(text, kind) == expected


def test_zero_of_a_grid_is_zero():
    assert parse_alphas("-1:1:21")[10] == 0.0


HEAVY = ("optuna", "matplotlib", "pandas", "sklearn", "scipy", "ray")
IMPORTED_BESIDE_KERAS = f"""
import sys, keras  # Keras imports some of these itself, where they are installed
before = set(sys.modules)
import continuum_act
{{}}
print([name for name in {HEAVY} if name in set(sys.modules) - before])
"""


@pytest.mark.slow
def test_import_adds_no_optional_package_to_keras():
    def imported(extra=""):
        command = [sys.executable, "-c", IMPORTED_BESIDE_KERAS.format(extra)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert imported() == "[]"
    assert imported("import optuna") == "['optuna']"  # so the check can fail


def test_module_runs_as_the_console_script(tmp_path):
    picture = tmp_path / "f.svg"
    command = [sys.executable, "-m", "continuum_act", "plot", "--out", str(picture)]
    drawn = subprocess.run(command, capture_output=True, text=True)
    assert (drawn.returncode, drawn.stdout.strip()) == (0, str(picture))
    assert picture.read_text().count("<path") > 9
