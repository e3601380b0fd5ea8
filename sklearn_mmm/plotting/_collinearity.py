"""What the data allow: collinearity of channels and controls."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm.inspection import collinearity
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.plotting._panels import make_panels, panel, set_axes
from sklearn_mmm.plotting._source import Needs, table_of
from sklearn_mmm.plotting._style import (
    ACCENT,
    CONTRAST,
    DIVERGING,
    PALETTE,
    REFERENCE,
    label_axis,
    styled,
    text,
)
from sklearn_mmm.plotting._words import decimal

# A common rule of thumb for variance inflation factors, and its milder form.
_VIF_LIMITS = (5.0, 10.0)
_MOST_VIF = 100.0


@of_fitted_model
def plot_collinearity(source: Any) -> go.Figure:
    """Plot correlations of channels and controls, and variance inflation factors.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or CollinearityTables
        A fitted estimator, or the tables of
        :func:`~sklearn_mmm.inspection.collinearity`.

    Returns
    -------
    plotly.graph_objects.Figure
        Factors above 5 are a question and above 10 a problem; bars end at 100.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_collinearity
    >>> names = ["tv", "search"]
    >>> correlation = pd.DataFrame([[1.0, 0.5], [0.5, 1.0]], names, names)
    >>> vif = pd.DataFrame({"column": names, "role": "channel", "vif": 4 / 3})
    >>> plot_collinearity((correlation, vif)).data[1].x.round(2).tolist()
    [1.33, 1.33]
    """
    correlation, vif = table_of(
        source, collinearity, (Needs(rest=True), Needs("column", "vif"))
    )
    names = vif["column"].tolist()
    n = len(names)
    if correlation.shape != (n, n):
        raise ValueError(
            f"the correlation has the shape {correlation.shape} and vif {n} rows; give "
            "both as collinearity returns them"
        )
    side = max(230, min(24 * n, 640))
    figure = make_panels(
        ["Correlation", "Variance inflation (VIF)"],
        columns=2,
        widths=[0.58, 0.42],
        height=side,
        shares_labels=True,
        foot=100,
    )
    values = correlation.to_numpy(float)
    figure.add_heatmap(
        z=values,
        x=np.arange(n),
        y=np.arange(n),
        zmin=-1,
        zmax=1,
        colorscale=DIVERGING,
        xgap=1,
        ygap=1,
        showscale=False,
        text=_cells(values) if n <= 10 else None,
        texttemplate="%{text}" if n <= 10 else None,
        textfont={"size": 11},
        customdata=[[f"{text(a)} and {text(b)}" for b in names] for a in names],
        hovertemplate="%{customdata}<br>correlation %{z:.2f}<extra></extra>",
        **panel(0),
    )
    shown = vif["vif"].clip(upper=_MOST_VIF)
    _add_inflation(figure, vif, shown)
    rows = label_axis(names, 28)
    columns = {
        **label_axis(names, 18),
        "range": [-0.5, n - 0.5],
        "tickangle": -45,
        "tickfont": {"size": 11},
    }
    set_axes(figure, 0, columns, {**rows, "range": [n - 0.5, -0.5]})
    most = float(np.nanmax([12.0, *shown.dropna()]))
    set_axes(
        figure,
        1,
        {"title_text": "VIF", "range": [0, 1.18 * most]},
        {**rows, "range": [n - 0.5, -0.5], "matches": "y"},
    )
    return styled(figure, "Collinearity", showlegend=False, bargap=0.35)


def _add_inflation(figure: go.Figure, vif: pd.DataFrame, shown: pd.Series) -> None:
    """Add bars of variance inflation factors and the limits of a rule of thumb."""
    figure.add_bar(
        x=shown,
        y=np.arange(len(vif)),
        orientation="h",
        marker={"color": [_vif_colour(v) for v in vif["vif"]], "line_width": 0},
        text=[_vif_label(v) for v in vif["vif"]],
        textposition="outside",
        cliponaxis=False,
        customdata=[text(name) for name in vif["column"]],
        hovertemplate="%{customdata}<br>VIF %{text}<extra></extra>",
        **panel(1),
    )
    for limit in _VIF_LIMITS:
        figure.add_shape(
            type="line",
            xref=panel(1)["xaxis"],
            x0=limit,
            x1=limit,
            yref=f"{panel(1)['yaxis']} domain",
            y0=0,
            y1=1,
            line={"color": REFERENCE, "width": 1, "dash": "dot"},
        )


def _cells(values: np.ndarray) -> list[list[str]]:
    return [["" if np.isnan(v) else decimal(v, 2) for v in row] for row in values]


def _vif_colour(value: float) -> str:
    if value >= _VIF_LIMITS[1]:
        return CONTRAST
    return PALETTE[1] if value >= _VIF_LIMITS[0] else ACCENT


def _vif_label(value: float) -> str:
    if np.isnan(value):
        return " does not vary"
    return f" {value:.1f}" if value <= _MOST_VIF else " > 100"
