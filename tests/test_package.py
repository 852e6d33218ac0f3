"""What is handed out: the sdist with its tests, the page of an index, the files that others read by machine."""

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

import continuum_act as ca

ROOT = Path(__file__).parents[1]
READ_BY_TESTS = [
    "docs",
    "notebooks",
    "examples",
    "benchmarks",
    ".ci/run",
    "README.md",
    "CITATION.cff",
    "pyproject.toml",
]


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """Build it as a build front end does, and return its files."""
    pytest.importorskip("hatchling")
    pytest.importorskip("hatch_fancy_pypi_readme")
    out = tmp_path_factory.mktemp("sdist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", out], cwd=ROOT, check=True)
    (archive,) = out.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        files = {member.name.partition("/")[2]: member for member in tar.getmembers()}
        return files, tar.extractfile(files["PKG-INFO"]).read().decode()


def test_sdist_has_what_its_own_tests_read(sdist):
    files, _ = sdist
    for wanted in READ_BY_TESTS:
        assert any(name == wanted or name.startswith(f"{wanted}/") for name in files), wanted
    here = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("*.py")}
    assert here <= set(files)


def test_sdist_has_no_more_than_sources(sdist):
    files, _ = sdist
    assert not [name for name in files if re.search(r"__pycache__|\.venv|^sweeps|_build|\.egg-info", name)]
    assert sum(member.size for member in files.values()) < 10e6


def test_an_index_page_has_no_link_that_needs_the_repository(sdist):
    _, metadata = sdist
    page = metadata.partition("\n\n")[2]
    assert "# continuum_act" in page
    assert [link for link in re.findall(r"\]\(([^)]*)\)", page) if not link.startswith("https://")] == []
    assert "](https://arxiv.org/abs/1602.01321)" in page


def test_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == ca.__version__
    assert citation["references"][0]["identifiers"][0]["value"] == "arXiv:1602.01321"


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("citation-file-format", "CITATION.cff"),
        ("github-workflows", ".github/workflows/ci.yml"),
        ("github-issue-forms", ".github/ISSUE_TEMPLATE/bug.yml"),
        ("github-issue-forms", ".github/ISSUE_TEMPLATE/wish.yml"),
    ],
)
def test_file_follows_its_schema(schema, path):
    pytest.importorskip("check_jsonschema")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", "--no-cache"]
    subprocess.run([*command, ROOT / path], check=True)
