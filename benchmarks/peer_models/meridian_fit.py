"""Meridian as its own guide starts: default priors, knots chosen by the package, NUTS.

The outcome is no money, so the package takes its priors of contributions. Regions are as
large as their mean outcome says. The weeks to come are rows that are held out, as the
package has no other forecast; they carry the region's mean, which no likelihood sees.
"""

import warnings

import numpy as np
import pandas as pd
from exchange import Answer, main
from meridian.analysis import analyzer
from meridian.data import data_frame_input_data_builder
from meridian.model import model, spec

_KEPT = 1000
_BURNIN = 500


def rows(task):
    """Return training and future together, with what the package asks for."""
    mean = task.train.groupby("region")["outcome"].mean()
    future = task.future.assign(outcome=task.future["region"].map(mean))
    table = pd.concat([task.train, future]).sort_values(["region", "week"])
    return table.assign(
        time=table["week"].dt.strftime("%Y-%m-%d"),
        geo=table["region"].astype(str),
        population=table["region"].map(mean),
    )


def input_data(task, table):
    """Return the table as the package reads it."""
    builder = data_frame_input_data_builder.DataFrameInputDataBuilder(
        kpi_type="non_revenue", default_kpi_column="outcome"
    )
    if len(task.regions) == 1:
        table = table.drop(columns=["geo", "population"])
    builder = builder.with_kpi(table)
    if len(task.regions) > 1:
        builder = builder.with_population(table)
    if task.controls:
        builder = builder.with_controls(table, control_cols=task.controls)
    builder = builder.with_media(
        table,
        media_cols=task.media,
        media_spend_cols=task.media,
        media_channels=task.media,
    )
    return builder.build()


def thinned(tensor):
    """Return draws of all chains as an array whose first axis is the draw."""
    array = np.asarray(tensor)
    array = array.reshape(-1, *array.shape[2:])
    return array[:: max(1, len(array) // _KEPT)]


def fit(task):
    """Sample, and return contributions in units of the outcome."""
    warnings.simplefilter("ignore")
    table, options = rows(task), task.options
    data = input_data(task, table)
    n_old = task.train["week"].nunique()
    late = np.arange(table["week"].nunique()) >= n_old
    held = late if len(task.regions) == 1 else np.tile(late, (len(task.regions), 1))
    fitted = model.Meridian(
        input_data=data, model_spec=spec.ModelSpec(enable_aks=True, holdout_id=held)
    )
    fitted.sample_posterior(
        n_chains=options["chains"],
        n_adapt=options["draws"],
        n_burnin=_BURNIN,
        n_keep=options["draws"],
        seed=options["seed"],
    )
    ask = analyzer.Analyzer(fitted)
    how = dict(aggregate_geos=False, aggregate_times=False, use_kpi=True)
    parts = thinned(ask.incremental_outcome(**how))
    expected = thinned(ask.expected_outcome(**how)).mean(axis=0)
    if len(task.regions) > 1:
        geos = list(np.asarray(data.geo))
        order = [geos.index(str(r)) for r in task.regions]
        parts, expected = parts[:, order], expected[order]
    channels = list(np.asarray(data.media_channel))
    parts = parts[..., [channels.index(c) for c in task.media]]
    return Answer(parts[:, :, :n_old], forecast=expected[:, n_old:])


if __name__ == "__main__":
    main(fit)
