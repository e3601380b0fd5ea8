"""What a channel that does nothing is credited with."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from sklearn_mmm._arguments import check_names, check_whole
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._refits import refit, regions_of, steps_of, with_channel
from sklearn_mmm.inspection._training_rows import channels_by_size, interval_options
from sklearn_mmm.panel._columns import as_table, check_target, read_numbers

PLACEBOS = ("shifted", "permuted", "noise")
# An interval reaches zero if it comes within this share of the outcome.
_NEARLY_ZERO = 0.001


@of_fitted_model
def placebo_test(
    mmm: FittedMMM,
    X: Any,
    y: Any,
    *,
    channels: Sequence[str] | None = None,
    kinds: Sequence[str] = PLACEBOS,
    n_repeats: int = 1,
    coverage: float = 0.9,
    random_state: Any = None,
) -> pd.DataFrame:
    """Return what channels that do nothing are credited with.

    Each row is a refit with one further channel, made from a real one such that it
    cannot have brought anything: its media shifted in time (around the end, by a
    quarter to three quarters of the time steps), given to other regions, or drawn
    anew without order (gamma, with the channel's mean and variance).

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    X : DataFrame or array of shape (n_rows, n_columns)
        Rows to fit, with the columns that ``mmm`` was fitted to.
    y : array-like of shape (n_rows,)
        Their outcome, outcome units.
    channels : sequence of str, default=None
        Channels that placebos are made from; None means the one that brought most.
    kinds : sequence of {"shifted", "permuted", "noise"}, default=all of them
        Placebos permuted over regions are left out where there is one region.
    n_repeats : int, default=1
        Placebos of each kind and channel.
    coverage : float, default=0.9
        Of the intervals.
    random_state : int, RandomState instance or None, default=None
        Of shifts, permutations and noise. The refits have that of ``mmm``.

    Returns
    -------
    DataFrame
        ``placebo`` (its kind), ``channel``, ``repeat``, ``correlation`` of the placebo
        with the channel inside regions, ``contribution`` (outcome units, or money with
        an ``outcome_value``), ``share`` of the outcome, and where the model has members
        ``low``, ``high`` and ``reaches_zero``: whether the interval comes as near to
        zero as 0.1 % of the outcome.

    Raises
    ------
    ValueError
        If a channel or kind is unknown, ``n_repeats`` is less than 1, or y does not
        fit X.

    Notes
    -----
    A model that credits placebos with much, by intervals that exclude zero, would do
    so with real channels as well. A placebo that correlates with its channel is rightly
    credited with part of what that brings: permuted over regions that buy at the same
    time, a channel is nearly the real one.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import placebo_test
    >>> X, y, truth = make_mmm(n_regions=2, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, n_members=0, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> placebo_test(mmm, X, y, random_state=0)["placebo"].tolist()
    ['shifted', 'permuted', 'noise']
    """
    if channels is not None:
        check_names("channels", channels)
    check_names("kinds", kinds)
    check_whole("n_repeats", n_repeats, 1)
    chosen = channels_by_size(mmm)[:1] if channels is None else list(channels)
    _check_choices(chosen, mmm.media_columns_, "channels")
    _check_choices(list(kinds), PLACEBOS, "kinds")
    outcome = check_target(y, as_table(X).shape[0])
    rng = np.random.default_rng(
        check_random_state(random_state).randint(np.iinfo(np.int32).max)
    )
    region, step = regions_of(mmm, X), steps_of(mmm, X)
    several = len(np.unique(region)) > 1
    rows = []
    for kind in kinds:
        if kind == "permuted" and not several:
            continue
        for channel in chosen:
            media = _media(mmm, X, channel)
            for repeat in range(n_repeats):
                values = _MAKERS[kind](media, region, step, rng)
                row = {"placebo": kind, "channel": channel, "repeat": repeat}
                row["correlation"] = _correlation(media, values, region)
                rows.append(row | _credit(mmm, X, outcome, values, coverage))
    return pd.DataFrame(rows)


def _check_choices(chosen: list[str], known: Sequence[str], what: str) -> None:
    unknown = [name for name in chosen if name not in known]
    if unknown or not chosen:
        raise ValueError(f"got {what}={chosen!r}; choose from {list(known)}")


def _media(mmm: FittedMMM, X: Any, channel: str) -> np.ndarray:
    named = hasattr(mmm, "feature_names_in_")
    # A placebo of reach is as many people, however often they were reached.
    channel = mmm.reach_frequency_.get(channel, (channel, ""))[0]
    column = channel if named else int(channel.removeprefix("x"))
    return read_numbers(as_table(X), [column], "media")[:, 0]


def _correlation(media: np.ndarray, values: np.ndarray, region: np.ndarray) -> float:
    """Return the correlation of two columns, each region's means removed."""
    table = pd.DataFrame({"media": media, "values": values})
    centred = table - table.groupby(region).transform("mean")
    return float(centred["media"].corr(centred["values"]))


def _credit(
    mmm: FittedMMM, X: Any, y: np.ndarray, values: np.ndarray, coverage: float
) -> dict[str, Any]:
    """Fit the model with a further channel and return what it is credited with."""
    name, wider, params = with_channel(mmm, X, values)
    model = refit(mmm, wider, y, mmm.lift_tests_, **params)
    own = model.effects("direct", **interval_options(model, coverage)).loc[name]
    total = float((y * model.outcome_value_.to_numpy()).sum())
    out = {
        "contribution": own["contribution"],
        "share": own["contribution"] / total if total > 0 else np.nan,
    }
    if "low" in own:
        near = own["low"] <= _NEARLY_ZERO * abs(total)
        out |= {"low": own["low"], "high": own["high"], "reaches_zero": bool(near)}
    return out


def shifted(
    media: np.ndarray, region: np.ndarray, step: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return media moved in time, around the end, by the same time in all regions.

    Parameters
    ----------
    media, region, step : ndarray of shape (n_rows,)
    rng : Generator
    """
    share = rng.uniform(0.25, 0.75)
    out = np.empty_like(media)
    for label in np.unique(region):
        rows = np.flatnonzero(region == label)
        rows = rows[np.argsort(step[rows], kind="stable")]
        out[rows] = np.roll(media[rows], round(share * len(rows)))
    return out


def permuted(
    media: np.ndarray, region: np.ndarray, step: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return media of other regions, at the size of the own one.

    Parameters
    ----------
    media, region, step : ndarray of shape (n_rows,)
        A time step that the other region does not have gets its mean.
    rng : Generator
    """
    table = pd.DataFrame({"region": region, "step": step, "media": media})
    wide = table.pivot(index="step", columns="region", values="media")
    mean = wide.mean()
    relative = (wide / mean.where(mean > 0, 1.0)).fillna(1.0)
    order = rng.permutation(wide.shape[1])
    other = np.empty_like(order)
    # Along a circle through all regions none keeps its own.
    other[order] = np.roll(order, 1)
    moved = relative.iloc[:, other].to_numpy() * mean.to_numpy()
    row = np.searchsorted(wide.index.to_numpy(), step)
    return np.asarray(moved[row, np.searchsorted(wide.columns.to_numpy(), region)])


def noise(
    media: np.ndarray, region: np.ndarray, step: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return gamma noise with each region's mean and variance of the media.

    Parameters
    ----------
    media, region, step : ndarray of shape (n_rows,)
    rng : Generator
    """
    out = np.zeros_like(media)
    for label in np.unique(region):
        rows = region == label
        mean, variance = media[rows].mean(), media[rows].var()
        if variance > 0:
            shape = mean**2 / variance
            out[rows] = rng.gamma(shape, variance / mean, rows.sum())
        else:
            out[rows] = mean
    return out


_MAKERS = {"shifted": shifted, "permuted": permuted, "noise": noise}
