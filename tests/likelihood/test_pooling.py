import numpy as np
import pytest
import torch

from sklearn_mmm.likelihood._pooling import Pooling, pooled_scales
from sklearn_mmm.panel._groups import Groups


def grid(n_geos, n_brands):
    codes = np.stack(np.indices((n_geos, n_brands)), axis=-1).reshape(-1, 2)
    return Groups(codes, (n_geos, n_brands))


def draw(groups, sd, own, n, seed=0):
    """Return deviations of cells, (n, n_regions), of crossed random effects."""
    rng = np.random.default_rng(seed)
    scale = np.asarray(sd)[groups.dimension]
    of_groups = scale * rng.standard_normal((n, groups.n_groups))
    cells = own * rng.standard_normal((n, len(groups.codes)))
    return of_groups @ groups.membership.T + cells


@pytest.mark.parametrize("truth", [(0.5, 0.2), (0.3, 0.6)])
def test_scales_of_groups_and_of_their_crossing_are_found(truth):
    groups = grid(8, 6)
    values = draw(groups, truth, 0.1, 200)
    start = 0.1, np.full(2, 0.1)
    own, found = pooled_scales(
        values, groups.membership, groups.dimension, *start, (0.01, 1.0)
    )
    np.testing.assert_allclose([own, *found], [0.1, *truth], rtol=0.1)


def test_scales_stay_within_their_limits():
    groups = grid(4, 3)
    values = draw(groups, (0.0, 1.5), 0.2, 50)
    own, found = pooled_scales(
        values, groups.membership, groups.dimension, 0.1, np.full(2, 0.1), (0.01, 1.0)
    )
    assert 0.01 <= found[0] < 0.2
    assert found[1] == 1.0
    assert own == pytest.approx(0.2, rel=0.15)


def test_sums_are_the_transpose_of_means():
    groups = grid(3, 2)
    pooling = Pooling(torch.as_tensor(groups.place), torch.as_tensor(groups.dimension))
    of_groups = torch.randn(2, 5 * 4, dtype=torch.float64)
    cells = torch.randn(2, 6, 4, dtype=torch.float64)
    left = (pooling.means(of_groups) * cells).sum()
    right = (of_groups * pooling.sums(cells)).sum()
    torch.testing.assert_close(left, right)
    np.testing.assert_array_equal(pooling.membership, groups.membership)
