"""Media of time steps that do not exist yet, flighted as others were."""

from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.allocation._past import Past, as_pandas, key_texts, with_keys

_LIKE = ("last_year", "last")


def flighted_media(
    past: Past, like: Any, periods: int, spread: bool
) -> tuple[pd.DataFrame, str]:
    """Return media and money of the future, by region and time step, and a remark.

    Where a region has no row at the time step that is repeated, the nearest in time
    stands in.

    Parameters
    ----------
    past : Past
    like : {"last_year", "last"} or DataFrame
    periods : int
    spread : bool
        Whether a budget is to be spread over them, so that something must be spent.

    Returns
    -------
    DataFrame of shape (n_regions * periods, n_media_and_money)
    str
        What had to be done otherwise than asked; "" if nothing.

    Raises
    ------
    ValueError
        If ``like`` is neither, or lacks columns or regions.
    """
    table, code, position, remark = past.table, past.code, past.position, ""
    ahead = np.arange(periods)
    if hasattr(like, "columns"):
        table, code, position = _read_like(past, like)
        first, last = int(position.min()), int(position.max())
        length = min(periods, last - first + 1)
        wanted = last - length + 1 + ahead % length
    elif not isinstance(like, str) or like not in _LIKE:
        raise ValueError(f"got like={like!r}; choose one of {_LIKE}, or give a table")
    elif like == "last_year" and past.year and past.last - position.min() >= past.year:
        wanted = past.last + 1 - past.year + ahead % past.year
    else:
        if like == "last_year":
            remark = "media as lately, since there is no year before"
        length = min(periods, past.last - int(position.min()) + 1)
        wanted = past.last - length + 1 + ahead % length
    rows = [
        _nearest(np.flatnonzero(code == region), position, wanted)
        for region in range(len(past.regions))
    ]
    found = table[past.money].iloc[np.concatenate(rows)].reset_index(drop=True)
    paid = [s for s in past.spend if s is not None]
    a_year_ago = isinstance(like, str) and like == "last_year" and not remark
    if spread and a_year_ago and not found[paid].to_numpy().sum() > 0:
        lately, _ = flighted_media(past, "last", periods, spread)
        return lately, "media as lately, since nothing was spent a year before"
    return found, remark


def _nearest(rows: np.ndarray, position: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    distance = np.abs(position[rows][None] - wanted[:, None])
    return rows[distance.argmin(axis=1)]


def _read_like(past: Past, like: Any) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    table = as_pandas(like, "like")
    keys = [*past.region_names, past.time_name]
    table = with_keys(table, [k for k in keys if k not in table.columns], "like")
    missing = [c for c in past.money if c not in table.columns]
    if missing:
        raise ValueError(f"like has no columns {missing}; give media and their spend")
    regions = pd.Index(key_texts(past.regions, past.region_names))
    code = regions.get_indexer(pd.Index(key_texts(table, past.region_names)))
    absent = regions[~np.isin(np.arange(len(regions)), code)].tolist()
    if absent:
        raise ValueError(f"like has no rows of the regions {absent[:5]}")
    table, code = table[code >= 0], code[code >= 0]
    position = past.axis.position(table[past.time_name].to_numpy(), past.time_name)
    return table, code, position.astype(int)


def scaled_to(
    media: pd.DataFrame, past: Past, budget: float | None
) -> dict[Any, np.ndarray]:
    """Return media and money, multiplied so that all money sums to a budget.

    Media that cost nothing stay as they are.

    Raises
    ------
    ValueError
        If nothing is spent that could be multiplied.
    """
    columns = {name: media[name].to_numpy(float) for name in past.money}
    paid = [s for s in past.spend if s is not None]
    total = float(sum(columns[s].sum() for s in paid))
    if budget is None:
        return columns
    if not total > 0:
        raise ValueError(
            f"budget={budget:g} cannot be spread: nothing was spent in the time steps "
            "that like= repeats; choose like='last', or give a table"
        )
    for medium, money in zip(past.media, past.spend, strict=True):
        if money is None:
            continue
        bought = columns[money] > 0
        columns[medium] = np.where(
            bought, columns[medium] * (budget / total), columns[medium]
        )
        if money != medium:
            columns[money] = columns[money] * (budget / total)
    return columns
