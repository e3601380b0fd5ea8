"""A synthetic panel whose every ground truth is known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.utils import Bunch, check_random_state

from sklearn_mmm._threads import one_thread
from sklearn_mmm.components import Adstock, Saturation
from sklearn_mmm.datasets._draw_panel import draw_panel
from sklearn_mmm.datasets._options import check_options, make_forms
from sklearn_mmm.datasets._truth_tables import rows_of, tabulate


@one_thread()
def make_mmm(
    n_regions: int = 20,
    n_weeks: int = 156,
    n_channels: int = 6,
    n_controls: int = 2,
    *,
    media_share: float = 0.3,
    time_varying: bool = False,
    graph: bool = False,
    noise: float = 0.05,
    missing: float = 0.0,
    start: str = "2022-01-03",
    frequency: str = "W",
    adstock: str | Adstock | Mapping[str, str | Adstock] = "geometric",
    saturation: str | Saturation | Mapping[str, str | Saturation] = "hill",
    n_organic: int = 0,
    n_reach_frequency: int = 0,
    channel_groups: Mapping[str, list[str]] | None = None,
    n_events: int = 0,
    n_brands: int = 1,
    outcome_value: bool = False,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[pd.DataFrame, pd.Series, Bunch]:
    r"""Draw a marketing panel together with its truth.

    The outcome is a baseline (a level that wanders and a season), linear effects of
    controls, contributions of channels and noise. A channel contributes
    :math:`\beta_{r,c}\, m_{r,t,c}\, f(\mathrm{adstock}(x / s_{r,c}))` with a normalised
    adstock of 8 weeks, a saturation :math:`f`, by default geometric and Hill, and
    :math:`s_{r,c}` the region's largest weekly spend (Jin et al., 2017).

    Parameters
    ----------
    n_regions, n_weeks, n_channels, n_controls : int
        Sizes of the panel; channels are those that are paid for.
    media_share : float, default=0.3
        Media's share of total sales, in [0, 1); exact before rows go missing.
    time_varying : bool, default=False
        Whether effects of paid media drift by about half around their mean over the
        year.
    graph : bool, default=False
        Whether paid channels drive one another along a sparse acyclic graph.
    noise : float, default=0.05
        Standard deviation of the noise relative to a region's mean sales.
    missing : float, default=0.0
        Share of rows that are removed, in [0, 1); never a region's first one. Their
        spend still carries over in the truth.
    start : str, default="2022-01-03"
        First week.
    frequency : {"W", "D"}, default="W"
        Whether a time step is a week, or a day of as many weeks: with a weekday
        pattern of sales, and carry-over of 28 days.
    adstock : str, Adstock or dict, default="geometric"
        Form of the carry-over, over 8 weeks: "geometric", "gamma", "delayed",
        "weibull", "binomial", or a component, see
        :class:`~sklearn_mmm.components.Adstock`; or by channel, where a missing one has
        the default.
    saturation : str, Saturation or dict, default="hill"
        Form of the response: "hill", "logistic", "exponential", "none", or a component,
        see :class:`~sklearn_mmm.components.Saturation`; or by channel. Parameters of
        other forms than the two defaults are drawn from the middle 80 % of their
        priors.
    n_organic : int, default=0
        Organic media, such as ``newsletter``, in impressions; they cost nothing.
    n_reach_frequency : int, default=0
        Channels told as reach, frequency and spend, such as ``youtube_reach``,
        ``youtube_frequency`` and ``youtube_spend``; they contribute :math:`\beta\,
        \mathrm{adstock}(\text{reach} \cdot \mathrm{hill}(\text{frequency}))`.
    channel_groups : dict of list of str, default=None
        Names of the campaigns inside paid channels: ``{"social": ["prospecting",
        "retargeting"]}``. They are columns of X in the place of their channel, share
        carry-over and saturation in their sum and differ in effect. Not with a graph.
    n_events : int, default=0
        Named events that are on for some days each year, such as ``summer_sale``; they
        act in the time step before and after as well.
    n_brands : int, default=1
        Brands that are sold in each region. With several, X has the keys ``geo`` and
        ``brand``, and effects differ along both.
    outcome_value : bool, default=False
        Whether the outcome counts orders, and X has their worth (30 spend units or so)
        in a column ``value``, by region and time step.
    random_state : int, RandomState instance or None, default=None
        Seed.

    Returns
    -------
    X : DataFrame
        Keys (``region`` and ``week`` by default), media (spend units) and controls,
        sorted by keys.
    y : Series
        Sales or orders, outcome units per time step.
    truth : Bunch
        What a regressor is to be told, by the names of its parameters, None or empty
        where it has no use: ``media_columns`` (paid), ``control_columns``,
        ``region_column``, ``time_column``, ``organic_columns``, ``spend_columns``,
        ``reach_frequency``, ``channel_groups``, ``control_reference`` (where a control
        contributes nothing) and ``outcome_value``.

        Aligned with the rows of X: ``contributions``, ``multipliers``, ``mediated``
        (DataFrames, a column per channel or campaign: paid, organic, reach and
        frequency), ``controls``, ``event_contributions`` (if there are events),
        ``baseline``, ``noise``. They sum to y, apart from ``multipliers`` and
        ``mediated``.

        Per channel: ``adstock`` (parameters and max_lag), ``adstock_weights`` (a column
        per lag), ``saturation`` (parameters), ``half_saturation`` (in units of
        ``scale``; infinite without a maximum), ``slope`` (NaN where the form has none),
        ``roi`` (outcome units per spend unit; NaN of what is free), ``total_effects``,
        ``frequency`` (half-saturation and slope of the curve of frequency, and the
        ``optimal`` one; if there are such channels). By region and channel: ``scale``
        (spend units), ``effect`` (outcome units at full saturation, or of media at
        ``scale`` where there is no maximum). And
        ``graph`` (channel by channel, row to column), ``response_curves`` (tidy, steady
        state of a time step), ``events`` (``name``, ``start``, ``end``) and
        ``event_effects`` (share of usual sales in the step before, of and after an
        event that fills it; if there are events), ``weekdays`` (factors; of days),
        ``parameters``, and ``panel``, the complete panel that :func:`true_outcome`
        needs.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range, or a component is none that a model could
        learn.

    Examples
    --------
    >>> from sklearn_mmm.datasets import make_mmm
    >>> X, y, truth = make_mmm(n_regions=2, n_weeks=52, n_channels=2, random_state=0)
    >>> X.shape, list(X.columns)
    ((104, 6), ['region', 'week', 'tv', 'search', 'price', 'promotion'])
    >>> float(round(truth.contributions.to_numpy().sum() / y.sum(), 2))
    0.3
    >>> X, y, truth = make_mmm(
    ...     2, 52, 2, 0, n_organic=1, n_reach_frequency=1, outcome_value=True,
    ...     channel_groups={"search": ["own_name", "generic"]}, random_state=0,
    ... )
    >>> truth.media_columns, truth.organic_columns, truth.outcome_value
    (['tv', 'own_name', 'generic'], ['newsletter'], 'value')
    >>> truth.reach_frequency
    {'youtube': ('youtube_reach', 'youtube_frequency')}
    """
    parameters = {
        "n_regions": n_regions,
        "n_weeks": n_weeks,
        "n_channels": n_channels,
        "n_controls": n_controls,
        "media_share": media_share,
        "time_varying": time_varying,
        "graph": graph,
        "noise": noise,
        "missing": missing,
        "start": start,
        "frequency": frequency,
        "adstock": adstock,
        "saturation": saturation,
        "n_organic": n_organic,
        "n_reach_frequency": n_reach_frequency,
        "channel_groups": channel_groups,
        "n_events": n_events,
        "n_brands": n_brands,
        "outcome_value": outcome_value,
    }
    check_options(parameters)
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    panel = draw_panel(Bunch(**parameters), make_forms(parameters), seed)
    truth = tabulate(panel)
    truth.parameters = parameters
    sales = panel.organic + panel.parts["contributions"].sum(axis=-1) + panel.error
    name = "orders" if outcome_value else "sales"
    y = pd.Series(sales.reshape(-1)[panel.kept], name=name)
    return rows_of(panel, truth), y, truth
