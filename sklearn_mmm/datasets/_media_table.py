"""Media of a panel as columns of X, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from sklearn_mmm.datasets._media import Media
from sklearn_mmm.panel._columns import check_media, read_numbers


def plain_columns(media: Media) -> list[int]:
    """Return the places of columns of media that are paid or organic."""
    n_plain = media.n_paid + media.n_organic
    channel = media.campaigns.channel
    return [i for i in range(len(channel)) if channel[i] < n_plain]


def paid_names(media: Media) -> list[str]:
    """Return the media columns that are money."""
    own = media.campaigns
    pairs = zip(own.names, own.channel, strict=True)
    return [name for name, channel in pairs if channel < media.n_paid]


def organic_columns(media: Media) -> list[str]:
    """Return the media columns that cost nothing."""
    return media.names[media.n_paid : media.n_paid + media.n_organic]


def reach_columns(media: Media) -> dict[str, tuple[str, str]]:
    """Return the columns of reach and frequency, by channel."""
    names = media.names[media.n_paid + media.n_organic :]
    return {name: (f"{name}_reach", f"{name}_frequency") for name in names}


def spend_column(name: str) -> str:
    """Return the column with the money behind a channel of reach and frequency."""
    return f"{name}_spend"


def spend_of(media: Media) -> np.ndarray:
    """Return the money behind each column of media, (region, step, column)."""
    own = media.campaigns
    out = own.activity * media.scale[:, np.newaxis][..., own.channel]
    out[..., own.channel >= media.n_paid] = 0.0
    if media.reach is not None:
        out[..., -media.reach.spend.shape[-1] :] = media.reach.spend
    return np.asarray(out)


def media_table(media: Media) -> pd.DataFrame:
    """Return the media columns of X, one row for each region and time step."""
    own = media.campaigns
    plain = plain_columns(media)
    scale = media.scale[:, np.newaxis][..., own.channel]
    amounts = (own.activity * scale)[..., plain]
    names = [own.names[i] for i in plain]
    columns = dict(zip(names, amounts.reshape(-1, len(plain)).T, strict=True))
    for i, (name, (people, contacts)) in enumerate(reach_columns(media).items()):
        found: Any = media.reach
        columns[people] = found.reach[..., i].ravel()
        columns[contacts] = found.frequency[..., i].ravel()
        columns[spend_column(name)] = found.spend[..., i].ravel()
    return pd.DataFrame(columns)


def activity_in(
    panel: Bunch, X: pd.DataFrame, region: np.ndarray, step: np.ndarray
) -> np.ndarray:
    """Return the activity of media columns if they were as in X.

    Parameters
    ----------
    panel : Bunch
        From ``draw_panel``.
    X : DataFrame
        Rows of the panel; those that are not in it keep their activity.
    region, step : ndarray of shape (n_rows,)
        Cells of the rows.

    Returns
    -------
    ndarray of shape (region, step, column)

    Raises
    ------
    ValueError
        If media are no numbers of at least 0.
    """
    media: Media = panel.media
    own, plain = media.campaigns, plain_columns(media)
    names = [own.names[i] for i in plain]
    amounts = read_numbers(X, names, "media")
    check_media(amounts, names)
    out = own.activity.copy()
    scale = media.scale[:, own.channel]
    out[region[:, np.newaxis], step[:, np.newaxis], plain] = (
        amounts / scale[region][:, plain]
    )
    if media.reach is not None:
        pairs = list(reach_columns(media).values())
        flat = [name for pair in pairs for name in pair]
        told = read_numbers(X, flat, "media")
        check_media(told, flat)
        own_scale = media.reach.scale[region]
        found = media.reach.activity(told[:, ::2], told[:, 1::2], own_scale)
        out[region, step, -len(pairs) :] = found
    return out
