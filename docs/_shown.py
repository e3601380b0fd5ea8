"""What a page's code gives: tables and charts, made while the pages are built.

``.. shown:: expression`` runs the Python blocks above it on its page and shows what the
expression is then: a table, a chart that can be touched, or text. So pages show results
of this version, and none that was pasted.
"""

import contextlib
import doctest
import re
import tempfile
import textwrap
import warnings
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
import plotly.offline
from docutils import nodes
from docutils.parsers.rst import directives
from plotly.io.base_renderers import MimetypeRenderer
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

_BLOCK = re.compile(
    r"^\.\. code-block:: python\n(?:   :[^\n]*\n)*\n(?P<body>(?:   [^\n]*\n|[ ]*\n)+)",
    re.MULTILINE,
)
_SCRIPT = "plotly.min.js"
_HEIGHT = 450
# A chart is drawn before what stands beside it is there, and measured again after that.
RESIZE = """
window.addEventListener("load", () => Plotly.Plots.resize("{plot_id}"));
"""


def statements(text: str) -> list[str]:
    """Return the Python of a page, block by block, without prompts."""
    found = []
    for block in _BLOCK.finditer(text + "\n"):
        code = textwrap.dedent(block["body"])
        if ">>>" in code:
            examples = doctest.DocTestParser().get_examples(code)
            code = "".join(example.source for example in examples)
        found.append(code)
    return found


def as_html(value: Any, root: str) -> str:
    """Return a fragment that shows a value."""
    if isinstance(value, go.Figure):
        drawn = go.Figure(value).to_html(
            full_html=False,
            include_plotlyjs=False,
            config={"responsive": True, "displayModeBar": False},
            default_height=_HEIGHT,
            post_script=RESIZE,
        )
        return f'<script src="{root}_static/{_SCRIPT}"></script>\n{drawn}'
    if isinstance(value, pd.Series):
        value = value.to_frame()
    is_words = not value.select_dtypes("number").shape[1]
    classes = "shown words" if is_words else "shown"
    return value.to_html(border=0, classes=classes, na_rep="")


class PageRenderer(MimetypeRenderer):
    """Charts of examples in the gallery, which need no network either."""

    def to_mimebundle(self, fig_dict: dict[str, Any]) -> dict[str, str]:
        """Return a chart for a page in a folder below the first one."""
        return {"text/html": as_html(go.Figure(fig_dict), "../")}


class Shown(SphinxDirective):
    """The directive."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {"height": directives.nonnegative_int}

    def run(self) -> list[nodes.Node]:
        """Return what the expression is after the code above it."""
        known = self.env.temp_data.get("shown")
        if known is None:
            # What a page writes goes into a folder of its own.
            folder = tempfile.TemporaryDirectory()
            known = {"names": {}, "done": 0, "folder": folder}
            self.env.temp_data["shown"] = known
        source = Path(self.env.doc2path(self.env.docname)).read_text(encoding="utf-8")
        above = "\n".join(source.splitlines()[: self.lineno - 1]) + "\n"
        with warnings.catch_warnings(), contextlib.chdir(known["folder"].name):
            warnings.simplefilter("ignore")
            for code in statements(above)[known["done"] :]:
                exec(compile(code, self.env.docname, "exec"), known["names"])
                known["done"] += 1
            value = eval(self.arguments[0], known["names"])
        if isinstance(value, go.Figure) and "height" in self.options:
            value.update_layout(height=self.options["height"])
        if isinstance(value, str):
            block = nodes.literal_block(value, value, language="text")
            block["classes"].append("shown")
            return [block]
        root = "../" * self.env.docname.count("/")
        return [nodes.raw("", as_html(value, root), format="html")]


def write_script(app: Sphinx, error: Exception | None) -> None:
    """Put the script that draws charts beside the pages."""
    if error is None and app.builder.format == "html":
        path = Path(app.outdir) / "_static" / _SCRIPT
        path.write_text(plotly.offline.get_plotlyjs(), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    pio.renderers["page"] = PageRenderer()
    pio.renderers.default = "page"
    app.add_directive("shown", Shown)
    app.connect("build-finished", write_script)
    return {"parallel_read_safe": True}
