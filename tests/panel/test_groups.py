import numpy as np

from sklearn_mmm.panel._groups import Groups, unseen_codes, unseen_places


def test_groups_are_counted_through_the_dimensions():
    groups = Groups(np.array([[0, 1], [2, 0]]), (3, 2))
    assert groups.n_groups == 5
    np.testing.assert_array_equal(groups.place, [[0, 4], [2, 3]])
    np.testing.assert_array_equal(groups.dimension, [0, 0, 0, 1, 1])
    np.testing.assert_array_equal(groups.membership, [[1, 0, 0, 0, 1], [0, 0, 1, 1, 0]])


def test_codes_of_unseen_cells_tell_their_groups():
    sizes = 3, 2
    codes = np.stack(np.indices((4, 3)), axis=-1).reshape(-1, 2) - 1
    found = unseen_codes(codes, sizes)
    assert len(np.unique(found)) == len(codes)
    assert found.max() == -1
    np.testing.assert_array_equal(codes[found == -1], [[-1, -1]])
    first = np.array([0, 3])
    expected = np.where(codes >= 0, codes + first, -1)
    np.testing.assert_array_equal(unseen_places(found, sizes), expected)


def test_an_unseen_cell_belongs_to_the_groups_that_are_known():
    groups = Groups(np.array([[0, 0], [1, 1]]), (2, 2))
    code = unseen_codes(np.array([[0, 1], [-1, 0], [-1, -1]]), groups.sizes)
    np.testing.assert_array_equal(
        groups.of_codes(code), [[1, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0]]
    )
