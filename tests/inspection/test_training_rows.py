import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.inspection import Units, training_rows, units_of
from sklearn_mmm.inspection._training_rows import calendar_labels

QUICK = {"max_epochs": 2, "validation": False, "graph": False, "random_state": 0}


def assert_rows_are_those_of_training(mmm):
    rows = training_rows(mmm)
    np.testing.assert_allclose(
        mmm.predict(rows), mmm.contributions_.sum(axis=1), rtol=1e-9
    )


def test_rows_of_a_frame(fitted):
    assert_rows_are_those_of_training(fitted)
    rows = training_rows(fitted, n_steps=5)
    assert len(rows) == 4 * 5
    assert list(rows.columns) == list(fitted.feature_names_in_)


def test_rows_of_an_indexed_frame(panel):
    X, y, truth = panel
    rows = X.assign(note="unused").set_index(["region", "week"])
    mmm = DeepCausalMMMRegressor(
        truth.media_columns, truth.control_columns, "region", "week", **QUICK
    ).fit(rows, y.to_numpy())
    assert_rows_are_those_of_training(mmm)
    assert training_rows(mmm, 3).index.names == ["region", "week"]


def test_rows_of_an_array(panel):
    X, y, _ = panel
    week = X["week"].astype("int64").rank(method="dense").to_numpy()
    values = np.column_stack([week, X[["tv", "search"]], X["price"]])[:80]
    mmm = DeepCausalMMMRegressor([1, 2], [-1], None, 0, **QUICK).fit(values, y[:80])
    assert_rows_are_those_of_training(mmm)
    plain = DeepCausalMMMRegressor(**QUICK).fit(values[:, 1:3], y[:80])
    np.testing.assert_allclose(training_rows(plain), values[:, 1:3])


def test_steps_are_checked(fitted):
    with pytest.raises(ValueError, match="n_steps=0; it must be a whole number from 1"):
        training_rows(fitted, 0)


@pytest.mark.parametrize(
    ("times", "unit"),
    [
        (pd.date_range("2022-01-03", periods=30, freq="7D"), "week"),
        (pd.date_range("2022-01-03", periods=30, freq="D"), "day"),
        (pd.period_range("2020-01", periods=30, freq="M"), "month"),
        (np.arange(30), "week"),
        (np.arange(30) * 14.0, "time step"),
    ],
)
def test_units_of_time(panel, times, unit):
    X, y, _ = panel
    rows = X[["search"]][:30].assign(time=times)
    mmm = DeepCausalMMMRegressor("search", None, None, "time", max_lag=28, **QUICK).fit(
        rows, y[:30]
    )
    assert units_of(mmm, "visits").time == unit
    assert units_of(mmm, "visits").per_step == f"visits per {unit}"


def test_returns_are_per_single_unit():
    assert Units().per_spend == "outcome units per spend unit"
    assert Units("sales", "$").per_spend == "sales per $"
    assert Units("$", "$").per_spend == "$ per $ spent"


def test_labels_become_dates():
    dates = np.array(["2022-01-03", "2022-01-10"], "datetime64[D]")
    for labels in (
        np.array(["2022-01-03", "2022-01-10"], object),
        np.array([pd.Period("2022-01-03"), pd.Period("2022-01-10")], object),
        pd.to_datetime(["2022-01-03", "2022-01-10"], utc=True),
    ):
        np.testing.assert_array_equal(calendar_labels(labels), dates)
    assert calendar_labels(np.array([1, 2], object)).tolist() == [1.0, 2.0]


def test_a_channel_called_like_a_key_is_refused(panel):
    X, y, _ = panel
    rows = X[["tv"]].rename(columns={"tv": "time"})[:40]
    with pytest.raises(ValueError, match=r"called 'time'.*rename the column"):
        DeepCausalMMMRegressor("time", **QUICK).fit(rows, y[:40])
