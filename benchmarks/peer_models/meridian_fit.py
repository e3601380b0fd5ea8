"""Meridian with its default priors, knots and carry-over, as its demonstrations start.

The outcome has no price, so the default prior is that on the contribution of paid media.
A region's population is its mean outcome. Rows to forecast are its ``holdout_id``; their
outcome, which it asks for all the same, is the mean of the region's last four weeks.
"""

import os
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd
from exchange import Answer, main
from meridian.analysis.analyzer import Analyzer
from meridian.data.data_frame_input_data_builder import DataFrameInputDataBuilder
from meridian.model.model import Meridian
from meridian.model.spec import ModelSpec

_KEPT = 1000


def rows(task):
    """Return rows of training and future with all columns that it asks for."""
    recent = task.train.groupby("region")["outcome"].apply(lambda s: s.tail(4).mean())
    future = task.future.assign(outcome=task.future["region"].map(recent))
    table = pd.concat([task.train, future]).sort_values(["region", "week"])
    size = task.train.groupby("region")["outcome"].mean()
    table["population"] = table["region"].map(size / size.max()).clip(lower=1e-6)
    return table.assign(time=table["week"].dt.strftime("%Y-%m-%d"))


def input_data(table, task):
    """Return Meridian's data."""
    one = len(task.regions) == 1
    table = table.drop(columns="region") if one else table.rename(
        columns={"region": "geo"}
    )  # fmt: skip
    builder = DataFrameInputDataBuilder(kpi_type="non_revenue")
    builder = builder.with_kpi(table, kpi_col="outcome")
    if not one:
        builder = builder.with_population(table)
    if task.controls:
        builder = builder.with_controls(table, control_cols=task.controls)
    return builder.with_media(
        table,
        media_cols=task.media,
        media_spend_cols=task.media,
        media_channels=task.media,
    ).build()


def thinned(draws):
    """Return draws of all chains, thinned: (draw, ...)."""
    draws = np.asarray(draws)
    draws = draws.reshape(-1, *draws.shape[2:])
    return draws[:: max(1, len(draws) // _KEPT)]


def fit(task):
    """Sample, and return contributions in units of the outcome."""
    warnings.simplefilter("ignore")
    options, n_old = task.options, task.train["week"].nunique()
    data, geos = input_data(rows(task), task), [0]
    if len(task.regions) > 1:
        geos = [task.regions.index(geo) for geo in data.geo.values]
    weeks = n_old + task.future["week"].nunique()
    held_out = np.arange(weeks) >= n_old
    if len(geos) > 1:
        held_out = np.tile(held_out, (len(geos), 1))
    model = Meridian(data, ModelSpec(holdout_id=held_out))
    model.sample_posterior(
        n_chains=options["chains"],
        n_adapt=options["draws"] // 2,
        n_burnin=options["draws"] // 2,
        n_keep=options["draws"],
        seed=options["seed"],
    )
    analyzer = Analyzer(
        model_context=model.model_context, inference_data=model.inference_data
    )
    told = {"aggregate_geos": False, "aggregate_times": False, "use_kpi": True}
    order = np.argsort(geos)
    parts = thinned(analyzer.incremental_outcome(**told))[:, order, :n_old]
    expected = thinned(analyzer.expected_outcome(**told))[:, order, n_old:]
    return Answer(parts, forecast=expected.mean(axis=0))


if __name__ == "__main__":
    main(fit)
