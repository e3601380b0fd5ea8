import numpy as np
import pytest
import torch

from sklearn_mmm.functional import hill


def test_curves_by_region_are_hill_curves(fitted):
    curves = fitted.response_curves("channel×region", n_points=11, reach=1.5)
    assert len(curves) == 11 * 3 * 4
    one = curves.query("channel == 'tv' and region == 'region_2'")
    scaled = one["spend"] / fitted.media_scale_.loc["region_2", "tv"]
    share = hill(
        torch.tensor(scaled.to_numpy()),
        torch.tensor(fitted.half_saturation_["tv"]),
        torch.tensor(fitted.slope_["tv"]),
    )
    effect = fitted.regional_effect_.loc["region_2", "tv"]
    np.testing.assert_allclose(one["response"], share.numpy() * effect, rtol=1e-9)
    assert one["spend"].max() == pytest.approx(
        1.5 * fitted.media_scale_.loc["region_2", "tv"]
    )


def test_steady_state_is_what_constant_spend_brings(fitted, panel):
    X, _, truth = panel
    n_lags = fitted.adstock_.shape[1]
    future = X[X["week"] >= X["week"].unique()[-n_lags]].copy()
    usual = fitted.history_.groupby("region")[truth.media_columns].mean()
    spend = usual.loc[future["region"]].to_numpy()
    # The history's carry-over is gone after max_lag weeks.
    last = future["week"] == future["week"].max()
    future[truth.media_columns] = spend
    brought = fitted.decompose(future)[truth.media_columns][last].sum()
    points = fitted.saturation_points().set_index("channel")
    np.testing.assert_allclose(points["response"], brought, rtol=1e-9)
    np.testing.assert_allclose(points["spend"], usual.sum(), rtol=1e-9)


@pytest.mark.parametrize("by", ["channel", "channel×region"])
def test_saturation_points_lie_on_the_curves(fitted, by):
    points = fitted.saturation_points(by, marginal_response=0.7)
    curves = {
        (c.channel, c.region): c
        for c in (
            fitted._steady_state.by_channel()
            if by == "channel"
            else fitted._steady_state.by_region()
        )
    }
    assert len(points) == len(curves)
    for _, point in points.iterrows():
        curve = curves[point["channel"], point.get("region")]
        for share in (50, 90):
            response = float(curve.response(point[f"spend_at_{share}"]))
            assert response == pytest.approx(share / 100 * curve.maximum, rel=1e-8)
        end = point["spend_at_marginal"]
        if 0 < end < np.inf:
            assert float(curve.marginal_response(end)) == pytest.approx(0.7, rel=1e-6)
            assert float(curve.marginal_response(1.01 * end)) < 0.7
        else:
            assert (curve.marginal_response(np.logspace(-2, 6, 50)) < 0.7).all()
        assert 0 <= point["share_of_maximum"] <= 1


def test_a_straight_line_is_worth_the_same_at_any_spend(panel, make_regressor):
    X, y, _ = panel
    mmm = make_regressor(
        saturation="none", validation=False, graph=False, time_varying=False
    ).fit(X, y)
    marginal = mmm.saturation_points()["marginal_response"]
    assert (marginal > 0).all()
    for target, end in ((0.5 * marginal.min(), np.inf), (2 * marginal.max(), 0.0)):
        points = mmm.saturation_points(marginal_response=target)
        assert (points["spend_at_marginal"] == end).all()
        assert (points[["spend_at_50", "maximum"]] == np.inf).all(axis=None)


def test_a_silent_channel_has_a_flat_curve(panel, make_regressor):
    X, y, _ = panel
    with pytest.warns(UserWarning, match="do not vary"):
        mmm = make_regressor(max_epochs=30).fit(X.assign(tv=0.0), y)
    curve = mmm.response_curves_.query("channel == 'tv'")
    assert (curve[["spend", "response", "marginal_response"]] == 0).all().all()
    point = mmm.saturation_points().set_index("channel").loc["tv"]
    assert point["spend"] == point["response"] == 0
    assert np.isnan(point["marginal_response"])


def test_bad_arguments(fitted):
    with pytest.raises(ValueError, match="choose 'channel' or"):
        fitted.response_curves("region")
    with pytest.raises(ValueError, match="n_points=1"):
        fitted.response_curves(n_points=1)
    with pytest.raises(ValueError, match="marginal_response=0"):
        fitted.saturation_points(marginal_response=0)
