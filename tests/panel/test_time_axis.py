import numpy as np
import pandas as pd
import pytest

from sklearn_mmm.panel._time_axis import make_time_axis


def position(labels):
    labels = np.asarray(labels)
    axis = make_time_axis(labels, "week")
    return axis, axis.position(labels, "week")


def test_weeks_with_a_gap():
    axis, at = position(pd.to_datetime(["2023-01-02", "2023-01-23", "2023-01-09"]))
    assert axis.step == 7
    assert at.tolist() == [0, 3, 1]
    assert axis.season_length == pytest.approx(365.25 / 7)


def test_months_of_unequal_length_are_even_steps():
    axis, at = position(pd.to_datetime(["2023-01-31", "2023-02-28", "2023-04-30"]))
    assert (axis.kind, axis.season_length) == ("month", 12)
    assert at.tolist() == [0, 1, 3]


def test_periods_texts_and_integers():
    assert position(pd.period_range("2023-01", periods=3, freq="M").astype(object))[
        1
    ].tolist() == [0, 1, 2]
    assert position(np.array(["2023-01-02", "2023-01-09"], dtype=object))[
        1
    ].tolist() == [0, 1]
    assert position([7, 5, 9])[1].tolist() == [1, 0, 2]


def test_irregular_numbers_keep_their_order():
    axis, at = position([0.1, 3.7, 0.35, 100.0])
    assert not axis.regular
    assert at.tolist() == [0, 2, 1, 3]
    later = axis.position(np.array([200.0, 300.0, 0.225]), "week")
    np.testing.assert_allclose(later, [4, 5, 0.5])


def test_an_odd_date_is_named():
    labels = pd.date_range("2023-01-02", periods=40, freq="7D").to_numpy().copy()
    labels[17] += np.timedelta64(1, "D")
    with pytest.raises(ValueError, match=r"'week' is not evenly spaced.*row 17"):
        position(labels)


def test_a_later_label_off_the_grid_is_refused():
    axis, _ = position([0, 2, 4])
    with pytest.raises(ValueError, match="off the grid"):
        axis.position(np.array([5]), "week")


@pytest.mark.parametrize("labels", [[1.0, np.nan], np.array(["x", "y"], dtype=object)])
def test_bad_labels(labels):
    with pytest.raises(ValueError, match="'week'"):
        position(labels)
