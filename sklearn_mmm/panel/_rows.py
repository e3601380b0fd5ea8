"""Reading the rows of a long table: keys, media and controls."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from sklearn_mmm.panel._columns import (
    Column,
    check_media,
    read_key,
    read_numbers,
)
from sklearn_mmm.panel._grid import Panel, make_panel
from sklearn_mmm.panel._outcome_value import read_outcome_value
from sklearn_mmm.panel._reach import read_frequency
from sklearn_mmm.panel._region_labels import RegionSpec, read_region_labels
from sklearn_mmm.panel._roles import Roles
from sklearn_mmm.panel._time_axis import TimeAxis, make_time_axis


@dataclass(frozen=True)
class Rows:
    """The rows of a long table.

    Attributes
    ----------
    region, time : ndarray of shape (n_rows,)
        Labels; zeros without a region column, the row order without a time column.
        Dates that were written as text or as numbers are dates here.
    position : ndarray of shape (n_rows,)
        Time steps since the first training step.
    media : ndarray of shape (n_rows, n_channels)
    controls : ndarray of shape (n_rows, n_controls)
    spend : ndarray of shape (n_rows, n_channels)
        Money behind the media, spend units; 0 for media that cost nothing.
    frequency : ndarray of shape (n_rows, n_reached) or None
        Of the channels with reach; NaN where nobody was reached. None without any.
    value : ndarray of shape (n_rows,) or None
        Worth of an outcome unit, spend units; None where it is counted itself.
    """

    region: np.ndarray
    time: np.ndarray
    position: np.ndarray
    media: np.ndarray
    controls: np.ndarray
    spend: np.ndarray
    frequency: np.ndarray | None = None
    value: np.ndarray | None = None

    @property
    def worth(self) -> np.ndarray:
        """Worth of an outcome unit, (n_rows,); 1 where it is counted itself."""
        return np.ones(len(self.region)) if self.value is None else self.value

    @property
    def free(self) -> np.ndarray:
        """Channels with media for which nothing is ever spent, (n_channels,)."""
        used, paid = (self.media > 0).any(axis=0), (self.spend > 0).any(axis=0)
        return np.asarray(used & ~paid)

    @property
    def amount(self) -> np.ndarray:
        """What charts put on the axis of a channel, (n_rows, n_channels).

        Spend, or the media themselves where they are free.
        """
        return np.where(self.free, self.media, self.spend)

    def after(self, past: "Rows") -> "Rows":
        """Return rows in their order behind those of the same region."""
        length = {r: (past.region == r).sum() for r in np.unique(self.region)}
        position = self.position + np.array([length[r] for r in self.region])
        return replace(self, position=position, time=position)

    def continuing(self, past: "Rows", all_regions: bool = False) -> "Continued":
        """Return these rows behind those they continue; at equal keys these win.

        Parameters
        ----------
        past : Rows
        all_regions : bool, default=False
            Whether regions that do not occur in these rows are kept as well.
        """
        n_past = len(past.region)
        region = np.concatenate([past.region, self.region])
        position = np.concatenate([past.position, self.position])
        _, r = np.unique(region, return_inverse=True)
        weeks, t = np.unique(position, return_inverse=True)
        cell = r * len(weeks) + t
        kept = ~np.isin(cell[:n_past], cell[n_past:])
        if not all_regions:
            kept &= np.isin(r[:n_past], r[n_past:])
        joined = {
            name: np.concatenate([getattr(past, name)[kept], getattr(self, name)])
            for name in self.__dataclass_fields__
            if getattr(self, name) is not None
        }
        return Continued(Rows(**joined), kept)

    def panel(self, axis: TimeAxis | None) -> Panel:
        """Arrange the rows in a panel."""
        regular = axis is None or axis.regular
        return make_panel(self.region, self.position, regular, self.time)


class Continued(NamedTuple):
    """Rows behind those that they continue.

    Attributes
    ----------
    rows : Rows
        The given rows come last, in their order.
    kept : bool ndarray of shape (n_past,)
        Which of the past rows are there.
    """

    rows: Rows
    kept: np.ndarray


def read_rows(
    X: Any,
    roles: Roles,
    region_column: RegionSpec,
    time_column: Column | None,
    axis: TimeAxis | None,
    signed: bool = False,
    regions: np.ndarray | None = None,
) -> tuple[Rows, TimeAxis | None]:
    """Read and check the rows of X.

    Parameters
    ----------
    axis : TimeAxis or None
        The training data's axis; None infers one from the rows.
    signed : bool, default=False
        Whether media may be negative.
    regions : ndarray of shape (n_regions,), default=None
        Labels seen in fit, of whose type labels are taken.

    Returns
    -------
    rows : Rows
    axis : TimeAxis or None
        None without a time column.
    """
    media = read_numbers(X, roles.media, "media")
    if not signed:
        check_media(media, roles.media)
    controls = read_numbers(X, roles.controls, "control")
    spend = media
    if roles.spend != roles.media:
        paid = [c for c in roles.spend if c is not None]
        bought = read_numbers(X, paid, "spend")
        check_media(bought, paid, "spend")
        spend = np.zeros_like(media)
        spend[:, [c is not None for c in roles.spend]] = bought
    frequency = None
    if roles.reach:
        pairs = zip(roles.reach.values(), roles.reached, strict=True)
        seen = [read_frequency(X, column, media[:, i]) for (_, column), i in pairs]
        frequency = np.column_stack(seen)
    value = read_outcome_value(X, roles.value, roles.worth)
    values = media, controls, spend, frequency, value
    region = read_region_labels(X, region_column, regions)
    if time_column is None:
        position = _row_order(region)
        return Rows(region, position, position, *values), None
    labels = read_key(X, time_column, "time_column")
    if axis is None:
        axis = make_time_axis(labels, time_column)
    time, position = axis.read(labels, time_column)
    return Rows(region, time, position, *values), axis


def _row_order(region: np.ndarray) -> np.ndarray:
    """Return each row's place among the rows of its region."""
    order = np.argsort(region, kind="stable")
    ranked = region[order]
    first = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    start = np.repeat(first, np.diff(np.r_[first, len(region)]))
    position = np.empty(len(region))
    position[order] = np.arange(len(region)) - start
    return position
