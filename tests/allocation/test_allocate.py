import numpy as np
import pandas as pd
import pytest
from scipy.optimize import LinearConstraint, differential_evolution

from sklearn_mmm import allocate_budget, budget_frontier, simulate
from sklearn_mmm.allocation import budget_at_marginal_roi, minimize_spend

LEVELS = ["channel", "channel×region", "channel×week"]


@pytest.fixture(scope="module")
def plan(panel):
    """Return rows of the past that others follow."""
    X, _, _ = panel
    return X[X["week"].isin(X["week"].unique()[40:53])]


@pytest.fixture(scope="module")
def members(panel, make_regressor):
    X, y, _ = panel
    return [
        make_regressor(max_epochs=60, l2=l2, validation=False).fit(X, y)
        for l2 in (0.3, 1.0, 3.0)
    ]


@pytest.mark.parametrize("by", LEVELS)
def test_an_optimum_keeps_to_the_limits_and_equalises_marginal_roi(fitted, plan, by):
    result = allocate_budget(fitted, plan, by=by, bounds=(0.2, 3))
    table = result.table
    assert result.status == "optimal"
    assert result.total == pytest.approx(result.planned_total, rel=1e-9)
    assert result.max_violation <= 1e-6
    assert result.kkt_residual <= 1e-3
    assert (table["spend"] >= table["low"] * (1 - 1e-9)).all()
    assert (table["spend"] <= table["high"] * (1 + 1e-9)).all()
    inside = table["at_bound"] == ""
    moved = inside & (table["planned"] > 0)
    np.testing.assert_allclose(table["marginal_roi"][moved], result.price, rtol=1e-2)
    assert result.gain > 0
    # What is promised is what the model says of the new plan.
    changed = simulate(fitted, plan, result.spend)
    assert changed.total["difference"] == pytest.approx(result.gain, rel=1e-9)
    assert changed.total["changed"] == pytest.approx(result.outcome, rel=1e-12)
    np.testing.assert_allclose(result.channels["spend"], result.spend.sum())
    new = plan.assign(**result.spend)
    assert fitted.decompose(new).to_numpy().sum() <= result.outcome


def test_finer_decisions_bring_more(fitted, plan):
    gains = [allocate_budget(fitted, plan, by=by).gain for by in LEVELS]
    assert gains[1] >= gains[0] * (1 - 1e-9)
    assert gains[2] >= gains[0] * (1 - 1e-9)
    named = allocate_budget(fitted, plan, by="channel*region")
    assert named.gain == pytest.approx(gains[1])


def test_is_as_good_as_a_global_search(fitted, plan):
    ours = allocate_budget(fitted, plan, bounds=(0, 3))
    media = fitted.media_plan(plan)
    share = media.spend.sum(0) / media.spend.sum()
    other = differential_evolution(
        lambda f: -media.value_and_gradient(media.spend * f)[0],
        [(0, 3)] * 3,
        constraints=LinearConstraint(share[None], 1 - 1e-6, 1 + 1e-6),
        seed=0,
        maxiter=60,
        popsize=8,
        polish=False,
    )
    assert ours.objective >= -other.fun * (1 - 1e-5)


def test_bounds_groups_locks_and_limits_hold(fitted, plan):
    channels = fitted.media_columns_
    spend = plan[channels].sum()
    share = spend[["search", "social"]].sum() / spend.sum() - 0.05
    result = allocate_budget(
        fitted,
        plan,
        bounds={"search": (0.9, 1.1)},
        groups={"digital": {"channels": ["search", "social"], "max_share": share}},
        by="channel×region",
    )
    change = result.table.set_index("channel")["change"]
    assert change["search"].abs().max() <= 0.1 + 1e-9
    spend = result.channels["spend"]
    assert spend[["search", "social"]].sum() <= (share + 1e-9) * spend.sum()
    locked = allocate_budget(fitted, plan, locked=["search"])
    assert locked.channels.loc["search", "spend"] == pytest.approx(
        locked.channels.loc["search", "planned"]
    )
    planned = locked.channels["planned"]
    least = 1.2 * planned["social"]
    for by in ("channel", "channel×week"):
        limited = allocate_budget(
            fitted, plan, by=by, spend_limits={"social": (least, np.inf)}
        )
        assert limited.channels.loc["social", "spend"] >= least * (1 - 1e-9)
    group = {"channels": channels[:2], "min_share": 0.1, "min_spend": planned.sum() / 2}
    result = allocate_budget(fitted, plan, groups={"first": group})
    assert result.channels["spend"][channels[:2]].sum() >= 0.5 * planned.sum() - 1e-6


def test_total_and_its_price(fitted, plan):
    planned = fitted.media_plan(plan).spend.sum()
    # Bounds are multiples of the plan scaled to the total, unless they are given.
    less = allocate_budget(fitted, plan, total=0.3 * planned)
    assert less.total == pytest.approx(0.3 * planned)
    multiple = less.channels["spend"] / (0.3 * less.channels["planned"])
    assert multiple.between(0.5 - 1e-9, 1.5 + 1e-9).all()
    assert multiple.max() > 1.01
    bounds = allocate_budget(fitted, plan, bounds=(0, 3))
    further = allocate_budget(fitted, plan, bounds=(0, 3), total=1.001 * planned)
    slope = (further.outcome - bounds.outcome) / (0.001 * planned)
    assert bounds.price == pytest.approx(slope, rel=0.02)


def test_profit_spends_until_the_last_unit_pays(fitted, plan):
    result = allocate_budget(fitted, plan, bounds=(0, 5), target="profit", margin=0.4)
    inside = result.table["at_bound"] == ""
    np.testing.assert_allclose(
        0.4 * result.table["marginal_roi"][inside], 1.0, rtol=1e-3
    )
    same = budget_at_marginal_roi(fitted, plan, 2.5, bounds=(0, 5))
    assert same.total == pytest.approx(result.total, rel=1e-4)
    capped = allocate_budget(
        fitted, plan, total=0.5 * result.total, bounds=(0, 5), target="profit"
    )
    assert capped.total <= 0.5 * result.total * (1 + 1e-9)


def test_least_spend_reaches_the_outcome_and_less_does_not(fitted, plan):
    planned = allocate_budget(fitted, plan, bounds=(1, 1)).planned_outcome
    result = minimize_spend(fitted, plan, planned, bounds=(0, 2))
    assert result.outcome == pytest.approx(planned, rel=1e-6)
    assert result.total < result.planned_total
    less = allocate_budget(fitted, plan, total=0.999 * result.total, bounds=(0, 2))
    assert less.outcome < planned
    with pytest.raises(ValueError, match="not reached"):
        minimize_spend(fitted, plan, 10 * planned, bounds=(0, 2))
    nothing = minimize_spend(fitted, plan, 0.0, bounds=(0, 2))
    assert nothing.total == pytest.approx(0.01 * result.planned_total)


def test_frontier_rises(fitted, plan):
    frontier = budget_frontier(fitted, plan, verbose=0)
    assert len(frontier) == 11
    assert frontier["outcome"].is_monotonic_increasing
    assert (frontier["status"] == "optimal").all()
    spend = frontier.filter(like="spend_").sum(axis=1)
    np.testing.assert_allclose(spend, frontier["total"])
    with pytest.raises(ValueError, match="of outcomes"):
        budget_frontier(fitted, plan, target="profit")


def test_risk_raises_the_lower_quantile_over_members(
    fitted, with_members, plan, members
):
    options = {"members": members, "bounds": (0.3, 2), "coverage": 0.8}
    plain = allocate_budget(fitted, plan, **options)
    careful = allocate_budget(fitted, plan, risk=0.1, **options)
    low, high = careful.gain_interval
    assert low <= high
    plans = [m.media_plan(plan) for m in members]
    quantile = [
        np.quantile([p.value_and_gradient(r.spend.to_numpy())[0] for p in plans], 0.0)
        for r in (plain, careful)
    ]
    assert quantile[1] >= quantile[0]
    assert allocate_budget(with_members, plan, members=[]).outcome_interval is None
    assert allocate_budget(fitted, plan).outcome_interval is None
    own = allocate_budget(with_members, plan)
    assert own.outcome_interval[0] < own.outcome_interval[1]
    assert allocate_budget(with_members, plan, risk=0.1).status == "optimal"
    frontier = budget_frontier(
        fitted, plan, [plan[fitted.media_columns_].sum().sum()], members=members
    )
    assert (frontier["low"] <= frontier["high"]).all()


def test_starts_and_seeds(fitted, plan):
    one = allocate_budget(fitted, plan, n_starts=1)
    many = allocate_budget(fitted, plan, n_starts=5, random_state=1)
    again = allocate_budget(fitted, plan, n_starts=5, random_state=1)
    assert many.objective >= one.objective * (1 - 1e-9)
    pd.testing.assert_frame_equal(many.table, again.table)
    assert "BudgetAllocation(optimal" in repr(many)


def test_future_plan_of_one_unplanned_channel(fitted, panel):
    X, _, _ = panel
    future = X[X["week"] >= X["week"].unique()[-8]].assign(tv=0.0)
    kept = allocate_budget(fitted, future)
    assert kept.channels.loc["tv", "spend"] == 0
    assert np.isnan(kept.channels.loc["tv", "roi"])
    budget = future[["search", "social"]].sum().sum()
    opened = allocate_budget(
        fitted, future, spend_limits={"tv": (0.2 * budget, 0.4 * budget)}
    )
    assert opened.channels.loc["tv", "spend"] >= 0.2 * budget * (1 - 1e-9)
    assert (opened.spend["tv"] > 0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"total": -1.0}, "total=-1.0"),
        ({"total": 0}, "total=0"),
        ({"total": np.nan}, "total=nan"),
        ({"bounds": {"tv": (1.2, 0.8)}}, "bounds of 'tv'"),
        ({"bounds": {"tv": 1.2}}, "pair"),
        ({"bounds": (-0.1, 1.2)}, "0 <= low"),
        ({"bounds": {"radio": (1, 2)}}, "unknown channels"),
        ({"locked": ["radio"]}, "unknown channels"),
        ({"locked": "tv"}, "list of channels"),
        ({"bounds": (0, 0.5)}, "total = .*missed by"),
        ({"bounds": {"tv": (1, 1.1)}, "spend_limits": {"tv": (0, 1)}}, "exclude"),
        ({"groups": {"a": {"channels": ["tv"], "max_share": 0.01}}}, "share of a"),
        ({"groups": {"a": {"channels": ["tv"], "share": 0.01}}}, "at least one of"),
        ({"groups": {"a": {"channels": ["tv"], "max_share": 2}}}, "at most 1"),
        ({"by": "region"}, "by='region'"),
        ({"target": "sales"}, "target='sales'"),
        ({"target": "profit", "margin": 0}, "margin=0"),
        ({"risk": 0.1, "members": []}, "members"),
        ({"risk": 0.9}, "risk=0.9"),
        ({"coverage": 2}, "coverage"),
        ({"n_starts": 0}, "n_starts"),
    ],
)
def test_bad_parameters(fitted, plan, options, message):
    with pytest.raises(ValueError, match=message):
        allocate_budget(fitted, plan, **options)


def test_bad_plans(fitted, plan, panel, make_regressor):
    X, y, _ = panel
    with pytest.raises(ValueError, match="0 sample"):
        allocate_budget(fitted, plan.iloc[:0])
    with pytest.raises(ValueError, match="'tv'"):
        allocate_budget(fitted, plan.assign(tv=np.nan))
    with pytest.raises(ValueError, match="plan is empty"):
        allocate_budget(fitted, plan.assign(tv=0.0, search=0.0, social=0.0))
    other = make_regressor(max_epochs=5, validation=False).set_params(
        media_columns=["tv", "search"]
    )
    with pytest.raises(ValueError, match="same columns"):
        allocate_budget(fitted, plan, members=[other.fit(X, y)])
    with pytest.raises(ValueError, match="marginal_roi=0"):
        budget_at_marginal_roi(fitted, plan, 0)
    with pytest.raises(ValueError, match="outcome=nan"):
        minimize_spend(fitted, plan, np.nan)


def test_a_channel_never_bought_in_a_region_is_extrapolated_there(
    panel, make_regressor
):
    X, y, _ = panel
    region = X["region"].iloc[0]
    silent = X.assign(tv=X["tv"].where(X["region"] != region, 0.0))
    mmm = make_regressor(max_epochs=5, validation=False, graph=False).fit(silent, y)
    plan = X[X["week"].isin(X["week"].unique()[-8:])].assign(tv=1.0)
    found = simulate(mmm, plan, {"tv": 2.0}).extrapolated
    assert (found["tv"] == (plan["region"] == region)).all()
