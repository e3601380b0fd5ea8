"""Resamples of a panel in which no row is there twice."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_random_state

from sklearn_mmm._arguments import check_choice, check_whole
from sklearn_mmm.model_selection._steps import regions_of, rows_of, steps_of
from sklearn_mmm.panel._region_labels import RegionSpec


class PanelBootstrap(BaseCrossValidator):
    r"""Bootstrap of a panel: whole regions, or blocks of consecutive time steps.

    As many regions (or blocks) as there are, are drawn with replacement. Those that
    are drawn are trained on once, however often they are drawn, since a panel has one
    row for each region and time step; those that are not are the test fold ("out of
    bag"), on average a share of :math:`(1 - 1/n)^n \approx 0.37` of them.

    Parameters
    ----------
    n_resamples : int, default=10
        Number of resamples.
    by : {"region", "time"}, default="region"
        What is drawn. Regions that lie beside one another are alike, and so are weeks;
        with a handful of regions draw blocks of weeks.
    block_length : int, default=13
        Time steps of a block; the last one may be shorter.
    region_column : str, int or list of these, default=None
        Column or index level with the region, needed where regions are drawn; of
        several columns their combinations are.
    time_column : str or int, default=None
        Column or index level with the time step, needed where blocks are drawn.
    random_state : int, RandomState instance or None, default=None
        Seed of the resamples.

    Notes
    -----
    Weighing rows by how often they are drawn would be the bootstrap of Efron (1979);
    taking each once is subsampling of about 63 % (Politis & Romano, 1994), whose
    spread is somewhat larger. Blocks of consecutive weeks keep their dependence
    (Künsch, 1989).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from sklearn_mmm.model_selection import PanelBootstrap
    >>> X = pd.DataFrame({"region": np.repeat(list("abcd"), 2), "week": [0, 1] * 4})
    >>> cv = PanelBootstrap(2, region_column="region", random_state=0)
    >>> for train, test in cv.split(X):
    ...     print(*(sorted(set(X["region"].iloc[rows])) for rows in (train, test)))
    ['a', 'b', 'd'] ['c']
    ['d'] ['a', 'b', 'c']
    """

    def __init__(
        self,
        n_resamples: int = 10,
        *,
        by: str = "region",
        block_length: int = 13,
        region_column: RegionSpec = None,
        time_column: str | int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_resamples = n_resamples
        self.by = by
        self.block_length = block_length
        self.region_column = region_column
        self.time_column = time_column
        self.random_state = random_state

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of resamples.

        Parameters
        ----------
        X, y, groups : ignored
            Taken for the sake of scikit-learn.

        Returns
        -------
        int
            ``n_resamples``.
        """
        return self.n_resamples

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
            If a parameter makes no sense, there is no such column, or there are fewer
            than two regions or blocks.
        """
        for name in ("n_resamples", "block_length"):
            check_whole(name, getattr(self, name), 1)
        unit = self._units(X)
        n_units = int(unit.max()) + 1
        if n_units < 2:
            raise ValueError(
                "there is one region, so there is nothing to draw; draw blocks of "
                "weeks with by='time'"
                if self.by == "region"
                else "there is one block of weeks, so there is nothing to draw; make "
                f"block_length={self.block_length} shorter"
            )
        rng = check_random_state(self.random_state)
        for _ in range(self.n_resamples):
            drawn = np.unique(rng.randint(n_units, size=n_units))
            while len(drawn) == n_units:  # nothing would be left to test on
                drawn = np.unique(rng.randint(n_units, size=n_units))
            left = np.setdiff1d(np.arange(n_units), drawn)
            yield rows_of(unit, drawn), rows_of(unit, left)

    def _units(self, X: Any) -> np.ndarray:
        """Return the number of each row's region or block."""
        check_choice("by", self.by, ("region", "time"))
        if self.by == "region" and self.region_column is not None:
            return regions_of(X, self.region_column)
        if self.by == "time" and self.time_column is not None:
            return np.asarray(steps_of(X, self.time_column) // self.block_length)
        raise ValueError(f"by={self.by!r} needs a {self.by}_column; name one")
