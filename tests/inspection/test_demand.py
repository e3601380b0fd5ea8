"""Spend that follows the outcome, and spend that does not."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm.inspection import _diagnosis, demand_table, diagnose


def make_model(driven, n_regions=1, n_steps=200, seed=0, proxy=False, gain=2.0):
    """Return a model whose search causes sales, or follows a demand that does."""
    rng = np.random.default_rng(seed)
    shape = n_regions, n_steps
    demand = np.zeros(shape)
    for t in range(1, n_steps):
        demand[:, t] = 0.85 * demand[:, t - 1] + 0.5 * rng.standard_normal(n_regions)
    search = np.exp(0.5 * demand if driven else rng.standard_normal(shape) * 0.5)
    search *= np.exp(0.3 * rng.standard_normal(shape))
    tv = rng.gamma(2.0, 1.0, shape)
    effect = gain * search + tv
    sales = 20 + 2 * demand + effect + rng.standard_normal(shape)
    parts = {"baseline": sales * 0 + 20, "search": gain * search, "tv": tv}
    history = {
        "region": np.repeat([f"r{i}" for i in range(n_regions)], n_steps),
        "time": np.tile(np.arange(n_steps), n_regions),
        "search": search.ravel(),
        "tv": tv.ravel(),
    }
    controls = []
    if proxy:
        controls = ["demand"]
        parts["demand"], history["demand"] = 2 * demand, demand.ravel()
    return SimpleNamespace(
        media_columns_=["tv", "search"],
        control_columns_=controls,
        time_column="week",
        contributions_=pd.DataFrame({k: v.ravel() for k, v in parts.items()}),
        outcome_=pd.Series(sales.ravel()),
        history_=pd.DataFrame(history),
    )


def suspected(mmm):
    table = demand_table(mmm).set_index("channel")
    return set(table.index[table["suspected"]])


@pytest.mark.parametrize("n_regions", [1, 4])
@pytest.mark.parametrize("seed", range(3))
def test_spend_that_follows_demand_is_found(n_regions, seed):
    assert suspected(make_model(True, n_regions, seed=seed)) == {"search"}


@pytest.mark.parametrize("seed", range(3))
def test_a_control_for_demand_takes_the_suspicion_away(seed):
    assert suspected(make_model(True, seed=seed, proxy=True)) == set()


@pytest.mark.parametrize("n_regions", [1, 4])
def test_spend_that_causes_sales_is_seldom_suspected(n_regions):
    found = [suspected(make_model(False, n_regions, seed=s)) for s in range(40)]
    # Two channels, one in a hundred each by chance: six of 80 are beyond 1e-4.
    assert sum(len(names) for names in found) <= 5


def test_p_values_of_innocent_spend_are_uniform():
    values = [
        demand_table(make_model(False, n_steps=80, seed=s))["p_value"]
        for s in range(60)
    ]
    values = np.sort(np.concatenate(values))
    expected = (np.arange(len(values)) + 0.5) / len(values)
    # Kolmogorov's bound at 1e-3.
    assert np.abs(values - expected).max() < 1.95 / np.sqrt(len(values))


def test_order_of_rows_does_not_matter():
    mmm = make_model(True, 2)
    table = demand_table(mmm)
    order = np.random.default_rng(0).permutation(len(mmm.outcome_))
    mmm.contributions_ = mmm.contributions_.iloc[order]
    mmm.outcome_ = mmm.outcome_.iloc[order]
    mmm.history_ = mmm.history_.iloc[order].reset_index(drop=True)
    pd.testing.assert_frame_equal(demand_table(mmm), table)


def test_missing_rows_leave_out_the_steps_around_them():
    mmm = make_model(True, n_steps=200)
    kept = np.delete(np.arange(200), [50, 90])
    mmm.contributions_ = mmm.contributions_.iloc[kept]
    mmm.outcome_ = mmm.outcome_.iloc[kept]
    mmm.history_ = mmm.history_.iloc[kept].reset_index(drop=True)
    assert suspected(mmm) == {"search"}


def test_a_channel_that_does_not_vary_and_short_series_say_nothing():
    flat = make_model(False)
    flat.history_["tv"] = 1.0
    table = demand_table(flat).set_index("channel")
    assert np.isnan(table.loc["tv", "p_value"])
    assert not table.loc["tv", "suspected"]
    short = demand_table(make_model(True, n_steps=25))
    assert short["p_value"].isna().all()
    assert not short["suspected"].any()


def test_diagnose_names_the_channel_and_the_remedy(fitted, monkeypatch):
    table = pd.DataFrame({"channel": ["tv", "search"], "suspected": [False, True]})
    monkeypatch.setattr(_diagnosis, "demand_table", lambda mmm: table)
    messages = diagnose(fitted).query("topic == 'channels'")["message"]
    (line,) = [m for m in messages if "foretold by past surprises" in m]
    assert "surprises of the outcome: search. " in line
    assert "control for demand" in line
    assert "experiment" in line
