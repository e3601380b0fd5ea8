"""Modulation of effects over time."""

import pytest
import torch

from sklearn_mmm.network._modulation import Modulation, week_weights


@pytest.fixture
def panel():
    generator = torch.Generator().manual_seed(0)
    media = torch.rand(3, 20, 2, generator=generator)
    controls = torch.randn(3, 20, 1, generator=generator)
    calendar = torch.rand(3, 20, 4, generator=generator)
    observed = torch.ones(3, 20)
    observed[1, 3:9] = 0.0
    return media, controls, calendar, observed


@pytest.fixture
def modulation():
    torch.manual_seed(0)
    module = Modulation(3, 2, 1, 4)
    with torch.no_grad():
        module.head.normal_()
    module.active = True
    return module


def test_an_untrained_module_does_not_modulate(panel):
    *inputs, observed = panel
    module = Modulation(3, 2, 1, 4)
    found = module(module.features(*inputs), observed)
    assert found.equal(torch.ones(3, 20, 2))


def test_modulation_is_positive_with_mean_1_over_observed_weeks(panel, modulation):
    *inputs, observed = panel
    found = modulation(modulation.features(*inputs), observed)
    assert (found > 0).all()
    mean = (found * observed[..., None]).sum(1) / observed.sum(1)[:, None]
    torch.testing.assert_close(mean, torch.ones(3, 2))
    assert found.std(1).min() > 0.1


def test_modulation_stays_a_drift_however_large_the_weights(panel, modulation):
    *inputs, _ = panel
    with torch.no_grad():
        modulation.head.mul_(1e4)
        raw = modulation.log_modulation(modulation.features(*inputs))
    assert raw.abs().max() <= 2.0
    assert raw.isfinite().all()


def test_training_weeks_are_predicted_as_they_were(panel, modulation):
    *inputs, observed = panel
    features = modulation.features(*inputs)
    modulation.remember_mean(features, observed)
    later = torch.zeros(20, dtype=torch.bool)
    found = modulation.predict(*inputs, torch.arange(3), later)
    torch.testing.assert_close(found, modulation(features, observed))


def test_later_weeks_keep_a_share_of_the_logarithm(panel, modulation):
    *inputs, observed = panel
    modulation.remember_mean(modulation.features(*inputs), observed)
    later = torch.arange(20) >= 15
    region = torch.tensor([0, 2, -1])
    whole = modulation.predict(*inputs, region, later)
    modulation.future_share = 0.5
    half = modulation.predict(*inputs, region, later)
    torch.testing.assert_close(half[:, :15], whole[:, :15])
    torch.testing.assert_close(half[:, 15:].log(), 0.5 * whole[:, 15:].log())


def test_memory_carries_on_where_weeks_are_cut(panel, modulation):
    *inputs, observed = panel
    modulation.remember_mean(modulation.features(*inputs), observed)
    later = torch.arange(20) >= 15
    region = torch.arange(3)
    whole = modulation.predict(*inputs, region, later)
    memory = modulation.memory(*(part[:, :12] for part in inputs))
    rest = [part[:, 12:] for part in inputs]
    found = modulation.predict(*rest, region, later[12:], memory)
    torch.testing.assert_close(found, whole[:, 12:])


def test_steepness_is_the_derivative(modulation):
    added = torch.linspace(-5, 5, 11, requires_grad=True)
    value = 2.0 * torch.tanh(added / 2.0)
    (slope,) = torch.autograd.grad(value.sum(), added)
    torch.testing.assert_close(modulation.steepness(added.detach()), slope)


def test_weights_of_weeks_by_hand():
    observed = torch.tensor([[1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    found = week_weights(observed)[..., 0]
    expected = torch.tensor([[0.5, 0.0, 0.5, 0.0], [0.25, 0.25, 0.25, 0.25]])
    torch.testing.assert_close(found, expected)


def test_what_is_not_used_is_dropped(modulation):
    modulation.remove()
    assert list(modulation.parameters()) == []
    assert modulation.n_calendar == 0
