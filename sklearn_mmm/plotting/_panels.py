"""Several panels in one figure, and menus that change what a figure shows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm._arguments import shown
from sklearn_mmm.inspection import Units, units_of
from sklearn_mmm.inspection._training_rows import with_value
from sklearn_mmm.plotting._style import fade, short, text

# Pixels. A page that knows its width arranges panels anew by the same rules
# (``layout.meta["panels"]``); a notebook is taken to be about 960 wide.
GAP, LABELLED_GAP, TITLE, FOOT = 88, 24, 34, 56
_WIDTH = 880


def units_for(source: Any, units: Units | None) -> Units:
    """Return given units, or those of an estimator as far as it knows them.

    Raises
    ------
    TypeError
        If what is given is none.
    """
    if units is None:
        return units_of(source) if hasattr(source, "history_") else Units()
    if not isinstance(units, Units) or not all(isinstance(u, str) for u in units):
        raise TypeError(
            f"got units={shown(units)}; give inspection.Units(outcome='visits', "
            "spend='$'), which are texts"
        )
    return with_value(source, units) if hasattr(source, "outcome_value_") else units


def make_panels(
    titles: Sequence[str],
    notes: Sequence[str] | None = None,
    *,
    columns: int = 3,
    height: int = 210,
    widths: Sequence[float] | None = None,
    shares_labels: bool = False,
    foot: int = FOOT,
) -> go.Figure:
    """Return a figure with an axis pair for each title.

    Parameters
    ----------
    titles : list of str
    notes : list of str, default=None
        What is written behind the titles.
    columns : int, default=3
        Panels beside one another where there is room.
    height : int, default=210
        Of a panel's axes, pixels.
    widths : list of float, default=None
        Relative widths of the columns.
    shares_labels : bool, default=False
        Whether panels of a row have the same labels on the vertical axis.
    foot : int, default=56
        Room for labels and title of a horizontal axis, pixels.
    """
    n = len(titles)
    columns = min(columns, n)
    rows = -(-n // columns)
    full = rows * height + (rows - 1) * (TITLE + foot)
    gap = (LABELLED_GAP if shares_labels else GAP) / _WIDTH
    shares = [w / sum(widths) for w in widths] if widths else [1 / columns] * columns
    room = 1 - gap * (columns - 1)
    layout: dict[str, Any] = {
        "annotations": [],
        "height": full + 150,
        # Above the titles of the panels.
        "legend": {"y": 1 + TITLE / full},
    }
    # A third of the page holds so many letters.
    said = max(map(len, notes), default=0) if notes else 0
    most = max(28 - said // 2, 12) if columns > 2 else 44
    for i, title in enumerate(titles):
        note = f" {text(notes[i])}" if notes else ""
        row, column = divmod(i, columns)
        left = room * sum(shares[:column]) + gap * column
        top = 1 - row * (height + TITLE + foot) / full
        x, y = panel(i)["xaxis"], panel(i)["yaxis"]
        layout[axis_name(x)] = {
            "domain": [left, left + room * shares[column]],
            "anchor": y,
        }
        layout[axis_name(y)] = {
            "domain": [max(top - height / full, 0.0), top],
            "anchor": x,
            "showticklabels": not (shares_labels and column),
        }
        label = f"<b>{short(title, most)}</b>{note}"
        layout["annotations"].append(_title(label, left, top, f"panel {i}"))
    layout["meta"] = {
        "panels": {
            "n": n,
            "columns": columns,
            "height": height,
            "widths": shares,
            "shares_labels": shares_labels,
            "foot": foot,
        }
    }
    return go.Figure(layout=layout)


def _title(label: str, left: float, top: float, name: str) -> dict[str, Any]:
    """Return the annotation above a panel whose upper left corner is given."""
    return {
        "text": label,
        "xref": "paper",
        "yref": "paper",
        "x": left,
        "y": top,
        "xanchor": "left",
        "yanchor": "bottom",
        "yshift": 6,
        "name": name,
    }


def panel(i: int) -> dict[str, str]:
    """Return the axes of the i-th panel, as traces name them."""
    number = "" if i == 0 else str(i + 1)
    return {"xaxis": f"x{number}", "yaxis": f"y{number}"}


def axis_name(axis: str) -> str:
    """Return the name of an axis in the layout: "x2" is "xaxis2"."""
    return f"{axis[0]}axis{axis[1:]}"


def add_band(
    figure: go.Figure,
    table: pd.DataFrame,
    columns: tuple[str, str, str],
    colour: str,
    i: int,
) -> None:
    """Fill the space between two columns of a panel.

    Parameters
    ----------
    figure : Figure
    table : DataFrame
    columns : tuple of str
        Those along the axis, of the lower end and of the upper end.
    colour : str
    i : int
        Number of the panel.
    """
    along, low, high = columns
    for name, fill in ((low, None), (high, "tonexty")):
        figure.add_scatter(
            x=table[along],
            y=table[name],
            mode="lines",
            line={"width": 0, "color": colour},
            fill=fill,
            fillcolor=fade(colour, 0.2),
            hoverinfo="skip",
            **panel(i),
        )


def set_axes(figure: go.Figure, i: int, x: Any = None, y: Any = None) -> None:
    """Update the axes of the i-th panel."""
    axes = panel(i)
    figure.update_layout(
        {axis_name(axes["xaxis"]): x or {}, axis_name(axes["yaxis"]): y or {}}
    )


def add_menu(
    figure: go.Figure,
    name: str,
    options: Mapping[str, tuple[dict[str, Any], dict[str, Any]]],
    above: int = 28,
) -> None:
    """Add a menu that changes the figure.

    Parameters
    ----------
    figure : Figure
    name : str
        "region", "show" or "sort".
    options : dict
        Label -> changes of the traces and of the layout, as Plotly's ``update`` takes
        them: a list has one entry for each trace. The first is what the figure shows.
    above : int, default=28
        Pixels between the figure and the menu.
    """
    if len(options) < 2:
        return
    buttons = [
        {"label": short(label, 32), "method": "update", "args": list(change)}
        for label, change in options.items()
    ]
    menu = {
        "name": name,
        "buttons": buttons,
        "x": 1.0,
        "xanchor": "right",
        "y": 1.0,
        "yanchor": "bottom",
        "pad": {"b": above},
    }
    figure.update_layout(updatemenus=[*figure.layout.updatemenus, menu])


def over_time(
    rows: pd.DataFrame, columns: Sequence[Any], times: np.ndarray
) -> list[np.ndarray]:
    """Return columns by time step, rows of the same step added up; NaN without any.

    Parameters
    ----------
    rows : DataFrame
        With ``time`` and the columns.
    columns : sequence
    times : ndarray of shape (n_times,)
        Sorted; all times of the rows are among them.
    """
    place = np.searchsorted(times, rows["time"].to_numpy())
    missing = np.bincount(place, minlength=len(times)) == 0
    out = []
    for name in columns:
        summed = np.bincount(place, rows[name].to_numpy(float), len(times))
        out.append(np.where(missing, np.nan, summed))
    return out


def region_options(
    regions: Sequence[Any], series: Callable[[Any], dict[str, Any]]
) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return the options of a region menu, all regions together first.

    Parameters
    ----------
    regions : sequence
    series : callable
        Region, or None for all together -> changes of the traces.
    """
    if len(regions) < 2:
        return {}
    options: dict[str, tuple[dict[str, Any], dict[str, Any]]]
    options = {"All regions": (series(None), {})}
    # A region may be called like the option for all of them.
    for region in regions:
        label = str(region)
        options[label if label not in options else f"{label} (region)"] = (
            series(region),
            {},
        )
    return options
