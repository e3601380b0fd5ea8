"""What an outcome unit is worth, as options say it: a column or a number."""

from collections.abc import Mapping, Sequence

from sklearn_mmm.cli import _names as names


def read_worth(
    text: str | None, every: Sequence[str], taken: Mapping[str, str]
) -> str | float | None:
    """Return the column that an option names, or its number.

    Parameters
    ----------
    text : str or None
    every : sequence of str
        The file's columns.
    taken : dict of str
        Roles of columns that have one.

    Raises
    ------
    ValueError
        If it is neither, the column has another role, or the number is not positive.
    """
    if text is None:
        return None
    if text in every:
        if text in taken:
            raise ValueError(f"column {text!r} is both --{taken[text]} and the worth")
        return text
    try:
        number = float(text)
    except ValueError:
        hint = names.did_you_mean(text, list(every))
        raise ValueError(
            f"--outcome-value: {text!r} is neither a number nor a column of the file"
            f"{hint}"
        ) from None
    if not 0 < number < float("inf"):
        raise ValueError(f"--outcome-value {text}: give more than 0")
    return number
