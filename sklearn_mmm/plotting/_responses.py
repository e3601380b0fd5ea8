"""How channels respond: curves, carry-over and change with time; a panel for each."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm.inspection import (
    Units,
    adstock_table,
    modulation_table,
    response_curve_table,
)
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.plotting._panels import (
    add_band,
    make_panels,
    panel,
    set_axes,
    units_for,
)
from sklearn_mmm.plotting._source import Needs, table_of
from sklearn_mmm.plotting._style import (
    ACTUAL,
    NUMBER,
    RATIO,
    REFERENCE,
    colours_for,
    styled,
    text,
)


@of_fitted_model
def plot_response_curves(
    source: Any,
    *,
    units: Units | None = None,
    colours: Mapping[str, str] | None = None,
) -> go.Figure:
    """Plot response to constant spend, all regions together.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.response_curve_table`.
    units : Units, default=None
        Names of the units on the axes; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.
    colours : dict, default=None
        Colour of each channel; None means those of
        :func:`~sklearn_mmm.plotting.channel_colours`.

    Returns
    -------
    plotly.graph_objects.Figure
        A panel for each channel. Dashed beyond the largest spend seen; the dot is the
        mean spend; the band is the interval, where the table has one. Channels that
        cost nothing (``free``) have their media on the horizontal axis.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_response_curves
    >>> table = pd.DataFrame({
    ...     "channel": "tv", "spend": [0.0, 1.0, 2.0], "response": [0.0, 1.0, 1.5],
    ...     "marginal_response": [2.0, 1.0, 0.5], "extrapolated": [False, False, True],
    ...     "operating": [False, True, False],
    ... })
    >>> len(plot_response_curves(table).data)
    3
    """
    table = table_of(
        source,
        response_curve_table,
        Needs(
            "channel",
            "spend response marginal_response extrapolated",
            flags="extrapolated operating",
        ),
    )
    units = units_for(source, units)
    curves = dict(iter(table.groupby("channel", sort=False)))
    hues = colours_for(curves, colours)
    figure = make_panels(list(curves), height=190)
    for i, (channel, curve) in enumerate(curves.items()):
        _add_curve(figure, curve, hues[channel], i)
        set_axes(
            figure,
            i,
            {
                "title_text": text(f"{_amount_unit(curve, units)} per {units.time}"),
                # Of three panels side by side.
                "nticks": 4,
            },
            {
                "title_text": text(units.worth_per_step),
                "rangemode": "tozero",
            },
        )
    return styled(figure, "Response curves", showlegend=False)


def _is_free(curve: pd.DataFrame) -> bool:
    return "free" in curve and bool(curve["free"].all())


def _amount_unit(curve: pd.DataFrame, units: Units) -> str:
    return "media" if _is_free(curve) else units.spend


def _add_curve(figure: go.Figure, curve: pd.DataFrame, colour: str, i: int) -> None:
    place = panel(i)
    amount = "media" if _is_free(curve) else "spend"
    if "low" in curve:
        add_band(figure, curve, ("spend", "low", "high"), colour, i)
    n_inside = int((~curve["extrapolated"]).sum())
    # The dashed part starts where the solid one ends.
    parts = (curve[:n_inside], "solid"), (curve[max(n_inside - 1, 0) :], "dash")
    for part, dash in parts:
        figure.add_scatter(
            x=part["spend"],
            y=part["response"],
            customdata=part["marginal_response"],
            hovertemplate=f"{amount} %{{x{NUMBER}}}<br>response %{{y{NUMBER}}}"
            f"<br>next unit brings %{{customdata{RATIO}}}<extra></extra>",
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2.5},
            **place,
        )
    if "operating" not in curve:
        return
    point = curve[curve["operating"]]
    figure.add_scatter(
        x=point["spend"],
        y=point["response"],
        customdata=point["marginal_response"],
        mode="markers",
        marker={"color": ACTUAL, "size": 9},
        hovertemplate=f"mean {amount} %{{x{NUMBER}}}<br>response %{{y{NUMBER}}}"
        f"<br>next unit brings %{{customdata{RATIO}}}<extra></extra>",
        **place,
    )


@of_fitted_model
def plot_adstock(
    source: Any,
    *,
    coverage: float = 0.9,
    units: Units | None = None,
    colours: Mapping[str, str] | None = None,
) -> go.Figure:
    """Plot the adstock kernel and the half-life of each channel.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.adstock_table`.
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
        A panel for each channel; the dotted line is the half-life, at which half of
        the effect of a spend has arrived.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_adstock
    >>> table = pd.DataFrame({
    ...     "channel": "tv", "lag": [0, 1], "weight": [0.5, 0.5], "half_life": 1.0,
    ... })
    >>> plot_adstock(table).layout.annotations[0].text
    '<b>tv</b> half-life 1.0 time steps'
    """
    table = table_of(
        source,
        adstock_table,
        Needs("channel", "lag weight half_life"),
        coverage=coverage,
    )
    units = units_for(source, units)
    kernels = dict(iter(table.groupby("channel", sort=False)))
    hues = colours_for(kernels, colours)
    lives = {name: float(k["half_life"].iloc[0]) for name, k in kernels.items()}
    notes = [f"half-life {life:.1f} {units.time}s" for life in lives.values()]
    figure = make_panels(list(lives), notes, height=150)
    top = float(
        table[["weight", *(["high"] if "high" in table else [])]].to_numpy().max()
    )
    for i, (channel, kernel) in enumerate(kernels.items()):
        figure.add_bar(
            # A bar stands for the time step that begins so many after the spend.
            x=kernel["lag"] + 0.5,
            y=kernel["weight"],
            customdata=kernel["lag"],
            marker={"color": hues[channel], "line_width": 0},
            error_y=_weight_error(kernel),
            hovertemplate=f"lag %{{customdata}} {text(units.time)}s"
            "<br>%{y:.1%} of the effect<extra></extra>",
            **panel(i),
        )
        figure.add_shape(
            type="line",
            x0=lives[channel],
            x1=lives[channel],
            y0=0,
            y1=top,
            line={"color": REFERENCE, "width": 1.5, "dash": "dot"},
            xref=panel(i)["xaxis"],
            yref=panel(i)["yaxis"],
        )
        set_axes(
            figure,
            i,
            {
                "title_text": text(f"{units.time}s since the spend"),
                "dtick": _tick(kernel["lag"]),
                "range": [-0.1, float(kernel["lag"].max()) + 1.1],
                "zeroline": False,
            },
            {
                "title_text": "share of effect",
                "tickformat": ".0%",
                "range": [0, 1.05 * top],
            },
        )
    return styled(figure, "Carry-over (adstock)", showlegend=False, bargap=0.2)


def _weight_error(kernel: pd.DataFrame) -> dict[str, Any] | None:
    """Return the whiskers of a kernel's weights, where there are intervals."""
    if "low" not in kernel:
        return None
    return {
        "type": "data",
        "symmetric": False,
        "array": (kernel["high"] - kernel["weight"]).to_numpy(),
        "arrayminus": (kernel["weight"] - kernel["low"]).to_numpy(),
        "color": REFERENCE,
        "thickness": 1.5,
        "width": 2,
    }


def _tick(lags: pd.Series) -> int:
    return max(1, -(-len(lags) // 8))


@of_fitted_model
def plot_modulation(
    source: Any,
    *,
    units: Units | None = None,
    colours: Mapping[str, str] | None = None,
) -> go.Figure:
    """Plot by what factor effects were larger or smaller than usual over time.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.modulation_table`.
    units : Units, default=None
        Names of the units on the axes; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.
    colours : dict, default=None
        Colour of each channel.

    Returns
    -------
    plotly.graph_objects.Figure
        A panel for each channel: the mean over regions, and a band that holds four of
        five regions.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_modulation
    >>> table = pd.DataFrame({
    ...     "channel": "tv", "time": [1, 2], "factor": [0.9, 1.1],
    ...     "region_10": [0.8, 1.0], "region_90": [1.0, 1.2],
    ... })
    >>> plot_modulation(table).data[-1].y.tolist()
    [0.9, 1.1]
    """
    table = table_of(
        source, modulation_table, Needs("channel time", "factor region_10 region_90")
    )
    units = units_for(source, units)
    courses = dict(iter(table.groupby("channel", sort=False)))
    hues = colours_for(courses, colours)
    bounds = table[["region_10", "region_90", "factor"]].to_numpy()
    low, high = min(float(bounds.min()), 0.8), max(float(bounds.max()), 1.2)
    margin = 0.05 * (high - low)
    figure = make_panels(list(courses), height=150)
    for i, (channel, course) in enumerate(courses.items()):
        columns = "time", "region_10", "region_90"
        add_band(figure, course, columns, hues[channel], i)
        figure.add_scatter(
            x=course["time"],
            y=course["factor"],
            mode="lines",
            line={"color": hues[channel], "width": 2},
            hovertemplate="%{x}<br>effect × %{y:.2f}<extra></extra>",
            **panel(i),
        )
        set_axes(
            figure,
            i,
            {"title_text": text(units.time)},
            {
                "title_text": "factor (1 = usual)",
                "range": [low - margin, high + margin],
            },
        )
        figure.add_shape(
            type="line",
            xref=f"{panel(i)['xaxis']} domain",
            x0=0,
            x1=1,
            yref=panel(i)["yaxis"],
            y0=1,
            y1=1,
            line={"color": REFERENCE, "width": 1, "dash": "dot"},
        )
    return styled(figure, "Effects over time", showlegend=False)
