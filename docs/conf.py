"""The site: `sphinx-build -W --keep-going -b html docs docs/_build/html`. Downloads nothing, runs no notebook."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from docutils import nodes  # noqa: E402
from docutils.utils.math.latex2mathml import tex2mathml  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402

import continuum_act as ca  # noqa: E402
from continuum_act.report.figures import plot_activations  # noqa: E402

project = "continuum_act"
author = "the authors of continuum_act"
version = release = ca.__version__
html_title = f"continuum_act {version}"
html_show_copyright = False

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "explorer"]
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"continuum_act\.sweep\.rows\..*|NotMappable")]

myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the tests run the notebooks; their stored outputs are shown

add_module_names = False  # every name is importable from continuum_act itself
autodoc_typehints = "none"  # the docstrings say in words what an argument takes
autodoc_class_signature = "separated"
autodoc_member_order = "bysource"
napoleon_numpy_docstring = False
napoleon_use_rtype = napoleon_attr_annotations = False
napoleon_custom_sections = ["Shapes"]
viewcode_line_numbers = True

html_theme = "furo"
pygments_dark_style = "monokai"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = html_show_sourcelink = False
templates_path = ["_templates"]
html_sidebars = {
    "**": [
        f"sidebar/{part}.html" for part in ("brand", "search", "scroll-start", "navigation", "explorer", "scroll-end")
    ]
}
html_theme_options = {"footer_icons": [], "navigation_with_keys": True}
html_context = {"has_explorer": (ROOT / "docs" / "explorer" / "index.html").exists()}
copybutton_exclude = ".linenos, .gp, .go"


def as_restructured_text(app, what, name, obj, options, lines):
    """Turn a docstring, plain text with `code` and indented formulas, into reStructuredText, before napoleon does."""
    text = "\n".join(lines)
    formula = r"(?m)^(?! )(\S.*)\n\n((?:    .*\n?)+)"  # an indented paragraph after a blank line
    text = re.sub(formula, r"\1\n\n.. code-block:: text\n\n\2", text)
    text = re.sub(r"(?m)^Example:\n(?=>>>)", ".. rubric:: Example\n\n", text)
    converted, literal = [], False
    for line in text.split("\n"):
        literal = line.startswith("..") or (literal and (not line or line.startswith(" ")))
        converted.append(line if literal or line.lstrip().startswith((">>> ", "... ")) else _escaped(line))
    lines[:] = converted


def _escaped(line):
    parts = line.split("`")
    prose = [re.sub(r"(?<!\\)([|*]|_(?=\W|$))", r"\\\1", part) for part in parts[::2]]
    names = [part.removeprefix("continuum_act.") for part in parts[1::2]]
    code = [f":obj:`{name}`" if name in ca.__all__ else f"``{name}``" for name in names]
    prose[1:] = ["\\ " + part if part[:1].isalnum() else part for part in prose[1:]]  # `keras.Variable`s
    return "".join(a + b for a, b in zip(prose, [*code, ""], strict=True))


def add_made_files(app, config):
    """Write what pages include: the notebooks, the curves and the help of the command line."""
    shutil.rmtree(ROOT / "docs" / "notebooks", ignore_errors=True)
    shutil.copytree(ROOT / "notebooks", ROOT / "docs" / "notebooks")
    made = ROOT / "docs" / "_made"
    made.mkdir(exist_ok=True)
    plot_activations([i / 4 - 1 for i in range(9)], "real", made / "curves.svg")
    for name in ("sweep", "plot", "report"):
        command = [sys.executable, "-m", "continuum_act", name, "--help"]
        text = subprocess.check_output(command, cwd=ROOT, env={**os.environ, "COLUMNS": "80"})
        (made / f"{name}.txt").write_bytes(text)


def add_explorer(app, error):
    """Copy the explorer, a page of its own."""
    if error is None and html_context["has_explorer"]:
        shutil.copytree(ROOT / "docs" / "explorer", Path(app.outdir) / "explorer", dirs_exist_ok=True)


def visit_math(translator, node):
    """Write a formula as MathML, which browsers draw without a script."""
    translator.body.append(tex2mathml(node.astext(), as_block=isinstance(node, nodes.math_block)))
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Connect the functions above."""
    app.connect("config-inited", add_made_files)
    app.connect("autodoc-process-docstring", as_restructured_text, priority=400)
    app.connect("build-finished", add_explorer)
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math, None))
