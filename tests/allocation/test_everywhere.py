"""What an allocation keeps to is the same in all functions, whatever they ask for."""

import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from sklearn_mmm import (
    DeepCausalMMMRegressor,
    allocate_budget,
    make_future,
    plan_experiments,
)
from sklearn_mmm.allocation import (
    _asked,
    budget_at_marginal_roi,
    budget_frontier,
    minimize_spend,
)
from sklearn_mmm.datasets import make_mmm

ALL = (allocate_budget, minimize_spend, budget_at_marginal_roi)
# Aims and amounts of money differ between the functions.
OWN = {"total", "outcome", "marginal_roi", "target", "margin"}
OWN |= {"target_roi", "target_marginal_roi"}


@pytest.fixture(scope="module")
def table():
    X, y, _ = make_mmm(3, 60, 3, random_state=0)
    return X.assign(people=X["region"].str[-1].astype(float) * 1000), y


@pytest.fixture(scope="module")
def fitted(table):
    X, y = table
    return DeepCausalMMMRegressor(
        ["tv", "search", "social"],
        ["price", "promotion"],
        "region",
        "week",
        max_epochs=60,
        validation=False,
        graph=False,
        time_varying=False,
        n_members=3,
        random_state=0,
    ).fit(X, y)


@pytest.fixture(scope="module")
def plan(table):
    X, _ = table
    return X[X["week"].isin(X["week"].unique()[40:46])]


@pytest.fixture(scope="module")
def spend(plan):
    return plan[["tv", "search", "social"]].sum()


def solutions(fitted, plan, **options):
    """Return what every function finds under the same limits."""
    first = allocate_budget(fitted, plan, n_starts=1, **options)
    frontier = budget_frontier(fitted, plan, [first.total], n_starts=1, **options)
    np.testing.assert_allclose(frontier["outcome"], first.outcome)
    wanted = 0.999 * first.outcome
    least = minimize_spend(fitted, plan, wanted, n_starts=1, **options)
    assert least.outcome >= wanted * (1 - 1e-6)
    assert least.total <= first.total * (1 + 1e-6)
    level = 0.7 * first.channels["marginal_roi"].median()
    return (
        first,
        least,
        budget_at_marginal_roi(fitted, plan, level, n_starts=1, **options),
    )


def test_the_functions_take_the_same_limits():
    wanted = set(inspect.signature(allocate_budget).parameters) - OWN
    for function in ALL:
        assert set(inspect.signature(function).parameters) - OWN == wanted


def test_weighted_sums_hold_in_all(fitted, plan, spend):
    ratio = 0.8 * spend["tv"] / spend["search"]
    sums = [{"coefficients": {"tv": 1, "search": -ratio}, "max": 0}]
    for found in solutions(fitted, plan, bounds=(0.2, 3), linear_constraints=sums):
        own = found.channels["spend"]
        assert own["tv"] - ratio * own["search"] <= 1e-6 * found.total


def test_pacing_holds_in_all(fitted, plan):
    for found in solutions(
        fitted, plan, by="channel×week", bounds=(0.1, 4), max_change=0.2
    ):
        by_week = found.table.pivot(index="time", columns="channel", values="spend")
        change = (by_week / by_week.shift(1) - 1).dropna()
        assert change.abs().to_numpy().max() <= 0.2 + 1e-5


def test_commitments_hold_in_all(fitted, plan):
    committed = plan["week"] == plan["week"].min()
    fixed = plan[["social"]].where(committed)
    for found in solutions(fitted, plan, fixed=fixed, bounds=(0.3, 3)):
        np.testing.assert_allclose(
            found.spend.loc[committed, "social"], plan.loc[committed, "social"]
        )


def test_frequency_holds_in_all(fitted, plan):
    usual = (plan["tv"] / plan["people"]).max()
    for by in ("channel", "channel×week"):
        options = {"bounds": (0, 3), "by": by, "price_elasticity": {"tv": 0.3}}
        free = allocate_budget(fitted, plan, n_starts=1, **options)
        most = 0.5 * (free.plan["tv"] / plan["people"]).max()
        assert most > 0.1 * usual
        for found in solutions(
            fitted, plan, max_frequency={"tv": most}, audience="people", **options
        ):
            assert (found.plan["tv"] / plan["people"]).max() <= most * (1 + 1e-6)
        # By region is the same as a column.
        people = dict(zip(plan["region"], plan["people"], strict=True))
        options |= {"max_frequency": {"tv": most}, "n_starts": 1}
        same = [
            allocate_budget(fitted, plan, audience=a, **options).outcome
            for a in ("people", people)
        ]
        assert same[0] == pytest.approx(same[1])


def test_prices_rise_in_all(fitted, plan):
    for found in solutions(fitted, plan, bounds=(0.3, 3), price_elasticity={"tv": 0.4}):
        spent = plan["tv"] > 0
        ratio = found.spend["tv"][spent] / plan["tv"][spent]
        # Media are money here; what it buys is worth less.
        media = fitted.media_plan(plan)
        amounts = found.spend.to_numpy().copy()
        amounts[spent.to_numpy(), 0] = plan["tv"][spent] * ratio**0.6
        value = media.value_and_gradient(amounts)[0] + media.organic.sum()
        assert found.outcome == pytest.approx(value)


def test_least_spend_under_limits_that_grow_with_the_budget(fitted, plan, spend):
    # Without bounds amounts follow the budget, and so does what it may be.
    sums = [{"coefficients": {"tv": 1}, "max": float(spend["tv"])}]
    wanted = 1.001 * float(allocate_budget(fitted, plan, n_starts=1).planned_outcome)
    found = minimize_spend(fitted, plan, wanted, linear_constraints=sums, n_starts=1)
    assert found.outcome == pytest.approx(wanted, rel=1e-6)
    assert found.channels.loc["tv", "spend"] <= spend["tv"] * (1 + 1e-6)
    with pytest.raises(ValueError, match="is not reached"):
        minimize_spend(fitted, plan, 10 * wanted, linear_constraints=sums, n_starts=1)


@pytest.mark.parametrize("function", ALL)
def test_infeasible_ones_are_named_together_in_all(fitted, plan, spend, function):
    asked = {minimize_spend: (1e6,), budget_at_marginal_roi: (1.0,)}
    sums = [
        {"coefficients": {"tv": 1}, "max": float(spend["tv"])},
        {"coefficients": {"search": 1}, "max": 2.0 * float(spend["search"])},
    ]
    with pytest.raises(ValueError, match="cannot all hold") as caught:
        function(
            fitted,
            plan,
            *asked.get(function, ()),
            bounds={"tv": (1.5, 3), "search": (0, 3), "social": (0, 3)},
            linear_constraints=sums,
        )
    told = str(caught.value)
    assert "1 tv" in told
    assert "lower bounds of tv" in told
    assert "1 search" not in told
    with pytest.raises(ValueError, match="by max_frequency"):
        function(
            fitted,
            plan,
            *asked.get(function, ()),
            bounds=(0.9, 3),
            max_frequency={"tv": 1e-6},
            audience=1e3,
        )


def test_a_frontier_asks_each_member_once(fitted, plan, monkeypatch):
    asked = []
    along = _asked.along
    monkeypatch.setattr(
        _asked, "along", lambda p, *to: asked.append(p) or along(p, *to)
    )
    totals = fitted.media_plan(plan).spend.sum() * np.array([0.8, 1.0, 1.2])
    frontier = budget_frontier(fitted, plan, totals, n_starts=1)
    n_members = len(fitted.member_plans(plan))
    # And the model, for what is maximised.
    assert len(asked) == 1 + n_members
    single = allocate_budget(fitted, plan, totals[0], n_starts=1)
    assert frontier["gain"][0] == pytest.approx(single.gain)
    assert frontier["low"][0] == pytest.approx(single.outcome_interval[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_frequency": {"tv": 3}}, "audience=None"),
        ({"max_frequency": {"tv": 3}, "audience": "radio"}, "audience='radio'"),
        ({"max_frequency": {"tv": 3}, "audience": "region"}, "no numbers"),
        ({"max_frequency": {"tv": 3}, "audience": {"region_1": 3}}, "no regions"),
        ({"max_frequency": {"tv": 3}, "audience": 0}, "audience is 0 in row 0"),
        ({"max_frequency": {"radio": 3}, "audience": 1}, "unknown channels"),
        ({"max_frequency": {"tv": "x"}, "audience": 1}, "must be a positive number"),
        ({"max_frequency": 3}, "max_frequency: got 3"),
        ({"random_state": "x"}, "random_state='x'"),
        ({"random_state": -1}, "random_state=-1"),
        ({"random_state": 1.5}, "random_state=1.5"),
        ({"random_state": True}, "random_state=True"),
        ({"random_state": [1]}, r"random_state=\[1\]"),
        ({"price_elasticity": {"tv": True}}, "price_elasticity of 'tv' is True"),
    ],
    ids=str,
)
@pytest.mark.parametrize("function", [*ALL, budget_frontier])
def test_bad_limits_are_refused_by_name_in_all(
    fitted, plan, function, options, message
):
    asked = {minimize_spend: (1e6,), budget_frontier: ([1e5],)}
    with pytest.raises(ValueError, match=message):
        function(fitted, plan, *asked.get(function, ()), **options)


def test_a_frontier_refuses_other_aims(fitted, plan):
    for options in (
        {"target": "profit"},
        {"target_roi": 1.0},
        {"target_marginal_roi": 1.0},
    ):
        with pytest.raises(ValueError, match="another aim"):
            budget_frontier(fitted, plan, **options)
    with pytest.raises(TypeError, match="instead of total"):
        budget_frontier(fitted, plan, total=1.0)
    with pytest.raises(TypeError, match="unknown options"):
        budget_frontier(fitted, plan, boundz=(0, 1))
    for totals in ("x", [], [[1.0]], [-1.0], [np.inf], None.__class__):
        with pytest.raises(ValueError, match="total"):
            budget_frontier(fitted, plan, totals)


@pytest.mark.parametrize(
    "total",
    [1e300, 1e-300, pytest.param(10**400, id="huge"), np.nan, np.inf, 0, -1],
)
def test_totals_far_from_the_plan_are_refused(fitted, plan, total):
    with pytest.raises(ValueError, match="total"):
        allocate_budget(fitted, plan, total=total)
    with pytest.raises(ValueError, match="total"):
        budget_frontier(fitted, plan, [total])


@pytest.mark.parametrize(
    "mmm",
    [
        None,
        3,
        "model",
        DeepCausalMMMRegressor,
        pd.DataFrame({"tv": [1.0]}),
        LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0]),
        object(),
    ],
    ids=lambda mmm: type(mmm).__name__,
)
def test_what_is_no_model_is_refused_by_name(plan, mmm):
    for function in (
        *ALL,
        budget_frontier,
        plan_experiments,
        lambda m, X, *_: make_future(m),
    ):
        asked = (1e6,) if function is minimize_spend else ()
        with pytest.raises(TypeError, match="give a fitted DeepCausalMMMRegressor"):
            function(mmm, plan, *asked)


def test_a_random_state_may_be_a_generator_of_scikit_learn(fitted, plan):
    found = [
        allocate_budget(
            fitted, plan, random_state=np.random.RandomState(3), n_starts=4
        ).outcome
        for _ in range(2)
    ]
    assert found[0] == found[1]
    assert allocate_budget(fitted, plan, random_state=None).status == "optimal"
