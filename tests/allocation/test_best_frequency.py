"""How often people should be reached: against formulas, grids and budgets."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import (
    DeepCausalMMMRegressor,
    allocate_budget,
    best_frequency,
    budget_frontier,
    make_report,
    minimize_spend,
    simulate,
)
from sklearn_mmm.allocation import budget_at_marginal_roi
from sklearn_mmm.inspection import frequency_curves

SPEND = {"tv": "tv", "video": "money", "radio": None}


@pytest.fixture(scope="module")
def X():
    rng = np.random.default_rng(0)
    n = 140
    people = rng.gamma(2.0, 50.0, (2, n)) * (rng.random((2, n)) < 0.8)
    contacts = rng.uniform(1.0, 9.0, (2, n))
    return pd.DataFrame(
        {
            "region": np.repeat(["a", "b"], n // 2),
            "week": np.tile(np.arange(n // 2), 2),
            "tv": rng.gamma(2.0, 10.0, n),
            "people": people[0],
            "contacts": contacts[0],
            "money": 0.02 * people[0] * contacts[0],
            "ears": people[1],
            "hears": contacts[1],
        }
    )


@pytest.fixture(scope="module")
def mmm(X):
    rng = np.random.default_rng(1)
    video = X["contacts"] ** 2 / (X["contacts"] ** 2 + 3.0**2)
    radio = X["hears"] / (X["hears"] + 1.5)
    y = 300 + 3 * X["tv"] ** 0.7 + X["people"] * video + 0.4 * X["ears"] * radio
    return DeepCausalMMMRegressor(
        ["tv"],
        None,
        "region",
        "week",
        spend_columns=SPEND,
        reach_frequency={
            "video": ("people", "contacts"),
            "radio": ("ears", "hears"),
        },
        max_lag=2,
        adstock="geometric",
        time_varying=False,
        validation=False,
        graph=False,
        n_members=4,
        random_state=0,
    ).fit(X, y + rng.normal(0, 3, len(X)))


@pytest.fixture(scope="module")
def plan(X):
    return X[X["week"] >= 60]


def test_the_optimum_is_the_formula_and_that_of_a_grid(mmm, X):
    table = best_frequency(mmm, X)
    own = mmm.saturation_parameters_.loc["video"]
    half, slope = own["frequency_half_saturation"], own["frequency_slope"]
    found = table.loc["video", "optimal_frequency"]
    assert found == pytest.approx(half * (slope - 1) ** (1 / slope))
    assert found == pytest.approx(3.0, rel=0.1)
    grid = np.linspace(1, 9, 4001)
    best = grid[np.argmax(grid**slope / (grid**slope + half**slope) / grid)]
    assert found == pytest.approx(best, abs=0.01)
    assert table.loc["video", "low"] <= found <= table.loc["video", "high"]
    often = (X["people"] * X["contacts"]).sum() / X["people"].sum()
    assert table.loc["video", "mean_frequency"] == pytest.approx(often)


def test_the_gain_is_that_of_the_same_money(mmm, X):
    table = best_frequency(mmm, X)
    best = table.loc["video", "optimal_frequency"]
    moved = X.assign(people=X["people"] * X["contacts"] / best, contacts=best)
    gain = (mmm.decompose(moved) - mmm.decompose(X))["video"].sum()
    # What comes after the rows is beside it.
    assert table.loc["video", "gain"] == pytest.approx(gain, rel=0.05)
    assert table.loc["video", "gain"] >= gain
    assert table.loc["video", "gain_low"] <= gain <= table.loc["video", "gain_high"]
    share = table.loc["video", "gain_share"]
    brought = mmm.contributions_["video"].sum()
    assert share == pytest.approx(gain / brought, rel=0.05)
    nothing = best_frequency(mmm, moved).loc["video"]
    assert nothing["gain"] == pytest.approx(0.0, abs=1e-6)


def test_limits_are_kept(mmm, X):
    table = best_frequency(mmm, X, max_frequency=2.0)
    assert table.loc["video", "optimal_frequency"] == 2.0
    assert (table["high"] <= 2.0).all()
    own = best_frequency(mmm, X, max_frequency={"video": 2.5})
    assert own.loc["video", "optimal_frequency"] == 2.5
    free = best_frequency(mmm, X).loc["radio"]
    assert own.loc["radio", "optimal_frequency"] == free["optimal_frequency"]


def test_curves_are_forward_passes(mmm, X):
    curves = frequency_curves(mmm, X, n_points=9)
    video = curves.query("channel == 'video'")
    assert video["frequency"].iloc[0] == 1.0
    assert video["frequency"].iloc[-1] == pytest.approx(X["contacts"].max())
    assert (video["low"] <= video["contribution"]).all()
    for row in video.iloc[[0, 4]].itertuples():
        moved = X.assign(
            people=X["people"] * X["contacts"] / row.frequency, contacts=row.frequency
        )
        expected = mmm.media_plan(moved)
        total = expected.totals(expected.spend)[1]
        assert row.contribution == pytest.approx(total)


@pytest.mark.parametrize("frequency", ["kept", "optimal"])
def test_a_plan_has_reach_frequency_and_money_together(mmm, plan, frequency):
    result = allocate_budget(mmm, plan, frequency=frequency)
    new = result.plan
    assert list(new.columns) == list(plan.columns)
    bought = new["people"] > 0
    price = new["money"] / (new["people"] * new["contacts"])
    np.testing.assert_allclose(price[bought], 0.02)
    np.testing.assert_allclose(new["money"], result.spend["video"])
    # What costs nothing stays as it is.
    pd.testing.assert_frame_equal(new[["ears", "hears"]], plan[["ears", "hears"]])
    total = new[["tv", "money"]].to_numpy().sum()
    assert total == pytest.approx(plan[["tv", "money"]].to_numpy().sum())
    said = mmm.media_plan(new)
    outcome = said.organic.sum() + said.value_and_gradient(said.spend)[0]
    assert outcome == pytest.approx(result.outcome, rel=1e-9)
    if frequency == "kept":
        np.testing.assert_allclose(new["contacts"][bought], plan["contacts"][bought])
        ratio = new["money"] / plan["money"]
        np.testing.assert_allclose(new["people"], plan["people"] * ratio.fillna(0))
    else:
        best = best_frequency(mmm, plan).loc["video", "optimal_frequency"]
        np.testing.assert_allclose(new["contacts"][bought], best)


def test_the_best_frequency_is_part_of_the_gain(mmm, plan):
    kept = allocate_budget(mmm, plan)
    best = allocate_budget(mmm, plan, frequency="optimal")
    assert best.planned_outcome == pytest.approx(kept.planned_outcome)
    assert best.gain > kept.gain
    planned = best.channels["planned_contribution"]
    pd.testing.assert_series_equal(planned, kept.channels["planned_contribution"])
    assert best.gain_interval[0] > kept.gain_interval[0]
    # Without moving money, the gain is that of the frequency alone.
    still = allocate_budget(mmm, plan, frequency="optimal", locked=["tv", "video"])
    gain = best_frequency(mmm, plan).loc["video", "gain"]
    assert still.gain == pytest.approx(gain, rel=1e-6)


def test_other_budgets_know_it_as_well(mmm, plan):
    options = {"bounds": (0.5, 2), "frequency": "optimal"}
    kept = minimize_spend(mmm, plan, mmm.predict(plan).sum(), bounds=(0.5, 2))
    best = minimize_spend(mmm, plan, mmm.predict(plan).sum(), **options)
    assert best.total < kept.total
    roi = budget_at_marginal_roi(mmm, plan, 0.5, **options)
    assert roi.plan["contacts"].max() < plan["contacts"].max()
    frontier = budget_frontier(mmm, plan, [500.0], frequency="optimal")
    assert frontier["outcome"][0] > budget_frontier(mmm, plan, [500.0])["outcome"][0]
    dearer = allocate_budget(
        mmm, plan, frequency="optimal", price_elasticity={"video": 0.2}
    )
    assert np.isfinite(dearer.outcome)


def test_a_simulation_of_the_new_plan_has_its_frequency(mmm, plan):
    result = allocate_budget(mmm, plan, frequency="optimal")
    same = simulate(mmm, result.plan, {"video": 1.0}).total
    assert same["planned"] == pytest.approx(result.outcome, rel=1e-9)


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ({"tv": 2.0}, r"max_frequency names \['tv'\]"),
        ({"video": 0.5}, "max_frequency of 'video' is 0.5"),
        ("often", "is 'often'"),
        (np.nan, "is nan"),
    ],
)
def test_limits_without_a_sense_are_refused(mmm, plan, limit, message):
    with pytest.raises(ValueError, match=message):
        best_frequency(mmm, plan, max_frequency=limit)


def test_without_such_a_channel_there_is_nothing_to_say(plain_fit, plain_panel):
    X, _ = plain_panel
    with pytest.raises(ValueError, match="reach_frequency="):
        best_frequency(plain_fit, X)
    with pytest.raises(ValueError, match="frequency='optimal', but no channel"):
        allocate_budget(plain_fit, X, frequency="optimal")
    with pytest.raises(ValueError, match="frequency"):
        allocate_budget(plain_fit, X, frequency="often")


def test_the_report_shows_it(mmm, plan, tmp_path):
    path = make_report(mmm, tmp_path / "r.html", plan=plan)
    page = path.read_text(encoding="utf-8")
    assert "How often people are reached" in page
    assert "video brings most for its money at" in page
