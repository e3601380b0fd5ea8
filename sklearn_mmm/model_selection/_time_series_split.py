"""Rolling origins: training weeks before test weeks."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.model_selection import TimeSeriesSplit

from sklearn_mmm._arguments import check_whole
from sklearn_mmm.model_selection._steps import rows_of, steps_of


class PanelTimeSeriesSplit(TimeSeriesSplit):
    """Time series cross-validator for panels: splits between time steps, never inside.

    Like :class:`~sklearn.model_selection.TimeSeriesSplit`, but counting distinct time
    steps instead of rows: with many regions, row-based folds would put the same week
    into training and test.

    Parameters
    ----------
    n_splits : int, default=5
        Number of splits, at least 2.
    test_size : int, default=None
        Time steps in each test fold; None means ``n_steps // (n_splits + 1)``.
    gap : int, default=0
        Time steps left out between training and test.
    max_train_size : int, default=None
        Most time steps in a training fold.
    time_column : str or int, default=None
        Column or index level with the time. None means that each row is a step.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm import PanelTimeSeriesSplit
    >>> X = pd.DataFrame({"week": [2, 1, 0, 0, 1, 2], "tv": range(6)})
    >>> cv = PanelTimeSeriesSplit(n_splits=2, time_column="week")
    >>> for train, test in cv.split(X):
    ...     print(X["week"].iloc[train].tolist(), X["week"].iloc[test].tolist())
    [0, 0] [1, 1]
    [1, 0, 0, 1] [2, 2]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        test_size: int | None = None,
        gap: int = 0,
        max_train_size: int | None = None,
        time_column: str | int | None = None,
    ) -> None:
        super().__init__(
            n_splits, max_train_size=max_train_size, test_size=test_size, gap=gap
        )
        self.time_column = time_column

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield training and test rows.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
            Rows in any order.
        y, groups : ignored
            Taken for the sake of scikit-learn.

        Yields
        ------
        train, test : ndarray of int
            Positions of rows, ascending.

        Raises
        ------
        ValueError
            If there is no such column, there are too few time steps, or a parameter is
            no whole number.
        """
        for name, least in (("test_size", 1), ("gap", 0), ("max_train_size", 1)):
            value = getattr(self, name)
            if value is not None or name == "gap":
                check_whole(name, value, least)
        if self.time_column is None:
            yield from super().split(X, y, groups)
            return
        step = steps_of(X, self.time_column)
        for train, test in super().split(np.unique(step)):
            yield rows_of(step, train), rows_of(step, test)
