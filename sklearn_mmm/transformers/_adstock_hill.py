"""AdstockHillTransformer: carry-over and saturation as a preprocessing step."""

from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_mmm._arguments import check_whole
from sklearn_mmm._sklearn_compat import (
    Interval,
    StrOptions,
    _check_feature_names_in,
    _fit_context,
)
from sklearn_mmm._threads import learns_aside, one_thread
from sklearn_mmm.components import Adstock, Saturation
from sklearn_mmm.components._adstock import ADSTOCKS, make_adstock
from sklearn_mmm.components._by_channel import AnyPrior
from sklearn_mmm.components._frequency import FREQUENCY_PRIORS
from sklearn_mmm.components._join import join_components
from sklearn_mmm.components._response import ChannelResponse
from sklearn_mmm.components._saturation import SATURATIONS, make_saturation
from sklearn_mmm.panel._by_channel import ChannelNames
from sklearn_mmm.panel._columns import (
    ColumnSpec,
    as_table,
    check_target,
    is_frame,
    with_columns,
)
from sklearn_mmm.panel._grid import Panel, interpolate_gaps, make_panel
from sklearn_mmm.panel._reach import frequency_grid, usual_frequency
from sklearn_mmm.panel._region_labels import (
    RegionSpec,
    groups_of_cells,
    region_columns,
)
from sklearn_mmm.panel._roles import resolve_roles
from sklearn_mmm.panel._rows import Rows, read_rows
from sklearn_mmm.panel._scales import make_scales
from sklearn_mmm.storage import StoredEstimator
from sklearn_mmm.transformers._given import of_channels
from sklearn_mmm.transformers._learn import effective, learn_response

# Beyond these, parameters only lead out of the range of numbers and of memory.
_MOST_LAGS = 10_000
_POSITIVE = Interval(Real, 0, 1e100, closed="right")
# Parameters of the default components, which have arguments of their own.
_NAMED = ["decay", "half_saturation", "slope"]
# What channels have that a dict does not name.
_USUAL = {"adstock": "geometric", "saturation": "hill", "max_lag": 8}


class AdstockHillTransformer(TransformerMixin, StoredEstimator):
    r"""Replace media by their saturated carry-over.

    Each media column becomes :math:`f(\mathrm{adstock}(x / s_r))`, between 0 and 1 if
    the saturation :math:`f`, by default a Hill curve, has a maximum, where :math:`s_r`
    is the region's largest training value; other columns stay.

    Parameters
    ----------
    media_columns : column specifier, default=None
        Media, at least 0, in spend units per time step. None means every column that
        is no key.
    region_column : str, int or list of these, default=None
        Column or index level with the region; of several their combinations are.
    time_column : str or int, default=None
        Column or index level with the time step. Without one row order is time and
        each X is a series of its own.
    adstock : str, Adstock or dict, default="geometric"
        Form of the carry-over: "geometric", "gamma", "delayed", "weibull", "binomial",
        or a component, see :class:`~sklearn_mmm.components.Adstock`. A dict is by
        channel, names or positions, others having the default.
    max_lag : int or dict, default=8
        Length of the kernel in time steps, the current one included; a dict is by
        channel.
    decay : float or array-like of shape (n_channels,), default=None
        Share carried over to the next step, in [0, 1). None: learned from y.
    half_saturation : float or array-like of shape (n_channels,), default=None
        Where half of the maximum is reached, in units of the region's largest value.
        None: learned from y.
    slope : float or array-like of shape (n_channels,), default=None
        Hill slope, above 0. None: learned from y.
    normalize : bool, default=True
        Whether the kernel's weights sum to 1; the largest is 1 otherwise.
    saturation : str, Saturation or dict, default="hill"
        Form of the response: "hill", "logistic", "exponential", "none", or a component,
        see :class:`~sklearn_mmm.components.Saturation`. A dict is by channel.
    parameters : dict, default=None
        Other parameters of the components that are given, by name: a float or an array
        of shape (n_channels,), such as ``{"rate": 2.0}`` for ``saturation="logistic"``;
        the rest is learned from y.
    reach_frequency : dict of tuple, default=None
        Columns of reach and frequency, by channel, as in
        :class:`DeepCausalMMMRegressor`: the reach column becomes
        :math:`\mathrm{adstock}(\text{reach} / s_r \cdot \mathrm{hill}(
        \text{frequency}))`, the frequency column stays. ``parameters`` may give
        ``frequency_half_saturation`` and ``frequency_slope``.

    Attributes
    ----------
    adstock_parameters_, saturation_parameters_ : DataFrame
        Given or learned parameters, (n_channels, n_parameters).
    decay_, half_saturation_, slope_ : ndarray of shape (n_channels,)
        The same; NaN where the form has no such parameter. The half-saturation is that
        of any curve, infinite without a maximum.
    scale_ : ndarray of shape (n_regions, n_channels)
        Largest training values, spend units per time step.
    media_columns_ : list
        The media columns.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only when X has string column names.

    Notes
    -----
    Geometric adstock and Hill curve follow Jin et al. (2017). With a time column,
    training media are kept, and rows of X continue or replace them, so a test fold
    inherits the carry-over of its training fold. Parameters are learned by least
    squares over candidates that fill their priors evenly, with region and week means
    removed.

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
        "region_column": [None, str, Integral, list, tuple],
        "time_column": [None, str, Integral],
        "adstock": [StrOptions(set(ADSTOCKS)), Adstock, dict],
        "max_lag": [Interval(Integral, 1, _MOST_LAGS, closed="both"), dict],
        "decay": [None, Interval(Real, 0, 1, closed="left"), "array-like"],
        "half_saturation": [None, _POSITIVE, "array-like"],
        "slope": [None, _POSITIVE, "array-like"],
        "normalize": ["boolean"],
        "saturation": [StrOptions(set(SATURATIONS)), Saturation, dict],
        "parameters": [None, dict],
        "reach_frequency": [None, dict],
    }

    def __init__(
        self,
        media_columns: ColumnSpec = None,
        region_column: RegionSpec = None,
        time_column: str | int | None = None,
        adstock: str | Adstock | Mapping[Any, str | Adstock] = "geometric",
        max_lag: int | Mapping[Any, int] = 8,
        decay: Any = None,
        half_saturation: Any = None,
        slope: Any = None,
        normalize: bool = True,
        saturation: str | Saturation | Mapping[Any, str | Saturation] = "hill",
        parameters: dict[str, Any] | None = None,
        reach_frequency: Mapping[str, tuple[Any, Any]] | None = None,
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
        self.saturation = saturation
        self.parameters = parameters
        self.reach_frequency = reach_frequency

    @_fit_context(prefer_skip_nested_validation=True)
    @learns_aside
    def fit(self, X: Any, y: Any = None) -> Self:
        """Measure scales and learn what is not given.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
            Keys, media, and columns that stay as they are.
        y : array-like of shape (n_rows,), default=None
            Outcome; needed where a parameter is None.

        Returns
        -------
        self
            The transformer, fitted.
        """
        table = as_table(X)
        validate_data(self, table, skip_check_array=True)
        self._roles = resolve_roles(
            *(table, self.media_columns, None, self.region_column, self.time_column),
            reach_frequency=self.reach_frequency,
        )
        self.media_columns_ = list(self._roles.media)
        rows, self._axis = read_rows(
            table, self._roles, self.region_column, self.time_column, None
        )
        form = self._form()
        priors: dict[str, AnyPrior] = {p.name: p for p in form.priors}
        reached = self._roles.reached
        if reached:
            priors |= {p.name: p for p in FREQUENCY_PRIORS}
        given = {
            name: of_channels(name, value, priors, form.n_channels)
            for name, value in self._given().items()
        }
        missing = [name for name in priors if name not in given]
        if missing and y is None:
            raise ValueError(
                f"{', '.join(missing)} are learned from y, which requires y to be "
                "passed, but the target y is None; pass y or set them"
            )
        outcome = np.ones(len(rows.region))
        if y is not None:
            outcome = check_target(y, len(rows.region))
        panel = rows.panel(self._axis)
        self._measure(panel, rows, outcome)
        self._rows = rows
        media, frequency = self._grids(panel, rows)
        self._response = learn_response(
            media,
            panel.scatter(outcome) / self._scales.outcome[:, None],
            panel.observed,
            form,
            given,
            reached,
            frequency,
        )
        self._tabulate(self._response)
        return self

    def _measure(self, panel: Panel, rows: Rows, outcome: np.ndarray) -> None:
        n_dimensions = len(region_columns(self.region_column))
        scales = make_scales(
            *(panel, outcome, rows.media, rows.controls, rows.spend),
            groups=groups_of_cells(panel.regions, n_dimensions),
        )
        if rows.frequency is not None:
            reach = rows.media[:, self._roles.reached]
            often = usual_frequency(panel, reach, rows.frequency)
            scales = replace(scales, frequency=often)
        self._scales, self.scale_ = scales, scales.media

    def _grids(self, panel: Panel, rows: Rows) -> tuple[np.ndarray, np.ndarray | None]:
        """Return scaled media and frequencies, (region, week, ...)."""
        code = self._scales.code(panel.regions)
        media = interpolate_gaps(panel, panel.scatter(rows.media))
        media = media / self._scales.media_of(code)[:, None]
        if rows.frequency is None:
            return media, None
        usual = self._scales.frequency_of(code)
        return media, frequency_grid(panel, rows.frequency, usual)

    @one_thread()
    def transform(self, X: Any) -> Any:
        """Return X with media replaced.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
            Keys, media, and columns that stay as they are.

        Returns
        -------
        DataFrame or array of shape (n_rows, n_columns)
            The container that was given.
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
        media, frequency = self._grids(panel, rows)
        if frequency is not None:
            reached = list(self._roles.reached)
            own = {n: p[reached] for n, p in self._response.parameters.items()}
            media[..., reached] = effective(media[..., reached], frequency, own)
        return panel.gather(self._response.share(media))[-n_rows:]

    def _form(self) -> ChannelResponse:
        """Return the response whose parameters are still to be found."""
        columns = self.media_columns_
        features = getattr(self, "feature_names_in_", range(self.n_features_in_))
        names = [c if isinstance(c, str) else f"x{c}" for c in self._roles.channels]
        channels = ChannelNames(names, columns, list(features))
        adstock, saturation, lags = (
            channels.one_each(getattr(self, name), usual, name)
            for name, usual in _USUAL.items()
        )
        for channel in self._roles.reached:
            saturation[channel] = "none"
        for name, own in zip(names, lags, strict=True):
            check_whole(f"max_lag of {name!r}", own, 1, _MOST_LAGS)
        joined = join_components(adstock, saturation, lags)
        return ChannelResponse(*joined, max(lags), len(columns), {}, self.normalize)

    def _parameter_names(self) -> set[str]:
        """Return the names of all parameters that some channel has."""
        forms: list[Adstock | Saturation] = []
        for name, make in (("adstock", make_adstock), ("saturation", make_saturation)):
            given = getattr(self, name)
            several = isinstance(given, Mapping)
            values = [*given.values(), _USUAL[name]] if several else [given]
            forms += [make(value) for value in values]
        often = FREQUENCY_PRIORS if self.reach_frequency else ()
        return {p.name for p in (*often, *(p for form in forms for p in form.priors))}

    def _given(self) -> dict[str, Any]:
        """Return the parameters that are not learned, by name."""
        named = {name: getattr(self, name) for name in _NAMED}
        named = {name: value for name, value in named.items() if value is not None}
        other = self.parameters or {}
        twice = sorted(set(named) & set(other))
        if twice:
            raise ValueError(f"{twice} are given twice, once among parameters")
        return named | other

    def _tabulate(self, response: ChannelResponse) -> None:
        channels, curve = self._roles.channels, response.curve_parameters
        if self._roles.reach:
            others = np.delete(np.arange(response.n_channels), self._roles.reached)
            for name in (p.name for p in FREQUENCY_PRIORS):
                curve[name] = response.parameters[name].copy()
                curve[name][others] = np.nan
        self.adstock_parameters_ = pd.DataFrame(response.kernel_parameters, channels)
        self.saturation_parameters_ = pd.DataFrame(curve, channels)
        none = np.full(response.n_channels, np.nan)
        self.decay_ = response.kernel_parameters.get("decay", none)
        self.slope_ = curve.get("slope", none)
        self.half_saturation_ = response.half_saturation

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns, which are those of X.

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
        return _check_feature_names_in(self, input_features)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        try:
            names = self._parameter_names()
        except (TypeError, ValueError):
            names = set(_NAMED)  # fit says what is wrong with the components
        tags.target_tags.required = not names <= set(self._given())
        return tags


def _replace_columns(table: Any, columns: list[Any], values: np.ndarray) -> Any:
    if not is_frame(table):
        out = table.astype(np.result_type(table.dtype, np.float64))
        out[:, columns] = values
        return out
    new = dict(zip(columns, values.T, strict=True))
    return with_columns(table, new)
