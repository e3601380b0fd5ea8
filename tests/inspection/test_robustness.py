"""Sensitivity to a hidden driver of spend and sales."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm.inspection import robustness_table, robustness_value
from sklearn_mmm.inspection._robustness import as_strong_as, sensitivity


def orthogonal(n_rows, n_columns, seed=0):
    """Return centred columns of unit variance without any correlation."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((n_rows, n_columns))
    values -= values.mean(axis=0)
    return np.linalg.qr(values)[0] * np.sqrt(n_rows)


def coefficient(y, *columns):
    return np.linalg.lstsq(np.column_stack(columns), y, rcond=None)[0][0]


@pytest.mark.parametrize("share", [1.0, 0.5])
@pytest.mark.parametrize("strength", [0.1, 0.6, 3.0])
def test_a_driver_of_that_strength_takes_the_share_away(strength, share):
    spend, own, noise = orthogonal(400, 3).T
    y = strength * spend + noise
    r2 = robustness_value(strength, share)
    assert 0 < r2 < 1
    # A driver that explains r2 of the spend, and r2 of the outcome given the spend.
    left = np.sqrt(r2) * noise + np.sqrt(1 - r2) * own
    driver = np.sqrt(r2) * spend + np.sqrt(1 - r2) * left
    assert np.corrcoef(driver, spend)[0, 1] ** 2 == pytest.approx(r2)
    found = coefficient(y, spend, driver)
    assert found == pytest.approx((1 - share) * strength, abs=1e-9)


def test_published_values():
    # Cinelli & Hazlett (2020), tables 1 and 2: violence in Darfur.
    assert robustness_value(4.184 / np.sqrt(783)) == pytest.approx(0.139, abs=5e-4)
    on_spend, on_outcome = as_strong_as(0.00908, 0.109)
    assert on_spend == pytest.approx(0.0092, abs=5e-5)
    assert on_outcome == pytest.approx(0.125, abs=5e-4)


def test_limits():
    assert robustness_value(0.0) == 0.0
    assert robustness_value(1e6) == pytest.approx(1.0)
    assert robustness_value(-2.0) == robustness_value(2.0)


def test_the_bound_by_a_control_is_that_of_a_hidden_twin():
    n = 2000
    control, hidden, own, noise = orthogonal(n, 4).T
    spend = 0.5 * control + 0.5 * hidden + own
    y = spend + control + hidden + noise
    # The level and the truth of effect 1, as the model would report what it found.
    biased = coefficient(y, spend, control)
    scaled = biased * spend
    found = sensitivity(y, scaled, control[:, None], np.ones((n, 1)))
    given_control = spend - 0.5 * control
    expected = np.corrcoef(given_control, hidden)[0, 1] ** 2
    assert found["control"] == 0
    assert found["control_on_spend"] == pytest.approx(expected)
    assert biased > 1.3
    # Taking away what a hidden twin of the control added leaves the truth.
    assert found["remaining"] * biased == pytest.approx(1.0, rel=1e-6)


def test_partial_r2_is_that_of_the_regression():
    spend, other, noise = orthogonal(300, 3).T
    y = 0.7 * spend + 2.0 * other + noise
    found = sensitivity(y, 0.7 * spend, np.empty((300, 0)), other[:, None])
    assert found["partial_r2"] == pytest.approx(0.49 / 1.49)
    assert found["control"] is None
    assert np.isnan(found["remaining"])


@pytest.mark.parametrize("treatment", ["none", "explained"])
def test_nothing_of_its_own_is_not_known(treatment):
    other, noise = orthogonal(300, 2).T
    column = 0 * noise if treatment == "none" else 3.0 * other
    found = sensitivity(noise, column, np.empty((300, 0)), other[:, None])
    assert np.isnan(found["to_erase"])


def make_model(n_regions=3, n_steps=120, seed=0, gain=1.0):
    """Return a model that knows the truth, as far as the table asks."""
    rng = np.random.default_rng(seed)
    region = np.repeat([f"r{i}" for i in range(n_regions)], n_steps)
    week = np.tile(pd.date_range("2021-01-04", periods=n_steps, freq="W"), n_regions)
    n = n_regions * n_steps
    tv, price, noise = rng.gamma(2.0, 1.0, n), *rng.standard_normal((2, n))
    level = np.cumsum(rng.standard_normal((n_regions, n_steps)) * 0.3, axis=1).ravel()
    outcome = 20 + level + gain * tv - 0.8 * price + noise
    parts = {"baseline": 20 + level, "price": -0.8 * price, "tv": gain * tv}
    return SimpleNamespace(
        media_columns_=["tv"],
        control_columns_=["price"],
        time_column="week",
        contributions_=pd.DataFrame(parts),
        outcome_=pd.Series(outcome),
        history_=pd.DataFrame(
            {"region": region, "time": week, "tv": tv, "price": price}
        ),
    )


def test_the_table_sees_through_a_level_that_wanders():
    mmm = make_model()
    row = robustness_table(mmm).iloc[0]
    # tv has twice the variance of the noise, and a bit of the level stays. Seen without
    # differences the level would hide most of tv.
    assert 0.5 < row["partial_r2"] < 0.68
    assert row["control"] == "price"
    assert row["remaining"] > 0.9
    assert row["to_halve"] < row["to_erase"]


def test_units_and_order_of_rows_do_not_matter():
    mmm = make_model()
    table = robustness_table(mmm)
    order = np.random.default_rng(1).permutation(len(mmm.outcome_))
    other = SimpleNamespace(**vars(mmm))
    other.contributions_ = 1000 * mmm.contributions_.iloc[order]
    other.outcome_ = 1000 * mmm.outcome_.iloc[order]
    other.history_ = mmm.history_.iloc[order].assign(price=7 * mmm.history_["price"])
    other.history_ = other.history_.reset_index(drop=True)
    found = robustness_table(other).assign(
        contribution=lambda t: t["contribution"] / 1e3
    )
    pd.testing.assert_frame_equal(found, table)


def test_larger_effects_are_more_robust():
    erase = [
        robustness_table(make_model(gain=gain))["to_erase"].item()
        for gain in (0.0, 0.1, 0.5, 2.0)
    ]
    assert np.isnan(erase[0])
    assert erase[1] < erase[2] < erase[3]


def test_too_few_rows_say_nothing():
    assert np.isnan(robustness_table(make_model(1, 14))["to_erase"].item())


def test_a_fitted_model_has_a_row_for_each_channel(fitted):
    table = robustness_table(fitted)
    assert set(table["channel"]) == set(fitted.media_columns_)
    known = table.dropna(subset="to_erase")
    assert len(known)
    assert (known["to_halve"] < known["to_erase"]).all()
