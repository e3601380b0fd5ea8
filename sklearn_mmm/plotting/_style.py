"""Colours, template and text of all figures, in one place."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio

from sklearn_mmm._arguments import shown
from sklearn_mmm.inspection import channels_by_size
from sklearn_mmm.inspection._model import of_fitted_model

# Hues that stay apart in normal, protan, deutan and tritan vision, and that can be
# seen on white as well as on near black (tests/plotting/test_style.py measures both).
PALETTE = (
    "#1F77B8", "#E69A00", "#009E73", "#CF6FA6",
    "#5BB8EC", "#C24E10", "#7F3FE0", "#94B060",
)  # fmt: skip
ACCENT, CONTRAST = PALETTE[0], PALETTE[5]

# Neutral colours of middling lightness, which can be seen on light and dark paper. A
# page that knows its background replaces them by those of THEMES.
INK = "#767C86"
ACTUAL = "#808690"
BASELINE = "#A4ABB5"
CONTROLS = "#6F7782"
OTHER = "#9C8B7A"
REFERENCE = "#8A9099"
FAINT = "#B3B9C1"
GRID = "rgba(125,132,143,0.22)"
CLEAR = "rgba(0,0,0,0)"
HOVER, HOVER_INK = "#2B313A", "#F4F6F8"

OBSERVED = "#8DB4D3"
_SEQUENTIAL = ("#DCE9F5", "#A9CBE8", "#6BA5D6", "#2F77B5", "#0E4A80")
_DIVERGING = ("#B5460F", "#E5A27A", "#EDEFF2", "#86B4DA", "#1B5E99")

# What a page replaces, by theme: {"colours": {neutral: colour}, "page": CSS colours}.
THEMES: dict[str, dict[str, dict[str, str]]] = {
    "light": {
        "colours": {
            INK: "#3C434D",
            ACTUAL: "#30363E",
            BASELINE: "#C2C8D0",
            CONTROLS: "#8A929D",
            REFERENCE: "#6E7681",
            FAINT: "#AEB5BE",
            OBSERVED: "#BCD5EA",
            GRID: "#E6E9ED",
        },
        "page": {
            "paper": "#FFFFFF",
            "ground": "#F3F5F8",
            "ink": "#1F252D",
            "muted": "#5A6370",
            "line": "#DFE3E8",
            "accent": "#1A6AA6",
            "soft": "#E9F2FA",
            "caution": "#9A5200",
            "caution-soft": "#FFF3DF",
            "yes": "#0B6E3A",
            "no": "#B3261E",
            "fair": "#8A5300",
            "open": "#8A929D",
        },
    },
    "dark": {
        "colours": {
            INK: "#C6CCD4",
            ACTUAL: "#E6E9ED",
            BASELINE: "#5D6672",
            CONTROLS: "#8C95A1",
            REFERENCE: "#A2A9B3",
            FAINT: "#69717D",
            OBSERVED: "#33536E",
            GRID: "#2E343D",
            # The scales run the other way: much stands out from the ground.
            **dict(
                zip(
                    _SEQUENTIAL,
                    ("#202B38", "#1F4B73", "#2A72AE", "#5BA3DB", "#A6D3F7"),
                    strict=True,
                )
            ),
            **dict(
                zip(
                    _DIVERGING,
                    ("#F08A4B", "#A8602F", "#2A3038", "#2F6EA5", "#6DB7F2"),
                    strict=True,
                )
            ),
        },
        "page": {
            "paper": "#1A1E25",
            "ground": "#12151A",
            "ink": "#E9ECF0",
            "muted": "#A3ACB8",
            "line": "#2F3640",
            "accent": "#6DB5EA",
            "soft": "#1D2C3A",
            "caution": "#F2B25C",
            "caution-soft": "#33281A",
            "yes": "#5CC98B",
            "no": "#FF8A80",
            "fair": "#F2B25C",
            "open": "#8C95A1",
        },
    },
}

_HEXADECIMAL = re.compile("#[0-9a-fA-F]{6}")

# Significant digits, without SI prefixes: 0.5 is not "500m".
NUMBER = ":,.4~r"
RATIO = ":,.3~r"
PERCENT = ":.1%"

_AXIS: dict[str, Any] = {
    "automargin": True,
    "gridcolor": GRID,
    "linecolor": GRID,
    "zerolinecolor": REFERENCE,
    "zerolinewidth": 1,
    "title": {"standoff": 8, "font": {"size": 12}},
    # Thousands in full, as in words; a page calls 10M and 2B "10 m" and "2 bn".
    "exponentformat": "B",
    "minexponent": 5,
    "separatethousands": True,
    "ticks": "",
    "ticklabelstandoff": 4,
}
TEMPLATE = go.layout.Template(
    layout={
        "font": {
            "family": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
            "size": 13,
            "color": INK,
        },
        "title": {
            "x": 0,
            "xanchor": "left",
            "y": 1,
            "yanchor": "top",
            "yref": "container",
            "pad": {"l": 8, "t": 14},
            "font": {"size": 17},
        },
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "colorway": PALETTE,
        "margin": {"l": 16, "r": 16, "t": 88, "b": 16},
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.0,
            "yanchor": "bottom",
            "bgcolor": CLEAR,
            "traceorder": "normal",
        },
        "hoverlabel": {
            "namelength": -1,
            "bgcolor": HOVER,
            "bordercolor": HOVER,
            "font": {"color": HOVER_INK},
        },
        "modebar": {"bgcolor": CLEAR, "color": REFERENCE, "activecolor": ACCENT},
        "xaxis": _AXIS,
        # Of vertical axes alone, since time runs along horizontal ones.
        "yaxis": _AXIS | {"hoverformat": ",.4~r"},
        "annotationdefaults": {"showarrow": False},
        "updatemenudefaults": {
            "bgcolor": CLEAR,
            "bordercolor": REFERENCE,
            "font": {"color": INK},
        },
        "colorscale": {
            "sequential": [[i / 4, c] for i, c in enumerate(_SEQUENTIAL)],
            "diverging": [[i / 4, c] for i, c in enumerate(_DIVERGING)],
        },
    }
)
pio.templates["sklearn_mmm"] = TEMPLATE
SEQUENTIAL = [[i / 4, colour] for i, colour in enumerate(_SEQUENTIAL)]
DIVERGING = [[i / 4, colour] for i, colour in enumerate(_DIVERGING)]


def styled(figure: go.Figure, title: str, **layout: Any) -> go.Figure:
    """Give a figure its template and title, and both room above a legend."""
    has_panels = bool(figure.layout.meta)
    if has_panels and layout.get("showlegend", True):
        layout = {"margin_t": 128, "height": figure.layout.height + 40} | layout
    return figure.update_layout(template=TEMPLATE, title_text=text(title), **layout)


@of_fitted_model
def channel_colours(source: Any) -> dict[str, str]:
    """Return the colour of each channel, the same in every chart of a model.

    The eight largest channels have a hue each and the rest share a neutral colour.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or iterable of str
        A fitted estimator, or channels, the largest first.

    Returns
    -------
    dict
        Channel to hexadecimal colour.

    Examples
    --------
    >>> from sklearn_mmm.plotting import channel_colours
    >>> channel_colours(["tv", "search"])
    {'tv': '#1F77B8', 'search': '#E69A00'}
    """
    if hasattr(source, "contributions_"):
        source = channels_by_size(source)
    if isinstance(source, str) or not isinstance(source, Iterable):
        raise TypeError(
            f"got source={shown(source)}; give a fitted model or a list of channels"
        )
    names = list(dict.fromkeys(source))
    hues = [*PALETTE, *[OTHER] * max(len(names) - len(PALETTE), 0)]
    return dict(zip(names, hues, strict=False))


def colours_for(
    channels: Iterable[str], colours: Mapping[str, str] | None
) -> dict[str, str]:
    """Return given colours, or those by the order of the channels.

    Raises
    ------
    TypeError, ValueError
        If what is given is no dict, or holds other than hexadecimal colours.
    """
    names = list(dict.fromkeys(channels))
    if colours is None:
        return channel_colours(names)
    if not isinstance(colours, Mapping):
        raise TypeError(
            f"got colours={shown(colours)}; give a dict such as {{'tv': '#1F77B8'}}"
        )
    for name, colour in colours.items():
        if not isinstance(colour, str) or not _HEXADECIMAL.fullmatch(colour):
            raise ValueError(
                f"colours: {colour!r} of {name!r} is no hexadecimal colour; write it "
                "as '#1F77B8'"
            )
    return {name: colours.get(name, OTHER) for name in names}


def logarithmic(low: float, high: float) -> dict[str, Any]:
    """Return a logarithmic axis, with labels at 1, 2 and 5 if there is room."""
    is_long = np.log10(high / low) > 2.2
    axis = {"type": "log", "dtick": 1 if is_long else "D2"}
    if low >= 1 and is_long:
        # Whole powers in the template's own words: 10B, as on other axes.
        return axis
    return {**axis, "tickformat": "~s" if low >= 1 else ",.3~r"}


def fade(colour: str, share: float) -> str:
    """Return a hexadecimal colour with some transparency."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return f"rgba({parts[0]},{parts[1]},{parts[2]},{share:g})"


def text(label: object) -> str:
    """Return a label as text.

    Plotly reads a subset of HTML in all text, ``%{...}`` in templates, and $...$ as
    mathematics where a notebook has MathJax.
    """
    out = str(label).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return out.replace("%{", "&#37;{").replace("$", "&#36;")


def short(label: object, most: int = 22) -> str:
    """Return a label as text of limited length."""
    out = " ".join(str(label).split())
    return text(out if len(out) <= most else out[: most - 1].rstrip() + "…")


def label_axis(labels: Sequence[object], most: int = 30) -> dict[str, Any]:
    """Return an axis with a label at each whole number, the first at the top.

    Positions, not Plotly's categories: names that look like numbers or dates stay
    names, and two names that begin alike stay apart.
    """
    n = len(labels)
    return {
        "tickmode": "array",
        "tickvals": list(range(n)),
        "ticktext": [short(label, most) for label in labels],
        "range": [n - 0.4, -0.6],
        "showgrid": False,
        "zeroline": False,
    }


def number(value: float) -> str:
    """Return a number as people write it: 1,235, 12.3, 4.57 m."""
    if not np.isfinite(value):
        return "–"
    for limit, name in ((1e9, " bn"), (1e6, " m")):
        if abs(value) >= limit:
            return f"{value / limit:,.3g}{name}"
    if abs(value) >= 1000:
        return f"{float(f'{value:.4g}'):,.0f}"
    return f"{value:.3g}"


def percent(value: float) -> str:
    """Return a share as a percentage, with a decimal where it is small."""
    if not np.isfinite(value):
        return "–"
    places = 1 if abs(value) < 0.1 else 0
    # Rounding first, so that there is no "-0.0 %".
    shown = f"{round(100 * value, places) + 0.0:.{places}f} %"
    return shown.replace("-", "−")


def change_in_words(before: float, after: float) -> str:
    """Return a relative change; what begins at nothing is new."""
    if before > 0:
        return f"{100 * (after / before - 1):+.0f} %".replace("-", "−")
    return "new" if after > 0 else "–"


def row_height(n: int, per_row: int = 30, least: int = 240) -> int:
    """Return the height of a figure of n rows of bars or points."""
    return max(least, 150 + per_row * n)
