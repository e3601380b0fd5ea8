"""Figures and tables in one HTML file."""

from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.metrics import r2_score

from sklearn_mmm.inspection import channel_summary, forecast_metrics
from sklearn_mmm.plotting import plot_contributions, plot_fit, plot_response_curves
from sklearn_mmm.report._page import figure_html, page, section, table_html


def make_report(
    mmm: Any,
    path: str | Path,
    y: Any = None,
    X_test: Any = None,
    y_test: Any = None,
    title: str = "Marketing mix report",
) -> Path:
    """Write a report on a fitted model.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    path : str or Path
        Where the HTML file goes. It works offline.
    y : array-like, default=None
        Training outcome, for the fit chart and R².
    X_test, y_test : default=None
        Later rows and their outcome; adds holdout accuracy. Needs y and a
        time column.
    title : str

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    ValueError
        If only one of X_test and y_test is given, or they come without y.
    """
    if (X_test is None) != (y_test is None) or (X_test is not None and y is None):
        raise ValueError("X_test and y_test belong together, and need y as well")
    summary = channel_summary(mmm)
    sections = [section("Summary", _summary(mmm, summary, y, X_test, y_test))]
    sections.append(section("What each channel brought", table_html(_rounded(summary))))
    figures = [plot_contributions(mmm), plot_response_curves(mmm)]
    if y is not None:
        figures.insert(0, plot_fit(_fit_table(mmm, y)))
    sections += [section(None, figure_html(figure)) for figure in figures]
    learned = pd.Series(mmm.hyperparameters_, name="value").rename_axis(
        "hyperparameter"
    )
    sections.append(section("Learned hyper-parameters", table_html(learned.to_frame())))
    path = Path(path)
    path.write_text(page(title, sections), encoding="utf-8")
    return path


def _fit_table(mmm: Any, y: Any) -> pd.DataFrame:
    table = mmm.history_[["region", "time"]].copy()
    table["actual"] = pd.Series(y).to_numpy()
    table["predicted"] = mmm.contributions_.sum(axis=1).to_numpy()
    return table


def _summary(mmm: Any, summary: pd.DataFrame, y: Any, X_test: Any, y_test: Any) -> str:
    history = mmm.history_
    n_regions, n_steps = history["region"].nunique(), history["time"].nunique()
    media = summary["share_of_outcome"].sum()
    best = str(summary["contribution"].idxmax())
    lines = [
        f"The model was fitted to {len(history):,} rows: {n_regions} regions and "
        f"{n_steps} time steps, {len(summary)} channels and "
        f"{len(mmm.control_columns_)} controls.",
        f"Media brought {media:.0%} of the outcome. The largest channel is "
        f"{escape(best)} with {summary['share_of_outcome'][best]:.1%}.",
    ]
    if y is not None:
        fit = r2_score(pd.Series(y), mmm.contributions_.sum(axis=1))
        lines.append(f"On the training rows R² is {fit:.3f}.")
    if X_test is not None:
        lines.append(_holdout(mmm, y, X_test, y_test))
    lines.append(
        "Contributions come from observational data: channels that always move "
        "together, or with the season, cannot be told apart with certainty."
    )
    return "".join(f"<p>{line}</p>" for line in lines)


def _holdout(mmm: Any, y: Any, X_test: Any, y_test: Any) -> str:
    metrics = holdout_metrics(mmm, y, X_test, y_test)
    return (
        f"On the {len(X_test):,} holdout rows R² is {metrics['r2']:.3f}, "
        f"within-region R² {metrics['within_region_r2']:.3f}, and skill against the "
        f"mean of each region's last four time steps {metrics['skill']:.2f} "
        "(1 is perfect, 0 no better than that mean)."
    )


def holdout_metrics(mmm: Any, y: Any, X_test: Any, y_test: Any) -> dict[str, float]:
    """Return forecast metrics of a fitted model on later rows."""
    train = mmm.history_[["region", "time"]].assign(outcome=pd.Series(y).to_numpy())
    if mmm.region_column is None:
        region = pd.Series(0, index=range(len(X_test)))
    else:
        region = pd.Series(X_test[mmm.region_column].to_numpy())
        region = region.astype(train["region"].dtype)
    test = pd.DataFrame({"region": region, "outcome": pd.Series(y_test).to_numpy()})
    return forecast_metrics(train, test, mmm.predict(X_test))


def _rounded(summary: pd.DataFrame) -> pd.DataFrame:
    out = summary.sort_values("contribution", ascending=False).copy()
    for column in ("share_of_outcome", "share_of_media"):
        out[column] = out[column].map("{:.1%}".format)
    for column in ("spend", "contribution"):
        out[column] = out[column].map("{:,.0f}".format)
    for column in ("roi", "decay", "half_saturation", "slope"):
        out[column] = out[column].map("{:.3g}".format)
    return out
