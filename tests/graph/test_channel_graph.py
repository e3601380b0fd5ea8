import numpy as np
import pandas as pd
import pytest
import torch

from sklearn_mmm import ChannelGraph
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.functional import acyclicity
from sklearn_mmm.graph._aligned_ranks import aligned_rank_scores
from sklearn_mmm.graph._claims import _holding
from sklearn_mmm.graph._direction import _Orders, direction_p_values
from sklearn_mmm.graph._edges import EdgeRules
from sklearn_mmm.graph._independence import PairTests, rejected
from sklearn_mmm.graph._learn import GraphOptions, learn_graph
from sklearn_mmm.graph._order import entropy, entropy_by_row
from sklearn_mmm.graph._rows import independent_rows, series_panel
from sklearn_mmm.graph._season import seasonal_pairs


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
        graph = ChannelGraph(random_state=0).fit(X)
        assert ((graph.adjacency_ != 0) == (weights != 0)).to_numpy().all()
        np.testing.assert_allclose(graph.adjacency_, weights, atol=0.25)
        place = {name: i for i, name in enumerate(graph.order_)}
        edges = np.argwhere(weights.to_numpy() != 0)
        assert all(place[f"c{i}"] < place[f"c{j}"] for i, j in edges)
        assert float(acyclicity(torch.tensor(graph.adjacency_.to_numpy() / 10))) < 1e-9


def test_order_of_columns_and_units_do_not_matter():
    X, _ = draw(3)
    graph = ChannelGraph(random_state=0).fit(X).adjacency_
    unit = pd.Series(10.0 ** np.arange(-4, 4), X.columns)
    other = ChannelGraph(random_state=0).fit((X * unit).iloc[:, ::-1]).adjacency_
    same = other.loc[X.columns, X.columns].mul(unit, axis=0) / unit
    np.testing.assert_allclose(same, graph, rtol=1e-6, atol=1e-9)


def test_nothing_is_found_where_there_is_nothing():
    for seed in range(5):
        rng = np.random.default_rng(seed)
        graph = ChannelGraph(random_state=0).fit(rng.exponential(size=(400, 6)))
        assert (graph.adjacency_ == 0).all().all()


def test_known_edges():
    X, weights = draw(0)
    i, j = map(int, np.argwhere(weights.to_numpy() != 0)[0])
    cause, effect = f"c{i}", f"c{j}"
    without = (
        ChannelGraph(forbidden_edges=[(cause, effect)], random_state=0)
        .fit(X)
        .adjacency_
    )
    assert without.loc[cause, effect] == 0
    turned = (
        ChannelGraph(required_edges=[(effect, cause)], random_state=0).fit(X).adjacency_
    )
    assert turned.loc[effect, cause] != 0
    assert turned.loc[cause, effect] == 0
    tiers = ChannelGraph(tiers={effect: 0, cause: 1}, random_state=0).fit(X).adjacency_
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
    graph = ChannelGraph(media, "region", "week", n_lags=1, random_state=0).fit(X)
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
    graph = ChannelGraph(time_column="week", n_lags=2, random_state=0).fit(X)
    assert (graph.adjacency_ == 0).all().all()
    assert graph.lagged_adjacency_.loc[(1, "a"), "b"] == pytest.approx(0.8, abs=0.1)
    assert graph.lagged_adjacency_.loc[(2, "a"), "b"] == 0


def test_directions_that_gaussian_noise_does_not_hold_are_not_claimed():
    rng = np.random.default_rng(0)
    for noise, sure in (("exponential", True), ("normal", False)):
        error = getattr(rng, noise)(size=(400, 2))
        X = pd.DataFrame({"a": error[:, 0], "b": error[:, 0] + error[:, 1]})
        graph = ChannelGraph(n_resamples=20, random_state=0).fit(X)
        assert (graph.adjacency_.loc["a", "b"] != 0) == sure
        assert graph.adjacency_.loc["b", "a"] == 0
        assert graph.confounded_.loc["a", "b"] == graph.confounded_.loc["b", "a"]
        assert graph.confounded_.loc["a", "b"] != sure
        either = graph.strength_.loc["a", "b"] + graph.strength_.loc["b", "a"]
        assert either == pytest.approx(1)
        assert (graph.strength_.loc["a", "b"] > 0.95) == sure
        again = ChannelGraph(n_resamples=20, random_state=0).fit(X)
        pd.testing.assert_frame_equal(again.strength_, graph.strength_)
    assert ChannelGraph(random_state=0).fit(X).strength_.isna().all().all()


def budget_cycle(seed, n_regions, strength, n=5, n_weeks=130):
    """Draw channels whose only link is a cycle of their region's budget."""
    rng = np.random.default_rng(seed)
    cycle = rng.normal(size=(n_regions, n_weeks))
    for t in range(1, n_weeks):
        cycle[:, t] = 0.8 * cycle[:, t - 1] + 0.6 * cycle[:, t]
    own = rng.gamma(3.0, size=(n_regions, n_weeks, n))
    spend = own * np.exp(strength * cycle)[..., None]
    X = pd.DataFrame(spend.reshape(-1, n), columns=[f"c{i}" for i in range(n)])
    X["region"] = np.repeat(np.arange(n_regions), n_weeks)
    return X.assign(week=np.tile(np.arange(n_weeks), n_regions))


@pytest.mark.parametrize(("n_regions", "strength"), [(1, 0.9), (6, 0.6), (12, 0.3)])
def test_a_budget_cycle_is_no_influence(n_regions, strength):
    X = budget_cycle(0, n_regions, strength)
    graph = ChannelGraph(
        region_column="region", time_column="week", random_state=0
    ).fit(X)
    assert (graph.adjacency_ == 0).all().all()
    confounded = graph.confounded_.to_numpy()
    assert (confounded == confounded.T).all()
    assert confounded.sum() / 2 >= 7
    assert not confounded.diagonal().any()


@pytest.mark.parametrize("n", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_an_influence_is_found_beside_a_budget_cycle(n):
    X = budget_cycle(1, 12, 0.5)
    X["c1"] += 0.7 * X["c0"]
    X["c4"] += 0.5 * X["c2"]
    true = {("c0", "c1"): 0.7, ("c2", "c4"): 0.5}
    n_whole = 0
    # Rows are drawn for the tests, which may lack the power; nothing is invented.
    for seed in range(n):
        graph = ChannelGraph(
            region_column="region", time_column="week", random_state=seed
        ).fit(X)
        found = graph.adjacency_.stack()
        found = found[found != 0]
        assert set(found.index) <= set(true)
        if len(found) == len(true):
            n_whole += 1
            for edge, strength in true.items():
                assert found[edge] == pytest.approx(strength, abs=0.1)
    assert n_whole >= 0.75 * n


def test_week_and_region_means_are_removed():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(6, 30, 2))
    observed = rng.random((6, 30)) < 0.8
    plain = series_panel(values, observed, np.arange(30.0), None).rows()
    shift = rng.normal(size=(6, 1, 2)) + rng.normal(size=(1, 30, 2))
    moved = series_panel(values + shift, observed, np.arange(30.0), None).rows()
    np.testing.assert_allclose(plain.children, moved.children, atol=1e-6)
    one = series_panel(values[:1], observed[:1], np.arange(30.0), None).rows()
    trend = np.arange(30.0)[None, :, None]
    same = series_panel(values[:1] + trend, observed[:1], np.arange(30.0), None).rows()
    np.testing.assert_allclose(one.children, same.children, atol=1e-9)


def test_entropy_is_that_of_the_normal_distribution_and_moves_with_its_rows():
    rng = np.random.default_rng(0)
    values = rng.normal(scale=3.0, size=(20_000, 1))
    assert float(entropy(values)[0]) == pytest.approx(np.log(3.0), abs=0.02)
    skewed = rng.exponential(size=300)
    assert float(entropy(skewed[:, None])[0]) < np.log(skewed.std()) - 0.1
    moved = entropy_by_row(skewed)
    assert moved.sum() == pytest.approx(0.0, abs=1e-9)
    # A row that counts twice moves the entropy by its derivative.
    twice = np.r_[np.repeat(skewed, 1000), np.full(1000, skewed[0])][:, None]
    change = entropy(twice)[0] - entropy(np.repeat(skewed, 1000)[:, None])[0]
    assert change * 301 == pytest.approx(moved[0], rel=0.02)


def test_pairs_are_independent_as_often_as_promised():
    rng = np.random.default_rng(0)
    small = 0
    for _ in range(40):
        noise = rng.normal(size=(3, 120, 4))
        for t in range(1, 120):
            noise[:, t] += 0.7 * noise[:, t - 1]
        panel = series_panel(noise, np.ones((3, 120), bool), np.arange(120.0), None)
        tests = PairTests(panel.rows().children, panel)
        small += (tests.p_values[np.triu_indices(4, 1)] < 0.05).sum()
    assert small / 240 < 0.05
    hidden = noise + 0.7 * noise[..., [0]]
    panel = series_panel(hidden, np.ones((3, 120), bool), np.arange(120.0), None)
    assert PairTests(panel.rows().children, panel).p_values.max() == 1.0
    assert PairTests(panel.rows().children, panel).p_values[0, 1] < 1e-4


def test_short_series_hold_directions_as_often_as_their_noise_does():
    rules = EdgeRules(~np.eye(2, dtype=bool), np.zeros((2, 2), bool))
    forward, n_found = np.array([[0.0, 1.0], [0.0, 0.0]]), {}
    for noise in ("gamma", "normal"):
        rng, found = np.random.default_rng(0), []
        for _ in range(40):
            shape = (1, 78, 2)
            own = (
                rng.gamma(3, size=shape) if noise == "gamma" else rng.normal(size=shape)
            )
            own[..., 1] += 0.6 * own[..., 0]
            panel = series_panel(own, np.ones((1, 78), bool), np.arange(78.0), None)
            found.append(
                [
                    direction_p_values(panel.rows(), panel, w, rules, 0).min() <= 0.05
                    for w in (forward, forward.T)
                ]
            )
        n_found[noise] = np.sum(found, axis=0).tolist()
    # Errors from the sums of six clusters would find 23.
    assert n_found["gamma"][0] >= 30
    assert n_found["gamma"][1] <= 1
    assert max(n_found["normal"]) <= 4


def test_orders_leave_clusters_together():
    cluster = np.repeat([0, 1, 2], [5, 3, 4])
    places = _Orders(cluster, 0).places
    assert (cluster[places] == cluster[:, None]).all()
    assert (np.sort(places, axis=0) == np.arange(12)[:, None]).all()
    apart = (np.diff(places[:5], axis=0) % 5 == 1).mean()
    assert apart == 1
    alone = _Orders(np.arange(12), 0).places
    assert (np.sort(alone, axis=0) == np.arange(12)[:, None]).all()
    assert len(np.unique(alone[0])) == 12
    many = _Orders(np.repeat(np.arange(100), 104), 0)
    assert 4500 <= len(many.rows) <= 5000
    assert len(many.places) == len(many.rows)


def test_false_discoveries_by_hand():
    # 0.01 <= 0.05 / 4, 0.02 <= 2 * 0.05 / 4, 0.04 > 3 * 0.05 / 4.
    found = rejected(np.array([0.02, 0.9, 0.01, 0.04]), 0.05)
    assert found.tolist() == [True, False, True, False]


def test_constant_columns_have_no_edges():
    X, _ = draw(0, n=3, n_edges=2)
    graph = ChannelGraph(random_state=0).fit(X.assign(flat=1.0))
    assert (graph.adjacency_["flat"] == 0).all()
    nothing = EdgeRules(np.zeros((3, 3), bool), np.zeros((3, 3), bool))
    options = GraphOptions(nothing, 0, 0.05, 0, 0)
    found = learn_graph(independent_rows(X.to_numpy()), options)
    assert (found.weights == 0).all()


def test_aligned_ranks_are_normal_where_there_is_nothing_and_find_the_rest():
    rng = np.random.default_rng(0)
    found, none = [], []
    for _ in range(200):
        columns = rng.exponential(size=(2, 12, 3))
        noise = rng.exponential(size=(2, 12))
        # Autocorrelated, within the clusters alone.
        columns, noise = (np.cumsum(v, axis=1) for v in (columns, noise))
        columns, noise = (v - v.mean(axis=1, keepdims=True) for v in (columns, noise))
        none.append(
            aligned_rank_scores(
                columns.reshape(-1, 3), noise.ravel(), np.repeat([0, 1], 12)
            )
        )
        x = rng.exponential(size=(100, 2))
        y = 0.3 * x[:, 0] + rng.exponential(size=100)
        x, y = x - x.mean(axis=0), y - y.mean()
        found.append(aligned_rank_scores(x, y, np.arange(100)))
    found, none = np.array(found), np.array(none)
    assert found[:, 1].std(axis=0) == pytest.approx(np.ones(3), abs=0.15)
    assert found[:, 1].mean(axis=0) == pytest.approx(np.zeros(3), abs=0.2)
    # The lower end of what has a floor tells more than ranks of the normal do.
    assert found[:, 0, 1].mean() > found[:, 0, 0].mean() + 0.3 > 2.5
    assert np.std(none) < 1.6


def test_units_and_signs_do_not_matter_to_aligned_ranks():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 3)), rng.normal(size=60)
    x, y = x - x.mean(axis=0), y - y.mean()
    cluster = np.repeat(np.arange(6), 10)
    z = aligned_rank_scores(x, y, cluster)
    scaled = aligned_rank_scores(x * [1e6, 1.0, 1e-6], 1e3 * y, cluster)
    np.testing.assert_allclose(scaled, z, rtol=1e-6)
    # The tails change places.
    np.testing.assert_allclose(
        aligned_rank_scores(x, -y, cluster), -z[:, [0, 2, 1]], rtol=1e-6
    )


@pytest.mark.parametrize("n_regions", [1, 4])
def test_channels_that_share_a_season_are_named(n_regions):
    rng = np.random.default_rng(1)
    weeks = np.arange(104)
    spend = rng.gamma(3.0, size=(n_regions, 104, 4))
    spend[..., :3] *= np.exp(0.6 * np.cos(2 * np.pi * weeks / 52.18))[:, None]
    X = pd.DataFrame(spend.reshape(-1, 4), columns=list("abcd"))
    X["region"] = np.repeat(np.arange(n_regions), 104)
    X["week"] = np.tile(weeks, n_regions)
    graph = ChannelGraph(
        region_column="region", time_column="week", random_state=0
    ).fit(X)
    assert (graph.adjacency_ == 0).all().all()
    named = np.argwhere(np.triu(graph.confounded_.to_numpy())).tolist()
    assert named == [[0, 1], [0, 2], [1, 2]]


def test_a_season_is_not_seen_in_what_merely_wanders():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(1, 156, 200))
    for t in range(1, 156):
        values[:, t] += 0.7 * values[:, t - 1]
    panel = series_panel(values, np.ones((1, 156), bool), np.arange(156.0), 52.18)
    assert seasonal_pairs(panel, np.zeros((200, 200))).sum() <= 2


def test_a_season_of_all_channels_hides_no_influence():
    rng = np.random.default_rng(0)
    weeks = np.arange(130)
    own = rng.gamma(3.0, size=(1, 130, 4))
    own[..., 1] += 0.6 * own[..., 0]
    X = pd.DataFrame(own[0] * np.exp(np.cos(2 * np.pi * weeks / 52.18))[:, None])
    X.columns = list("abcd")
    graph = ChannelGraph(["a", "b", "c", "d"], None, "week", random_state=0)
    graph.fit(X.assign(week=weeks))
    edges = np.argwhere(graph.adjacency_.to_numpy() != 0).tolist()
    assert edges == [[0, 1]]
    assert graph.adjacency_.loc["a", "b"] == pytest.approx(0.6, abs=0.15)


@pytest.mark.parametrize("n_edges", [3, 6, 12])
def test_directions_that_are_asked_for_are_those_of_all(n_edges):
    """Whether paths beside an edge are among those, or not."""
    rng = np.random.default_rng(n_edges)
    n = 5
    panel = series_panel(
        rng.gamma(2.0, size=(8, 60, n)), np.ones((8, 60), bool), np.arange(60.0), None
    )
    above = np.argwhere(np.triu(np.ones((n, n), bool), 1))
    weights = np.zeros((n, n))
    for i, j in above[rng.permutation(len(above))[:n_edges]]:
        weights[i, j] = 0.5
    rules = EdgeRules(~np.eye(n, dtype=bool), np.zeros((n, n), bool))
    given = panel.rows(), panel, weights, rules, 0
    whole = direction_p_values(*given)
    for i, j in np.argwhere(weights):
        asked = np.zeros((n, n), bool)
        asked[i, j] = True
        found = direction_p_values(*given, asked)
        assert found[i, j] == whole[i, j]


def test_directions_hold_as_if_all_were_asked_for():
    rng, n = np.random.default_rng(0), 6
    apart = ~np.eye(n, dtype=bool)
    n_asked = 0
    for _ in range(200):
        p_values = rng.random((n, n)) ** rng.integers(1, 12)
        found = (rng.random((n, n)) < 0.5) & apart
        sound = found & (rng.random((n, n)) < 0.2)
        if not found.any():
            continue
        asked = []

        def turned(which, p_values=p_values, asked=asked):
            asked.append(int(which.sum()))
            return np.where(which, p_values, 1.0)

        holds = _holding(found, sound, turned)
        expected = np.zeros((n, n), bool)
        expected[found] = rejected(p_values[found], 0.05)
        np.testing.assert_array_equal(holds, expected & sound)
        n_asked += max(asked, default=0) < found.sum()
    # Of all edges it is asked now and then only.
    assert n_asked > 100
