import numpy as np
import pandas as pd
import pytest

from sklearn_mmm.inspection import forecast_comparison, naive_forecasts


def panel(n, level=1.0, season=0.0, region="a"):
    t = np.arange(n)
    outcome = level * (1 + season * np.sin(2 * np.pi * t / 52))
    return pd.DataFrame({"region": region, "time": t, "outcome": outcome})


def test_a_repeating_year_is_forecast_without_error():
    rows = pd.concat([panel(130, 10, 0.4), panel(130, 500, 0.4, "b")])
    train, test = rows[rows["time"] < 117], rows[rows["time"] >= 117]
    found = naive_forecasts(train, test)
    np.testing.assert_allclose(found["seasonal_naive"], test["outcome"])
    recent = train[train["time"] >= 113].groupby("region")["outcome"].mean()
    np.testing.assert_allclose(found["recent_mean"], test["region"].map(recent))


def test_without_a_year_before_the_mean_stays():
    rows = panel(40, 10, 0.4)
    found = naive_forecasts(rows[:32], rows[32:])
    np.testing.assert_allclose(found["seasonal_naive"], found["recent_mean"])


def test_more_than_a_year_ahead_the_last_known_year_repeats():
    rows = panel(200, 10, 0.4)
    found = naive_forecasts(rows[:110], rows[110:])
    np.testing.assert_allclose(found["seasonal_naive"], rows["outcome"][110:])


def test_dates_count_as_weeks():
    rows = panel(130, 10, 0.4)
    dates = rows.assign(time=pd.date_range("2022-01-03", periods=130, freq="7D"))
    expected = naive_forecasts(rows[:117], rows[117:])
    pd.testing.assert_frame_equal(naive_forecasts(dates[:117], dates[117:]), expected)


def test_an_unseen_region_gets_the_middling_level():
    train = pd.concat([panel(8, 1), panel(8, 3, region="b"), panel(8, 9, region="c")])
    test = pd.DataFrame({"region": ["new"], "time": [8]})
    assert naive_forecasts(train, test)["recent_mean"].tolist() == [3.0]


def test_comparison_needs_a_holdout():
    table = panel(8).rename(columns={"outcome": "actual"})
    table = table.assign(split="training", predicted=1.0)
    with pytest.raises(ValueError, match="no holdout"):
        forecast_comparison(table)
