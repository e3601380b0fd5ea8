"""The HTML page: everything that is text is escaped here."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.plotting import channel_colours
from sklearn_mmm.plotting._panels import GAP, LABELLED_GAP, TITLE
from sklearn_mmm.plotting._style import TEMPLATE, THEMES
from sklearn_mmm.report._content import TABS, Chart
from sklearn_mmm.report._encode import (
    ArrayPool,
    encode_figure,
    encode_table,
    in_script,
    script_json,
)
from sklearn_mmm.report._first_page import first_page, unbroken
from sklearn_mmm.report._first_screen import FirstScreen
from sklearn_mmm.report._planner_page import planner_panel
from sklearn_mmm.report._summary import Summary, Tile

# Of a table on the pages for a board, as page.css has it.
BOARD_ROWS = 12
_MENU_LABELS = {"region": "Region", "show": "Show", "sort": "Sort by"}


def page(
    title: str,
    subtitle: str,
    first: FirstScreen,
    summary: Summary,
    charts: list[Chart],
    tables: dict[str, pd.DataFrame],
    mmm: FittedMMM,
    labels: dict[str, str],
    planner: dict[str, Any] | None = None,
) -> str:
    """Return the whole document, which needs nothing but itself."""
    code = _resources("js", "planner_curves", "page", "planner")
    style = _resources("css", "page", "planner")
    pool = ArrayPool()
    data = "".join(_data(charts, tables, pool, labels))
    hues = channel_colours(mmm)
    hues |= {labels.get(name, name): hue for name, hue in hues.items()}
    by_tab = {tab: list(group) for tab, group in groupby(charts, lambda c: c.tab)}
    before = {"summary": first_page(first) + _summary(summary, hues)}
    if planner is not None:
        before["planner"] = planner_panel(planner)
        data += _json("planner-data", script_json(planner))
    by_tab = {tab: by_tab.get(tab, []) for tab in TABS if tab in by_tab | before}
    panels = [_panel(tab, before.get(tab, ""), by_tab[tab]) for tab in by_tab]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(code)}">'
        '<link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title>"
        f"<style>{_variables()}{style}</style></head><body>"
        f"{_header(title, subtitle)}{_tabs(by_tab)}"
        f'<main><div class="wrap">{"".join(panels)}</div></main>'
        '<footer><div class="wrap">Made with sklearn_mmm. All data are in this file; '
        "nothing is loaded from elsewhere.</div></footer>"
        "<noscript><p>The charts need JavaScript.</p></noscript>"
        f"{_json('arrays', in_script(pool.json()))}{data}"
        f"{_json('settings', script_json(_settings()))}"
        f"<script>{plotly_js()}</script><script>{code}</script></body></html>"
    )


@cache
def plotly_js() -> str:
    """Return the part of plotly.js that draws lines, bars and heat maps.

    It is a third of the whole, without maps and 3-D, so that a page opens at once.
    """
    path = files("sklearn_mmm.report").joinpath("plotly", "plotly-cartesian.min.js")
    return path.read_text(encoding="utf-8")


def _resources(kind: str, *names: str) -> str:
    """Return some scripts or styles of the page, one after the other."""
    folder = files("sklearn_mmm.report")
    return "\n".join(
        folder.joinpath(f"{name}.{kind}").read_text(encoding="utf-8") for name in names
    )


def _policy(code: str) -> str:
    """Return a policy under which these scripts alone run, and nothing is fetched."""
    hashes = " ".join(
        f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
        for script in (plotly_js(), code)
    )
    # Tools that drive browsers compile functions in the page.
    return (
        f"default-src 'none'; script-src {hashes} 'unsafe-eval'; "
        "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; "
        "form-action 'none'"
    )


def _variables() -> str:
    """Return the colours of the themes as CSS variables."""

    def block(selector: str, theme: str) -> str:
        pairs = ";".join(f"--{k}:{v}" for k, v in THEMES[theme]["page"].items())
        return f"{selector}{{color-scheme:{theme};{pairs}}}"

    dark = block(":root", "dark")
    return (
        block(":root", "light")
        + f"@media screen and (prefers-color-scheme:dark){{{dark}}}"
        + block(":root[data-theme=light]", "light")
        + f"@media screen{{{block(':root[data-theme=dark]', 'dark')}}}"
    )


def _settings() -> dict[str, Any]:
    template = TEMPLATE.to_plotly_json()
    return {
        "themes": {name: theme["colours"] for name, theme in THEMES.items()},
        "template": {"layout": template["layout"]},
        "panels": {
            "gap": GAP,
            "labelledGap": LABELLED_GAP,
            "title": TITLE,
        },
    }


def _data(
    charts: list[Chart],
    tables: dict[str, pd.DataFrame],
    pool: ArrayPool,
    labels: dict[str, str],
) -> list[str]:
    """Return the script elements with figures and tables, each table once."""
    tables = dict(tables)
    for chart in charts:
        tables |= chart.tables
    out = [
        _json(f"table-{name}", script_json(encode_table(table, pool)))
        for name, table in tables.items()
    ]
    for chart in charts:
        # What is seen first is drawn before the arrays of all others are read.
        own = ArrayPool(np.inf) if chart.tab == "summary" else pool
        spec = script_json(encode_figure(chart.figure, own, labels))
        out.append(_json(f"figure-{chart.name}", spec))
    return out


def _json(name: str, written: str) -> str:
    return f'<script type="application/json" id="{escape(name)}">{written}</script>\n'


def _header(title: str, subtitle: str) -> str:
    return (
        f'<header><div class="wrap"><div class="lead"><h1>{escape(title)}</h1>'
        f"<p>{escape(subtitle)}</p></div>"
        '<div class="tools"><button type="button" id="theme">Dark</button>'
        '<button type="button" id="print">Print</button></div></div></header>'
    )


def _tabs(by_tab: dict[str, list[Chart]]) -> str:
    buttons = "".join(
        f'<button type="button" role="tab" id="tab-{tab}" data-tab="{tab}" '
        f'aria-controls="panel-{tab}" aria-selected="{str(i == 0).lower()}">'
        f"{escape(TABS[tab])}</button>"
        for i, tab in enumerate(by_tab)
    )
    return (
        '<nav><div class="wrap"><div role="tablist" aria-label="Sections">'
        f"{buttons}</div></div></nav>"
    )


def _panel(tab: str, before: str, charts: list[Chart]) -> str:
    inert = "" if tab == "summary" else " inert"
    return (
        f'<section role="tabpanel" id="panel-{tab}" aria-labelledby="tab-{tab}" '
        f'data-title="{escape(TABS[tab])}"{inert}>'
        f"{before}{''.join(_card(chart) for chart in charts)}</section>"
    )


def _card(chart: Chart) -> str:
    menus = "".join(_menu(menu) for menu in chart.figure.layout.updatemenus)
    names = list(chart.tables)
    buttons = "".join(
        f'<button type="button" data-download="{escape(name)}">'
        f"{'Download CSV' if len(names) == 1 else escape(f'{name}.csv')}</button>"
        for name in names
    )
    return (
        f'<article class="card{" half" if chart.half else ""}" '
        f'data-chart="{escape(chart.name)}"><div class="head"><div>'
        f"<h2>{escape(chart.heading)}</h2>"
        f'<p class="note">{escape(chart.note)}</p></div>{menus}</div>'
        f'<div class="window"><div class="plot" role="figure" '
        f'aria-label="{escape(chart.heading)}"></div></div>'
        '<button type="button" class="more">Show all</button>'
        f'<div class="foot"><details data-tables="{escape(" ".join(names))}">'
        '<summary>Numbers</summary><div class="numbers"></div></details>'
        f"{buttons}</div></article>"
    )


def _menu(menu: Any) -> str:
    # As plain values: Plotly looks for each button's place among all of them.
    given = menu.to_plotly_json()
    name, buttons = given["name"], given["buttons"]
    options = "".join(f"<option>{_option(b['label'])}</option>" for b in buttons)
    return (
        f"<label>{_MENU_LABELS[name]} "
        f'<select data-menu="{escape(name)}">{options}</select></label>'
    )


def _option(label: str) -> str:
    # Labels of figures are escaped already, for Plotly.
    return label.replace('"', "&quot;")


def _summary(summary: Summary, hues: dict[str, str]) -> str:
    parts = [f'<div class="tiles">{"".join(map(_tile, summary.tiles))}</div>']
    tables = {
        "How well it forecasts": summary.forecasts,
        "What each channel brought": summary.channels,
        "What to do with the budget": summary.moves,
    }
    for heading, paragraphs in summary.sections.items():
        words = "".join(f"<p>{unbroken(p)}</p>" for p in paragraphs)
        table = tables.get(heading)
        half = " half" if heading.startswith(("What was", "How well")) else ""
        half += "" if heading == "What each channel brought" else " later"
        parts.append(
            f'<section class="card words{half}"><h2>{escape(heading)}</h2>{words}'
            f"{'' if table is None else _table(table, hues)}{_rest(table)}</section>"
        )
    items = "".join(f"<li>{unbroken(w)}</li>" for w in summary.warnings)
    parts.append(
        f'<section class="card caution later"><h2>Before you rely on this</h2>'
        f"<ul>{items}</ul></section>"
    )
    return "".join(parts)


def _rest(table: pd.DataFrame | None) -> str:
    """Return a note on rows that are left out of two pages for a board."""
    if table is None or len(table) <= BOARD_ROWS:
        return ""
    return (
        f'<p class="note short">The first {BOARD_ROWS} of {len(table)} rows; all are '
        "in the report.</p>"
    )


def _tile(tile: Tile) -> str:
    words = " words" if len(tile.value) > 8 else ""
    return (
        f'<div class="tile"><div class="label">{escape(tile.label)}</div>'
        # Long names break where their words do.
        f'<div class="value{words}">{unbroken(tile.value).replace("_", "_<wbr>")}</div>'
        f'<div class="detail">{unbroken(tile.detail)}</div></div>'
    )


def _table(table: pd.DataFrame, hues: dict[str, str]) -> str:
    """Return a table of texts, whose first column names the rows."""
    heads = "".join(
        f"<th{_text(i)}>{escape(str(name))}</th>" for i, name in enumerate(table)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td{_text(i)} data-label="{escape(str(table.columns[i]))}">'
            f"{_dot(value, hues) if i == 0 else ''}"
            f"{_lines(value) if i else escape(value)}</td>"
            for i, value in enumerate(row)
        )
        + "</tr>"
        for row in table.itertuples(index=False)
    )
    return (
        f'<div class="scroll"><table class="stacks"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _lines(value: str) -> str:
    """Return a cell, whose second line, if there is one, is small."""
    first, _, second = value.partition("\n")
    below = f'<span class="small">{escape(second)}</span>' if second else ""
    return escape(first) + below


def _text(i: int) -> str:
    return ' class="text"' if i == 0 else ""


def _dot(name: str, hues: dict[str, str]) -> str:
    colour = hues.get(name)
    return f'<span class="dot" style="background:{colour}"></span>' if colour else ""
