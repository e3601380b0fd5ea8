"""Which columns hold reach and frequency: as told, or found by their names."""

from collections.abc import Sequence

import pandas as pd

from sklearn_mmm.cli import _names as names

_REACH = frozenset({"reach"})
_FREQUENCY = frozenset({"frequency", "freq"})


def told_pairs(texts: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the columns of each channel of ``--reach-frequency``.

    Raises
    ------
    ValueError
        If a text is not of the form CHANNEL=REACH,FREQUENCY.
    """
    out = {}
    for text in texts:
        name, _, columns = text.partition("=")
        pair = [column.strip() for column in columns.split(",")]
        if not name or len(pair) != 2 or not all(pair):
            raise ValueError(
                f"--reach-frequency takes CHANNEL=REACH,FREQUENCY, got {text!r}"
            )
        out[name] = pair[0], pair[1]
    return out


def found_pairs(data: pd.DataFrame, free: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return pairs such as youtube_reach and youtube_frequency, by channel.

    Only those that can be: whoever is reached has a contact at least.

    Parameters
    ----------
    data : DataFrame
    free : sequence of str
        Columns without another role.
    """
    reach = {_base(c, _REACH): c for c in free if names.words(c)[-1:] == ["reach"]}
    often = {
        _base(c, _FREQUENCY): c
        for c in free
        if len(names.words(c)) > 1 and names.words(c)[-1] in _FREQUENCY
    }
    out = {}
    for base, column in reach.items():
        if base in often and _are_possible(data, column, often[base]):
            # A column of that name is another channel, or this one's money.
            name = base.replace(" ", "_")
            name = f"{name}_rf" if name in map(str, data) else name
            out[name] = column, often[base]
    return out


def money_behind(
    free: Sequence[str], pairs: dict[str, tuple[str, str]]
) -> dict[str, str]:
    """Return the column with the money behind each channel, where a name tells it."""
    paid = {names.base(c): c for c in free if names.words(c)[-1:] and _is_money(c)}
    bases = {name: _base(reach, _REACH) for name, (reach, _) in pairs.items()}
    return {name: paid[base] for name, base in bases.items() if base in paid}


def _base(name: str, vocabulary: frozenset[str]) -> str:
    return " ".join(word for word in names.words(name) if word not in vocabulary)


def _is_money(name: str) -> bool:
    return names.words(name)[-1] in names.SPEND


def _are_possible(data: pd.DataFrame, reach: str, frequency: str) -> bool:
    people, often = (
        pd.to_numeric(data[c], errors="coerce").to_numpy(float)
        for c in (reach, frequency)
    )
    reached = people > 0
    return bool(reached.any() and (often[reached] > 0.99).all())
