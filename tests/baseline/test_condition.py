"""The baseline given residuals, against dense algebra; what it goes on by, by hand."""

import numpy as np
import pytest

from sklearn_mmm.baseline._condition import condition, forecasting_variances
from sklearn_mmm.baseline._covariance import TimeCovariance, Variances
from sklearn_mmm.baseline._variances import TimeHyperparameters
from sklearn_mmm.components._noise import NORMAL

SIGMA = np.array([0.1, 0.3])


def hyperparameters(**further):
    return TimeHyperparameters(
        regional=Variances({"level": 0.2, **further, "intercept": 1.5}, 2.0),
        course=Variances({"level": 0.03, **further, "shock": 0.01}, 3.0),
        sigma=SIGMA,
        loadings=np.zeros((2, 0)),
    )


def dense_mean(covariance, hyper, at, observed, residual):
    """Return the mean of what wanders given noisy sums of it, as one Gaussian."""
    regional = covariance.regional_kernels(at, at).covariance(hyper.regional)
    common = covariance.course_kernels(at, at).covariance(hyper.course)
    signal = np.kron(np.ones((2, 2)), common)
    signal += np.kron(np.diag(SIGMA**2), regional)
    noise = np.repeat(SIGMA**2, len(at))
    seen = observed.ravel()
    total = signal[np.ix_(seen, seen)] + np.diag(noise[seen])
    mean = signal[:, seen] @ np.linalg.solve(total, residual.ravel()[seen])
    return mean.reshape(2, -1)


@pytest.mark.parametrize("gaps", [False, True])
def test_course_and_regions_together_are_the_mean_of_one_gaussian(gaps):
    rng = np.random.default_rng(0)
    at = np.arange(12.0)
    observed = np.ones((2, 12), bool)
    if gaps:
        observed[0, 4:6] = observed[1, 9] = False
    residual = 0.3 * rng.standard_normal((2, 12)).cumsum(1)
    covariance, hyper = TimeCovariance(-1.0, (5.0,), True), hyperparameters(season=0.1)
    nothing = np.zeros((2, 12, 0))
    baseline = condition(
        covariance, hyper, at, observed, 0.7, residual, lambda: nothing, True, NORMAL
    )
    found = baseline.predict(np.repeat([0, 1], 12), np.tile(at, 2)).reshape(2, -1)
    expected = 0.7 + dense_mean(covariance, hyper, at, observed, residual)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_without_a_common_course_regions_know_nothing_of_each_other():
    at, ones = np.arange(10.0), np.ones((2, 10), bool)
    rng = np.random.default_rng(1)
    residual = rng.standard_normal((2, 10))
    covariance, hyper = TimeCovariance(-1.0, (), True), hyperparameters()

    def of_first(values):
        nothing = np.zeros((2, 10, 0))
        own = condition(
            covariance, hyper, at, ones, 0.0, values, lambda: nothing, False, NORMAL
        )
        return own.predict(np.zeros(10, int), at)

    changed = residual.copy()
    changed[1] += 5.0
    np.testing.assert_array_equal(of_first(residual), of_first(changed))


def test_flexibility_multiplies_what_wanders_and_nothing_else():
    covariance = TimeCovariance(0.0, (4.0,), True)
    hyper, at = hyperparameters(season=0.1), np.arange(40.0)
    found = forecasting_variances(hyper, covariance, at, 4.0)
    assert found.regional.parts == {"level": 0.8, "season": 0.4, "intercept": 1.5}
    assert found.course.parts == {"level": 0.12, "season": 0.4, "shock": 0.01}
    assert (found.regional.memory, found.course.memory) == (2.0, 3.0)
    np.testing.assert_array_equal(found.sigma, SIGMA)


def test_a_season_that_has_not_repeated_is_a_level_that_moves_as_much():
    covariance, at = TimeCovariance(0.0, (30.0,), True), np.arange(40.0)
    hyper = hyperparameters(season=0.1)
    found = forecasting_variances(hyper, covariance, at, 1.0)
    ends = np.arange(2.0)
    kernels = covariance.regional_kernels(ends, ends)
    for before, after in (
        (hyper.regional, found.regional),
        (hyper.course, found.course),
    ):
        assert after.parts["season"] == 0.0
        # The variance of the change in a step is that of before.
        steps = [
            np.array([-1, 1]) @ kernels.covariance(variances) @ np.array([-1, 1])
            for variances in (
                Variances({**before.parts, "intercept": 0.0}, 2.0),
                Variances({**after.parts, "intercept": 0.0}, 2.0),
            )
        ]
        assert steps[0] == pytest.approx(steps[1])
    # Seen twice it stays a season.
    twice = forecasting_variances(hyper, covariance, np.arange(61.0), 1.0)
    assert twice.regional == hyper.regional
