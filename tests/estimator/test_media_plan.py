import numpy as np
import pytest

from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.training import _drift, _fit_network


@pytest.fixture(scope="module", params=[False, True])
def model(request, make_regressor):
    """Return a model without and with modulated effects, and its data."""
    X, y, _ = make_mmm(4, 80, 3, random_state=0, time_varying=request.param)
    mmm = make_regressor(time_varying=request.param, validation=False)
    with pytest.MonkeyPatch.context() as patch:
        # A short panel would not say so clearly enough by itself.
        patch.setattr(_fit_network, "effects_vary", lambda scale: request.param)
        # What holds of any weights holds before the GRU is learned to the end.
        patch.setattr(_drift, "_N_EPOCHS", 40)
        mmm.fit(X, y)
    assert mmm.net_.module_.modulation.active == request.param
    return mmm, X


def weeks(X, start, end):
    return X[X["week"].isin(X["week"].unique()[start:end])]


def test_contributions_are_those_of_decompose(model):
    mmm, X = model
    rows = weeks(X, 50, 60).sample(frac=1, random_state=0)
    plan = mmm.media_plan(rows)
    expected = mmm.decompose(rows)[mmm.media_columns_].to_numpy()
    np.testing.assert_allclose(plan.contributions(plan.spend), expected, rtol=1e-10)


def test_value_is_the_difference_between_two_predictions_of_everything(model):
    mmm, X = model
    rows = weeks(X, 50, 60)
    changed = X.copy()
    changed.loc[rows.index, mmm.media_columns_] *= 1.3
    plan = mmm.media_plan(rows)
    value = plan.value_and_gradient(1.3 * plan.spend)[0]
    planned = plan.value_and_gradient(plan.spend)[0]
    difference = (mmm.predict(changed) - mmm.predict(X)).sum()
    # The GRU remembers longer than the adstock kernel, whose weeks are counted.
    rtol = 0.02 if mmm.net_.module_.modulation.active else 1e-9
    assert value - planned == pytest.approx(difference, rel=rtol)
    whole = plan.contributions(1.3 * plan.spend).sum()
    after = plan.after(1.3 * plan.spend)
    both = plan.contributions(1.3 * plan.spend).sum(0) + after.sum(0)
    np.testing.assert_allclose(plan.totals(1.3 * plan.spend), both)
    assert after.shape == (4, 3)
    assert value == pytest.approx(whole + after.sum(), rel=1e-10)


def test_gradient_is_that_of_finite_differences(model):
    mmm, X = model
    plan = mmm.media_plan(weeks(X, 50, 56))
    spend = plan.spend + 0.1 * plan.media_scale
    _, gradient = plan.value_and_gradient(spend)
    direction = np.random.default_rng(0).standard_normal(spend.shape)
    direction *= 1e-4 * plan.media_scale
    ends = [plan.value_and_gradient(spend + s * direction)[0] for s in (1, -1)]
    assert (gradient * direction).sum() == pytest.approx(
        (ends[0] - ends[1]) / 2, rel=1e-5
    )


def test_no_media_have_a_finite_gradient(model):
    mmm, X = model
    plan = mmm.media_plan(weeks(X, 50, 56))
    value, gradient = plan.value_and_gradient(np.zeros_like(plan.spend))
    assert np.isfinite(gradient).all()
    assert (plan.after(np.zeros_like(plan.spend)) == 0).all()
    # What earlier weeks carry over into the plan stays.
    assert value > 0


def test_future_and_keyless_rows(fitted, panel, make_regressor):
    X, y, truth = panel
    future = weeks(X, -8, None)
    plan = fitted.media_plan(future)
    assert (plan.after(plan.spend) >= 0).all()
    assert plan.after(plan.spend).sum() > 0
    media = X.loc[X["region"] == "region_1", truth.media_columns].to_numpy()
    own = y[X["region"] == "region_1"]
    keyless = make_regressor().set_params(
        media_columns=None, control_columns=None, region_column=None, time_column=None
    )
    plan = keyless.fit(media, own).media_plan(media)
    total = plan.value_and_gradient(plan.spend)[0]
    assert total > plan.contributions(plan.spend).sum() > 0
