"""The saturation of docs/extend_saturation.rst by its own formula, in numpy."""

import numpy as np
import pytest


def arctan(x):
    return 2 / np.pi * np.arctan(x)


def units(mmm, channel):
    """Return the spend at which each region is at half of its maximum."""
    half = mmm.saturation_parameters_.loc[channel, "half_saturation"]
    return (half * mmm.media_scale_[channel]).to_numpy()


def effects(mmm, channel):
    return mmm.regional_effect_[channel].to_numpy()


def test_half_saturation_is_that_of_the_curve(own_curve_fit):
    # By bracketing, since the class knows no inverse; arctan(1) is half of its end.
    learned = own_curve_fit.saturation_parameters_["half_saturation"]
    np.testing.assert_allclose(own_curve_fit.half_saturation_, learned, rtol=1e-9)
    assert own_curve_fit.slope_.isna().all()


def test_contributions_are_effect_by_curve_of_adstock(own_curve_fit, small_panel):
    X, _, truth = small_panel
    mmm = own_curve_fit
    for channel in truth.media_columns:
        kernel = mmm.adstock_.loc[channel]
        lags = [
            X.groupby("region")[channel].shift(lag, fill_value=0.0)
            for lag in kernel.index
        ]
        adstocked = sum(w * x for w, x in zip(kernel, lags, strict=True)).to_numpy()
        row = mmm.regional_effect_.index.get_indexer(X["region"])
        share = arctan(adstocked / units(mmm, channel)[row])
        expected = effects(mmm, channel)[row] * mmm.modulation_[channel] * share
        np.testing.assert_allclose(mmm.contributions_[channel], expected, rtol=1e-5)
    total = mmm.contributions_.sum(axis=1)
    np.testing.assert_allclose(mmm.predict(X), total, rtol=1e-6)


def test_response_curves_are_sums_of_arctangents(own_curve_fit, small_panel):
    X, _, truth = small_panel
    mean = X.groupby("region")[truth.media_columns].mean()
    for channel, curve in own_curve_fit.response_curves_.groupby("channel"):
        share = (mean[channel] / mean[channel].sum()).to_numpy()
        scaled = np.outer(curve["spend"], share / units(own_curve_fit, channel))
        expected = arctan(scaled) @ effects(own_curve_fit, channel)
        np.testing.assert_allclose(curve["response"], expected, rtol=1e-9)
        inner = share / units(own_curve_fit, channel) * effects(own_curve_fit, channel)
        slope = (2 / np.pi / (1 + scaled**2)) @ inner
        np.testing.assert_allclose(curve["marginal_response"][1:], slope[1:], rtol=1e-9)
        assert (curve["low"] <= curve["response"] * (1 + 1e-9)).all()
        assert (curve["response"] <= curve["high"] * (1 + 1e-9)).all()


def test_saturation_points_invert_the_arctangent(own_curve_fit):
    points = own_curve_fit.saturation_points("channel×region", marginal_response=0.2)
    for channel, point in points.groupby("channel"):
        unit, effect = units(own_curve_fit, channel), effects(own_curve_fit, channel)
        np.testing.assert_allclose(point["maximum"], effect)
        np.testing.assert_allclose(point["spend_at_50"], unit, rtol=1e-9)
        ninety = unit * np.tan(0.45 * np.pi)
        np.testing.assert_allclose(point["spend_at_90"], ninety, rtol=1e-9)
        # 2 / pi * effect / unit / (1 + (x / unit)^2) = 0.2
        beyond = 2 / np.pi * effect / unit / 0.2 - 1
        end = unit * np.sqrt(np.maximum(beyond, 0))
        np.testing.assert_allclose(point["spend_at_marginal"], end, rtol=1e-6)


def test_a_tighter_belief_holds_the_curve(own_curve_fit, small_panel, make_small):
    """What the constructor takes is what the fit believes."""
    told = type(own_curve_fit.saturation)(usual=6.0)
    other = make_small(saturation=told).fit(*small_panel[:2])
    assert (other.half_saturation_ > own_curve_fit.half_saturation_).all()


@pytest.mark.parametrize("page", ["extend_saturation", "extend_adstock"])
def test_a_component_is_a_file_of_25_lines(written, page):
    with open(written[page].__file__, encoding="utf-8") as file:
        assert len(file.readlines()) <= 25
