"""Formulas as MathML, which browsers draw without a script and without a network."""

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

# One argument of a fraction without braces, which the converter reads as two digits.
_SHORT_FRACTION = re.compile(r"\\t?frac(\d)(\d)")


def _mathml(text: str, display: str) -> str:
    text = _SHORT_FRACTION.sub(r"\\frac{\1}{\2}", text).replace(r"\tfrac", r"\frac")
    return str(convert(text, display=display))


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(_mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.math_block) -> None:
    # Sphinx separates the lines of a formula by blank ones.
    lines = [line.strip() for line in node.astext().split("\n\n") if line.strip()]
    text = r" \\ ".join(lines)
    if "&" in text and r"\begin" not in text:
        text = rf"\begin{{align*}} {text} \end{{align*}}"
    writer.body.append(f'<div class="formula">{_mathml(text, "block")}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Draw formulas in HTML."""
    app.add_html_math_renderer(
        "mathml", inline_renderers=(_inline, None), block_renderers=(_block, None)
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
