"""How well the model fits: over time, what is left, and point by point."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm.inspection import (
    Units,
    autocorrelation,
    fit_over_time,
    fit_table,
)
from sklearn_mmm.inspection._fit_table import regional_autocorrelation
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.plotting._panels import (
    add_menu,
    make_panels,
    panel,
    region_options,
    set_axes,
    units_for,
)
from sklearn_mmm.plotting._source import FITS, table_of
from sklearn_mmm.plotting._style import (
    ACCENT,
    ACTUAL,
    CONTRAST,
    NUMBER,
    REFERENCE,
    fade,
    styled,
    text,
)

_SPLITS = ("training", "holdout")


@of_fitted_model
def plot_fit(
    source: Any,
    X_test: Any = None,
    y_test: Any = None,
    *,
    coverage: float = 0.9,
    units: Units | None = None,
) -> go.Figure:
    """Plot actual and predicted outcome over time, with a region selector.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.fit_table`.
    X_test, y_test : default=None
        Holdout rows and their outcome, when the source is an estimator.
    coverage : float, default=0.9
        Of the intervals, when the source is an estimator.
    units : Units, default=None
        Names of the units on the axes; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.

    Returns
    -------
    plotly.graph_objects.Figure
        The holdout is shaded. The band is the interval of the prediction, where the
        table has one; for all regions together see
        :func:`~sklearn_mmm.inspection.fit_over_time`.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_fit
    >>> table = pd.DataFrame({
    ...     "region": "a", "time": [1, 2], "split": "training", "actual": [3.0, 4.0],
    ...     "predicted": [3.5, 3.5],
    ... })
    >>> [trace.name for trace in plot_fit(table).data]
    ['actual', 'predicted']
    """
    table = with_split(
        table_of(source, fit_table, FITS, X_test, y_test, coverage=coverage)
    )
    units = units_for(source, units)
    times = np.sort(table["time"].unique())
    by_region = dict(iter(table.groupby("region", sort=True)))
    lines = {"actual": ACTUAL, "predicted": ACCENT}
    bounds = ["low", "high"] if "low" in table else []
    names = [*bounds, *lines]

    def series(region: Any) -> dict[str, Any]:
        # The interval of one region is that of its rows.
        rows = fit_over_time(table) if region is None else by_region[region]
        place = np.searchsorted(times, rows["time"].to_numpy())
        return {"y": [_put(rows[name], place, len(times)) for name in names]}

    first = iter(series(None)["y"])
    figure = go.Figure()
    for name in bounds:
        figure.add_scatter(
            x=times,
            y=next(first),
            name="interval",
            mode="lines",
            line={"width": 0, "color": ACCENT},
            fill="tonexty" if name == "high" else None,
            fillcolor=fade(ACCENT, 0.2),
            hoverinfo="skip",
            showlegend=name == "high",
        )
    for name, colour in lines.items():
        figure.add_scatter(
            x=times,
            y=next(first),
            name=name,
            mode="lines",
            line={"color": colour, "width": 2 if name == "predicted" else 1.5},
        )
    _shade_holdout(figure, table)
    add_menu(figure, "region", region_options(list(by_region), series))
    return styled(
        figure,
        "Actual and predicted outcome",
        xaxis_title=text(units.time),
        yaxis_title=text(units.per_step),
        hovermode="x unified",
        height=430,
    )


def _put(values: pd.Series, place: np.ndarray, n: int) -> np.ndarray:
    """Return values at their places of n, the first of several; NaN elsewhere."""
    out = np.full(n, np.nan)
    out[place[::-1]] = values.to_numpy(float)[::-1]
    return out


def with_split(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of fits that says which rows are training and which holdout."""
    return table if "split" in table else table.assign(split="training")


def _shade_holdout(figure: go.Figure, table: pd.DataFrame) -> None:
    later = table.loc[table["split"] == "holdout", "time"]
    if later.empty:
        return
    earlier = table.loc[table["split"] == "training", "time"]
    start, end = later.min(), later.max()
    if earlier.max() < start:
        start = earlier.max() + (start - earlier.max()) / 2
    figure.add_vrect(
        x0=start,
        x1=end,
        fillcolor=fade(CONTRAST, 0.09),
        line_width=0,
        layer="below",
        annotation={"text": "holdout", "font": {"size": 11}},
        annotation_position="top left",
    )


@of_fitted_model
def plot_residuals(
    source: Any,
    X_test: Any = None,
    y_test: Any = None,
    *,
    n_lags: int = 26,
    units: Units | None = None,
) -> go.Figure:
    """Plot residuals over time and their autocorrelation, with a region selector.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.fit_table`; see also
        :func:`~sklearn_mmm.inspection.residual_table` and
        :func:`~sklearn_mmm.inspection.autocorrelation`.
    X_test, y_test : default=None
        Holdout rows and their outcome, when the source is an estimator.
    n_lags : int, default=26
        Largest lag of the autocorrelation, in time steps.
    units : Units, default=None
        Names of the units on the axes; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.

    Returns
    -------
    plotly.graph_objects.Figure
        Dotted lines are two standard deviations of the training residuals, and where
        95 % of the autocorrelations of independent residuals lie.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_residuals
    >>> table = pd.DataFrame({
    ...     "region": "a", "time": [1, 2, 3], "split": "training",
    ...     "actual": [3.0, 4.0, 3.0], "predicted": 3.5,
    ... })
    >>> plot_residuals(table).data[0].y.tolist()
    [-0.5, 0.5, -0.5]
    """
    table = with_split(table_of(source, fit_table, FITS, X_test, y_test))
    units = units_for(source, units)
    times = np.sort(table["time"].unique())
    regions, code = np.unique(table["region"].to_numpy(), return_inverse=True)
    own = {split: _residuals(table, split, times, code) for split in _SPLITS}
    place = {region: i for i, region in enumerate(regions.tolist())}
    correlograms: dict[Any, pd.DataFrame] = {None: autocorrelation(table, n_lags)}
    lags = correlograms[None]["lag"].to_numpy()
    if len(regions) > 1:
        correlograms |= regional_autocorrelation(table, n_lags)

    def series(region: Any) -> dict[str, Any]:
        training, holdout = (
            _residuals(table, split, times)[0]
            if region is None
            else own[split][place[region]]
            for split in _SPLITS
        )
        spread = 2 * np.nanstd(training) if np.isfinite(training).any() else np.nan
        shown = correlograms.get(region, correlograms[None][:0])
        rho, bound = (
            _put(shown[name], shown["lag"].to_numpy(int) - 1, len(lags))
            for name in ("autocorrelation", "bound")
        )
        levels = [np.full(len(times), sign * spread) for sign in (1, -1)]
        return {"y": [training, holdout, *levels, rho, bound, -bound]}

    values = series(None)["y"]
    figure = make_panels(
        ["Residuals over time", "Autocorrelation"],
        columns=2,
        widths=[0.66, 0.34],
        height=270,
    )
    _add_residuals(figure, times, lags, values)
    outcome = units.per_step
    set_axes(figure, 0, {"title_text": text(units.time)}, {"title_text": text(outcome)})
    set_axes(
        figure,
        1,
        {
            "title_text": text(f"lag ({units.time}s)"),
            "range": [0.2, float(max(lags, default=1)) + 0.8],
        },
        {"title_text": "autocorrelation", "rangemode": "tozero"},
    )
    add_menu(figure, "region", region_options(regions.tolist(), series))
    return styled(figure, "Residuals", barmode="overlay", bargap=0.15)


def _add_residuals(
    figure: go.Figure, times: np.ndarray, lags: np.ndarray, values: list[np.ndarray]
) -> None:
    """Add residuals with their usual range, and autocorrelations with theirs."""
    for y, name, colour in zip(
        values[:2], ("training", "holdout"), (ACCENT, CONTRAST), strict=True
    ):
        figure.add_bar(
            x=times,
            y=y,
            name=name,
            marker={"color": colour, "line_width": 0},
            showlegend=bool(np.isfinite(values[1]).any()),
            hovertemplate=f"%{{x}}<br>actual less predicted %{{y{NUMBER}}}"
            "<extra></extra>",
            **panel(0),
        )
    for y in values[2:4]:
        figure.add_scatter(x=times, y=y, **_dotted(), **panel(0))
    figure.add_bar(
        x=lags,
        y=values[4],
        marker={"color": ACCENT},
        width=0.5,
        showlegend=False,
        hovertemplate="lag %{x}<br>autocorrelation %{y:.2f}<extra></extra>",
        **panel(1),
    )
    for y in values[5:]:
        figure.add_scatter(x=lags, y=y, **_dotted(), **panel(1))


def _residuals(
    table: pd.DataFrame, split: str, times: np.ndarray, part: np.ndarray | None = None
) -> np.ndarray:
    """Return actual less predicted by part and time step, (n_parts, n_times).

    Rows of the same part and step are added up; NaN where there is none.

    Parameters
    ----------
    table : DataFrame
    split : str
    times : ndarray of shape (n_times,)
        Sorted.
    part : int ndarray of shape (n_rows,), optional
        Of each row; all are one without it.
    """
    code = np.zeros(len(table), np.intp) if part is None else part
    own = (table["split"] == split).to_numpy()
    steps = np.searchsorted(times, table["time"].to_numpy()[own])
    shape = int(code.max(initial=0)) + 1, len(times)
    cell = np.ravel_multi_index((code[own], steps), shape)
    actual, predicted = (
        np.bincount(cell, table[name].to_numpy(float)[own], shape[0] * shape[1])
        for name in ("actual", "predicted")
    )
    missing = np.bincount(cell, minlength=shape[0] * shape[1]) == 0
    return np.where(missing, np.nan, actual - predicted).reshape(shape)


def _dotted() -> dict[str, Any]:
    return {
        "mode": "lines",
        "line": {"color": REFERENCE, "width": 1, "dash": "dot"},
        "showlegend": False,
        "hoverinfo": "skip",
    }
