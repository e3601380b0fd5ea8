"""Priors beside posteriors, and events."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm.inspection import Units, event_table, prior_posterior
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.plotting._panels import make_panels, panel, set_axes, units_for
from sklearn_mmm.plotting._source import Needs, table_of
from sklearn_mmm.plotting._style import (
    ACCENT,
    CONTRAST,
    FAINT,
    NUMBER,
    RATIO,
    label_axis,
    row_height,
    styled,
    text,
)


@of_fitted_model
def plot_prior_posterior(source: Any) -> go.Figure:
    """Plot what was believed of each parameter, and what the data made of it.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator with members, or the table of
        :func:`~sklearn_mmm.inspection.prior_posterior`.

    Returns
    -------
    plotly.graph_objects.Figure
        A panel for each parameter: means, and one standard deviation to either side.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_prior_posterior
    >>> table = pd.DataFrame({
    ...     "parameter": "decay", "channel": ["tv"], "prior_mean": [0.3],
    ...     "prior_sd": [0.2], "posterior_mean": [0.5], "posterior_sd": [0.1],
    ... })
    >>> [trace.name for trace in plot_prior_posterior(table).data]
    ['before the data', 'after the data']
    """
    table = table_of(
        source,
        prior_posterior,
        Needs("parameter channel", "prior_mean prior_sd posterior_mean posterior_sd"),
    )
    names = list(dict.fromkeys(table["parameter"]))
    channels = list(dict.fromkeys(table["channel"]))
    n = len(channels)
    figure = make_panels(
        [name.replace("_", " ") for name in names],
        columns=2,
        height=max(150, 26 * n),
        shares_labels=True,
    )
    place = {name: i for i, name in enumerate(channels)}
    for i, name in enumerate(names):
        rows = table[table["parameter"] == name]
        at = rows["channel"].map(place).to_numpy(float)
        for when, label, colour, shift in (
            ("prior", "before the data", FAINT, -0.16),
            ("posterior", "after the data", ACCENT, 0.16),
        ):
            figure.add_scatter(
                x=rows[f"{when}_mean"],
                y=at + shift,
                mode="markers",
                name=label,
                legendgroup=label,
                showlegend=i == 0,
                marker={"color": colour, "size": 8},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": rows[f"{when}_sd"].to_numpy(),
                    "arrayminus": _down(rows, when),
                    "color": colour,
                    "thickness": 2,
                    "width": 0,
                },
                customdata=[text(c) for c in rows["channel"]],
                hovertemplate=f"%{{customdata}}<br>{label} %{{x{RATIO}}}"
                "<extra></extra>",
                **panel(i),
            )
        axis = {**label_axis(channels), "matches": None if i == 0 else "y"}
        shown = text(name.replace("_", " "))
        set_axes(figure, i, {"title_text": shown, "zeroline": True}, axis)
    return styled(figure, "Before and after the data")


def _down(rows: pd.DataFrame, when: str) -> np.ndarray:
    """Return how far bars reach down, which is not below what is possible."""
    deviation, mean = rows[f"{when}_sd"].to_numpy(), rows[f"{when}_mean"].to_numpy()
    is_positive = (rows["prior_mean"] >= rows["prior_sd"]).all()
    return np.minimum(deviation, mean.clip(min=0)) if is_positive else deviation


@of_fitted_model
def plot_events(source: Any, *, units: Units | None = None) -> go.Figure:
    """Plot what each event brought or cost in a time step.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.event_table`.
    units : Units, default=None
        Names of the units on the axes; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.

    Returns
    -------
    plotly.graph_objects.Figure
        A bar for each event.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_events
    >>> table = pd.DataFrame({
    ...     "event": ["easter"], "n_steps": [3], "per_step": [-5.0],
    ...     "contribution": [-15.0],
    ... })
    >>> plot_events(table).data[0].x.tolist()
    [-5.0]
    """
    table = table_of(
        source, event_table, Needs("event", "per_step n_steps", empty=True)
    )
    units = units_for(source, units)
    figure = go.Figure()
    figure.add_bar(
        x=table["per_step"],
        y=np.arange(len(table)),
        orientation="h",
        marker={"color": [ACCENT if v >= 0 else CONTRAST for v in table["per_step"]]},
        customdata=np.column_stack([table["event"].map(text), table["n_steps"]]),
        hovertemplate=f"%{{customdata[0]}}<br>%{{x{NUMBER}}} in each of "
        f"%{{customdata[1]}} {text(units.time)}s<extra></extra>",
        showlegend=False,
    )
    return styled(
        figure,
        "Events",
        xaxis={"title_text": text(f"{units.outcome} in a {units.time} with the event")},
        yaxis={**label_axis(table["event"].tolist()), "visible": len(table) > 0},
        height=row_height(len(table), least=200),
    )
