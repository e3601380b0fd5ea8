"""PyMC-Marketing as its own guide starts: geometric carry-over, logistic curve, NUTS.

A linear trend is a control and the season has two modes a year, as there; controls are
divided by their largest value, as its documentation asks.
"""

import warnings

import numpy as np
from exchange import Answer, main
from pymc_marketing.mmm import GeometricAdstock, LogisticSaturation
from pymc_marketing.mmm.mmm import MMM

_KEPT = 1000


def with_trend(task):
    """Return rows of training and future, with a trend and controls near one."""
    start = task.train["week"].min()
    length = (task.train["week"].max() - start).days
    scale = task.train[task.controls].abs().max().replace(0.0, 1.0)

    def prepared(table):
        out = table[["region", "week", *task.media]].copy()
        out[task.controls] = table[task.controls] / scale
        out["trend"] = (table["week"] - start).dt.days / length
        return out

    return prepared(task.train), prepared(task.future)


def ordered(array, dims, task):
    """Return draws as an array whose dimensions are named, thinned, in our order."""
    array = array.stack(sample=("chain", "draw"))
    step = max(1, array.sizes["sample"] // _KEPT)
    array = array.isel(sample=slice(None, None, step))
    if "region" in array.dims:
        array = array.sel(region=task.regions)
    else:
        array = array.expand_dims("region")
    return array.transpose("sample", "region", *dims)


def fit(task):
    """Sample, and return contributions in units of the outcome."""
    warnings.simplefilter("ignore")
    panel = len(task.regions) > 1
    train, future = with_trend(task)
    model = MMM(
        date_column="week",
        channel_columns=task.media,
        control_columns=[*task.controls, "trend"],
        target_column="outcome",
        dims=("region",) if panel else None,
        adstock=GeometricAdstock(l_max=8),
        saturation=LogisticSaturation(),
        yearly_seasonality=2,
    )
    options = task.options
    model.fit(
        train,
        task.train["outcome"],
        chains=options["chains"],
        draws=options["draws"],
        tune=options["draws"],
        cores=1,
        random_seed=options["seed"],
        progressbar=False,
    )
    scale = model.get_scales_as_xarray()["target_scale"]
    parts = model.idata["posterior"]["channel_contribution"] * scale
    parts = ordered(parts, ("date", "channel"), task).sel(channel=task.media)
    predicted = model.sample_posterior_predictive(
        future,
        extend_idata=False,
        combined=False,
        include_last_observations=True,
        random_seed=options["seed"],
        progressbar=False,
    )
    forecast = ordered(predicted["y"] * scale, ("date",), task).mean("sample")
    return Answer(np.asarray(parts), forecast=np.asarray(forecast))


if __name__ == "__main__":
    main(fit)
