"""What else a panel may hold: organic media, events, days, reach, campaigns, brands."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm.datasets import make_mmm, true_contributions, true_outcome
from sklearn_mmm.datasets._clock import Clock
from sklearn_mmm.datasets._events import occurrence

GROUPS = {"search": ["own_name", "generic", "rivals"]}
OPTIONS = {
    "days": {"frequency": "D"},
    "organic": {"n_organic": 2},
    "reach": {"n_reach_frequency": 2},
    "campaigns": {"channel_groups": GROUPS},
    "events": {"n_events": 7},
    "brands": {"n_brands": 3},
    "worth": {"outcome_value": True},
    "forms": {"adstock": {"tv": "delayed"}, "saturation": {"social": "none"}},
}
EVERYTHING = {k: v for given in OPTIONS.values() for k, v in given.items()}
WITH_GRAPH = {
    "graph": True,
    "n_organic": 1,
    "n_reach_frequency": 1,
    "adstock": {"tv": "weibull"},
    "time_varying": True,
}
PARTS = ("controls", "contributions", "event_contributions")


def draw(**options):
    return make_mmm(3, 40, 3, random_state=1, **options)


def noise_free(truth):
    parts = [truth[name].sum(axis=1) for name in PARTS if name in truth]
    return truth.baseline + sum(parts)


@pytest.mark.parametrize(
    "options",
    [*OPTIONS.values(), EVERYTHING, WITH_GRAPH, EVERYTHING | {"missing": 0.1}],
    ids=[*OPTIONS, "everything", "graph", "gaps"],
)
def test_the_parts_sum_to_the_outcome_without_noise(options):
    X, y, truth = draw(**options)
    whole = noise_free(truth)
    np.testing.assert_allclose(whole + truth.noise, y)
    np.testing.assert_allclose(true_outcome(truth, X), whole)
    np.testing.assert_allclose(true_contributions(truth, X), truth.contributions)
    if not options.get("missing"):
        share = truth.contributions.to_numpy().sum() / y.sum()
        assert share == pytest.approx(0.3)
    keys = [*np.atleast_1d(truth.region_column), truth.time_column]
    assert not X.duplicated(keys).any()
    roles = [*truth.media_columns, *truth.organic_columns, *truth.control_columns]
    assert set(roles) <= set(X)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=list(OPTIONS))
def test_the_other_parts_of_a_panel_stay(options):
    X, _, truth = draw(**options)
    plain, _, usual = draw()
    if "frequency" in options or "n_brands" in options:
        return
    for name in set(plain) & set(X):
        pd.testing.assert_series_equal(X[name], plain[name])
    unit = 30.0 if "outcome_value" in options else 1.0
    pd.testing.assert_series_equal(unit * truth.baseline, usual.baseline)


def test_what_the_regressor_is_told_of_a_plain_panel():
    _, _, truth = draw()
    assert truth.region_column == "region"
    assert truth.time_column == "week"
    assert truth.control_reference == {"price": 10.0, "promotion": 0.0}
    assert truth.organic_columns == []
    for name in ("spend_columns", "reach_frequency", "channel_groups", "outcome_value"):
        assert truth[name] is None


def test_promotions_bring_nothing_where_there_are_none():
    X, _, truth = draw()
    assert (truth.controls["promotion"][X["promotion"] == 0] == 0).all()
    assert (truth.controls["promotion"][X["promotion"] > 0] > 0).all()


def test_organic_media_cost_nothing_and_bring_something():
    X, _, truth = draw(n_organic=2)
    assert truth.organic_columns == ["newsletter", "organic_social"]
    assert truth.media_columns == ["tv", "search", "social"]
    assert (truth.contributions[truth.organic_columns].sum() > 0).all()
    assert truth.roi[truth.organic_columns].isna().all()
    without = true_outcome(truth, X.assign(newsletter=0.0))
    lost = true_outcome(truth, X) - without
    np.testing.assert_allclose(lost, truth.contributions["newsletter"])


def test_reach_and_frequency_by_hand():
    X, _, truth = draw(n_reach_frequency=1)
    assert truth.reach_frequency == {"youtube": ("youtube_reach", "youtube_frequency")}
    assert truth.spend_columns["youtube"] == "youtube_spend"
    reached = X["youtube_reach"] > 0
    assert (X.loc[reached, "youtube_frequency"] >= 1).all()
    assert (X.loc[~reached, ["youtube_frequency", "youtube_spend"]] == 0).all(axis=None)
    half, slope, best = truth.frequency.loc["youtube"]
    F = X["youtube_frequency"].to_numpy()
    exposed = X["youtube_reach"] * F**slope / (F**slope + half**slope)
    weights = truth.adstock_weights.loc["youtube"].to_numpy()
    first = X["region"] == "region_1"
    carried = np.convolve(exposed[first], weights)[: first.sum()]
    effect = truth.effect["youtube"].iloc[0] / truth.scale["youtube"].iloc[0]
    np.testing.assert_allclose(
        truth.contributions["youtube"][first], effect * carried, rtol=1e-9
    )
    grid = np.linspace(1, 20, 20000)
    curve = grid**slope / (grid**slope + half**slope)
    assert best == pytest.approx(grid[np.argmax(curve / grid)], abs=1e-2)
    roi = truth.contributions["youtube"].sum() / X["youtube_spend"].sum()
    assert truth.roi["youtube"] == pytest.approx(roi)


def test_campaigns_share_what_their_channel_is():
    X, _, truth = draw(channel_groups=GROUPS)
    plain, _, usual = draw()
    members = GROUPS["search"]
    assert truth.channel_groups == GROUPS
    assert truth.media_columns == ["tv", *members, "social"]
    np.testing.assert_allclose(X[members].sum(axis=1), plain["search"])
    for name in ("adstock", "saturation"):
        assert (truth[name].loc[members].nunique() == 1).all()
        assert (
            truth[name].loc["own_name"].tolist() == usual[name].loc["search"].tolist()
        )
    assert truth.effect[members].iloc[0].nunique() == 3
    brought = truth.contributions[members].to_numpy().sum()
    assert brought == pytest.approx(usual.contributions["search"].sum())


def test_events_add_what_their_table_and_effects_say():
    X, _, truth = draw(n_events=3)
    assert list(truth.events) == ["name", "start", "end"]
    assert set(truth.events["name"]) <= set(truth.event_effects.index)
    days = pd.Series(0.0, pd.date_range("2021-12-27", periods=42 * 7))
    sales = truth.events[truth.events["name"] == "summer_sale"]
    for _, start, end in sales.itertuples(index=False):
        days[start:end] = 1.0
    on = days.to_numpy().reshape(-1, 7).mean(axis=1)
    before, during, after = truth.event_effects.loc["summer_sale"]
    felt = before * on[2:] + during * on[1:-1] + after * on[:-2]
    for region in X["region"].unique():
        here = truth.event_contributions["summer_sale"][X["region"] == region]
        np.testing.assert_allclose(here / here.abs().max(), felt / np.abs(felt).max())
    assert before * during > 0 > during * after


def test_an_event_counts_by_its_days():
    table = pd.DataFrame(
        {
            "name": ["sale"],
            "start": [pd.Timestamp("2022-01-12")],
            "end": [pd.Timestamp("2022-01-18")],
        }
    )
    weeks = occurrence(table, Clock(3, False, "2022-01-03"), ["sale"])[:, 0]
    np.testing.assert_allclose(weeks, [0, 0, 5 / 7, 2 / 7, 0])
    days = occurrence(table, Clock(3, True, "2022-01-03"), ["sale"])[:, 0]
    assert days.sum() == 7
    assert days[1 + 9] == 1


def test_days_have_a_weekday_pattern():
    X, y, truth = draw(frequency="D")
    assert len(X) == 3 * 40 * 7
    assert truth.time_column == "date"
    assert truth.weekdays.mean() == pytest.approx(1)
    by_day = truth.baseline.groupby(X["date"].dt.day_of_week).mean()
    np.testing.assert_allclose(by_day / by_day.mean(), truth.weekdays, rtol=0.02)
    assert truth.adstock_weights.shape[1] == 28
    weekly = draw()[1].sum()
    assert y.sum() == pytest.approx(weekly, rel=0.1)


def test_brands_and_regions_have_effects_of_their_own():
    X, _, truth = make_mmm(12, 30, 3, n_brands=6, random_state=0)
    assert truth.region_column == ["geo", "brand"]
    assert len(X) == 12 * 6 * 30
    assert truth.effect.index.names == ["geo", "brand"]
    relative = np.log(truth.effect.div(truth.effect.mean(axis=1), axis=0))
    whole = relative.var().mean()
    for key in ("geo", "brand"):
        within = relative.groupby(key).transform("mean")
        assert within.var().mean() > 0.15 * whole
    X.loc[0, "brand"] = "brand_9"
    with pytest.raises(ValueError, match="not in the panel"):
        true_outcome(truth, X)


def test_orders_have_a_worth_by_region_and_week():
    X, y, truth = draw(outcome_value=True)
    assert (y.name, truth.outcome_value) == ("orders", "value")
    assert (X["value"] > 0).all()
    assert X.groupby("region")["value"].nunique().min() > 10
    assert X.groupby("week")["value"].nunique().min() == 3


def test_forms_by_channel():
    _, _, truth = draw(adstock={"tv": "delayed"}, saturation={"social": "none"})
    assert truth.adstock["delay"].notna().tolist() == [True, False, False]
    assert truth.half_saturation.isna().sum() == 0
    assert np.isinf(truth.half_saturation["social"])
    flat = truth.response_curves.query("channel == 'social' and region == 'region_1'")
    assert flat["marginal_response"].nunique() < 25
    np.testing.assert_allclose(
        flat["marginal_response"], flat["marginal_response"].iloc[0]
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frequency": "M"}, "frequency"),
        ({"n_organic": -1}, "n_organic"),
        ({"n_events": 1.5}, "n_events"),
        ({"n_brands": 0}, "n_brands"),
        ({"outcome_value": "ltv"}, "outcome_value"),
        ({"adstock": {"radio": "delayed"}}, "adstock names unknown channels"),
        ({"saturation": {"youtube": "hill"}}, "saturation names unknown channels"),
        (
            {"saturation": {"youtube": "hill"}, "n_reach_frequency": 1},
            "saturates by frequency alone",
        ),
        ({"channel_groups": ["a", "b"]}, "give a dict"),
        ({"channel_groups": {"radio": ["a", "b"]}}, "the paid channels are"),
        ({"channel_groups": {"tv": ["a"]}}, "at least two names"),
        ({"channel_groups": {"tv": ["a", "search"]}}, "that of another column"),
        (
            {"channel_groups": {"tv": ["a", "b"], "search": ["b", "c"]}},
            "'b' is no name",
        ),
        ({"channel_groups": {"tv": ["a", "b"]}, "graph": True}, "choose one of them"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        draw(**options)


def test_reach_in_a_plan_is_checked():
    X, _, truth = draw(n_reach_frequency=1)
    with pytest.raises(ValueError, match="youtube_reach"):
        true_outcome(truth, X.assign(youtube_reach=-1.0))
    more = true_contributions(truth, X.assign(youtube_reach=2 * X["youtube_reach"]))
    np.testing.assert_allclose(more["youtube"], 2 * truth.contributions["youtube"])
