"""Mediators: what media move and nobody buys."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from sklearn_mmm import (
    ChannelGraph,
    DeepCausalMMMRegressor,
    allocate_budget,
    load,
    simulate,
)
from sklearn_mmm.graph._edge_rules import make_edge_rules
from sklearn_mmm.report._charts import charts
from sklearn_mmm.report._report import _results
from sklearn_mmm.report._summary import summarise

MEDIA, BETWEEN = ["tv", "social"], "brand_search_volume"


def regressor(**options):
    small = {"validation": False, "time_varying": False, "n_members": 4}
    keys = {"region_column": "region", "time_column": "week", "mediators": [BETWEEN]}
    graph = ChannelGraph(n_resamples=4)
    return DeepCausalMMMRegressor(
        **{"media_columns": MEDIA, "graph": graph, "random_state": 0}
        | keys
        | small
        | options
    )


@pytest.fixture(scope="module")
def world():
    """A panel in which brand searches carry half of what TV brings."""
    rng = np.random.default_rng(0)
    shape = n_regions, n_weeks = 6, 80
    tv, social = rng.gamma(1.0, size=shape), rng.gamma(3.0, size=shape)
    carried = 0.5 * tv
    for t in range(1, n_weeks):
        carried[:, t] += 0.5 * carried[:, t - 1]
    caused = 0.4 * carried
    searches = 1 + 0.3 * np.abs(rng.standard_normal(shape)) + caused
    direct = carried / (carried + 2)
    through = direct.sum() / caused.sum() * searches
    outcome = 5 + direct + through + social / (social + 3)
    X = pd.DataFrame(
        {"tv": tv.ravel(), "social": social.ravel(), BETWEEN: 1e3 * searches.ravel()}
    )
    X["region"] = np.repeat(np.arange(n_regions), n_weeks)
    X["week"] = np.tile(np.arange(n_weeks), n_regions)
    return X, (outcome + 0.05 * rng.standard_normal(shape)).ravel(), 2 * direct.sum()


@pytest.fixture(scope="module")
def mmm(world):
    return regressor().fit(world[0], world[1])


def test_what_comes_through_a_mediator_is_part_of_the_total_effect(world, mmm):
    direct, total = mmm.effects(), mmm.effects("total")
    assert direct.loc["tv", "contribution"] == pytest.approx(world[2] / 2, rel=0.2)
    assert total.loc["tv", "contribution"] == pytest.approx(world[2], rel=0.15)
    assert total.loc["tv", "moved_in"] == pytest.approx(total.loc[BETWEEN, "moved_out"])
    kept = direct.loc[BETWEEN, "contribution"] - total.loc["tv", "moved_in"]
    assert total.loc[BETWEEN, "attributed"] == pytest.approx(kept)
    assert total["attributed"].sum() == pytest.approx(direct["contribution"].sum())


def test_a_mediator_is_a_channel_that_costs_nothing(world, mmm):
    X = world[0]
    assert mmm.media_columns_ == [*MEDIA, BETWEEN]
    assert mmm.mediators_ == [BETWEEN]
    assert mmm.spend_columns_ == [*MEDIA, None]
    assert (mmm.spend_[BETWEEN] == 0).all()
    assert np.isnan(mmm.effects().loc[BETWEEN, "roi"])
    np.testing.assert_allclose(mmm.contributions_.sum(axis=1), mmm.predict(X))
    best = allocate_budget(mmm, X, react="graph", n_starts=1)
    assert best.spent == pytest.approx(best.total)
    assert (best.spend[BETWEEN] == 0).all()
    pd.testing.assert_series_equal(best.plan[BETWEEN], X[BETWEEN])


def test_a_mediator_follows_a_change_of_plan_when_it_is_free_to(world, mmm):
    X = world[0]
    lost = mmm.effects_by_kind()
    for react, kind in (("none", "direct"), ([BETWEEN], "total"), ("graph", "total")):
        off = simulate(mmm, X, {"tv": 0.0}, react=react)
        in_rows = (off.planned_outcome - off.outcome).sum()
        assert in_rows == pytest.approx(lost[kind].loc["tv", "contribution"], rel=1e-6)


def test_mediators_survive_every_way_of_keeping_a_model(world, mmm, tmp_path):
    X = world[0]
    assert clone(mmm).get_params()["mediators"] == [BETWEEN]
    mmm.save(tmp_path / "model")
    for other in (pickle.loads(pickle.dumps(mmm)), load(tmp_path / "model")):
        assert other.mediators_ == [BETWEEN]
        pd.testing.assert_frame_equal(other.effects("total"), mmm.effects("total"))
        np.testing.assert_array_equal(other.predict(X), mmm.predict(X))


def test_an_update_keeps_mediators_and_what_drives_them(world, mmm):
    X, y, _ = world
    late = (X["week"] >= 72).to_numpy()
    updated = regressor().fit(X[~late], y[~late])
    edges = updated.dag_ != 0
    assert edges.loc["tv", BETWEEN]
    updated.partial_fit(X[late], y[late])
    assert updated.mediators_ == [BETWEEN]
    assert (updated.spend_[BETWEEN] == 0).all()
    pd.testing.assert_frame_equal(updated.dag_ != 0, edges)
    found, refit = (m.effects("total", coverage=0.9) for m in (updated, mmm))
    assert found.loc["tv", "contribution"] == pytest.approx(
        refit.loc["tv", "contribution"], rel=0.1
    )
    assert found.loc["tv", "low"] < found.loc["tv", "high"]
    off = simulate(updated, X, {"tv": 0.0}, react=[BETWEEN])
    lost = (off.planned_outcome - off.outcome).sum()
    assert lost == pytest.approx(found.loc["tv", "contribution"], rel=1e-6)


def test_a_report_says_what_mediators_are_and_that_they_are_held(world, mmm):
    found = _results(mmm, None, None, world[0], None, 0.9)
    drawn = {chart.name: chart for chart in charts(found)}
    assert "a mediator: media move it, and nobody buys it" in drawn["graph"].note
    nodes = drawn["graph"].tables["graph_nodes"].set_index("channel")["mediator"]
    assert nodes.to_dict() == {"tv": False, "social": False, BETWEEN: True}
    places = drawn["graph"].figure.data[-1]
    symbols = dict(zip(places.text, places.marker.symbol, strict=True))
    assert [text for text in symbols if "<br>mediator" in text] == [
        text for text, symbol in symbols.items() if symbol == "diamond"
    ]
    assert list(symbols.values()).count("diamond") == 1
    for name in ("effects", "allocation"):
        assert "held as they were" in drawn[name].note
    said = " ".join(p for part in summarise(found).sections.values() for p in part)
    assert "Media are tv and social; mediators, which nobody buys, are brand_" in said
    assert "Media and mediators brought" in said


def test_an_array_and_the_rest_of_the_columns_give_the_same_model(world, mmm):
    X, y, _ = world
    rest = regressor(media_columns=None).fit(X, y)
    pd.testing.assert_frame_equal(rest.contributions_, mmm.contributions_)
    places = {"region_column": 3, "time_column": 4, "mediators": -3}
    array = regressor(media_columns=[0, 1], **places).fit(X.to_numpy(), y)
    assert array.mediators_ == ["x2"]
    np.testing.assert_array_equal(array.contributions_, mmm.contributions_)


def test_mediators_drive_no_media_unless_something_else_is_known():
    names = ["tv", "visits", "searches"]

    def allowed(required=None, tiers=None):
        return make_edge_rules(names, required, None, tiers, names[1:]).allowed

    among = [[False, True, True], [False, False, True], [False, True, False]]
    np.testing.assert_array_equal(allowed(), among)
    assert allowed(required=[("searches", "tv")])[2, 0]
    assert allowed(tiers={"searches": 0})[2, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mediators": ["visits"]}, "mediators: X has no column 'visits'"),
        ({"mediators": ["tv"]}, "'tv' is a mediator and has another role"),
        ({"mediators": ["week"]}, "'week' is a mediator and has another role"),
        ({"mediators": [BETWEEN, BETWEEN]}, "more than once"),
        ({"graph": False}, "need a graph, but graph=False"),
        ({"spend_columns": {BETWEEN: "tv"}}, "not a media column"),
    ],
)
def test_bad_mediators(world, options, message):
    with pytest.raises(ValueError, match=message):
        regressor(**options).fit(world[0], world[1])
