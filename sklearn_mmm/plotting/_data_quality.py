"""What the data allow: coverage, spells without media, outliers."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm.inspection import (
    Units,
    coverage_table,
    outlier_table,
    zero_spells,
)
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.plotting._label_places import label_places
from sklearn_mmm.plotting._panels import make_panels, panel, set_axes, units_for
from sklearn_mmm.plotting._regions import _region_axis
from sklearn_mmm.plotting._source import Needs, table_of
from sklearn_mmm.plotting._style import (
    ACCENT,
    CONTRAST,
    OBSERVED,
    SEQUENTIAL,
    label_axis,
    short,
    styled,
    text,
)

# Points of outliers: pixels, and how many are named at most.
_POINT = 8.0
_MOST_NAMED = 5
_BESIDE: dict[str, dict[str, Any]] = {
    "top center": {"yshift": 13},
    "bottom center": {"yshift": -13},
    "middle right": {"xanchor": "left", "xshift": 7},
    "middle left": {"xanchor": "right", "xshift": -7},
}


@of_fitted_model
def plot_coverage(source: Any, *, units: Units | None = None) -> go.Figure:
    """Plot which time steps each region has.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.coverage_table`.
    units : Units, default=None
        Names of the units on the axes; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.

    Returns
    -------
    plotly.graph_objects.Figure
        Missing rows have the colour of contrast; the region that misses most is at the
        top.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_coverage
    >>> table = pd.DataFrame(
    ...     {"region": ["a", "a"], "time": [1, 2], "observed": [True, False]}
    ... )
    >>> plot_coverage(table).data[0].z.tolist()
    [[1, 0]]
    """
    table = table_of(
        source, coverage_table, Needs("region time", "observed", unique=True)
    )
    units = units_for(source, units)
    wide = table.pivot(index="region", columns="time", values="observed").astype(int)
    wide = wide.loc[wide.sum(axis=1).sort_values(kind="stable").index]
    regions, times = list(wide.index), wide.columns.to_numpy()
    tall = max(4, min(16, 1000 // max(len(regions), 1)))
    missing = int((wide.to_numpy() == 0).sum())
    figure = go.Figure()
    figure.add_heatmap(
        z=wide.to_numpy(),
        x=times,
        y=np.arange(len(regions)),
        zmin=0,
        zmax=1,
        colorscale=[[0, CONTRAST], [0.5, CONTRAST], [0.5, OBSERVED], [1, OBSERVED]],
        showscale=False,
        xgap=1 if len(times) < 200 else 0,
        ygap=1 if tall > 6 else 0,
        customdata=[[text(region)] * len(times) for region in regions]
        if len(regions) * len(times) < 4000
        else None,
        hovertemplate=_coverage_hover(len(regions) * len(times) < 4000),
    )
    for name, colour in (
        ("observed", OBSERVED),
        (f"missing ({missing:,} rows)", CONTRAST),
    ):
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            name=name,
            marker={"color": colour, "symbol": "square", "size": 11},
        )
    return styled(
        figure,
        "Coverage",
        xaxis={"title_text": text(units.time), "showgrid": False},
        yaxis=_region_axis(regions, tall),
        height=int(150 + max(tall * len(regions), 60)),
    )


def _coverage_hover(named: bool) -> str:
    return ("%{customdata}, " if named else "") + "%{x}<extra></extra>"


@of_fitted_model
def plot_zero_spells(source: Any, *, units: Units | None = None) -> go.Figure:
    """Plot when channels had media, and their longest spell without.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or SpellTables
        A fitted estimator, or the tables of
        :func:`~sklearn_mmm.inspection.zero_spells`.
    units : Units, default=None
        Names of the units on the axes; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.

    Returns
    -------
    plotly.graph_objects.Figure
        A bar for each spell of zeros.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_zero_spells
    >>> activity = pd.DataFrame(
    ...     {"channel": "tv", "time": [1, 2], "active": [1.0, 0.0]}
    ... )
    >>> spells = pd.DataFrame({
    ...     "channel": ["tv"], "zero_share": [0.5], "longest_spell": [1],
    ...     "silent_regions": [0],
    ... })
    >>> plot_zero_spells((activity, spells)).data[1].x.tolist()
    [1]
    """
    activity, spells = table_of(
        source,
        zero_spells,
        (
            Needs("channel time", "active", unique=True),
            Needs("channel", "longest_spell zero_share silent_regions"),
        ),
    )
    units = units_for(source, units)
    channels = spells["channel"].tolist()
    wide = activity.pivot(index="channel", columns="time", values="active")
    wide = wide.reindex(channels)
    n = len(channels)
    # With one region a channel is on or off.
    several = bool(((wide > 0) & (wide < 1)).to_numpy().any())
    figure = make_panels(
        [
            "Share of regions with media"
            if several
            else f"{_title(units)}s with media",
            "Longest spell without media",
        ],
        columns=2,
        widths=[0.68, 0.32],
        height=max(150, 26 * n),
        shares_labels=True,
    )
    figure.add_heatmap(
        z=wide.to_numpy(),
        x=wide.columns.to_numpy(),
        y=np.arange(n),
        zmin=0,
        zmax=1,
        colorscale=SEQUENTIAL,
        showscale=False,
        ygap=2,
        hovertemplate="%{x}<br>%{z:.0%} of regions<extra></extra>"
        if several
        else "%{x}<extra></extra>",
        **panel(0),
    )
    _add_spells(figure, spells, units, several)
    rows = label_axis(channels)
    set_axes(figure, 0, {"title_text": text(units.time), "showgrid": False}, rows)
    set_axes(
        figure,
        1,
        {
            "title_text": text(f"{units.time}s"),
            "rangemode": "tozero",
            "range": _upto(spells),
        },
        {**rows, "matches": "y"},
    )
    return styled(figure, "Spells without media", showlegend=False, bargap=0.35)


def _add_spells(
    figure: go.Figure, spells: pd.DataFrame, units: Units, several: bool
) -> None:
    """Add the longest spells without media, of several regions or one."""
    figure.add_bar(
        x=spells["longest_spell"],
        y=np.arange(len(spells)),
        orientation="h",
        marker={"color": ACCENT, "line_width": 0},
        customdata=np.column_stack(
            [
                [text(name) for name in spells["channel"]],
                spells["zero_share"].map("{:.1%}".format),
                spells["silent_regions"],
            ]
        ),
        hovertemplate=f"%{{customdata[0]}}<br>longest spell %{{x}} {text(units.time)}s"
        "<br>zero in %{customdata[1]} of rows"
        + ("<br>%{customdata[2]} regions without any" if several else "")
        + "<extra></extra>",
        **panel(1),
    )


def _title(units: Units) -> str:
    return text(units.time[:1].upper() + units.time[1:])


def _upto(spells: pd.DataFrame) -> list[float]:
    return [0, max(1.05 * float(spells["longest_spell"].max()), 4.0)]


@of_fitted_model
def plot_outliers(
    source: Any,
    *,
    threshold: float = 4.0,
    units: Units | None = None,
    span: tuple[Any, Any] | None = None,
) -> go.Figure:
    """Plot training rows whose outcome is far from what the model expects.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.outlier_table`.
    threshold : float, default=4.0
        In robust standard deviations of the region's residuals, when the source is an
        estimator.
    units : Units, default=None
        Names of the units on the axes; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.
    span : tuple, default=None
        First and last time of the axis; None means those of the points.

    Returns
    -------
    plotly.graph_objects.Figure
        A row is a point; of several regions, those furthest out are named where there
        is room.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_outliers
    >>> table = pd.DataFrame({
    ...     "region": ["a"], "time": [1], "actual": [9.0], "predicted": [3.0],
    ...     "score": [6.0],
    ... })
    >>> plot_outliers(table).data[0].y.tolist()
    [6.0]
    """
    table = table_of(
        source,
        outlier_table,
        Needs("region time", "score actual predicted", empty=True),
        threshold=threshold,
    )
    units = units_for(source, units)
    figure = go.Figure()
    for name, colour, part in (
        ("more than expected", ACCENT, table[table["score"] > 0]),
        ("less than expected", CONTRAST, table[table["score"] < 0]),
    ):
        figure.add_scatter(
            x=part["time"],
            y=part["score"],
            mode="markers",
            name=name,
            marker={"color": colour, "size": 8, "opacity": 0.75, "line_width": 0},
            customdata=np.column_stack(
                [
                    [text(region) for region in part["region"]],
                    part["actual"],
                    part["predicted"],
                ]
            ),
            hovertemplate="%{customdata[0]}, %{x}<br>actual %{customdata[1]:,.4~r}"
            "<br>predicted %{customdata[2]:,.4~r}"
            "<br>%{y:.1f} standard deviations<extra></extra>",
        )
    if len(table):
        times, scores = _ranges(table, span)
        figure.update_layout(xaxis_range=times, yaxis_range=scores)
        _name_furthest(figure, table, times, scores)
    if table.empty:
        figure.add_annotation(
            text="no outliers", xref="paper", yref="paper", x=0.5, y=0.5
        )
        figure.update_xaxes(visible=False)
        figure.update_yaxes(visible=False)
    return styled(
        figure,
        "Outliers",
        xaxis={"title_text": text(units.time), "zeroline": False},
        yaxis={"title_text": "robust standard deviations"},
        height=160 if table.empty else 380,
    )


def _ranges(
    table: pd.DataFrame, span: tuple[Any, Any] | None
) -> tuple[list[Any], list[float]]:
    """Return the ranges of both axes, with a little room around the points."""
    first, last = span or (table["time"].min(), table["time"].max())
    day = pd.Timedelta(days=1) if isinstance(first, pd.Timestamp) else 1
    margin = 0.04 * (last - first) if last > first else day
    low, high = min(table["score"].min(), 0.0), max(table["score"].max(), 0.0)
    room = 0.08 * (high - low)
    ends = [low - room if low < 0 else 0.0, high + room if high > 0 else 0.0]
    return [first - margin, last + margin], ends


def _name_furthest(
    figure: go.Figure, table: pd.DataFrame, times: list[Any], scores: list[float]
) -> None:
    """Write the regions of the points furthest out beside them, where there is room."""
    # Of one region all points are of the same name.
    named = table.head(_MOST_NAMED if table["region"].nunique() > 1 else 0)
    names = [short(region, 16) for region in named["region"]]
    x = ((named["time"] - times[0]) / (times[1] - times[0])).to_numpy(float)
    y = ((named["score"] - scores[0]) / (scores[1] - scores[0])).to_numpy(float)
    sides = label_places(x, y, np.full(len(named), _POINT), names)
    for i, side in enumerate(sides):
        if side is not None:
            figure.add_annotation(
                x=named["time"].iloc[i],
                y=named["score"].iloc[i],
                text=names[i],
                font={"size": 11},
                **_BESIDE[side],
            )
