"""The start of the command: light until something is trained, quiet but for errors."""

import logging
import os
import subprocess
import sys

import pytest

from continuum_act.command_line.start import import_tensorflow, quiet

HEAVY = {"tensorflow", "keras", "numpy", "pandas", "optuna", "sklearn", "skrub", "scipy", "matplotlib"}
LIGHT = ["--help"], ["--version"], ["sweep", "--help"], ["swep"], ["sweep", "--engine", "cloud"], []
LIGHT_VALUES = (
    ["sweep", "--alphas=a"],
    ["sweep", "--alphas", "-1:1:0"],
    ["sweep", "--seeds", "x"],
    ["plot", "--alphas=x"],
)
RUN = """
import runpy, sys
sys.argv = ["{name}", *{arguments}]
try:
    if "{name}" == "continuum-act":
        from continuum_act.command_line.main import main
        code = main()
    else:
        import continuum_act
except SystemExit as exit:
    code = exit.code
print("imported", sorted({heavy} & set(sys.modules)))
"""


def imported(arguments, name="continuum-act"):
    """Return what of the heavy packages a process imports, run as the console script runs it."""
    code = RUN.format(name=name, arguments=arguments, heavy=HEAVY)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.splitlines()[-1]


@pytest.mark.parametrize("arguments", [*LIGHT, *LIGHT_VALUES], ids=" ".join)
def test_help_version_and_wrong_options_import_nothing_heavy(arguments):
    assert imported(arguments) == "imported []"


@pytest.mark.slow
def test_another_process_imports_the_names_and_so_registers_the_layers():
    assert "'keras'" in imported([], name="train.py")


OPTIONAL = ("optuna", "matplotlib", "pandas", "sklearn", "scipy", "ray")
IMPORTED_BESIDE_KERAS = f"""
import sys, keras  # Keras imports some of these itself, where they are installed
before = set(sys.modules)
import continuum_act
{{}}
print([name for name in {OPTIONAL} if name in set(sys.modules) - before])
"""


@pytest.mark.slow
def test_import_adds_no_optional_package_to_keras():
    def added(extra=""):
        command = [sys.executable, "-c", IMPORTED_BESIDE_KERAS.format(extra)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert added() == "[]"
    assert added("import optuna") == "['optuna']"  # so the check can fail


def test_module_is_as_light_as_the_script_and_says_its_version():
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "continuum_act", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.startswith("continuum-act 0.")
    modules = {line.split("|")[-1].strip() for line in run.stderr.splitlines()}
    assert "continuum_act.command_line.main" in modules
    assert not modules & HEAVY


NOISE = [
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    "I0000 00:00:1732000000.000000    9460 port.cc:153] oneDNN custom operations are on.",
    "W0000 00:00:1732000000.000000    9460 gpu_device.cc:2341] Cannot dlopen some GPU libraries.",
    "E0000 00:00:1732000000.000000    9460 cuda_dnn.cc:8310] Unable to register cuDNN factory",
    "2026-01-01 00:00:00.000000: I tensorflow/core/platform/cpu_feature_guard.cc:210] This binary is optimized.",
    "To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow.",
]
ERRORS = [
    "E0000 00:00:1732000000.000000    9460 cuda_executor.cc:1] out of memory",
    "F0000 00:00:1732000000.000000    9460 lib.cc:1] Check failed",
    "ImportError: libcudart.so.12: cannot open shared object file",
]


def test_lines_of_information_are_kept_back_and_errors_pass(capfd):
    with quiet():
        for line in NOISE + ERRORS:
            subprocess.run(
                [sys.executable, "-S", "-c", f"import os; os.write(2, {line.encode() + b'%c' % 10})"], check=True
            )
    sys.stderr.write("after\n")
    assert capfd.readouterr().err.splitlines() == [*ERRORS, "after"]


def test_errors_of_tensorflow_are_logged_and_its_advice_is_not():
    import_tensorflow()
    logger = logging.getLogger("tensorflow")
    assert not logger.isEnabledFor(logging.WARNING)
    assert logger.isEnabledFor(logging.ERROR)


def test_what_is_said_before_a_crash_and_exceptions_come_through():
    code = (
        "import os\nfrom continuum_act.command_line.start import import_tensorflow, quiet\n"
        "with quiet():\n    os.write(2, b'the processor lacks AVX\\n')\n    {end}\n"
    )
    for end, shown in (("os.abort()", "the processor lacks AVX"), ("raise ImportError('no backend')", "no backend")):
        script = "import sys; sys.argv[0] = 'continuum-act'\n" + code.format(end=end)
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        assert run.returncode != 0
        assert shown in run.stderr


def test_a_terminal_of_ascii_gets_names_that_it_can_write(tmp_path):
    (tmp_path / "t.csv").write_text("größe,y\n" + "1,a\n2,b\n" * 20, "utf-8")
    command = [sys.executable, "-m", "continuum_act", "sweep", "--data", str(tmp_path / "t.csv"), "--target", "z"]
    ascii_only = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    run = subprocess.run(command, capture_output=True, text=True, env=ascii_only)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "continuum-act: error: t has no column 'z'; it has: 'gr\\xf6\\xdfe', 'y'.\n"


@pytest.mark.slow
def test_a_command_that_needs_tensorflow_shows_none_of_its_lines(tmp_path):
    picture = tmp_path / "f.svg"
    command = [sys.executable, "-m", "continuum_act", "plot", "--out", str(picture)]
    talkative = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    drawn = subprocess.run(command, capture_output=True, text=True, env=talkative)
    assert (drawn.returncode, drawn.stdout.strip(), drawn.stderr) == (0, str(picture), "")
    assert picture.read_text().count("<path") > 9
