"""Constraints, aims and prices of an allocation, and what is said of its evidence."""

import io

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

from sklearn_mmm import DeepCausalMMMRegressor, allocate_budget, simulate
from sklearn_mmm.allocation._evidence import Evidence, weigh, words
from sklearn_mmm.datasets import make_mmm


@pytest.fixture(scope="module")
def mmm():
    """Return a model of impressions with money, and of media that are money."""
    X, y, _ = make_mmm(3, 60, 3, random_state=0)
    X["tv_spend"] = X["tv"] * np.random.default_rng(0).uniform(0.5, 2.0, len(X))
    return DeepCausalMMMRegressor(
        ["tv", "search", "social"],
        ["price", "promotion"],
        "region",
        "week",
        spend_columns={"tv": "tv_spend", "search": "search", "social": "social"},
        max_epochs=60,
        validation=False,
        graph=False,
        time_varying=False,
        n_members=8,
        random_state=0,
    ).fit(X, y), X


@pytest.fixture(scope="module")
def fitted(mmm):
    return mmm[0]


@pytest.fixture(scope="module")
def plan(mmm):
    X = mmm[1]
    return X[X["week"].isin(X["week"].unique()[40:46])]


def test_the_new_plan_has_media_and_money_changed_together(fitted, plan):
    result = allocate_budget(fitted, plan, n_starts=1)
    new = result.plan
    assert list(new.columns) == list(plan.columns)
    for name in ("tv_spend", "search", "social"):
        np.testing.assert_allclose(new[name], result.spend[name.split("_")[0]])
    bought = plan["tv"] > 0
    price = plan["tv_spend"] / plan["tv"]
    np.testing.assert_allclose((new["tv_spend"] / new["tv"])[bought], price[bought])
    # The plan is what the promised outcome is predicted for.
    simulation = simulate(fitted, new, {})
    assert simulation.total["planned"] == pytest.approx(result.outcome)
    written = io.StringIO()
    result.to_csv(written)
    written.seek(0)
    read = pd.read_csv(written, parse_dates=["week"])
    np.testing.assert_allclose(read["tv_spend"], new["tv_spend"])


def test_every_region_and_week_may_be_decided(fitted, plan):
    result = allocate_budget(fitted, plan, by="channel×region×week", n_starts=1)
    assert len(result.table) == 3 * len(plan)
    assert {"channel", "region", "time"} <= set(result.table)
    assert result.kkt_residual <= 1e-3
    assert result.max_violation <= 1e-6
    coarse = allocate_budget(fitted, plan, n_starts=1)
    assert result.gain >= coarse.gain * (1 - 1e-9)
    np.testing.assert_allclose(result.total, result.planned_total)


def test_weighted_sums_are_kept(fitted, plan):
    options = {"bounds": (0.2, 3), "n_starts": 1}
    free = allocate_budget(fitted, plan, **options).channels["spend"]
    ratio = 0.8 * free["tv"] / free["search"]
    sums = [{"coefficients": {"tv": 1, "search": -ratio}, "max": 0}]
    result = allocate_budget(fitted, plan, linear_constraints=sums, **options)
    spend = result.channels["spend"]
    assert spend["tv"] - ratio * spend["search"] <= 1e-6 * result.total
    assert spend["tv"] == pytest.approx(ratio * spend["search"], rel=1e-5)
    assert result.outcome < allocate_budget(fitted, plan, **options).outcome


def test_amounts_change_slowly_from_week_to_week(fitted, plan):
    result = allocate_budget(
        fitted, plan, by="channel×week", bounds=(0, 4), max_change=0.1, n_starts=1
    )
    by_week = result.table.pivot(index="time", columns="channel", values="spend")
    change = (by_week / by_week.shift(1) - 1).dropna()
    assert change.abs().to_numpy().max() <= 0.1 + 1e-5
    assert result.max_violation <= 1e-6
    with pytest.raises(ValueError, match="by='channel×week'"):
        allocate_budget(fitted, plan, max_change=0.1)


def test_commitments_stay_and_count(fitted, plan):
    weeks = plan["week"].unique()
    fixed = pd.DataFrame({"social": np.nan}, plan.index)
    committed = plan["week"] == weeks[0]
    fixed.loc[committed, "social"] = 123.0
    result = allocate_budget(fitted, plan, fixed=fixed, n_starts=1)
    assert (result.spend.loc[committed, "social"] == 123.0).all()
    assert result.total == pytest.approx(result.planned_total)
    table = allocate_budget(fitted, plan, by="channel×week", fixed=fixed, n_starts=1)
    row = table.table.query("channel == 'social' and time == @weeks[0]")
    assert row["spend"].item() == row["low"].item() == 123.0 * committed.sum()


def test_infeasible_ones_are_named_together(fitted, plan):
    planned = fitted.media_plan(plan).spend.sum(0)
    with pytest.raises(ValueError, match="cannot all hold") as caught:
        allocate_budget(
            fitted,
            plan,
            bounds=(0, 3),
            spend_limits={"tv": (2 * planned[0], 3 * planned[0])},
            linear_constraints=[
                {"coefficients": {"tv": 1}, "max": planned[0]},
                {"coefficients": {"search": 1}, "max": 2 * planned[1]},
            ],
        )
    told = str(caught.value)
    assert "1 tv" in told
    assert "lower bounds of tv" in told
    # What does no harm is not blamed.
    assert "1 search" not in told
    assert "upper bounds" not in told


def mean_roi(result):
    return result.channels["roi"] @ result.channels["spend"] / result.total


def test_target_roi_is_met_by_as_much_outcome_as_can_be(fitted, plan):
    base = allocate_budget(fitted, plan, bounds=(0.1, 4), n_starts=1)
    target = 1.2 * mean_roi(base)
    result = allocate_budget(
        fitted, plan, bounds=(0.1, 4), target_roi=target, n_starts=1
    )
    assert mean_roi(result) == pytest.approx(target, rel=1e-3)
    more = allocate_budget(
        fitted, plan, total=1.02 * result.total, bounds=(0.1, 4), n_starts=1
    )
    assert mean_roi(more) < target
    with pytest.raises(ValueError, match=r"target_roi=.* is not reached"):
        allocate_budget(fitted, plan, target_roi=1e6, n_starts=1)


def test_target_marginal_roi_is_that_of_amounts_inside(fitted, plan):
    start = allocate_budget(fitted, plan, bounds=(0.1, 4), n_starts=1)
    wanted = 0.8 * start.price
    result = allocate_budget(
        fitted, plan, bounds=(0.1, 6), target_marginal_roi=wanted, n_starts=1
    )
    inside = result.table["at_bound"] == ""
    assert inside.any()
    np.testing.assert_allclose(result.table["marginal_roi"][inside], wanted, rtol=1e-3)


def test_a_rising_price_is_found_by_brute_force(fitted, plan):
    options = {"n_starts": 1, "bounds": {"tv": (0, 3), "search": (0, 3)}}
    result = allocate_budget(
        fitted, plan, locked=["social"], price_elasticity={"tv": 0.4}, **options
    )
    media = fitted.media_plan(plan)
    total = media.spend[:, :2].sum()
    planned = media.spend.sum(0)

    def lost(tv):
        factors = np.array([(tv / planned[0]) ** 0.6, (total - tv) / planned[1], 1.0])
        return -media.value_and_gradient(media.spend * factors)[0]

    ends = max(0, total - 3 * planned[1]), min(total, 3 * planned[0])
    found = minimize_scalar(
        lost, bounds=ends, method="bounded", options={"xatol": 1e-6}
    )
    assert result.channels.loc["tv", "spend"] == pytest.approx(found.x, rel=1e-3)
    # The plan to hand over buys what the money buys at its price.
    factor = (result.spend["tv"] / plan["tv_spend"]).dropna() ** 0.6
    np.testing.assert_allclose(
        result.plan["tv"][factor.index], (plan["tv"] * factor)[factor.index]
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"total": "x"}, "total='x'"),
        ({"total": True}, "total=True"),
        ({"margin": "x", "target": "profit"}, "margin='x'"),
        ({"risk": "x"}, "risk='x'"),
        ({"coverage": "x"}, "coverage='x'"),
        ({"members": [1]}, "members"),
        ({"n_starts": 1.5}, "n_starts=1.5"),
        ({"locked": 3}, "locked"),
        ({"groups": [1]}, "groups"),
        ({"spend_limits": 3}, "spend_limits"),
        ({"by": 3}, "by=3"),
        ({"fixed": 3}, "fixed"),
        ({"max_change": -1, "by": "channel×week"}, "max_change=-1"),
        ({"price_elasticity": {"tv": 1.0}}, "below 1"),
        ({"price_elasticity": {"radio": 0.1}}, "'radio'"),
        ({"linear_constraints": {"tv": 1}}, "list of dicts"),
        ({"linear_constraints": [{"coefficients": {"tv": 1}}]}, "'min', 'max'"),
        ({"linear_constraints": [{"coefficients": {"x": 1}, "max": 0}]}, "unknown"),
        ({"target_roi": 1.0, "target": "profit"}, "different aims"),
        ({"target_roi": 0}, "target_roi=0"),
    ],
    ids=str,
)
def test_wrong_types_and_values_are_refused_by_name(fitted, plan, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        allocate_budget(fitted, plan, **options)


def test_changes_of_a_wrong_type_are_refused(fitted, plan):
    for changes in (None, [1.0], {"tv": "x"}, {"tv": True}):
        with pytest.raises(ValueError, match="change"):
            simulate(fitted, plan, changes)


class Line:
    """A plan whose channels bring a fixed amount per spend unit."""

    def __init__(self, slope):
        self.slope, self.organic = np.array(slope), np.zeros(1)
        self.spend = np.array([[1.0, 1.0]])

    def totals(self, spend):
        return (spend * self.slope).sum(0)

    def reacted(self, spend):
        return spend


def test_probability_and_regret_by_hand():
    members = [Line([2.0, 1.0])] * 3 + [Line([0.0, 1.0])]
    found = weigh(members, np.array([[2.0, 0.0]]), ["tv", "search"], 1.0, 0.0, 0.9)
    assert found.probability == 3.5 / 5
    assert found.expected_gain == pytest.approx((3 * 1 - 1) / 4)
    assert found.regret_new == pytest.approx(1 / 4)
    assert found.regret_old == pytest.approx(3 / 4)
    np.testing.assert_allclose(found.doubt, [1.0, 0.0])
    # For a profit, money counts too.
    dear = weigh(members, np.array([[2.0, 1.0]]), ["tv", "search"], 1.0, 3.0, 0.9)
    assert dear.expected_gain == pytest.approx(1.5 - 3.0)
    assert weigh(members[:1], members[0].spend, ["a", "b"], 1.0, 0.0, 0.9) is None


def test_doubts_are_said_first(fitted, plan):
    doubt = pd.Series({"tv": 0.9, "search": 0.1})
    unsure = Evidence((0, 1), (0, 1), 0.1, 0.6, 1.0, 2.0, doubt)
    told = words(unsure, skill=-0.2)
    assert told[0].startswith("The evidence does not carry this move")
    assert "60 %" in told[0]
    assert "'tv'" in told[0]
    assert "worse than a naive forecast" in told[1]
    sure = Evidence((0, 1), (0, 1), 0.1, 0.95, 1.0, 2.0, doubt)
    assert words(sure, None)[0].startswith("The probability")
    result = allocate_budget(fitted, plan, n_starts=1)
    assert 0 < result.probability < 1
    assert result.gain_interval[0] <= result.gain_interval[1]
    assert f"{100 * result.probability:.0f} %" in result.recommendation
    assert set(result.regret) == {"new", "old"}
    bare = allocate_budget(fitted, plan, n_starts=1, members=[])
    assert bare.probability is None
    assert "cannot be told" in bare.recommendation


def test_nothing_planned_and_nothing_wanted_is_zero(fitted, plan):
    idle = plan.assign(tv=0.0, tv_spend=0.0)
    options = {"bounds": {"search": (0.9, 1.1), "social": (0.9, 1.1)}, "n_starts": 1}
    result = allocate_budget(fitted, idle, spend_limits={"tv": (0, 0)}, **options)
    assert result.channels.loc["tv", "spend"] == 0
    assert np.isnan(result.channels.loc["tv", "roi"])


@pytest.mark.parametrize("limit", [3000.0, 1e-3])
def test_a_channel_planned_at_zero_may_be_bought_or_not(fitted, plan, limit):
    """What was spent before the plan is no return of a little that is spent in it."""
    idle = plan.assign(tv=0.0, tv_spend=0.0)
    result = allocate_budget(fitted, idle, spend_limits={"tv": (0, limit)})
    found = result.channels.loc["tv"]
    assert np.isnan(found["planned_roi"])
    assert found["planned_contribution"] > 0
    if found["spend"] == 0:
        assert np.isnan(found["roi"])
    else:
        more = found["contribution"] - found["planned_contribution"]
        assert found["roi"] == pytest.approx(more / found["spend"], rel=1e-3)
        assert 0 < found["roi"] < 100
