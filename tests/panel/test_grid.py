import numpy as np
import pytest

from sklearn_mmm.panel._grid import interpolate_gaps, make_panel


def test_rows_come_back_in_their_order():
    region = np.array(["b", "a", "b"])
    panel = make_panel(region, np.array([1.0, 0.0, 0.0]))
    values = np.array([3.0, 1.0, 2.0])
    assert panel.scatter(values).tolist() == [[1, 0], [2, 3]]
    assert panel.gather(panel.scatter(values)).tolist() == values.tolist()


def test_gaps_are_interpolated_and_only_inside():
    panel = make_panel(np.array(["a", "a", "b"]), np.array([0.0, 2.0, 2.0]))
    filled = interpolate_gaps(panel, panel.scatter(np.array([[1.0], [3.0], [5.0]])))
    assert filled[..., 0].tolist() == [[1, 2, 3], [0, 0, 5]]


def test_duplicates_are_named():
    with pytest.raises(ValueError, match=r"region 'a', time 1.0 .*region_column"):
        make_panel(np.array(["a", "a"]), np.array([1.0, 1.0]))
