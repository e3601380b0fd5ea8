import numpy as np
import pytest

from sklearn_mmm.panel._grid import interpolate_gaps, make_panel, with_history


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


def test_rows_replace_history():
    def table(region, position, media):
        return {
            "region": np.array(region),
            "position": np.array(position),
            "media": np.array(media),
        }

    out = with_history(
        table(["a", "a", "b"], [0, 1, 0], [1, 2, 3]), table(["a"], [1], [9])
    )
    assert out["media"].tolist() == [1, 9]
