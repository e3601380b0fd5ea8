"""A synthetic panel whose every ground truth is known."""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
import pandas as pd
from sklearn.utils import Bunch, check_random_state

from sklearn_mmm._threads import one_thread
from sklearn_mmm.components import Adstock, Saturation
from sklearn_mmm.components._adstock import make_adstock
from sklearn_mmm.components._check import check_components
from sklearn_mmm.components._response import ChannelResponse
from sklearn_mmm.components._saturation import make_saturation
from sklearn_mmm.datasets._demand import (
    control_names,
    draw_baseline,
    draw_controls,
    draw_region_sizes,
)
from sklearn_mmm.datasets._funnel import (
    draw_edges,
    link_activity,
    mediated_contributions,
)
from sklearn_mmm.datasets._response import MAX_LAG, draw_multipliers, draw_response
from sklearn_mmm.datasets._spend import channel_names, draw_activity, draw_spend_scale

_CURVE_POINTS = 25
# One stream each, so that switching one part on leaves the others as they were.
_STREAMS = (
    "sizes",
    "activity",
    "scale",
    "response",
    "effect",
    "baseline",
    "controls",
    "multipliers",
    "edges",
    "noise",
    "missing",
)


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
    adstock: str | Adstock = "geometric",
    saturation: str | Saturation = "hill",
    random_state: int | np.random.RandomState | None = None,
) -> tuple[pd.DataFrame, pd.Series, Bunch]:
    r"""Draw a weekly marketing panel together with its truth.

    The outcome is a baseline (a level that wanders and a season), linear effects of
    controls, contributions of channels and noise. A channel contributes
    :math:`\beta_{r,c}\, m_{r,t,c}\, f(\mathrm{adstock}(x / s_{r,c}))` with a normalised
    adstock of 8 weeks, a saturation :math:`f`, by default geometric and Hill, and
    :math:`s_{r,c}` the region's largest weekly spend (Jin et al., 2017).

    Parameters
    ----------
    n_regions, n_weeks, n_channels, n_controls : int
        Sizes of the panel.
    media_share : float, default=0.3
        Media's share of total sales, in [0, 1); exact before rows go missing.
    time_varying : bool, default=False
        Whether effects drift by about half around their mean over the year.
    graph : bool, default=False
        Whether channels drive one another along a sparse acyclic graph.
    noise : float, default=0.05
        Standard deviation of the noise relative to a region's mean sales.
    missing : float, default=0.0
        Share of rows that are removed, in [0, 1); never a region's first week. Their
        spend still carries over in the truth.
    start : str, default="2022-01-03"
        First week.
    adstock : str or Adstock, default="geometric"
        Form of the carry-over, over 8 weeks: "geometric", "delayed", "weibull",
        "binomial", or a component, see :class:`~sklearn_mmm.components.Adstock`.
    saturation : str or Saturation, default="hill"
        Form of the response: "hill", "logistic", "exponential", "none", or a component,
        see :class:`~sklearn_mmm.components.Saturation`. Parameters of other forms than
        the two defaults are drawn from the middle 80 % of their priors.
    random_state : int, RandomState instance or None, default=None
        Seed.

    Returns
    -------
    X : DataFrame
        ``region``, ``week``, channels (spend units) and controls, sorted by region
        and week.
    y : Series
        Sales, outcome units per week.
    truth : Bunch
        Aligned with the rows of X: ``contributions``, ``multipliers``, ``mediated``
        (DataFrames, a column per channel), ``controls``, ``baseline``, ``noise``.
        Per channel: ``adstock`` (parameters and max_lag), ``adstock_weights`` (a column
        per lag), ``saturation`` (parameters), ``half_saturation`` (in units of
        ``scale``; infinite without a maximum), ``slope`` (NaN where the form has none),
        ``roi``, ``total_effects``. By region and channel: ``scale`` (spend units),
        ``effect`` (outcome units at full saturation, or of media at ``scale`` where
        there is no maximum). And
        ``graph`` (channel by channel, row to column), ``response_curves`` (tidy, weekly
        steady state), ``media_columns``, ``control_columns``, ``parameters``, and
        ``panel``, the complete panel that :func:`true_outcome` needs.

    Raises
    ------
    ValueError
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
        "adstock": adstock,
        "saturation": saturation,
    }
    _check(parameters)
    kernel, curve = make_adstock(adstock), make_saturation(saturation)
    check_components(kernel, curve, MAX_LAG)
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    children = np.random.SeedSequence(seed).spawn(len(_STREAMS))
    rng = dict(zip(_STREAMS, map(np.random.default_rng, children), strict=True))

    years = np.arange(n_weeks) * 7 / 365.25
    sizes = draw_region_sizes(rng["sizes"], n_regions)
    response = draw_response(rng["response"], n_channels, kernel, curve)
    activity = draw_activity(
        rng["activity"], n_regions, years, n_channels, independent=graph
    )
    adjacency = np.zeros((n_channels, n_channels))
    if graph:
        edges = draw_edges(rng["edges"], n_channels)
        activity, adjacency = link_activity(rng["edges"], activity, edges, response)
    multipliers = np.ones_like(activity)
    if time_varying:
        multipliers = draw_multipliers(rng["multipliers"], n_regions, years, n_channels)
    baseline = draw_baseline(rng["baseline"], sizes, years)
    controls = draw_controls(rng["controls"], sizes, n_weeks, n_controls)
    control_effects = (controls.values - controls.reference) * controls.coefficients[
        :, np.newaxis
    ]
    saturated = response.share(activity) * multipliers
    organic = baseline + control_effects.sum(axis=-1)
    effect = _draw_effect(rng["effect"], sizes, n_channels)
    # Noise is relative to mean sales, so it is drawn before the share is made exact.
    error = rng["noise"].standard_normal(organic.shape)
    effect, error = _fix_share(effect, saturated, organic, error, media_share, noise)
    contributions = effect[:, np.newaxis] * saturated

    panel = Bunch(
        regions=[
            f"region_{i:0{len(str(n_regions))}d}" for i in range(1, n_regions + 1)
        ],
        weeks=pd.date_range(start, periods=n_weeks, freq="7D"),
        activity=activity,
        scale=draw_spend_scale(rng["scale"], sizes, n_channels),
        weight=effect[:, np.newaxis] * multipliers,
        graph=adjacency,
        response=response,
        organic=organic,
    )
    kept = _kept(rng["missing"], n_regions, n_weeks, missing)
    parts = {
        "contributions": contributions,
        "multipliers": multipliers,
        "mediated": mediated_contributions(activity, panel.weight, adjacency, response),
        "controls": control_effects,
    }
    truth = _tabulate(panel, parts, baseline, error, effect, kept, n_controls)
    truth.parameters = parameters
    X = _rows(panel, controls.values, kept, truth)
    sales = organic + contributions.sum(axis=-1) + error
    return X, pd.Series(sales.reshape(-1)[kept], name="sales"), truth


def _check(parameters: dict[str, object]) -> None:
    least = {"n_regions": 1, "n_weeks": 2, "n_channels": 1, "n_controls": 0}
    for name, bound in least.items():
        value = parameters[name]
        if not isinstance(value, Integral) or value < bound:
            raise ValueError(
                f"Got {name}={value!r}, but expected an integer of at least {bound}."
            )
    for name, upper in (("media_share", 1.0), ("noise", np.inf), ("missing", 1.0)):
        value = parameters[name]
        if not isinstance(value, Real) or not 0 <= float(value) < upper:
            interval = f"[0, {upper:g})"
            raise ValueError(
                f"Got {name}={value!r}, but expected a number in {interval}."
            )


def _draw_effect(
    rng: np.random.Generator, sizes: np.ndarray, n_channels: int
) -> np.ndarray:
    """Draw relative effects by region and channel, proportional to region size."""
    shared = np.exp(0.6 * rng.standard_normal(n_channels))
    local = np.exp(0.12 * rng.standard_normal((sizes.size, n_channels)))
    return np.asarray(sizes[:, np.newaxis] * shared * local)


def _fix_share(
    effect: np.ndarray,
    saturated: np.ndarray,
    organic: np.ndarray,
    error: np.ndarray,
    media_share: float,
    noise: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Scale effects and noise so that media have their share of all sales.

    Errors are centred within regions, so that they leave the total alone.
    """
    media = effect[:, np.newaxis] * saturated
    ratio = media_share / (1.0 - media_share)
    factor = ratio * organic.sum() / media.sum()
    mean_sales = (organic + factor * media.sum(axis=-1)).mean(axis=1, keepdims=True)
    centred = error - error.mean(axis=1, keepdims=True)
    return factor * effect, noise * mean_sales * centred


def _kept(
    rng: np.random.Generator, n_regions: int, n_weeks: int, missing: float
) -> np.ndarray:
    candidates = np.arange(n_regions * n_weeks)
    removable = candidates[candidates % n_weeks != 0]
    n_removed = min(round(missing * candidates.size), removable.size)
    removed = rng.permutation(removable)[:n_removed]
    return np.setdiff1d(candidates, removed)


def _rows(
    panel: Bunch, controls: np.ndarray, kept: np.ndarray, truth: Bunch
) -> pd.DataFrame:
    n_weeks = len(panel.weeks)
    spend = (panel.activity * panel.scale[:, np.newaxis]).reshape(
        -1, panel.scale.shape[1]
    )
    keys = pd.DataFrame(
        {
            "region": np.repeat(panel.regions, n_weeks),
            "week": np.tile(panel.weeks, len(panel.regions)),
        }
    )
    media = pd.DataFrame(spend, columns=truth.media_columns)
    other = pd.DataFrame(controls.reshape(len(keys), -1), columns=truth.control_columns)
    X = pd.concat([keys, media, other], axis=1)
    return X.iloc[kept].reset_index(drop=True)


def _tabulate(
    panel: Bunch,
    parts: dict[str, np.ndarray],
    baseline: np.ndarray,
    error: np.ndarray,
    effect: np.ndarray,
    kept: np.ndarray,
    n_controls: int,
) -> Bunch:
    channels = channel_names(panel.scale.shape[1])
    names = dict.fromkeys(parts, channels) | {"controls": control_names(n_controls)}
    tables = {
        name: pd.DataFrame(values.reshape(baseline.size, -1)[kept], columns=names[name])
        for name, values in parts.items()
    }
    spend = pd.Series(
        (panel.activity * panel.scale[:, np.newaxis]).sum(axis=(0, 1)), channels
    )
    by_region = {"index": pd.Index(panel.regions, name="region"), "columns": channels}
    response: ChannelResponse = panel.response
    curve = pd.DataFrame(response.curve_parameters, index=channels)
    total = pd.Series(
        (parts["contributions"] + parts["mediated"]).sum(axis=(0, 1)), channels
    )
    return Bunch(
        **tables,
        baseline=pd.Series(baseline.reshape(-1)[kept], name="baseline"),
        noise=pd.Series(error.reshape(-1)[kept], name="noise"),
        adstock=pd.DataFrame(
            response.kernel_parameters | {"max_lag": response.n_lags}, index=channels
        ),
        adstock_weights=pd.DataFrame(response.weights, index=channels),
        saturation=curve,
        half_saturation=pd.Series(response.half_saturation, channels),
        slope=curve.get("slope", pd.Series(np.nan, channels)),
        scale=pd.DataFrame(panel.scale, **by_region),
        effect=pd.DataFrame(effect, **by_region),
        graph=pd.DataFrame(panel.graph, channels, channels),
        total_effects=total,
        roi=pd.Series(parts["contributions"].sum(axis=(0, 1)), channels) / spend,
        response_curves=_curves(panel, effect, channels),
        media_columns=channels,
        control_columns=names["controls"],
        panel=panel,
    )


def _curves(panel: Bunch, effect: np.ndarray, channels: list[str]) -> pd.DataFrame:
    """Weekly steady state by region and channel, at the mean multiplier of 1."""
    grid = np.linspace(0.0, 2.0, _CURVE_POINTS)
    shape = (len(panel.regions), len(channels), _CURVE_POINTS)
    response: ChannelResponse = panel.response
    media = np.repeat(grid[:, np.newaxis], len(channels), axis=1)
    share = response.saturate(media).T  # (channel, point)
    steepness = response.steepness(media).T
    # A derivative at no spend may be infinite; the first step stands for it.
    steepness[:, 0] = share[:, 1] / grid[1]
    scale, top = panel.scale[..., np.newaxis], effect[..., np.newaxis]
    return pd.DataFrame(
        {
            "channel": np.tile(np.repeat(channels, _CURVE_POINTS), shape[0]),
            "region": np.repeat(panel.regions, shape[1] * shape[2]),
            "spend": (scale * grid).ravel(),
            "response": (top * share).ravel(),
            "marginal_response": (top * steepness / scale).ravel(),
        }
    )
