"""AdstockHillTransformer: carry-over and saturation as a preprocessing step."""

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
    ColumnSpec,
    as_table,
    check_target,
    is_frame,
    with_columns,
)
from sklearn_mmm.panel._grid import interpolate_gaps, make_panel
from sklearn_mmm.panel._rows import Rows, read_rows, resolve_roles
from sklearn_mmm.panel._scales import make_scales
from sklearn_mmm.storage import StoredEstimator
from sklearn_mmm.transformers._learn import (
    MediaParameters,
    learn_parameters,
    transform_media,
)

_POSITIVE = Interval(Real, 0, None, closed="neither")
_SHAPE = ["decay", "half_saturation", "slope"]


class AdstockHillTransformer(TransformerMixin, StoredEstimator):
    r"""Replace media by their saturated carry-over, between 0 and 1.

    Each media column becomes :math:`\mathrm{Hill}(\mathrm{adstock}(x / s_r))`, where
    :math:`s_r` is the region's largest training value; other columns stay.

    Parameters
    ----------
    media_columns : column specifier, default=None
        Media, at least 0, in spend units per time step. None means every column that
        is no key.
    region_column, time_column : str or int, default=None
        Keys: columns or index levels. Without a time column row order is time and
        each X is a series of its own.
    adstock : {"geometric"}, default="geometric"
        Kind of carry-over.
    max_lag : int, default=8
        Length of the kernel in time steps, the current one included.
    decay : float or array-like of shape (n_channels,), default=None
        Share carried over to the next step, in [0, 1). None: learned from y.
    half_saturation : float or array-like of shape (n_channels,), default=None
        Where half of the maximum is reached, in units of the region's largest value.
        None: learned from y.
    slope : float or array-like of shape (n_channels,), default=None
        Hill slope, above 0. None: learned from y.
    normalize : bool, default=True
        Whether the kernel's weights sum to 1.

    Attributes
    ----------
    decay_, half_saturation_, slope_ : ndarray of shape (n_channels,)
        Given or learned parameters.
    scale_ : ndarray of shape (n_regions, n_channels)
        Largest training values, spend units per time step.
    media_columns_ : list
        The media columns.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only when X has string column names.

    Notes
    -----
    Adstock and Hill curve follow Jin et al. (2017). With a time column, training
    media are kept, and rows of X continue or replace them, so a test fold inherits
    the carry-over of its training fold. Parameters are learned by least squares over
    a grid, with region and week means removed.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mmm import AdstockHillTransformer
    >>> X = np.array([[2.0], [0.0], [0.0]])
    >>> AdstockHillTransformer(
    ...     decay=0.5, half_saturation=1.0, slope=1.0, normalize=False
    ... ).fit_transform(X).ravel()
    array([0.5       , 0.33333333, 0.2       ])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "media_columns": [None, str, Integral, "array-like", slice, callable],
        "region_column": [None, str, Integral],
        "time_column": [None, str, Integral],
        "adstock": [StrOptions({"geometric"})],
        "max_lag": [Interval(Integral, 1, None, closed="left")],
        "decay": [None, Interval(Real, 0, 1, closed="left"), "array-like"],
        "half_saturation": [None, _POSITIVE, "array-like"],
        "slope": [None, _POSITIVE, "array-like"],
        "normalize": ["boolean"],
    }

    def __init__(
        self,
        media_columns: ColumnSpec = None,
        region_column: str | int | None = None,
        time_column: str | int | None = None,
        adstock: str = "geometric",
        max_lag: int = 8,
        decay: Any = None,
        half_saturation: Any = None,
        slope: Any = None,
        normalize: bool = True,
    ) -> None:
        self.media_columns = media_columns
        self.region_column = region_column
        self.time_column = time_column
        self.adstock = adstock
        self.max_lag = max_lag
        self.decay = decay
        self.half_saturation = half_saturation
        self.slope = slope
        self.normalize = normalize

    @_fit_context(prefer_skip_nested_validation=True)
    @learns_aside
    def fit(self, X: Any, y: Any = None) -> Self:
        """Measure scales and learn what is not given.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,), default=None
            Outcome; needed where a parameter is None.

        Returns
        -------
        self
        """
        table = as_table(X)
        validate_data(self, table, skip_check_array=True)
        self._roles = resolve_roles(
            table, self.media_columns, None, self.region_column, self.time_column
        )
        self.media_columns_ = list(self._roles.media)
        rows, self._axis = read_rows(
            table, self._roles, self.region_column, self.time_column, None
        )
        given = {name: self._given(name) for name in _SHAPE}
        missing = [name for name, value in given.items() if value is None]
        if missing and y is None:
            raise ValueError(
                f"{', '.join(missing)} are learned from y, which requires y to be "
                "passed, but the target y is None; pass y or set them"
            )
        outcome = np.ones(len(rows.region))
        if y is not None:
            outcome = check_target(y, len(rows.region))
        panel = rows.panel(self._axis)
        self._scales = make_scales(
            panel, outcome, rows.media, rows.controls, rows.spend
        )
        self.scale_ = self._scales.media
        self._rows = rows
        media = interpolate_gaps(panel, panel.scatter(rows.media))
        self.decay_, self.half_saturation_, self.slope_ = learn_parameters(
            media / self.scale_[:, None],
            panel.scatter(outcome) / self._scales.outcome[:, None],
            panel.observed,
            given,
            self.max_lag,
            self.normalize,
        )
        return self

    @one_thread()
    def transform(self, X: Any) -> Any:
        """Return X with media replaced.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)

        Returns
        -------
        The container that was given, of the same shape.
        """
        check_is_fitted(self)
        table = as_table(X, getattr(self, "feature_names_in_", None))
        validate_data(self, table, reset=False, skip_check_array=True)
        rows, _ = read_rows(
            table,
            self._roles,
            self.region_column,
            self.time_column,
            self._axis,
            regions=self._scales.regions,
        )
        values = self._transform_rows(rows)
        return _replace_columns(table, self._roles.media, values)

    def _transform_rows(self, rows: Rows) -> np.ndarray:
        n_rows = len(rows.region)
        if self._axis is not None:
            rows = rows.continuing(self._rows).rows
        regular = self._axis is None or self._axis.regular
        panel = make_panel(rows.region, rows.position, regular)
        media = interpolate_gaps(panel, panel.scatter(rows.media))
        media = media / self._scales.media_of(self._scales.code(panel.regions))[:, None]
        parameters = MediaParameters(self.decay_, self.half_saturation_, self.slope_)
        out = transform_media(media, parameters, self.max_lag, self.normalize)
        return panel.gather(out)[-n_rows:]

    def _given(self, name: str) -> np.ndarray | None:
        value = getattr(self, name)
        if value is None:
            return None
        n_channels = len(self._roles.media)
        values = np.asarray(value, dtype=np.float64)
        if values.shape not in ((), (n_channels,)):
            raise ValueError(
                f"Got {name} of shape {values.shape}, but expected a number or one "
                f"for each of the {n_channels} media columns"
            )
        low_ok = values >= 0 if name == "decay" else values > 0
        high_ok = values < 1 if name == "decay" else np.isfinite(values)
        if not (low_ok & high_ok).all():
            expected = "in [0, 1)" if name == "decay" else "above 0"
            raise ValueError(f"Got {name}={value!r}, but expected values {expected}")
        return np.broadcast_to(values, (n_channels,)).copy()

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns, which are those of X.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names to use for an array.

        Returns
        -------
        ndarray of str
        """
        check_is_fitted(self, "n_features_in_")
        return _check_feature_names_in(self, input_features)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.target_tags.required = any(getattr(self, n) is None for n in _SHAPE)
        return tags


def _replace_columns(table: Any, columns: list[Any], values: np.ndarray) -> Any:
    if not is_frame(table):
        out = table.astype(np.result_type(table.dtype, np.float64))
        out[:, columns] = values
        return out
    new = dict(zip(columns, values.T, strict=True))
    return with_columns(table, new)
