import numpy as np
import pandas as pd
import pytest
import torch

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.exceptions import ExtrapolationWarning
from sklearn_mmm.likelihood._data import calendar_features
from sklearn_mmm.likelihood._evidence import FEWEST, Unexplained, likeliest_scale
from sklearn_mmm.network._modulation import Modulation
from sklearn_mmm.training._validate import inner_origins


def drifting(drifts, **parameters):
    X, y, truth = make_mmm(
        n_regions=8,
        n_weeks=130,
        n_channels=2,
        time_varying=drifts,
        random_state=0,
    )
    mmm = DeepCausalMMMRegressor(
        truth.media_columns,
        truth.control_columns,
        "region",
        "week",
        random_state=0,
        max_epochs=400,
        **parameters,
    )
    return mmm.fit(X, y), X, y, truth


@pytest.fixture(scope="module")
def varying():
    return drifting(True)


def test_modulation_follows_the_truth(varying):
    mmm, X, _, truth = varying
    found, true = mmm.modulation_.to_numpy(), np.asarray(truth.multipliers)
    for channel in range(2):
        assert np.corrcoef(found[:, channel], true[:, channel])[0, 1] > 0.7
    means = mmm.modulation_.groupby(X["region"].to_numpy()).mean()
    np.testing.assert_allclose(means, 1.0, atol=1e-6)
    assert (found > 0).all()


def test_constant_truth_stays_constant():
    mmm, *_ = drifting(False)
    assert mmm.modulation_.to_numpy().std(axis=0).max() < 0.05


def test_contributions_sum_and_subsets_agree(varying):
    mmm, X, *_ = varying
    full = mmm.predict(X)
    np.testing.assert_allclose(mmm.contributions_.sum(axis=1), full)
    one = X[X["region"] == X["region"].iloc[-1]].tail(20)
    np.testing.assert_allclose(mmm.predict(one), pd.Series(full, X.index)[one.index])


def test_switched_off_is_one():
    mmm, *_ = drifting(True, time_varying=False, validation=False)
    assert (mmm.modulation_ == 1.0).to_numpy().all()
    assert mmm.hyperparameters_["modulation_share"] == 0.0


@pytest.mark.parametrize("adstock", ["delayed", "weibull"])
def test_other_kernels(adstock):
    mmm, X, y, _ = drifting(
        False, time_varying=False, validation=False, adstock=adstock
    )
    np.testing.assert_allclose(mmm.adstock_.sum(axis=1), 1.0)
    assert mmm.score(X, y) > 0.8
    assert mmm.decay_.isna().all() == (adstock == "weibull")
    assert len(mmm.adstock_parameters_.columns) == 2


def test_drifting_controls_are_told_and_held(varying):
    mmm, X, _, truth = varying
    control = truth.control_columns[0]
    edge, beyond = X.tail(5).copy(), X.tail(5).copy()
    region = X["region"] == edge["region"].iloc[0]
    edge[control] = X.loc[region, control].max()
    beyond[control] = X[control].max() + 100 * X[control].std()
    with pytest.warns(ExtrapolationWarning, match=control):
        found = mmm.predict(beyond)
    found -= mmm.predict(edge)
    # The state of the GRU reads controls too, clipped; it is the only difference.
    assert np.abs(found).max() < 0.2 * X[control].std() + 0.1 * mmm.predict(edge).max()


def test_inner_origins_are_inside_the_training_weeks():
    assert inner_origins(40) == []
    assert inner_origins(104) == [80, 88, 96]


def test_evidence_needs_a_signal():
    rng = np.random.default_rng(0)
    slopes, nuisance = rng.standard_normal((400, 12)), np.ones((400, 1))
    noise = rng.standard_normal(400)
    start, flat = np.zeros(12), np.zeros(1)

    def likeliest(nuisance, precision, residual):
        left = Unexplained(nuisance, precision, residual, nuisance.T @ nuisance)
        return likeliest_scale(slopes, start, left).value

    assert likeliest(nuisance, flat, noise) == FEWEST
    weights = 0.3 * rng.standard_normal(12)
    changed = noise + slopes @ weights
    found = likeliest(nuisance, flat, changed)
    assert found == pytest.approx(0.3, rel=0.5)
    # What nuisance could explain as well is no evidence, unless its prior is narrow.
    same = slopes + 0.01 * rng.standard_normal(slopes.shape)
    assert likeliest(same, np.zeros(12), changed) == FEWEST
    narrow = np.full(12, 1e6)
    found = likeliest(same, narrow, changed)
    assert found == pytest.approx(0.3, rel=0.5)


def test_calendar_holds_elapsed_time_beyond_training():
    features = calendar_features(np.array([0.0, 50.0, 100.0, 150.0]), 100.0, 52.0)
    np.testing.assert_allclose(features[:, 0], [-1, 0, 1, 1])
    assert features.shape == (4, 5)


def test_untrained_modulation_is_one_and_future_share_shrinks():
    torch.manual_seed(0)
    modulation = Modulation(2, 3, 1, 1)
    media, controls = torch.rand(2, 6, 3), torch.randn(2, 6, 1)
    calendar = torch.linspace(-1, 1, 6)[None, :, None].expand(2, -1, -1)
    seen = torch.ones(2, 6)
    features = modulation.features(media, controls, calendar)
    np.testing.assert_allclose(modulation(features, seen).detach().numpy(), 1.0)
    with torch.no_grad():
        modulation.head[-1].fill_(0.5)
        modulation.remember_mean(features, seen)
        later = torch.arange(6) > 3
        region = torch.arange(2)
        full = modulation.predict(media, controls, calendar, region, later).log()
        modulation.future_share = 0.5
        half = modulation.predict(media, controls, calendar, region, later).log()
    torch.testing.assert_close(half[:, :4], full[:, :4])
    torch.testing.assert_close(half[:, 4:], 0.5 * full[:, 4:])
