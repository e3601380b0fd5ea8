"""Which controls are rare events, and their scale."""

import numpy as np
import pandas as pd
import pytest
import torch

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.baseline._covariance import TimeCovariance
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.likelihood._penalised import PriorScales, event_scale


def data_of(controls):
    n_regions, n_weeks, _ = controls.shape
    return TrainingData(
        media=np.ones((n_regions, n_weeks, 1)),
        controls=controls,
        target=np.ones((n_regions, n_weeks)),
        observed=np.ones((n_regions, n_weeks), bool),
        position=np.arange(float(n_weeks)),
        covariance=TimeCovariance(0.0, (), True),
    )


def events(n_events, n_weeks=40, n_regions=2):
    """Return standardised indicators after a control that is always on."""
    out = np.zeros((n_regions, n_weeks, 1 + n_events))
    out[..., 0] = np.sin(np.arange(n_weeks))
    for k in range(n_events):
        out[:, 3 * k, k + 1] = 1.0
    return (out - out.mean(1, keepdims=True)) / out.std(1, keepdims=True)


def test_three_rare_controls_are_events():
    whole = data_of(events(3)).whole_events
    # A whole event is one over its standard deviation above none.
    sd = np.sqrt(1 / 40 * (1 - 1 / 40))
    np.testing.assert_allclose(whole, [0.0, sd, sd, sd])
    assert not data_of(events(2)).whole_events.size
    often = events(3)
    often[:, ::7, 1] += 1.0
    assert not data_of(often).whole_events.size
    assert not data_of(np.zeros((1, 10, 3))).whole_events.size
    assert not data_of(np.zeros((1, 10, 0))).whole_events.size


def test_an_event_of_some_regions_is_measured_where_it_was():
    controls = events(3)
    controls[0, :, 2] = controls[0, :, 2].min()
    whole = data_of(controls).whole_events
    np.testing.assert_allclose(whole[2], whole[1])


def test_events_have_a_scale_of_their_own():
    whole = np.array([0.0, 0.2, 0.5])
    scales = PriorScales(np.ones(1), np.ones(1), control=0.3, event=0.1, whole=whole)
    found = scales.of_controls("control", "event")
    torch.testing.assert_close(found, torch.tensor([0.3, 0.02, 0.05]).double())
    assert PriorScales(np.ones(1), np.ones(1)).of_controls("control", "event") == 0.3
    # Without events what is believed of them, with many what they do.
    assert event_scale(np.zeros(0)) == pytest.approx(0.1)
    assert event_scale(np.full(10_000, 0.04)) == pytest.approx(0.2, rel=1e-3)


@pytest.fixture(scope="module")
def fitted():
    """Return a fit with a strong control and events of which most do nothing."""
    rng = np.random.default_rng(0)
    n = 110
    X = pd.DataFrame({"week": pd.date_range("2022-01-03", periods=n, freq="7D")})
    X["tv"], X["price"] = rng.gamma(2.0, 1.0, n), rng.normal(size=n)
    for k in range(8):
        X[f"event_{k}"] = 0.0
        X.loc[rng.choice(n, 2, replace=False), f"event_{k}"] = 1.0
    y = 100 + 2 * X["tv"] - 20 * X["price"] + 30 * X["event_0"] + rng.normal(size=n)
    mmm = DeepCausalMMMRegressor(
        ["tv"], ["price", "event_*"], time_column="week", random_state=0,
        n_members=4, validation=False, graph=False, time_varying=False,
    )  # fmt: skip
    return mmm.fit(X, y), X


def test_rare_events_are_pooled_apart_from_other_controls(fitted):
    mmm, _ = fitted
    learned = mmm.hyperparameters_
    # Of the mean outcome, one of eight events brings 30 %, price 20 % by its deviation.
    assert 0.05 < learned["event_scale"] < 0.2
    assert learned["control_scale"] == pytest.approx(0.2, abs=0.05)
    contribution = mmm.contributions_
    brought = {k: np.ptp(contribution[f"event_{k}"].to_numpy()) for k in range(8)}
    assert brought[0] == pytest.approx(30, abs=4)
    assert max(brought[k] for k in range(1, 8)) < 3


def test_an_update_keeps_events_apart(fitted):
    mmm, X = fitted
    later = X.tail(4).assign(week=X["week"].tail(4) + pd.Timedelta(28, "D"))
    y = mmm.predict(later)
    scale = mmm.hyperparameters_["event_scale"]
    mmm.partial_fit(later, y)
    assert mmm.hyperparameters_["event_scale"] == pytest.approx(scale, rel=0.3)
