"""Effects of controls and the baseline that regions share."""

import pytest
import torch

from sklearn_mmm.network._baseline import CommonBaseline
from sklearn_mmm.network._controls import ControlEffects


@pytest.fixture
def controls():
    effects = ControlEffects(2, 2)
    with torch.no_grad():
        effects.coefficient.copy_(torch.tensor([1.0, -2.0]))
        effects.deviation.copy_(torch.tensor([[0.5, 0.0], [-0.5, 1.0]]))
    return effects


def test_effects_are_linear_with_coefficients_of_the_region(controls):
    values = torch.tensor([[[1.0, 1.0], [2.0, 0.0]], [[1.0, 1.0], [0.0, 3.0]]])
    found = controls(values, torch.tensor([0, 1]))
    expected = torch.tensor([[[1.5, -2.0], [3.0, 0.0]], [[0.5, -1.0], [0.0, -3.0]]])
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(controls(3 * values, torch.tensor([0, 1])), 3 * expected)


def test_a_region_that_is_not_known_has_the_shared_coefficients(controls):
    found = controls.regional_coefficient(torch.tensor([-1, 1]))
    torch.testing.assert_close(found, torch.tensor([[1.0, -2.0], [0.5, -1.0]]))


def test_a_single_region_has_no_deviations_to_learn():
    assert list(dict(ControlEffects(1, 3).named_parameters())) == ["coefficient"]


def test_nothing_is_expected_of_controls_before_data(controls):
    untrained = ControlEffects(2, 2)
    assert (untrained(torch.randn(2, 5, 2), torch.tensor([0, 1])) == 0).all()


def test_the_common_course_is_the_factor_by_the_innovations():
    baseline = CommonBaseline(3)
    with torch.no_grad():
        baseline.intercept.fill_(0.5)
        baseline.innovation.copy_(torch.tensor([1.0, 0.0, -2.0]))
    baseline.factor = torch.tensor([[1.0, 0.0, 0.0], [1.0, 2.0, 0.0], [1.0, 2.0, 3.0]])
    assert baseline.has_course
    torch.testing.assert_close(baseline(), torch.tensor([1.5, 1.5, -4.5]))


def test_without_a_common_course_the_baseline_is_its_intercept():
    baseline = CommonBaseline(0)
    assert not baseline.has_course
    assert baseline().shape == ()
    assert [name for name, _ in baseline.named_parameters()] == ["intercept"]
