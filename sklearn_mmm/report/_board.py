"""Two pages for a board: the report printed by a browser that is installed."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

_BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
_SECONDS = 120


def find_browser() -> str:
    """Return the path of Chromium, Chrome or Edge.

    Returns
    -------
    str
        Of the first that is there.

    Raises
    ------
    ValueError
        If there is none: neither on the path nor in the variable CHROMIUM.

    Examples
    --------
    >>> from sklearn_mmm.report import find_browser
    >>> find_browser()  # doctest: +SKIP
    '/usr/bin/chromium'
    """
    for name in (os.environ.get("CHROMIUM"), *_BROWSERS):
        path = name and shutil.which(name)
        if path:
            return path
    raise ValueError(
        "a PDF needs Chromium or Chrome: install it, or name its program in the "
        "environment variable CHROMIUM; or open the report and print it"
    )


def print_board(report: str | Path, path: str | Path) -> Path:
    """Print the first pages of a report: one page of answers, one of channels.

    Parameters
    ----------
    report : str or Path
        As :func:`make_report` wrote it.
    path : str or Path
        Where the PDF goes.

    Returns
    -------
    Path
        Where the PDF is.

    Raises
    ------
    ValueError
        If there is no browser.
    OSError
        If the browser wrote no PDF.

    Examples
    --------
    >>> from sklearn_mmm import make_report
    >>> from sklearn_mmm.report import print_board
    >>> report = make_report(mmm, "report.html")  # doctest: +SKIP
    >>> print_board(report, "board.pdf")  # doctest: +SKIP
    """
    path = Path(path).resolve()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "board.pdf"
        command = [
            find_browser(),
            "--headless",
            "--disable-gpu",
            f"--user-data-dir={folder}/profile",
            "--no-pdf-header-footer",
            "--virtual-time-budget=30000",
            f"--print-to-pdf={out}",
            f"{Path(report).resolve().as_uri()}#board",
        ]
        # The superuser of a container has no sandbox.
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        done = subprocess.run(
            command, capture_output=True, timeout=_SECONDS, check=False
        )
        if not out.exists():
            said = done.stderr.decode(errors="replace").strip()[-300:]
            raise OSError(f"{command[0]} wrote no PDF: {said}")
        shutil.move(out, path)
    return path
