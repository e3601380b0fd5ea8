"""Which column of X plays which role."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sklearn_mmm.panel._columns import (
    Column,
    ColumnSpec,
    column_names,
    key_column,
    resolve_column,
    resolve_columns,
)
from sklearn_mmm.panel._outcome_value import resolve_outcome_value
from sklearn_mmm.panel._reach import (
    ReachColumns,
    check_reach,
    resolve_reach,
)
from sklearn_mmm.panel._region_labels import RegionSpec, region_key_columns


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
    organic : list
        Media that cost nothing, behind those that are bought.
    reach : dict of tuple
        By name, reach and frequency columns of channels that have them; the reach is
        among the media.
    value : str, int or None
        Column with the worth of an outcome unit.
    worth : float or None
        The same as one number.
    """

    media: list[Column]
    controls: list[Column]
    spend: list[Column | None]
    mediators: list[Column] = field(default_factory=list)
    organic: list[Column] = field(default_factory=list)
    reach: ReachColumns = field(default_factory=dict)
    value: Column | None = None
    worth: float | None = None

    @property
    def channels(self) -> list[Column]:
        """What the media are called: reach by the name of its channel."""
        named: dict[Column, Column] = {r: name for name, (r, _) in self.reach.items()}
        return [named.get(column, column) for column in self.media]

    @property
    def reached(self) -> tuple[int, ...]:
        """Places of the channels with reach among the media."""
        return tuple(self.media.index(reach) for reach, _ in self.reach.values())


def resolve_roles(
    X: Any,
    media_columns: ColumnSpec,
    control_columns: ColumnSpec,
    region_column: RegionSpec,
    time_column: Column | None,
    spend_columns: Mapping[Column, Column | None]
    | Sequence[Column | None]
    | None = None,
    mediators: ColumnSpec = None,
    reach_frequency: Mapping[str, tuple[Column, Column]] | None = None,
    organic_columns: ColumnSpec = None,
    outcome_value: Any = None,
) -> Roles:
    """Return the media, control and spend columns of X.

    ``media_columns=None`` means every column without another role. Reach comes behind
    the media of these columns, then organic media; mediators come last. The latter two
    cost nothing.

    Raises
    ------
    ValueError
        If a column has two roles, none is left for media, or it is not said what was
        paid for some of them.
    """
    controls = resolve_columns(X, control_columns, "control_columns")
    time = key_column(X, time_column, "time_column")
    keys = [*region_key_columns(X, region_column), time]
    value = resolve_outcome_value(X, outcome_value, keys)
    taken = [key for key in (*keys, value[0]) if key is not None]
    between = resolve_columns(X, mediators, "mediators")
    reach = resolve_reach(X, reach_frequency)
    organic = resolve_columns(X, organic_columns, "organic_columns")
    money = _money(X, spend_columns, reach)
    if media_columns is None:
        bought = money.items() if isinstance(money, dict) else enumerate(money)
        other = [*controls, *taken, *between, *organic]
        other += [c for m, c in bought if c is not None and m != c]
        other += sum(reach.values(), ())
        media = [c for c in column_names(X) if c not in other]
    else:
        media = resolve_columns(X, media_columns, "media_columns")
    if not media and not organic and not reach:
        raise ValueError(
            f"no media columns among those of X (n_features = {len(column_names(X))}): "
            f"{column_names(X)!r}; name at least one in media_columns"
        )
    _check_roles(media, controls, taken, between, organic)
    others = [*controls, *taken, *between, *organic]
    check_reach(reach, [*media, *others])
    media = [*media, *(column for column, _ in reach.values())]
    spend = _spend_of(media, money, reach, others)
    unpaid: list[Column | None] = [None] * len(organic + between)
    everything = [*media, *organic, *between]
    further = between, organic, reach, *value
    return Roles(everything, controls, [*spend, *unpaid], *further)


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
    told = bool(money)
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
    silent = [medium for medium in media if medium not in money]
    if told and silent:
        # One unit of impressions would pass for one of money.
        raise ValueError(
            f"spend_columns does not say what was paid for {silent!r}; name them in "
            f"organic_columns if nothing was, or as their own money, such as "
            f"{{{silent[0]!r}: {silent[0]!r}}}"
        )
    return spend


def _check_roles(
    media: list[Column],
    controls: list[Column],
    taken: list[Column],
    mediators: list[Column],
    organic: list[Column],
) -> None:
    """Refuse columns with two roles."""
    for column in media:
        if column in controls or column in taken:
            raise ValueError(
                f"column {column!r} is a media column and has another role as well; "
                "give each column one role"
            )
    for column in organic:
        if column in [*media, *controls, *taken]:
            raise ValueError(
                f"column {column!r} is in organic_columns and has another role as "
                "well; give each column one role (media_columns are those that are "
                "bought)"
            )
    for column in mediators:
        if column in [*media, *organic, *controls, *taken]:
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
