"""DeepCausalMMMRegressor: the marketing mix model as a scikit-learn estimator."""

import warnings
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_mmm._channel_effects import channel_effects, effects_table
from sklearn_mmm._edge_rules import make_edge_rules
from sklearn_mmm._influence import learn_influence
from sklearn_mmm._media_plan import MediaPlan
from sklearn_mmm._panel import Panel, interpolate_gaps
from sklearn_mmm._prediction import Predictor, scaled_controls
from sklearn_mmm._response_curves import Curve, SteadyState
from sklearn_mmm._rows import Rows, read_rows, resolve_roles
from sklearn_mmm._scaling import make_scales
from sklearn_mmm._validation import ColumnSpec, as_table, check_target
from sklearn_mmm.exceptions import (
    ExtrapolationWarning,
    MissingWeeksWarning,
    UninformativeChannelWarning,
    UnknownRegionWarning,
)
from sklearn_mmm.training import (
    EdgeRules,
    TimeCovariance,
    TrainingData,
    TrainingOptions,
    fit_network,
)


class DeepCausalMMMRegressor(RegressorMixin, BaseEstimator):
    r"""Marketing mix model for panels of regions and weeks.

    The outcome of a region and week is the sum of a baseline, controls and media,

    .. math::
        \mu_{r,t} = \bar y_r \Big( b_{r,t} + \sum_k \gamma_{k,r} z_{r,t,k}
        + \sum_c \beta_{c,r}\, \mathrm{Hill}(\mathrm{adstock}(x_{c,r})_t) \Big),

    where :math:`\bar y_r` is the region's mean outcome, the baseline :math:`b` wanders
    and repeats with the year as far as the data say, and effects are shared between
    regions up to shrunken deviations. It is fitted by penalised maximum likelihood
    with a Huber loss; the amounts of shrinkage are learned (empirical Bayes).

    Parameters
    ----------
    media_columns : column specifier, default=None
        Media of each channel, at least 0, in spend units (or impressions...) per time
        step: names, positions, a boolean mask, a slice or a callable such as
        :class:`~sklearn.compose.make_column_selector`. None means every column without
        another role.
    control_columns : column specifier, default=None
        Other things that move the outcome, such as price. None means none.
    region_column : str or int, default=None
        Column or index level with the region. None means one region.
    time_column : str or int, default=None
        Column or index level with the time step: dates, periods or numbers (integers
        are taken to count weeks). None means that row order is time: each X is then
        a series of its own, and the baseline is constant for want of a clock.
    max_lag : int, default=8
        Length of the adstock kernel in time steps, the current one included.
    adstock : {"geometric", "delayed", "weibull"}, default="geometric"
        Form of the carry-over: falling from the start, peaking after a learned delay,
        or a Weibull density, which can do both.
    time_varying : bool, default=True
        Whether the effect of a channel may vary with time, by a GRU over media,
        controls and the calendar; the data decide how far. It needs a time column
        with evenly spaced steps.
    validation : bool, default=True
        Whether hyper-parameters are checked by forecasts from three origins inside
        the training weeks, eight weeks apart, before the fit on all of them. It needs
        a time column and at least 56 time steps; costs half a fit to a whole one.
    graph : bool, default=True
        Whether to learn an acyclic graph of influences among the channels, see
        :class:`ChannelGraph`. It does not change predictions.
    graph_lags : int, default=0
        Past time steps whose media may drive other channels as well, beyond their
        carry-over; they need a time column.
    required_edges, forbidden_edges : list of tuple, default=None
        Known edges ``(from, to)`` of the graph, and those that cannot be.
    tiers : dict, default=None
        Tier of a channel; none of a later tier drives one of an earlier tier.
    min_slope : float, default=0.0
        Lower bound of the Hill slope; 1 allows no infinite slope at zero, 2 forces
        S-shaped curves.
    l1 : float, default=0.0
        Weight of the L1 penalty on media effects, in units of their prior scale.
    l2 : float, default=1.0
        Weight of the L2 penalties on effects and regional deviations; 1 is the
        amount learned from the data.
    huber_delta : float, default=2.0
        Where the loss turns linear, in standard deviations of the noise.
    gradient_clip : float, default=10.0
        Largest norm of the gradient of the loss per observation.
    handle_unknown : {"shared", "error"}, default="shared"
        What predict does with a region not seen in fit: use the shared parameters and
        the median region's size, with a warning, or raise.
    learning_rate : float, default=0.03
        Of the Adam optimiser, at its largest; half a cosine follows.
    max_epochs : int, default=400
        Most passes over a panel of one batch; a panel of b batches takes b steps in
        each pass and makes ``max_epochs / sqrt(b)`` of them.
    batch_size : int, default=256
        Regions per step.
    n_members : int, default=32
        Refits on randomised data and priors, whose spread is the uncertainty of what
        was learned; 0 for none.
    tol : float, default=1e-6
        Relative improvement of the loss that counts, see ``n_iter_no_change``.
    n_iter_no_change : int, default=20
        Epochs without improvement after which training stops, once the
        hyper-parameters are settled.
    device : str, default="cpu"
        Where torch trains, such as "cuda".
    random_state : int, RandomState instance or None, default=None
        Seed of the fit. The same seed gives bit-identical fits at the same number of
        threads.
    verbose : int, default=0
        Whether to show a progress bar.

    Attributes
    ----------
    contributions_ : DataFrame of shape (n_rows, 1 + n_controls + n_channels)
        What baseline, controls and channels contributed to each training row, in
        outcome units; rows sum to the fit.
    response_curves_ : DataFrame
        ``channel``, ``spend``, ``response``, ``marginal_response``, ``extrapolated``:
        steady-state response per time step, all regions together.
    adstock_ : DataFrame of shape (n_channels, max_lag)
        Weights of the carry-over by lag, summing to 1.
    adstock_parameters_ : DataFrame of shape (n_channels, n_parameters)
        ``decay`` (share carried over to the next time step, or how fast a delayed
        kernel fades), ``delay`` (time steps), ``shape`` and ``scale`` (time steps) of
        the kernel chosen by ``adstock``.
    decay_ : Series of shape (n_channels,)
        Its decay; NaN for Weibull kernels.
    outcome_ : Series of shape (n_rows,)
        Outcome of the training rows, outcome units per time step.
    modulation_ : DataFrame of shape (n_rows, n_channels)
        Factor by which each channel's effect was larger or smaller than usual in each
        training row; its mean over the training weeks of a region is 1.
    half_saturation_ : Series of shape (n_channels,)
        Adstocked media at half of the maximum, in units of ``media_scale_``.
    slope_ : Series of shape (n_channels,)
        Hill slope.
    effect_ : Series of shape (n_channels,)
        Effect at full saturation, relative to the region's mean outcome.
    regional_effect_ : DataFrame of shape (n_regions, n_channels)
        Effect at full saturation, outcome units per time step.
    dag_ : DataFrame of shape (n_channels, n_channels)
        Influences among the channels, row to column, without cycles; 0 where there is
        none, and throughout if ``graph=False``. Units of ``media_scale_``: what one
        unit of the row, carry-over included, adds to the column.
    dag_lagged_ : DataFrame of shape (graph_lags * n_channels, n_channels)
        Influences of past time steps, indexed by lag and channel.
    dag_strength_ : DataFrame of shape (n_channels, n_channels)
        Share of resamples (of regions, else of blocks of weeks) with the edge; NaN
        without a graph.
    media_scale_ : DataFrame of shape (n_regions, n_channels)
        Largest training media, spend units per time step.
    hyperparameters_ : dict
        Learned noise, variances of the baseline's parts, prior scales, and what inner
        validation chose.
    history_ : DataFrame
        Keys, media and controls of the training rows, which later rows continue.
    media_columns_, control_columns_ : list of str
        Names of channels and controls.
    net_ : skorch.NeuralNet
        The trained net, with its ``history``.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only when X has string column names.

    Notes
    -----
    Adstock and Hill saturation follow Jin et al. (2017), "Bayesian Methods for Media
    Mix Modeling with Carryover and Shape Effects". A missing week inside a region's
    series does not enter the fit; its media are interpolated for the carry-over. A
    channel that is zero throughout contributes nothing.

    Predictions depend on the training history and the given rows together: a row of X
    replaces the training row of the same region and time, so zeroing a channel in X
    gives the counterfactual. The prediction of a lone future week depends on the media
    of the weeks between, which are interpolated unless they are given too.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> X, y, truth = make_mmm(n_regions=2, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     media_columns=truth.media_columns, control_columns=truth.control_columns,
    ...     region_column="region", time_column="week", random_state=0, max_epochs=200,
    ... ).fit(X, y)
    >>> list(mmm.contributions_.columns)
    ['baseline', 'price', 'promotion', 'tv', 'search']
    >>> bool(mmm.score(X, y) > 0.9)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "media_columns": [None, str, Integral, "array-like", slice, callable],
        "control_columns": [None, str, Integral, "array-like", slice, callable],
        "region_column": [None, str, Integral],
        "time_column": [None, str, Integral],
        "max_lag": [Interval(Integral, 1, None, closed="left")],
        "adstock": [StrOptions({"geometric", "delayed", "weibull"})],
        "time_varying": ["boolean"],
        "validation": ["boolean"],
        "graph": ["boolean"],
        "graph_lags": [Interval(Integral, 0, None, closed="left")],
        "required_edges": [None, "array-like"],
        "forbidden_edges": [None, "array-like"],
        "tiers": [None, dict],
        "min_slope": [Interval(Real, 0, None, closed="left")],
        "l1": [Interval(Real, 0, None, closed="left")],
        "l2": [Interval(Real, 0, None, closed="left")],
        "huber_delta": [Interval(Real, 0, None, closed="neither")],
        "gradient_clip": [Interval(Real, 0, None, closed="neither")],
        "handle_unknown": [StrOptions({"shared", "error"})],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "n_members": [Interval(Integral, 0, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "device": [str],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        media_columns: ColumnSpec = None,
        control_columns: ColumnSpec = None,
        region_column: str | int | None = None,
        time_column: str | int | None = None,
        *,
        max_lag: int = 8,
        adstock: str = "geometric",
        time_varying: bool = True,
        validation: bool = True,
        graph: bool = True,
        graph_lags: int = 0,
        required_edges: Iterable[tuple[str, str]] | None = None,
        forbidden_edges: Iterable[tuple[str, str]] | None = None,
        tiers: Mapping[str, int] | None = None,
        min_slope: float = 0.0,
        l1: float = 0.0,
        l2: float = 1.0,
        huber_delta: float = 2.0,
        gradient_clip: float = 10.0,
        handle_unknown: str = "shared",
        learning_rate: float = 0.03,
        max_epochs: int = 400,
        batch_size: int = 256,
        n_members: int = 32,
        tol: float = 1e-6,
        n_iter_no_change: int = 20,
        device: str = "cpu",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.media_columns = media_columns
        self.control_columns = control_columns
        self.region_column = region_column
        self.time_column = time_column
        self.max_lag = max_lag
        self.adstock = adstock
        self.time_varying = time_varying
        self.validation = validation
        self.graph = graph
        self.graph_lags = graph_lags
        self.required_edges = required_edges
        self.forbidden_edges = forbidden_edges
        self.tiers = tiers
        self.min_slope = min_slope
        self.l1 = l1
        self.l2 = l2
        self.huber_delta = huber_delta
        self.gradient_clip = gradient_clip
        self.handle_unknown = handle_unknown
        self.learning_rate = learning_rate
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.n_members = n_members
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
            One row per region and time step, in any order when there are keys.
        y : array-like of shape (n_rows,)
            Outcome, in outcome units per time step.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a column is missing, media are negative, keys occur twice, values are
            not finite or not numeric, there is but one row, or known edges contradict
            one another.
        """
        table = as_table(X)
        validate_data(self, X, y, skip_check_array=True)
        y = check_target(y, table.shape[0])
        if len(y) == 1:
            raise ValueError("X has one sample (n_samples=1); a fit needs more rows")
        self._roles = resolve_roles(
            table,
            self.media_columns,
            self.control_columns,
            self.region_column,
            self.time_column,
        )
        rows, self._axis = read_rows(
            table, self._roles, self.region_column, self.time_column, None
        )
        self._name_columns()
        panel = rows.panel(self._axis)
        self._warn_about(rows, panel)
        rules = self._edge_rules()
        self._scales = make_scales(panel, y, rows.media, rows.controls)
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        data = self._training_data(rows, panel, y)
        fitted = fit_network(
            data, self._training_options(), [], self._scales.outcome, seed
        )
        self.net_, self._choice = fitted.net, fitted.choice
        self._predictor = Predictor(
            fitted.net.module_, fitted.baseline, self._scales, self._axis, rows
        )
        self.history_ = self._history_table(rows)
        self._publish(panel, rows)
        self._learn_graph(data, rules, seed)
        self.contributions_ = self._decompose(rows, _index_of(X))
        self.outcome_ = pd.Series(y, self.contributions_.index, name="outcome")
        factor = self._predictor.media(rows)[1]
        self.modulation_ = pd.DataFrame(
            factor, self.contributions_.index, self.media_columns_
        )
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predict the outcome.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
            Rows to predict; with a time column they continue or replace training rows.

        Returns
        -------
        ndarray of shape (n_rows,)
            Outcome units per time step.
        """
        return self.decompose(X).to_numpy().sum(axis=1)

    def decompose(self, X: Any) -> pd.DataFrame:
        """Split predictions into baseline, controls and channels.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)

        Returns
        -------
        DataFrame of shape (n_rows, 1 + n_controls + n_channels)
            Outcome units; each row sums to its prediction. A channel's column is what
            the prediction would lose without the channel.
        """
        rows = self._read(X)
        return self._decompose(rows, _index_of(X))

    def media_plan(self, X: Any) -> MediaPlan:
        """Prepare rows for the question what other media would have brought.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
            The plan: rows to predict, with the media as planned.

        Returns
        -------
        MediaPlan
            Outcome and its gradient for any spend in these rows.
        """
        rows = self._read(X)
        self._warn_of_drift(rows)
        index = _index_of(X)
        return self._predictor.plan(
            rows,
            list(self.media_columns_),
            pd.RangeIndex(len(rows.region)) if index is None else index,
        )

    def effects(self, kind: str = "total", X: Any = None) -> pd.DataFrame:
        """Return what channels bring themselves and through channels that they drive.

        A channel is switched off, in the weeks before the rows as well, and the
        channels that it drives (``dag_``) lose what came through it.

        Parameters
        ----------
        kind : {"direct", "mediated", "total"}, default="total"
            The channel's own contribution, what comes through its children, or both.
        X : DataFrame or array of shape (n_rows, n_columns), default=None
            Rows whose outcome counts; by default those of fit.

        Returns
        -------
        DataFrame
            Indexed by channel: ``spend`` (spend units), ``contribution`` (outcome
            units), ``roi`` and ``marginal_roi`` (outcome units per spend unit, on
            average and for the next unit, spread as the channel's spend is; NaN where
            nothing was spent). With "total" also ``moved_in``, ``moved_out`` and
            ``attributed``: the direct contribution plus what is moved here from
            children, less what is moved to parents, outcome units.

        Raises
        ------
        ValueError
            If ``kind`` is none of these.

        Notes
        -----
        Direct contributions sum to the media's part of the prediction, and so does
        ``attributed``. Total contributions do not: what TV brings through search is
        part of both. Where ancestors lead to the same channel, they share what it
        would lose without all of them in proportion to what it loses without each.
        The graph says how channels moved with one another in the data; that they
        would react to a change of plan is an assumption.

        Examples
        --------
        >>> from sklearn_mmm import DeepCausalMMMRegressor
        >>> from sklearn_mmm.datasets import make_mmm
        >>> X, y, truth = make_mmm(4, 60, 3, graph=True, random_state=0)
        >>> mmm = DeepCausalMMMRegressor(
        ...     truth.media_columns, truth.control_columns, "region", "week",
        ...     random_state=0, max_epochs=100, validation=False,
        ... ).fit(X, y)
        >>> table = mmm.effects("total")
        >>> table.index.tolist()
        ['tv', 'search', 'social']
        >>> direct = mmm.effects("direct")["contribution"]
        >>> bool(abs(table["attributed"].sum() / direct.sum() - 1) < 1e-9)
        True
        """
        if kind not in ("direct", "mediated", "total"):
            raise ValueError(
                f"got kind={kind!r}; choose 'direct', 'mediated' or 'total'"
            )
        check_is_fitted(self)
        if X is None:
            channels = list(self.media_columns_)
            index = self.contributions_.index
            plan = self._predictor.plan(self._predictor.history, channels, index)
        else:
            plan = self.media_plan(X)
        found = channel_effects(plan, self._influence)
        return effects_table(found, plan.channels, kind)

    def response_curves(
        self, by: str = "channel", *, n_points: int = 51, reach: float = 2.0
    ) -> pd.DataFrame:
        """Return the steady-state response to constant weekly spend.

        Parameters
        ----------
        by : {"channel", "channel×region"}, default="channel"
            One curve for each channel, spend being split over regions as it was on
            average in training, or one for each channel and region.
        n_points : int, default=51
            Points of each curve.
        reach : float, default=2.0
            Largest spend of a curve, as a multiple of the largest seen in training.

        Returns
        -------
        DataFrame
            ``channel``, ``region`` (when by region), ``spend`` (spend units per time
            step), ``response`` (outcome units per time step), ``marginal_response``
            (outcome units per spend unit) and ``extrapolated``: whether the spend is
            larger than any seen in training.

        Raises
        ------
        ValueError
            If ``by`` is neither, there are fewer than two points or ``reach`` is not
            positive.
        """
        if n_points < 2 or not reach > 0:
            raise ValueError(
                f"got n_points={n_points!r} and reach={reach!r}; a curve needs at "
                "least 2 points and a positive reach"
            )
        tables = [c.table(n_points, reach) for c in self._curves(by)]
        return pd.concat(tables, ignore_index=True)

    def saturation_points(
        self, by: str = "channel", *, marginal_response: float = 1.0
    ) -> pd.DataFrame:
        """Return where each channel stands on its response curve.

        Parameters
        ----------
        by : {"channel", "channel×region"}, default="channel"
            See :meth:`response_curves`.
        marginal_response : float, default=1.0
            Outcome units that the last spend unit has to bring: 1 where the outcome
            is money, else the inverse of the value of one outcome unit.

        Returns
        -------
        DataFrame
            ``channel``, ``region`` (when by region); the operating point: ``spend``
            (training mean per time step), ``response``, ``marginal_response``,
            ``share_of_maximum``; ``spend_at_50`` and ``spend_at_90``, where 50 and
            90 % of the maximum are reached; ``spend_at_marginal``, the largest spend
            whose last unit still brings ``marginal_response`` (0 if no spend does);
            ``largest`` spend seen; ``maximum`` response. All per time step.

        Raises
        ------
        ValueError
            If ``by`` is neither or ``marginal_response`` is not positive.
        """
        if not marginal_response > 0:
            raise ValueError(
                f"got marginal_response={marginal_response!r}; it must be positive"
            )
        points = [c.points(marginal_response) for c in self._curves(by)]
        return pd.DataFrame(points)

    def _curves(self, by: str) -> list[Curve]:
        check_is_fitted(self)
        if by == "channel":
            return self._steady_state.by_channel()
        if by == "channel×region":
            return self._steady_state.by_region()
        raise ValueError(f"got by={by!r}; choose 'channel' or 'channel×region'")

    def _read(self, X: Any) -> Rows:
        check_is_fitted(self)
        table = as_table(X)
        validate_data(self, X, reset=False, skip_check_array=True)
        rows, _ = read_rows(
            table, self._roles, self.region_column, self.time_column, self._axis
        )
        self._check_regions(rows)
        return rows

    def _decompose(self, rows: Rows, index: pd.Index | None) -> pd.DataFrame:
        self._warn_of_drift(rows)
        names = ["baseline", *self.control_columns_, *self.media_columns_]
        return pd.DataFrame(self._predictor.decompose(rows), index, names)

    def _warn_of_drift(self, rows: Rows) -> None:
        far = self._predictor.drifted(rows)
        if far.any():
            names = [n for n, f in zip(self.control_columns_, far, strict=True) if f]
            warnings.warn(
                f"controls {names} have drifted: most rows lie more than a standard "
                "deviation outside their region's training range; their effect is "
                "held at that range's edge",
                ExtrapolationWarning,
                stacklevel=4,
            )

    def _edge_rules(self) -> EdgeRules | None:
        if self.graph_lags and self.time_column is None:
            raise ValueError(
                f"graph_lags={self.graph_lags} needs a time order; name a time_column"
            )
        rules = make_edge_rules(
            self.media_columns_, self.required_edges, self.forbidden_edges, self.tiers
        )
        return rules if self.graph else None

    def _learn_graph(
        self, data: TrainingData, rules: EdgeRules | None, seed: int
    ) -> None:
        kernels = self.adstock_.to_numpy()
        self._influence, strength = learn_influence(
            data, rules, kernels, self.graph_lags, seed
        )
        channels, past = self.media_columns_, self._influence.lagged
        lags = pd.MultiIndex.from_product(
            [range(1, len(past) + 1), channels], names=["lag", "channel"]
        )
        self.dag_ = pd.DataFrame(self._influence.weights, channels, channels)
        self.dag_lagged_ = pd.DataFrame(past.reshape(-1, len(channels)), lags, channels)
        self.dag_strength_ = pd.DataFrame(strength, channels, channels)

    def _training_data(self, rows: Rows, panel: Panel, y: np.ndarray) -> TrainingData:
        scales, seen = self._scales, panel.observed
        media = interpolate_gaps(panel, panel.scatter(rows.media))
        span = panel.position[-1] - panel.position[0]
        season = None if self._axis is None else self._axis.season_length
        return TrainingData(
            media=media / scales.media[:, None],
            controls=scaled_controls(scales, panel, rows.controls),
            target=panel.scatter(y) / scales.outcome[:, None],
            observed=seen,
            position=panel.position,
            covariance=TimeCovariance(
                origin=float(panel.position[0]),
                # Less than a year says nothing about what repeats each year.
                season_length=season if season and span >= season else None,
                wanders=self._axis is not None,
            ),
        )

    def _training_options(self) -> TrainingOptions:
        names = TrainingOptions.__dataclass_fields__
        options = {name: getattr(self, name) for name in names}
        # Without a clock of even steps there is no sequence for effects to vary along.
        if self._axis is None or not self._axis.regular:
            options["time_varying"] = False
        return TrainingOptions(**options)

    def _name_columns(self) -> None:
        def name(column: Any) -> str:
            return column if isinstance(column, str) else f"x{column}"

        self.media_columns_ = [name(c) for c in self._roles.media]
        self.control_columns_ = [name(c) for c in self._roles.controls]
        if "baseline" in [*self.media_columns_, *self.control_columns_]:
            raise ValueError(
                "a media or control column is called 'baseline', which names the "
                "baseline's contribution; rename the column"
            )

    def _history_table(self, rows: Rows) -> pd.DataFrame:
        table = pd.DataFrame({"region": rows.region, "time": rows.time})
        values = np.column_stack([rows.media, rows.controls])
        names = [*self.media_columns_, *self.control_columns_]
        return pd.concat([table, pd.DataFrame(values, columns=names)], axis=1)

    def _publish(self, panel: Panel, rows: Rows) -> None:
        media = self.net_.module_.media
        channels = self.media_columns_
        with torch.no_grad():
            weights = media.carry_over.weights().numpy()
            kernel = {
                name: values.numpy()
                for name, values in media.carry_over.parameters_by_name().items()
            }
            learned = {
                name: pd.Series(getattr(media, name).numpy(), channels, name=name)
                for name in ("half_saturation", "slope", "effect")
            }
            effect = media.regional_effect(torch.arange(len(panel.regions))).numpy()
        lags = pd.RangeIndex(self.max_lag, name="lag")
        self.adstock_ = pd.DataFrame(weights, channels, lags)
        self.adstock_parameters_ = pd.DataFrame(kernel, channels)
        decay = kernel.get("decay", np.full(len(channels), np.nan))
        self.decay_ = pd.Series(decay, channels, name="decay")
        self.half_saturation_ = learned["half_saturation"]
        self.slope_ = learned["slope"]
        self.effect_ = learned["effect"]
        self.media_scale_ = pd.DataFrame(self._scales.media, panel.regions, channels)
        self.hyperparameters_ = self._learned_hyperparameters()
        self.regional_effect_ = pd.DataFrame(
            effect * self._scales.outcome[:, None], panel.regions, channels
        )
        spend = panel.scatter(rows.media)
        self._steady_state = SteadyState(
            channels=channels,
            regions=panel.regions,
            effect=self.regional_effect_.to_numpy(),
            half_saturation=self.half_saturation_.to_numpy(),
            slope=self.slope_.to_numpy(),
            media_scale=self._scales.media,
            usual=spend.sum(1) / panel.observed.sum(1)[:, None],
            largest=spend.max(1),
            largest_total=spend.sum(0).max(0),
        )
        self.response_curves_ = self.response_curves()

    def _learned_hyperparameters(self) -> dict[str, float]:
        baseline = self._predictor.baseline
        hyper, names = baseline.hyper, baseline.covariance.names
        scales = self.net_.penalties_.scales
        learned = {"noise": float(np.median(hyper.sigma))}
        for name, variance in zip([*names, "intercept"], hyper.regional, strict=True):
            learned[f"{name}_variance"] = float(variance)
        if self.net_.module_.baseline.has_course:
            for name, variance in zip([*names, "shock"], hyper.shared, strict=True):
                learned[f"shared_{name}_variance"] = float(variance)
        learned["effect_scale"] = scales.effect
        learned["control_scale"] = scales.control
        if len(hyper.sigma) > 1:
            learned["effect_deviation_scale"] = scales.deviation
            learned["control_deviation_scale"] = scales.control_deviation
        choice = self._choice
        if self.net_.module_.effects.active:
            learned["modulation_scale"] = scales.modulation
        learned["modulation_share"] = choice.modulation if self.time_varying else 0.0
        learned["level_flexibility"] = choice.flexibility
        learned["forecast_spread"] = choice.spread
        learned["n_epochs"] = len(self.net_.history)
        if choice.skill is not None:
            learned["inner_skill"] = choice.skill
        return learned

    def _warn_about(self, rows: Rows, panel: Panel) -> None:
        n_gaps = int(panel.gaps.sum())
        if n_gaps and self._axis is not None and self._axis.regular:
            warnings.warn(
                f"{n_gaps} weeks are missing inside the regions' series; they do not "
                "enter the fit, and their media are interpolated for the carry-over",
                MissingWeeksWarning,
                stacklevel=4,
            )
        flat = np.ptp(rows.media, axis=0) == 0
        if flat.any():
            names = [n for n, f in zip(self.media_columns_, flat, strict=True) if f]
            warnings.warn(
                f"media columns {names} do not vary; their effect cannot be told from "
                "the baseline's",
                UninformativeChannelWarning,
                stacklevel=4,
            )

    def _check_regions(self, rows: Rows) -> None:
        unknown = np.unique(rows.region[self._scales.code(rows.region) < 0])
        if not len(unknown):
            return
        message = f"regions {unknown[:5].tolist()} were not seen in fit"
        if self.handle_unknown == "error":
            raise ValueError(f"{message}; fit with them or set handle_unknown='shared'")
        warnings.warn(
            f"{message}; shared parameters and the median region's size are used",
            UnknownRegionWarning,
            stacklevel=4,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = self.control_columns is None
        return tags


def _index_of(X: Any) -> pd.Index | None:
    return X.index if isinstance(X, (pd.DataFrame, pd.Series)) else None
