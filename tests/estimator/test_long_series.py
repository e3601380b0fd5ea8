"""Long series are fitted by blocks of weeks, with the results of dense algebra."""

import numpy as np
import pytest

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.baseline import _signal, _state_space, _variance_search, _variances
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.training import _fit_network


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("n_regions", "missing"), [(1, 0.02), (3, 0.02), (3, 0.0)])
def test_a_long_fit_is_that_of_dense_algebra(monkeypatch, n_regions, missing):
    n_weeks = _state_space.LONG + 20
    X, y, truth = make_mmm(n_regions, n_weeks, 2, missing=missing, random_state=0)
    monkeypatch.setattr(_variance_search, "_TOLERANCE", 2e-9)
    found = []
    for longest in (_state_space.LONG, 10_000):
        for module in (_variances, _signal):
            monkeypatch.setattr(module, "LONG", longest)
        columns = truth.media_columns, truth.control_columns
        mmm = DeepCausalMMMRegressor(
            *columns, "region", "week", random_state=0, n_members=4, graph=False
        ).fit(X, y)
        ends = mmm.predict_interval(X.tail(30), coverage=0.9)
        found.append((mmm.contributions_.to_numpy(), mmm.predict(X.tail(5)), ends))
    for by_blocks, dense in zip(*found, strict=True):
        scale = np.abs(dense).max()
        np.testing.assert_allclose(by_blocks / scale, dense / scale, atol=1e-5)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_effects_of_long_series_may_vary(monkeypatch):
    trained = []

    def train(*given):
        trained.append(train_drift(*given))
        return trained[-1]

    train_drift = _fit_network.train_drift
    monkeypatch.setattr(_fit_network, "train_drift", train)
    n_weeks = _state_space.LONG + 20
    X, y, truth = make_mmm(1, n_weeks, 2, time_varying=True, random_state=0)
    columns = truth.media_columns, truth.control_columns
    mmm = DeepCausalMMMRegressor(
        *columns, "region", "week", random_state=0, n_members=2, graph=False
    ).fit(X, y)
    assert trained[0] is not None
    assert np.isfinite(mmm.predict(X)).all()
