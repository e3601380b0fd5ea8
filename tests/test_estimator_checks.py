"""scikit-learn's own checks of every public estimator, in one place."""

import inspect

import pytest
from sklearn.base import BaseEstimator
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

import sklearn_mmm
from sklearn_mmm import (
    AdstockHillTransformer,
    ChannelGraph,
    DeepCausalMMMRegressor,
    EventEncoder,
    RegionEncoder,
    inspection,
    transformers,
)
from sklearn_mmm.inspection import ResponseCurveFit

OWN_SERIES = "without keys each X is a series of its own, in row order"
SAME_STEP = "its integer cast makes two rows share a time step"


def expected_failures(estimator):
    """Return the checks that cannot hold, with the reason."""
    if not isinstance(estimator, (DeepCausalMMMRegressor, AdstockHillTransformer)):
        return {}
    if estimator.time_column is None:
        return {
            "check_methods_sample_order_invariance": OWN_SERIES,
            "check_methods_subset_invariance": OWN_SERIES,
        }
    return {"check_estimators_dtypes": SAME_STEP}


# The graph has checks of its own, and would take most of the time in a regressor.
ESTIMATORS = [
    AdstockHillTransformer(),
    AdstockHillTransformer(time_column=-1),
    ChannelGraph(),
    DeepCausalMMMRegressor(graph=False),
    DeepCausalMMMRegressor(time_column=-1, graph=False),
    EventEncoder(),
    RegionEncoder(),
]
# scikit-learn's checks of fitted estimators are for tables; a curve is of one variable.
OF_ONE_VARIABLE = ResponseCurveFit


def test_every_public_estimator_is_checked():
    public = {
        thing
        for room in (sklearn_mmm, inspection, transformers)
        for thing in map(room.__dict__.get, room.__all__)
        if inspect.isclass(thing) and issubclass(thing, BaseEstimator)
    }
    assert public == {*map(type, ESTIMATORS), OF_ONE_VARIABLE}


@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_set_params,
        estimator_checks.check_estimators_unfitted,
    ],
    ids=lambda check: check.__name__,
)
def test_checks_of_a_curve(check):
    check(OF_ONE_VARIABLE.__name__, OF_ONE_VARIABLE())


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [DeepCausalMMMRegressor(), DeepCausalMMMRegressor(time_column=-1)],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_checks_of_the_defaults(estimator, check):
    check(estimator)
