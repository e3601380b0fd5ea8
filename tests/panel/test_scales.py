"""Scales of regions, media and controls."""

from dataclasses import replace

import numpy as np
import pytest

from sklearn_mmm.panel._grid import make_panel
from sklearn_mmm.panel._scales import make_scales, rescaling, scaled_controls

REGION = np.repeat(["a", "b", "c"], 4)
WEEK = np.tile(np.arange(4), 3)


def scales(**changes):
    rows = {
        "y": np.array([1.0, 3.0, 2.0, 2.0, 10.0, 30.0, 20.0, 20.0, 0.0, 0.0, 0.0, 0.0]),
        "media": np.array([[1.0, 2, 0, 4, 0, 0, 0, 0, 5, 1, 1, 1]]).T,
        "controls": np.array([[0.0, 2, 0, 2, 5, 5, 5, 5, 1, 3, 1, 3]]).T,
    } | changes
    rows.setdefault("spend", rows["media"])
    panel = make_panel(REGION, WEEK)
    return make_scales(panel, *(rows[n] for n in ("y", "media", "controls", "spend")))


def test_scales_by_hand():
    found = scales()
    assert list(found.regions) == ["a", "b", "c"]
    # A region without outcome has the median of the others, a silent one as well.
    np.testing.assert_allclose(found.outcome, [2.0, 20.0, 11.0])
    np.testing.assert_allclose(found.media[:, 0], [4.0, 4.5, 5.0])
    assert found.silent[:, 0].tolist() == [False, True, False]
    np.testing.assert_allclose(found.control_centre[:, 0], [1.0, 5.0, 2.0])
    np.testing.assert_allclose(found.control_low[:, 0], [0.0, 5.0, 1.0])
    np.testing.assert_allclose(found.control_high[:, 0], [2.0, 5.0, 3.0])
    # Two regions with the same deviations, and one that says nothing.
    np.testing.assert_allclose(found.control_scale[[0, 2], 0], 1.0, rtol=0.25)
    assert (found.control_scale > 0).all()


@pytest.mark.parametrize("factor", [1e-6, 1e3])
def test_units_scale_what_is_measured_in_them(factor):
    plain, other = scales(), scales(media=factor * scales_media())
    np.testing.assert_allclose(other.media, factor * plain.media)
    np.testing.assert_allclose(other.outcome, plain.outcome)


def scales_media():
    return np.array([[1.0, 2, 0, 4, 0, 0, 0, 0, 5, 1, 1, 1]]).T


def test_a_constant_control_with_rounding_errors_does_not_vary():
    constant = 0.1 + np.linspace(0, 1e-15, 12)[:, None]
    assert (scales(controls=constant).control_scale == 1.0).all()


def test_prices_are_spend_by_unit_of_media():
    found = scales(spend=np.array([[2.0, 4, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0]]).T)
    # Without media or spend of its own: what all together pay, 14 for 15 units.
    np.testing.assert_allclose(found.price[:, 0], [2.0, 14 / 15, 14 / 15])
    np.testing.assert_allclose(scales().price, 1.0)


def test_unknown_regions_have_the_median_and_the_widest_range():
    found = scales()
    code = found.code(np.array(["c", "x", "a"]))
    assert code.tolist() == [2, -1, 0]
    np.testing.assert_allclose(found.outcome_of(code), [11.0, 11.0, 2.0])
    np.testing.assert_allclose(found.media_of(code)[:, 0], [5.0, 4.5, 4.0])
    low, high = found.control_range_of(code)
    assert low[1] == low.min()
    assert high[1] == high.max()
    assert found.silent_of(found.code(np.array(["b", "x"])))[:, 0].tolist() == [
        True,
        False,
    ]


def test_standardised_controls_have_mean_0_and_the_pooled_deviation():
    rng = np.random.default_rng(0)
    controls = rng.standard_normal((12, 1)) * np.repeat([1.0, 100.0, 1.0], 4)[:, None]
    found = scales(controls=controls)
    code = np.repeat([0, 1, 2], 4)
    values = found.standardise(controls, code).reshape(3, 4)
    np.testing.assert_allclose(values.mean(axis=1), 0, atol=1e-12)
    # A region a hundred times as large keeps a scale of its own.
    assert values.std(axis=1).max() < 3 * values.std(axis=1).min()


def test_controls_of_a_panel_are_standardised_and_gaps_interpolated():
    controls = np.array([[0.0, 2, 0, 2, 5, 5, 5, 5, 1, 3, 1, 3]]).T
    found, kept = scales(controls=controls), np.arange(12) != 1
    panel = make_panel(REGION[kept], WEEK[kept])
    values = scaled_controls(found, panel, controls[kept])[..., 0]
    expected = found.standardise(controls, np.repeat([0, 1, 2], 4)).reshape(3, 4)
    expected[0, 1] = (expected[0, 0] + expected[0, 2]) / 2
    np.testing.assert_allclose(values, expected)


def test_rescaling_says_how_units_have_changed():
    former = scales()
    same = rescaling(former, former)
    assert same.region.tolist() == [0, 1, 2]
    np.testing.assert_allclose([*same.media, same.outcome], 1.0)
    media = 2.0 * scales_media()
    grown = rescaling(former, scales(media=media, y=np.full(12, 40.0)))
    np.testing.assert_allclose(grown.media, 0.5)
    # Outcomes of 2, 20 and 11 have become 40: the median region decides.
    assert grown.outcome == pytest.approx(11 / 40)


def test_rescaling_among_none_but_new_regions_changes_nothing():
    former = scales()
    other = replace(former, regions=np.array(["x", "y", "z"]), media=9 * former.media)
    found = rescaling(former, other)
    assert found.region.tolist() == [-1, -1, -1]
    np.testing.assert_allclose([*found.media, found.outcome], 1.0)
