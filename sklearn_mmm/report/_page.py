"""HTML: the page, its sections, tables and figures."""

from html import escape
from typing import Any

import pandas as pd
import plotly.io as pio
from plotly.offline import get_plotlyjs

_CSS = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: #22262b;
  background: #f4f5f7; }
main { max-width: 1100px; margin: 0 auto; padding: 24px 16px 64px; }
section { background: #fff; border: 1px solid #e3e6ea; border-radius: 8px;
  padding: 16px 20px; margin: 16px 0; overflow-x: auto; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.15rem; margin: 0 0 8px; }
p { margin: 6px 0; max-width: 75ch; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: right; padding: 6px 10px; border-bottom: 1px solid #e3e6ea; }
th:first-child, td:first-child { text-align: left; }
@media print { body { background: #fff; } section { break-inside: avoid; } }
"""


def page(title: str, sections: list[str]) -> str:
    """Return the whole document; Plotly's library is in it once."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{_CSS}</style>"
        f"<script>{get_plotlyjs()}</script></head><body><main>"
        f"<h1>{escape(title)}</h1>{''.join(sections)}</main></body></html>"
    )


def section(heading: str | None, body: str) -> str:
    """Return a section of the page; ``body`` is HTML."""
    head = f"<h2>{escape(heading)}</h2>" if heading else ""
    return f"<section>{head}{body}</section>"


def table_html(table: pd.DataFrame) -> str:
    """Return a table with its index as first column, all text escaped."""
    table = table.reset_index()
    heads = "".join(f"<th>{escape(str(c).replace('_', ' '))}</th>" for c in table)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(v))}</td>" for v in row) + "</tr>"
        for row in table.itertuples(index=False)
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def figure_html(figure: Any) -> str:
    """Return a figure's div and script, without the library."""
    # Plotly's JSON escapes "<" and "/", so no name in it can end the script.
    return pio.to_html(
        figure, include_plotlyjs=False, full_html=False, config={"displaylogo": False}
    )
