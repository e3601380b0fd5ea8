"""Campaigns inside channels: one kernel and curve, effects of their own."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone

from sklearn_mmm import allocate_budget, load, simulate
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.inspection import group_table, placebo_test, prior_posterior

GROUPS = {"video": ["spots", "clips"]}


def in_two(X, channel="tv", seed=0):
    """Return X with the channel in two campaigns, split at random each week."""
    part = np.random.default_rng(seed).uniform(0.1, 0.9, len(X))
    X = X.assign(spots=X[channel] * part, clips=X[channel] * (1 - part))
    return X.drop(columns=channel)


@pytest.fixture(scope="module")
def data(plain_panel):
    X, y = plain_panel
    return in_two(X), y


@pytest.fixture(scope="module")
def make(make_plain):
    def of_groups(**options):
        mmm = make_plain(**{"channel_groups": GROUPS} | options)
        return mmm.set_params(media_columns=["spots", "search", "clips"])

    return of_groups


@pytest.fixture(scope="module")
def mmm(data, make):
    return make(n_members=8).fit(*data)


def test_a_split_at_random_leaves_the_total_as_it_was(mmm, plain_fit):
    found = mmm.contributions_[GROUPS["video"]].sum(axis=1)
    assert found.sum() == pytest.approx(plain_fit.contributions_["tv"].sum(), rel=0.03)
    search = plain_fit.contributions_["search"].sum()
    assert mmm.contributions_["search"].sum() == pytest.approx(search, rel=0.03)


def test_a_split_of_equals_is_the_channel(data, make, plain_panel, plain_fit):
    X, y = plain_panel
    halves = X.assign(spots=X["tv"] / 2, clips=X["tv"] / 2).drop(columns="tv")
    mmm = make().fit(halves, y)
    found = mmm.contributions_
    np.testing.assert_allclose(found["spots"], found["clips"], rtol=1e-6)
    np.testing.assert_allclose(
        found["spots"] + found["clips"],
        plain_fit.contributions_["tv"],
        rtol=1e-2,
        atol=0.1,
    )


def test_campaigns_share_all_but_their_effect(mmm, plain_fit):
    for table in (mmm.adstock_, mmm.adstock_parameters_, mmm.saturation_parameters_):
        assert (table.loc["spots"] == table.loc["clips"]).all()
    assert mmm.effect_["spots"] != mmm.effect_["clips"]
    assert (mmm.media_scale_["spots"] == mmm.media_scale_["clips"]).all()
    scale = plain_fit.media_scale_["tv"]
    np.testing.assert_allclose(mmm.media_scale_["spots"], scale)
    table = prior_posterior(mmm)
    assert (table.groupby("parameter").size() == 3).all()


def test_every_answer_is_of_one_forward_pass(mmm, data):
    X, _ = data
    np.testing.assert_allclose(mmm.contributions_.sum(axis=1), mmm.predict(X))
    direct = mmm.effects("direct")
    own = mmm.contributions_[direct.index].sum()
    np.testing.assert_allclose(direct["contribution"], own)
    grouped = mmm.effects("direct", by="group", coverage=0.8)
    assert grouped.index.tolist() == ["video", "search"]
    assert grouped.index.name == "group"
    np.testing.assert_allclose(
        grouped.loc["video", "contribution"], own[GROUPS["video"]].sum()
    )
    roi = own[GROUPS["video"]].sum() / X[GROUPS["video"]].sum().sum()
    assert grouped.loc["video", "roi"] == pytest.approx(roi)
    assert (grouped["low"] < grouped["contribution"]).all()
    lost = simulate(mmm, X, {"spots": 0.0})
    plan = mmm.media_plan(X)
    zero = plan.spend.copy()
    zero[:, plan.channels.index("spots")] = 0.0
    change = plan.totals(zero).sum() - plan.totals(plan.spend).sum()
    assert lost.by_channel["difference"].sum() == pytest.approx(change)


def test_gradients_of_plans_are_those_of_differences(mmm, data):
    X, _ = data
    plan = mmm.media_plan(X.groupby("region").tail(6))
    _, gradient = plan.value_and_gradient(plan.spend)
    rng = np.random.default_rng(0)
    for _ in range(3):
        step = 1e-4 * plan.spend * rng.standard_normal(plan.spend.shape)
        ends = (plan.value_and_gradient(plan.spend + s * step)[0] for s in (1, -1))
        assert (next(ends) - next(ends)) / 2 == pytest.approx(
            (gradient * step).sum(), rel=1e-5
        )
    nothing = np.zeros_like(plan.spend)
    assert np.isfinite(plan.value_and_gradient(nothing)[1]).all()


def test_budgets_go_to_the_campaign_that_brings_more(mmm, data):
    X, _ = data
    rows = X.groupby("region").tail(6)
    result = allocate_budget(mmm, rows, bounds=(0.5, 1.5))
    table = result.channels
    plan = mmm.media_plan(rows)
    value = plan.value_and_gradient(result.spend[plan.channels].to_numpy())[0]
    assert value >= plan.value_and_gradient(plan.spend)[0]
    better, other = mmm.effect_[GROUPS["video"]].sort_values().index[::-1]
    ratio = table["spend"] / table["planned"]
    assert ratio[better] > ratio[other]


def test_the_curve_of_a_campaign_is_what_it_adds_to_its_group(mmm, data):
    X, _ = data
    curve = next(c for c in mmm._curves("channel") if c.channel == "spots")
    assert curve.response(0.0) == 0.0
    spend = np.array([0.0, 0.5, 1.0, 2.0]) * curve.usual
    step = 1e-5 * curve.usual
    slope = (curve.response(spend + step) - curve.response(spend)) / step
    np.testing.assert_allclose(curve.marginal_response(spend + step / 2), slope, 1e-4)
    # Constant spend in the place of the last weeks, others as usual.
    usual = X.groupby("region")[["spots", "search", "clips"]].mean()
    brought = []
    for factor in (1.0, 0.0):
        rows = X.copy()
        for name in usual:
            scale = factor if name == "spots" else 1.0
            rows[name] = rows["region"].map(usual[name]) * scale
        last = mmm.decompose(rows)[GROUPS["video"]].groupby(X["region"]).tail(1)
        brought.append(last.to_numpy().sum())
    expected = brought[0] - brought[1]
    assert float(curve.response(curve.usual)) == pytest.approx(expected, rel=1e-6)
    table = mmm.response_curves_
    table = table[table["channel"] == "spots"]
    assert (table["low"] <= table["response"] + 1e-9).all()
    points = mmm.saturation_points().set_index("channel").loc["spots"]
    assert points["spend_at_50"] < points["spend_at_90"]
    half = float(curve.response(points["spend_at_50"]))
    assert half == pytest.approx(0.5 * points["maximum"])


def test_a_campaign_twice_as_good_as_its_group_is_found(make, plain_panel):
    X, y, truth = make_mmm(3, 104, 2, random_state=1)
    split = in_two(X, seed=1)
    part = (split["spots"] / X["tv"].replace(0, np.nan)).fillna(0.5).to_numpy()
    # Adstock moves parts along; here each week's own part stands for them.
    brought = truth.contributions["tv"].to_numpy()
    factor = 2 * part + (1 - part)
    mmm = make(n_members=16).fit(split, y + brought * (factor - 1))
    effects = mmm.effects("direct", coverage=0.8)
    assert effects.loc["spots", "roi_low"] > effects.loc["clips", "roi_high"]
    ratio = mmm.effect_["spots"] / mmm.effect_["clips"]
    assert 1.4 < ratio < 2.8


def test_a_test_of_one_campaign_counts_what_its_group_brought(data, make):
    X, y = data
    weeks = np.sort(X["week"].unique())
    rows = X["week"].between(weeks[40], weeks[45])
    spent = X.loc[rows, "spots"].sum()
    lift = pd.DataFrame(
        {
            "channel": ["spots"],
            "start": [weeks[40]],
            "end": [weeks[45]],
            "lift": [3.0 * spent],
            "std_error": [0.03 * spent],
        }
    )
    mmm = make().fit(X, y, lift_tests=lift)
    other = X.copy()
    other.loc[rows, "spots"] = 0.0
    change = mmm.predict(X)[rows].sum() - mmm.predict(other)[rows].sum()
    assert mmm.lift_test_fit_["model"].item() == pytest.approx(change)
    assert abs(mmm.lift_test_fit_["gap"].item()) < 5.0
    assert mmm.lift_test_fit_["channel"].item() == "spots"


def test_a_belief_of_a_campaign_is_of_its_own_contribution(data, make):
    X, y = data
    told = {"spots": {"roi": (4.0, 0.01)}}
    mmm = make(priors=told).fit(X, y)
    assert mmm.effects("direct").loc["spots", "roi"] == pytest.approx(4.0, rel=0.02)
    told = {"spots": {"marginal_roi": (2.0, 0.01)}}
    mmm = make(priors=told).fit(X, y)
    found = mmm.effects("direct").loc["spots", "marginal_roi"]
    assert found == pytest.approx(2.0, rel=0.05)
    told = {name: {"half_life": (2.0, 0.1)} for name in GROUPS["video"]}
    with pytest.raises(ValueError, match=r"whole group.*give one"):
        make(priors=told).fit(X, y)


def test_money_may_stand_beside_the_media_of_a_group(data, make, mmm):
    X, y = data
    paid = X.assign(a=2 * X["spots"], b=3 * X["clips"], c=X["search"])
    money = {"spots": "a", "clips": "b", "search": "c"}
    other = make(spend_columns=money).fit(paid, y)
    np.testing.assert_allclose(other.contributions_, mmm.contributions_)
    found = other.effects("direct")["roi"] / mmm.effects("direct")["roi"]
    np.testing.assert_allclose(found, [1 / 2, 1.0, 1 / 3])
    curve, former = (
        next(c for c in m._curves("channel") if c.channel == "clips")
        for m in (other, mmm)
    )
    spend = former.usual
    assert curve.response(3 * spend) == pytest.approx(former.response(spend))


def test_the_order_of_columns_does_not_matter(data, mmm):
    X, y = data
    turned = clone(mmm).set_params(
        media_columns=["search", "clips", "spots"],
        channel_groups={"video": ["clips", "spots"]},
    )
    turned.fit(X, y)
    np.testing.assert_allclose(
        turned.contributions_[mmm.contributions_.columns],
        mmm.contributions_,
        rtol=1e-5,
        atol=1e-6 * y.mean(),
    )


def test_files_updates_and_other_frames(data, make, tmp_path):
    X, y = data
    late = X["week"] > X["week"].max() - pd.Timedelta(weeks=6)
    mmm = make(n_members=2).fit(X[~late], y[~late])
    mmm.save(tmp_path / "groups.mmm")
    loaded = load(tmp_path / "groups.mmm")
    np.testing.assert_array_equal(loaded.predict(X), mmm.predict(X))
    loaded.partial_fit(X[late], y[late])
    ratio = loaded.effect_["spots"] / loaded.effect_["clips"]
    assert ratio == pytest.approx(mmm.effect_["spots"] / mmm.effect_["clips"], rel=0.5)
    assert (loaded.adstock_.loc["spots"] == loaded.adstock_.loc["clips"]).all()
    early = pl.from_pandas(X[~late].astype({"week": "datetime64[us]"}))
    other = clone(mmm).fit(early, y[~late].to_numpy())
    np.testing.assert_allclose(other.contributions_, mmm.contributions_)


def test_dicts_by_channel_name_the_group(data, make):
    X, y = data
    mmm = make(adstock={"video": "delayed"}, max_lag={"video": 5, "search": 3})
    mmm.fit(X, y)
    delay = mmm.adstock_parameters_["delay"]
    assert delay["spots"] == delay["clips"]
    assert np.isnan(delay["search"])
    assert (mmm.adstock_ > 0).sum(axis=1).tolist() == [5, 3, 5]
    with pytest.raises(ValueError, match="'spots' and 'clips' of the group 'video'"):
        make(max_lag={"spots": 5}).fit(X, y)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"video": ["spots"]}, "names 1 channels; a group has at least two"),
        ({"video": "spots"}, "give a list of channels"),
        ({"video": ["spots", "radio"]}, r"'radio', which is no channel.*'search'"),
        ({"search": ["spots", "clips"]}, "no channel's name"),
        ({"price": ["spots", "clips"]}, "'price'"),
        ({"baseline": ["spots", "clips"]}, "'baseline'"),
        ({"a": ["spots", "clips"], "b": ["clips", "search"]}, "'clips' is named twice"),
        ({"a": ["spots", "clips", "clips"]}, "'clips' is named twice"),
        ({"a": ["spots", "price"]}, "'price', which is no channel"),
    ],
)
def test_what_makes_no_sense_is_refused(data, make, groups, message):
    with pytest.raises(ValueError, match=message):
        make(channel_groups=groups).fit(*data)


def test_media_of_a_group_are_in_one_unit(data, make):
    X, y = data
    money = {"spots": "spots", "search": "search", "clips": "clicks"}
    with pytest.raises(ValueError, match="one unit"):
        make(spend_columns=money).fit(X.assign(clicks=X["clips"]), y)
    mediated = make(mediators=["clips"], graph=True)
    mediated.set_params(media_columns=["spots", "search"])
    with pytest.raises(ValueError, match="'clips' is a mediator"):
        mediated.fit(X, y)


def test_effects_that_vary_with_time_and_graphs_know_groups(data, make):
    X, y = data
    mmm = make(time_varying=True, graph=True, n_members=2).fit(X, y)
    assert mmm.dag_.shape == (3, 3)
    np.testing.assert_array_equal(mmm.modulation_["spots"], mmm.modulation_["clips"])
    total = mmm.effects("total", by="group")
    np.testing.assert_allclose(
        total["attributed"].sum(), mmm.effects("direct")["contribution"].sum()
    )


def test_groups_stand_beside_regions_in_two_dimensions_and_organic_media(data, make):
    X, y = data
    names = np.array(X["region"])
    north = {"region_1": "north", "region_2": "north", "region_3": "south"}
    X = X.assign(geo=X["region"].map(north), brand=names).drop(columns="region")
    mmm = make().set_params(
        media_columns=["spots", "clips"],
        organic_columns=["search"],
        region_column=["geo", "brand"],
    )
    mmm.fit(X, y)
    np.testing.assert_allclose(mmm.contributions_.sum(axis=1), mmm.predict(X))
    grouped = mmm.effects("direct", by="group")
    assert grouped.index.tolist() == ["video", "search"]
    assert np.isnan(grouped.loc["search", "roi"])
    assert 0 < mmm.hyperparameters_["campaign_scale"] <= 1


def test_effects_of_a_group_have_one_sign(data, make):
    X, y = data
    with pytest.raises(ValueError, match="one sign"):
        make(media_signs={"spots": "-"}).fit(X, y)
    mmm = make(media_signs={"spots": "-", "clips": "-"}).fit(X, y)
    assert (mmm.effect_[GROUPS["video"]] < 0).all()
    assert (mmm.contributions_[GROUPS["video"]] <= 0).all(axis=None)
    assert (mmm.saturation_points()["maximum"] < 0).sum() == 2


def test_a_table_has_groups_and_their_campaigns(mmm, plain_fit):
    table = group_table(mmm)
    assert (table["group"] == "video").all()
    assert table["channel"].tolist()[0] == "all"
    assert set(table["channel"]) == {"all", *GROUPS["video"]}
    parts, whole = table.iloc[1:], table.iloc[0]
    np.testing.assert_allclose(parts["contribution"].sum(), whole["contribution"])
    np.testing.assert_allclose(parts["share"].sum(), 1.0)
    assert parts["contribution"].is_monotonic_decreasing
    assert (table["low"] < table["high"]).all()
    assert not len(group_table(plain_fit))
    assert plain_fit.channel_groups_ == {}
    assert mmm.channel_groups_ == {"video": ["spots", "clips"]}


def test_refits_with_a_further_channel_keep_groups_and_forms(data, make):
    X, y = data
    place = list(X).index("search") - X.shape[1]
    mmm = make(max_lag={place: 3, "video": 4}).fit(X, y)
    table = placebo_test(mmm, X, y, kinds=["shifted"], random_state=0)
    assert len(table)
