"""Response curves, a panel for each channel."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sklearn_mmm.plotting._style import ACTUAL, LAYOUT, PREDICTED, text


def plot_response_curves(mmm: Any) -> go.Figure:
    """Plot weekly response to weekly spend, all regions together.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted; ``response_curves_`` is the table behind the figure.

    Returns
    -------
    plotly.graph_objects.Figure
        Dashed beyond the largest spend seen; the dot is the mean spend.
    """
    channels = mmm.media_columns_
    n_columns = min(3, len(channels))
    n_rows = -(-len(channels) // n_columns)
    figure = make_subplots(
        n_rows,
        n_columns,
        subplot_titles=[text(c) for c in channels],
        vertical_spacing=min(0.36 / n_rows, 0.2),
        horizontal_spacing=0.09,
    )
    weekly = mmm.history_.groupby("time")[channels].sum().mean()
    for i, (channel, curve) in enumerate(
        mmm.response_curves_.groupby("channel", sort=False)
    ):
        place = {"row": i // n_columns + 1, "col": i % n_columns + 1}
        _add_curve(figure, curve, float(weekly[channel]), place)
    figure.update_xaxes(
        title_text="spend (spend units per time step)", title_font_size=11
    )
    figure.update_yaxes(title_text="response (outcome units)", title_font_size=11)
    return figure.update_layout(
        title="Response curves (steady state)",
        height=120 + 290 * n_rows,
        showlegend=False,
        **LAYOUT,
    )


def _add_curve(
    figure: go.Figure, curve: Any, operating: float, place: dict[str, int]
) -> None:
    inside = curve[~curve["extrapolated"]]
    # The dashed part starts where the solid one ends.
    beyond = curve.iloc[len(inside) - 1 :]
    for part, dash in ((inside, "solid"), (beyond, "dash")):
        figure.add_scatter(
            x=part["spend"],
            y=part["response"],
            customdata=part["marginal_response"],
            hovertemplate="spend %{x:.4s}<br>response %{y:.4s}"
            "<br>marginal response %{customdata:.3g} per spend unit<extra></extra>",
            mode="lines",
            line={"color": PREDICTED, "dash": dash},
            **place,
        )
    figure.add_scatter(
        x=[operating],
        y=[np.interp(operating, curve["spend"], curve["response"])],
        mode="markers",
        marker={"color": ACTUAL, "size": 9},
        hovertemplate="mean spend %{x:.4s}<br>response %{y:.4s}<extra></extra>",
        **place,
    )
