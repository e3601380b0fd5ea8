"""A fit that is refused or interrupted leaves the estimator as it was."""

import pickle
import signal

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from skorch.callbacks import EarlyStopping

from sklearn_mmm import AdstockHillTransformer, ChannelGraph, RegionEncoder
from sklearn_mmm.inspection import ResponseCurveFit


@pytest.fixture(scope="module")
def small(panel, make_regressor):
    """Return a factory of regressors whose fit takes little, and their panel."""
    X, y, _ = panel
    return (
        lambda: make_regressor(
            validation=False, graph=False, time_varying=False, n_members=2
        ),
        X[:120],
        y[:120],
    )


def state_of(estimator):
    """Return which objects the attributes are, and what is in them."""
    return (
        {name: id(value) for name, value in vars(estimator).items()},
        pickle.dumps(vars(estimator)),
    )


def fit_interrupted(signal_at, n_calls, estimator, method, X, y):
    with signal_at(signal.SIGINT, n_calls):
        getattr(estimator, method)(X, y)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_ctrl_c_at_any_moment_leaves_the_estimator_as_it_was(small, method, signal_at):
    make, X, y = small
    mmm = make().fit(X[:100], y[:100])
    other = pickle.loads(pickle.dumps(mmm))
    with signal_at(signal.SIGINT, -1) as seen:
        getattr(other, method)(X, y)
    before, prediction = state_of(mmm), mmm.predict(X)
    for share in (0.0, 0.2, 0.5):
        moment = 1 + int(share * seen())
        with pytest.raises(KeyboardInterrupt):
            fit_interrupted(signal_at, moment, mmm, method, X, y)
        assert state_of(mmm) == before
    np.testing.assert_array_equal(mmm.predict(X), prediction)


@pytest.mark.slow
def test_ctrl_c_at_ten_moments_of_a_whole_fit(panel, make_regressor, signal_at):
    X, y, _ = panel
    mmm = make_regressor(n_members=4)
    with signal_at(signal.SIGINT, -1) as seen:
        mmm.fit(X, y)
    before = state_of(mmm)
    for moment in np.linspace(1, seen(), 10).astype(int):
        with pytest.raises(KeyboardInterrupt):
            fit_interrupted(signal_at, moment, mmm, "fit", X, y)
        assert state_of(mmm) == before


def test_an_interrupted_first_fit_leaves_an_unfitted_estimator(small, signal_at):
    make, X, y = small
    mmm = make()
    with pytest.raises(KeyboardInterrupt):
        fit_interrupted(signal_at, 500, mmm, "fit", X, y)
    with pytest.raises(NotFittedError):
        mmm.predict(X)
    assert vars(mmm) == vars(make())


def refusals(X, y):
    negative = X.assign(tv=-X["tv"])
    return {
        "a media column is negative": (negative, y, {}),
        "a row is there twice": (
            X.iloc[[0, *range(len(X))]],
            y[[0, *range(len(y))]],
            {},
        ),
        "y has a hole": (X, np.where(np.arange(len(y)) == 5, np.nan, y), {}),
        "tests are no table": (X, y, {"lift_tests": "none"}),
        "a column is missing": (X.drop(columns="tv"), y, {}),
    }


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_what_is_refused_leaves_the_estimator_as_it_was(small, method):
    make, X, y = small
    mmm = make().fit(X[:100], y[:100])
    before = state_of(mmm)
    for given in refusals(X, np.asarray(y)).values():
        bad_X, bad_y, options = given
        with pytest.raises(ValueError, match=r"."):
            getattr(mmm, method)(bad_X, bad_y, **options)
        assert state_of(mmm) == before


def test_other_roles_that_are_refused_do_not_mix_with_what_was_learned(small):
    make, X, y = small
    mmm = make().fit(X[:100], y[:100])
    prediction = mmm.predict(X)
    graph = ChannelGraph(forbidden_edges=[("radio", "tv")])
    mmm.set_params(media_columns=["search", "tv"], graph=graph)
    with pytest.raises(ValueError, match="radio"):
        mmm.fit(X[:100], y[:100])
    np.testing.assert_array_equal(mmm.predict(X), prediction)


@pytest.mark.parametrize(
    ("estimator", "columns"),
    [
        (ChannelGraph(["tv", "search"], "region", "week"), ["tv"]),
        (AdstockHillTransformer(["tv"], "region", "week"), ["tv"]),
        (RegionEncoder("region", "week"), ["tv"]),
    ],
)
def test_other_estimators_do_likewise(small, estimator, columns):
    _, X, y = small
    estimator.fit(X, y)
    before = state_of(estimator)
    bad = X.assign(**dict.fromkeys(columns, np.inf))
    with pytest.raises(ValueError, match="NaN or inf"):
        estimator.fit(bad, y)
    assert state_of(estimator) == before


def test_curve_fits_do_likewise():
    spend = np.linspace(1, 100, 30)
    curve = ResponseCurveFit().fit(spend, spend / (spend + 20))
    before = state_of(curve)
    with pytest.raises(ValueError, match="NaN"):
        curve.fit(spend, np.full(30, np.nan))
    assert state_of(curve) == before


def test_a_callback_that_stops_training_early_is_no_interruption(small):
    make, X, y = small
    mmm = make().set_params(
        callbacks=[EarlyStopping("train_loss", patience=1, threshold=0.5)]
    )
    assert mmm.fit(X, y).hyperparameters_["n_epochs"] < mmm.max_epochs


def test_a_random_state_is_as_before_a_refused_fit(small):
    make, X, y = small
    random = np.random.RandomState(0)
    mmm = make().set_params(random_state=random)
    before = random.get_state()[1].copy()
    with pytest.raises(ValueError, match="lift_tests"):
        mmm.fit(X, y, lift_tests="none")
    np.testing.assert_array_equal(random.get_state()[1], before)
