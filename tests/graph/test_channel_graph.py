import numpy as np
import pandas as pd
import pytest
import torch

from sklearn_mmm import ChannelGraph
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.functional import acyclicity
from sklearn_mmm.graph._learn import EdgeRules, learn_graph
from sklearn_mmm.graph._rows import independent_rows, panel_rows
from sklearn_mmm.graph._search import _log_likelihood


def draw(seed, n=8, n_edges=10, n_rows=600, noise="laplace"):
    """Draw a linear structural model and its rows."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    pairs = [(order[i], order[j]) for i in range(n) for j in range(i + 1, n)]
    weights = np.zeros((n, n))
    for k in rng.choice(len(pairs), n_edges, replace=False):
        weights[pairs[k]] = rng.uniform(0.5, 2) * rng.choice([-1, 1])
    error = getattr(rng, noise)(size=(n_rows, n))
    rows = error @ np.linalg.inv(np.eye(n) - weights)
    names = [f"c{i}" for i in range(n)]
    return pd.DataFrame(rows, columns=names), pd.DataFrame(weights, names, names)


@pytest.mark.parametrize("noise", ["laplace", "gumbel", "exponential"])
def test_recovers_graphs(noise):
    for seed in (0, 1):
        X, weights = draw(seed, noise=noise)
        graph = ChannelGraph().fit(X)
        assert ((graph.adjacency_ != 0) == (weights != 0)).to_numpy().all()
        np.testing.assert_allclose(graph.adjacency_, weights, atol=0.25)
        place = {name: i for i, name in enumerate(graph.order_)}
        edges = np.argwhere(weights.to_numpy() != 0)
        assert all(place[f"c{i}"] < place[f"c{j}"] for i, j in edges)
        assert float(acyclicity(torch.tensor(graph.adjacency_.to_numpy() / 10))) < 1e-9


def test_order_of_columns_and_units_do_not_matter():
    X, _ = draw(3)
    graph = ChannelGraph().fit(X).adjacency_
    unit = pd.Series(10.0 ** np.arange(-4, 4), X.columns)
    other = ChannelGraph().fit((X * unit).iloc[:, ::-1]).adjacency_
    same = other.loc[X.columns, X.columns].mul(unit, axis=0) / unit
    np.testing.assert_allclose(same, graph, rtol=1e-6, atol=1e-9)


def test_nothing_is_found_where_there_is_nothing():
    for seed in range(5):
        rng = np.random.default_rng(seed)
        graph = ChannelGraph().fit(rng.exponential(size=(400, 6)))
        assert (graph.adjacency_ == 0).all().all()


def test_known_edges():
    X, weights = draw(0)
    i, j = map(int, np.argwhere(weights.to_numpy() != 0)[0])
    cause, effect = f"c{i}", f"c{j}"
    without = ChannelGraph(forbidden_edges=[(cause, effect)]).fit(X).adjacency_
    assert without.loc[cause, effect] == 0
    turned = ChannelGraph(required_edges=[(effect, cause)]).fit(X).adjacency_
    assert turned.loc[effect, cause] != 0
    assert turned.loc[cause, effect] == 0
    tiers = ChannelGraph(tiers={effect: 0, cause: 1}).fit(X).adjacency_
    assert tiers.loc[cause, effect] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"required_edges": [("a", "x")]}, "required_edges has"),
        ({"forbidden_edges": ["ab"]}, "give pairs"),
        ({"required_edges": [("a", "b")], "tiers": {"a": 1, "b": 0}}, "against the"),
        ({"required_edges": [("a", "b"), ("b", "a")]}, "cycle"),
        ({"tiers": {"x": 1}}, "unknown channels"),
        ({"n_lags": 1}, "time_column"),
        ({"alpha": 0}, "alpha"),
    ],
)
def test_bad_parameters(options, message):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 2)), columns=["a", "b"])
    with pytest.raises(ValueError, match=message):
        ChannelGraph(**options).fit(X)


@pytest.mark.parametrize("linked", [True, False])
def test_panels(linked):
    X, _, truth = make_mmm(20, 104, 5, graph=linked, random_state=0)
    media = truth.media_columns
    X[media] /= X.groupby("region")[media].transform("max")
    graph = ChannelGraph(media, "region", "week", n_lags=1).fit(X)
    found = graph.adjacency_ != 0
    true = truth.graph != 0
    both = (found & true).to_numpy().sum()
    assert 2 * both >= 0.8 * (found.to_numpy().sum() + true.to_numpy().sum())
    assert graph.lagged_adjacency_.shape == (5, 5)
    assert graph.lagged_adjacency_.index.names == ["lag", "column"]


def test_lagged_influence_is_not_an_instantaneous_one():
    rng = np.random.default_rng(0)
    n = 800
    own = rng.exponential(size=(n, 2))
    values = own.copy()
    values[1:, 1] += 0.8 * own[:-1, 0]
    X = pd.DataFrame(values, columns=["a", "b"]).assign(week=np.arange(n))
    graph = ChannelGraph(time_column="week", n_lags=2).fit(X)
    assert (graph.adjacency_ == 0).all().all()
    assert graph.lagged_adjacency_.loc[(1, "a"), "b"] == pytest.approx(0.8, abs=0.1)
    assert graph.lagged_adjacency_.loc[(2, "a"), "b"] == 0


def test_strength_tells_known_from_unknown_directions():
    rng = np.random.default_rng(0)
    for noise, sure in (("exponential", True), ("normal", False)):
        error = getattr(rng, noise)(size=(400, 2))
        X = pd.DataFrame({"a": error[:, 0], "b": error[:, 0] + error[:, 1]})
        graph = ChannelGraph(n_resamples=20, random_state=0).fit(X)
        either = graph.strength_.loc["a", "b"] + graph.strength_.loc["b", "a"]
        assert either == pytest.approx(1)
        assert (graph.strength_.loc["a", "b"] > 0.95) == sure
        again = ChannelGraph(n_resamples=20, random_state=0).fit(X)
        pd.testing.assert_frame_equal(again.strength_, graph.strength_)
    assert ChannelGraph().fit(X).strength_.isna().all().all()


def test_week_and_region_means_are_removed():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(6, 30, 2))
    observed = rng.random((6, 30)) < 0.8
    plain = panel_rows(values, observed, np.arange(30.0), None)
    shift = rng.normal(size=(6, 1, 2)) + rng.normal(size=(1, 30, 2))
    moved = panel_rows(values + shift, observed, np.arange(30.0), None)
    np.testing.assert_allclose(plain.children, moved.children, atol=1e-6)
    one = panel_rows(values[:1], observed[:1], np.arange(30.0), None)
    trend = np.arange(30.0)[None, :, None]
    same = panel_rows(values[:1] + trend, observed[:1], np.arange(30.0), None)
    np.testing.assert_allclose(one.children, same.children, atol=1e-9)


def test_gradient_of_the_noise_density_finds_its_maximum():
    rng = np.random.default_rng(0)
    column = rng.normal(size=(500, 1))
    target = 2 * column[:, 0] + rng.normal(size=500)
    best = _log_likelihood(target, column)
    # Up to a constant that all models share.
    variance = np.mean((target - 2 * column[:, 0]) ** 2)
    gaussian = -250 * (np.log(variance) + 1)
    assert gaussian <= best <= gaussian + 8
    assert _log_likelihood(target, np.zeros((500, 0))) < best - 100


def test_constant_columns_have_no_edges():
    X, _ = draw(0, n=3, n_edges=2)
    graph = ChannelGraph().fit(X.assign(flat=1.0))
    assert (graph.adjacency_["flat"] == 0).all()
    nothing = EdgeRules(np.zeros((3, 3), bool), np.zeros((3, 3), bool))
    found = learn_graph(independent_rows(X.to_numpy()), nothing, 0.05, 0, 0)
    assert (found.weights == 0).all()
