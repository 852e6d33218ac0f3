"""The command line: what it prints, what it writes, how it refuses."""

import keras
import numpy as np
import pandas as pd
import pytest

from continuum_act.command_line import experiment, saved, tables
from continuum_act.command_line.arguments import join_negative_values, parse_alphas, parse_seeds, parser
from continuum_act.command_line.main import main
from continuum_act.sweep.result import SweepResult

SMALL = ["--data", "wine", "--alphas=-0.5:0.5:3", "--seeds", "2", "--epochs", "1"]


@pytest.mark.slow
def test_sweep_writes_table_pictures_model_and_study_then_says_that_it_is_done(tmp_path, capsys):
    command = ["sweep", *SMALL, "--out", str(tmp_path), "--test-share", "0.2"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "106 rows to train, 36 to validate, 36 to test, 13 inputs, 3 classes" in printed
    for name in ("relu", "elu", "gelu", "tanh", "best", "on the 36 rows held out"):
        assert name in printed
    written = tmp_path / "wine-real"
    assert {p.name for p in written.iterdir()} == {
        "sweep.csv", "sweep.json", "sweep.png", "learning-curves.png", "test.csv",
        "best_model.keras", "pipeline.skops", "target.json",
    }  # fmt: skip
    table = pd.read_csv(written / "sweep.csv")
    assert len(table) == (3 + 4) * 2
    assert set(table["state"]) == {"complete"}
    test = pd.read_csv(written / "test.csv")
    assert len(test) == (1 + 4) * 2
    assert set(test["baseline"].dropna()) == {"relu", "elu", "gelu", "tanh"}
    assert {"test_loss", "test_accuracy"} <= set(test.columns)

    model = (written / "best_model.keras").read_bytes()
    assert main(command) == 0
    assert "nothing left to train" in capsys.readouterr().out
    assert (written / "best_model.keras").read_bytes() == model
    assert main(["report", str(tmp_path / "study.db")]) == 0
    assert "wine-real" in capsys.readouterr().out

    storage = str(tmp_path / "study.db")
    study = experiment.Experiment(tables.load("wine", test_share=0.2), "real", 2, 1, 32, storage, None, "local")
    row = {"seed": 0, "state": "complete", "objective": 0.0, "epochs": 1, "seconds": 1.0}
    lines = study.test(SweepResult([{"alpha": 0.123, **row}]), written)
    assert lines[0].startswith("the test rows were used already, for alpha = ")

    before = (tmp_path / "study.db").read_bytes()
    assert main([*command, "--epochs", "2"]) == 2
    assert "another epochs (1 then, 2 now)" in capsys.readouterr().err
    assert (tmp_path / "study.db").read_bytes() == before

    assert main(["report", str(tmp_path / "study.db"), "--study", "wine-real (baselines)"]) == 2
    assert "choose one with --study NAME" in capsys.readouterr().err
    assert main(["report", str(tmp_path / "study.db"), "--study", "wine-real (test)"]) == 0


@pytest.mark.slow
def test_a_file_is_swept_and_its_model_names_the_classes_of_new_rows(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(experiment, "BASELINES", ("relu",))
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"size": rng.normal(size=80), "colour": rng.choice(["red", "blue", None], 80)})
    table["kind"] = np.where(table["size"] > 0, "large", "None")
    file = tmp_path / "a?b#c%d.csv"  # each of which means something in a URL
    table.to_csv(file, index=False, sep=";")
    command = ["sweep", "--data", str(file), "--target", "kind", "--sep", ";", "--alphas", "-0.5,0.5j",
               "--kind", "complex", "--seeds", "3,7", "--epochs", "20", "--batch-size", "8", "--study", "mine",
               "--out", str(tmp_path / "o?{x}"), "--storage", str(tmp_path / "s?t#u%v.db")]  # fmt: skip
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "4 inputs, 2 classes" in printed  # size; red, blue, missing
    assert (tmp_path / "s?t#u%v.db").is_file()
    assert main(["report", str(tmp_path / "s?t#u%v.db")]) == 0
    directory = tmp_path / "o?{x}" / "mine"
    assert set(pd.read_csv(directory / "sweep.csv")["seed"]) == {3, 7}

    model = keras.models.load_model(directory / "best_model.keras")
    new = saved.load_pipeline(directory / "pipeline.skops").transform(pd.read_csv(file, sep=";"))
    named = saved.load_target(directory / "target.json").decode(model.predict(new, verbose=0))
    assert (named == table["kind"]).mean() > 0.9


@pytest.mark.slow
def test_another_exit_code_where_no_alpha_completed(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(experiment, "network", diverging)
    monkeypatch.setattr(experiment, "BASELINES", ())
    assert main(["sweep", *SMALL, "--out", str(tmp_path)]) == 3
    error = capsys.readouterr().err
    assert "no alpha of the study 'wine-real' completed for every seed" in error
    assert "diverged" in error
    assert main(["report", str(tmp_path / "study.db")]) == 3


def diverging(data, activation, units=8):
    """Return a model whose loss is NaN."""
    nan = keras.initializers.Constant(float("nan"))
    model = keras.Sequential(
        [keras.Input(data.train.x.shape[1:]), activation(), keras.layers.Dense(3, kernel_initializer=nan)]
    )
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sweep", "--alphas=a:b:3"], "--alphas='a:b:3' cannot be read"),
        (["sweep", "--alphas=-1:1:0"], "at least one"),
        (["sweep", "--alphas=-1:1:-3"], "at least one"),
        (["sweep", "--alphas=0:1:99999999999"], "names 99999999999 alphas; 10000 are the most"),
        (["sweep", "--alphas=nan"], "finite"),
        (["sweep", "--alphas", "-inf"], "finite"),
        (["sweep", "--alphas=-1.7e308:1.7e308:3"], "finite"),
        (["sweep", "--kind", "complex", "--alphas=1e999j"], "finite"),
        (["sweep", "--alphas=0:1:2:3"], "cannot be read"),
        (["sweep", "--alphas=1j"], "--kind complex takes 1j"),
        (["sweep", "--alphas="], "cannot be read"),
        (["sweep", "--alphas=1,1"], "once"),
        (["sweep", "--seeds", "a"], "--seeds='a' cannot be read"),
        (["sweep", "--seeds", "0,,1"], "cannot be read"),
        (["sweep", "--seeds", "0"], "seeds"),
        (["sweep", "--seeds", "1,1"], "seeds"),
        (["sweep", "--seeds", "-3"], "seeds"),
        (["sweep", "--epochs", "0"], "epochs"),
        (["sweep", "--batch-size", "0"], "batch_size"),
        (["sweep", "--test-share", "1"], "share of rows to test"),
        (["sweep", "--test-share", "nan"], "share of rows to test"),
        (["sweep", "--data", "iris"], "no data set 'iris'"),
        (["sweep", "--data", "no.csv", "--target", "y"], "no file no.csv"),
        (["sweep", "--data", ".", "--target", "y"], "is a directory"),
        (["sweep", "--data", "t.xlsx", "--target", "y"], "workbook"),
        (["sweep", "--data", "t.csv", "--target", "z"], "no column 'z'; it has: 'x', 'y'"),
        (["sweep", "--data", "t.csv"], "needs --target, one of its columns: 'x', 'y'"),
        (["sweep", "--data", "t.csv", "--target", "y", "--drop", "w"], "no column 'w' to drop"),
        (["sweep", "--data", "t.csv", "--target", "y", "--sep", ";"], "separated by commas"),
        (["sweep", "--data", "t.csv", "--target", "y"], "constant"),
        (["sweep", "--target", "y"], "--target is for a file"),
        (["sweep", "--out", "t.csv"], "--out t.csv is a file"),
        (["sweep", "--out", "t.csv/deeper"], "t.csv"),
        (["sweep", "--study", "a/b"], "names a directory, too"),
        (["sweep", "--study", ".."], "names a directory, too"),
        (["sweep", "--storage", "nowhere/s.db"], "no directory nowhere"),
        (["sweep", "--storage", "t.csv"], "cannot be used as an Optuna study"),
        (["report", "nothing.db"], "no file nothing.db"),
        (["report", "sqlite:///nothing.db"], "no file nothing.db"),
        (["report", "sqlite:///file:nothing.db?uri=true"], "no file nothing.db"),
        (["report", "t.csv"], "cannot be used as an Optuna study"),
        (["report", "."], "is a directory"),
        (["plot", "--out", "f.txt"], "its ending must be one of"),
        (["plot", "--out", "nowhere/f.png"], "nowhere"),
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
    assert not (tmp_path / "nothing.db").exists()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cret@127.0.0.1:1/db",
        "mysql+pymysql://me:s3cr@et/s3cret@127.0.0.1:1/db",
        "nosuch://me:s3cret@127.0.0.1/db",
        "postgresql://me:s3cret@127.0.0.1:port/db",
        "postgresql://127.0.0.1:1/db?password=s3cret",
    ],
)
def test_a_password_is_never_printed(url, tmp_path, capsys):
    assert main(["report", url]) == 2
    assert main(["sweep", *SMALL, "--storage", url, "--out", str(tmp_path)]) == 2
    printed = "".join(capsys.readouterr())
    assert "s3c" not in printed
    assert "continuum-act: error: " in printed


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


@pytest.mark.parametrize("alphas", ["-1:1:3", "-.5", "-1,0,1", "-1e-1:1:3"])
def test_alphas_may_be_negative_without_an_equals_sign(alphas):
    options = parser().parse_args(join_negative_values(["sweep", "--alphas", alphas, "--out", "-o-"[1:]]))
    assert (options.alphas, options.out) == (alphas, "o-")


@pytest.mark.parametrize(("text", "seeds"), [("5", 5), ("0,1,2", [0, 1, 2]), ("7,", None), ("1.5", None)])
def test_seeds_are_a_count_or_a_list(text, seeds):
    if seeds is None:
        with pytest.raises(ValueError, match="give a count such as 5, or seeds such as 0,1,2"):
            parse_seeds(text)
    else:
        assert parse_seeds(text) == seeds
