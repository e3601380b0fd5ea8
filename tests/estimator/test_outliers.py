"""Outlying rows are found, named, and change hardly anything."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.baseline._outliers import find_outliers, gross_outliers
from sklearn_mmm.baseline._whitening import dense_whitener
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.exceptions import OutlierWarning


def test_a_spike_is_an_outlier_and_a_step_of_the_level_is_not():
    rng = np.random.default_rng(0)
    observed = np.ones((2, 60), bool)
    K = np.eye(60) + 0.05 * np.minimum.outer(np.arange(60.0), np.arange(60.0)) + 1.0
    whitener = dense_whitener(K, observed)
    residual = rng.standard_normal((2, 60))
    residual[0, 20] += 15
    residual[1, 30:] += 8
    found = find_outliers(residual, observed, whitener, np.ones(2), lambda *at: 0.0)
    assert np.argwhere(found.weight < 0.5).tolist() == [[0, 20]]
    assert found.shift[0, 20] == pytest.approx(15, abs=3)


def test_what_columns_explain_by_themselves_is_no_outlier():
    residual = np.zeros((1, 30))
    residual[0, 7] = 20.0
    observed = np.ones((1, 30), bool)
    whitener = dense_whitener(np.eye(30), observed)
    found = find_outliers(
        residual, observed, whitener, np.ones(1), lambda *at: 0.9 * (at == (0, 7))
    )
    assert (found.weight == 1).all()


def test_gross_outliers_do_not_depend_on_the_unit():
    values = np.sin(np.arange(50.0))[None] + 10
    values[0, 11] = 90
    seen, reason = np.ones((1, 50), bool), np.zeros((1, 50, 1))
    for unit in (1e-6, 1.0, 1e6):
        found = gross_outliers(unit * values, seen, reason)
        assert np.flatnonzero(found.shift).tolist() == [11]


def test_a_column_excuses_a_week_only_if_its_other_weeks_stand_out_too():
    values = np.sin(np.arange(50.0))[None] + 10
    values[0, [11, 30]] = 90
    column = np.zeros((1, 50, 1))
    seen = np.ones((1, 50), bool)
    column[0, [11, 30]] = 5.0
    assert not gross_outliers(values, seen, column).shift.any()
    # A flight of six more weeks without anything unusual.
    column[0, [3, 7, 20, 21, 38, 45]] = 5.0
    found = gross_outliers(values, seen, column)
    assert np.flatnonzero(found.shift).tolist() == [11, 30]


def test_a_row_too_large_in_the_week_of_an_event_moves_no_channel():
    X, y, truth = make_mmm(6, 104, 3, random_state=3)
    event = np.random.default_rng(0).random(len(y)) < 0.1
    spoiled = y.copy()
    spoiled.iloc[np.flatnonzero(event)[[3, 8, 14, 20, 30, 41]]] *= 50
    X["event"] = event.astype(float)
    clean = regressor(truth, event=True).fit(X, y)
    with pytest.warns(OutlierWarning):
        mmm = regressor(truth, event=True).fit(X, spoiled)
    expected = clean.contributions_[truth.media_columns].sum()
    found = mmm.contributions_[truth.media_columns].sum()
    np.testing.assert_allclose(found, expected, rtol=0.1)


def test_outlying_weeks_hardly_change_what_channels_contribute():
    changes = []
    for seed in range(4):
        changes.append(change_by_outliers(*make_mmm(1, 120, 3, random_state=seed)))
    assert np.mean(changes) < 0.1
    assert max(changes) < 0.2


def regressor(truth, event=False):
    """Return a model without what tests of outliers do not need."""
    return DeepCausalMMMRegressor(
        truth.media_columns,
        truth.control_columns + ["event"] * event,
        "region",
        "week",
        validation=False,
        graph=False,
        n_members=0,
        random_state=0,
    )


def test_a_national_series_is_named_by_its_dates():
    X, y, truth = make_mmm(1, 104, 2, random_state=0)
    spoiled = y.copy()
    spoiled.iloc[50] *= 10
    date = f"{X['week'].iloc[50]:%Y-%m-%d}"
    national = regressor(truth).set_params(region_column=None)
    with pytest.warns(OutlierWarning, match=rf"explain: \['{date}'\]"):
        national.fit(X.drop(columns="region"), spoiled)
    with pytest.warns(OutlierWarning, match=rf"explain: \['region_1 {date}'\]"):
        regressor(truth).fit(X, spoiled)


def change_by_outliers(X, y, truth):
    """Return what four weeks ten times as large change, relative to all media."""
    mmm = regressor(truth)
    clean = mmm.fit(X, y).contributions_[truth.media_columns].sum()
    rows = [20, 50, 71, 99]
    spoiled = y.copy()
    spoiled.iloc[rows] *= 10
    with pytest.warns(OutlierWarning, match="4 rows are outlying"):
        mmm.fit(X, spoiled)
    weight = mmm.outlier_weights_
    assert isinstance(weight, pd.DataFrame)
    assert np.flatnonzero(weight.to_numpy()[0] < 0.01).tolist() == rows
    found = mmm.contributions_[truth.media_columns].sum()
    return (found - clean).abs().sum() / clean.sum()
