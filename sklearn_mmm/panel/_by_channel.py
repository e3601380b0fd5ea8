"""What is said of single channels, by their names or positions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from sklearn_mmm.panel._columns import Column


@dataclass(frozen=True)
class ChannelNames:
    """How channels may be named.

    Attributes
    ----------
    names : list of str
        In tables of results.
    columns : list of str or int
        Of X.
    features : list of str or int
        All columns of X.
    """

    names: Sequence[str]
    columns: Sequence[Column]
    features: Sequence[Column]

    def number(self, key: Any, parameter: str) -> int:
        """Return the number of a channel: by its name, or its position in X.

        Raises
        ------
        ValueError
            If there is no such channel.
        """
        is_name, is_position = isinstance(key, str), isinstance(key, Integral)
        if (is_name or is_position) and not isinstance(key, bool):
            for known in (self.columns, self.names):
                if key in known:
                    return list(known).index(key)
            n = len(self.features)
            if is_position and -n <= key < n and self.features[key] in self.columns:
                return list(self.columns).index(self.features[key])
        raise ValueError(
            f"{parameter} names {key!r}, which is no channel; the channels are "
            f"{list(self.names)}"
        )

    def one_each(
        self,
        given: Any,
        default: Any,
        parameter: str,
        groups: Mapping[str, Sequence[int]] | None = None,
    ) -> list[Any]:
        """Return one value for each channel.

        Parameters
        ----------
        given : dict or object
            By channel, the others having the default; or one for all.
        default : object
        parameter : str
            Name of the parameter, for messages.
        groups : dict of list of int, optional
            Channels that may be named together.
        """
        if not isinstance(given, Mapping):
            return [given] * len(self.names)
        out = [default] * len(self.names)
        seen: dict[int, Any] = {}
        for key, value in given.items():
            is_group = isinstance(key, str) and key in (groups or {})
            numbers = (groups or {})[key] if is_group else [self.number(key, parameter)]
            for number in numbers:
                if number in seen:
                    raise ValueError(
                        f"{parameter} names the channel {self.names[number]!r} twice, "
                        f"as {seen[number]!r} and {key!r}; name it once"
                    )
                seen[number] = key
                out[number] = value
        return out
