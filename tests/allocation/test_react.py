"""Channels that react: every answer about money goes through the same graph."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import (
    ChannelGraph,
    DeepCausalMMMRegressor,
    allocate_budget,
    simulate,
)
from sklearn_mmm.allocation import (
    budget_at_marginal_roi,
    budget_frontier,
    minimize_spend,
)
from sklearn_mmm.datasets import make_mmm


@pytest.fixture(scope="module")
def world():
    return make_mmm(6, 70, 3, graph=True, random_state=1)


@pytest.fixture(scope="module")
def mmm(world):
    X, y, truth = world
    parent, child = np.argwhere(truth.graph.to_numpy() != 0)[0]
    names = truth.media_columns
    graph = ChannelGraph(required_edges=[(names[parent], names[child])], n_resamples=4)
    return DeepCausalMMMRegressor(
        names,
        truth.control_columns,
        "region",
        "week",
        graph=graph,
        validation=False,
        time_varying=False,
        n_members=4,
        max_epochs=60,
        random_state=0,
    ).fit(X, y)


@pytest.fixture(scope="module")
def edge(mmm):
    parent, child = np.argwhere(mmm.dag_.to_numpy() != 0)[0]
    return mmm.media_columns_[parent], mmm.media_columns_[child]


def test_a_channel_switched_off_loses_its_total_effect(world, mmm, edge):
    X, parent = world[0], edge[0]

    def lost_in_rows(react):
        off = simulate(mmm, X, {parent: 0.0}, react=react)
        return (off.outcome - off.planned_outcome).sum()

    total = mmm.effects("total").loc[parent, "contribution"]
    assert lost_in_rows("graph") == pytest.approx(-total, rel=1e-6)
    direct = mmm.effects().loc[parent, "contribution"]
    assert lost_in_rows("none") == pytest.approx(-direct, rel=1e-6)


def test_what_reactions_spend_is_in_the_totals(world, mmm, edge):
    X, (parent, child) = world[0], edge
    more = simulate(mmm, X, {parent: 1.2}, react="graph")
    assert more.by_channel.loc[child, "changed_spend"] != pytest.approx(X[child].sum())
    assert more.total["changed_spend"] == pytest.approx(
        more.by_channel["changed_spend"].sum()
    )
    # One unit more of the parent's media, once carried over, is dag_ of the child's.
    scale = mmm.media_scale_.loc[X["region"]].to_numpy()
    names = mmm.media_columns_
    first = X["week"] == X["week"].min()
    single = X[[parent]].copy()
    single.loc[first, parent] *= 1.1
    moved = simulate(mmm, X, single, react=[child]).spend[child] - X[child]
    p, c = names.index(parent), names.index(child)
    by_hand = 0.1 * X.loc[first, parent] / scale[first, p]
    by_hand = by_hand * mmm.dag_.iloc[p, c] * mmm.adstock_.iloc[p, 0]
    np.testing.assert_allclose(moved[first], by_hand * scale[first, c], rtol=1e-6)


def test_channels_that_are_held_stay_as_planned(world, mmm, edge):
    X, (parent, child) = world[0], edge
    held = simulate(mmm, X, {parent: 0.5}, react=[parent])
    none = simulate(mmm, X, {parent: 0.5})
    pd.testing.assert_frame_equal(held.spend, none.spend)
    assert held.total["difference"] == none.total["difference"]
    listed = simulate(mmm, X, {parent: 0.5}, react=[child])
    assert (listed.spend[child] != X[child]).any()


def test_gradients_through_the_graph_are_exact(world, mmm):
    X = world[0].iloc[:140]
    plan = mmm.media_plan(X, react="graph")
    rng = np.random.default_rng(0)
    spend = plan.spend * rng.uniform(0.95, 1.2, plan.spend.shape)
    step = rng.normal(size=spend.shape) * plan.spend
    for question in (plan.value_and_gradient, plan.cost_and_gradient):
        slope = (question(spend)[1] * step).sum()
        h = 1e-5
        ends = [question(spend + sign * h * step)[0] for sign in (1, -1)]
        assert (ends[0] - ends[1]) / (2 * h) == pytest.approx(slope, rel=1e-4)


def test_all_answers_agree(world, mmm):
    X = world[0]
    best = allocate_budget(mmm, X, react="graph", n_starts=1)
    assert best.total == pytest.approx(best.planned_total)
    again = simulate(mmm, X, best.spend, react="graph")
    assert again.total["difference"] == pytest.approx(best.gain, rel=1e-6)
    assert again.total["changed_spend"] == pytest.approx(best.spent)
    assert best.spent != pytest.approx(best.total, rel=1e-6)
    frontier = budget_frontier(mmm, X, [best.total], react="graph", n_starts=1)
    assert frontier["outcome"].iloc[0] == pytest.approx(best.outcome, rel=1e-6)
    same = allocate_budget(mmm, X, n_starts=1)
    assert same.spent == pytest.approx(same.total)
    plan = mmm.media_plan(X, react="graph")
    blind = plan.value_and_gradient(same.spend.to_numpy())[0]
    seeing = plan.value_and_gradient(best.spend.to_numpy())[0]
    assert seeing >= blind * (1 - 1e-9)


def test_the_other_way_round_reacts_too(world, mmm):
    X = world[0]
    bounds = (0.7, 1.3)
    best = allocate_budget(mmm, X, bounds=bounds, react="graph", n_starts=1)
    cheap = minimize_spend(
        mmm, X, best.planned_outcome, bounds=bounds, react="graph", n_starts=1
    )
    assert cheap.total < cheap.planned_total
    assert cheap.outcome == pytest.approx(best.planned_outcome, rel=1e-6)
    level = float(best.channels["marginal_roi"].median())
    profit = budget_at_marginal_roi(
        mmm, X, level, bounds=bounds, react="graph", n_starts=1
    )
    plan = mmm.media_plan(X, react="graph")
    value, _ = plan.value_and_gradient(profit.spend.to_numpy())
    cost, _ = plan.cost_and_gradient(profit.spend.to_numpy())
    assert profit.objective == pytest.approx(value / level - cost, rel=1e-9)


def test_reactions_are_bought_at_rising_prices(world, mmm, edge):
    X, (parent, child) = world[0], edge
    priced = {parent: 0.3, child: 0.2}
    options = {"react": "graph", "target": "profit", "margin": 1.0, "n_starts": 2}
    locked = [name for name in mmm.media_columns_ if name != parent]
    bounds = {parent: (0.2, 3)}
    found = allocate_budget(
        mmm, X, bounds=bounds, locked=locked, price_elasticity=priced, **options
    )
    plan = mmm.media_plan(X, react="graph")
    power = np.array([1 - priced.get(name, 0.0) for name in mmm.media_columns_])
    reference = np.where(plan.spend > 0, plan.spend, _usual(plan))
    place = mmm.media_columns_.index(parent)

    def profit(factor):
        spend = plan.spend.copy()
        spend[:, place] *= factor
        bought = reference * (spend / reference) ** power
        # A channel that reacts pays its own price for what it then has.
        bought_then = plan.reacted(bought)
        cost = reference * (bought_then / reference) ** (1 / power)
        return plan.value_and_gradient(bought)[0] - cost.sum()

    grid = np.linspace(0.2, 3, 281)
    values = [profit(factor) for factor in grid]
    own = found.table.set_index("channel").loc[parent, "spend"]
    assert own / plan.spend[:, place].sum() == pytest.approx(
        grid[int(np.argmax(values))], abs=0.011
    )
    assert found.objective >= max(values) - 1e-6 * abs(max(values))


def _usual(plan):
    """Return the mean spend of each channel where it spends."""
    return plan.spend.sum(axis=0) / (plan.spend > 0).sum(axis=0)


def test_edges_come_and_go_in_the_intervals(world, mmm, edge):
    X, parent = world[0], edge[0]
    wide = simulate(mmm, X, {parent: 0.0}, react="graph").total
    assert wide["low"] <= wide["difference"] <= wide["high"]
    assert wide["low"] < wide["high"]
    plans = mmm.member_plans(X, react="graph")
    drawn = {plan.influence.weights.tobytes() for plan in plans if plan.influence}
    assert len(drawn) > 1


@pytest.mark.parametrize("react", ["all", ["radio"]])
def test_bad_reactions(world, mmm, react):
    with pytest.raises(ValueError, match="react"):
        simulate(mmm, world[0], {}, react=react)
