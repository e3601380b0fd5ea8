import numpy as np
import pytest

from sklearn_mmm.panel._grid import check_regions, interpolate_gaps, make_panel


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


@pytest.mark.parametrize("n_rows", [1, 3])
def test_keys_of_rows_are_no_regions(n_rows):
    labels = np.repeat(np.arange(1001), n_rows)
    panel = make_panel(labels, np.tile(np.arange(float(n_rows)), 1001))
    with pytest.raises(ValueError, match=r"'id' has 1,001 labels for .*keys of rows"):
        check_regions(panel, "id")


def test_many_regions_with_series_and_few_without_are_accepted():
    check_regions(make_panel(np.arange(1000), np.zeros(1000)), "region")
    many = np.repeat(np.arange(1001), 4)
    check_regions(make_panel(many, np.tile(np.arange(4.0), 1001)), "region")
