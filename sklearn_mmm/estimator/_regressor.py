"""DeepCausalMMMRegressor: the marketing mix model as a scikit-learn estimator."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from numbers import Integral, Real
from os import PathLike
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from sklearn_mmm._sklearn_compat import Interval, Options, StrOptions, _fit_context
from sklearn_mmm._threads import learns_aside
from sklearn_mmm._warn import warn_caller
from sklearn_mmm.baseline._covariance import TimeCovariance
from sklearn_mmm.baseline._outliers import without_gross_outliers
from sklearn_mmm.baseline._seasons import choose_seasons
from sklearn_mmm.components import Adstock, Saturation
from sklearn_mmm.components._adstock import ADSTOCKS
from sklearn_mmm.components._noise import HuberNoise
from sklearn_mmm.components._saturation import SATURATIONS
from sklearn_mmm.estimator._channel_shapes import (
    ChannelShapes,
    read_groups,
    read_shapes,
)
from sklearn_mmm.estimator._experiment_fit import contradicted, experiment_fit
from sklearn_mmm.estimator._experiment_reader import ExperimentReader, join_tests
from sklearn_mmm.estimator._fitted_tables import (
    adstock_parameters,
    adstock_weights,
    half_saturation,
    learned_hyperparameters,
    regional_effect,
    saturation_parameters,
    season_lengths,
    steady_state,
)
from sklearn_mmm.estimator._kernel_length import kernel_length
from sklearn_mmm.estimator._media_mixin import MediaInspectionMixin
from sklearn_mmm.estimator._predictor import Predictor
from sklearn_mmm.estimator._prior_reader import PriorReader
from sklearn_mmm.estimator._shape_beliefs import shape_beliefs
from sklearn_mmm.exceptions import (
    ContradictedLiftTestWarning,
    MissingWeeksWarning,
    OutlierWarning,
    ShortCarryOverWarning,
    UnfadedCarryOverWarning,
    UninformativeChannelWarning,
)
from sklearn_mmm.functional import has_faded
from sklearn_mmm.graph._channel_graph import ChannelGraph
from sklearn_mmm.graph._influence import (
    ChannelInfluence,
    learn_influence,
    update_influence,
)
from sklearn_mmm.graph._learn import GraphOptions
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.likelihood._experiments import Experiment
from sklearn_mmm.network import ResponseShape, Signs
from sklearn_mmm.panel._by_channel import ChannelNames
from sklearn_mmm.panel._columns import ColumnSpec, as_table, check_target, index_of
from sklearn_mmm.panel._grid import Panel, check_regions, interpolate_gaps
from sklearn_mmm.panel._outcome_value import check_worth, worth_of_cells
from sklearn_mmm.panel._reach import frequency_grid, usual_frequency
from sklearn_mmm.panel._references import (
    Reference,
    by_column,
    check_references,
    read_signs,
    references,
)
from sklearn_mmm.panel._region_labels import (
    RegionSpec,
    groups_of_cells,
    region_columns,
)
from sklearn_mmm.panel._roles import resolve_roles
from sklearn_mmm.panel._rows import Rows, read_rows
from sklearn_mmm.panel._scales import (
    PanelScales,
    make_scales,
    rescaling,
    scaled_controls,
    with_groups,
)
from sklearn_mmm.panel._time_labels import time_label
from sklearn_mmm.storage import StoredEstimator
from sklearn_mmm.training import (
    Checkpoint,
    Fitted,
    FormerFit,
    TrainingOptions,
    fit_network,
    update_network,
)

# Carry-over of channels before it is learned.
_USUAL_DECAY = 0.3
_USUAL_LAGS = 8
# Of the graph, by default.
_N_RESAMPLES = 10
# Beyond these, parameters only lead out of the range of numbers and of memory.
_MOST, _MOST_LAGS, _MOST_MEMBERS = 1e6, 10_000, 10_000
# Days that the carry-over of media should have at least.
_SHORTEST_MEMORY = 28
# Names of columns in tables of results, and what they stand for there.
_TAKEN = {
    "baseline": "the baseline's contribution",
    "region": "the key of regions",
    "time": "the key of time steps",
}
# Probability of being ordinary below which a row is named in a warning.
_OUTLYING = 0.01


class DeepCausalMMMRegressor(MediaInspectionMixin, RegressorMixin, StoredEstimator):
    r"""Marketing mix model for panels of regions and weeks.

    The outcome of a region and week is the sum of a baseline, controls and media,

    .. math::
        \mu_{r,t} = \bar y_r \Big( b_{r,t} + \sum_k \gamma_{k,r} z_{r,t,k}
        + \sum_c \beta_{c,r}\, f(\mathrm{adstock}(x_{c,r})_t) \Big),

    where :math:`\bar y_r` is the region's mean outcome, the saturation :math:`f` a Hill
    curve unless another one is chosen, the baseline :math:`b` wanders and repeats with
    the year as far as the data say, and effects are shared between regions up to
    shrunken deviations. It is fitted by penalised maximum likelihood with a Huber loss;
    the amounts of shrinkage are learned (empirical Bayes). Where effects multiply
    (``link``) the sum is that of :math:`1 + \log(y / \bar y_r)`.

    Parameters
    ----------
    media_columns : column specifier, default=None
        Media of each channel, at least 0, in spend units (or impressions...) per time
        step: names, positions, a boolean mask, a slice or a callable such as
        :class:`~sklearn.compose.make_column_selector`. A name may be a pattern,
        "event_*". None means every column without another role.
    control_columns : column specifier, default=None
        Other things that move the outcome, such as price, and holidays and events
        (:class:`~sklearn_mmm.EventEncoder`). None means none.
    region_column : str, int or list of these, default=None
        Column or index level with the region. None means one region. A list of several,
        such as ``["geo", "brand"]``, makes a region of each combination, called
        "north / acme": effects are pooled along each column and their crossing, as far
        as the data say, and a combination that fit has not seen has what its geo and
        its brand have in common. See ``dimensions_``.
    time_column : str or int, default=None
        Column or index level with the time step: dates, periods, texts in one format,
        or numbers (integers are taken to count weeks). None means that row order is
        time: each X is then a series of its own, and the baseline is constant for want
        of a clock.
    spend_columns : dict or list, default=None
        Column with the money behind a media column, where media are impressions or
        clicks: ``{"tv_impressions": "tv_spend", "newsletter": None}``, or a list in
        the order of the media. ROI, response curves and budgets are then in money; the
        model is of the media. A dict names the money of all media, ``{"tv": "tv"}``
        where they are money themselves; a column that is None marks media that cost
        nothing. None means that all media are spend.
    reach_frequency : dict of tuple, default=None
        Channels of which is known how many people they reached in a time step and how
        often on average, by a name of yours: ``{"youtube": ("youtube_reach",
        "youtube_frequency")}``, columns by name or position. Their contribution is
        linear in reach and follows a Hill curve of frequency (contacts per person
        reached in that time step: impressions / reach, at least 1; it may be missing
        where reach is 0). The money behind one is told in
        ``spend_columns={"youtube": "youtube_spend"}``; without, it costs nothing. They
        come behind the media of ``media_columns`` in all tables. See
        :func:`~sklearn_mmm.best_frequency`.
    organic_columns : column specifier, default=None
        Media that cost nothing, at least 0: newsletters, posts, earned media. They
        carry over and saturate as others do and stand behind those in all tables; they
        have no ROI and no part in spend and budgets.
    media_signs : dict, default=None
        ``{"competitor_tv": "-"}`` for channels that lower the outcome; "+" is the
        default of all others.
    control_signs : dict, default=None
        Signs of effects of controls where they are known, such as ``{"price": "-"}``:
        "+" or "-". What data say against it makes the effect 0.
    control_reference : dict, default=None
        Value of each control, in its own unit, from which its contribution is
        measured: ``{"promotion": 0, "price": "max", "temperature": "mean"}``, a number
        or the least, largest or mean value of the region's training rows. What it
        brings there is part of the baseline. The default is 0 for controls that are
        never negative and either whole numbers, 0 among them, or 0 in most rows, and
        "mean" for others. It does not change predictions.
    outcome_value : str, float or list, default=None
        What an outcome unit is worth, spend units, where the outcome is orders or
        visits and no money: a column of X with numbers of at least 0 for each region
        and time step, or one number. (A position is given in a list, ``[3]``, as a
        number is a worth.) The model is of the outcome; ROI, effects, response curves,
        ``priors`` and budgets are then in money, predictions and contributions in
        outcome units, see :doc:`/outcome_value`. None means that the outcome is
        counted itself.
    priors : dict, default=None
        What is believed about channels, as mean and standard deviation:
        ``{"tv": {"roi": (2.0, 1.0)}, "email": {"contribution": (0.01, 0.01)}}``.
        ``roi`` and ``marginal_roi`` are outcome units per spend unit over the training
        rows, ``contribution`` is a share of their outcome (both of its worth, where
        there is an ``outcome_value``); all three are of the
        channel's own, direct effect. ``half_life`` (time steps until half of the
        effect has arrived), ``half_saturation`` (in the channel's own units per time
        step, of the median region) and ``slope`` are of its response and positive; of
        a channel in ``reach_frequency`` these two are of its curve of frequency, the
        first in contacts.
    max_lag : int, "auto" or dict, default="auto"
        Length of the adstock kernel in time steps, the current one included. "auto"
        is 8 weeks of weekly data, 4 weeks of daily, 4 months of monthly ones:
        :math:`8 / \\sqrt{w}` steps of :math:`w` weeks, between 4 and 26 weeks, and of a
        series with fewer than 32 of these steps 8 steps; with
        ``adstock="auto"`` up to three times as long (at most 26 weeks, a quarter of the
        series) where there is evidence for other kernels. See ``adstock_``, whose
        columns are the lags. A dict is by channel: ``{"tv": 13, "search": 2}``, others
        having the default.
    adstock : str, Adstock or dict, default="auto"
        "auto", one of "geometric", "gamma", "delayed", "weibull", "binomial", or a
        component, see :class:`~sklearn_mmm.components.Adstock` and
        :doc:`/extend_adstock`. Form of the carry-over: falling from the start, rising
        before it falls, peaking after a learned delay, a Weibull density, which can do
        both, or falling to nothing at the end of the kernel; or a component, perhaps of
        your own. "auto" is geometric, and gamma for those channels for which there is
        evidence (:class:`~sklearn_mmm.components.GammaAdstock`; ``rise`` of the others
        is 0.001 then, which is geometric). A dict is by channel, names or positions:
        ``{"tv": "delayed"}``, others having the default.
    saturation : str, Saturation or dict, default="hill"
        One of "hill", "logistic", "exponential", "none", or a component, see
        :class:`~sklearn_mmm.components.Saturation` and :doc:`/extend_saturation`.
        Form of the response to adstocked media: S-shaped or concave as the data say,
        concave in two ways, or a straight line; or a component, such as
        ``HillSaturation(min_slope=1)``, perhaps of your own. A dict is by channel:
        ``{"email": "none"}``, others having the default.
    channel_groups : dict, default=None
        Campaigns inside channels: ``{"social": ["prospecting", "retargeting"]}``, at
        least two media columns each, in one unit. Those of a group have one kernel and
        one curve, of the sum of their media, whose ``media_scale_`` is that of the sum;
        their effects differ as far as the data say, see :doc:`/how_to_campaigns`. Dicts
        by channel may name the group.
    link : {"auto", "identity", "log"}, default="auto"
        What effects are added to: the outcome, or its logarithm, so that they multiply:
        a promotion then brings more where media are on, and media more in the season.
        "auto" is the one that makes the outcomes likelier; the outcome itself where one
        of them is not above 0. See ``link_`` and :doc:`/multiplicative`.
    seasons : "auto" or list, default="auto"
        What repeats in the baseline: some of "year", "month", "week" and "day", by the
        clock of the data, or numbers of time steps. "auto" is the year, weekdays of
        daily data and the hours of hourly ones, those that the data cover, and the
        month where there is strong evidence of one. ``()`` is none.
    time_varying : bool, default=True
        Whether the effect of a channel may vary with time, by a GRU over media,
        controls and the calendar; the data decide how far. It needs a time column
        with evenly spaced steps.
    validation : bool, default=True
        Whether hyper-parameters are checked by forecasts from three origins inside
        the training weeks, eight weeks apart, before the fit on all of them. It needs
        a time column and at least 56 time steps; costs half a fit to a whole one.
    graph : bool or ChannelGraph, default=True
        Whether to learn an acyclic graph of influences among the channels. A
        :class:`ChannelGraph` says how: past weeks that act as well, known edges,
        tiers, resamples. Its columns and keys are the regressor's, so it has none.
        True means ``ChannelGraph(n_resamples=10)``. It does not change predictions.
    mediators : column specifier, default=None
        Columns with what media move and what moves the outcome in turn, but nobody
        buys: brand searches, visits, at least 0. They are channels that cost nothing,
        the last ones of all tables, and nodes of the graph, which then cannot be
        False. They drive no bought media, unless ``required_edges`` or ``tiers`` of the
        graph say otherwise. ``effects("total")`` moves what they brought to the media
        that caused it. Other plans hold them as they were, unless ``react`` names them.
    l1 : float, default=0.0
        Weight of the L1 penalty on media effects, in units of their prior scale.
    l2 : float, default=1.0
        Weight of the L2 penalties on effects and regional deviations; 1 is the
        amount learned from the data.
    huber_delta : float, default=2.0
        Where the loss turns linear, in standard deviations of the noise.
    handle_unknown : {"shared", "error"}, default="shared"
        What predict does with a region not seen in fit: use the shared parameters and
        the median region's size, with a warning, or raise.
    max_epochs : int, default=200
        Most epochs of the net; each is a Gauss-Newton step of all parameters together.
    n_members : int, default=32
        Refits on randomised data and priors, whose spread is the uncertainty of what
        was learned: at least 2, or 0 for none. They do not change estimates.
    tol : float, default=0.01
        Gain of the objective, in units of log-likelihood, below which a step has found
        the mode.
    callbacks : list of skorch.callbacks.Callback, default=None
        Further callbacks of the net.
    n_jobs : int, default=None
        Threads on which resamples of the graph, and members of large panels, are
        computed side by side; None is 1, and -1 as many as there are cores. Results
        are the same bits for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of the fit. The same seed gives bit-identical fits.
    verbose : int, default=0
        Whether to show a progress bar.

    Attributes
    ----------
    contributions_ : DataFrame of shape (n_rows, 1 + n_controls + n_channels)
        What baseline, controls and channels contributed to each training row, in
        outcome units; rows sum to the fit.
    response_curves_ : DataFrame
        ``channel``, ``spend``, ``response``, ``marginal_response``, ``extrapolated``,
        and with members ``low`` and ``high``, a 90 % interval of the response:
        steady-state response per time step, all regions together; money with an
        ``outcome_value``.
    adstock_ : DataFrame of shape (n_channels, max_lag)
        Weights of the carry-over by lag, summing to 1; 0 beyond a channel's own length.
    adstock_parameters_ : DataFrame of shape (n_channels, n_parameters)
        Parameters of the kernel chosen by ``adstock``: ``decay`` (share carried over to
        the next time step, or how fast a delayed kernel fades), ``rise`` (0 falls from
        the start), ``delay`` (time steps), ``shape`` and ``scale`` (time steps),
        ``alpha``, or those of a kernel of your own; NaN where a channel's kernel has no
        such parameter.
    decay_ : Series of shape (n_channels,)
        Its decay; NaN for kernels without a parameter of that name.
    saturation_parameters_ : DataFrame of shape (n_channels, n_parameters)
        Parameters of the curve chosen by ``saturation``: ``half_saturation`` and
        ``slope`` of a Hill curve, ``rate``, none of a straight line, or those of a
        curve of your own; NaN where a channel's curve has no such parameter. Of
        channels in ``reach_frequency`` they are NaN, and there are
        ``frequency_half_saturation`` (contacts) and ``frequency_slope``.
    outcome_ : Series of shape (n_rows,)
        Outcome of the training rows, outcome units per time step.
    outcome_value_ : Series of shape (n_rows,)
        Worth of an outcome unit in each training row; 1 without ``outcome_value``.
    outcome_value_column_ : str or None
        Name of its column.
    spend_ : DataFrame of shape (n_rows, n_channels)
        Spend of the training rows, spend units per time step; 0 for free media.
    n_members_ : int
        Number of members, of whose spread intervals are made.
    lift_test_fit_ : DataFrame
        Of each lift test that was used: ``channel``, ``lift`` and ``std_error`` as
        told, what the ``model`` says itself (outcome units), and the ``gap`` between
        them in standard errors.
    lift_tests_ : DataFrame or None
        What fit and later updates were told.
    modulation_ : DataFrame of shape (n_rows, n_channels)
        Factor by which each channel's effect was larger or smaller than usual in each
        training row; its mean over the training weeks of a region is 1.
    half_saturation_ : Series of shape (n_channels,)
        Adstocked media at half of the maximum, in units of ``media_scale_``; infinite
        for a curve without a maximum, as the response to reach is one.
    slope_ : Series of shape (n_channels,)
        Hill slope; NaN for curves without a parameter of that name.
    effect_ : Series of shape (n_channels,)
        Effect at full saturation, or of media at ``media_scale_`` where the curve has
        no maximum, relative to the region's mean outcome. Of reach it is that of the
        largest reach at a frequency without end.
    regional_effect_ : DataFrame of shape (n_regions, n_channels)
        The same in outcome units per time step.
    dag_ : DataFrame of shape (n_channels, n_channels)
        Influences among the channels, row to column, without cycles; 0 where there is
        none, and throughout if ``graph=False``. Units of ``media_scale_``: what one
        unit of the row, carry-over included, adds to the column.
    dag_lagged_ : DataFrame of shape (n_lags * n_channels, n_channels)
        Influences of past time steps, indexed by lag and channel.
    confounded_ : DataFrame of shape (n_channels, n_channels)
        Pairs of channels that depend on one another, but without an edge that the data
        could direct: a cause in common, or a direction that cannot be told.
    dag_strength_ : DataFrame of shape (n_channels, n_channels)
        Share of resamples (of regions, else of blocks of weeks) with the edge; NaN
        without a graph.
    outlier_weights_ : DataFrame of shape (n_regions, n_time_steps)
        Probability that an observation is an ordinary one, 0 for one that was left out
        of the fit because neither media nor controls nor the level explain it; NaN
        where there is no row.
    media_scale_ : DataFrame of shape (n_regions, n_channels)
        Largest training media, in their own unit per time step; NaN where a region
        never had the channel, whose answers are then those of the median region.
    control_reference_ : DataFrame of shape (n_regions, n_controls)
        What the contribution of each control is measured from, in its own unit.
    seasons_ : dict of str to float
        Time steps of each season of the baseline.
    hyperparameters_ : dict
        Learned noise, variances of the baseline's parts, prior scales, and what inner
        validation chose.
    history_ : DataFrame
        Keys, media and controls of the training rows, which later rows continue.
    dimensions_ : DataFrame of shape (n_regions, n_dimensions)
        Labels of each region in the columns of ``region_column``.
    media_columns_, control_columns_ : list of str
        Names of channels, mediators included, and controls.
    organic_columns_, mediators_ : list of str
        Names of the channels that are organic, and of the mediators.
    spend_columns_ : list of str or None
        Column with the money behind each channel; None where it costs nothing.
    reach_frequency_ : dict of tuple of str
        Columns of reach and frequency, by channel that has them.
    link_ : {"identity", "log"}
        What effects are added to. Where it is "log", channels share in what they bring
        together by the sizes of their effects, and parameters named effect are on the
        scale of the logarithm.
    net_ : skorch.NeuralNet
        The trained net, with its ``history``.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only when X has string column names.

    Notes
    -----
    Steps to the mode run on one thread, since they are many small operations. Of a
    search, its own ``n_jobs`` is worth more: it runs several fits side by side.

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
        "region_column": [None, str, Integral, list, tuple],
        "time_column": [None, str, Integral],
        "spend_columns": [None, dict, list, tuple],
        "reach_frequency": [None, dict],
        "organic_columns": [None, str, Integral, "array-like", slice, callable],
        "media_signs": [None, dict],
        "control_signs": [None, dict],
        "control_reference": [None, dict],
        "outcome_value": [None, str, Real, list, tuple, callable],
        "priors": [None, dict],
        "max_lag": [
            Interval(Integral, 1, _MOST_LAGS, closed="both"),
            StrOptions({"auto"}),
            dict,
        ],
        "adstock": [StrOptions({"auto", *ADSTOCKS}), Adstock, dict],
        "saturation": [StrOptions(set(SATURATIONS)), Saturation, dict],
        "channel_groups": [None, dict],
        "link": [StrOptions({"auto", "identity", "log"})],
        "seasons": [str, list, tuple],
        "time_varying": ["boolean"],
        "validation": ["boolean"],
        "graph": ["boolean", ChannelGraph],
        "mediators": [None, str, Integral, "array-like", slice, callable],
        "l1": [Interval(Real, 0, _MOST, closed="both")],
        "l2": [Interval(Real, 0, _MOST, closed="both")],
        "huber_delta": [Interval(Real, 1 / _MOST, _MOST, closed="both")],
        "handle_unknown": [StrOptions({"shared", "error"})],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "n_members": [
            Interval(Integral, 2, _MOST_MEMBERS, closed="both"),
            Options(Integral, {0}),
        ],
        "tol": [Interval(Real, 0, None, closed="left")],
        "callbacks": [None, list, tuple],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        media_columns: ColumnSpec = None,
        control_columns: ColumnSpec = None,
        region_column: RegionSpec = None,
        time_column: str | int | None = None,
        *,
        spend_columns: Mapping[Any, Any] | Sequence[Any] | None = None,
        reach_frequency: Mapping[str, tuple[Any, Any]] | None = None,
        organic_columns: ColumnSpec = None,
        media_signs: Mapping[str, str] | None = None,
        control_signs: Mapping[str, str] | None = None,
        control_reference: Mapping[str, float | str] | None = None,
        outcome_value: str | float | Sequence[Any] | None = None,
        priors: Mapping[str, Mapping[str, tuple[float, float]]] | None = None,
        max_lag: int | str | Mapping[Any, int | str] = "auto",
        adstock: str | Adstock | Mapping[Any, str | Adstock] = "auto",
        saturation: str | Saturation | Mapping[Any, str | Saturation] = "hill",
        channel_groups: Mapping[str, Sequence[Any]] | None = None,
        link: str = "auto",
        seasons: str | Sequence[str | float] = "auto",
        time_varying: bool = True,
        validation: bool = True,
        graph: bool | ChannelGraph = True,
        mediators: ColumnSpec = None,
        l1: float = 0.0,
        l2: float = 1.0,
        huber_delta: float = 2.0,
        handle_unknown: str = "shared",
        max_epochs: int = 200,
        n_members: int = 32,
        tol: float = 0.01,
        callbacks: Iterable[Any] | None = None,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.media_columns = media_columns
        self.control_columns = control_columns
        self.region_column = region_column
        self.time_column = time_column
        self.spend_columns = spend_columns
        self.reach_frequency = reach_frequency
        self.organic_columns = organic_columns
        self.media_signs = media_signs
        self.control_signs = control_signs
        self.control_reference = control_reference
        self.outcome_value = outcome_value
        self.priors = priors
        self.max_lag = max_lag
        self.adstock = adstock
        self.saturation = saturation
        self.channel_groups = channel_groups
        self.link = link
        self.seasons = seasons
        self.time_varying = time_varying
        self.validation = validation
        self.graph = graph
        self.mediators = mediators
        self.l1 = l1
        self.l2 = l2
        self.huber_delta = huber_delta
        self.handle_unknown = handle_unknown
        self.max_epochs = max_epochs
        self.n_members = n_members
        self.tol = tol
        self.callbacks = callbacks
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    @learns_aside
    def fit(
        self,
        X: Any,
        y: Any,
        lift_tests: Any = None,
        checkpoint: "str | PathLike[str] | None" = None,
    ) -> Self:
        r"""Fit the model.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
            One row per region and time step, in any order when there are keys.
        y : array-like of shape (n_rows,)
            Outcome, in outcome units per time step.
        lift_tests : DataFrame, default=None
            Results of experiments, one row each: ``channel``, or a list of those that
            were tested at once; ``start`` and ``end`` of the time steps that were
            measured, both included; ``lift``, the outcome with the spend as it is in X
            less what it would have been otherwise, over all these regions and time
            steps, and its ``std_error``, both in outcome units. Optional columns:
            ``region``, a label, a list of labels, or "all" (with several columns of
            regions each of them may be named instead); ``spend_change``, by how
            much the test raised (or, below 0, cut) the spend in its window, spend
            units, of all its channels together or a list of one each (where it is
            missing, all spend in the window was the test); ``effect``, "direct" or,
            where the lift holds what came through channels that react, "total". A
            test from before the training weeks needs a ``spend_change``; other tests
            whose window is not all in training are left out, with a warning.
        checkpoint : path-like, default=None
            A file where a long fit keeps what it has found, step by step. If it is
            there, the fit goes on from it, and gives what it would have given without
            an interruption; it is removed when the fit is complete.

        Returns
        -------
        self
            The estimator, fitted.

        Raises
        ------
        ValueError
            If a column is missing, media are negative, keys occur twice, values are
            not finite or not numeric, there is but one row, known edges contradict
            one another, or a lift test or prior makes no sense, such as a lift that
            is far below zero although the spend was raised; or if the checkpoint is of
            another fit.
        OSError
            If the checkpoint cannot be written.

        Notes
        -----
        An experiment enters the likelihood as a measurement of the model's own
        counterfactual for its window, with the carry-over of the weeks before and
        inside it: the contribution of the channel itself, other channels being as they
        are in X, or, for a total effect, as the graph has them react. A test from
        before the training weeks is put on the same weeks of their first year; with
        its age in years :math:`a` its variance grows by
        :math:`(0.2\,\text{lift})^2 a`, since effects wander.
        """
        table = as_table(X)
        validate_data(self, table, y, skip_check_array=True)
        y = check_target(y, table.shape[0])
        if len(y) == 1:
            raise ValueError("X has one sample (n_samples=1); a fit needs more rows")
        self._roles = resolve_roles(
            table,
            self.media_columns,
            self.control_columns,
            self.region_column,
            self.time_column,
            self.spend_columns,
            self.mediators,
            self.reach_frequency,
            self.organic_columns,
            self.outcome_value,
        )
        rows, self._axis = read_rows(
            table, self._roles, self.region_column, self.time_column, None
        )
        self._name_columns()
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        kept = Checkpoint(checkpoint)
        if kept.seed is not None and not isinstance(self.random_state, Integral):
            # Without a seed of the user's own, that of the fit that was begun.
            seed = kept.seed
        self._seed = int(seed)
        self._learn(rows, y, index_of(X), lift_tests, None, kept)
        kept.remove()
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    @learns_aside
    def partial_fit(self, X: Any, y: Any, lift_tests: Any = None) -> Self:
        """Add rows to those of fit and update the model, in a fraction of the time.

        What was learned is the starting point; hyper-parameters are renewed, and what
        inner validation chose, the edges of the graph and what the GRU makes of its
        inputs stay. A few later weeks move members by what these say; else they are
        drawn anew. A refit after a while is due all the same.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
            Further rows; a row with the region and time of a former one replaces it.
        y : array-like of shape (n_rows,)
            Their outcome.
        lift_tests : DataFrame, default=None
            Further ones, see :meth:`fit`.

        Returns
        -------
        self
            The estimator, fitted.

        Raises
        ------
        ValueError
            As :meth:`fit`, or if rows are earlier than the first training step.
        """
        if not hasattr(self, "history_"):
            return self.fit(X, y, lift_tests)
        table = as_table(X, getattr(self, "feature_names_in_", None))
        validate_data(self, table, y, reset=False, skip_check_array=True)
        y = check_target(y, table.shape[0])
        rows, _ = read_rows(
            table,
            self._roles,
            self.region_column,
            self.time_column,
            self._axis,
            regions=self._predictor.scales.regions,
        )
        past = self._predictor.history
        if self._axis is None:
            rows = rows.after(past)
        if rows.position.min() < 0:
            row = int(rows.position.argmin())
            raise ValueError(
                f"row {row} (time {rows.time[row]}) is earlier than the first training "
                "step; use fit with all rows"
            )
        later = bool(rows.position.min() > past.position.max())
        joined, kept = rows.continuing(past, all_regions=True)
        index = index_of(X)
        former = self.contributions_.index[kept]
        if index is None or isinstance(former, pd.RangeIndex):
            index = pd.RangeIndex(len(kept[kept]) + len(y))
        else:
            index = former.append(index)
        names = self._dimension_names
        lift_tests = join_tests(self.lift_tests_, lift_tests, names)
        outcome = np.concatenate([self.outcome_.to_numpy()[kept], y])
        former_fit = FormerFit(self._fitted, later)
        return self._learn(joined, outcome, index, lift_tests, former_fit, Checkpoint())

    def _learn(
        self,
        rows: Rows,
        y: np.ndarray,
        index: pd.Index | None,
        lift_tests: Any,
        former: FormerFit | None,
        checkpoint: Checkpoint,
    ) -> Self:
        """Fit the model to rows, or update a former fit."""
        panel = rows.panel(self._axis)
        check_regions(panel, self.region_column)
        check_worth(rows.value, self._roles.value)
        self._warn_about(rows, panel)
        options = self._graph_options()
        # A unit is no estimate: it leaves out what is far out whatever the reason.
        usual = panel.gather(without_gross_outliers(panel.scatter(y), panel.observed))
        scales = make_scales(
            *(panel, usual, rows.media, rows.controls, rows.spend),
            self._references(rows),
            groups_of_cells(panel.regions, len(region_columns(self.region_column))),
        )
        if rows.frequency is not None:
            reach = rows.media[:, self._roles.reached]
            often = usual_frequency(panel, reach, rows.frequency)
            scales = replace(scales, frequency=often)
        scales = with_groups(scales, panel, rows.media, self._groups.values())
        data = self._training_data(rows, panel, y, scales)
        self._check_positive(rows, y, former)
        tests = self._tests(panel, rows, data, lift_tests, options)
        beliefs = self._beliefs(panel, rows, y, data)
        experiments = [*tests, *beliefs]
        self._fitted = self._train(data, former, scales, experiments, checkpoint)
        self.lift_tests_ = lift_tests
        self._predictor = Predictor(
            self._fitted.net.module_,
            self._fitted.baseline,
            scales,
            self._axis,
            rows,
            self._fitted.members,
            self._fitted.settings.interval_factor,
            self._fitted.link,
        )
        self._publish(panel, rows, y, index)
        self._learn_graph(data, options, update=former is not None)
        self._compare(tests)
        self._warn_about_carry_over()
        self._warn_about_outliers()
        return self

    def _check_positive(
        self, rows: Rows, y: np.ndarray, former: FormerFit | None
    ) -> None:
        """Refuse outcomes without a logarithm where effects multiply."""
        link = self.link if former is None else former.fitted.link
        if link != "log" or (y > 0).all():
            return
        row = int(np.argmin(y))
        raise ValueError(
            f"y is {y[row]:g} in region {rows.region[row]!r}, time {rows.time[row]}, "
            "and effects multiply only what is above 0: leave such rows out, or fit "
            "with link='identity'"
        )

    def _references(self, rows: Rows) -> list[Reference]:
        """Return what contributions of controls are measured from."""
        columns, parameter = self._roles.controls, "control_reference"
        said = by_column(self.control_reference, columns, parameter)
        check_references(said, columns)
        return references(said, rows.controls)

    @property
    def _signs(self) -> Signs:
        return Signs(
            read_signs(self.media_signs, self._roles.channels, "media_signs"),
            read_signs(self.control_signs, self._roles.controls, "control_signs"),
        )

    def _tests(
        self,
        panel: Panel,
        rows: Rows,
        data: TrainingData,
        lift_tests: Any,
        options: GraphOptions | None,
    ) -> list[Experiment]:
        """Return what lift tests say."""
        if lift_tests is None:
            return []

        def influence() -> ChannelInfluence | None:
            return self._usual_influence(data, options)

        amount, channels = panel.scatter(rows.amount), self.media_columns_
        found = ExperimentReader(
            *(panel, self._axis, channels, amount, data.media, influence),
            self._dimensions_of(panel.regions),
        ).read(lift_tests)
        # A test measures what it does to other campaigns of a group as well.
        return [test.with_groups(self._told_shapes.groups) for test in found]

    def _beliefs(
        self, panel: Panel, rows: Rows, y: np.ndarray, data: TrainingData
    ) -> list[Experiment]:
        """Return what priors say."""
        if self.priors is None:
            return []
        spend, total = panel.scatter(rows.spend), float((y * rows.worth).sum())
        worth, groups = worth_of_cells(panel, rows.value), self._told_shapes.groups
        channels = self.media_columns_
        reader = PriorReader(panel, channels, spend, data.media, worth, total, groups)
        return reader.read(self.priors)

    def _compare(self, tests: list[Experiment]) -> None:
        """Keep what the model says of lift tests; warn where it contradicts them."""
        self.lift_test_fit_ = experiment_fit(
            self._predictor, self.media_columns_, tests
        )
        far = contradicted(self.lift_test_fit_)
        if far:
            warn_caller(
                f"lift tests and the rest of the data contradict one another: "
                f"{'; '.join(far)}. Is lift the sum over the window and its regions, "
                "and spend_change of the same window?",
                ContradictedLiftTestWarning,
            )

    def _usual_influence(
        self, data: TrainingData, options: GraphOptions | None
    ) -> ChannelInfluence | None:
        """Return what channels do to channels, before their carry-over is learned."""
        if options is None:
            return None
        kernel = _USUAL_DECAY ** np.arange(_USUAL_LAGS)
        kernels = np.tile(kernel / kernel.sum(), (len(self.media_columns_), 1))
        return learn_influence(data, options, kernels)[0]

    def _train(
        self,
        data: TrainingData,
        former: FormerFit | None,
        scales: PanelScales,
        experiments: list[Experiment],
        checkpoint: Checkpoint,
    ) -> Fitted:
        if former is None:
            shape = self._response_shape(data)
        else:
            shape = former.fitted.net.module_.media.shape
        options = self._training_options(shape, scales, len(data.position))
        inputs = options, experiments, scales.outcome, self._seed
        if former is None:
            return fit_network(data, *inputs, checkpoint)
        data = replace(data, covariance=former.fitted.baseline.covariance)
        change = rescaling(self._predictor.scales, scales)
        return update_network(former, data, change, *inputs)

    def _graph_options(self) -> GraphOptions | None:
        """Return how the graph is learned; None if it is not."""
        if self.graph is False:
            if self.mediators_:
                raise ValueError(
                    f"mediators {self.mediators_} need a graph, but graph=False; leave "
                    "it True, or name them as media that cost nothing (spend_columns)"
                )
            return None
        graph = self.graph
        if not isinstance(graph, ChannelGraph):
            graph = ChannelGraph(n_resamples=_N_RESAMPLES)
        named = ("columns", "region_column", "time_column")
        given = [name for name in named if getattr(graph, name) is not None]
        if given:
            raise ValueError(
                f"graph has {given} of its own; leave them out, since columns and keys "
                "are the regressor's"
            )
        options = graph.options(
            self.media_columns_, self.time_column, self._seed, self.mediators_
        )
        return replace(options, n_jobs=self.n_jobs)

    def _learn_graph(
        self, data: TrainingData, options: GraphOptions | None, update: bool
    ) -> None:
        kernels, channels = self.adstock_.to_numpy(), self.media_columns_
        if update:
            self._influence = update_influence(self._influence, data, options, kernels)
        else:
            self._influence, found = learn_influence(data, options, kernels)
            self.dag_strength_ = pd.DataFrame(found.strength, channels, channels)
            self.confounded_ = pd.DataFrame(found.confounded, channels, channels)
        past = self._influence.lagged
        lags = pd.MultiIndex.from_product(
            [range(1, len(past) + 1), channels], names=["lag", "channel"]
        )
        self.dag_ = pd.DataFrame(self._influence.weights, channels, channels)
        self.dag_lagged_ = pd.DataFrame(past.reshape(-1, len(channels)), lags, channels)

    def _training_data(
        self, rows: Rows, panel: Panel, y: np.ndarray, scales: PanelScales
    ) -> TrainingData:
        seen = panel.observed
        media = interpolate_gaps(panel, panel.scatter(rows.media))
        frequency = None
        if rows.frequency is not None:
            usual = scales.frequency_of(scales.code(panel.regions))
            frequency = frequency_grid(panel, rows.frequency, usual)
        media = media / scales.media[:, None]
        controls = scaled_controls(scales, panel, rows.controls)
        target = panel.scatter(y) / scales.outcome[:, None]
        reasons = np.concatenate([media, controls], axis=2)
        grid = panel.position, target, reasons, seen
        seasons = choose_seasons(self.seasons, self._axis, *grid)
        origin, wanders = float(panel.position[0]), self._axis is not None
        return TrainingData(
            media=media,
            controls=controls,
            target=target,
            observed=seen,
            position=panel.position,
            covariance=TimeCovariance.of_seasons(origin, seasons, wanders),
            frequency=frequency,
            reach=self._roles.reached,
            groups=scales.groups,
        )

    def _training_options(
        self, shape: ResponseShape, scales: PanelScales, n_steps: int
    ) -> TrainingOptions:
        own = {"shape", "noise", "believed", "longest", "signs"}
        names = set(TrainingOptions.__dataclass_fields__) - own
        options = {name: getattr(self, name) for name in sorted(names)}
        options["callbacks"] = tuple(self.callbacks or ())
        options["shape"] = shape
        options["noise"] = HuberNoise(self.huber_delta)
        options["signs"] = self._signs
        told = self._told_shapes
        options["longest"] = told.longest(self._weeks_per_step, n_steps)
        shape = told.believed(shape)
        usual = np.median(scales.media, axis=0)
        options["believed"] = shape_beliefs(
            self.priors or {}, self.media_columns_, shape, usual
        )
        options["time_varying"] = self._modulates
        return TrainingOptions(**options)

    @property
    def _modulates(self) -> bool:
        # Without a clock of even steps there is no sequence for effects to vary along.
        regular = self._axis is not None and self._axis.regular
        return bool(self.time_varying and regular)

    def _response_shape(self, data: TrainingData) -> ResponseShape:
        steps = self._weeks_per_step, len(data.position)
        shape = self._told_shapes.response(*steps)
        groups = shape.groups
        if groups is not None:
            groups = replace(groups, amount=tuple(data.media.sum((0, 1)).tolist()))
        return replace(shape, reach=self._roles.reached, groups=groups)

    @property
    def _channel_names(self) -> ChannelNames:
        columns = range(self.n_features_in_)
        columns = getattr(self, "feature_names_in_", columns)
        return ChannelNames(self.media_columns_, self._roles.media, list(columns))

    @property
    def _groups(self) -> dict[str, list[int]]:
        """Numbers of the channels in each group."""
        if not self.channel_groups:
            return {}
        roles = self._roles
        money = [s == m for m, s in zip(roles.media, roles.spend, strict=True)]
        names, given = self._channel_names, self.channel_groups
        told = money, roles.reached, self._signs.media
        return read_groups(given, names, self.mediators_, *told)

    @property
    def _told_shapes(self) -> ChannelShapes:
        given = {n: getattr(self, n) for n in ("adstock", "max_lag", "saturation")}
        return read_shapes(given, self._channel_names, self._groups)

    @property
    def _weeks_per_step(self) -> float:
        return 1.0 if self._axis is None else self._axis.weeks_per_step

    def _kernel_length(self, n_steps: int) -> int:
        """Return the length of the shortest kernel."""
        steps = self._weeks_per_step, n_steps
        return min(kernel_length(own, *steps) for own in self._told_shapes.max_lag)

    def _name_columns(self) -> None:
        def name(column: Any) -> str:
            return column if isinstance(column, str) else f"x{column}"

        self.media_columns_ = [name(c) for c in self._roles.channels]
        self.control_columns_ = [name(c) for c in self._roles.controls]
        self.mediators_ = [name(c) for c in self._roles.mediators]
        self.organic_columns_ = [name(c) for c in self._roles.organic]
        self.spend_columns_ = [
            None if c is None else name(c) for c in self._roles.spend
        ]
        names = [*self.media_columns_, *self.control_columns_, *self._groups]
        names += [frequency for _, frequency in self.reach_frequency_.values()]
        for taken, by in _TAKEN.items():
            if taken in names:
                raise ValueError(
                    f"a media or control column or a group is called {taken!r}, which "
                    f"names {by} in the results; rename the column or group"
                )
        twice = [n for n in names if names.count(n) > 1]
        if twice:
            raise ValueError(
                f"two media or control columns or groups are called {twice[0]!r} in "
                "the results; rename one of them"
            )

    def _outlier_weights(self, panel: Panel, rows: Rows) -> pd.DataFrame:
        weight = np.where(panel.observed, self._fitted.hyper.outliers.weight, np.nan)
        labels = rows.time[np.unique(rows.position, return_index=True)[1]]
        weeks = panel.observed.any(axis=0)
        return pd.DataFrame(weight[:, weeks], panel.regions, labels)

    def _history_table(self, rows: Rows) -> pd.DataFrame:
        table = pd.DataFrame({"region": rows.region, "time": rows.time})
        values = np.column_stack([rows.media, rows.controls])
        names = [*self.media_columns_, *self.control_columns_]
        if rows.frequency is not None:
            values = np.column_stack([values, rows.frequency])
            names += [frequency for _, frequency in self.reach_frequency_.values()]
        return pd.concat([table, pd.DataFrame(values, columns=names)], axis=1)

    def _publish(
        self, panel: Panel, rows: Rows, y: np.ndarray, index: pd.Index | None
    ) -> None:
        fitted, scales = self._fitted, self._predictor.scales
        module, channels = fitted.net.module_, self.media_columns_
        self.net_, self.link_ = fitted.net, fitted.link
        self.n_members_ = len(fitted.members)
        self.history_ = self._history_table(rows)
        lags = pd.RangeIndex(module.media.max_lag, name="lag")
        self.adstock_ = pd.DataFrame(adstock_weights(module), channels, lags)
        kernel, curve = adstock_parameters(module), saturation_parameters(module)
        self.adstock_parameters_ = pd.DataFrame(kernel, channels)
        self.saturation_parameters_ = pd.DataFrame(curve, channels)
        named = {
            "decay": kernel.get("decay", np.nan),
            "half_saturation": half_saturation(module),
            "slope": curve.get("slope", np.nan),
            "effect": module.media.channel_effect.detach().numpy(),
        }
        self.decay_, self.half_saturation_, self.slope_, self.effect_ = (
            pd.Series(values, channels, dtype=float, name=name)
            for name, values in named.items()
        )
        seen = np.where(scales.silent, np.nan, scales.media)
        self.media_scale_ = pd.DataFrame(seen, panel.regions, channels)
        self.control_reference_ = pd.DataFrame(
            scales.control_reference, panel.regions, self.control_columns_
        )
        modulates = self._modulates
        self.hyperparameters_ = learned_hyperparameters(
            fitted, modulates, self._dimension_names
        )
        self.seasons_ = season_lengths(fitted)
        worth = self._predictor.usual_worth()
        self._steady_state = steady_state(fitted, scales, channels, panel, rows, worth)
        self.regional_effect_ = pd.DataFrame(
            regional_effect(module, scales) * worth[:, None], panel.regions, channels
        )
        # Of a former fit.
        self.__dict__.pop("response_curves_", None)
        self.outlier_weights_ = self._outlier_weights(panel, rows)
        self.contributions_ = self._decompose(rows, index)
        index = self.contributions_.index
        self.outcome_ = pd.Series(y, index, name="outcome")
        self.spend_ = pd.DataFrame(rows.spend, index, channels)
        self.modulation_ = pd.DataFrame(
            self._predictor.modulation(rows), index, channels
        )

    @cached_property
    def response_curves_(self) -> pd.DataFrame:
        """Steady-state responses, see the class."""
        return self.response_curves()

    def _warn_about(self, rows: Rows, panel: Panel) -> None:
        n_gaps = int(panel.gaps.sum())
        if n_gaps and self._axis is not None and self._axis.regular:
            warn_caller(
                f"{n_gaps} weeks are missing inside the regions' series; they do not "
                "enter the fit, and their media are interpolated for the carry-over",
                MissingWeeksWarning,
            )
        days = None if self._axis is None else self._axis.days_per_step
        n_lags = self._kernel_length(len(panel.position))
        if days is not None and days < 7 and n_lags * days < _SHORTEST_MEMORY:
            warn_caller(
                f"max_lag={self.max_lag!r}: {n_lags} time steps are {n_lags * days:g} "
                "days, and what media bring later is credited to the baseline; set "
                "max_lag to four weeks or more "
                f"({np.ceil(28 / days):.0f} time steps)",
                ShortCarryOverWarning,
            )
        flat = np.ptp(rows.media, axis=0) == 0
        if rows.frequency is not None:
            flat[list(self._roles.reached)] &= np.ptp(rows.frequency, axis=0) == 0
        if flat.any():
            names = [n for n, f in zip(self.media_columns_, flat, strict=True) if f]
            warn_caller(
                f"media columns {names} do not vary; their effect cannot be told from "
                "the baseline's",
                UninformativeChannelWarning,
            )

    def _warn_about_outliers(self) -> None:
        weight = self.outlier_weights_.to_numpy()
        region, week = np.nonzero(weight < _OUTLYING)
        if len(region):
            labels = self.outlier_weights_
            rows = [
                (f"{labels.index[r]} " if self.region_column is not None else "")
                + time_label(labels.columns[w])
                for r, w in zip(region[:5], week[:5], strict=True)
            ]
            warn_caller(
                f"{len(region)} rows are outlying and left out of the fit, which "
                f"neither media nor controls nor the level explain: {rows}"
                f"{' and others' if len(region) > 5 else ''}; see outlier_weights_",
                OutlierWarning,
            )

    def _warn_about_carry_over(self) -> None:
        cut = ~has_faded(self.adstock_.to_numpy())
        brought = self.contributions_[self.media_columns_].to_numpy().sum(axis=0) != 0
        names = [self.media_columns_[i] for i in np.flatnonzero(cut & brought)]
        if names:
            lengths = set((self.adstock_.loc[names] != 0).sum(axis=1))
            steps = " or ".join(str(n) for n in sorted(lengths))
            warn_caller(
                f"the carry-over of {names} has not faded at the end of its {steps} "
                "time steps; raise max_lag, or try another adstock",
                UnfadedCarryOverWarning,
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = self.control_columns is None
        return tags
