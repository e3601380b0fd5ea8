"""Actual outcomes against predicted ones."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm.inspection import (
    Units,
    fit_metrics,
    fit_table,
)
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.plotting._fit_and_residuals import with_split
from sklearn_mmm.plotting._panels import units_for
from sklearn_mmm.plotting._source import FITS, table_of
from sklearn_mmm.plotting._style import (
    ACCENT,
    CLEAR,
    CONTRAST,
    NUMBER,
    REFERENCE,
    logarithmic,
    number,
    styled,
    text,
)

_MOST_POINTS = {"training": 2000, "holdout": 1000}


@of_fitted_model
def plot_predicted_actual(
    source: Any, X_test: Any = None, y_test: Any = None, *, units: Units | None = None
) -> go.Figure:
    """Plot predicted against actual outcome, with R², RMSE and MAPE.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.fit_table`; the figures in the legend are those
        of :func:`~sklearn_mmm.inspection.fit_metrics`.
    X_test, y_test : default=None
        Holdout rows and their outcome, when the source is an estimator.
    units : Units, default=None
        Names of the units on the axes; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.

    Returns
    -------
    plotly.graph_objects.Figure
        A row of the table is a point. Of more than 2,000 training or 1,000 holdout rows
        evenly spaced ones are drawn; metrics are of all. Axes are logarithmic where
        outcomes differ by a factor of 50.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_predicted_actual
    >>> table = pd.DataFrame({
    ...     "region": "a", "time": [1, 2], "split": "training", "actual": [3.0, 4.0],
    ...     "predicted": [3.0, 4.0],
    ... })
    >>> plot_predicted_actual(table).data[1].name
    'training: R² 1.000, RMSE 0, MAPE 0.0 %'
    """
    table = with_split(table_of(source, fit_table, FITS, X_test, y_test))
    units = units_for(source, units)
    metrics = fit_metrics(table).to_dict("index")
    scale, hidden = _scale(table)
    shown = table[table["predicted"] > 0] if hidden else table
    both = shown[["actual", "predicted"]].to_numpy()
    low, high = float(both.min()), float(both.max())
    figure = go.Figure()
    figure.add_scatter(
        x=[low, high],
        y=[low, high],
        mode="lines",
        name="equal",
        line={"color": REFERENCE, "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )
    for split, colour in (("training", ACCENT), ("holdout", CONTRAST)):
        rows = shown[shown["split"] == split]
        if rows.empty:
            continue
        m = metrics[split]
        drawn = rows.iloc[_evenly(len(rows), _MOST_POINTS[split])]
        figure.add_scatter(
            x=drawn["actual"],
            y=drawn["predicted"],
            name=f"{split}: R² {m['r2']:.3f}, RMSE {number(m['rmse'])}, "
            f"MAPE {100 * m['mape']:.1f} %",
            mode="markers",
            marker={"color": colour, "size": 5, "opacity": 0.55, "line_width": 0},
            text=[
                _place(*key) for key in zip(drawn["region"], drawn["time"], strict=True)
            ],
            hovertemplate=f"%{{text}}<br>actual %{{x{NUMBER}}}<br>"
            f"predicted %{{y{NUMBER}}}<extra></extra>",
        )
    outcome = units.per_step
    return styled(
        figure,
        "Predicted against actual outcome",
        xaxis={"title_text": text(f"actual ({outcome}){hidden}"), **scale},
        yaxis={"title_text": text(f"predicted ({outcome})"), **scale},
        height=480,
        plot_bgcolor=CLEAR,
    )


def _scale(table: pd.DataFrame) -> tuple[dict[str, Any], str]:
    """Return the axes' scale, and what it hides, in words."""
    actual, predicted = table["actual"], table["predicted"]
    above = predicted > 0
    if actual.min() <= 0 or actual.max() < 50 * actual.min() or above.mean() < 0.99:
        return {}, ""
    low = min(actual.min(), predicted[above].min())
    n_hidden = int((~above).sum())
    what = "prediction" if n_hidden == 1 else "predictions"
    hidden = f"; {n_hidden:,} {what} below 0 not shown" if n_hidden else ""
    return logarithmic(low, max(actual.max(), predicted.max())), hidden


def _evenly(n: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))


def _place(region: Any, time: Any) -> str:
    label = f"{time:%Y-%m-%d}" if hasattr(time, "year") else str(time)
    return f"{text(region)}, {label}"
