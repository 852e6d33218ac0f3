"""The rooms of the package, and that arrows between them go one way."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "continuum_act"

# room -> the rooms that its files may import, besides their own
ARROWS = {
    "functions": set(),
    "layers": {"functions"},
    "networks": {"functions", "layers"},
    "population": {"functions"},
    "study": {"population"},
    "sweep": {"functions", "population", "study"},
    "report": {"functions", "population", "study", "sweep"},
    "command_line": {"functions", "layers", "population", "report", "study", "sweep"},
}
# `SweepResult.plot` and its kin hand plain numbers to report/, which in turn must not import SweepResult
HANDED_OVER = {("sweep.result", "report")}
FOREIGN = {
    "study": {"ray", "matplotlib", "sklearn", "tensorflow", "keras"},
    "population": {"optuna", "pandas", "rich", "matplotlib", "sklearn", "ray"},
    "sweep": {"matplotlib"},
}
ONLY_IN = {"ray": {"sweep.cluster"}, "matplotlib": {"report.figures", "report.panels"}}


def modules():
    """Return the source of each module of the rooms, by its name without the package's."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path.read_text()
        for path in sorted(PACKAGE.glob("*/*.py"))
    }


def imports(source):
    """Return the names of the modules that a source imports, those inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "import by the full name"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


def arrows(sources):
    """Return for each module those of the package that it imports, for types too."""
    found = {name: imports(source) for name, source in sources.items()}
    return {
        name: {other for other in sources if other != name and f"continuum_act.{other}" in found[name]}
        for name in sources
    }


def wrong_arrows(sources):
    """Return the imports that lead back to an earlier room."""
    wrong = []
    for name, others in arrows(sources).items():
        room = name.split(".")[0]
        for other in sorted(others):
            target = other.split(".")[0]
            if target != room and target not in ARROWS[room] and (name, target) not in HANDED_OVER:
                wrong.append(f"{name} -> {other}")
    return wrong


def test_rooms_are_those_of_the_plan():
    assert {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(ARROWS)
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}


def test_arrows_go_one_way():
    assert wrong_arrows(modules()) == []


def test_no_circle_of_files():
    try:
        list(TopologicalSorter(arrows(modules())).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_a_wrong_import_is_seen_inside_a_function_too():
    sources = modules()
    sources["population.budget"] += "\ndef f():\n    from continuum_act.sweep.run import sweep\n"
    assert wrong_arrows(sources) == ["population.budget -> sweep.run"]


def test_optional_packages_are_imported_where_they_belong():
    for name, source in modules().items():
        packages = {module.split(".")[0] for module in imports(source)}
        assert not packages & FOREIGN.get(name.split(".")[0], set()), name
        for package, places in ONLY_IN.items():
            assert package not in packages or name in places, name


def test_private_keras_is_not_imported():
    for name, source in modules().items():
        assert not any(module.startswith("keras.src") for module in imports(source)), name
