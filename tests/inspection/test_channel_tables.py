from copy import copy

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import ChannelGraph
from sklearn_mmm.inspection import (
    adstock_table,
    channels_by_size,
    diagnose,
    effect_table,
    graph_tables,
    half_life,
    modulation_table,
    region_channel_table,
    region_table,
    response_curve_table,
    roi_table,
    saturation_table,
    share_table,
    training_tables,
)
from sklearn_mmm.inspection._graph_tables import topological_depth


def test_shares_and_roi(fitted):
    shares = share_table(fitted)
    assert shares["channel"].tolist() == channels_by_size(fitted)
    assert (
        shares[["spend_share", "contribution_share"]].sum().tolist()
        == [pytest.approx(1)] * 2
    )
    roi = roi_table(fitted)
    np.testing.assert_allclose(roi["roi"], roi["contribution"] / roi["spend"])
    brought = fitted.contributions_[shares["channel"].tolist()].sum()
    np.testing.assert_allclose(roi["contribution"], brought)


def test_intervals_where_there_is_an_ensemble(fitted, with_members):
    for make in (share_table, roi_table, effect_table, adstock_table):
        assert "low" not in make(fitted)
        table = make(with_members)
        middle = next(
            name
            for name in ("contribution_share", "contribution", "weight")
            if name in table
        )
        assert (table["low"] <= table[middle] * (1 + 1e-9)).all()
        assert (table["high"] >= table[middle] * (1 - 1e-9)).all()
        assert (table["high"] > table["low"]).any()
        narrow = make(with_members, coverage=0.2)
        assert (narrow["high"] <= table["high"]).all()
    curves = response_curve_table(with_members)
    assert curves[["low", "high"]].notna().all(axis=None)
    assert (curves["low"] <= curves["high"]).all()
    assert {"low", "high"} <= set(graph_tables(with_members).edges)
    assert {"roi_low", "high"} <= set(region_channel_table(with_members))
    assert region_channel_table(with_members)["high"].notna().all()


def test_direct_and_mediated_effects_sum_to_total(fitted):
    wide = effect_table(fitted).pivot(
        index="channel", columns="kind", values="contribution"
    )
    np.testing.assert_allclose(wide["direct"] + wide["mediated"], wide["total"])


def test_operating_points_lie_where_the_estimator_says(fitted):
    curves = response_curve_table(fitted)
    points = curves[curves["operating"]].set_index("channel")
    expected = fitted.saturation_points().set_index("channel").loc[points.index]
    for name in ("spend", "response", "marginal_response"):
        np.testing.assert_allclose(points[name], expected[name])
    for _, curve in curves.groupby("channel"):
        assert curve["spend"].is_monotonic_increasing
        assert curve["response"].is_monotonic_increasing
    table = saturation_table(fitted).set_index("channel")
    np.testing.assert_allclose(table["share_of_maximum"], expected["share_of_maximum"])
    np.testing.assert_allclose(
        table["headroom"], expected["maximum"] - expected["response"]
    )


def test_curves_of_what_costs_nothing_are_along_its_media(panel, make_regressor):
    X, y, _ = panel
    money = {"tv": "tv", "search": None, "social": "social"}
    mmm = make_regressor(max_epochs=3, graph=False, spend_columns=money).fit(X, y)
    table = response_curve_table(mmm).set_index("channel")
    assert set(table.index[table["free"]]) == {"search"}
    assert table.loc["search", "free"].all()
    point = table[table["operating"]].loc["search"]
    usual = X.groupby("region")["search"].mean().sum()
    assert point["spend"] == pytest.approx(usual)
    assert saturation_table(mmm).set_index("channel")["spend"]["search"] == (
        pytest.approx(usual)
    )


def test_a_channel_without_spend_has_tables(panel, make_regressor):
    X, y, _ = panel
    with pytest.warns(UserWarning, match="do not vary"):
        mmm = make_regressor(max_epochs=3, graph=False).fit(X.assign(tv=0.0), y)
    for make in (saturation_table, response_curve_table, share_table):
        table = make(mmm)
        assert table["channel"].iloc[-1] == "tv"
    assert roi_table(mmm).set_index("channel")["roi"].isna()["tv"]
    assert saturation_table(mmm).set_index("channel")["response"]["tv"] == 0


@pytest.mark.parametrize("decay", [0.2, 0.5, 0.9])
def test_half_life_of_a_geometric_kernel(decay):
    weights = (1 - decay) * decay ** np.arange(400)
    assert half_life(weights) == pytest.approx(np.log(0.5) / np.log(decay))


def test_half_life_of_a_delay_is_longer():
    assert half_life([1.0]) == pytest.approx(0.5)
    assert half_life([0.0, 1.0]) == pytest.approx(1.5)
    assert half_life([0.1, 0.6, 0.3]) > half_life([0.6, 0.3, 0.1])


def test_adstock_weights_are_those_of_the_estimator(fitted):
    table = adstock_table(fitted)
    wide = table.pivot(index="channel", columns="lag", values="weight")
    np.testing.assert_allclose(wide, fitted.adstock_.loc[wide.index])


def test_modulation_is_the_mean_over_regions(fitted):
    table = modulation_table(fitted)
    assert (table["region_10"] <= table["region_90"]).all()
    time = fitted.history_["time"].to_numpy()
    expected = fitted.modulation_["tv"].groupby(time).mean()
    found = table[table["channel"] == "tv"].set_index("time")["factor"]
    np.testing.assert_allclose(found, expected)


def test_regions_sum_to_the_panel(fitted):
    table = region_table(fitted)
    whole = fitted.contributions_.sum(axis=1).sum()
    assert (table["outcome"] * table["n_steps"]).sum() == pytest.approx(whole)
    np.testing.assert_allclose(
        table["outcome"], table["baseline"] + table["controls"] + table["media"]
    )
    np.testing.assert_allclose(table["media_share"], table["media"] / table["outcome"])
    assert table["outcome"].is_monotonic_decreasing
    cells = region_channel_table(fitted)
    np.testing.assert_allclose(
        cells.groupby("channel")["contribution"].sum(),
        fitted.contributions_[sorted(fitted.media_columns_)].sum(),
    )
    media = cells.groupby("region")["share_of_outcome"].sum()
    np.testing.assert_allclose(media[table["region"]], table["media_share"])


def test_depth_follows_the_longest_path():
    names = list("abcd")
    weights = pd.DataFrame(np.zeros((4, 4)), names, names)
    weights.loc["a", ["b", "c"]] = weights.loc["b", "c"] = -1.0
    assert topological_depth(weights) == {"a": 0, "b": 1, "c": 2, "d": 0}
    weights.loc["c", "a"] = 1.0
    with pytest.raises(ValueError, match="cycle"):
        topological_depth(weights)


def test_graph_tables_hold_every_edge(fitted):
    nodes, edges = graph_tables(fitted)
    assert len(edges) == (fitted.dag_ != 0).to_numpy().sum()
    depth = nodes.set_index("channel")["depth"]
    assert (depth[edges["to"]].to_numpy() > depth[edges["from"]].to_numpy()).all()


def test_lagged_edges(panel, make_regressor):
    X, y, _ = panel
    graph = ChannelGraph(n_lags=1)
    mmm = make_regressor(max_epochs=2, graph=graph, validation=False).fit(X, y)
    mmm.dag_lagged_.loc[(1, "tv"), "search"] = 0.25
    edges = graph_tables(mmm).edges
    late = edges[edges["lag"] == 1].set_index(["from", "to"])
    assert late.loc[("tv", "search"), "weight"] == 0.25
    assert np.isnan(late.loc[("tv", "search"), "strength"])


def test_training_tables(fitted):
    epochs, chosen = training_tables(fitted)
    assert epochs["epoch"].tolist() == list(range(1, len(epochs) + 1))
    assert epochs["seconds"].is_monotonic_increasing
    assert dict(zip(chosen["name"], chosen["value"], strict=True)) == pytest.approx(
        fitted.hyperparameters_
    )


def test_diagnose_names_carry_over_that_is_cut_off(fitted):
    flat = copy(fitted)
    flat.adstock_ = fitted.adstock_.copy()
    flat.adstock_.iloc[:] = np.eye(flat.adstock_.shape[1])[0]
    assert not diagnose(flat)["message"].str.contains("has not faded").any()
    flat.adstock_.loc["tv"] = 1 / flat.adstock_.shape[1]
    messages = diagnose(flat)["message"]
    (line,) = messages[messages.str.contains("has not faded")]
    assert "8 time steps: tv. " in line
    assert "max_lag" in line


def test_no_share_of_what_larger_parts_leave(fitted):
    own = copy(fitted)
    parts = fitted.contributions_.copy()
    media = parts[fitted.media_columns_].sum(axis=1)
    parts["baseline"] = -0.99 * media
    parts[fitted.control_columns_] = 0.0
    own.contributions_ = parts
    assert region_channel_table(own)["share_of_outcome"].isna().all()
    assert region_table(own)["media_share"].isna().all()
