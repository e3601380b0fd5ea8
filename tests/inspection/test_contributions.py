import numpy as np
import pytest

from sklearn_mmm.inspection import (
    _contributions,
    baseline_components,
    channels_by_size,
    contribution_table,
    control_table,
    waterfall_table,
)
from sklearn_mmm.inspection._contributions import level_and_season


def test_contributions_sum_to_the_fit(fitted):
    table = contribution_table(fitted)
    assert list(table.columns[:3]) == ["region", "time", "baseline"]
    np.testing.assert_allclose(
        table.drop(columns=["region", "time"]).sum(axis=1),
        fitted.contributions_.sum(axis=1),
    )
    assert list(table.columns[-3:]) == channels_by_size(fitted)


def test_waterfall_leads_to_the_total(fitted, with_members):
    table = waterfall_table(fitted)
    steps, total = table.iloc[:-1], table.iloc[-1]
    np.testing.assert_allclose(steps["start"].iloc[1:], steps["end"].iloc[:-1])
    np.testing.assert_allclose(
        steps["end"] - steps["start"], steps["contribution"], atol=1e-6
    )
    assert total["contribution"] == pytest.approx(fitted.contributions_.sum().sum())
    assert steps["share"].sum() == pytest.approx(1)
    assert "low" not in table
    bounded = waterfall_table(with_members)
    channels = bounded[bounded["kind"] == "channel"]
    assert (channels["low"] <= channels["contribution"] * (1 + 1e-9)).all()
    assert (channels["contribution"] < channels["high"]).all()
    assert bounded.loc[bounded["kind"] != "channel", "low"].isna().all()


def test_small_channels_of_many_are_one_step(with_members, monkeypatch):
    whole = waterfall_table(with_members)
    monkeypatch.setattr(_contributions, "_MOST_CHANNELS", 1)
    table = waterfall_table(with_members)
    assert table["component"].tolist()[-3:-1] == [
        channels_by_size(with_members)[0],
        "2 other channels",
    ]
    others = table.iloc[-2]
    assert others["contribution"] == pytest.approx(whole["contribution"][-3:-1].sum())
    assert others["end"] == pytest.approx(whole["end"].iloc[-2])
    assert table["low"].notna().sum() == 1
    # One channel more is no longer than "1 other channel".
    monkeypatch.setattr(_contributions, "_MOST_CHANNELS", 2)
    assert waterfall_table(with_members)["component"].equals(whole["component"])


def test_controls_stand_with_what_they_are_measured_from(fitted, with_members):
    table = control_table(with_members, coverage=0.8).set_index("control")
    assert table["reference"].to_dict() == {"price": "mean", "promotion": "0"}
    assert (table["low"] <= table["contribution"]).all()
    assert (table["contribution"] <= table["high"]).all()
    brought = with_members.contributions_[["price", "promotion"]].sum()
    np.testing.assert_allclose(table["contribution"], brought[table.index])
    assert control_table(fitted)["low"].isna().all()
    steps = waterfall_table(fitted).query("kind == 'controls'")
    assert set(steps["component"]) == {"price (from mean)", "promotion (from 0)"}


def test_a_line_and_a_yearly_wave_are_split_without_rest():
    t = np.arange(150.0)
    wave = 5 * np.sin(2 * np.pi * t / 52) - 2 * np.cos(4 * np.pi * t / 52)
    values = 3 + 0.1 * t + wave
    keep = np.sort(np.random.default_rng(0).choice(150, 120, replace=False))
    order = np.random.default_rng(1).permutation(keep)
    for rows in (np.arange(150), keep, order):
        level, season = level_and_season(values[rows], t[rows], 52.0)
        np.testing.assert_allclose(level, 3 + 0.1 * t[rows], atol=1e-8)
        np.testing.assert_allclose(season, wave[rows], atol=1e-8)


def test_a_split_is_linear_in_the_series():
    rng = np.random.default_rng(0)
    t, a, b = np.arange(120.0), rng.normal(size=120), rng.normal(size=120)
    together = level_and_season(a + 3 * b, t, 52.0)
    first, second = (np.array(level_and_season(v, t, 52.0)) for v in (a, b))
    apart = first + 3 * second
    np.testing.assert_allclose(together, apart, atol=1e-8)


def test_less_than_a_year_and_a_half_has_no_season():
    t = np.arange(70.0)
    level, season = level_and_season(2 + 0.5 * t, t, 52.0)
    assert not season.any()
    np.testing.assert_allclose(level, 2 + 0.5 * t, atol=1e-7)
    level, season = level_and_season(np.array([4.0]), np.array([9.0]), 52.0)
    assert (level.tolist(), season.tolist()) == ([4.0], [0.0])


def test_baseline_components_sum_to_the_baseline(fitted):
    table = baseline_components(fitted)
    np.testing.assert_allclose(table["baseline"], fitted.contributions_["baseline"])
    parts = table[["level", "season", "remainder"]].sum(axis=1)
    np.testing.assert_allclose(parts, table["baseline"])
