import numpy as np
import pandas as pd
import pytest

from sklearn_mmm.inspection import (
    autocorrelation,
    fit_metrics,
    fit_over_time,
    fit_table,
    residual_table,
)
from sklearn_mmm.inspection._fit_table import design_effect


def table(actual, predicted, region="a", split="training", **columns):
    return pd.DataFrame(
        {
            "region": region,
            "time": np.arange(len(actual)),
            "split": split,
            "actual": np.asarray(actual, float),
            "predicted": np.asarray(predicted, float),
            **columns,
        }
    )


def test_fit_table_holds_outcomes_and_predictions(fitted, holdout):
    X, y = holdout
    found = fit_table(fitted, X, y)
    later = found[found["split"] == "holdout"]
    np.testing.assert_allclose(later["predicted"], fitted.predict(X))
    np.testing.assert_array_equal(later["actual"], y)
    np.testing.assert_array_equal(later["region"], X["region"])
    np.testing.assert_array_equal(later["time"], X["week"])
    training = found[found["split"] == "training"]
    np.testing.assert_allclose(training["predicted"], fitted.contributions_.sum(axis=1))
    np.testing.assert_array_equal(training["actual"], fitted.outcome_)
    assert "low" not in found


def test_intervals_of_training_and_holdout(with_members, holdout):
    found = fit_table(with_members, *holdout, coverage=0.5)
    later = found[found["split"] == "holdout"]
    np.testing.assert_allclose(
        later[["low", "high"]], with_members.predict_interval(holdout[0], 0.5)
    )
    assert found[["low", "high"]].notna().all(axis=None)
    assert (found["low"] < found["predicted"]).all()
    wide = fit_table(with_members, *holdout, coverage=0.9)
    assert (wide["high"] > found["high"]).all()


def test_fit_table_refuses_half_a_holdout(fitted, holdout):
    X, y = holdout
    with pytest.raises(ValueError, match="belong together"):
        fit_table(fitted, X)
    with pytest.raises(ValueError, match="one outcome for each row"):
        fit_table(fitted, X, y[:-1])
    with pytest.raises(ValueError, match="coverage"):
        fit_table(fitted, coverage=1.0)


def test_metrics_by_hand():
    found = fit_metrics(table([1, 2, 3, 0], [1, 2, 5, 0])).loc["training"]
    assert found["rmse"] == 1.0
    assert found["mape"] == pytest.approx(2 / 9)  # The row without outcome is left out.
    assert found["r2"] == pytest.approx(1 - 4 / 5)


def test_scores_of_residuals_do_not_depend_on_units():
    rng = np.random.default_rng(0)
    actual = rng.normal(size=50)
    first = residual_table(table(actual, np.zeros(50)))["score"]
    second = residual_table(table(1000 * actual + 7, np.zeros(50)))["score"]
    np.testing.assert_allclose(first, second)


def test_holdout_is_scored_in_training_units():
    rows = pd.concat(
        [table([-1, 1, -1, 1], [0] * 4), table([10], [0], split="holdout")],
        ignore_index=True,
    )
    assert residual_table(rows)["score"].iloc[-1] == pytest.approx(10 / 1.4826)


def test_autocorrelation_of_a_wave_and_of_noise():
    t = np.arange(400)
    wave = autocorrelation(table(np.cos(2 * np.pi * t / 20), np.zeros(400)), 20)
    np.testing.assert_allclose(
        wave["autocorrelation"],
        (1 - wave["lag"] / 400) * np.cos(np.pi * wave["lag"] / 10),
        atol=0.01,
    )
    noise = np.random.default_rng(0).normal(size=(400, 20))
    rows = pd.concat([table(e, np.zeros(400), region=i) for i, e in enumerate(noise.T)])
    found = autocorrelation(rows.reset_index(drop=True), 20)
    assert (found["autocorrelation"].abs() < 2 * found["bound"]).all()
    assert found["bound"].iloc[0] == pytest.approx(1.96 / np.sqrt(8000), rel=0.2)


def test_autocorrelation_knows_missing_weeks():
    t = np.arange(60)
    rows = table(np.cos(np.pi * t), np.zeros(60))
    found = autocorrelation(rows[t % 7 != 3], 2)
    assert found["autocorrelation"].iloc[0] < -0.7
    assert found["autocorrelation"].iloc[1] > 0.6


@pytest.mark.parametrize(("moves_together", "expected"), [(False, 1.0), (True, 5.0)])
def test_design_effect(moves_together, expected):
    rng = np.random.default_rng(1)
    errors = rng.normal(size=(4000, 5))
    if moves_together:
        errors[:] = errors[:, :1]
    rows = pd.concat(
        [table(e, np.zeros(4000), region=i) for i, e in enumerate(errors.T)]
    )
    assert design_effect(rows) == pytest.approx(expected, rel=0.06)


def test_a_region_that_was_not_trained_on():
    rows = table([1, 2, 3], [1, 2, 2], split="holdout", low=0.0, high=3.0)
    assert autocorrelation(rows).empty
    assert residual_table(rows)["score"].isna().all()
    np.testing.assert_allclose(fit_over_time(rows)["high"], 3.0)


def test_interval_of_the_sum():
    same = [table([1, -1, 1], [0] * 3, region=r, low=-2.0, high=3.0) for r in "ab"]
    # Regions that err alike: bounds add up.
    together = fit_over_time(pd.concat(same))
    np.testing.assert_allclose(together["low"], -4.0)
    np.testing.assert_allclose(together["high"], 6.0)
    # One region is its own sum.
    alone = fit_over_time(same[0])
    np.testing.assert_allclose(alone[["low", "high"]], [[-2.0, 3.0]] * 3)
    # Errors that are independent add in quadrature.
    apart = (
        same[0].assign(actual=[1.0, -2.0, 1.0]),
        same[1].assign(actual=[1.0, 0.0, -1.0]),
    )
    np.testing.assert_allclose(fit_over_time(pd.concat(apart))["high"], 3 * np.sqrt(2))
