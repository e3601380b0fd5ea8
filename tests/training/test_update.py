"""What a fitted model keeps when weeks, regions or units change."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from sklearn_mmm.baseline._covariance import TimeCovariance, Variances
from sklearn_mmm.baseline._outliers import Outliers
from sklearn_mmm.baseline._variances import TimeHyperparameters
from sklearn_mmm.components import GeometricAdstock, HillSaturation
from sklearn_mmm.components._noise import HuberNoise
from sklearn_mmm.functional import lagged
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.likelihood._penalised import Penalties, PriorScales
from sklearn_mmm.network import MMMModule, Sizes
from sklearn_mmm.network._response_shape import ResponseShape
from sklearn_mmm.panel._scales import Rescaling
from sklearn_mmm.posterior import Hyperparameters
from sklearn_mmm.training._resize import resized
from sklearn_mmm.training._update import _continued, _grown, _rescale


@pytest.fixture
def module():
    shape = ResponseShape(GeometricAdstock(), HillSaturation(), 3)
    module = MMMModule(Sizes(2, 6, 2, 1, 0), shape).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return module


def panel(n_regions, n_weeks):
    rng = np.random.default_rng(0)
    return TrainingData(
        rng.exponential(size=(n_regions, n_weeks, 2)),
        rng.standard_normal((n_regions, n_weeks, 1)),
        np.ones((n_regions, n_weeks)),
        np.ones((n_regions, n_weeks), bool),
        np.arange(float(n_weeks)),
        TimeCovariance(-1.0, (), True),
    )


@torch.no_grad()
def test_regions_keep_their_effects_wherever_they_stand_now(module):
    data = panel(3, 8)
    new = resized(module, data, np.array([1, -1, 0]))
    for part in ("media", "controls"):
        old_part, new_part = getattr(module, part), getattr(new, part)
        torch.testing.assert_close(new_part.deviation[0], old_part.deviation[1])
        torch.testing.assert_close(new_part.deviation[2], old_part.deviation[0])
        assert (new_part.deviation[1] == 0).all()  # a new region has the shared effects
    torch.testing.assert_close(new.media.log_effect, module.media.log_effect)
    torch.testing.assert_close(new.media.weights, module.media.weights)


@torch.no_grad()
def test_the_common_course_goes_on_at_its_last_level(module):
    new = resized(module, panel(2, 9), np.array([0, 1]))
    before, after = module.baseline(), new.baseline()
    torch.testing.assert_close(after[:6], before)
    torch.testing.assert_close(after[6:], before[-1].expand(3))


@torch.no_grad()
def test_a_rescaled_module_says_the_same_in_other_units(module):
    data = panel(2, 6)
    region = torch.arange(2)
    lags = lagged(torch.as_tensor(data.media), 3)
    before = module.media(lags, region)
    ratio = np.array([0.5, 0.8])
    _rescale(module, Rescaling(np.arange(2), ratio, outcome=2.0))
    after = module.media(lagged(torch.as_tensor(data.media * ratio), 3), region)
    torch.testing.assert_close(after, 2.0 * before)


def test_hyperparameters_follow_regions_and_the_unit_of_the_outcome():
    variances = Variances({"level": 0.1, "intercept": 1.0}, 1.0)
    sigma, loadings = np.array([0.1, 0.3, 0.2]), np.array([[1.0], [2.0], [3.0]])
    time = TimeHyperparameters(variances, variances, sigma, loadings)
    scales = PriorScales(np.ones(2), np.ones(2))
    slope = torch.zeros(2), torch.ones(2)
    shape = {"saturation_slope": slope}
    penalties = Penalties(0.0, 1.0, HuberNoise(3.0), False, scales, shape)
    former = Hyperparameters(time, penalties, None)
    change = Rescaling(np.array([2, -1, 0]), np.ones(2), outcome=2.0)
    outliers = Outliers(np.zeros((3, 5)), np.ones((3, 5)))
    found = _grown(former, {"saturation_slope": {1: (0.5, 0.1)}}, outliers, change)
    # A new region has the noise of the median one, and no part in what moves others.
    np.testing.assert_allclose(found.time.sigma, [0.4, 0.4, 0.2])
    np.testing.assert_allclose(found.time.loadings, [[3.0], [0.0], [1.0]])
    assert found.time.regional == time.regional
    assert found.outliers is outliers
    mean, sd = found.penalties.shape["saturation_slope"]
    assert mean.tolist() == [0.0, 0.5]
    np.testing.assert_allclose(sd, [1.0, 0.1], rtol=1e-6)
    assert slope[0].tolist() == [0.0, 0.0]


def test_outliers_of_former_weeks_stay_and_new_regions_are_searched_for_some():
    data = panel(3, 20)
    rng = np.random.default_rng(1)
    target = 1 + 0.01 * rng.standard_normal((3, 20))
    target[1, 7] = 5.0
    shift, weight = np.zeros((2, 16)), np.ones((2, 16))
    shift[0, 3], weight[0, 3] = 0.5, 0.1
    data = replace(data, target=target)
    # The new region stands between those that were there, and weeks 16 to 19 are new.
    change = Rescaling(np.array([0, -1, 1]), np.ones(2), 2.0)
    found = _continued(Outliers(shift, weight), np.arange(16.0), data, change)
    expected = np.zeros((3, 20))
    expected[0, 3] = 1.0
    expected[1, 7] = found.shift[1, 7]
    np.testing.assert_allclose(found.shift, expected)
    assert found.shift[1, 7] > 3
    assert found.weight[0, 3] == 0.1
    assert (found.weight < 1).sum() == 2
