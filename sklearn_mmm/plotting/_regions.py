"""Regions beside one another."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm.inspection import Units, region_channel_table, region_table
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.plotting._panels import (
    add_menu,
    make_panels,
    panel,
    set_axes,
    units_for,
)
from sklearn_mmm.plotting._source import Needs, table_of
from sklearn_mmm.plotting._style import (
    ACCENT,
    INK,
    NUMBER,
    PALETTE,
    PERCENT,
    RATIO,
    SEQUENTIAL,
    label_axis,
    logarithmic,
    short,
    styled,
    text,
)

# Of a heat map's values: a single cell does not use up the scale.
_TOP_QUANTILE = 0.98
_CELLS = Needs("region channel", "share_of_outcome contribution roi", unique=True)


@of_fitted_model
def plot_region_heatmap(
    source: Any, *, units: Units | None = None, by: str | None = None
) -> go.Figure:
    """Plot what channels brought in each region, and their ROI there.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.region_channel_table`.
    units : Units, default=None
        Names of the units; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.
    by : str, default=None
        A dimension of regions, whose groups are shown instead; of a table, the name of
        its column. None means regions.

    Returns
    -------
    plotly.graph_objects.Figure
        A heat map whose menu changes between the share of the region's outcome, the
        contribution and the ROI. The largest region is at the top, the largest channel
        on the left; the scale ends at the 98 % quantile.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_region_heatmap
    >>> table = pd.DataFrame({
    ...     "region": ["a", "b"], "channel": "tv", "spend": 1.0,
    ...     "contribution": [1.0, 2.0], "share_of_outcome": [0.1, 0.2],
    ...     "roi": [1.0, 2.0],
    ... })
    >>> plot_region_heatmap(table).data[0].z.tolist()
    [[0.1], [0.2]]
    """
    found = table_of(_named(source, by), region_channel_table, _CELLS, by=by)
    table, units = _named(found, by), units_for(source, units)
    regions = list(dict.fromkeys(table["region"]))
    channels = list(dict.fromkeys(table["channel"]))
    wide = {
        name: table.pivot(index="region", columns="channel", values=name)
        .loc[regions, channels]
        .to_numpy(float)
        for name in ("share_of_outcome", "contribution", "roi")
    }
    shown = {
        "Share of outcome": ("share_of_outcome", "share of<br>outcome", ".0%", PERCENT),
        "Contribution": ("contribution", short(units.worth, 14), "", NUMBER),
        "ROI": ("roi", "ROI", "", RATIO),
    }

    def change(name: str, title: str, ticks: str, number: str) -> dict[str, Any]:
        return {
            "z": [wide[name]],
            "zmin": [0.0],
            "zmax": [_top(wide[name])],
            "hovertemplate": [f"%{{customdata}}<br>%{{z{number}}}<extra></extra>"],
            "colorbar.title.text": [title],
            "colorbar.tickformat": [ticks],
        }

    first = change(*shown["Share of outcome"])
    tall = max(9, min(26, 1600 // max(len(regions), 1)))
    figure = go.Figure()
    figure.add_heatmap(
        z=first["z"][0],
        x=np.arange(len(channels)),
        y=np.arange(len(regions)),
        zmin=0.0,
        zmax=first["zmax"][0],
        colorscale=SEQUENTIAL,
        xgap=1,
        ygap=1 if tall > 12 else 0,
        customdata=[[f"{text(r)}, {text(c)}" for c in channels] for r in regions],
        hovertemplate=first["hovertemplate"][0],
        colorbar=_colour_bar(first["colorbar.title.text"][0]),
    )
    options: dict[str, tuple[dict[str, Any], dict[str, Any]]]
    options = {label: (change(*how), {}) for label, how in shown.items()}
    add_menu(figure, "show", options, above=84)
    axis = label_axis(channels, 18)
    return styled(
        figure,
        f"Channels by {text(by or 'region')}",
        xaxis={
            **axis,
            "range": [-0.5, len(channels) - 0.5],
            "side": "top",
            "tickangle": -45 if len(channels) > 4 else 0,
        },
        yaxis={**_region_axis(regions, tall), "title_text": ""},
        margin_t=136,
        height=int(210 + tall * len(regions)),
    )


def _colour_bar(title: str) -> dict[str, Any]:
    """Return a bar of percentages at the upper end of a figure."""
    return {
        "title": {"text": title, "font": {"size": 11}},
        "tickformat": ".0%",
        "exponentformat": "B",
        "minexponent": 5,
        "thickness": 12,
        "len": 260,
        "lenmode": "pixels",
        "y": 1,
        "yanchor": "top",
        "outlinewidth": 0,
    }


def _top(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.quantile(known, _TOP_QUANTILE)) if len(known) else 1.0


def _region_axis(regions: list[Any], tall: int) -> dict[str, Any]:
    """Label as many rows as there is room for."""
    axis = label_axis(regions, 18)
    every = -(-14 // tall)
    axis["tickvals"] = axis["tickvals"][::every]
    axis["ticktext"] = axis["ticktext"][::every]
    axis["tickfont"] = {"size": 11}
    axis["range"] = [len(regions) - 0.5, -0.5]
    return axis


@of_fitted_model
def plot_regions(
    source: Any, *, units: Units | None = None, by: str | None = None
) -> go.Figure:
    """Plot the baseline and the media share of each region, sortable.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.region_table`.
    units : Units, default=None
        Names of the units on the axes; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.
    by : str, default=None
        A dimension of regions, whose groups are shown instead; of a table, the name of
        its column. None means regions.

    Returns
    -------
    plotly.graph_objects.Figure
        The menu sorts by outcome, baseline, media share or name. Levels are on a
        logarithmic scale where regions differ by a factor of 50.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_regions
    >>> table = pd.DataFrame({
    ...     "region": ["a", "b"], "outcome": [4.0, 3.0], "baseline": [1.0, 2.0],
    ...     "media_share": [0.75, 0.33],
    ... })
    >>> figure = plot_regions(table)
    >>> [button.label for button in figure.layout.updatemenus[0].buttons]
    ['Largest outcome', 'Largest baseline', 'Largest media share', 'Name']
    """
    needs = Needs("region", "outcome baseline media_share")
    found = table_of(_named(source, by), region_table, needs, by=by)
    table = _named(found, by).reset_index(drop=True)
    units = units_for(source, units)
    regions, n = table["region"].tolist(), len(table)
    orders = {
        "Largest outcome": table["outcome"].sort_values(ascending=False),
        "Largest baseline": table["baseline"].sort_values(ascending=False),
        "Largest media share": table["media_share"].sort_values(ascending=False),
        "Name": table["region"].sort_values(),
    }

    def change(order: pd.Series) -> tuple[dict[str, Any], dict[str, Any]]:
        place = np.empty(n, int)
        place[order.index] = np.arange(n)
        labels = [short(regions[i], 18) for i in order.index]
        axes = {"yaxis.ticktext": labels, "yaxis2.ticktext": labels}
        return {"y": [place, place, place]}, axes

    first, axes = change(orders["Largest outcome"])
    figure = make_panels(
        [f"Level ({units.worth_per_step})", "Media share of the outcome"],
        columns=2,
        height=max(150, 18 * n),
        widths=[0.5, 0.5],
        shares_labels=True,
    )
    _add_levels_and_shares(figure, table, first["y"])
    levels = table[["outcome", "baseline"]].to_numpy()
    low, high = float(levels.min()), float(levels.max())
    scale = logarithmic(low, high) if low > 0 and high / low > 50 else {}
    rows = {**label_axis(regions, 18), "showgrid": True, "tickfont": {"size": 11}}
    # The scale stands above the first region: of many regions the last ones are folded
    # away on a page.
    rows["range"] = [n - 0.4, -1.9]
    # Labels inside would take their colour from a ground that is clear.
    font = {"size": 11, "color": INK}
    above = {"side": "top", "ticklabelposition": "inside", "tickfont": font}
    set_axes(figure, 0, {**above, **scale}, rows)
    share_axis = {**above, "tickformat": ".0%", "rangemode": "tozero"}
    set_axes(figure, 1, share_axis, {**rows, "matches": "y"})
    figure.update_layout({k.replace(".", "_"): v for k, v in axes.items()})
    add_menu(figure, "sort", {label: change(order) for label, order in orders.items()})
    return styled(figure, "Regions" if by is None else f"By {text(by)}", bargap=0.35)


def _named(source: Any, by: str | None) -> Any:
    """Return a table whose groups are called regions; a model as it is."""
    if by is None or not isinstance(source, pd.DataFrame):
        return source
    return source.rename(columns={by: "region"})


def _add_levels_and_shares(
    figure: go.Figure, table: pd.DataFrame, places: list[np.ndarray]
) -> None:
    """Add outcome, baseline and media share of regions at their places."""
    names = [text(region) for region in table["region"]]
    for name, colour, y in (
        ("outcome", ACCENT, places[0]),
        ("baseline", PALETTE[1], places[1]),
    ):
        figure.add_scatter(
            x=table[name],
            y=y,
            name=name,
            mode="markers",
            marker={"color": colour, "size": 8},
            customdata=names,
            hovertemplate=f"%{{customdata}}<br>{name} %{{x{NUMBER}}}<extra></extra>",
            **panel(0),
        )
    figure.add_bar(
        x=table["media_share"],
        y=places[2],
        orientation="h",
        marker={"color": PALETTE[2], "line_width": 0},
        showlegend=False,
        customdata=names,
        hovertemplate=f"%{{customdata}}<br>media share %{{x{PERCENT}}}<extra></extra>",
        **panel(1),
    )
