"""Tests worth making: regions, precision, value and rows for lift_tests."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import plan_experiments
from sklearn_mmm.allocation._experiment_regions import choose_regions, placebo_error
from sklearn_mmm.allocation._experiment_value import value_of_test

LIFT_TEST = ["channel", "region", "start", "end", "lift", "std_error", "spend_change"]


@pytest.fixture(scope="module")
def plan(panel):
    X, _, _ = panel
    return X[X["week"] >= X["week"].unique()[-8]]


@pytest.fixture(scope="module")
def tests(with_members, plan):
    return plan_experiments(with_members, plan, durations=(4, 6))


def test_every_channel_is_planned_dark_and_heavy(with_members, plan, tests):
    spent = plan[with_members.media_columns_].sum()
    assert set(tests["channel"]) == set(spent.index[spent > 0])
    assert set(tests["kind"]) == {"go dark", "heavy up"}
    assert set(tests["duration"]) == {4, 6}
    assert tests["net_value"].is_monotonic_decreasing
    np.testing.assert_allclose(tests["net_value"], tests["value"] - tests["cost"])
    dark = tests["kind"] == "go dark"
    assert (tests.loc[dark, "spend_change"] < 0).all()
    assert (tests.loc[dark, "expected_lift"] <= 0).all()
    assert (tests.loc[~dark, "expected_lift"] >= 0).all()
    np.testing.assert_allclose(
        tests["minimal_detectable_lift"], 2.8016 * tests["std_error"], rtol=1e-4
    )
    strong = tests["expected_lift"].abs() / tests["std_error"]
    assert (tests["power"].to_numpy()[np.argsort(strong)] >= 0.05 - 1e-9).all()


def test_expected_lift_is_what_the_model_predicts(with_members, plan, tests, panel):
    row = tests[tests["kind"] == "go dark"].iloc[0]
    window = (
        (plan["week"] >= row["start"])
        & (plan["week"] <= row["end"])
        & plan["region"].isin(row["region"])
    )
    dark = plan.copy()
    dark.loc[window, row["channel"]] = 0.0
    parts = [with_members.decompose(X)[row["channel"]][window] for X in (dark, plan)]
    assert row["expected_lift"] == pytest.approx((parts[0] - parts[1]).sum())
    assert row["spend_change"] == pytest.approx(-plan.loc[window, row["channel"]].sum())


def test_rows_become_lift_tests(panel, make_regressor, tests):
    X, y, _ = panel
    done = tests.loc[[0], LIFT_TEST].assign(lift=tests["expected_lift"][0])
    quick = make_regressor(max_epochs=5, validation=False, graph=False)
    assert len(quick.fit(X, y, lift_tests=done).lift_tests_) == 1


def test_a_budget_leaves_out_what_costs_more(with_members, plan, tests):
    limit = float(tests["cost"].median())
    if limit <= 0:
        limit = float(tests["cost"].max()) / 2
    cheap = plan_experiments(with_members, plan, budget=limit, durations=(4,))
    assert (cheap["cost"] <= limit).all()


def test_the_standard_error_is_that_of_placebo_tests():
    rng = np.random.default_rng(0)
    noise = rng.normal(0.0, 2.0, 20000)
    # Four weeks' noise, and four times that of a mean of eight weeks before.
    expected = 2.0 * np.sqrt(4 + 16 / 8)
    assert placebo_error(noise, 4) == pytest.approx(expected, rel=0.03)
    assert placebo_error(np.full(50, 7.0), 4) == 0.0
    # A level that the others share is no noise.
    common = rng.normal(0.0, 5.0, 200)[:, None]
    own = rng.normal(0.0, 0.1, (200, 6))
    series = pd.DataFrame(100.0 + common + own, columns=list("abcdef"))
    matched = choose_regions(series, 3, 4, rng)
    assert len(matched.regions) == 3
    assert matched.std_error < 0.1 * placebo_error(series.sum(axis=1).to_numpy(), 4)


def test_value_of_information_has_its_limits():
    rng = np.random.default_rng(0)
    lift = np.repeat([0.0, 1.0], 8)
    worth = np.where(lift[:, None] == lift[None], 1.0, 0.0)
    exact = value_of_test(lift, 1e-3, worth)
    vague = value_of_test(lift, 1e3, worth)
    between = value_of_test(lift, 0.5, worth)
    assert exact == pytest.approx(1.0)
    assert vague < between < exact
    # Where one plan is best whatever is true, nothing is to be learned.
    assert (
        value_of_test(rng.normal(size=16), 0.1, np.tile(np.arange(17.0), (16, 1))) == 0
    )
    assert value_of_test(lift, np.inf, worth) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"durations": (4, 90)}, "duration of 90"),
        ({"durations": (0,)}, "duration of 0"),
        ({"channels": ["radio"]}, "unknown channels"),
        ({"budget": -1}, "budget=-1"),
        ({"margin": 0}, "margin=0"),
        ({"heavy_up": "x"}, "heavy_up='x'"),
    ],
    ids=str,
)
def test_bad_parameters(with_members, plan, options, message):
    with pytest.raises(ValueError, match=message):
        plan_experiments(with_members, plan, **options)


def test_members_are_needed(fitted, plan):
    with pytest.raises(ValueError, match="n_members=32"):
        plan_experiments(fitted, plan)
