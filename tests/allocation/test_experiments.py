"""Tests worth making: regions, precision, value and rows for lift_tests."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import (
    DeepCausalMMMRegressor,
    allocate_budget,
    plan_experiments,
    simulate,
)
from sklearn_mmm.allocation._evidence import weigh
from sklearn_mmm.allocation._experiment_regions import choose_regions, placebo_error
from sklearn_mmm.allocation._experiment_value import told_by_test, value_of_test
from sklearn_mmm.allocation._money_curves import MoneyCurves, brought
from sklearn_mmm.allocation._price import priced
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.estimator._media_plan import MediaPlan
from sklearn_mmm.inspection import _exchange, training_rows
from sklearn_mmm.inspection._exchange import (
    _share,
    draw_exchanges,
    evidence_against,
    training_plan,
)
from sklearn_mmm.inspection._exchanged_plan import ExchangedPlan, exchanged

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


def test_a_channel_that_is_bought_in_one_region_is_tested_there():
    rng = np.random.default_rng(0)
    series = pd.DataFrame(rng.normal(100.0, 5.0, (200, 6)), columns=list("abcdef"))
    spends = np.ones((6, 3), dtype=bool)
    spends[:, 1] = [False, False, False, True, False, False]
    # One that is bought nowhere excludes nothing.
    spends[:, 2] = False
    for duration in (2, 4, 6):
        assert "d" in choose_regions(series, 2, duration, rng, spends).regions


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
    matched = choose_regions(series, 3, 4, rng, np.ones((6, 2), dtype=bool))
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


def test_rounding_errors_of_large_sums_are_no_value():
    rng = np.random.default_rng(0)
    # The first plan is best whatever is true, and amounts have no finite decimals.
    worth = rng.normal(1e6, 1e5, (16, 1)) - np.arange(17) * 1e3 / 7
    for lift in rng.normal(size=(20, 16)):
        assert value_of_test(lift, 0.1, worth) == 0


def test_of_tests_that_are_worth_nothing_the_one_that_tells_of_the_move_is_first():
    rng = np.random.default_rng(0)
    tv, social = rng.normal(10, 1, (2, 16))
    # The best plan moves money into tv, whatever is true.
    worth = np.column_stack([np.tile(tv, (16, 1)).T, np.zeros(16)])
    assert value_of_test(tv, 0.5, worth) == value_of_test(social, 0.5, worth) == 0
    told = [told_by_test(tv, error, worth) for error in (0.0, 0.5, 5.0)]
    assert told[0] == pytest.approx(1)
    assert told[0] > told[1] > told[2] > 0
    assert told[1] == pytest.approx(tv.var() / (tv.var() + 0.25))
    assert told_by_test(social, 0.0, worth) < 0.4
    assert told_by_test(tv, np.inf, worth) == 0


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


@pytest.fixture(scope="module")
def twins():
    """Return a panel in which one of two channels that move together does nothing."""
    rng = np.random.default_rng(0)
    X, y, truth = make_mmm(4, 80, 2, random_state=0)
    X["twin"] = 2.0 * X["tv"] * np.exp(0.02 * rng.standard_normal(len(X)))
    X["apart"] = rng.permutation(X["tv"].to_numpy())
    return X, y, truth


@pytest.fixture(scope="module")
def of_twins(twins):
    X, y, truth = twins
    return DeepCausalMMMRegressor(
        ["tv", "twin", "apart", "search"],
        truth.control_columns,
        "region",
        "week",
        max_epochs=60,
        validation=False,
        graph=False,
        time_varying=False,
        n_members=8,
        random_state=0,
    ).fit(X, y)


def test_channels_that_move_together_exchange_what_they_bring(of_twins):
    evidence = evidence_against(of_twins, training_plan(of_twins))
    # tv and its twin are hard to tell apart, tv and what moves at random are not.
    assert np.isfinite(evidence[0, 1])
    assert np.isfinite(evidence[1, 0])
    assert np.isinf(evidence[0, 2])
    assert np.isinf(evidence[2, 0])
    mix = draw_exchanges(of_twins, training_plan(of_twins), 8, np.random.default_rng(0))
    # Nothing is lost, and nothing is negative.
    np.testing.assert_allclose(mix.sum(axis=1), 1.0)
    assert (mix >= 0).all()
    np.testing.assert_array_equal(mix[:, 2], np.tile([0, 0, 1.0, 0], (8, 1)))


def test_less_evidence_exchanges_more():
    u = (np.arange(1000) + 0.5) / 1000
    spread = [_share(u, evidence).mean() for evidence in (0.0, 1.0, 10.0, 1000.0)]
    assert spread == sorted(spread, reverse=True)
    assert spread[0] == pytest.approx(0.5)
    # The mean of a half-normal of standard deviation 1 / √D.
    assert spread[-1] == pytest.approx(np.sqrt(2 / np.pi / 1000), rel=1e-2)


def test_shares_are_those_of_the_evidence(of_twins, monkeypatch):
    """Whatever may go the other way, or to a third channel."""
    evidence = np.full((3, 3), np.inf)
    evidence[0, 1], evidence[1, 0] = 3.0, 0.0
    monkeypatch.setattr(_exchange, "evidence_against", lambda *_: evidence)
    n = 200
    mix = draw_exchanges(of_twins, training_plan(of_twins), n, np.random.default_rng(0))
    u = (np.arange(n) + 0.5) / n
    np.testing.assert_allclose(np.sort(mix[:, 1, 0]), _share(u, 3.0))
    np.testing.assert_allclose(np.sort(mix[:, 0, 1]), u)
    evidence[:] = 0.0
    np.fill_diagonal(evidence, np.inf)
    mix = draw_exchanges(of_twins, training_plan(of_twins), n, np.random.default_rng(0))
    np.testing.assert_allclose(mix.sum(axis=1), 1.0)
    given = mix.mean(axis=0)[~np.eye(3, dtype=bool)]
    np.testing.assert_allclose(given, given.mean(), atol=0.03)


@pytest.fixture(scope="module")
def moved(of_twins, twins):
    """Return a plan of twins, and the spend that moves money from one to the other."""
    X = twins[0][lambda X: X["week"] >= X["week"].unique()[-26]]
    plan = of_twins.media_plan(X)
    spend = plan.spend.copy()
    amount = 0.3 * spend[:, :2].sum(axis=0).min()
    spend[:, 0] *= 1 + amount / spend[:, 0].sum()
    spend[:, 1] *= 1 - amount / spend[:, 1].sum()
    return X, spend


def test_a_part_of_a_response_goes_on_to_media_of_the_own_course(of_twins, moved):
    X, spend = moved
    members = of_twins.member_plans(X)
    base, usual = members[0], training_rows(of_twins)[of_twins.media_columns_]
    region = training_rows(of_twins)["region"].to_numpy()
    usual = usual.groupby(region).mean().loc[X["region"]].to_numpy()
    mix = np.eye(4)
    assert ExchangedPlan(base, mix, usual).totals(spend) == pytest.approx(
        base.totals(spend)
    )
    # A third of what tv brings is brought by its twin.
    mix[:2, 0] = 2 / 3, 1 / 3
    course = spend.copy()
    course[:, 0] = spend[:, 1] * usual[:, 0] / usual[:, 1]
    wanted = base.totals(spend)
    wanted[1] += base.totals(course)[0] / 3
    wanted[0] *= 2 / 3
    assert ExchangedPlan(base, mix, usual).totals(spend) == pytest.approx(wanted)
    mixed = ExchangedPlan(base, mix, usual)
    parts = mixed.contributions(spend).sum(axis=0) + mixed.after(spend).sum(axis=0)
    assert parts == pytest.approx(wanted)
    assert mixed.regional_totals(spend).sum(axis=0) == pytest.approx(wanted)
    # What has a price of its own has it whoever brings it.
    double = {"tv": 0.5, "twin": 0.5}
    own, priced_own = priced([base, ExchangedPlan(base, mix, usual)], double)
    bought = own.at_plan_prices(spend)
    assert priced_own.totals(spend) == pytest.approx(
        ExchangedPlan(base, mix, usual).totals(bought)
    )


def test_pairs_asked_together_are_those_asked_in_turns(of_twins, moved, monkeypatch):
    """Channels that hang on one another are asked about in turns."""
    X, spend = moved
    members = of_twins.member_plans(X)[:2]
    usual = np.random.default_rng(0).uniform(1, 2, spend.shape)
    mix = np.random.default_rng(1).dirichlet(np.ones(4), 4).T
    mix[:, 2] = [0, 0, 1, 0]
    asks = "contributions", "after", "totals", "regional_totals"

    def found():
        plans = [ExchangedPlan(p, mix, usual) for p in members]
        return [getattr(p, ask)(spend) for p in plans for ask in asks]

    evidence = evidence_against(of_twins, training_plan(of_twins))
    together = found()
    monkeypatch.setattr(MediaPlan, "apart", False)
    for one, other in zip(together, found(), strict=True):
        np.testing.assert_allclose(one, other)
    in_turns = evidence_against(of_twins, training_plan(of_twins))
    np.testing.assert_allclose(evidence, in_turns)


def test_money_between_twins_is_in_doubt(of_twins, twins, moved):
    """The data cannot tell them apart, which members alone do not say."""
    X, spend = moved
    mixed = exchanged(of_twins, of_twins.member_plans(X))
    channels = of_twins.media_columns_
    told = {
        name: weigh(members, spend, channels, 1.0, 0.0, 0.9)
        for name, members in (("alone", of_twins.member_plans(X)), ("mixed", mixed))
    }
    (low, high), alone = (told[name].gain_interval for name in ("mixed", "alone"))
    assert low < 0 < alone[0]
    assert high - low > 1.5 * (alone[1] - alone[0])
    # Each explains the past about as well.
    past = training_rows(of_twins)
    sums = [
        [sum(brought(p, p.spend)) for p in plans]
        for plans in (
            of_twins.member_plans(past),
            exchanged(of_twins, of_twins.member_plans(past)),
        )
    ]
    np.testing.assert_allclose(sums[0], sums[1], rtol=0.05)
    # Whoever compares plans says so.
    table = pd.DataFrame(spend, X.index, channels)
    total = simulate(of_twins, X, table).total
    assert total["low"] == pytest.approx(low)
    assert total["high"] == pytest.approx(max(high, total["difference"]))
    result = allocate_budget(of_twins, X, n_starts=1)
    said = weigh(mixed, result.spend.to_numpy(copy=True), channels, 1.0, 0.0, 0.9)
    assert result.gain_interval == pytest.approx(
        said.around(result.outcome, result.gain).gain_interval
    )
    assert result.gain_interval[0] <= result.gain <= result.gain_interval[1]
    assert result.probability == said.probability


def test_a_lift_test_ends_the_exchange(of_twins, monkeypatch):
    before = evidence_against(of_twins, training_plan(of_twins))
    done = pd.DataFrame(
        {"channel": ["tv"], "lift": [1e4], "std_error": [10.0], "model": [1e4]}
    ).assign(gap=0.0)
    monkeypatch.setattr(of_twins, "lift_test_fit_", done)
    after = evidence_against(of_twins, training_plan(of_twins))
    assert after[0, 1] >= before[0, 1] + 1e6 * (1 - 1e-9)
    assert after[1, 0] > before[1, 0]


def test_curves_of_money_are_what_plans_bring(with_members, plan):
    plans = with_members.member_plans(plan)[:2]
    curves = MoneyCurves.of(plans, 2.0)
    multiple = np.array([0.3, 1.0, 1.7])
    value, slope = curves.at(multiple)
    exact = np.array([brought(p, p.spend * multiple) for p in plans])
    # Effects may vary with other channels' media, which curves leave out.
    np.testing.assert_allclose(value.sum(axis=1), exact.sum(axis=1), rtol=5e-3)
    step = 1e-5
    ahead, behind = (curves.at(multiple + k * step)[0] for k in (1, -1))
    np.testing.assert_allclose(slope, (ahead - behind) / (2 * step), rtol=1e-4)
