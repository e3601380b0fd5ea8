"""Contributions over time, stacked."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm.plotting._style import BASELINE, CONTROLS, LAYOUT, colour, text

_MOST_CHANNELS = 12


def plot_contributions(mmm: Any) -> go.Figure:
    """Plot what baseline, controls and channels contributed to each time step.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted; ``contributions_`` is the table behind the figure. Beyond twelve
        channels the smallest are drawn together.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    time = mmm.history_["time"].to_numpy()
    table = mmm.contributions_.groupby(time).sum().sort_index()
    figure = go.Figure()
    _add(figure, table["baseline"], "baseline", BASELINE)
    if mmm.control_columns_:
        _add(figure, table[mmm.control_columns_].sum(axis=1), "controls", CONTROLS)
    order = table[mmm.media_columns_].sum().sort_values(ascending=False).index
    rest = order[_MOST_CHANNELS:]
    for i, channel in enumerate(order[:_MOST_CHANNELS]):
        _add(figure, table[channel], channel, colour(i))
    if len(rest):
        name = f"{len(rest)} other channels"
        _add(figure, table[rest].sum(axis=1), name, colour(_MOST_CHANNELS))
    return figure.update_layout(
        title="Contributions over time",
        xaxis_title="time step",
        yaxis_title="contribution (outcome units per time step)",
        barmode="relative",
        bargap=0,
        hovermode="x",
        **LAYOUT,
    )


def _add(figure: go.Figure, values: pd.Series, name: str, color: str) -> None:
    # Bars, not areas: a control's effect may be negative.
    figure.add_bar(
        x=values.index,
        y=values.to_numpy(),
        name=text(name),
        marker={"color": color, "line_width": 0},
    )
