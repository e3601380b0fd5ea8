"""What an outcome is worth: the model counts orders, and answers are in money."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_mmm import (
    DeepCausalMMMRegressor,
    allocate_budget,
    budget_frontier,
    check_data,
    load,
    make_future,
    minimize_spend,
    plan_experiments,
    simulate,
)
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.exceptions import AssumptionWarning
from sklearn_mmm.inspection import (
    channel_summary,
    control_table,
    diagnose,
    media_total,
    placebo_test,
    region_channel_table,
    region_table,
    robustness_table,
    roi_table,
    saturation_table,
    spend_table,
    training_rows,
    waterfall_table,
)

WORTH = 37.3
PRIORS = {
    "tv": {"roi": (30.0, 3.0)},
    "search": {"marginal_roi": (40.0, 4.0), "contribution": (0.05, 0.01)},
}


@pytest.fixture(scope="module")
def panel():
    X, y, truth = make_mmm(2, 60, 2, 1, random_state=1)
    week = X.groupby("region").cumcount()
    dear = X["region"] == "region_2"
    worth = np.where(dear, 60.0, 20.0) * (1 + 0.3 * np.sin(week / 9))
    keys = {
        "media_columns": truth.media_columns,
        "control_columns": truth.control_columns,
        "region_column": "region",
        "time_column": "week",
        "random_state": 0,
        "validation": False,
        "time_varying": False,
        "n_members": 3,
    }
    return X, y, worth, keys


@pytest.fixture(scope="module")
def constant(panel):
    """Orders that are worth the same everywhere, and their revenue."""
    X, y, _, keys = panel
    keys = keys | {"priors": PRIORS, "graph": False}
    return (
        DeepCausalMMMRegressor(**keys, outcome_value=WORTH).fit(X, y),
        DeepCausalMMMRegressor(**keys).fit(X, y * WORTH),
    )


@pytest.fixture(scope="module")
def valued(panel):
    """Orders whose worth differs by region and week; and the table."""
    X, y, worth, keys = panel
    X = X.assign(ltv=worth)
    return DeepCausalMMMRegressor(**keys, outcome_value="ltv").fit(X, y), X


def close(a, b, rtol=1e-6):
    np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-9)


TABLES = [
    media_total,
    channel_summary,
    control_table,
    waterfall_table,
    roi_table,
    spend_table,
    region_table,
    region_channel_table,
    robustness_table,
    saturation_table,
]


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_those_of_a_fit_of_revenue(constant, table):
    orders, revenue = (table(mmm) for mmm in constant)
    if isinstance(orders, pd.Series):
        orders, revenue = orders.to_frame(), revenue.to_frame()
    assert list(orders.columns) == list(revenue.columns)
    numbers = orders.select_dtypes("number").columns
    close(orders[numbers], revenue[numbers])


def test_findings_are_those_of_a_fit_of_revenue(constant):
    orders, revenue = (diagnose(mmm) for mmm in constant)
    pd.testing.assert_frame_equal(orders, revenue)


def test_effects_curves_and_plans_are_those_of_a_fit_of_revenue(constant, panel):
    X = panel[0]
    orders, revenue = constant
    for kind in ("direct", "total"):
        found = orders.effects(kind, coverage=0.9)
        close(found["outcome"] * WORTH, found["contribution"])
        found = found.drop(columns="outcome")
        close(found, revenue.effects(kind, coverage=0.9))
    names = ["spend", "response", "marginal_response", "low", "high"]
    close(orders.response_curves_[names], revenue.response_curves_[names])
    points = (m.saturation_points().drop(columns="channel") for m in constant)
    close(*points)
    close(*(simulate(m, X, {"tv": 1.3}).total for m in constant))
    one, other = (allocate_budget(m, X) for m in constant)
    close(one.outcome, other.outcome)
    close(one.gain, other.gain, 1e-3)
    close(one.channels["marginal_roi"], other.channels["marginal_roi"], 1e-3)
    goal = 1.002 * one.planned_outcome
    close(*(minimize_spend(m, X, goal).total for m in constant), 1e-3)
    close(*(budget_frontier(m, X, [5e4])["outcome"] for m in constant))


def test_outcome_units_stay_those_of_the_outcome(constant, panel):
    X, y, *_ = panel
    orders, revenue = constant
    close(orders.predict(X) * WORTH, revenue.predict(X))
    close(orders.contributions_ * WORTH, revenue.contributions_)
    close(orders.decompose(X) * WORTH, revenue.decompose(X))
    close(orders.regional_effect_ * WORTH, revenue.regional_effect_)
    assert orders.outcome_.tolist() == y.tolist()


def test_tests_are_read_off_the_outcome_and_worth_money(constant):
    found = []
    for mmm in constant:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AssumptionWarning)
            future = make_future(mmm, 8, like=training_rows(mmm))
        found.append(plan_experiments(mmm, future, durations=[4]).set_index("channel"))
    orders, revenue = (t.sort_values(["kind", "std_error", "channel"]) for t in found)
    in_units = ["expected_lift", "std_error", "minimal_detectable_lift"]
    close(orders[in_units] * WORTH, revenue[in_units])
    close(orders[["cost", "power"]], revenue[["cost", "power"]])


def test_a_column_of_one_number_is_that_number(constant, panel):
    X, y, _, keys = panel
    keys = keys | {"priors": PRIORS, "graph": False, "media_columns": None}
    mmm = DeepCausalMMMRegressor(**keys, outcome_value="ltv").fit(
        X.assign(ltv=WORTH), y
    )
    assert mmm.media_columns_ == ["tv", "search"]
    pd.testing.assert_frame_equal(mmm.effects(), constant[0].effects())


def test_money_is_the_sum_of_worth_times_contribution(valued, panel):
    mmm, X = valued
    worth, channels = panel[2], mmm.media_columns_
    money = mmm.contributions_[channels].mul(worth, axis=0)
    found = mmm.effects("direct", coverage=0.9)
    close(found["contribution"], money.sum())
    close(found["outcome"], mmm.contributions_[channels].sum())
    close(found["roi"], money.sum() / X[channels].sum())
    by_region = mmm.effects("direct", by="channel×region")
    close(
        by_region["contribution"].to_numpy().reshape(2, 2).T,
        money.groupby(X["region"]).sum(),
    )
    assert (found["low"] <= found["contribution"]).all()
    close(media_total(mmm)["outcome"], (mmm.predict(X) * worth).sum())
    attributed = mmm.effects("total")["attributed"].sum()
    close(attributed, found["contribution"].sum())


def test_marginal_roi_is_the_derivative_of_the_money(valued):
    mmm, X = valued
    step, worth = 1e-5, X["ltv"].to_numpy()
    more = X.assign(tv=X["tv"] * (1 + step))
    gain = ((mmm.decompose(more) - mmm.decompose(X))["tv"] * worth).sum()
    expected = gain / (step * X["tv"].sum())
    assert mmm.effects("direct")["marginal_roi"]["tv"] == pytest.approx(expected, 1e-3)


def test_simulation_and_budget_are_in_money(valued):
    mmm, X = valued
    worth, more = X["ltv"].to_numpy(), X.assign(tv=X["tv"] * 1.2)
    result = simulate(mmm, X, {"tv": 1.2})
    gain = ((mmm.predict(more) - mmm.predict(X)) * worth).sum()
    after = result.by_time.loc["after", "difference"]
    close(result.total["difference"], gain + after)
    close(result.outcome, mmm.predict(more) * worth)
    best = allocate_budget(mmm, X)
    rows = (mmm.predict(best.plan) * worth).sum()
    close(
        best.outcome,
        rows + mmm.media_plan(X).after(best.spend.to_numpy(copy=True)).sum(),
    )


def test_after_the_last_row_an_outcome_is_worth_as_much_as_there(valued):
    mmm, X = valued
    plan = mmm.media_plan(X)
    later, units = plan.after(plan.spend), plan.in_outcome_units()
    last = X.groupby("region")["ltv"].last().to_numpy()
    close(later, units.after(plan.spend) * last[:, None])
    close(plan.organic, units.organic * X["ltv"])


def test_curves_are_of_the_mean_row(valued):
    mmm, X = valued
    curves = mmm.response_curves("channel×region", n_points=3)
    top = curves.groupby(["channel", "region"])["response"].max().unstack("channel")
    usual = DeepCausalMMMRegressor(**_plain(mmm)).fit(X, mmm.outcome_)
    plain = usual.response_curves("channel×region", n_points=3)
    units = plain.groupby(["channel", "region"])["response"].max().unstack("channel")
    close(top, units.mul(X.groupby("region")["ltv"].mean(), axis=0))


def _plain(mmm):
    return mmm.get_params() | {"outcome_value": None}


def test_a_fit_with_a_worth_is_the_fit_without(valued):
    mmm, X = valued
    other = DeepCausalMMMRegressor(**_plain(mmm)).fit(X, mmm.outcome_)
    pd.testing.assert_frame_equal(mmm.contributions_, other.contributions_)
    pd.testing.assert_frame_equal(mmm.dag_, other.dag_)
    assert (other.outcome_value_ == 1).all()
    assert other.outcome_value_column_ is None
    assert "outcome" not in other.effects()


def test_lift_tests_are_in_outcome_units(valued, panel):
    mmm, X = valued
    start = X["week"][X["tv"].idxmax()]
    lift = float(mmm.contributions_["tv"][X["week"] == start].sum())
    test = pd.DataFrame(
        {"channel": ["tv"], "start": start, "end": start, "lift": 0.9 * lift}
    ).assign(std_error=0.1 * lift)
    keys = panel[3] | {"n_members": 0, "graph": False}
    fits = [
        DeepCausalMMMRegressor(**keys, outcome_value=value).fit(
            X.drop(columns=[] if value else "ltv"), mmm.outcome_, lift_tests=test
        )
        for value in ("ltv", None)
    ]
    found = [fit.lift_test_fit_ for fit in fits]
    pd.testing.assert_frame_equal(*found)


@pytest.mark.filterwarnings("ignore::sklearn_mmm.exceptions.AssumptionWarning")
def test_rows_to_come_are_worth_what_is_assumed_or_said(valued):
    mmm, X = valued
    with pytest.warns(AssumptionWarning, match="ltv"):
        future, known = make_future(mmm, 4, return_ranges=True)
    last = X.groupby("region")["ltv"].last()
    close(future.groupby("region")["ltv"].first(), last)
    # What outcomes may be worth is among what was assumed, and all are in money.
    shift = known.loc["ltv", "high"] - known.loc["ltv", "value"]
    assert shift > 0
    close(known.loc["ltv", "outcome_high"], mmm.predict(future).sum() * shift)
    shift = known.loc["price", "low"] - known.loc["price", "value"]
    moved = mmm.predict(future.assign(price=future["price"] + shift))
    money = ((moved - mmm.predict(future)) * future["ltv"]).sum()
    close(known.loc["price", "outcome_low"], money)
    said, ranges = make_future(mmm, 4, controls={"ltv": 50.0}, return_ranges=True)
    assert (said["ltv"] == 50).all()
    assert "ltv" not in ranges.index
    plan = mmm.media_plan(said)
    close(plan.contributions(plan.spend), mmm.decompose(said)[plan.channels] * 50)
    with pytest.raises(ValueError, match="outcome_value column 'ltv' is 0 in all rows"):
        mmm.media_plan(said.assign(ltv=0.0))
    close(mmm.predict(said.assign(ltv=0.0)), mmm.predict(said))


def test_more_rows_and_files_keep_what_outcomes_are_worth(valued, tmp_path):
    mmm, X = valued
    early = X["week"] < X["week"].max() - pd.Timedelta("28D")
    y = mmm.outcome_
    model = DeepCausalMMMRegressor(**mmm.get_params()).fit(X[early], y[early])
    model.partial_fit(X[~early], y[~early])
    order = [*np.flatnonzero(early), *np.flatnonzero(~early)]
    assert model.outcome_value_.tolist() == X["ltv"].iloc[order].tolist()
    again = load(model.save(tmp_path / "orders.mmm"))
    pd.testing.assert_frame_equal(again.effects(), model.effects())
    assert again.outcome_value_column_ == "ltv"
    rows = training_rows(again, 3)
    close(rows["ltv"], X.groupby("region").tail(3)["ltv"])


def test_pipelines_arrays_and_polars(valued, panel):
    pl = pytest.importorskip("polars")
    mmm, X = valued
    y, keys = mmm.outcome_.to_numpy(), mmm.get_params() | {"graph": False}
    keys["n_members"] = 0
    usual = DeepCausalMMMRegressor(**keys).fit(X, y).effects()
    of_polars = DeepCausalMMMRegressor(**keys).fit(pl.DataFrame(X), y)
    pd.testing.assert_frame_equal(of_polars.effects(), usual)
    names = {"media_columns": [2, 3], "control_columns": [4], "outcome_value": [-1]}
    array = keys | names | {"region_column": 0, "time_column": 1}
    of_array = DeepCausalMMMRegressor(**array).fit(X.to_numpy(object), y)
    assert of_array.outcome_value_column_ == "x5"
    close(of_array.effects(), usual)
    same = FunctionTransformer().set_output(transform="pandas")
    pipe = make_pipeline(same, DeepCausalMMMRegressor(**keys)).fit(X, y)
    close(allocate_budget(pipe, X).gain, allocate_budget(of_polars, X).gain)
    found = placebo_test(of_array, X.to_numpy(object), y, kinds=["noise"])
    brought = found["contribution"] / (y * X["ltv"]).sum()
    close(found["share"], brought)


@pytest.mark.parametrize(
    ("given", "change", "message"),
    [
        ("lvt", {}, "outcome_value: X has no column 'lvt'"),
        ("tv", {}, "'tv' is a media column and has another role"),
        ("week", {}, "column 'week' has another role as well"),
        ("price", {}, "'price' is a control column"),
        ("ltv", {"ltv": -1.0}, "'ltv' has 120 negative values, first -1 in row 0"),
        ("ltv", {"ltv": np.nan}, "outcome_value column 'ltv' has 120 such values"),
        ("ltv", {"ltv": "many"}, "outcome_value column 'ltv' holds text"),
        ("ltv", {"ltv": 0.0}, "outcome_value column 'ltv' is 0 in all rows"),
        (0, {}, "got outcome_value=0"),
        (-3.0, {}, r"got outcome_value=-3\.0"),
        (1e200, {}, r"outcome_value is 1e\+200.*larger unit"),
        (np.inf, {}, "outcome_value"),
        (True, {}, "outcome_value"),
        (["ltv", "tv"], {}, r"outcome_value names the columns \['ltv', 'tv'\]"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(valued, panel, given, change, message):
    X = valued[1].assign(**change)
    mmm = DeepCausalMMMRegressor(**panel[3], outcome_value=given)
    with pytest.raises(ValueError, match=message):
        mmm.fit(X, panel[1])


def test_data_are_checked_with_their_worth(valued, panel):
    X, y = valued[1].copy(), panel[1]
    keys = None, ["price"], "region", "week"
    clean = check_data(X, y, *keys, outcome_value="ltv")
    assert not (clean["severity"] == "stops").any()
    X.loc[3, "ltv"] = -2.0
    found = check_data(X, y, *keys, outcome_value="ltv")
    assert found["check"].tolist()[0] == "negative worth"
    assert "'ltv'" in found["where"][0]


def test_a_truth_says_what_a_regressor_is_to_be_told():
    further = {"n_organic": 1, "n_reach_frequency": 1, "n_brands": 2}
    groups = {"search": ["own_name", "generic"]}
    X, y, truth = make_mmm(
        2, 60, 2, **further, channel_groups=groups, outcome_value=True, random_state=0
    )
    roles = ["media_columns", "control_columns", "region_column", "time_column"]
    roles += ["organic_columns", "spend_columns", "reach_frequency"]
    roles += ["channel_groups", "control_reference", "outcome_value"]
    mmm = DeepCausalMMMRegressor(
        **{name: truth[name] for name in roles},
        n_members=0,
        validation=False,
        graph=False,
        random_state=0,
    ).fit(X, y)
    assert sorted(mmm.media_columns_) == sorted(truth.contributions)
    table = mmm.effects()
    money = mmm.contributions_[table.index].mul(X["value"], axis=0).sum()
    close(table["contribution"], money)
    assert table["roi"].isna().tolist() == truth.roi[table.index].isna().tolist()
    promoted = mmm.contributions_["promotion"]
    assert (promoted[X["promotion"] == 0] == 0).all()
    plan = allocate_budget(mmm, X).plan
    assert plan["newsletter"].equals(X["newsletter"])
