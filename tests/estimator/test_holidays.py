"""What spend that follows holidays is credited with, with and without their columns."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sklearn_mmm import DeepCausalMMMRegressor, EventEncoder

QUICK = {
    "time_column": "week",
    "validation": False,
    "time_varying": False,
    "graph": False,
    "n_members": 0,
    "random_state": 0,
}


def world(seed, n=180):
    """Return weeks with a rush before holidays and a lull after them, and a truth."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"week": pd.date_range("2021-01-04", periods=n, freq="7D")})
    encoder = EventEncoder("US", window=(-1, 1)).fit(X)
    on = encoder.transform(X)[encoder.event_names_]
    size = {"": 1.0, "_before_1": 0.5, "_after_1": -0.4}
    rush = np.zeros(n)
    for name in sorted({c for c in on if not c.endswith("_1")}):
        own = rng.gamma(3.0, 0.08)
        rush += sum(
            own * s * on[f"{name}{k}"] for k, s in size.items() if f"{name}{k}" in on
        )
    bursts = np.repeat(rng.random(n // 3) < 0.25, 3) * rng.gamma(4.0, 0.25, n)
    follows = (rush > 0.12) * rng.gamma(4.0, 0.25, n)
    X["search"] = 60 * np.maximum(bursts, follows) * np.exp(2 * rush)
    brought = 500 * X["search"] / (X["search"] + 200)
    return X, 1000 * (1 + rush) + brought + rng.normal(0, 20, n), brought.sum()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_holidays_are_not_credited_to_spend_that_follows_them(seed):
    X, y, true = world(seed)
    told = DeepCausalMMMRegressor(["search"], "event_*", **QUICK)
    pipe = make_pipeline(EventEncoder("US"), told)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipe.fit(X, y)
        plain = DeepCausalMMMRegressor(["search"], **QUICK).fit(X, y)
    bias = told.contributions_["search"].sum() / true - 1
    assert abs(bias) < 0.1
    assert plain.contributions_["search"].sum() / true - 1 > 0.25
