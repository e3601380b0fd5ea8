"""The charts of a report about the data and the training."""

from collections.abc import Iterator

import pandas as pd

from sklearn_mmm.inspection import (
    collinearity,
    coverage_table,
    outlier_weight_table,
    training_tables,
    zero_spells,
)
from sklearn_mmm.inspection._data_quality import outliers_of
from sklearn_mmm.plotting import (
    plot_collinearity,
    plot_coverage,
    plot_outliers,
    plot_training,
    plot_zero_spells,
)
from sklearn_mmm.report._content import Chart, Results


def data_charts(r: Results) -> Iterator[Chart]:
    mmm = r.mmm
    table = coverage_table(mmm)
    if not table["observed"].all():
        yield Chart(
            "coverage",
            "data",
            "Coverage",
            f"Which region has a row in which {r.units.time}; missing ones did not "
            "enter the fit.",
            plot_coverage(table, units=r.units),
            {"coverage": table},
        )
    activity, spells = zero_spells(mmm)
    if (activity["active"] < 1).any():
        yield Chart(
            "zero_spells",
            "data",
            "Spells without media",
            "When a channel was on, and its longest pause. A channel that starts and "
            "stops teaches a model more than one that is always on.",
            plot_zero_spells((activity, spells), units=r.units),
            {"activity": activity, "zero_spells": spells},
        )
    correlation, vif = collinearity(mmm)
    yield Chart(
        "collinearity",
        "data",
        "Collinearity",
        "Columns that move together cannot be told apart. Variance inflation above 5 "
        "is a question, above 10 a problem.",
        plot_collinearity((correlation, vif)),
        {
            "vif": vif,
            "correlation": correlation.rename_axis("column").reset_index(),
        },
    )
    outliers, light = outliers_of(r.fit), outlier_weight_table(mmm)
    if len(outliers):
        times = r.fit["time"]
        # Few points would make an axis of their own.
        figure = plot_outliers(outliers, units=r.units, span=(times.min(), times.max()))
        yield Chart(
            "outliers",
            "data",
            "Outliers",
            "Rows more than four robust standard deviations from the fit: wrong data, "
            "or events that the model does not know."
            + _of_outliers(r, outliers, light),
            figure,
            {"outliers": outliers, "outlier_weights": light},
        )


def _of_outliers(r: Results, outliers: pd.DataFrame, light: pd.DataFrame) -> str:
    """Return where outliers are, if in one region alone, and what the fit did."""
    words = ""
    regions = outliers["region"].unique()
    if r.n_regions > 1 and len(regions) == 1:
        words += f" All of them in {regions[0]}."
    if len(light):
        rows = "1 row" if len(light) == 1 else f"{len(light):,} rows"
        words += f" The fit gave little weight to {rows}."
    return words


def appendix_charts(r: Results) -> Iterator[Chart]:
    epochs, chosen = training_tables(r.mmm)
    yield Chart(
        "training",
        "appendix",
        "Training",
        "The loss should have settled. It may rise on the way, because noise and prior "
        "scales are learned as well; inner skill is that of forecasts inside the "
        "training period, by which hyper-parameters were chosen.",
        plot_training((epochs, chosen)),
        {"epochs": epochs, "hyperparameters": chosen},
    )
