"""What the same money brings at each frequency; a panel for each channel."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm.inspection import Units, frequency_curves
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.plotting._panels import (
    add_band,
    make_panels,
    panel,
    set_axes,
    units_for,
)
from sklearn_mmm.plotting._source import Needs, table_of
from sklearn_mmm.plotting._style import ACTUAL, NUMBER, colours_for, styled, text

_CURVES = Needs("channel", "frequency contribution", flags="optimal present")


@of_fitted_model
def plot_frequency(
    source: Any,
    *,
    units: Units | None = None,
    colours: Mapping[str, str] | None = None,
) -> go.Figure:
    """Plot what the same money brings when people are reached more or less often.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        An estimator fitted with ``reach_frequency``, or a table as
        :func:`~sklearn_mmm.inspection.frequency_curves` returns it.
    units : Units, default=None
        Names of the units on the axes; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.
    colours : dict, default=None
        Colour of each channel; None means those of
        :func:`~sklearn_mmm.plotting.channel_colours`.

    Returns
    -------
    plotly.graph_objects.Figure
        A panel for each channel with reach and frequency: the dot is the present mean
        frequency, the diamond the best one; the band is the interval, where the table
        has one.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_frequency
    >>> table = pd.DataFrame({
    ...     "channel": "youtube", "frequency": [1.0, 3.0, 5.0],
    ...     "contribution": [5.0, 9.0, 7.0],
    ...     "optimal": [False, True, False], "present": [False, False, True],
    ... })
    >>> [trace.name for trace in plot_frequency(table).data]
    ['same money', 'best', 'present']
    """
    table = table_of(source, frequency_curves, _CURVES)
    units = units_for(source, units)
    curves = dict(iter(table.groupby("channel", sort=False)))
    hues = colours_for(curves, colours)
    figure = make_panels(list(curves), height=190)
    for i, (channel, curve) in enumerate(curves.items()):
        _add_curve(figure, curve, hues[channel], i)
        set_axes(
            figure,
            i,
            {"title_text": "contacts per person reached"},
            {"title_text": text(units.worth), "rangemode": "tozero"},
        )
    return styled(figure, "Frequency", showlegend=False)


def _add_curve(figure: go.Figure, curve: pd.DataFrame, colour: str, i: int) -> None:
    place = panel(i)
    if "low" in curve:
        add_band(figure, curve, ("frequency", "low", "high"), colour, i)
    said = f"%{{x{NUMBER}}} contacts<br>bring %{{y{NUMBER}}}<extra></extra>"
    figure.add_scatter(
        x=curve["frequency"],
        y=curve["contribution"],
        name="same money",
        mode="lines",
        line={"color": colour, "width": 2.5},
        hovertemplate=said,
        **place,
    )
    for flag, name, symbol in (
        ("optimal", "best", "diamond"),
        ("present", "present", "circle"),
    ):
        if flag not in curve:
            continue
        point = curve[curve[flag]]
        figure.add_scatter(
            x=point["frequency"],
            y=point["contribution"],
            name=name,
            mode="markers",
            marker={"color": ACTUAL, "size": 9, "symbol": symbol},
            hovertemplate=f"{name}: {said}",
            **place,
        )
