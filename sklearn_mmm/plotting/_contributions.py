"""What made up the outcome: over time, in total, and inside the baseline."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm._arguments import check_names
from sklearn_mmm.inspection import (
    Units,
    baseline_components,
    contribution_table,
    waterfall_table,
)
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.plotting._channels import error_bars
from sklearn_mmm.plotting._panels import (
    add_menu,
    make_panels,
    over_time,
    panel,
    region_options,
    set_axes,
    units_for,
)
from sklearn_mmm.plotting._source import Needs, table_of
from sklearn_mmm.plotting._style import (
    ACCENT,
    ACTUAL,
    BASELINE,
    CONTROLS,
    OTHER,
    PALETTE,
    REFERENCE,
    colours_for,
    label_axis,
    number,
    percent,
    row_height,
    short,
    styled,
    text,
)

_FIXED = {"baseline": BASELINE, "controls": CONTROLS, "total": ACTUAL}
# Before what a control is measured from.
_MEASURED = " (from "
_BARS = Needs(
    "component kind",
    "contribution start end share",
    among={"kind": ("channel", *_FIXED)},
)


@of_fitted_model
def plot_contributions(
    source: Any,
    controls: Sequence[str] | None = None,
    *,
    units: Units | None = None,
    colours: Mapping[str, str] | None = None,
) -> go.Figure:
    """Plot what baseline, controls and channels contributed to each time step.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.contribution_table`.
    controls : list of str, default=None
        Which columns are controls, when the source is a table.
    units : Units, default=None
        Names of the units on the axes; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.
    colours : dict, default=None
        Colour of each channel; None means those of
        :func:`~sklearn_mmm.plotting.channel_colours`.

    Returns
    -------
    plotly.graph_objects.Figure
        A stack of bars with a region selector. Beyond eight channels the smallest are
        drawn together, and so are the controls.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_contributions
    >>> table = pd.DataFrame(
    ...     {"region": "a", "time": [1, 2], "baseline": [3.0, 4.0], "tv": [1.0, 2.0]}
    ... )
    >>> [trace.name for trace in plot_contributions(table).data]
    ['baseline', 'tv']
    """
    table = table_of(
        source, contribution_table, Needs("region time", "baseline", rest=True)
    )
    if controls is None:
        controls = getattr(source, "control_columns_", ())
    check_names("controls", controls)
    strangers = [c for c in controls if c not in table]
    if strangers:
        raise ValueError(
            f"controls names {strangers}, which the table does not have; it has "
            f"{list(table.columns)}"
        )
    units = units_for(source, units)
    parts = [c for c in table.columns if c not in ("region", "time", *controls)]
    channels = parts[1:]
    hues = colours_for(channels, colours)
    named, rest = channels[: len(PALETTE)], channels[len(PALETTE) :]
    stack: list[tuple[str, list[str], str]] = [("baseline", ["baseline"], BASELINE)]
    if controls:
        stack.append(("controls", list(controls), CONTROLS))
    stack += [(short(c, 30), [c], hues[c]) for c in named]
    if rest:
        name = f"{len(rest)} other channel{'s' if len(rest) > 1 else ''}"
        stack.append((name, rest, OTHER))
    # By place: names that were cut may be the same.
    values = {i: table[columns].sum(axis=1) for i, (_, columns, _) in enumerate(stack)}
    layers = pd.DataFrame(values).assign(time=table["time"])
    times = np.sort(table["time"].unique())
    by_region = dict(iter(layers.groupby(table["region"].to_numpy())))

    def series(region: Any) -> dict[str, Any]:
        rows = layers if region is None else by_region[region]
        return {"y": over_time(rows, list(values), times)}

    figure = go.Figure()
    for (name, _, colour), y in zip(stack, series(None)["y"], strict=True):
        # Bars, not areas: a control's effect may be negative.
        figure.add_bar(
            x=times, y=y, name=name, marker={"color": colour, "line_width": 0}
        )
    add_menu(figure, "region", region_options(list(by_region), series))
    return styled(
        figure,
        "Contributions over time",
        xaxis_title=text(units.time),
        yaxis_title=text(units.per_step),
        barmode="relative",
        bargap=0,
        hovermode="x unified",
        height=470,
    )


@of_fitted_model
def plot_waterfall(
    source: Any,
    *,
    coverage: float = 0.9,
    units: Units | None = None,
    colours: Mapping[str, str] | None = None,
) -> go.Figure:
    """Plot the way from the baseline to the whole outcome.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.waterfall_table`.
    coverage : float, default=0.9
        Of the intervals, when the source is an estimator.
    units : Units, default=None
        Names of the units on the axes; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.
    colours : dict, default=None
        Colour of each channel.

    Returns
    -------
    plotly.graph_objects.Figure
        A bar for each step. Where the table has intervals, whiskers are those of the
        channel's own contribution, counted from the start of its bar.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_waterfall
    >>> table = pd.DataFrame({
    ...     "component": ["baseline", "tv", "total"],
    ...     "kind": ["baseline", "channel", "total"], "contribution": [3.0, 1.0, 4.0],
    ...     "start": [0.0, 3.0, 0.0], "end": [3.0, 4.0, 4.0],
    ...     "share": [0.75, 0.25, 1.0],
    ... })
    >>> list(plot_waterfall(table).data[0].base)
    [0.0, 3.0, 0.0]
    """
    table = table_of(source, waterfall_table, _BARS, coverage=coverage)
    units = units_for(source, units)
    is_channel = (table["kind"] == "channel").to_numpy()
    hues = colours_for(table["component"][is_channel], colours)
    bars = [
        hues[name] if kind == "channel" else _FIXED[kind]
        for name, kind in zip(table["component"], table["kind"], strict=True)
    ]
    n = len(table)
    shares = [percent(share) for share in table["share"]]
    figure = go.Figure()
    figure.add_bar(
        x=table["contribution"],
        base=table["start"],
        y=np.arange(n),
        orientation="h",
        marker={"color": bars, "line_width": 0},
        customdata=[
            f"{text(name)}<br>{number(brought)} {text(units.worth)}<br>{share}"
            for name, brought, share in zip(
                table["component"], table["contribution"], shares, strict=True
            )
        ],
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
    )
    if "low" in table:
        _add_whiskers(figure, table, np.flatnonzero(is_channel))
    reach = table[["start", "end"]].max(axis=1)
    if "high" in table:
        reach = np.fmax(reach, table["start"] + table["high"])
    _add_shares(figure, reach, shares)
    _connect(figure, table["end"].to_numpy()[:-1])
    figure.update_yaxes(
        **label_axis(table["component"].tolist())
        | {"ticktext": [_component(name) for name in table["component"]]}
    )
    low = min(0.0, float(table["start"].min()))
    high = float(reach.max())
    return styled(
        figure,
        "From the baseline to the outcome",
        xaxis={
            "title_text": text(f"{units.worth}, whole training period"),
            "range": [low * 1.1, high * 1.2],
        },
        yaxis_title="",
        height=row_height(n, 26),
        bargap=0.25,
    )


def _component(name: object) -> str:
    """Return a label that is cut before what a control is measured from."""
    head, sign, tail = str(name).rpartition(_MEASURED)
    return short(head) + text(sign + tail) if sign else short(name, 30)


def _add_shares(figure: go.Figure, reach: pd.Series, shares: list[str]) -> None:
    """Add shares as text where bars and whiskers end."""
    figure.add_scatter(
        x=reach,
        y=np.arange(len(shares)),
        mode="text",
        text=[f"  {share}" for share in shares],
        textposition="middle right",
        cliponaxis=False,
        showlegend=False,
        hoverinfo="skip",
    )


def _connect(figure: go.Figure, ends: np.ndarray) -> None:
    """Add lines from the end of each bar to the next."""
    for i, end in enumerate(ends):
        figure.add_shape(
            type="line",
            x0=end,
            x1=end,
            y0=i + 0.4,
            y1=i + 0.6,
            line={"color": REFERENCE, "width": 1},
        )


def _add_whiskers(figure: go.Figure, table: pd.DataFrame, rows: np.ndarray) -> None:
    part = table.iloc[rows]
    figure.add_scatter(
        x=part["end"],
        y=rows,
        mode="markers",
        marker={"opacity": 0},
        error_x=error_bars(part, "contribution", "low", "high"),
        showlegend=False,
        hoverinfo="skip",
    )


@of_fitted_model
def plot_baseline(source: Any, *, units: Units | None = None) -> go.Figure:
    """Plot the level and the yearly season of the baseline, with a region selector.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.baseline_components`.
    units : Units, default=None
        Names of the units on the axes; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.

    Returns
    -------
    plotly.graph_objects.Figure
        Its parts over time, one line each.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_baseline
    >>> table = pd.DataFrame({
    ...     "region": "a", "time": [1, 2], "baseline": [3.0, 4.0], "level": [3.5, 3.5],
    ...     "season": [-0.5, 0.5], "remainder": [0.0, 0.0],
    ... })
    >>> [trace.name for trace in plot_baseline(table).data]
    ['baseline', 'level (trend)', 'season', 'remainder']
    """
    table = table_of(
        source,
        baseline_components,
        Needs("region time", "baseline level season remainder"),
    )
    units = units_for(source, units)
    times = np.sort(table["time"].unique())
    lines = {
        "baseline": ("baseline", BASELINE, 1.5, 0),
        "level": ("level (trend)", ACCENT, 2.5, 0),
        "season": ("season", PALETTE[2], 2.5, 1),
        "remainder": ("remainder", OTHER, 1.5, 1),
    }
    by_region = dict(iter(table.groupby("region")))

    def series(region: Any) -> dict[str, Any]:
        rows = table if region is None else by_region[region]
        return {"y": over_time(rows, list(lines), times)}

    figure = make_panels(
        ["Baseline and its level", "Season and remainder"], columns=1, height=210
    )
    values = zip(lines.values(), series(None)["y"], strict=True)
    for (name, colour, width, where), y in values:
        figure.add_scatter(
            x=times,
            y=y,
            name=name,
            mode="lines",
            line={"color": colour, "width": width},
            **panel(where),
        )
    outcome = text(units.per_step)
    for i in range(2):
        set_axes(figure, i, {"title_text": text(units.time)}, {"title_text": outcome})
    add_menu(figure, "region", region_options(list(by_region), series))
    return styled(figure, "Trend and season", hovermode="x unified")
