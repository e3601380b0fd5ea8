import numpy as np
import pandas as pd
import pytest

from sklearn_mmm.inspection._graph_tables import topological_depth
from sklearn_mmm.plotting._graph_layout import keep_apart, layered_layout, smooth_line


def graph(n, pairs):
    names = [f"c{i}" for i in range(n)]
    weights = pd.DataFrame(np.zeros((n, n)), names, names)
    for a, b in pairs:
        weights.loc[f"c{a}", f"c{b}"] = 1.0
    depth = topological_depth(weights)
    nodes = pd.DataFrame({"channel": names, "depth": [depth[name] for name in names]})
    edges = pd.DataFrame([(f"c{a}", f"c{b}") for a, b in pairs], columns=["from", "to"])
    return nodes, edges


@pytest.mark.parametrize("seed", range(5))
def test_edges_lead_to_the_right_and_nodes_stay_apart(seed):
    rng = np.random.default_rng(seed)
    n = 12
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n) if rng.random() < 0.2]
    nodes, edges = graph(n, pairs)
    layout = layered_layout(nodes, edges)
    assert set(layout.nodes) == set(nodes["channel"])
    places = np.array(list(layout.nodes.values()))
    distance = np.abs(places[:, None] - places[None])
    np.fill_diagonal(distance[..., 0], 9)
    assert (distance.max(axis=2) > 0.99).all()
    for line, source, target in zip(
        layout.lines, edges["from"], edges["to"], strict=True
    ):
        assert (np.diff(line[:, 0]) == 1).all()
        np.testing.assert_array_equal(line[0], layout.nodes[source])
        np.testing.assert_array_equal(line[-1], layout.nodes[target])


def test_a_long_edge_passes_by_the_node_between():
    layout = layered_layout(*graph(3, [(0, 1), (1, 2), (0, 2)]))
    between = layout.lines[2][1]
    assert abs(between[1] - layout.nodes["c1"][1]) >= 0.6


def test_crossings_are_avoided():
    layout = layered_layout(*graph(4, [(0, 3), (1, 2)]))
    y = {name: place[1] for name, place in layout.nodes.items()}
    assert (y["c0"] - y["c1"]) * (y["c3"] - y["c2"]) > 0


def test_a_graph_without_edges_is_a_grid():
    layout = layered_layout(*graph(10, []))
    assert len(set(layout.nodes.values())) == 10
    assert max(x for x, _ in layout.nodes.values()) == 3


def test_keep_apart_is_the_closest_admissible():
    assert keep_apart([0.0, 5.0], [0.0, 1.0]) == [0.0, 5.0]
    np.testing.assert_allclose(keep_apart([1.0, 1.0, 1.0], [0, 1, 1]), [0, 1, 2])


def test_smooth_line_meets_its_points():
    points = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 1.0]])
    line = smooth_line(points, 10)
    np.testing.assert_allclose(line[[0, 10, 20]], points)
    assert (np.diff(line[:, 0]) > 0).all()
    assert line[:, 1].max() == 2.0
