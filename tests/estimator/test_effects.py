"""The channel graph inside the regressor, and the effects that follow from it."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import ChannelGraph, DeepCausalMMMRegressor
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.graph._influence import ChannelInfluence


@pytest.fixture(scope="module")
def linked():
    return make_mmm(15, 104, 4, graph=True, random_state=1)


@pytest.fixture(scope="module")
def make(linked):
    truth = linked[2]

    def regressor(**options):
        options = {"max_epochs": 200, "validation": False, "random_state": 0} | options
        return DeepCausalMMMRegressor(
            truth.media_columns, truth.control_columns, "region", "week", **options
        )

    return regressor


@pytest.fixture(scope="module")
def mmm(linked, make):
    X, y, _ = linked
    return make().fit(X, y)


def scaled(mmm, X):
    """Return media in units of the region's largest, and those units."""
    scale = mmm.media_scale_.loc[X["region"]].to_numpy()
    return X[mmm.media_columns_].to_numpy() / scale, scale


def followed(mmm, X, planned, held, floor=True):
    """Return X with media that react to planned ones, one region at a time."""
    factual, scale = scaled(mmm, X)
    out = planned / scale
    weights, kernels = mmm.dag_.to_numpy(), mmm.adstock_.to_numpy()
    order, left = [], list(range(len(weights)))
    while left:
        order += [j for j in left if not weights[left, j].any()]
        left = [j for j in left if j not in order]
    for rows in X.groupby("region").indices.values():
        for child in order:
            if child == held:
                continue
            for t, row in enumerate(rows):
                for parent in np.flatnonzero(weights[:, child]):
                    for lag in range(min(t + 1, kernels.shape[1])):
                        change = out[rows[t - lag], parent]
                        change -= factual[rows[t - lag], parent]
                        pull = weights[parent, child] * kernels[parent, lag]
                        out[row, child] += pull * change
            if floor:
                out[rows, child] = np.maximum(out[rows, child], 0.0)
    return X.assign(**dict(zip(mmm.media_columns_, (out * scale).T, strict=True)))


def test_edges_are_the_true_ones(linked, mmm):
    true = linked[2].graph
    found = mmm.dag_
    assert list(found.index) == list(found.columns) == mmm.media_columns_
    assert ((found != 0) == (true != 0)).all(axis=None)
    np.testing.assert_allclose(found, true, atol=0.15)
    strength = mmm.dag_strength_.to_numpy()
    edges = found.to_numpy() != 0
    assert strength[edges].min() > 0.5 > strength[~edges].max()
    assert mmm.dag_lagged_.shape == (0, 4)


def test_graph_does_not_touch_predictions(linked, make, mmm):
    X, y, _ = linked
    alone = make(graph=False).fit(X, y)
    np.testing.assert_array_equal(alone.predict(X), mmm.predict(X))
    assert not alone.dag_.to_numpy().any()
    assert alone.dag_strength_.isna().all(axis=None)
    direct, total = (alone.effects(kind) for kind in ("direct", "total"))
    pd.testing.assert_frame_equal(direct, total[direct.columns])
    assert not alone.effects("mediated")["contribution"].any()


def test_refits_are_identical(linked, make, mmm):
    X, y, _ = linked
    again = make().fit(X, y)
    pd.testing.assert_frame_equal(again.dag_, mmm.dag_)
    pd.testing.assert_frame_equal(again.dag_strength_, mmm.dag_strength_)


def test_total_is_the_counterfactual(linked, mmm):
    X = linked[0]
    total, direct = mmm.effects("total"), mmm.effects("direct")
    np.testing.assert_allclose(
        direct["contribution"], mmm.contributions_[mmm.media_columns_].sum()
    )
    np.testing.assert_allclose(
        total["roi"], total["contribution"] / X[mmm.media_columns_].sum()
    )
    for position, channel in enumerate(mmm.media_columns_):
        off = X.assign(**{channel: 0.0})[mmm.media_columns_].to_numpy()
        without = followed(mmm, X, off, position)
        lost = (mmm.predict(X) - mmm.predict(without)).sum()
        assert total.loc[channel, "contribution"] == pytest.approx(lost, rel=1e-6)


def test_margin_is_the_slope_of_the_counterfactual(linked, mmm):
    X, step = linked[0], 1e-4
    spend = X[mmm.media_columns_].sum()
    total, direct = mmm.effects("total"), mmm.effects("direct")
    for position, channel in enumerate(mmm.media_columns_):
        alone = X.assign(**{channel: X[channel] * (1 + step)})
        media = alone[mmm.media_columns_].to_numpy()
        for table, more in (
            (direct, alone),
            (total, followed(mmm, X, media, position, floor=False)),
        ):
            gain = (mmm.predict(more) - mmm.predict(X)).sum()
            slope = gain / (step * spend[channel])
            assert table.loc[channel, "marginal_roi"] == pytest.approx(slope, rel=1e-2)


def test_effects_reconcile(linked, mmm):
    direct = mmm.effects()
    total, mediated = (mmm.effects(kind) for kind in ("total", "mediated"))
    for column in ("contribution", "roi", "marginal_roi"):
        np.testing.assert_allclose(total[column], direct[column] + mediated[column])
    assert total["moved_in"].sum() == pytest.approx(total["moved_out"].sum())
    assert total["attributed"].sum() == pytest.approx(direct["contribution"].sum())
    upstream = (mmm.dag_ != 0).any(axis=1)
    assert (mediated["contribution"][upstream] > 0).all()
    assert not mediated["contribution"][~upstream].any()
    assert (total["moved_out"] <= direct["contribution"] + 1e-6).all()


def test_effects_are_near_the_truth(linked, mmm):
    true = linked[2].total_effects
    upstream = linked[2].graph.any(axis=1)
    error = {
        kind: (mmm.effects(kind)["contribution"] / true - 1)[upstream].abs().mean()
        for kind in ("direct", "total")
    }
    assert error["total"] < 0.1 < error["direct"]


def test_effects_on_new_rows(linked, make):
    X, y, _ = linked
    train = X["week"] < X["week"].unique()[-8]
    mmm = make().fit(X[train], y[train])
    direct = mmm.effects("direct", X[~train])
    parts = mmm.decompose(X[~train])[mmm.media_columns_].sum()
    np.testing.assert_allclose(direct["contribution"], parts)
    np.testing.assert_allclose(direct["spend"], X[~train][mmm.media_columns_].sum())


def test_known_edges_hold(linked, make):
    X, y, truth = linked
    parent, child = np.argwhere(truth.graph.to_numpy() != 0)[0]
    parent, child = truth.media_columns[parent], truth.media_columns[child]
    options = {"max_epochs": 2, "time_varying": False}
    known = ChannelGraph(required_edges=[(child, parent)])
    mmm = make(graph=known, **options).fit(X, y)
    assert mmm.dag_.loc[child, parent] != 0
    assert mmm.dag_.loc[parent, child] == 0
    known = ChannelGraph(forbidden_edges=[(parent, child)])
    mmm = make(graph=known, **options).fit(X, y)
    assert mmm.dag_.loc[parent, child] == 0
    mmm = make(graph=ChannelGraph(tiers={parent: 2, child: 1}), **options).fit(X, y)
    assert mmm.dag_.loc[parent, child] == 0


def test_bad_options(linked, make, mmm):
    X, y, _ = linked
    with pytest.raises(ValueError, match="required_edges has"):
        make(graph=ChannelGraph(required_edges=[("tv", "moon")])).fit(X, y)
    with pytest.raises(ValueError, match="n_lags=1 needs a time order"):
        make(graph=ChannelGraph(n_lags=1)).set_params(time_column=None).fit(X, y)
    with pytest.raises(ValueError, match="are the regressor's"):
        make(graph=ChannelGraph(region_column="region")).fit(X, y)
    with pytest.raises(ValueError, match="choose 'direct'"):
        mmm.effects("indirect")


def test_lagged_influences_are_learned(make):
    X, y, truth = make_mmm(15, 104, 4, random_state=2)
    rng = np.random.default_rng(0)
    first, second = truth.media_columns[:2]
    past = X.groupby("region")[first].shift(1).fillna(0.0)
    share = X.groupby("region")[second].transform("max") / (
        X.groupby("region")[first].transform("max")
    )
    X[second] = 0.6 * past * share * rng.uniform(0.9, 1.1, len(X)) + 0.4 * X[second]
    mmm = make(graph=ChannelGraph(n_lags=1), max_epochs=2, time_varying=False).fit(X, y)
    assert mmm.dag_lagged_.index.names == ["lag", "channel"]
    assert mmm.dag_lagged_.loc[(1, first), second] > 0.3
    assert mmm.effects("mediated").loc[first, "contribution"] > 0


def test_reactions_with_lags_are_those_of_a_simulation():
    rng = np.random.default_rng(0)
    n_regions, n_weeks, n = 2, 12, 3
    weights = np.array([[0, 0.5, -0.2], [0, 0, 0.4], [0, 0, 0.0]])
    past = rng.normal(0, 0.2, (2, n, n))
    kernels = np.array([[0.6, 0.3, 0.1], [0.5, 0.5, 0], [1, 0, 0.0]])
    influence = ChannelInfluence(weights, past, kernels, weights * 0, past * 0)
    factual = rng.uniform(0, 1, (n_regions, n_weeks, n))
    planned = factual.copy()
    planned[..., 0] = 0.0
    change = planned - factual
    for t in range(n_weeks):
        for child in (1, 2):
            for lag in range(min(t + 1, 3)):
                pull = change[:, t - lag] * kernels[:, lag] @ weights[:, child]
                change[:, t, child] += pull if lag else 0.0
            change[:, t, child] += change[:, t] * kernels[:, 0] @ weights[:, child]
            for lag in (1, 2):
                if t >= lag:
                    change[:, t, child] += change[:, t - lag] @ past[lag - 1][:, child]
            change[:, t, child] = np.maximum(change[:, t, child], -factual[:, t, child])
    reacted = influence.react(planned, factual, held=[0])
    np.testing.assert_allclose(reacted, factual + change)
    assert reacted.min() >= 0


def test_all_kinds_at_once(mmm, linked):
    X, _, _ = linked
    later = X[X["week"] > X["week"].median()]
    for rows, by in ((None, "channel"), (later, "channel×region")):
        tables = mmm.effects_by_kind(rows, 0.8, by)
        assert list(tables) == ["direct", "mediated", "total"]
        for kind, table in tables.items():
            alone = mmm.effects(kind, rows, 0.8, by)
            pd.testing.assert_frame_equal(table, alone, rtol=1e-12)
