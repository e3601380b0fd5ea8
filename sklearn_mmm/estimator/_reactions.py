"""Which channels may follow where spend departs from a plan."""

from collections.abc import Collection


def free_to_react(react: str | Collection[str], channels: list[str]) -> set[str]:
    """Return the channels that ``react`` leaves free.

    Parameters
    ----------
    react : {"none", "graph"} or list of str
        None of them, all of them, or these.
    channels : list of str

    Raises
    ------
    ValueError, TypeError
        If it is none of these or names an unknown channel.
    """
    if isinstance(react, str):
        if react not in ("none", "graph"):
            raise ValueError(
                f"got react={react!r}; choose 'none', 'graph' or a list of channels"
            )
        return set(channels) if react == "graph" else set()
    if not isinstance(react, Collection):
        raise TypeError(
            f"got react={react!r}; give 'none', 'graph' or a list of channels"
        )
    unknown = [name for name in react if name not in channels]
    if unknown:
        raise ValueError(
            f"react names unknown channels {unknown}; the channels are {channels}"
        )
    return set(react)
