"""Seasons by the data's own clock, from the fit to the file."""

import numpy as np
import pandas as pd
import pytest

import sklearn_mmm
from sklearn_mmm import DeepCausalMMMRegressor

QUICK = {
    "time_column": "time",
    "validation": False,
    "time_varying": False,
    "graph": False,
    "n_members": 2,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def weekly():
    """Return weeks with something at the beginning of each month."""
    rng = np.random.default_rng(0)
    days = pd.date_range("2021-01-04", periods=7 * 130)
    share = (days.day <= 5).reshape(-1, 7).mean(1)
    X = pd.DataFrame({"time": days[::7], "tv": rng.gamma(2.0, 50.0, 130)})
    y = 1000 + 150 * share + 0.5 * X["tv"] + rng.normal(0, 15, 130)
    return X, y


@pytest.fixture(scope="module")
def fitted(weekly):
    X, y = weekly
    return DeepCausalMMMRegressor(["tv"], **QUICK).fit(X[:-13], y[:-13])


def test_a_month_is_found_and_forecast(weekly, fitted):
    X, y = weekly
    assert fitted.seasons_ == pytest.approx({"year": 52.18, "month": 4.348}, abs=1e-2)
    assert fitted.hyperparameters_["season_month_variance"] > 0.05
    plain = DeepCausalMMMRegressor(["tv"], seasons=("year",), **QUICK)
    plain.fit(X[:-13], y[:-13])
    assert plain.seasons_ == pytest.approx({"year": 52.18}, abs=1e-2)
    errors = [np.square(y[-13:] - m.predict(X[-13:])).mean() for m in (fitted, plain)]
    assert errors[0] < 0.7 * errors[1]


def test_a_stored_model_keeps_its_seasons(weekly, fitted, tmp_path):
    X, y = weekly
    other = sklearn_mmm.load(fitted.save(tmp_path / "model.mmm"))
    np.testing.assert_array_equal(other.predict(X), fitted.predict(X))
    other.partial_fit(X[-13:], y[-13:])
    assert other.seasons_ == fitted.seasons_


def test_no_season_at_all(weekly):
    X, y = weekly
    mmm = DeepCausalMMMRegressor(["tv"], seasons=(), **QUICK).fit(X, y)
    assert mmm.seasons_ == {}
    assert not [name for name in mmm.hyperparameters_ if "season" in name]
    short = DeepCausalMMMRegressor(["tv"], seasons=("year",), **QUICK)
    with pytest.raises(ValueError, match=r"longer than the data"):
        short.fit(X[:40], y[:40])


def test_weekdays_alone():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"time": pd.date_range("2022-01-03", periods=200)})
    X["tv"] = rng.gamma(2.0, 50.0, 200)
    weekday = np.array([0, 90, -40, 60, -80, 30, -60.0])[np.arange(200) % 7]
    y = 1000 + weekday + 0.5 * X["tv"] + rng.normal(0, 15, 200)
    mmm = DeepCausalMMMRegressor(["tv"], max_lag=28, **QUICK).fit(X[:-14], y[:-14])
    assert list(mmm.seasons_) == ["week"]
    ahead = mmm.decompose(X[-14:])["baseline"]
    assert np.std(ahead - weekday[-14:]) < 12
    assert {"season_week_variance", "season_memory"} <= set(mmm.hyperparameters_)
