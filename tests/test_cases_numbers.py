"""Numbers at the edge: finite and sensible results, or a refusal with a name."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import DeepCausalMMMRegressor, simulate
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.exceptions import (
    ContradictedLiftTestWarning,
    OutlierWarning,
    ShortCarryOverWarning,
)
from sklearn_mmm.inspection import channel_summary, diagnose, region_table, share_table
from sklearn_mmm.inspection._totals import signed_total
from sklearn_mmm.panel._grid import make_panel
from sklearn_mmm.panel._scales import make_scales

WEEKS = pd.date_range("2022-01-03", periods=30, freq="7D")


def panel(n_regions=3, weeks=WEEKS, seed=0):
    rng = np.random.default_rng(seed)
    n = len(weeks) * n_regions
    X = pd.DataFrame(
        {
            "region": np.repeat([f"r{i}" for i in range(n_regions)], len(weeks)),
            "week": np.tile(weeks, n_regions),
            "tv": rng.gamma(2.0, 50.0, n),
            "search": rng.gamma(2.0, 20.0, n),
        }
    )
    return X, 100 + 0.5 * X["tv"].to_numpy() + rng.normal(0, 3, n)


def one_test(**changes):
    test = {
        "channel": "tv",
        "start": WEEKS[10],
        "end": WEEKS[13],
        "lift": 300.0,
        "std_error": 100.0,
    }
    cells = (test | changes).items()
    return pd.DataFrame({k: pd.Series([v], dtype=object) for k, v in cells})


@pytest.mark.parametrize("n_regions", [1, 5])
def test_five_outcomes_times_ten(n_regions):
    X, y, truth = make_mmm(n_regions, 156, 4, random_state=0)
    media = truth.media_columns
    mmm = DeepCausalMMMRegressor(
        media,
        truth.control_columns,
        "region",
        "week",
        max_epochs=30,
        validation=False,
        graph=False,
        time_varying=False,
        n_members=0,
        random_state=0,
    )
    clean = mmm.fit(X, y).contributions_[media].sum()
    spoiled = y.copy()
    wrong = [20, 50, 71, 99, 140]
    spoiled.iloc[wrong] *= 10
    with pytest.warns(OutlierWarning, match="rows are outlying"):
        found = mmm.fit(X, spoiled).contributions_[media].sum()
    weights = mmm.outlier_weights_.to_numpy().ravel()
    assert (weights[wrong] < 1e-3).all()
    # One more at most: of one series the first week, before which nothing is known.
    assert (np.delete(weights, wrong) < 0.05).sum() <= 1
    share = found.sum() / y.sum()
    assert share == pytest.approx(clean.sum() / y.sum(), rel=0.15)
    assert (found / clean).between(0.7, 1.5).all()


def test_a_region_without_outcome_has_the_scale_of_the_others(quick):
    X, y = panel()
    y = np.where(X["region"] == "r1", 0.0, 1e-9 * y)
    mmm = quick(("tv", "search")).fit(X, y)
    assert np.abs(mmm.contributions_.to_numpy()).max() < 10 * y.max()
    rows = make_panel(X["region"].to_numpy(), np.tile(np.arange(30.0), 3))
    media = X[["tv", "search"]].to_numpy()
    scales = make_scales(rows, y, media, media[:, :0], media)
    assert scales.outcome[1] == pytest.approx(np.median(scales.outcome[[0, 2]]))


def test_points_of_a_channel_that_is_silent_in_a_region(quick):
    X, y = panel()
    X.loc[X["region"] == "r1", "tv"] = 0.0
    mmm = quick(("tv", "search")).fit(X, y)
    whole = mmm.saturation_points().set_index("channel").loc["tv"]
    assert np.isfinite(whole.astype(float)).all()
    # Half of the maximum lies within reach of what was spent, since the silent region
    # has no part in either.
    assert whole["spend_at_50"] < 100 * whole["largest"]
    by_region = mmm.saturation_points("channel×region")
    numbers = by_region.drop(columns=["channel", "region", "marginal_response"])
    assert np.isfinite(numbers.to_numpy(float)).all()
    # Nothing was spent there, so that no unit was the last.
    silent = (by_region["channel"] == "tv") & (by_region["region"] == "r1")
    assert by_region["marginal_response"].isna().tolist() == silent.tolist()


def test_a_channel_planned_where_it_never_ran_is_marked(quick):
    X, y = panel()
    X.loc[X["region"] != "r0", "tv"] = 0.0
    mmm = quick(("tv", "search")).fit(X, y)
    later = X[-3:].assign(week=X["week"].max() + pd.to_timedelta([7, 14, 21], unit="D"))
    plan = simulate(mmm, later.assign(tv=50.0), {"tv": 1.0})
    assert plan.extrapolated["tv"].all()
    assert not simulate(mmm, later, {"tv": 1.0}).extrapolated["tv"].any()
    table = mmm.response_curves("channel×region")
    curve = table[(table["channel"] == "tv") & (table["region"] == "r2")]
    assert (curve["extrapolated"] | (curve["spend"] == 0)).all()


def test_a_total_without_a_sign_has_no_shares(quick):
    X, y = panel()
    centred = y - np.repeat(y.reshape(3, -1).mean(axis=1), len(WEEKS))
    for outcome in (centred, y - 2 * y.max()):
        mmm = quick(("tv", "search")).fit(X, outcome)
        assert channel_summary(mmm)["share_of_outcome"].isna().all()
        assert region_table(mmm)["media_share"].isna().all()
        assert share_table(mmm)["spend_share"].sum() == pytest.approx(1)
        words = diagnose(mmm)["message"].str.contains("sums to nothing or less")
        assert words.sum() == 1
    positive = quick(("tv", "search")).fit(X, y)
    assert channel_summary(positive)["share_of_outcome"].notna().all()


def test_signed_totals_by_hand():
    assert signed_total([3.0, -1.0]) == 2.0
    assert np.isnan(signed_total([1.0, -0.99]))
    assert np.isnan(signed_total([-5.0, 1.0]))
    assert np.isnan(signed_total([]))


@pytest.mark.parametrize(
    "change", [{"lift": -300.0}, {"lift": 300.0, "spend_change": -500.0}]
)
def test_a_lift_of_an_impossible_sign_is_an_error(quick, change):
    X, y = panel()
    with pytest.raises(ValueError, match=r"lift test in row 0.*lift is"):
        quick(("tv", "search")).fit(X, y, lift_tests=one_test(**change))


def test_a_test_far_from_the_model_is_told(quick):
    X, y = panel()
    with pytest.warns(ContradictedLiftTestWarning, match="tv: lift 3e"):
        mmm = quick(("tv", "search")).fit(
            X, y, lift_tests=one_test(lift=3e6, std_error=1e4)
        )
    assert abs(mmm.lift_test_fit_["gap"][0]) > 4
    assert diagnose(mmm)["message"].str.contains("Lift tests of tv").any()


def test_the_models_lift_is_what_zeroing_the_channel_costs(quick):
    X, y = panel()
    mmm = quick(("tv", "search")).fit(X, y, lift_tests=one_test(std_error=1e6))
    inside = X["week"].between(WEEKS[10], WEEKS[13])
    without = X.assign(tv=np.where(inside, 0.0, X["tv"]))
    cost = (mmm.predict(X) - mmm.predict(without))[inside].sum()
    assert mmm.lift_test_fit_["model"][0] == pytest.approx(cost, rel=1e-9)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"std_error": 1e-300}, "claims to be exact"),
        ({"std_error": 0.0}, "positive"),
        ({"lift": 1e300}, "larger unit"),
        ({"lift": 10**400}, "lift is 1000.*not a number"),
        ({"lift": True}, "lift is True"),
        ({"spend_change": 10**400}, "spend_change is 1000"),
    ],
)
def test_extremes_of_lift_tests_are_named(quick, change, what):
    X, y = panel()
    with pytest.raises(ValueError, match=rf"lift test in row 0.*{what}"):
        quick(("tv", "search")).fit(X, y, lift_tests=one_test(**change))


@pytest.mark.parametrize(
    "pair", [(1e300, 1e-300), (1e300, 1e300), (1.0, 1e-300), (10**400, 1.0), (1.0, 0.0)]
)
def test_extremes_of_priors_are_named(quick, pair):
    X, y = panel()
    with pytest.raises(ValueError, match="priors of 'tv': 'roi'"):
        quick(("tv", "search"), priors={"tv": {"roi": pair}}).fit(X, y)


@pytest.mark.parametrize(
    ("column", "value"),
    [("tv", 10**400), ("tv", 1e300), ("tv", np.inf), ("tv", -1.0)],
)
def test_extremes_of_media_are_named(quick, column, value):
    X, y = panel()
    X[column] = X[column].astype(object)
    X.loc[7, column] = value
    with pytest.raises(ValueError, match=r"media column 'tv'"):
        quick(("tv", "search")).fit(X, y)


@pytest.mark.parametrize("y_scale", [1e-12, 1e-3, 1e12])
@pytest.mark.parametrize("x_scale", [1e-12, 1e12])
def test_units_do_not_matter(quick, y_scale, x_scale):
    X, y = panel()
    mmm = quick(("tv", "search")).fit(X, y)
    scaled = X.assign(tv=X["tv"] * x_scale, search=X["search"] * x_scale)
    other = quick(("tv", "search")).fit(scaled, y * y_scale)
    np.testing.assert_allclose(
        other.predict(scaled) / y_scale, mmm.predict(X), rtol=1e-3
    )
    points = other.saturation_points(marginal_response=y_scale / x_scale)
    assert np.isfinite(points.drop(columns="channel").to_numpy(float)).all()


@pytest.mark.parametrize(
    "parameter",
    [
        {"max_epochs": 0},
        {"tol": -1e9},
        {"n_members": 10**9},
        {"l2": 1e300},
        {"l1": 1e300},
        {"huber_delta": 1e-300},
        {"huber_delta": 1e300},
        {"max_lag": 10**9},
    ],
    ids=str,
)
def test_extremes_of_parameters_are_named(quick, parameter):
    name = next(iter(parameter))
    X, y = panel()
    with pytest.raises(ValueError, match=name):
        quick(("tv", "search"), **parameter).fit(X, y)


@pytest.mark.parametrize(
    "wrong",
    [
        {"changes": None},
        {"changes": 3},
        {"changes": {"tv": "x"}},
        {"changes": {"tv": True}},
        {"changes": {"tv": -1.0}},
        {"changes": {"radio": 1.0}},
        {"members": [1]},
        {"members": 1},
        {"coverage": 2.0},
        {"coverage": "x"},
    ],
    ids=str,
)
def test_simulate_refuses_wrong_types_by_name(quick, wrong):
    X, y = panel()
    mmm = quick(("tv", "search")).fit(X, y)
    arguments = {"changes": {"tv": 1.1}} | wrong
    with pytest.raises((ValueError, TypeError), match=next(iter(wrong))[:6]):
        simulate(mmm, X, **arguments)


def test_a_short_memory_in_days_is_questioned(quick):
    days = pd.date_range("2022-01-03", periods=60)
    X, y = panel(2, days)
    with pytest.warns(ShortCarryOverWarning, match="8 time steps are 8 days"):
        mmm = quick(("tv", "search"), max_lag=8).fit(X, y)
    assert diagnose(mmm)["message"].str.contains("carry-over ends after 8 days").any()
    quick(("tv", "search"), max_lag=28).fit(X, y)
