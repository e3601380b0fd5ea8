import numpy as np
import pytest
import torch

from sklearn_mmm.baseline._dependence import decorrelate, factor_loadings


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


def test_decorrelation_inverts_the_covariance():
    loadings = torch.as_tensor(np.random.default_rng(1).standard_normal((7, 2)))
    root = decorrelate(torch.eye(7, dtype=torch.float64), loadings)
    covariance = torch.eye(7, dtype=torch.float64) + loadings @ loadings.T
    torch.testing.assert_close(
        root @ covariance @ root, torch.eye(7, dtype=torch.float64)
    )


def test_no_factors_change_nothing():
    values = torch.randn(4, 3)
    assert decorrelate(values, torch.zeros(4, 0)) is values
