"""The determinant of what whitens a panel."""

import numpy as np
import pytest
import torch

from sklearn_mmm.baseline._covariance import TimeCovariance, Variances
from sklearn_mmm.baseline._dependence import Decorrelation
from sklearn_mmm.baseline._determinant import log_determinant
from sklearn_mmm.baseline._state_space import SIZE, Blocks
from sklearn_mmm.baseline._whitening import dense_whitener

VARIANCES = Variances({"level": 0.03, "season": 0.5, "intercept": 1.3}, 2.3)
N_WEEKS = SIZE + 12


@pytest.mark.parametrize("by_blocks", [False, True])
@pytest.mark.parametrize("alike", [False, True])
def test_it_is_that_of_the_covariances(by_blocks, alike):
    covariance = TimeCovariance(0.0, (52.0,), True)
    position = np.arange(N_WEEKS, dtype=float)
    observed = np.ones((5, N_WEEKS), bool)
    if not alike:
        observed[0, 5:20] = observed[3, -4:] = observed[4, :9] = False
    K = covariance.regional_kernels(position, position).covariance(VARIANCES)
    K = K + np.eye(N_WEEKS)
    whitener = (
        Blocks(covariance, position).whitener(VARIANCES, observed)
        if by_blocks
        else dense_whitener(K, observed)
    )
    loadings = torch.as_tensor(np.random.default_rng(0).normal(size=(1, 5, 2)))
    expected = sum(-0.5 * np.linalg.slogdet(K[np.ix_(o, o)])[1] for o in observed)
    nothing = Decorrelation(loadings[..., :0])
    assert np.isclose(log_determinant(whitener, nothing, N_WEEKS), expected)
    inner = np.eye(5) + loadings[0].numpy() @ loadings[0].numpy().T
    expected -= 0.5 * N_WEEKS * np.linalg.slogdet(inner)[1]
    own = Decorrelation(loadings)
    assert np.isclose(log_determinant(whitener, own, N_WEEKS), expected)
    each = Decorrelation(loadings.expand(N_WEEKS, -1, -1).clone())
    assert np.isclose(log_determinant(whitener, each, N_WEEKS), expected)
