"""Effects that add up, and effects that multiply."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import DeepCausalMMMRegressor, allocate_budget, load, make_future

CHANNELS = ["tv", "search", "social"]
N_WEEKS = 120


def media_and_effects(rng, n_regions):
    """Return media that come in bursts, and what they do, (channel, region, week)."""
    shape = len(CHANNELS), n_regions, N_WEEKS
    media = rng.gamma(2.0, 1.0, shape) * (rng.random(shape) < 0.5)
    share = np.array([0.15, 0.1, 0.05])[:, None, None]
    effect = np.log1p(media)
    return media, share * effect / effect.mean((1, 2), keepdims=True)


class World(NamedTuple):
    """A panel, what channels bring by shares of their joint effect, and alone."""

    X: pd.DataFrame
    y: pd.Series
    truth: pd.DataFrame
    lost: pd.DataFrame


def world(seed, multiplies, n_regions=4):
    rng = np.random.default_rng(seed)
    media, effect = media_and_effects(rng, n_regions)
    week = np.arange(N_WEEKS)
    season = 0.15 * np.cos(2 * np.pi * week / 52.18)
    noise = 0.02 * rng.standard_normal((n_regions, N_WEEKS))
    size = 100.0 * np.exp(rng.normal(0, 0.5, (n_regions, 1)))
    total = effect.sum(0)
    if multiplies:
        without = np.exp(season - 0.3)
        y = without * np.exp(total) * (1 + noise)
        some = np.where(total > 0, total, 1.0)
        brought = without * np.where(total > 0, np.expm1(total) / some, 1.0)
    else:
        y = 0.7 + season + total + noise
        brought = np.ones_like(total)
    time = pd.date_range("2022-01-03", periods=N_WEEKS, freq="W-MON")
    names = [f"r{i}" for i in range(n_regions)]
    X = pd.DataFrame(
        {
            "region": np.repeat(names, N_WEEKS),
            "week": np.tile(time, n_regions),
            **{c: (size * x).ravel() for c, x in zip(CHANNELS, media, strict=True)},
        }
    )
    truth, lost = {}, {}
    for name, own in zip(CHANNELS, effect, strict=True):
        alone = without * np.exp(total) * -np.expm1(-own) if multiplies else own
        truth[name], lost[name] = (size * own * brought).ravel(), (size * alone).ravel()
    y = pd.Series((size * y).ravel(), name="sales")
    return World(X, y, pd.DataFrame(truth), pd.DataFrame(lost))


def model(**options):
    usual = {"n_members": 8, "graph": False, "random_state": 0, "time_varying": False}
    keys = {"region_column": "region", "time_column": "week"}
    return DeepCausalMMMRegressor(CHANNELS, **(keys | usual | options))


@pytest.fixture(scope="module")
def multiplied():
    X, y, truth, _ = world(0, True)
    return model(n_members=32).fit(X, y), X, y, truth


@pytest.mark.parametrize("multiplies", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_link_is_that_of_the_data(multiplies, seed):
    X, y, *_ = world(seed, multiplies)
    mmm = model(n_members=0).fit(X, y)
    assert mmm.link_ == ("log" if multiplies else "identity")


def test_contributions_are_those_of_effects_that_multiply(multiplied):
    mmm, X, y, truth = multiplied
    found = mmm.contributions_[CHANNELS].sum()
    assert np.allclose(found, truth.sum(), rtol=0.1)
    adding = model(link="identity", n_members=0).fit(X, y)
    wrong = adding.contributions_[CHANNELS].sum()
    error = (found - truth.sum()).abs().sum()
    assert error < 0.5 * (wrong - truth.sum()).abs().sum()


def test_intervals_hold_what_is_true(multiplied):
    mmm, _, _, truth = multiplied
    table = mmm.effects("direct", coverage=0.9)
    error = (table["contribution"] - truth.sum()).abs()
    width = table["high"] - table["low"]
    assert (error < width).all()
    assert (width < 0.2 * truth.sum()).all()


def test_parts_sum_to_predictions(multiplied):
    mmm, X, _, _ = multiplied
    assert np.allclose(mmm.contributions_.sum(axis=1), mmm.predict(X))
    for parts in (mmm.decompose(X), mmm.decompose(X.iloc[:200])):
        assert np.allclose(parts.sum(axis=1), mmm.predict(X.iloc[: len(parts)]))


def test_media_bring_what_would_be_lost_without_them(multiplied):
    mmm, X, _, _ = multiplied
    lost = mmm.predict(X) - mmm.predict(X.assign(**dict.fromkeys(CHANNELS, 0.0)))
    assert np.allclose(lost, mmm.contributions_[CHANNELS].sum(axis=1))
    # Each alone would be missed more, since it multiplies what the others bring.
    alone = mmm.predict(X) - mmm.predict(X.assign(tv=0.0))
    assert (alone >= mmm.contributions_["tv"] - 1e-9).all()


def test_controls_are_measured_from_their_reference():
    X, y, *_ = world(4, True)
    price = np.random.default_rng(0).uniform(1, 2, len(X))
    price[::N_WEEKS] = 1.0
    told = {"control_columns": ["price"], "control_reference": {"price": 1.0}}
    priced = model(link="log", **told).fit(
        X.assign(price=price), y * np.exp(-0.2 * (price - 1))
    )
    given = X.assign(price=price)
    at = priced.decompose(given.assign(price=1.0))
    assert np.allclose(at["price"], 0.0)
    assert np.allclose(at["baseline"], priced.contributions_["baseline"])
    totals = priced.control_totals()
    assert np.allclose(totals.mean(), priced.contributions_["price"].sum(), rtol=0.05)


def test_plans_say_what_predictions_say(multiplied):
    mmm, X, _, _ = multiplied
    last = X["week"] > X["week"].max() - pd.Timedelta(weeks=13)
    rows = X[last]
    plan = mmm.media_plan(rows)
    brought = plan.contributions(plan.spend).sum(axis=1)
    assert np.allclose(plan.rest + brought, mmm.predict(rows))
    more = plan.spend * [1.5, 0.5, 1.0]
    other = rows.assign(**dict(zip(CHANNELS, more.T, strict=True)))
    gain = plan.contributions(more).sum() - brought.sum()
    assert np.isclose(gain, (mmm.predict(other) - mmm.predict(rows)).sum())


def test_gradients_are_those_of_the_values(multiplied):
    mmm, X, _, _ = multiplied
    plan = mmm.media_plan(X[X["week"] > X["week"].max() - pd.Timedelta(weeks=8)])
    value, gradient = plan.value_and_gradient(plan.spend)
    row, channel = 3, int(plan.spend[3].argmax())
    step = np.zeros_like(plan.spend)
    step[row, channel] = 1e-4 * plan.spend[row, channel]
    ahead, back = (
        plan.value_and_gradient(plan.spend + sign * step)[0] for sign in (1, -1)
    )
    slope = (ahead - back) / (2 * step[row, channel])
    assert np.isclose(slope, gradient[row, channel], rtol=1e-4)
    assert value > 0


def test_members_agree_about_the_outcome(multiplied):
    mmm, X, y, _ = multiplied
    plans = mmm.member_plans(X)
    whole = [p.rest.sum() + p.contributions(p.spend).sum() for p in plans]
    parts = [p.contributions(p.spend).sum() for p in plans]
    assert np.std(whole) < 0.2 * np.std(parts)
    assert np.isclose(np.mean(whole), y.sum(), rtol=0.01)


def test_intervals_are_above_zero_and_hold_outcomes(multiplied):
    mmm, X, y, _ = multiplied
    low, high = mmm.predict_interval(X, coverage=0.9).T
    assert (low > 0).all()
    assert 0.8 < ((low <= y) & (y <= high)).mean() < 0.99
    prediction = mmm.predict(X)
    assert np.allclose(prediction**2, low * high)


def test_curves_and_effects_have_one_size(multiplied):
    mmm, _, _, _ = multiplied
    curves = mmm.response_curves_.set_index("channel")
    contribution = mmm.effects("direct")["contribution"] / N_WEEKS
    for channel in CHANNELS:
        own = curves.loc[channel]
        usual = mmm.spend_[channel].sum() / N_WEEKS
        steady = np.interp(usual, own["spend"], own["response"])
        # Bursts of a concave curve bring less than the same spend every week.
        assert contribution[channel] < steady < 2 * contribution[channel]


def test_a_budget_is_allocated(multiplied):
    mmm, *_ = multiplied
    future = make_future(mmm, 8)
    result = allocate_budget(mmm, future)
    table = result.channels
    assert table["spend"].sum() == pytest.approx(table["planned"].sum())
    assert table["contribution"].sum() > table["planned_contribution"].sum()


def test_lift_tests_are_answered_by_what_was_lost():
    X, y, _, alone = world(5, True)
    window = (X["week"] >= "2023-01-02") & (X["week"] <= "2023-02-20")
    lift = float(alone.loc[window, "tv"].sum())
    tests = pd.DataFrame(
        {
            "channel": ["tv"],
            "start": ["2023-01-02"],
            "end": ["2023-02-20"],
            "spend_change": [float(X.loc[window, "tv"].sum())],
            "lift": [lift],
            "std_error": [0.01 * lift],
        }
    )
    mmm = model(n_members=0, link="log").fit(X, y, lift_tests=tests)
    told = mmm.lift_test_fit_
    assert abs(told["model"][0] / lift - 1) < 0.02
    # The same question asked of predictions.
    off = X.assign(tv=X["tv"].where(~window, 0.0))
    lost = (mmm.predict(X) - mmm.predict(off))[window]
    assert np.isclose(lost.sum(), told["model"][0])


def test_beliefs_are_of_what_a_channel_brings():
    X, y, _, alone = world(6, True)
    share = 0.9 * float(alone["search"].sum() / y.sum())
    priors = {"search": {"contribution": (share, 1e-4)}}
    mmm = model(n_members=0, link="log", priors=priors).fit(X, y)
    lost = mmm.predict(X) - mmm.predict(X.assign(search=0.0))
    assert lost.sum() / y.sum() == pytest.approx(share, rel=0.02)


def test_further_weeks_keep_the_link(multiplied):
    X, y, *_ = world(0, True)
    late = X["week"] > X["week"].max() - pd.Timedelta(weeks=4)
    mmm = model().fit(X[~late], y[~late])
    before = mmm.contributions_[CHANNELS].sum() / y[~late].sum()
    mmm.partial_fit(X[late], y[late])
    assert mmm.link_ == "log"
    after = mmm.contributions_[CHANNELS].sum() / y.sum()
    assert np.allclose(before, after, atol=0.02)
    whole = mmm.contributions_.sum(axis=1)
    assert np.allclose(whole.loc[X.index], mmm.predict(X))
    with pytest.raises(ValueError, match="link='identity'"):
        mmm.partial_fit(X[late], 0 * y[late])


def test_a_model_is_kept_with_its_link(multiplied, tmp_path):
    mmm, X, _, _ = multiplied
    mmm.save(tmp_path / "model.mmm")
    kept = load(tmp_path / "model.mmm")
    assert kept.link_ == "log"
    assert np.array_equal(kept.predict(X), mmm.predict(X))


def test_outcomes_have_to_be_above_zero():
    X, y, *_ = world(0, True)
    y.iloc[7] = 0.0
    with pytest.raises(ValueError, match=r"y is 0 in region 'r0', time 2022-02-21"):
        model(link="log").fit(X, y)
    assert model(n_members=0).fit(X, y).link_ == "identity"


def test_an_outlier_does_not_choose():
    X, y, *_ = world(7, False)
    y.iloc[[5, 160, 300]] *= 20
    with pytest.warns(UserWarning, match="3 rows are outlying"):
        mmm = model(n_members=0).fit(X, y)
    assert mmm.link_ == "identity"
