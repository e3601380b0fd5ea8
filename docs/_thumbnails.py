"""Pictures of the charts in the gallery, taken with a browser."""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from sphinx.util import logging

from sklearn_mmm.report import find_browser

# Half as much again as a thumbnail: charts made for a page need their room.
_SIZE = (720, 504)
_MARGIN = 12
logger = logging.getLogger(__name__)


def take(figure: go.Figure, path: Path) -> None:
    """Save a figure as PNG.

    Parameters
    ----------
    figure : Figure
        Left as it is.
    path : Path

    Raises
    ------
    ValueError
        If there is no browser.
    OSError
        If it took no picture.
    """
    width, height = _SIZE
    # Menus, titles and legends are for reading, not for a thumbnail.
    small = go.Figure(figure).update_layout(
        width=width - 2 * _MARGIN,
        height=height - 2 * _MARGIN,
        showlegend=False,
        title_text="",
        margin={"l": 20, "r": 20, "t": 30, "b": 20},
    )
    small.layout.updatemenus = ()
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "figure.html"
        small.write_html(page, config={"displayModeBar": False})
        command = [
            find_browser(),
            "--headless",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={folder}/profile",
            f"--window-size={width},{height}",
            "--virtual-time-budget=10000",
            f"--screenshot={path}",
            page.as_uri(),
        ]
        # The superuser of a container has no sandbox.
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        done = subprocess.run(command, capture_output=True, timeout=180, check=False)
    if not path.exists():
        said = done.stderr.decode(errors="replace").strip()[-300:]
        raise OSError(f"{command[0]} took no picture: {said}")


def scrape(block: Any, variables: dict[str, Any], config: dict[str, Any]) -> str:
    """Take the picture of the chart that ends a block of an example.

    The page itself shows the chart that can be touched, so nothing is added to it;
    the first picture (or ``sphinx_gallery_thumbnail_number``) stands for the example.
    """
    figure = variables["example_globals"].get("___")
    # A block that ends without an expression still has that of the one before.
    if not isinstance(figure, go.Figure) or figure is variables.get("pictured"):
        return ""
    variables["pictured"] = figure
    try:
        find_browser()
    except ValueError:
        logger.info("no pictures of charts in the gallery: there is no browser")
        return ""
    take(figure, Path(next(variables["image_path_iterator"])))
    return ""


def _get_sg_image_scraper() -> Any:
    """Return the scraper; a name in the configuration can be stored, it cannot."""
    return scrape
