"""Intervals of a fitted regressor, and that they leave its estimates alone."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri
from sklearn.base import clone

from sklearn_mmm import DeepCausalMMMRegressor, allocate_budget, simulate
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.inspection._exchanged_plan import exchanged

CHANNELS = ["tv", "search", "social"]
KINDS = ["direct", "mediated", "total"]
LEVELS = ["channel", "channel×region"]


@pytest.fixture(scope="module")
def data():
    X, y, _ = make_mmm(4, 80, 3, graph=True, random_state=1)
    train = X["week"] < X["week"].unique()[-8]
    return X[train], y[train], X[~train], y[~train]


def make(**options):
    options = {
        "max_epochs": 60,
        "adstock": "geometric",
        "validation": False,
        "n_members": 8,
        "random_state": 0,
    } | options
    return DeepCausalMMMRegressor(
        CHANNELS, ["price", "promotion"], "region", "week", **options
    )


@pytest.fixture(scope="module")
def mmm(data):
    X, y, *_ = data
    return make().fit(X, y)


@pytest.fixture(scope="module")
def memberless(data):
    X, y, *_ = data
    return make(n_members=0).fit(X, y)


def test_standard_deviations_are_larger_in_the_future(data, mmm):
    X, _, X_test, _ = data
    prediction, std = mmm.predict(X, return_std=True)
    assert prediction.shape == std.shape == (len(X),)
    np.testing.assert_array_equal(prediction, mmm.predict(X))
    assert (std > 0).all()
    _, later = mmm.predict(X_test, return_std=True)
    regions, later_regions = X["region"].to_numpy(), X_test["region"].to_numpy()
    for region in np.unique(regions):
        known, future = std[regions == region], later[later_regions == region]
        assert future.mean() > 1.1 * known.mean()
        assert future[-1] > future[0]


def test_standard_deviations_are_in_outcome_units(data, mmm):
    X, y, *_ = data
    std = mmm.predict(X, return_std=True)[1]
    again = clone(mmm).fit(X, 100 * y)
    np.testing.assert_allclose(
        again.predict(X, return_std=True)[1], 100 * std, rtol=0.1
    )
    residual = (y - mmm.predict(X)).std()
    assert 0.7 * residual < std.mean() < 3 * residual


def test_intervals_are_around_the_prediction(data, mmm):
    _, _, X_test, _ = data
    prediction, std = mmm.predict(X_test, return_std=True)
    for coverage in (0.5, 0.9):
        found = mmm.predict_interval(X_test, coverage)
        half = ndtri((1 + coverage) / 2) * std
        np.testing.assert_allclose(found[:, 0], prediction - half)
        np.testing.assert_allclose(found[:, 1], prediction + half)
    np.testing.assert_array_equal(mmm.predict_interval(X_test), found)


def test_intervals_hold_about_as_often_as_promised(data, mmm):
    X, y, X_test, y_test = data
    for rows, outcome, least in ((X, y, 0.85), (X_test, y_test, 0.75)):
        low, high = mmm.predict_interval(rows, 0.9).T
        assert least < ((low <= outcome) & (outcome <= high)).mean() <= 1
    low, high = mmm.predict_interval(X, 0.5).T
    assert 0.35 < ((low <= y) & (y <= high)).mean() < 0.75


def test_parts_have_intervals(data, mmm):
    X, _, X_test, _ = data
    for rows in (X, X_test):
        plain, wide = mmm.decompose(rows), mmm.decompose(rows, 0.9)
        assert wide.columns.names == ["part", "value"]
        assert wide.index.equals(rows.index)
        parts = wide.xs("contribution", axis=1, level="value")
        pd.testing.assert_frame_equal(parts, plain, check_names=False)
        narrow = mmm.decompose(rows, 0.5)
        for part in plain:
            values, inner = wide[part], narrow[part]
            assert list(values) == ["contribution", "low", "high"]
            assert (values["low"] <= values["contribution"]).all()
            assert (values["contribution"] <= values["high"]).all()
            assert (values["low"] <= inner["low"]).all()
            assert (inner["high"] <= values["high"]).all()
    spread = wide["baseline", "high"] - wide["baseline", "low"]
    known = mmm.decompose(X, 0.9)["baseline"]
    assert spread.mean() > (known["high"] - known["low"]).mean()


def test_a_channel_without_media_contributes_nothing_for_certain(data, mmm):
    X, *_ = data
    silent = mmm.decompose(X.assign(tv=0.0), 0.9)["tv"]
    assert (silent == 0).all(axis=None)
    assert (mmm.decompose(X, 0.9)["tv", "high"] > 0).any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by", LEVELS)
def test_effects_have_intervals(mmm, kind, by):
    plain = mmm.effects(kind, by=by)
    narrow, wide = (mmm.effects(kind, coverage=c, by=by) for c in (0.5, 0.9))
    pd.testing.assert_frame_equal(wide[plain.columns], plain)
    prefixes = {"contribution": "", "roi": "roi_", "marginal_roi": "marginal_roi_"}
    added = [
        f"{prefix}{end}" for prefix in prefixes.values() for end in ("low", "high")
    ]
    assert set(wide.columns) == {*plain.columns, *added}
    for name, prefix in prefixes.items():
        assert (wide[f"{prefix}low"] <= wide[name]).all()
        assert (wide[name] <= wide[f"{prefix}high"]).all()
        assert (wide[f"{prefix}low"] <= narrow[f"{prefix}low"]).all()
        assert (narrow[f"{prefix}high"] <= wide[f"{prefix}high"]).all()
    if kind != "mediated":
        assert (wide["low"] < wide["high"]).all()
    np.testing.assert_allclose(wide["roi_low"], wide["low"] / wide["spend"])


@pytest.mark.parametrize("kind", KINDS)
def test_regions_sum_to_the_whole(mmm, kind):
    whole = mmm.effects(kind)
    by_region = mmm.effects(kind, by="channel×region")
    assert len(by_region) == 3 * 4
    sums = by_region.groupby("channel")[["spend", "contribution"]].sum()
    pd.testing.assert_frame_equal(
        sums.loc[whole.index], whole[["spend", "contribution"]], check_names=False
    )


def test_effects_of_given_rows_have_intervals(data, mmm):
    X, _, X_test, _ = data
    past, future = (mmm.effects(X=rows, coverage=0.9) for rows in (X, X_test))
    own = mmm.effects(coverage=0.9)
    pd.testing.assert_frame_equal(past, own)
    assert (future["spend"] < past["spend"]).all()
    assert (future["low"] <= future["high"]).all()


def test_response_curves_have_bands(mmm):
    for by in LEVELS:
        wide, narrow = (mmm.response_curves(by, coverage=c) for c in (0.9, 0.5))
        pd.testing.assert_series_equal(wide["response"], narrow["response"])
        assert (wide["low"] <= narrow["low"]).all()
        assert (narrow["low"] <= narrow["high"]).all()
        assert (narrow["high"] <= wide["high"]).all()
        nothing = wide["spend"] == 0
        assert (wide.loc[nothing, ["low", "high"]] == 0).all(axis=None)
        assert (wide["low"] < wide["high"])[~nothing].all()
        for _, curve in wide.groupby(["channel", *(["region"] if "×" in by else [])]):
            assert curve["low"].is_monotonic_increasing
            assert curve["high"].is_monotonic_increasing
    pd.testing.assert_frame_equal(mmm.response_curves_, mmm.response_curves())


@pytest.mark.parametrize("by", LEVELS)
def test_response_curves_lie_in_their_bands(mmm, by):
    curves = mmm.response_curves(by, coverage=0.5)
    assert (curves["low"] <= curves["response"] * (1 + 1e-9)).all()
    assert (curves["response"] <= curves["high"] * (1 + 1e-9)).all()


def test_parameter_table_has_every_parameter_of_every_channel(mmm):
    table = mmm.parameter_table()
    names = ["decay", "half_saturation", "slope", "effect", "adstock_weight"]
    assert sorted(table["parameter"].unique()) == sorted(names)
    lags = range(mmm.adstock_.shape[1])
    expected = [(n, c) for n in names[:4] for c in CHANNELS]
    expected += [("adstock_weight", c) for _ in lags for c in CHANNELS]
    found = table[["parameter", "channel"]].itertuples(index=False, name=None)
    assert sorted(found) == sorted(expected)
    is_weight = table["parameter"] == "adstock_weight"
    assert table["lag"].isna().equals(~is_weight)
    assert set(table["lag"][is_weight]) == set(lags)
    by_name = table.set_index(["parameter", "channel"])["estimate"]
    for name in names[:4]:
        own = getattr(mmm, f"{name}_")
        np.testing.assert_allclose(by_name[name][CHANNELS], own)
    weights = table[is_weight].pivot(index="channel", columns="lag", values="estimate")
    np.testing.assert_allclose(weights.loc[CHANNELS], mmm.adstock_)
    assert (table["low"] <= table["estimate"]).all()
    assert (table["estimate"] <= table["high"]).all()
    assert (table["low"] < table["high"]).all()
    narrow = mmm.parameter_table(0.5)
    assert (table["low"] <= narrow["low"]).all()
    assert (narrow["high"] <= table["high"]).all()


@pytest.mark.parametrize(
    ("adstock", "names"),
    [("delayed", {"decay", "delay"}), ("weibull", {"shape", "scale"})],
)
def test_parameter_table_has_those_of_other_kernels(data, adstock, names):
    X, y, *_ = data
    options = {"time_varying": False, "graph": False, "max_epochs": 3, "n_members": 3}
    table = make(adstock=adstock, **options).fit(X, y).parameter_table()
    others = {"half_saturation", "slope", "effect", "adstock_weight"}
    assert set(table["parameter"]) == others | names


def test_edge_table_has_the_edges_with_intervals(mmm):
    table, narrow = mmm.edge_table(), mmm.edge_table(0.5)
    edges = mmm.dag_.stack()
    edges = edges[edges != 0]
    assert len(table) == len(edges) > 0
    assert list(table) == ["from", "to", "lag", "weight", "low", "high", "strength"]
    for row in table.itertuples(index=False):
        source, target = row[:2]
        assert row.weight == mmm.dag_.loc[source, target]
        assert row.strength == mmm.dag_strength_.loc[source, target]
        assert row.low < row.weight < row.high
    assert (table["lag"] == 0).all()
    assert (table["low"] < narrow["low"]).all()
    assert (narrow["high"] < table["high"]).all()


ASK = {
    "predict_interval": lambda mmm, X, c: mmm.predict_interval(X, c),
    "decompose": lambda mmm, X, c: mmm.decompose(X, c),
    "effects": lambda mmm, X, c: mmm.effects(coverage=c),
    "effects by region": lambda mmm, X, c: mmm.effects(coverage=c, by=LEVELS[1]),
    "parameter_table": lambda mmm, X, c: mmm.parameter_table(c),
    "response_curves": lambda mmm, X, c: mmm.response_curves(coverage=c),
    "edge_table": lambda mmm, X, c: mmm.edge_table(c),
    "simulate": lambda mmm, X, c: simulate(mmm, X, {"tv": 1.1}, coverage=c),
    "allocate_budget": lambda mmm, X, c: allocate_budget(mmm, X, coverage=c),
}
NEED_MEMBERS = list(ASK)[:5]


@pytest.mark.parametrize("coverage", [0.0, 1.0, -0.5, 90])
@pytest.mark.parametrize("name", ASK)
def test_a_coverage_that_is_no_probability_is_refused(data, mmm, name, coverage):
    with pytest.raises(ValueError, match=f"coverage={coverage}.*between 0 and 1"):
        ASK[name](mmm, data[2], coverage)


@pytest.mark.parametrize("name", NEED_MEMBERS)
def test_without_members_there_are_no_intervals(data, memberless, name):
    with pytest.raises(ValueError, match=r"no members.*n_members="):
        ASK[name](memberless, data[2], 0.9)
    with pytest.raises(ValueError, match=r"no members.*n_members="):
        memberless.predict(data[2], return_std=True)


@pytest.mark.parametrize("n_members", [1, -1, 2.5])
def test_members_are_none_or_several(data, n_members):
    with pytest.raises(ValueError, match="n_members"):
        make(n_members=n_members).fit(*data[:2])


def test_members_leave_estimates_alone(data, mmm, memberless):
    X, _, X_test, _ = data
    assert (mmm.n_members_, memberless.n_members_) == (8, 0)
    for rows in (X, X_test):
        np.testing.assert_array_equal(memberless.predict(rows), mmm.predict(rows))
    pd.testing.assert_frame_equal(memberless.contributions_, mmm.contributions_)
    for kind in KINDS:
        pd.testing.assert_frame_equal(memberless.effects(kind), mmm.effects(kind))
    curves = memberless.response_curves_
    assert not {"low", "high"} & set(curves)
    pd.testing.assert_frame_equal(curves, mmm.response_curves_[curves.columns])
    pd.testing.assert_frame_equal(memberless.edge_table(), mmm.edge_table())


def assert_same_intervals(one, other, X):
    np.testing.assert_array_equal(one.predict_interval(X), other.predict_interval(X))
    for a, b in (
        (one.decompose(X, 0.8), other.decompose(X, 0.8)),
        (one.effects(coverage=0.8), other.effects(coverage=0.8)),
        (one.response_curves_, other.response_curves_),
        (one.parameter_table(), other.parameter_table()),
        (one.edge_table(), other.edge_table()),
    ):
        pd.testing.assert_frame_equal(a, b, check_exact=True)


def test_refits_have_bit_identical_intervals(data, mmm):
    X, y, X_test, _ = data
    again = clone(mmm).fit(X, y)
    assert again.n_members == 8
    assert_same_intervals(again, mmm, X_test)


def test_asking_twice_gives_the_same_intervals(data, mmm):
    assert_same_intervals(mmm, mmm, data[2])


def test_intervals_survive_pickling(data, mmm):
    assert_same_intervals(pickle.loads(pickle.dumps(mmm)), mmm, data[2])


def test_simulations_use_the_members_by_default(data, mmm, memberless):
    plan = data[2]
    found = simulate(mmm, plan, {"tv": 0.0})
    members = exchanged(mmm, mmm.member_plans(plan))
    assert len(members) == 8
    gains = []
    for member in members:
        without = member.spend * [0.0, 1.0, 1.0]
        outcomes = [
            member.contributions(spend).sum() + member.after(spend).sum()
            for spend in (without, member.spend)
        ]
        gains.append(outcomes[0] - outcomes[1])
    # Of eight draws 7 / 9 of a ninth one's chances lie between the outer two.
    widest = simulate(mmm, plan, {"tv": 0.0}, coverage=7 / 9).total
    assert widest["low"] == pytest.approx(min(gains))
    assert widest["high"] == pytest.approx(max(gains))
    assert found.total["low"] < found.total["difference"] < found.total["high"] <= 0
    assert "low" not in simulate(memberless, plan, {"tv": 0.0}).total
    assert memberless.member_plans(plan) == []


def test_allocations_use_the_members_by_default(data, mmm, memberless):
    plan = data[2]
    found = allocate_budget(mmm, plan, n_starts=1)
    low, high = found.gain_interval
    assert low < high
    wide = allocate_budget(mmm, plan, n_starts=1, coverage=0.5).gain_interval
    assert low <= wide[0] < wide[1] <= high
    without = allocate_budget(memberless, plan, n_starts=1)
    assert without.gain_interval is None
    assert without.gain == found.gain
    careful = allocate_budget(mmm, plan, n_starts=1, risk=0.2)
    assert careful.status == "optimal"
    assert careful.outcome <= found.outcome * (1 + 1e-6)
    with pytest.raises(ValueError, match="n_members="):
        allocate_budget(memberless, plan, risk=0.2)
