"""A synthetic panel whose every ground truth is known."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch, check_random_state

from sklearn_mmm._arguments import check_truth, check_whole, is_number, shown
from sklearn_mmm._threads import one_thread
from sklearn_mmm.components import Adstock, Saturation
from sklearn_mmm.components._adstock import make_adstock
from sklearn_mmm.components._check import check_components
from sklearn_mmm.components._saturation import make_saturation
from sklearn_mmm.datasets._draw_panel import draw_panel
from sklearn_mmm.datasets._response import MAX_LAG
from sklearn_mmm.datasets._truth_tables import rows_of, tabulate

# Amounts that fit into the memory of a small machine.
_MOST_CELLS = 50_000_000
# Of the dates that pandas counts in nanoseconds.
_LAST_YEAR = 2262


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
        Form of the carry-over, over 8 weeks: "geometric", "gamma", "delayed",
        "weibull", "binomial", or a component, see
        :class:`~sklearn_mmm.components.Adstock`.
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
    panel = draw_panel(Bunch(**parameters), kernel, curve, seed)
    truth = tabulate(panel)
    truth.parameters = parameters
    sales = panel.organic + panel.parts["contributions"].sum(axis=-1) + panel.error
    y = pd.Series(sales.reshape(-1)[panel.kept], name="sales")
    return rows_of(panel, truth), y, truth


def _check(parameters: dict[str, Any]) -> None:
    least = {"n_regions": 1, "n_weeks": 2, "n_channels": 1, "n_controls": 0}
    for name, bound in least.items():
        value = parameters[name]
        check_whole(name, value, bound)
    for name, upper in (("media_share", 1.0), ("noise", np.inf), ("missing", 1.0)):
        value = parameters[name]
        if not is_number(value) or not 0 <= float(value) < upper:
            interval = f"[0, {upper:g})"
            raise ValueError(
                f"Got {name}={value!r}, but expected a number in {interval}."
            )
    for name in ("time_varying", "graph"):
        check_truth(name, parameters[name])
    n_cells = math.prod(
        parameters[f"n_{part}"] for part in ("regions", "weeks", "channels")
    )
    if n_cells > _MOST_CELLS:
        raise ValueError(
            f"n_regions × n_weeks × n_channels is {n_cells:,}, but at most "
            f"{_MOST_CELLS:,} are drawn; ask for fewer"
        )
    _check_start(parameters["start"], parameters["n_weeks"])


def _check_start(start: Any, n_weeks: int) -> None:
    """Refuse a first week that is no date or leads out of the calendar."""
    refused = f"got start={shown(start)}; give the first week, such as '2022-01-03'"
    if not isinstance(start, (str, date, np.datetime64)):
        raise TypeError(refused)
    try:
        first = pd.Timestamp(start)
    except (ValueError, OverflowError) as error:
        raise ValueError(refused) from error
    if pd.isna(first):
        raise ValueError(refused)
    if first.tz is not None or first.year + n_weeks / 52 > _LAST_YEAR:
        raise ValueError(
            f"{refused}, without a time zone and with all {n_weeks:,} weeks before the "
            f"year {_LAST_YEAR}"
        )
