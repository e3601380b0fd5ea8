"""What a user has told of the channels' responses: forms, lengths and groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from sklearn_mmm._arguments import check_whole, shown
from sklearn_mmm.components._adstock import make_adstock
from sklearn_mmm.components._by_channel import adstock_of
from sklearn_mmm.components._join import join_components, make_forms
from sklearn_mmm.estimator._kernel_length import kernel_length, longest_kernel
from sklearn_mmm.network import ChannelGroups, ResponseShape
from sklearn_mmm.panel._by_channel import ChannelNames

# What channels have that are not named.
_USUAL = {"adstock": "auto", "max_lag": "auto", "saturation": "hill"}


@dataclass(frozen=True)
class ChannelShapes:
    """Forms and lengths of each unit: of a channel, or of a group of them.

    Attributes
    ----------
    adstock, max_lag, saturation : list
        As the regressor's parameters, one for each unit.
    groups : ChannelGroups or None
        None if each channel is a unit.
    """

    adstock: list[Any]
    max_lag: list[Any]
    saturation: list[Any]
    groups: ChannelGroups | None

    def response(self, weeks_per_step: float, n_steps: int) -> ResponseShape:
        """Return the shape of the response, checked.

        Parameters
        ----------
        weeks_per_step : float
        n_steps : int
            Of the series.
        """
        lags = [kernel_length(own, weeks_per_step, n_steps) for own in self.max_lag]
        components = join_components(self.adstock, self.saturation, lags)
        return ResponseShape(*components, max(lags), weeks_per_step, groups=self.groups)

    def longest(self, weeks_per_step: float, n_steps: int) -> tuple[int, ...] | None:
        """Return the lengths that kernels may grow to, of each unit.

        0 where form and length are told; None if all are.
        """
        found = tuple(
            longest_kernel(own, weeks_per_step, n_steps)
            if auto and kernel_length(own, weeks_per_step, n_steps) > 1
            else 0
            for own, auto in zip(self.max_lag, self._auto, strict=True)
        )
        return found if any(found) else None

    def believed(self, shape: ResponseShape) -> ResponseShape:
        """Return the shape that beliefs are about.

        Of which form a kernel was found to be changes no belief.
        """
        if not any(self._auto):
            return shape
        kernels = make_forms(self.adstock, make_adstock)
        lags = shape.lags(len(kernels)).tolist()
        return replace(shape, adstock=adstock_of(kernels, lags))

    @property
    def _auto(self) -> list[bool]:
        return [isinstance(own, str) and own == "auto" for own in self.adstock]


def read_shapes(
    given: Mapping[str, Any], channels: ChannelNames, groups: Mapping[str, list[int]]
) -> ChannelShapes:
    """Read adstock, max_lag and saturation, which may be dicts by channel.

    Parameters
    ----------
    given : dict
        Of the regressor's parameters of these names.
    channels : ChannelNames
    groups : dict of list of int
        See :func:`read_groups`.

    Raises
    ------
    ValueError
        If a channel is unknown, a value is none, or channels of a group differ.
    """
    units = None
    if groups:
        first = {c: min(own) for own in groups.values() for c in own}
        heads = [first.get(c, c) for c in range(len(channels.names))]
        order = sorted(set(heads))
        units = ChannelGroups(tuple(order.index(head) for head in heads))
    told = {}
    for name, usual in _USUAL.items():
        each = channels.one_each(given[name], usual, name, groups)
        for group, own in groups.items():
            for one, other in pairwise(own):
                if not _same(each[one], each[other]):
                    raise ValueError(
                        f"{name}: {channels.names[one]!r} and "
                        f"{channels.names[other]!r} of the group {group!r} have one "
                        f"response, but are {each[one]!r} and {each[other]!r}; name "
                        "the group itself"
                    )
        if name == "max_lag":
            _check_lags(each, channels.names)
        told[name] = each if units is None else [each[c] for c in units.first]
    return ChannelShapes(**told, groups=units)


def read_groups(
    given: Mapping[str, Sequence[Any]],
    channels: ChannelNames,
    mediators: Sequence[str],
    is_money: Sequence[bool],
    reach: Sequence[int],
    signs: Sequence[int],
) -> dict[str, list[int]]:
    """Return the channels of each group, by its name.

    Parameters
    ----------
    given : dict
        The regressor's ``channel_groups``.
    channels : ChannelNames
    mediators : list of str
        Channels that nobody buys.
    is_money : list of bool
        Of each channel, whether its media are spend.
    reach : list of int
        Channels whose media are reach.
    signs : list of int
        Of each channel's effect; none where all are positive.

    Raises
    ------
    ValueError
        If a group is no list of two channels or more, a channel is unknown, in two
        groups, a mediator or one of reach and frequency, or the channels of a group are
        in different units.
    """
    out: dict[str, list[int]] = {}
    for name, members in given.items():
        what = f"channel_groups of {name!r}"
        if not isinstance(name, str) or name in channels.names:
            raise ValueError(
                f"channel_groups has a group called {name!r}; give it a text that is "
                "no channel's name"
            )
        if isinstance(members, str) or not isinstance(members, Sequence):
            raise ValueError(f"{what} is {shown(members)}; give a list of channels")
        numbers = [channels.number(member, what) for member in members]
        if len(set(numbers)) < 2:
            raise ValueError(
                f"{what} names {len(set(numbers))} channels; a group has at least two"
            )
        for number in numbers:
            others = [*out.values(), numbers]
            if sum(own.count(number) for own in others) > 1:
                raise ValueError(
                    f"{what}: {channels.names[number]!r} is named twice; each channel "
                    "is in one group"
                )
            if channels.names[number] in mediators:
                raise ValueError(
                    f"{what}: {channels.names[number]!r} is a mediator, which nobody "
                    "buys; leave it out"
                )
            if number in reach:
                raise ValueError(
                    f"{what}: {channels.names[number]!r} has reach and frequency, and "
                    "with them a response of its own; leave it out"
                )
        if len({is_money[number] for number in numbers}) > 1:
            raise ValueError(
                f"{what}: media of a group are summed, but some are spend and some are "
                "counted in another unit; give all in one unit, with their money in "
                "spend_columns"
            )
        if signs and len({signs[number] for number in numbers}) > 1:
            raise ValueError(
                f"{what}: effects of a group have one sign; give its channels the same "
                "in media_signs"
            )
        out[name] = sorted(numbers)
    return out


def _same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and bool(one == other))


def _check_lags(given: Sequence[Any], names: Sequence[str]) -> None:
    for own, name in zip(given, names, strict=True):
        if own != "auto":
            check_whole(f"max_lag of {name!r}", own, 1, 10_000)
