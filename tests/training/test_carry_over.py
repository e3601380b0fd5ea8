"""Carry-over that is longer, or of another form, than is usual."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import DeepCausalMMMRegressor, load
from sklearn_mmm.components import GeometricAdstock
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.functional import half_life
from sklearn_mmm.likelihood._evidence import Unexplained

SIZES = {"n_regions": 3, "n_weeks": 120, "n_channels": 3}


def regressor(truth, **options):
    """Return a model without what these tests do not need."""
    quick = {"n_members": 0, "graph": False, "validation": False, "random_state": 0}
    return DeepCausalMMMRegressor(
        truth.media_columns,
        truth.control_columns,
        "region",
        "week",
        **(quick | {"time_varying": False} | options),
    )


def spread_out(X, y, truth, weights):
    """Return the panel with the first channel's effect arriving by other weights."""
    channel = truth.media_columns[0]
    parts = truth.contributions[channel]
    late = parts.groupby(X["region"].to_numpy()).transform(
        lambda s: np.convolve(s, weights)[: len(s)]
    )
    return y + late.to_numpy() - parts.to_numpy(), late.sum()


@pytest.fixture(scope="module")
def panel():
    """Return X, y and truth of a panel with kernels as they are by default."""
    return make_mmm(random_state=2, **SIZES)


@pytest.fixture(scope="module")
def delayed(panel):
    """Return an outcome to which the first channel comes three weeks late."""
    X, y, truth = panel
    return spread_out(X, y, truth, np.array([0.0, 0.1, 0.2, 0.4, 0.2, 0.1]))


def error(mmm, truth, total):
    channel = truth.media_columns[0]
    return abs(mmm.contributions_[channel].sum() / total - 1)


def test_a_panel_with_usual_kernels_is_fitted_as_if_they_were_told(panel):
    X, y, truth = panel
    told = regressor(truth, adstock="geometric", max_lag=8).fit(X, y)
    pd.testing.assert_frame_equal(
        regressor(truth).fit(X, y).contributions_, told.contributions_
    )


def test_a_late_effect_is_found(panel, delayed):
    X, _, truth = panel
    y, total = delayed
    channel = truth.media_columns[0]
    mmm = regressor(truth).fit(X, y)
    told = regressor(truth, adstock="geometric", max_lag=8).fit(X, y)
    assert error(mmm, truth, total) < 0.6 * error(told, truth, total)
    assert mmm.adstock_.loc[channel].idxmax() >= 2
    assert mmm.adstock_.shape[1] == 24


def test_what_carry_over_was_found_goes_into_files_and_updates(
    panel, delayed, tmp_path
):
    X, _, truth = panel
    y = delayed[0]
    early = (X["week"] < X["week"].max() - pd.Timedelta(weeks=4)).to_numpy()
    channel = truth.media_columns[0]
    mmm = regressor(truth).fit(X[early], y[early])
    mmm.save(tmp_path / "late.mmm")
    again = load(tmp_path / "late.mmm")
    np.testing.assert_array_equal(again.predict(X), mmm.predict(X))
    before = half_life(mmm.adstock_.loc[channel].to_numpy())
    again.partial_fit(X[~early], y[~early])
    after = half_life(again.adstock_.loc[channel].to_numpy())
    assert after == pytest.approx(before, rel=0.2)


def test_a_length_that_is_given_holds_and_a_form_that_is_given_too(panel, delayed):
    X, _, truth = panel
    y = delayed[0]
    short = regressor(truth, max_lag=6).fit(X, y)
    assert short.adstock_.shape[1] == 6
    assert "rise" in short.adstock_parameters_
    for form in ("geometric", GeometricAdstock()):
        mmm = regressor(truth, adstock=form).fit(X, y)
        assert list(mmm.adstock_parameters_) == ["decay"]


def test_long_carry_over_is_found(panel):
    X, y, truth = panel
    weights = 0.88 ** np.arange(60)
    y, total = spread_out(X, y, truth, weights / weights.sum())
    mmm = regressor(truth).fit(X, y)
    told = regressor(truth, adstock="geometric").fit(X, y)
    assert mmm.adstock_.shape[1] == 24
    assert told.adstock_.shape[1] == 8
    assert error(mmm, truth, total) < 0.7 * error(told, truth, total)


def test_what_is_believed_of_carry_over_is_not_let_go(panel, delayed):
    X, _, truth = panel
    channel = truth.media_columns[0]
    believed = {channel: {"half_life": (0.8, 0.01)}}
    mmm = regressor(truth, priors=believed).fit(X, delayed[0])
    kernel = mmm.adstock_.loc[channel].to_numpy()
    assert half_life(kernel) == pytest.approx(0.8, rel=0.1)


def test_the_evidence_for_a_column_is_that_of_integrating_its_coefficient():
    rng = np.random.default_rng(0)
    column, nuisance = rng.standard_normal((50, 1)), rng.standard_normal((50, 2))
    residual = 0.3 * column[:, 0] + rng.standard_normal(50)
    left = Unexplained(nuisance, np.zeros(2), residual, nuisance.T @ nuisance)
    found = left.positive_evidence(column, 0.4)[0]
    # By brute force: residuals and column less their projections on the nuisance.
    basis, _ = np.linalg.qr(nuisance)
    own = column[:, 0] - basis @ (basis.T @ column[:, 0])
    rest = left.residual - basis @ (basis.T @ left.residual)
    w = np.linspace(0, 4, 40_001)
    squares = w**2 * (own @ own) - 2 * w * (own @ rest)
    prior = 2 * np.exp(-0.5 * (w / 0.4) ** 2) / (0.4 * np.sqrt(2 * np.pi))
    expected = np.log(np.trapezoid(np.exp(-0.5 * squares / left.noise) * prior, w))
    assert found == pytest.approx(expected, abs=1e-3)


def test_channels_that_are_told_keep_their_form_and_length(panel, delayed):
    X, _, truth = panel
    y, total = delayed
    first, second, _ = truth.media_columns
    mmm = regressor(truth, adstock={second: "weibull"}, max_lag={second: 6}).fit(X, y)
    assert error(mmm, truth, total) < 0.15
    assert mmm.adstock_.loc[first].idxmax() >= 2
    assert mmm.adstock_.shape[1] == 24
    assert not mmm.adstock_.loc[second, 6:].any()
    known = mmm.adstock_parameters_.notna()
    assert known.loc[second, ["shape", "scale"]].all()
    assert not known.loc[second, ["decay", "rise"]].any()
    told = regressor(truth, adstock={first: "geometric"}, max_lag={first: 8}).fit(X, y)
    assert not told.adstock_.loc[first, 8:].any()
    assert error(told, truth, total) > error(mmm, truth, total)


def test_the_evidence_of_a_group_is_that_of_its_sum(panel, delayed):
    X, _, truth = panel
    y, total = delayed
    first, *others = truth.media_columns
    part = np.random.default_rng(0).uniform(0.2, 0.8, len(X))
    X = X.assign(a=X[first] * part, b=X[first] * (1 - part))
    mmm = regressor(truth, channel_groups={"both": ["a", "b"]})
    mmm.set_params(media_columns=["a", "b", *others]).fit(X, y)
    assert mmm.adstock_.loc["a"].idxmax() >= 2
    found = mmm.contributions_[["a", "b"]].to_numpy().sum()
    assert found == pytest.approx(total, rel=0.15)
