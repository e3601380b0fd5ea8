"""Colours and layout, in one place."""

from html import escape
from typing import Any

# Okabe & Ito (2008), safe for colour-blind readers, then tints of the same hues.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#B8A800",
    "#7F5BA6", "#6BAF92", "#A85C2A", "#8FB8DE", "#F0C675", "#C49BBB",
)  # fmt: skip
BASELINE = "#B8BEC6"
CONTROLS = "#868E96"
ACTUAL = "#30343A"
PREDICTED = PALETTE[0]

LAYOUT: dict[str, Any] = {
    "template": "plotly_white",
    "font": {"family": "system-ui, sans-serif", "size": 13},
    "margin": {"l": 70, "r": 20, "t": 60, "b": 60},
    "hoverlabel": {"namelength": -1},
}


def colour(i: int) -> str:
    """Return the colour of the i-th channel."""
    return PALETTE[i % len(PALETTE)]


def text(label: object) -> str:
    """Return a label as text: Plotly reads a subset of HTML in names."""
    return escape(str(label))
