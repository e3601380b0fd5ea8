"""Reading the rows of a long table: keys, media and controls."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from sklearn_mmm.panel._columns import (
    Column,
    ColumnSpec,
    check_media,
    column_names,
    key_column,
    read_key,
    read_numbers,
    resolve_column,
    resolve_columns,
)
from sklearn_mmm.panel._grid import Panel, make_panel
from sklearn_mmm.panel._reach import (
    ReachColumns,
    check_reach,
    read_frequency,
    resolve_reach,
)
from sklearn_mmm.panel._regions import read_regions
from sklearn_mmm.panel._time_axis import TimeAxis, make_time_axis


@dataclass(frozen=True)
class Roles:
    """Which column of X plays which role.

    Attributes
    ----------
    media, controls : list
    spend : list
        Column with the money behind each medium; the medium itself where media are
        money, None where they cost nothing.
    mediators : list
        The last of the media, which other media drive and nobody buys.
    reach : dict of tuple
        By name, reach and frequency columns of channels that have them; the reach is
        among the media.
    """

    media: list[Column]
    controls: list[Column]
    spend: list[Column | None]
    mediators: list[Column] = field(default_factory=list)
    reach: ReachColumns = field(default_factory=dict)

    @property
    def channels(self) -> list[Column]:
        """What the media are called: reach by the name of its channel."""
        named: dict[Column, Column] = {r: name for name, (r, _) in self.reach.items()}
        return [named.get(column, column) for column in self.media]

    @property
    def reached(self) -> tuple[int, ...]:
        """Places of the channels with reach among the media."""
        return tuple(self.media.index(reach) for reach, _ in self.reach.values())


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
    """

    region: np.ndarray
    time: np.ndarray
    position: np.ndarray
    media: np.ndarray
    controls: np.ndarray
    spend: np.ndarray
    frequency: np.ndarray | None = None

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


def resolve_roles(
    X: Any,
    media_columns: ColumnSpec,
    control_columns: ColumnSpec,
    region_column: Column | None,
    time_column: Column | None,
    spend_columns: Mapping[Column, Column | None]
    | Sequence[Column | None]
    | None = None,
    mediators: ColumnSpec = None,
    reach_frequency: Mapping[str, tuple[Column, Column]] | None = None,
) -> Roles:
    """Return the media, control and spend columns of X.

    ``media_columns=None`` means every column without another role. Reach comes behind
    the media of these columns. Mediators come last and cost nothing.

    Raises
    ------
    ValueError
        If a column has two roles, or none is left for media.
    """
    controls = resolve_columns(X, control_columns, "control_columns")
    keys = {
        "region_column": key_column(X, region_column, "region_column"),
        "time_column": key_column(X, time_column, "time_column"),
    }
    taken = [key for key in keys.values() if key is not None]
    between = resolve_columns(X, mediators, "mediators")
    reach = resolve_reach(X, reach_frequency)
    money = _money(X, spend_columns, reach)
    if media_columns is None:
        bought = money.items() if isinstance(money, dict) else enumerate(money)
        other = [*controls, *taken, *between, *(c for m, c in bought if m != c)]
        other += sum(reach.values(), ())
        media = [c for c in column_names(X) if c not in other]
    else:
        media = resolve_columns(X, media_columns, "media_columns")
    if not media and not reach:
        raise ValueError(
            f"no media columns among those of X (n_features = {len(column_names(X))}): "
            f"{column_names(X)!r}; name at least one in media_columns"
        )
    _check_roles(media, controls, taken, between)
    check_reach(reach, [*media, *controls, *taken, *between])
    media = [*media, *(column for column, _ in reach.values())]
    spend = _spend_of(media, money, reach, [*controls, *taken, *between])
    unpaid: list[Column | None] = [None] * len(between)
    return Roles([*media, *between], controls, [*spend, *unpaid], between, reach)


def _spend_of(
    media: list[Column],
    money: dict[Column, Column | None] | list[Any],
    reach: ReachColumns,
    other: list[Column],
) -> list[Column | None]:
    """Return the column with the money behind each of the media that are bought."""
    if not isinstance(money, dict):
        if len(money) != len(media):
            raise ValueError(
                f"spend_columns lists {len(money)} columns for {len(media)} media "
                f"columns {media!r}; give one for each in this order, None for media "
                "that cost nothing"
            )
        money = dict(zip(media, money, strict=True))
    for medium in money:
        if medium not in media:
            raise ValueError(
                f"spend_columns names {medium!r}, which is not a media column; the "
                f"media columns are {media!r}"
            )
    # What was reached without money cost none: people are no spend units.
    money = {**{column: None for column, _ in reach.values()}, **money}
    spend = [money.get(c, c) for c in media]
    check_reach(reach, spend)
    for column in (c for c in spend if c is not None):
        if spend.count(column) > 1 or column in other:
            raise ValueError(
                f"spend_columns: column {column!r} is the money of two media or has "
                "another role as well; give each column one role"
            )
    return spend


def _check_roles(
    media: list[Column],
    controls: list[Column],
    taken: list[Column],
    mediators: list[Column],
) -> None:
    """Refuse columns with two roles."""
    for column in media:
        if column in controls or column in taken:
            raise ValueError(
                f"column {column!r} is a media column and has another role as well; "
                "give each column one role"
            )
    for column in mediators:
        if column in [*media, *controls, *taken]:
            raise ValueError(
                f"column {column!r} is a mediator and has another role as well; give "
                "each column one role, and name mediators in mediators alone"
            )
    for column in controls:
        if column in taken:
            raise ValueError(
                f"column {column!r} is a control column and a key as well; "
                "give each column one role"
            )


def _money(
    X: Any, spend_columns: Any, reach: ReachColumns
) -> dict[Column, Column | None] | list[Any]:
    """Return the columns with the money: by medium, or in the order of the media."""

    def medium_of(medium: Column) -> Column:
        if medium in reach:
            return reach[str(medium)][0]
        return resolve_column(X, medium, "spend_columns")

    def resolve(column: Column | None) -> Column | None:
        return None if column is None else resolve_column(X, column, "spend_columns")

    if isinstance(spend_columns, str) or not isinstance(spend_columns, Iterable | None):
        raise ValueError(
            f"spend_columns: got {spend_columns!r}; give a dict from media to columns, "
            "or a list in the order of the media"
        )
    if spend_columns is None or isinstance(spend_columns, Mapping):
        return {
            medium_of(medium): resolve(column)
            for medium, column in (spend_columns or {}).items()
        }
    return [resolve(column) for column in spend_columns]


def read_rows(
    X: Any,
    roles: Roles,
    region_column: Column | None,
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
    n_rows = len(media)
    if region_column is None:
        region = np.zeros(n_rows, np.intp)
    else:
        labels = read_key(X, region_column, "region_column")
        region = read_regions(labels, region_column, regions)
    if time_column is None:
        position = _row_order(region)
        values = media, controls, spend, frequency
        return Rows(region, position, position, *values), None
    labels = read_key(X, time_column, "time_column")
    if axis is None:
        axis = make_time_axis(labels, time_column)
    time, position = axis.read(labels, time_column)
    return Rows(region, time, position, media, controls, spend, frequency), axis


def _row_order(region: np.ndarray) -> np.ndarray:
    """Return each row's place among the rows of its region."""
    order = np.argsort(region, kind="stable")
    ranked = region[order]
    first = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    start = np.repeat(first, np.diff(np.r_[first, len(region)]))
    position = np.empty(len(region))
    position[order] = np.arange(len(region)) - start
    return position
