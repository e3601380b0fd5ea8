"""Rows of the future: keys, media, money and controls."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mmm import (
    DeepCausalMMMRegressor,
    EventEncoder,
    allocate_budget,
    make_future,
)
from sklearn_mmm.allocation._future_controls import assume
from sklearn_mmm.allocation._future_times import later_labels
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.exceptions import AssumptionWarning
from sklearn_mmm.panel._time_axis import make_time_axis

KNOWN = {"price": "last", "promotion": 0.0}
QUICK = {
    "max_epochs": 5,
    "validation": False,
    "graph": False,
    "time_varying": False,
    "n_members": 0,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def data():
    """Return impressions with money, and a newsletter that costs nothing."""
    X, y, _ = make_mmm(2, 70, 2, random_state=0)
    X["tv_spend"] = 2.0 * X["tv"]
    X["newsletter"] = np.arange(len(X)) % 7 + 1.0
    return X, y


def make(**options):
    return DeepCausalMMMRegressor(
        ["tv", "search"],
        ["price", "promotion"],
        "region",
        "week",
        spend_columns={"tv": "tv_spend", "search": "search"},
        organic_columns=["newsletter"],
        **QUICK | options,
    )


@pytest.fixture(scope="module")
def mmm(data):
    return make().fit(*data)


def test_media_are_those_of_a_year_before(data, mmm):
    X, _ = data
    future = make_future(mmm, 13, controls=KNOWN)
    assert list(future.columns) == list(X.columns)
    weeks = np.sort(X["week"].unique())
    expected = weeks[-1] + np.arange(1, 14) * np.timedelta64(7, "D")
    np.testing.assert_array_equal(np.sort(future["week"].unique()), expected)
    before = X[X["week"].isin(weeks[-52:-39])].sort_values(["region", "week"])
    names = ["tv", "tv_spend", "search", "newsletter"]
    np.testing.assert_array_equal(future[names], before[names])
    assert (future["promotion"] == 0).all()
    last = X[X["week"] == weeks[-1]].set_index("region")["price"]
    np.testing.assert_array_equal(future["price"], future["region"].map(last))


def test_a_budget_multiplies_media_and_their_money_alike(data, mmm):
    plain = make_future(mmm, 13, controls=KNOWN)
    money = ["tv_spend", "search"]
    budget = 3.0 * plain[money].to_numpy().sum()
    scaled = make_future(mmm, 13, budget, controls=KNOWN)
    for name in ("tv", *money):
        np.testing.assert_allclose(scaled[name], 3.0 * plain[name])
    np.testing.assert_array_equal(scaled["newsletter"], plain["newsletter"])
    result = allocate_budget(mmm, scaled, n_starts=1)
    assert result.total == pytest.approx(budget)


def test_media_as_lately_or_as_in_a_table(data, mmm):
    X, _ = data
    weeks = np.sort(X["week"].unique())
    late = X[X["week"].isin(weeks[-4:])].sort_values(["region", "week"])
    last = make_future(mmm, 4, like="last", controls=KNOWN)
    np.testing.assert_array_equal(last["tv"], late["tv"])
    same = make_future(mmm, 4, like=X.sample(frac=1, random_state=0), controls=KNOWN)
    pd.testing.assert_frame_equal(same, last)
    # What is shorter is repeated.
    twice = make_future(mmm, 8, like=late, controls=KNOWN)
    by_week = twice.pivot(index="week", columns="region", values="tv").to_numpy()
    np.testing.assert_array_equal(by_week[:4], by_week[4:])
    with pytest.raises(ValueError, match="no rows of the regions"):
        make_future(mmm, 4, like=late[late["region"] == late["region"].iloc[0]])
    with pytest.raises(ValueError, match="like has no columns"):
        make_future(mmm, 4, like=late.drop(columns="tv_spend"))


def test_where_nothing_was_spent_a_year_ago_media_are_as_lately(data):
    X, y = data
    weeks = np.sort(X["week"].unique())
    money = ["tv", "tv_spend", "search"]
    X = X.assign(**{c: X[c].where(X["week"] > weeks[-48], 0.0) for c in money})
    mmm = make().fit(X, y)
    with pytest.warns(AssumptionWarning, match="nothing was spent a year before"):
        future = make_future(mmm, 4, 1000.0, controls=KNOWN)
    assert future[["tv_spend", "search"]].to_numpy().sum() == pytest.approx(1000.0)
    short = make().fit(X[X["week"] > weeks[-30]], y[X["week"] > weeks[-30]])
    with pytest.warns(AssumptionWarning, match="there is no year before"):
        make_future(short, 4, controls=KNOWN)


def test_a_region_without_a_row_a_year_ago_has_its_nearest(data):
    X, y = data
    weeks = np.sort(X["week"].unique())
    region = X["region"].iloc[0]
    gone = (X["region"] == region) & (X["week"] <= weeks[-51])
    mmm = make().fit(X[~gone], y[~gone])
    future = make_future(mmm, 2, controls=KNOWN)
    first = X[(X["region"] == region) & (X["week"] == weeks[-50])]["tv"].item()
    assert (future.loc[future["region"] == region, "tv"] == first).all()


def test_the_rule_that_served_better_is_taken():
    wave = np.tile([0.0, 0.0, 1.0, 3.0], 8)
    level = np.repeat([1.0, 5.0, 9.0], 11)[:32]
    found = assume(np.column_stack([wave, wave]), 6, 4)
    assert found.rule == "seasonal"
    np.testing.assert_array_equal(found.values[:, 0], np.tile(wave[:4], 2)[:6])
    np.testing.assert_array_equal(found.error, 0)
    found = assume(level[:, None], 2, 4)
    assert found.rule == "last"
    np.testing.assert_array_equal(found.values, level[-1])
    # Less than a year cannot repeat.
    assert assume(wave[:4, None], 2, 4).rule == "last"
    words = np.array(["sale", "none", "none", "none"] * 8, object)[:, None]
    assert assume(words, 1, 4).values.item() == "sale"
    with pytest.raises(ValueError, match="no year before"):
        assume(wave[:3, None], 2, 4, "seasonal")


def test_what_is_assumed_is_told_and_what_it_matters(data, mmm):
    with pytest.warns(AssumptionWarning, match="price .*; promotion|promotion"):
        future, ranges = make_future(mmm, 8, return_ranges=True)
    assert set(ranges.index) == {"price", "promotion"}
    for name in ranges.index:
        assert ranges.loc[name, "value"] == pytest.approx(future[name].mean())
        assert ranges.loc[name, "low"] <= ranges.loc[name, "high"]
    width = (ranges["outcome_high"] - ranges["outcome_low"]).abs()
    assert width.is_monotonic_decreasing
    shift = ranges.loc["price", "low"] - ranges.loc["price", "value"]
    moved = mmm.predict(future.assign(price=future["price"] + shift)).sum()
    gain = moved - mmm.predict(future).sum()
    assert ranges.loc["price", "outcome_low"] == pytest.approx(gain)


def test_controls_by_step_and_by_table(data, mmm):
    course = np.linspace(1.0, 2.0, 4)
    steps = make_future(mmm, 4, controls=KNOWN | {"price": course})
    np.testing.assert_array_equal(steps["price"], np.tile(course, 2))
    table = steps[["region", "week", "price", "promotion"]].sample(
        frac=1, random_state=0
    )
    again = make_future(mmm, 4, controls=table)
    pd.testing.assert_frame_equal(again, steps)
    nation = table.drop(columns="region").drop_duplicates("week")
    pd.testing.assert_frame_equal(make_future(mmm, 4, controls=nation), steps)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"periods": 0}, "periods=0"),
        ({"periods": True}, "periods=True"),
        ({"budget": -1.0}, "budget=-1"),
        ({"budget": "much"}, "budget='much'"),
        ({"like": "never"}, "like='never'"),
        ({"controls": {"weather": 1.0}}, r"unknown columns \['weather'\]"),
        ({"controls": {"price": [1.0, 2.0]}}, "2 values for 13"),
        ({"controls": {"price": "often"}}, "got 'often'"),
        ({"controls": {"price": np.nan}}, "contain NaN"),
        ({"controls": 3}, "give a DataFrame"),
    ],
    ids=str,
)
def test_bad_parameters(mmm, options, message):
    with pytest.raises(ValueError, match=message):
        make_future(mmm, **{"controls": KNOWN} | options)


def test_controls_of_too_few_weeks_are_refused(mmm):
    table = make_future(mmm, 4, controls=KNOWN)[["week", "price"]]
    with pytest.raises(ValueError, match="controls has no 'price' for 2"):
        make_future(mmm, 5, controls=table.drop_duplicates("week"))


def test_needs_a_clock(data):
    X, y = data
    one = X[X["region"] == X["region"].iloc[0]].drop(columns=["region", "week"])
    mmm = DeepCausalMMMRegressor(["tv", "search"], ["price"], **QUICK)
    with pytest.raises(ValueError, match="no time_column"):
        make_future(mmm.fit(one, y[one.index]))


def test_keys_in_the_index_stay_there(data):
    X, y = data
    indexed = X.set_index(["region", "week"])
    mmm = make().fit(indexed, y.to_numpy())
    future = make_future(mmm, 3, controls=KNOWN)
    assert future.index.names == ["region", "week"]
    assert list(future.columns) == list(indexed.columns)
    assert np.isfinite(mmm.predict(future)).all()


def test_arrays_have_a_future_too(data):
    X, y = data
    one = X[X["region"] == X["region"].iloc[0]]
    values = np.column_stack([np.arange(len(one)), one[["tv", "search", "price"]]])
    mmm = DeepCausalMMMRegressor([1, 2], [3], time_column=0, **QUICK)
    mmm.fit(values, y[one.index])
    future = make_future(mmm, 3, like="last", controls={3: "last"})
    np.testing.assert_array_equal(future[0], len(one) + np.arange(3))
    np.testing.assert_array_equal(future[1], one["tv"].to_numpy()[-3:])
    assert np.isfinite(mmm.predict(future.to_numpy())).all()


def test_a_pipeline_takes_its_past_from_the_user(data):
    X, y = data
    scale = ColumnTransformer(
        [("scale", StandardScaler(), ["price"])],
        remainder="passthrough",
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    pipeline = make_pipeline(scale, make()).fit(X, y)
    with pytest.raises(ValueError, match="does not keep the rows"):
        make_future(pipeline, 3)
    future = make_future(pipeline, 3, history=X, controls=KNOWN)
    assert list(future.columns) == list(X.columns)
    plain = make_future(make().fit(X, y), 3, controls=KNOWN)
    pd.testing.assert_frame_equal(future, plain)
    assert np.isfinite(pipeline.predict(future)).all()


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (pd.date_range("2024-01-31", periods=14, freq="ME"), "2025-03-31"),
        (pd.date_range("2024-01-31", periods=14, freq="ME").strftime("%Y-%m-%d"), None),
        (pd.period_range("2024-01", periods=14, freq="M"), pd.Period("2025-03", "M")),
        (pd.RangeIndex(0, 20, 2), 20),
        (pd.date_range("2024-02-20", periods=10), "2024-03-01"),
    ],
    ids=["month ends", "texts", "periods", "numbers", "days"],
)
def test_labels_go_on_as_they_were(labels, expected):
    values = labels.to_numpy()
    axis = make_time_axis(values, "time")
    later = np.asarray(later_labels(values, axis, 3, "time"))
    position = axis.position(
        np.concatenate([values.astype(later.dtype), later]), "time"
    )
    np.testing.assert_array_equal(np.diff(np.sort(position)), 1)
    if expected is not None:
        assert later[0] == (
            np.datetime64(expected) if isinstance(expected, str) else expected
        )


def test_uneven_numbers_have_no_next(data):
    values = np.array([1.0, 2.0, 40.0, 1000.0])
    with pytest.raises(ValueError, match="uneven steps"):
        later_labels(values, make_time_axis(values, "time"), 3, "time")


def test_events_of_the_future_come_from_their_encoder(data):
    X, y = data
    X = X.assign(
        events=np.where(X["promotion"] > X["promotion"].quantile(0.95), "sale", "na")
    )
    encoder = EventEncoder("US", region_column="region", time_column="week")
    model = make(n_members=2).set_params(
        control_columns=["price", "promotion", "event_*"]
    )
    pipe = make_pipeline(encoder, model).fit(X, y)
    with pytest.warns(AssumptionWarning, match="events without any"):
        future = make_future(pipe, 52, controls=KNOWN)
    assert list(future) == list(X)
    assert set(future["events"]) == {"na"}
    encoded = encoder.transform(future)
    assert encoded["event_christmas_day"].sum() == 2.0
    assert pipe.predict(future).shape == (104,)
    told = make_future(pipe, 4, controls=KNOWN | {"events": ["na", "sale", "na", "na"]})
    assert (told["events"] == "sale").sum() == 2
    _, ranges = make_future(
        pipe, 4, controls=KNOWN | {"events": "na"}, return_ranges=True
    )
    assert "events" not in ranges.index
    past = make_future(pipe, 4, like="last", controls=KNOWN | {"events": "na"})
    late = X.sort_values(["region", "week"]).groupby("region").tail(4)
    np.testing.assert_array_equal(past["tv"], late["tv"])
    plan = allocate_budget(pipe, future, n_starts=1)
    assert plan.total > 0
