"""What is wrong with data, as a page."""

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

import pandas as pd

from sklearn_mmm.plotting._style import THEMES

_HEADINGS = {
    "stops": "Stops a fit",
    "distorts": "Distorts its results",
    "note": "Good to know",
}


def make_check_page(
    findings: pd.DataFrame, path: str | Path, name: str, said: Sequence[str] = ()
) -> Path:
    """Write what :func:`check_data` found as an HTML page.

    Parameters
    ----------
    findings : DataFrame
        As :func:`~sklearn_mmm.check_data` returns it.
    path : str or Path
        Where the file goes.
    name : str
        What was checked.
    said : sequence of str
        Which column was taken for what.

    Returns
    -------
    Path
        Where the page is.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_mmm import check_data
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.report import make_check_page
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> found = check_data(X, y, truth.media_columns, None, "region", "week")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     make_check_page(found, Path(folder) / "check.html", "sales.csv").name
    'check.html'
    """
    style = files("sklearn_mmm.report").joinpath("page.css").read_text(encoding="utf-8")
    blocks = [
        _block(heading, findings[findings["severity"] == severity])
        for severity, heading in _HEADINGS.items()
    ]
    body = "".join(blocks) or '<p class="card">Nothing stands out in the data.</p>'
    columns = "".join(f"<li>{escape(line)}</li>" for line in said)
    took = f'<section class="card"><h2>What was read</h2><ul>{columns}</ul></section>'
    title = f"Data check: {name}"
    path = Path(path)
    path.write_text(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_colours()}{style}</style></head><body>"
        f'<header><div class="wrap"><h1>{escape(title)}</h1></div></header>'
        f'<main><div class="wrap stack">{body}{took if columns else ""}</div></main>'
        "</body></html>",
        encoding="utf-8",
    )
    return path


def _colours() -> str:
    def block(theme: str) -> str:
        pairs = ";".join(f"--{k}:{v}" for k, v in THEMES[theme]["page"].items())
        return f":root{{color-scheme:{theme};{pairs}}}"

    dark = f"@media (prefers-color-scheme:dark){{{block('dark')}}}"
    return block("light") + dark


def _block(heading: str, rows: pd.DataFrame) -> str:
    if rows.empty:
        return ""
    lines = "".join(
        "<tr>"
        + "".join(
            f'<td class="text whole">{escape(str(row[column]))}</td>'
            for column in ("check", "where", "what", "what_to_do")
        )
        + "</tr>"
        for row in rows.to_dict("records")
    )
    heads = "".join(
        f'<th class="text">{head}</th>'
        for head in ("Finding", "Where", "What", "What to do")
    )
    return (
        f'<section class="card"><h2>{heading}</h2><div class="scroll"><table><thead>'
        f"<tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div></section>"
    )
