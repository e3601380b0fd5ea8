"""Channels told as reach and frequency, through all that a fitted model answers."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_mmm import (
    DeepCausalMMMRegressor,
    best_frequency,
    load,
    make_future,
    simulate,
)
from sklearn_mmm.inspection import (
    channel_summary,
    check_data,
    placebo_test,
    training_rows,
)

HALF, SLOPE = 3.0, 2.0
PAIR = {"video": ("people", "contacts")}
SPEND = {"tv": "tv", "video": "money"}


def make_data(n_regions=2, n_weeks=70):
    """Return a truth without noise worth the name."""
    rng = np.random.default_rng(0)
    n = n_regions * n_weeks
    people = rng.gamma(2.0, 50.0, n) * (rng.random(n) < 0.8)
    contacts = rng.uniform(1.0, 9.0, n)
    X = pd.DataFrame(
        {
            "region": np.repeat([f"r{i}" for i in range(n_regions)], n_weeks),
            "week": np.tile(
                pd.date_range("2022-01-03", periods=n_weeks, freq="7D"), n_regions
            ),
            "tv": rng.gamma(2.0, 10.0, n),
            "people": people,
            "contacts": np.where(people > 0, contacts, 0.0),
            "money": 0.02 * people * contacts,
        }
    )
    heard = contacts**SLOPE / (contacts**SLOPE + HALF**SLOPE)
    brought = people * heard
    y = 300 + 3 * X["tv"] ** 0.7 + brought + rng.normal(0, 3, n)
    return X, y, brought


@pytest.fixture(scope="module")
def data():
    return make_data()


def make(**options):
    options = {
        "spend_columns": SPEND,
        "reach_frequency": PAIR,
        "max_lag": 2,
        "adstock": "geometric",
        "time_varying": False,
        "validation": False,
        "graph": False,
        "n_members": 4,
        "random_state": 0,
    } | options
    return DeepCausalMMMRegressor(["tv"], None, "region", "week", **options)


@pytest.fixture(scope="module")
def mmm(data):
    X, y, _ = data
    return make().fit(X, y)


def test_the_truth_is_found(data, mmm):
    _, _, brought = data
    found = mmm.saturation_parameters_.loc["video"]
    assert found["frequency_half_saturation"] == pytest.approx(HALF, rel=0.1)
    assert found["frequency_slope"] == pytest.approx(SLOPE, rel=0.1)
    assert mmm.contributions_["video"].sum() == pytest.approx(brought.sum(), rel=0.05)
    assert mmm.media_columns_ == ["tv", "video"]
    assert mmm.reach_frequency_ == PAIR
    assert mmm.spend_columns_ == ["tv", "money"]


def test_parameters_are_those_of_its_own_curve(mmm):
    assert np.isinf(mmm.half_saturation_["video"])
    own = mmm.saturation_parameters_
    assert own.loc["video", ["half_saturation", "slope"]].isna().all()
    assert own.loc["tv", ["frequency_half_saturation", "frequency_slope"]].isna().all()
    for table in (mmm.parameter_table(), mmm.prior_table()):
        names = table.groupby("channel")["parameter"].agg(set)
        assert "frequency_slope" in names["video"]
        assert "slope" not in names["video"]
        assert "frequency_slope" not in names["tv"]
        assert table.notna().drop(columns="lag", errors="ignore").all().all()


def test_the_contribution_is_the_formula(data, mmm):
    X, _, _ = data
    own = mmm.saturation_parameters_.loc["video"]
    half, slope = own["frequency_half_saturation"], own["frequency_slope"]
    f = X["contacts"].to_numpy().reshape(2, -1)
    reach = X["people"].to_numpy().reshape(2, -1)
    effective = reach * f**slope / (f**slope + half**slope)
    first, second = mmm.adstock_.loc["video"]
    carried = first * effective
    carried[:, 1:] += second * effective[:, :-1]
    unit = mmm.regional_effect_["video"] / mmm.media_scale_["video"]
    expected = carried * unit.to_numpy()[:, None]
    np.testing.assert_allclose(mmm.contributions_["video"], expected.ravel())


def test_every_answer_is_the_same_counterfactual(data, mmm):
    X, _, _ = data
    np.testing.assert_allclose(mmm.contributions_.sum(axis=1), mmm.predict(X))
    off = mmm.predict(X) - mmm.predict(X.assign(people=0.0, money=0.0))
    np.testing.assert_allclose(off, mmm.contributions_["video"], atol=1e-9)
    effects = mmm.effects("direct", coverage=0.8)
    assert effects.loc["video", "contribution"] == pytest.approx(off.sum())
    assert effects.loc["video", "spend"] == pytest.approx(X["money"].sum())
    # Linear in reach at a frequency that is kept.
    roi = effects.loc["video", "roi"]
    assert effects.loc["video", "marginal_roi"] == pytest.approx(roi)
    more = simulate(mmm, X, {"video": 1.5}).by_channel.loc["video"]
    assert more["changed"] == pytest.approx(1.5 * more["planned"])
    summary = channel_summary(mmm).loc["video"]
    assert summary["spend"] == pytest.approx(X["money"].sum())


def test_its_response_curve_is_a_line_at_the_usual_frequency(data, mmm):
    X, _, _ = data
    curve = mmm.response_curves_.query("channel == 'video'")
    slope = curve["response"] / curve["spend"]
    np.testing.assert_allclose(slope[1:], curve["marginal_response"][1:])
    assert np.ptp(slope[1:]) < 1e-9 * slope.iloc[-1]
    # One person at a time, of a channel that is always seen three times.
    usual = X.assign(contacts=3.0, money=0.02 * X["people"] * 3.0)
    often = X["people"] * X["contacts"]
    ratio = often.groupby(X["region"]).sum() / X["people"].groupby(X["region"]).sum()
    own = mmm.saturation_parameters_.loc["video"]
    half, s = own["frequency_half_saturation"], own["frequency_slope"]
    share = ratio**s / (ratio**s + half**s)
    effect = mmm.regional_effect_["video"] / mmm.media_scale_["video"]
    by_region = mmm.response_curves("channel×region").query("channel == 'video'")
    last = by_region.groupby("region").last()
    people = last["spend"] / (0.02 * ratio)
    np.testing.assert_allclose(last["response"], effect * people * share)
    assert mmm.predict(usual).shape == (len(X),)
    point = mmm.saturation_points().set_index("channel").loc["video"]
    assert np.isinf(point["maximum"])


def test_columns_by_position_and_polars_give_the_same(data, mmm):
    X, y, _ = data
    frame = pl.from_pandas(X)
    found = make(n_members=0).fit(frame, y.to_numpy())
    np.testing.assert_array_equal(found.predict(frame), mmm.predict(X))
    values = X.to_numpy(dtype=object)
    array = make(
        n_members=0,
        reach_frequency={"video": (3, 4)},
        spend_columns={2: 2, "video": 5},
    ).set_params(media_columns=[2], region_column=0, time_column=1)
    array.fit(values, y)
    np.testing.assert_array_equal(array.predict(values), mmm.predict(X))
    assert array.reach_frequency_ == {"video": ("x3", "x4")}
    assert array.media_columns_ == ["x2", "video"]


def test_what_is_not_named_as_media_is_none(data):
    X, y, _ = data
    found = make(n_members=0).set_params(media_columns=None).fit(X, y)
    assert found.media_columns_ == ["tv", "video"]


def test_an_update_starts_from_what_was_learned(data, mmm):
    X, y, _ = data
    early = X["week"] < X["week"].unique()[-4]
    found = make(n_members=0).fit(X[early], y[early])
    before = found.saturation_parameters_.loc["video", "frequency_half_saturation"]
    found.partial_fit(X[~early], y[~early])
    after = found.saturation_parameters_.loc["video", "frequency_half_saturation"]
    assert before == pytest.approx(HALF, rel=0.15)
    assert after == pytest.approx(HALF, rel=0.15)
    assert len(found.history_) == len(X)
    expected = mmm.contributions_["video"].sum()
    assert found.contributions_["video"].sum() == pytest.approx(expected, rel=0.05)


def test_it_is_stored(data, mmm, tmp_path):
    X, _, _ = data
    again = load(mmm.save(tmp_path / "model.mmm"))
    np.testing.assert_array_equal(again.predict(X), mmm.predict(X))
    assert again.reach_frequency_ == PAIR
    pd.testing.assert_frame_equal(again.response_curves_, mmm.response_curves_)


def test_rows_of_the_past_are_those_of_x(data, mmm):
    X, _, _ = data
    rows = training_rows(mmm)
    reached = X["people"] > 0
    pd.testing.assert_frame_equal(rows[reached], X[reached], check_like=True)
    np.testing.assert_array_equal(mmm.predict(rows), mmm.predict(X))


def test_the_future_is_flighted_with_its_frequencies(data, mmm):
    X, _, _ = data
    future = make_future(mmm, 4, budget=100.0, like="last")
    last = X[X["week"].isin(X["week"].unique()[-4:])]
    assert list(future.columns) == list(X.columns)
    assert future[["tv", "money"]].to_numpy().sum() == pytest.approx(100.0)
    ratio = 100.0 / last[["tv", "money"]].to_numpy().sum()
    np.testing.assert_allclose(future["people"], ratio * last["people"])
    reached = last["people"].to_numpy() > 0
    np.testing.assert_allclose(future["contacts"][reached], last["contacts"][reached])


def test_beliefs_are_about_its_own_curve(data):
    X, y, _ = data
    sure = {
        "video": {"half_saturation": (5.0, 0.05), "slope": (2.0, 0.02)},
        "tv": {"slope": (1.0, 0.02)},
    }
    found = make(n_members=0, priors=sure).fit(X, y).saturation_parameters_
    assert found.loc["video", "frequency_half_saturation"] == pytest.approx(5, rel=0.1)
    assert found.loc["tv", "slope"] == pytest.approx(1.0, rel=0.05)
    told = make(n_members=0, priors={"video": {"roi": (1.0, 0.001)}}).fit(X, y)
    assert told.effects().loc["video", "roi"] == pytest.approx(1.0, rel=0.05)


def test_lift_tests_leave_the_frequency_as_it_was(data, mmm):
    X, y, _ = data
    weeks = X["week"].unique()[[30, 33]]
    inside = X["week"].between(*weeks)
    lift = float(mmm.contributions_["video"][inside].sum())
    test = {"channel": "video", "start": weeks[0], "end": weeks[1]}
    tests = pd.DataFrame([{**test, "lift": 0.5 * lift, "std_error": 0.001 * lift}])
    found = make(n_members=0, max_lag=1).fit(X, y, tests)
    model = found.lift_test_fit_["model"][0]
    assert model == pytest.approx(0.5 * lift, rel=0.1)
    own = found.contributions_["video"][inside].sum()
    assert model == pytest.approx(own, rel=1e-6)


def test_free_reach_has_contributions_but_no_return(data):
    X, y, _ = data
    found = make(n_members=0, spend_columns=None).fit(X, y)
    effects = found.effects()
    assert np.isnan(effects.loc["video", "roi"])
    assert effects.loc["video", "contribution"] > 0
    assert found.spend_["video"].sum() == 0


def test_the_frequency_of_weeks_without_reach_does_not_matter(data, mmm):
    X, _, _ = data
    other = X.assign(contacts=X["contacts"].where(X["people"] > 0))
    np.testing.assert_array_equal(mmm.predict(other), mmm.predict(X))


def test_a_graph_has_it_as_a_node(data):
    X, y, _ = data
    found = make(n_members=0, graph=True).fit(X, y)
    assert list(found.dag_) == ["tv", "video"]
    assert found.effects("total").index.tolist() == ["tv", "video"]


def test_a_name_must_be_free(data):
    X, y, _ = data
    with pytest.raises(ValueError, match="called 'tv'"):
        make(reach_frequency={"tv": PAIR["video"]}, spend_columns=None).fit(X, y)


def test_bad_frequencies_are_found_before_a_fit(data):
    X, y, _ = data
    row = int((X["people"] > 0).to_numpy().argmax())
    bad = X.assign(contacts=X["contacts"].where(X.index != row, 0.5))
    with pytest.raises(ValueError, match=rf"'contacts' is 0\.5 in row {row}"):
        make().fit(bad, y)
    options = {
        "media_columns": ["tv"],
        "region_column": "region",
        "time_column": "week",
        "spend_columns": SPEND,
        "reach_frequency": PAIR,
    }
    found = check_data(bad, y, **options)
    assert "frequency below 1" in set(found["check"])
    assert "stops" not in set(check_data(X, y, **options)["severity"])


def test_importances_are_shared_by_its_columns(data, mmm):
    X, _, _ = data
    found = pd.Series(mmm.feature_importances_, X.columns)
    assert found.sum() == pytest.approx(1.0)
    assert found["people"] == found["contacts"] > 0
    assert found["money"] == 0


def test_forms_of_single_channels_go_with_it(data):
    X, y, _ = data
    found = make(
        n_members=2,
        adstock={"video": "delayed"},
        saturation={"tv": "exponential"},
        max_lag={"tv": 3, "video": 2},
    ).fit(X, y)
    own = found.saturation_parameters_
    assert own.loc["video", "frequency_half_saturation"] == pytest.approx(HALF, rel=0.1)
    assert own.loc["tv", "rate"] > 0
    assert found.adstock_.loc["video"].iloc[2:].sum() == pytest.approx(0.0)
    np.testing.assert_allclose(found.contributions_.sum(axis=1), found.predict(X))


def test_campaigns_of_another_channel_go_with_it(data):
    X, y, _ = data
    share = np.random.default_rng(1).uniform(0.3, 0.7, len(X))
    split = X.assign(one=X["tv"] * share, two=X["tv"] * (1 - share))
    found = (
        make(
            n_members=2,
            channel_groups={"television": ["one", "two"]},
            spend_columns={"one": "one", "two": "two", "video": "money"},
        )
        .set_params(media_columns=["one", "two"])
        .fit(split, y)
    )
    own = found.saturation_parameters_.loc["video"]
    assert own["frequency_half_saturation"] == pytest.approx(HALF, rel=0.1)
    off = found.predict(split) - found.predict(split.assign(people=0.0, money=0.0))
    np.testing.assert_allclose(off, found.contributions_["video"], atol=1e-9)
    table = best_frequency(found, split)
    assert table.loc["video", "optimal_frequency"] == pytest.approx(3.0, rel=0.15)


def test_effects_that_vary_with_time_go_with_it(data):
    X, y, _ = data
    found = make(n_members=0, time_varying=True, validation=True).fit(X, y)
    own = found.saturation_parameters_.loc["video"]
    assert own["frequency_half_saturation"] == pytest.approx(HALF, rel=0.1)


def test_an_outcome_may_be_worth_money(data):
    X, y, _ = data
    found = make(n_members=0, outcome_value=2.0).fit(X, y)
    plain = make(n_members=0).fit(X, y)
    ratio = best_frequency(found, X)["gain"] / best_frequency(plain, X)["gain"]
    assert ratio["video"] == pytest.approx(2.0)
    roi = found.effects().loc["video", "roi"] / plain.effects().loc["video", "roi"]
    assert roi == pytest.approx(2.0)


def test_a_placebo_leaves_it_where_it_is(data):
    X, y, _ = data
    found = make(n_members=2).fit(X, y)
    table = placebo_test(found, X, y, kinds=["shifted"], random_state=0)
    assert len(table)
