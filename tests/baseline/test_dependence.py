import numpy as np
import pytest
import torch

from sklearn_mmm.baseline._dependence import Decorrelation, factor_loadings


def test_independent_regions_have_no_factors():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        assert factor_loadings(rng.standard_normal((40, 100)), 100).shape == (40, 0)


def test_loadings_of_a_common_shock_are_found():
    rng = np.random.default_rng(0)
    true = rng.uniform(0.5, 1.5, 60)
    shock = rng.standard_normal(200)
    innovation = rng.standard_normal((60, 200)) + np.outer(true, shock)
    found = factor_loadings(innovation, 200)
    assert found.shape == (60, 1)
    assert abs(np.corrcoef(found[:, 0], true)[0, 1]) > 0.9
    # Clipping at three standard deviations costs some of the size.
    assert np.abs(found).mean() == pytest.approx(true.mean(), rel=0.25)


def test_decorrelation_inverts_the_covariance_of_each_week():
    rng = np.random.default_rng(1)
    eye = torch.eye(7, dtype=torch.float64)
    for n_matrices in (1, 4):
        loadings = torch.as_tensor(rng.standard_normal((n_matrices, 7, 2)))
        decorrelate = Decorrelation(loadings)
        # A unit in each region, the same in all four weeks: (unit, region, week).
        roots = decorrelate(eye.unsqueeze(-1).expand(-1, -1, 4).contiguous())
        for week in range(4):
            own = loadings[min(week, n_matrices - 1)]
            root = roots[..., week]
            torch.testing.assert_close(root @ (eye + own @ own.T) @ root, eye)


def test_factors_that_last_are_those_of_every_week():
    rng = np.random.default_rng(3)
    lasting = torch.as_tensor(rng.standard_normal((1, 6, 2))).expand(4, -1, -1)
    changing = torch.as_tensor(rng.standard_normal((4, 6, 1)))
    values = torch.as_tensor(rng.standard_normal((3, 2, 6, 4)))
    found = Decorrelation(torch.cat([changing, lasting], -1))(values)
    for week in range(4):
        own = torch.cat([lasting[week], changing[week]], -1)
        expected = Decorrelation(own[None])(values[..., [week]])
        torch.testing.assert_close(found[..., [week]], expected)


def test_decorrelation_is_its_own_transpose():
    rng = np.random.default_rng(2)
    decorrelate = Decorrelation(torch.as_tensor(rng.standard_normal((5, 3, 2))))
    a, b = torch.as_tensor(rng.standard_normal((2, 1, 3, 5)))
    left, right = (a * decorrelate(b)).sum(), (decorrelate(a) * b).sum()
    torch.testing.assert_close(left, right)


def test_no_factors_change_nothing():
    values = torch.randn(4, 3)
    assert Decorrelation(torch.zeros(1, 4, 0))(values) is values
