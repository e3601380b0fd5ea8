import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import TimeSeriesSplit

from sklearn_mmm import PanelTimeSeriesSplit


@pytest.mark.parametrize(
    "options", [{}, {"test_size": 3, "gap": 2}, {"max_train_size": 4}]
)
def test_equals_time_series_split_on_one_region(options):
    X = pd.DataFrame({"week": np.arange(24)})
    expected = list(TimeSeriesSplit(4, **options).split(X))
    for time_column in (None, "week"):
        found = list(
            PanelTimeSeriesSplit(4, time_column=time_column, **options).split(X)
        )
        for a, b in zip(expected, found, strict=True):
            np.testing.assert_array_equal(a[0], b[0])
            np.testing.assert_array_equal(a[1], b[1])


def test_no_week_is_shared_and_test_follows_training():
    rng = np.random.default_rng(0)
    weeks = pd.date_range("2023-01-02", periods=20, freq="7D")
    X = pd.DataFrame({"week": rng.permutation(np.repeat(weeks, 7))})
    for train, test in PanelTimeSeriesSplit(3, gap=1, time_column="week").split(X):
        last = X["week"].iloc[train].max()
        assert X["week"].iloc[test].min() == last + pd.Timedelta(days=14)


def test_index_levels_and_array_positions():
    X = pd.DataFrame({"week": np.repeat(np.arange(6), 2), "tv": 1.0})
    expected = list(PanelTimeSeriesSplit(2, time_column="week").split(X))
    for other, column in ((X.set_index("week"), "week"), (X.to_numpy(), 0)):
        found = PanelTimeSeriesSplit(2, time_column=column).split(other)
        for a, b in zip(expected, found, strict=True):
            np.testing.assert_array_equal(a[1], b[1])


def test_bad_input():
    X = pd.DataFrame({"week": [0, 1, 2]})
    with pytest.raises(ValueError, match="no column 'month'"):
        list(PanelTimeSeriesSplit(2, time_column="month").split(X))
    with pytest.raises(ValueError, match="folds"):
        list(PanelTimeSeriesSplit(5, time_column="week").split(X))
    assert "time_column='week'" in repr(PanelTimeSeriesSplit(time_column="week"))
