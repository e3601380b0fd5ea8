"""The adstock of docs/extend_adstock.rst by its own formula, in numpy."""

import numpy as np


def test_weights_fall_with_a_power_of_the_lag(own_kernel_fit):
    decline = own_kernel_fit.adstock_parameters_["decline"].to_numpy()
    weights = (1.0 + np.arange(4)) ** -decline[:, None]
    weights /= weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(own_kernel_fit.adstock_, weights, rtol=1e-6)
    assert own_kernel_fit.decay_.isna().all()


def test_contributions_are_effect_by_curve_of_adstock(own_kernel_fit, small_panel):
    X, _, truth = small_panel
    mmm = own_kernel_fit
    row = mmm.regional_effect_.index.get_indexer(X["region"])
    for channel in truth.media_columns:
        decline = mmm.adstock_parameters_.loc[channel, "decline"]
        weights = (1.0 + np.arange(4)) ** -decline
        media = X.groupby("region")[channel]
        past = [media.shift(lag, fill_value=0.0).to_numpy() for lag in range(4)]
        adstocked = weights / weights.sum() @ past
        scaled = adstocked / mmm.media_scale_[channel].to_numpy()[row]
        powered = scaled ** mmm.slope_[channel]
        share = powered / (
            powered + mmm.half_saturation_[channel] ** mmm.slope_[channel]
        )
        effect = mmm.regional_effect_[channel].to_numpy()[row]
        expected = effect * mmm.modulation_[channel] * share
        np.testing.assert_allclose(mmm.contributions_[channel], expected, rtol=1e-5)


def test_more_spend_of_one_week_is_felt_along_the_kernel(
    own_adstock, small_panel, make_small
):
    """A straight line leaves nothing but the kernel, and nothing beyond its end."""
    X, y, _ = small_panel
    mmm = make_small(adstock=own_adstock, saturation="none", time_varying=False)
    mmm.fit(X, y)
    at = X.index[X["region"] == "region_2"][40]
    more = X.astype({"tv": float})
    more.loc[at, "tv"] += 1000.0
    gain = (mmm.decompose(more)["tv"] - mmm.contributions_["tv"]).to_numpy()
    felt = gain[at : at + 4]
    np.testing.assert_allclose(felt / felt.sum(), mmm.adstock_.loc["tv"], rtol=1e-4)
    assert np.abs(np.delete(gain, range(at, at + 4))).max() < 1e-4 * felt[0]
