"""Numbers in text: which sign is decimal, and which separates thousands."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

_MONEY = re.compile(r"[\s€$£¥₹'’_]|USD|EUR|GBP|CHF", re.IGNORECASE)
# Groups of three or digits, a fraction, a power of ten; no dates such as 1.2.2021.
_NUMBER = re.compile(r"-?(\d{1,3}([.,]\d{3})+|\d+|(?=[.,]\d))([.,]\d*)?([eE][-+]?\d+)?")
_MISSING = frozenset(
    ["", "na", "n/a", "#n/a", "nan", "null", "none", "-", "–", "?", "."]
)
# Cells of a column that are enough to tell what it holds.
_ENOUGH = 1000


class Signs(NamedTuple):
    """How numbers are written.

    Attributes
    ----------
    decimal, thousands : str
        The latter may be empty.
    """

    decimal: str = "."
    thousands: str = ""


def bare(text: str) -> str:
    """Return a number without currency, spaces and accounting brackets."""
    out = _MONEY.sub("", text)
    if out.startswith("(") and out.endswith(")"):
        out = f"-{out[1:-1]}"
    return out.replace("−", "-").removeprefix("+").removesuffix("%")


def looks_numeric(texts: Sequence[str]) -> bool:
    """Return whether most texts that say anything are numbers."""
    sample = texts[:: max(1, len(texts) // _ENOUGH)]
    said = [text for text in sample if text.strip().lower() not in _MISSING]
    numbers = sum(1 for text in said if _NUMBER.fullmatch(bare(text)))
    return bool(said) and numbers >= 0.6 * len(said)


def find_signs(columns: dict[str, list[str]], separator: str) -> Signs:
    """Return the signs by which all numbers of a file can be read.

    Parameters
    ----------
    columns : dict of list of str
        Texts of the numeric columns.
    separator : str
        Between columns. Where it is a comma, "1,234" in quotes is a thousand.

    Raises
    ------
    ValueError
        If "1,234" may be both.
    """
    votes = {".": 0, ",": 0}
    doubt: tuple[str, str] | None = None
    for name, texts in columns.items():
        sample = set(texts[:: max(1, len(texts) // _ENOUGH)])
        for text in {bare(text) for text in sample}:
            decimal = _decimal_of(text, separator)
            if decimal in votes:
                votes[decimal] += 1
            elif decimal == "?":
                doubt = doubt or (name, text)
    if votes[","] and votes["."] and min(votes.values()) > 0.02 * max(votes.values()):
        raise ValueError(
            "numbers are written with decimal points and with decimal commas; "
            "write them alike, or say --decimal , or --decimal ."
        )
    if votes[","] > votes["."]:
        return Signs(",", ".")
    if votes["."]:
        return Signs(".", ",")
    if doubt is not None:
        raise ValueError(
            f"column {doubt[0]!r}: {doubt[1]!r} may be a thousand or a fraction; say "
            f"--thousands {doubt[1].strip('-0123456789')[:1]} or --decimal "
            f"{doubt[1].strip('-0123456789')[:1]}"
        )
    return Signs()


def _decimal_of(text: str, separator: str) -> str:
    """Return what a number proves to be decimal, "?" in doubt, "" for nothing."""
    point, comma = text.rfind("."), text.rfind(",")
    if point < 0 and comma < 0:
        return ""
    if point >= 0 and comma >= 0:
        return "." if point > comma else ","
    sign = "." if point >= 0 else ","
    if text.count(sign) > 1:  # 1.234.567
        return "," if sign == "." else "."
    digits = text[text.rfind(sign) + 1 :]
    before = text[: text.rfind(sign)].lstrip("-")
    grouped = len(digits) == 3 and 1 <= len(before) <= 3 and before != "0"
    if not grouped:
        return sign
    if separator == ",":
        return "." if sign == "," else ""
    return "?"


def to_numbers(texts: pd.Series, signs: Signs) -> np.ndarray:
    """Return numbers, NaN where a text is none."""
    out = np.full(len(texts), np.nan)
    if signs.decimal == ".":
        out = pd.to_numeric(texts, errors="coerce").to_numpy(float).copy()
        out[~np.isfinite(out)] = np.nan
    values = texts.to_numpy()
    for i in np.flatnonzero(np.isnan(out)):
        text = values[i]
        if text is None or str(text).strip().lower() in _MISSING:
            continue
        plain = bare(str(text))
        if signs.thousands:
            plain = plain.replace(signs.thousands, "")
        try:
            out[i] = float(plain.replace(signs.decimal, "."))
        except ValueError:
            continue
    return out
