import numpy as np
import pytest

from sklearn_mmm.baseline._group_courses import (
    course_loadings,
    joined_loadings,
    likeliest_courses,
    of_unseen_cells,
    whitened,
)
from sklearn_mmm.panel._groups import Groups, unseen_codes

CODES = np.stack(np.indices((6, 4)), axis=-1).reshape(-1, 2)
GRID = Groups(CODES, (6, 4))


def innovations(variance, n_weeks=300, seed=0):
    rng = np.random.default_rng(seed)
    of_groups = rng.standard_normal((GRID.n_groups, n_weeks))
    own = rng.standard_normal((len(CODES), n_weeks))
    return course_loadings(GRID, np.maximum(variance, 1e-300)) @ of_groups + own


@pytest.mark.parametrize("truth", [(0.3, 0.0), (0.2, 0.1)])
def test_variances_of_courses_are_found(truth):
    found = likeliest_courses(innovations(np.array(truth)), GRID)
    np.testing.assert_allclose(found, truth, rtol=0.2)


def test_independent_cells_have_no_courses_in_common():
    for seed in range(3):
        found = likeliest_courses(innovations(np.zeros(2), seed=seed), GRID)
        np.testing.assert_array_equal(found, 0.0)


def test_joined_loadings_are_the_covariance_of_both():
    rng = np.random.default_rng(0)
    of_groups = course_loadings(GRID, np.array([0.5, 0.0]))
    assert of_groups.shape == (24, 6)
    further = rng.standard_normal((24, 2))
    joined = joined_loadings(of_groups, further)
    eye = np.eye(24)
    A = eye + of_groups @ of_groups.T
    # What whitens the groups leaves the further factors.
    left = whitened(of_groups, whitened(of_groups, eye + joined @ joined.T).T)
    np.testing.assert_allclose(left, eye + further @ further.T, atol=1e-9)
    white = whitened(of_groups, whitened(of_groups, A).T)
    np.testing.assert_allclose(white, eye, atol=1e-9)


def test_an_unseen_cell_has_the_mean_of_its_groups_where_they_are_all():
    seen = np.ones(24, bool)
    seen[-1] = False
    groups = Groups(CODES[seen], GRID.sizes)
    code = unseen_codes(CODES[-1:], GRID.sizes)
    share = of_unseen_cells(groups, np.array([1e6, 0.0]), code)
    same_geo = CODES[seen][:, 0] == 5
    np.testing.assert_allclose(share[0, same_geo], 1 / 3, rtol=1e-4)
    np.testing.assert_allclose(share[0, ~same_geo], 0.0, atol=1e-6)
    unknown = unseen_codes(np.array([[-1, -1]]), GRID.sizes)
    assert not of_unseen_cells(groups, np.array([1.0, 1.0]), unknown).any()
