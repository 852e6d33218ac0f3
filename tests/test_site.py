"""The pages of docs/: every public name is in the reference, every link leads somewhere, every snippet runs."""

import re
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import continuum_act as ca

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *DOCS.glob("guides/*.md"), *DOCS.glob("reference/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
SNIPPET = re.compile(r"(<!-- a new process -->\n)?```python\n(.*?)```", re.DOTALL)
ELSEWHERE = {"your-own-table.md", "clusters.md"}  # test_real_tables.py and test_clusters.py run these
if not DOCS.exists():
    pytest.skip("no docs/ here", allow_module_level=True)


def test_reference_has_every_public_name_once():
    reference = "\n".join(page.read_text() for page in DOCS.glob("reference/*.md"))
    assert sorted(re.findall(r"auto(?:function|class):: (\w+)", reference)) == sorted(ca.__all__)


def leads_somewhere(link, page):
    if re.match(r"[a-z]+:", link):
        return True
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    relative = target.relative_to(ROOT).as_posix()
    if relative.startswith("docs/_made/"):
        return True  # written by the build, which misses no file silently
    if relative.startswith("docs/notebooks/"):
        target = ROOT / "notebooks" / f"{target.name}.ipynb"
    if anchor and target.suffix == ".md":
        titles = re.findall(r"(?m)^#+ (.*)$", target.read_text())
        return anchor in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
    return target.exists()


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    assert [link for link in LINK.findall(page.read_text()) if not leads_somewhere(link, page)] == []


@pytest.mark.parametrize("link", ["docs/none.md", "docs/numerics.md#none", "docs/notebooks/9-none"])
def test_a_dead_link_is_seen(link):
    assert not leads_somewhere(link, ROOT / "README.md")


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the guides export, which TensorFlow does")
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if SNIPPET.search(page.read_text()) and page.name not in ELSEWHERE],
    ids=lambda page: page.stem,
)
def test_snippets_of_a_page_run_in_their_order(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for elsewhere, code in SNIPPET.findall(page.read_text()):
        if elsewhere:
            subprocess.run([sys.executable, "-c", code], check=True)
        else:
            exec(compile(code, str(page), "exec"), names)
