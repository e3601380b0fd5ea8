"""RegionEncoder: what is known of a region, as numbers that do not leak the target."""

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_mmm._sklearn_compat import (
    Interval,
    StrOptions,
    _check_feature_names_in,
    _fit_context,
)
from sklearn_mmm._threads import learns_aside, one_thread
from sklearn_mmm.panel._columns import (
    Column,
    as_table,
    check_target,
    column_names,
    is_frame,
    key_column,
    read_column,
    read_key,
    with_columns,
)
from sklearn_mmm.panel._region_labels import (
    RegionSpec,
    read_region_labels,
    region_columns,
    region_key_columns,
)
from sklearn_mmm.panel._time_axis import make_time_axis
from sklearn_mmm.storage import StoredEstimator

_NEW = ["region_code", "region_baseline", "region_scale"]
_N_FOLDS = 5


class RegionEncoder(TransformerMixin, StoredEstimator):
    r"""Encode regions by a partially pooled baseline and scale of the outcome.

    Appends ``region_code`` (ordinal; -1 for an unseen region), ``region_baseline``
    (mean outcome) and ``region_scale`` (standard deviation of the outcome), and by
    default drops the key columns, so that a linear model can follow.

    Parameters
    ----------
    region_column : str, int or list of these, default=None
        Column or index level with the region; of several their combinations are, such
        as "north / acme". None means one region.
    time_column : str or int, default=None
        Column or index level with the time step.
    smooth : "auto" or float, default="auto"
        Weeks that the population's values weigh. "auto" is the empirical-Bayes
        amount.
    handle_unknown : {"shared", "error"}, default="shared"
        Unseen regions get the population's values, or raise.
    keep_keys : bool, default=False
        Whether the key columns stay, as a panel model downstream needs.

    Attributes
    ----------
    categories_ : ndarray
        Regions seen in fit, sorted.
    baseline_, scale_ : ndarray of shape (n_regions,)
        Pooled mean and standard deviation, outcome units.
    population_baseline_, population_scale_ : float
        Values that an unseen region gets.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only when X has string column names.

    Notes
    -----
    A region's mean of :math:`n` rows is shrunk to the population's by
    :math:`n / (n + m)`; ``smooth="auto"`` takes :math:`m = \sigma^2 / \tau^2`, the
    ratio of the variances within and between regions (Gelman & Hill, 2007, chapter
    12; Micci-Barreca, 2001). :meth:`fit_transform` encodes each row by statistics of
    other rows (contiguous blocks of time steps), so that the target does not leak.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm import RegionEncoder
    >>> X = pd.DataFrame({"region": ["a", "a", "b", "b"], "tv": [1.0, 2.0, 3.0, 4.0]})
    >>> encoder = RegionEncoder("region", smooth=0.0).fit(X, [1.0, 3.0, 10.0, 12.0])
    >>> encoder.transform(X)["region_baseline"].tolist()
    [2.0, 2.0, 11.0, 11.0]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "region_column": [None, str, Integral, list, tuple],
        "time_column": [None, str, Integral],
        "smooth": [StrOptions({"auto"}), Interval(Real, 0, 1e100, closed="both")],
        "handle_unknown": [StrOptions({"shared", "error"})],
        "keep_keys": ["boolean"],
    }

    def __init__(
        self,
        region_column: RegionSpec = None,
        time_column: str | int | None = None,
        smooth: Any = "auto",
        handle_unknown: str = "shared",
        keep_keys: bool = False,
    ) -> None:
        self.region_column = region_column
        self.time_column = time_column
        self.smooth = smooth
        self.handle_unknown = handle_unknown
        self.keep_keys = keep_keys

    @_fit_context(prefer_skip_nested_validation=True)
    @learns_aside
    def fit(self, X: Any, y: Any) -> Self:
        """Learn the regions' baselines and scales.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
            Keys, and columns that stay as they are.
        y : array-like of shape (n_rows,)
            Outcome.

        Returns
        -------
        self
            The transformer, fitted.
        """
        _, region, y = self._read_training(X, y)
        self._learn(region, y)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    @learns_aside
    def fit_transform(self, X: Any, y: Any) -> Any:
        """Fit, and encode each row by the statistics of other rows.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
            Keys, and columns that stay as they are.
        y : array-like of shape (n_rows,)
            Outcome, outcome units per time step.

        Returns
        -------
        DataFrame or array of shape (n_rows, n_columns_out)
            The container that was given, with the new columns.
        """
        table, region, y = self._read_training(X, y)
        baseline, scale = np.empty(len(y)), np.empty(len(y))
        # A single region's encoding is constant: it cannot carry a row's own target.
        several = len(np.unique(region)) > 1
        fold = self._folds(table, len(y)) if several else np.zeros(len(y), np.intp)
        for k in np.unique(fold):
            test = fold == k
            train = ~test if (~test).any() else test
            part = _pool(region[train], y[train], self.smooth)
            baseline[test], scale[test] = part.lookup(region[test])
        self._learn(region, y)
        code = self._code(region)
        return self._append(table, np.column_stack([code, baseline, scale]))

    @one_thread()
    def transform(self, X: Any) -> Any:
        """Append the encoding.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
            Keys, and columns that stay as they are.

        Returns
        -------
        DataFrame or array of shape (n_rows, n_columns_out)
            The container that was given, with the new columns.

        Raises
        ------
        ValueError
            If a region is unseen and ``handle_unknown="error"``.
        """
        check_is_fitted(self)
        table = as_table(X, getattr(self, "feature_names_in_", None))
        validate_data(self, table, reset=False, skip_check_array=True)
        region = self._regions(table, self.categories_)
        _check_finite(table, self._keys(table))
        code = self._code(region)
        if self.handle_unknown == "error" and (code < 0).any():
            unknown = np.unique(region[code < 0])[:5].tolist()
            raise ValueError(
                f"regions {unknown} were not seen in fit; fit with them or set "
                "handle_unknown='shared'"
            )
        baseline, scale = self._pooled.lookup(region)
        return self._append(table, np.column_stack([code, baseline, scale]))

    def _read_training(self, X: Any, y: Any) -> tuple[Any, np.ndarray, np.ndarray]:
        table = as_table(X)
        validate_data(self, table, y, skip_check_array=True)
        y = check_target(y, table.shape[0])
        _check_finite(table, self._keys(table))
        return table, self._regions(table), y

    def _learn(self, region: np.ndarray, y: np.ndarray) -> None:
        self._pooled = _pool(region, y, self.smooth)
        self.categories_ = self._pooled.regions
        self.baseline_ = self._pooled.baseline
        self.scale_ = self._pooled.scale
        self.population_baseline_ = self._pooled.population_baseline
        self.population_scale_ = self._pooled.population_scale

    def _regions(self, table: Any, known: Any = None) -> np.ndarray:
        return read_region_labels(table, self.region_column, known)

    def _folds(self, table: Any, n_rows: int) -> np.ndarray:
        if self.time_column is None:
            return np.arange(n_rows) % _N_FOLDS
        labels = read_key(table, self.time_column, "time_column")
        position = make_time_axis(labels, self.time_column).position(
            labels, self.time_column
        )
        steps, step = np.unique(position, return_inverse=True)
        return step * min(_N_FOLDS, len(steps)) // len(steps)

    def _code(self, region: np.ndarray) -> np.ndarray:
        return self._pooled.code(region)

    def _keys(self, table: Any) -> list[Column]:
        time = key_column(table, self.time_column, "time_column")
        regions = region_key_columns(table, self.region_column)
        return regions if time is None else [*regions, time]

    def _append(self, table: Any, new: np.ndarray) -> Any:
        dropped = [] if self.keep_keys else self._keys(table)
        kept = [c for c in column_names(table) if c not in dropped]
        if not is_frame(table):
            return np.column_stack([table[:, kept], new]).astype(
                np.result_type(table.dtype, np.float64) if not dropped else np.float64
            )
        return with_columns(table, dict(zip(_NEW, new.T, strict=True)), kept)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names to use for an array.

        Returns
        -------
        ndarray of str
            In the order of what ``transform`` returns.
        """
        check_is_fitted(self, "n_features_in_")
        names = _check_feature_names_in(self, input_features)
        dropped: list[Any] = []
        if not self.keep_keys:
            dropped = [*region_columns(self.region_column), self.time_column]
        keep = [
            name
            for i, name in enumerate(names)
            if name not in dropped
            and i not in dropped
            and i - len(names) not in dropped
        ]
        return np.asarray([*keep, *_NEW], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


class _Pooled:
    """Pooled means and standard deviations by region."""

    def __init__(
        self,
        regions: np.ndarray,
        baseline: np.ndarray,
        scale: np.ndarray,
        population: tuple[float, float],
    ) -> None:
        self.regions = regions
        self.baseline = baseline
        self.scale = scale
        self.population_baseline, self.population_scale = population

    def code(self, region: np.ndarray) -> np.ndarray:
        place = np.searchsorted(self.regions, region)
        place = np.minimum(place, len(self.regions) - 1)
        return np.where(self.regions[place] == region, place, -1)

    def lookup(self, region: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        code = self.code(region)
        known = code >= 0
        return (
            np.where(known, self.baseline[code], self.population_baseline),
            np.where(known, self.scale[code], self.population_scale),
        )


def _pool(region: np.ndarray, y: np.ndarray, smooth: Any) -> _Pooled:
    """Shrink the regions' means and variances to the population's."""
    regions, code = np.unique(region, return_inverse=True)
    n = np.bincount(code).astype(float)
    mean = np.bincount(code, y) / n
    variance = np.bincount(code, (y - mean[code]) ** 2) / n
    within = float((n * variance).sum() / max(len(y) - len(regions), 1))
    centre = float(mean.mean())
    if smooth == "auto":
        # Method of moments: means vary by tau^2 plus their own error sigma^2 / n.
        between = float(mean.var(ddof=1)) if len(regions) > 1 else 0.0
        between = max(between - within * float((1 / n).mean()), 0.0)
        weight = n * between / (n * between + within) if between > 0 else 0.0 * n
    else:
        weight = n / (n + smooth)
    baseline = centre + weight * (mean - centre)
    # A variance of n rows is about as uncertain as n / 2 squared deviations.
    weight = n / (n + 2.0) if smooth == "auto" else weight
    scale = np.sqrt(within + weight * (variance - within))
    return _Pooled(regions, baseline, scale, (centre, float(np.sqrt(within))))


def _check_finite(table: Any, keys: list[Column]) -> None:
    for column in column_names(table):
        if column in keys:
            continue
        values = np.asarray(read_column(table, column))
        if values.dtype.kind == "O":
            values = values.astype(np.float64) if not is_frame(table) else values
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            row = int(np.flatnonzero(~np.isfinite(values))[0])
            raise ValueError(
                f"Input X contains NaN or inf: column {column!r}, first in row {row}; "
                "fill it or leave the row out"
            )
