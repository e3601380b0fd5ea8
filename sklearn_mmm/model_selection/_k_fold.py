"""Blocks of weeks, each of which is test once."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.model_selection import KFold

from sklearn_mmm.model_selection._steps import rows_of, steps_of


class PanelKFold(KFold):
    """K-fold cross-validator for panels: blocks of consecutive time steps.

    Every row is in one test fold, which is what ``cross_val_predict`` and
    ``StackingRegressor`` need. Training weeks lie on both sides of the test weeks: a
    score tells how well weeks in between are filled in, not how well the future is
    forecast; for that there is :class:`PanelTimeSeriesSplit`.

    Parameters
    ----------
    n_splits : int, default=5
        Number of blocks, at least 2.
    time_column : str or int, default=None
        Column or index level with the time. None means that each row is a step.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.model_selection import PanelKFold
    >>> X = pd.DataFrame({"week": [2, 1, 0, 0, 1, 2], "tv": range(6)})
    >>> for train, test in PanelKFold(3, time_column="week").split(X):
    ...     print(X["week"].iloc[train].tolist(), X["week"].iloc[test].tolist())
    [2, 1, 1, 2] [0, 0]
    [2, 0, 0, 2] [1, 1]
    [1, 0, 0, 1] [2, 2]
    """

    def __init__(
        self, n_splits: int = 5, *, time_column: str | int | None = None
    ) -> None:
        super().__init__(n_splits)
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
            If there is no such column or there are fewer time steps than splits.
        """
        if self.time_column is None:
            yield from super().split(X, y, groups)
            return
        step = steps_of(X, self.time_column)
        for train, test in super().split(np.unique(step)):
            yield rows_of(step, train), rows_of(step, test)
