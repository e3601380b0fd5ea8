"""Along straight lines of spend a plan says what it says of the spend itself."""

from dataclasses import replace

import numpy as np
import pytest

from sklearn_mmm.allocation._asked import AskedPlan
from sklearn_mmm.allocation._price import priced
from sklearn_mmm.allocation._variables import LEVELS, make_variables
from sklearn_mmm.estimator._plan_along import PlanAlong
from sklearn_mmm.inspection._exchanged_plan import ExchangedAlong, ExchangedPlan
from sklearn_mmm.inspection._spend_along import SpendAlong, along


@pytest.fixture(scope="module")
def plan(fitted, panel):
    X = panel[0]
    return fitted.media_plan(X[X["week"].isin(X["week"].unique()[60:68])])


@pytest.fixture(scope="module")
def mixed(plan):
    rng = np.random.default_rng(0)
    mix = rng.dirichlet(np.ones(3), 3).T
    # One channel keeps what it brings.
    mix[:, 2] = [0, 0, 1]
    return ExchangedPlan(plan, mix, rng.uniform(1, 2, plan.spend.shape))


def lines(plan):
    """Return a plan on its way from some spend to other spend, in two ways."""
    rng = np.random.default_rng(1)
    start = plan.spend * rng.uniform(0, 1, plan.spend.shape)
    change = plan.spend * rng.uniform(0.5, 1, plan.spend.shape) - start
    return along(plan, start, change), SpendAlong(plan, start, change)


@pytest.mark.parametrize("shape", [(3,), (4, 3)])
@pytest.mark.parametrize("kind", ["plan", "mixed"])
def test_lines_say_what_their_points_say(kind, shape, request):
    line, points = lines(request.getfixturevalue(kind))
    assert isinstance(line, {"plan": PlanAlong, "mixed": ExchangedAlong}[kind])
    for multiple in (np.zeros(shape), np.random.default_rng(2).uniform(0, 1, shape)):
        for ask in ("contributions", "totals", "regional_totals"):
            found, wanted = (getattr(each, ask)(multiple) for each in (line, points))
            np.testing.assert_allclose(found, wanted, 1e-9)


@pytest.mark.parametrize("shape", [(3,), (4, 3)])
def test_gradients_of_lines_are_those_of_spend(plan, shape):
    line, points = lines(plan)
    multiple = np.random.default_rng(3).uniform(0.2, 1, shape)
    found, wanted = (each.value_and_gradient(multiple) for each in (line, points))
    assert found[0] == pytest.approx(wanted[0])
    np.testing.assert_allclose(found[1], wanted[1], 1e-8)


def test_what_is_not_straight_is_asked_anew(plan, mixed, panel):
    """Media at a rising price, and courses that end where media cost nothing."""
    (dear,) = priced([plan], {panel[2].media_columns[0]: 0.2})
    line, points = lines(dear)
    assert isinstance(line, SpendAlong)
    given = replace(plan, given=plan.given + 0.1)
    assert given.straight
    assert not replace(mixed, base=given).straight
    ones = np.ones(3)
    np.testing.assert_allclose(line.totals(ones), points.totals(ones))


@pytest.mark.parametrize("level", LEVELS)
def test_amounts_are_asked_about_like_the_spend_of_rows(plan, level):
    fixed = np.full(plan.spend.shape, np.nan)
    fixed[:3, 0] = 0.7 * plan.spend[:3, 0]
    variables = make_variables(plan, level, fixed)
    asked = AskedPlan(plan, variables)
    rng = np.random.default_rng(4)
    amount = variables.planned * rng.uniform(0.8, 1.5, len(variables))
    spend = variables.spend(amount)
    np.testing.assert_allclose(asked.totals(amount), plan.totals(spend), 1e-9)
    value, gradient = asked.value_and_gradient(amount)
    wanted, by_row = plan.value_and_gradient(spend)
    assert value == pytest.approx(wanted)
    np.testing.assert_allclose(gradient, variables.pull_back(by_row), 1e-8, 1e-12)
