"""Actual against predicted outcome over time."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm.plotting._style import ACTUAL, LAYOUT, PREDICTED, text

_MOST_REGIONS = 60


def plot_fit(table: pd.DataFrame) -> go.Figure:
    """Plot actual and predicted outcome over time, with a region selector.

    Parameters
    ----------
    table : DataFrame
        Columns ``region``, ``time``, ``actual``, ``predicted`` (outcome units).

    Returns
    -------
    plotly.graph_objects.Figure
        All regions together first; the selector offers the 60 largest.
    """
    series = {"All regions": _sum(table)}
    size = table.groupby("region")["actual"].sum().sort_values(ascending=False)
    if len(size) > 1:
        for region in size.index[:_MOST_REGIONS]:
            series[str(region)] = _sum(table[table["region"] == region])
    figure = go.Figure()
    first = series["All regions"]
    for name, column, color in (
        ("actual", "actual", ACTUAL),
        ("predicted", "predicted", PREDICTED),
    ):
        figure.add_scatter(
            x=first.index, y=first[column], name=name, mode="lines", line_color=color
        )
    if len(series) > 1:
        buttons = [_button(name, values) for name, values in series.items()]
        figure.update_layout(
            updatemenus=[{"buttons": buttons, "x": 0.6, "y": 1.15, "xanchor": "center"}]
        )
    return figure.update_layout(
        title="Actual and predicted outcome",
        xaxis_title="time step",
        yaxis_title="outcome (outcome units per time step)",
        hovermode="x unified",
        **LAYOUT,
    )


def _sum(table: pd.DataFrame) -> pd.DataFrame:
    return table.groupby("time")[["actual", "predicted"]].sum().sort_index()


def _button(name: str, values: pd.DataFrame) -> dict[str, Any]:
    update = {
        "x": [values.index, values.index],
        "y": [values["actual"], values["predicted"]],
    }
    return {"label": text(name), "method": "restyle", "args": [update]}
