"""Media that are not money, and the money behind them."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import allocate_budget, simulate
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.exceptions import FreeMediaWarning

SPEND = {"tv": "tv_spend", "search": "search_spend"}


@pytest.fixture(scope="module")
def data():
    """Return media as impressions whose price differs from week to week."""
    X, y, _ = make_mmm(3, 70, 2, random_state=0)
    rng = np.random.default_rng(0)
    for medium, column in SPEND.items():
        X[column] = X[medium] * rng.uniform(0.5, 2.0, len(X))
    return X, y


@pytest.fixture(scope="module")
def make(make_plain):
    return partial(make_plain, spend_columns=SPEND, n_members=4)


@pytest.fixture(scope="module")
def mmm(data, make):
    return make().fit(*data)


@pytest.fixture(scope="module")
def moneyless(data, make):
    """Return the same fit, media being taken for money."""
    return make(spend_columns=None).fit(*data)


def test_money_does_not_touch_the_model(data, mmm, moneyless):
    X, _ = data
    np.testing.assert_array_equal(mmm.predict(X), moneyless.predict(X))
    pd.testing.assert_frame_equal(mmm.contributions_, moneyless.contributions_)
    pd.testing.assert_frame_equal(mmm.media_scale_, moneyless.media_scale_)
    np.testing.assert_array_equal(
        mmm.predict_interval(X), moneyless.predict_interval(X)
    )


def test_spend_has_the_money(data, mmm, moneyless):
    X, _ = data
    money = X[list(SPEND.values())]
    np.testing.assert_array_equal(mmm.spend_, money)
    assert list(mmm.spend_.columns) == ["tv", "search"]
    assert mmm.spend_.index.equals(X.index)
    np.testing.assert_array_equal(moneyless.spend_, X[list(SPEND)])


def test_money_is_no_medium_by_default(data, mmm, make):
    X, y = data
    found = make().set_params(media_columns=None).fit(X, y)
    assert found.media_columns_ == ["tv", "search"]
    np.testing.assert_array_equal(found.predict(X), mmm.predict(X))


def test_roi_is_outcome_for_money(data, mmm, moneyless):
    X, _ = data
    table, other = (m.effects("direct", coverage=0.8) for m in (mmm, moneyless))
    money = X[list(SPEND.values())].sum().to_numpy()
    np.testing.assert_allclose(table["spend"], money)
    np.testing.assert_allclose(table["contribution"], other["contribution"])
    for name in ("roi", "marginal_roi", "roi_low", "marginal_roi_high"):
        np.testing.assert_allclose(table[name] * money, other[name] * other["spend"])
    by_region = mmm.effects("direct", by="channel×region").set_index("channel")
    expected = X.groupby("region")["tv_spend"].sum()
    np.testing.assert_allclose(by_region.loc["tv", "spend"], expected)


def test_some_channels_may_be_money_themselves(data, mmm, moneyless, make):
    X, y = data
    mixed = make(spend_columns={"tv": "tv_spend", "search": "search"}).fit(
        X.drop(columns="search_spend"), y
    )
    roi = mixed.effects("direct")["roi"]
    assert roi["tv"] == pytest.approx(mmm.effects("direct")["roi"]["tv"])
    assert roi["search"] == pytest.approx(moneyless.effects("direct")["roi"]["search"])


def test_response_curves_have_a_spend_axis_in_money(data, mmm, moneyless, make):
    X, _ = data
    curves = mmm.response_curves(reach=1.0)
    largest = curves.groupby("channel")["spend"].max()
    for medium, column in SPEND.items():
        by_week = X.groupby("week")[column].sum()
        assert largest[medium] == pytest.approx(by_week.max())
    dear = X.assign(**{column: 10 * X[column] for column in SPEND.values()})
    dear_curves = make().fit(dear, data[1]).response_curves(reach=1.0)
    np.testing.assert_allclose(dear_curves["spend"], 10 * curves["spend"])
    np.testing.assert_allclose(dear_curves["response"], curves["response"])
    np.testing.assert_allclose(dear_curves["low"], curves["low"])
    np.testing.assert_allclose(
        10 * dear_curves["marginal_response"], curves["marginal_response"]
    )
    points = mmm.saturation_points().set_index("channel")
    weekly = X.groupby("week")[list(SPEND.values())].sum().mean()
    np.testing.assert_allclose(points["spend"], weekly)
    same = moneyless.saturation_points().set_index("channel")
    np.testing.assert_allclose(points["maximum"], same["maximum"])


def test_budgets_are_money(data, mmm):
    X, _ = data
    plan = X[X["week"].isin(X["week"].unique()[40:46])]
    money = plan[list(SPEND.values())].to_numpy()
    result = allocate_budget(mmm, plan, n_starts=1)
    assert result.total == pytest.approx(money.sum())
    assert result.planned_total == pytest.approx(money.sum())
    np.testing.assert_allclose(result.channels["planned"], money.sum(0))
    less = allocate_budget(mmm, plan, total=0.5 * money.sum(), n_starts=1)
    assert less.spend.to_numpy().sum() == pytest.approx(0.5 * money.sum())


def test_more_money_buys_more_media_at_the_price_of_the_row(data, mmm):
    X, _ = data
    plan = X[X["week"].isin(X["week"].unique()[40:46])]
    found = simulate(mmm, plan, {"tv": 1.5})
    more = X.copy()
    more.loc[plan.index, "tv"] *= 1.5
    gain = mmm.predict(more).sum() - mmm.predict(X).sum()
    assert found.total["difference"] == pytest.approx(gain)
    spent = plan["tv_spend"].sum()
    assert found.by_channel.loc["tv", "changed_spend"] == pytest.approx(1.5 * spent)


def test_media_planned_without_spend_stay_as_planned(data, mmm):
    X, _ = data
    plan = X[X["week"].isin(X["week"].unique()[40:46])].copy()
    row = int(plan["search"].argmax())
    plan.iloc[row, plan.columns.get_loc("search_spend")] = 0.0
    with pytest.warns(FreeMediaWarning, match=f"'search' in row {row}"):
        media = mmm.media_plan(plan)
    direct = mmm.decompose(plan)[mmm.media_columns_]
    np.testing.assert_allclose(media.contributions(media.spend), direct, rtol=1e-10)
    bought = media.media(media.spend)
    np.testing.assert_allclose(bought, plan[mmm.media_columns_])
    with pytest.warns(FreeMediaWarning):
        result = allocate_budget(mmm, plan, n_starts=1, bounds=(0.5, 2))
    assert result.total == pytest.approx(plan[list(SPEND.values())].sum().sum())
    assert result.spend["search"].iloc[row] == 0


@pytest.fixture(scope="module")
def organic(data, make):
    """Return the same fit, search being free."""
    X, y = data
    return make(spend_columns={"tv": "tv_spend", "search": None}).fit(X, y)


def test_free_channels_have_effects_but_no_roi(data, mmm, organic):
    X, _ = data
    assert organic.spend_columns_ == ["tv_spend", None]
    assert (organic.spend_["search"] == 0).all()
    np.testing.assert_array_equal(organic.predict(X), mmm.predict(X))
    table = organic.effects("direct", coverage=0.8)
    expected = mmm.effects("direct")["contribution"]
    np.testing.assert_allclose(table["contribution"], expected)
    assert table.loc["search", ["roi", "marginal_roi"]].isna().all()
    # The axis of their curve is that of the media.
    curve = organic.response_curves(reach=1.0).groupby("channel")["spend"].max()
    assert curve["search"] == pytest.approx(X.groupby("week")["search"].sum().max())


def test_free_channels_never_enter_a_budget(data, organic):
    X, _ = data
    plan = X[X["week"].isin(X["week"].unique()[40:46])]
    result = allocate_budget(organic, plan, by="channel×week", n_starts=1)
    assert result.planned_total == pytest.approx(plan["tv_spend"].sum())
    assert set(result.table["channel"]) == {"tv"}
    assert (result.spend["search"] == 0).all()
    free = result.channels.loc["search"]
    assert free["contribution"] == pytest.approx(free["planned_contribution"])
    assert free["contribution"] > 0
    assert np.isnan(free["roi"])
    with pytest.raises(ValueError, match=r"unknown channels \['search'\].*nothing"):
        allocate_budget(organic, plan, bounds={"search": (0.5, 2)})


def test_free_media_can_be_simulated(data, organic):
    X, _ = data
    plan = X[X["week"].isin(X["week"].unique()[40:46])]
    more = X.copy()
    more.loc[plan.index, "search"] *= 1.5
    gain = organic.predict(more).sum() - organic.predict(X).sum()
    found = simulate(organic, plan, {"search": 1.5})
    assert found.total["difference"] == pytest.approx(gain)
    assert found.total["changed_spend"] == pytest.approx(plan["tv_spend"].sum())
    table = simulate(organic, plan, 1.5 * plan[["search"]])
    assert table.total["difference"] == pytest.approx(gain)
    silent = plan.assign(search=0.0)
    with pytest.raises(ValueError, match="free channel 'search' media in row"):
        simulate(organic, silent, plan[["search"]])


def test_a_list_names_the_money_in_the_order_of_the_media(data, mmm, organic, make):
    X, y = data
    listed = make(spend_columns=["tv_spend", None], n_members=0).fit(X, y)
    assert listed.spend_columns_ == organic.spend_columns_
    pd.testing.assert_frame_equal(listed.spend_, organic.spend_)
    for columns, message in (
        (["tv_spend"], "lists 1 columns for 2 media"),
        (["tv_spend", "tv_spend"], "'tv_spend'"),
        (["tv_spend", "money"], "no column 'money'"),
    ):
        with pytest.raises(ValueError, match=message):
            make(spend_columns=columns).fit(X, y)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"tv": "tv_money"}, "spend_columns: X has no column 'tv_money'"),
        ({"radio": "tv_spend"}, "spend_columns: X has no column 'radio'"),
        ({"price": "tv_spend"}, "spend_columns names 'price', which is not a media"),
        ({"tv": "tv_spend", "search": "tv_spend"}, "'tv_spend'"),
        ({"tv": "search"}, "'search'"),
        ({"tv": "price"}, "'price'"),
        ({"tv": "week"}, "'week'"),
    ],
    ids=str,
)
def test_spend_columns_that_make_no_sense_are_refused(data, columns, message, make):
    with pytest.raises(ValueError, match=message):
        make(spend_columns=columns, max_epochs=3, n_members=0).fit(*data)


@pytest.mark.parametrize(
    ("value", "message"),
    [(-1.0, "'tv_spend'.*row 5"), (np.nan, "'tv_spend'.*row 5")],
)
def test_bad_money_is_refused_by_row(data, mmm, value, message, make):
    X, y = data[0].copy(), data[1]
    X.iloc[5, X.columns.get_loc("tv_spend")] = value
    with pytest.raises(ValueError, match=message):
        make().fit(X, y)
    with pytest.raises(ValueError, match=message):
        mmm.predict(X)
