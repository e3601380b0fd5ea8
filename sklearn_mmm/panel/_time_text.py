"""The format in which a column of text writes dates: one for the whole column."""

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

ISO = "ISO 8601"
ISO_WEEK = "ISO week (2022-W05)"
QUARTER = "quarter (2022-Q1)"

_ISO = re.compile(
    r"\d{4}[-/]?\d{1,2}[-/]?\d{1,2}"
    r"([T ]\d{1,2}(:?\d{2}(:?\d{2}([.,]\d+)?)?)?)?\s*(Z|[+-]\d{2}(:?\d{2})?)?"
)
_OFFSET = re.compile(r"(?<=\d)\s*(Z|[+-]\d{2}(:?\d{2})?)$")
_MONTH = re.compile(r"\d{4}[-/.]\d{1,2}")
_WEEK = re.compile(r"(\d{4})(?:[-/ ]?[Ww]|[-/])(\d{1,2})")
_QUARTER = re.compile(r"(\d{4})[-/ ]?[Qq]([1-4])")
_DIGITS = re.compile(r"\d{1,4}([-/. ])\d{1,2}\1\d{1,4}")
_MONTH_FIRST = re.compile(r"\d{1,2}([-/.])\d{4}")
_CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
_NAMED = (
    *("%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%d.%b.%Y", "%d %B %Y", "%d-%b-%y"),
    *("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%Y-%b-%d", "%Y %b %d"),
    *("%b %Y", "%B %Y", "%b-%Y", "%b-%y", "%b %y", "%Y-%b", "%Y %b", "%Y %B"),
)
# How full the grid of a reading is, where another reading's is all but empty.
_FULL, _EMPTY = 0.7, 0.4


def parse_text(texts: Sequence[str], layout: str) -> tuple[np.ndarray, np.ndarray]:
    """Return dates in a format: those of the wall clock, and universal ones.

    Parameters
    ----------
    texts : sequence of str
    layout : str
        ISO, ISO_WEEK, QUARTER or a format of :func:`time.strptime`.

    Returns
    -------
    local, universal : datetime64 ndarray of shape (n_texts,)
        NaT for texts in another format. They differ by the offset that is written
        behind the time, if one is.
    """
    if layout == ISO:
        return _parse_iso(texts)
    if layout == ISO_WEEK:
        dates = [_monday(_WEEK.fullmatch(text.strip())) for text in texts]
    elif layout == QUARTER:
        dates = [_first_of_quarter(_QUARTER.fullmatch(text.strip())) for text in texts]
    else:
        stripped = pd.Series([text.strip() for text in texts], dtype=object)
        parsed = pd.to_datetime(stripped, format=layout, errors="coerce")
        return parsed.to_numpy(), parsed.to_numpy()
    out = np.array(dates, dtype="datetime64[s]")
    return out, out


def _monday(match: re.Match[str] | None) -> np.datetime64:
    if match is None:
        return np.datetime64("NaT", "s")
    try:
        day = pd.Timestamp.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError:  # a year without a week 53
        return np.datetime64("NaT", "s")
    return np.datetime64(day.date(), "s")


def _first_of_quarter(match: re.Match[str] | None) -> np.datetime64:
    if match is None:
        return np.datetime64("NaT", "s")
    return np.datetime64(f"{match[1]}-{3 * int(match[2]) - 2:02d}-01", "s")


def _parse_iso(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    local, offset = [], []
    for text in texts:
        plain = text.strip()
        if _ISO.fullmatch(plain) is None and _MONTH.fullmatch(plain) is None:
            plain = ""
        found = _OFFSET.search(plain) if ":" in plain or "T" in plain else None
        if found:
            plain = plain[: found.start()]
        local.append(re.sub(r"^(\d{4})[/.](\d{1,2})[/.]?", r"\1-\2-", plain).strip("-"))
        offset.append(_seconds(found[1] if found else "Z"))
    padded = pd.Series([_two_digits(text) for text in local], dtype=object)
    dates = pd.to_datetime(padded, format="ISO8601", errors="coerce").to_numpy()
    return dates, dates - np.array(offset, dtype="timedelta64[s]")


def _two_digits(text: str) -> str:
    """Return a date with two digits for months and days, as the standard has it."""
    return re.sub(r"-(\d)(?!\d)", r"-0\1", text)


def _seconds(offset: str) -> int:
    if offset == "Z":
        return 0
    digits = offset[1:].replace(":", "").ljust(4, "0")
    seconds = 3600 * int(digits[:2]) + 60 * int(digits[2:])
    return -seconds if offset[0] == "-" else seconds


def find_layout(texts: Sequence[str], name: object, first_row: Iterable[int]) -> str:
    """Return the one format in which all texts can be read.

    Parameters
    ----------
    texts : sequence of str
        Distinct ones.
    name : object
        The column's name, for messages.
    first_row : iterable of int
        The first row of each text, for messages.

    Raises
    ------
    ValueError
        If there is none, or day and month cannot be told apart.
    """
    read = {}
    for layout in _candidates(texts):
        dates, _ = parse_text(texts, layout)
        read[layout] = dates
    complete = {k: v for k, v in read.items() if not np.isnat(v).any()}
    if ISO in complete:
        return ISO
    if complete:
        return choose_layout(complete, name, texts)
    best = max(read, key=lambda k: int((~np.isnat(read[k])).sum()), default=None)
    bad = 0 if best is None else int(np.flatnonzero(np.isnat(read[best]))[0])
    known = best is not None and not np.isnat(read[best]).all()
    why = f"is no date in the format {best} of the others" if known else "is no date"
    row = list(first_row)[bad]
    raise ValueError(
        f"time column {name!r} holds neither numbers nor dates: {texts[bad]!r} in row "
        f"{row} {why}; write all dates in one format, at best ISO (2023-01-31)"
    )


def _candidates(texts: Sequence[str]) -> list[str]:
    sample = texts[0].strip()
    if _ISO.fullmatch(sample) or _MONTH.fullmatch(sample):
        # Numbers above 12 behind a year count weeks.
        return [ISO, *([ISO_WEEK] if _WEEK.fullmatch(sample) else [])]
    if _WEEK.fullmatch(sample):
        return [ISO_WEEK]
    if _QUARTER.fullmatch(sample):
        return [QUARTER]
    if match := _MONTH_FIRST.fullmatch(sample):
        return [f"%m{match[1]}%Y"]
    if re.search("[A-Za-z]{3}", sample):
        return [*_NAMED, *(f"{day} {clock}" for day in _NAMED for clock in _CLOCKS[:2])]
    match = _DIGITS.match(sample)
    if match is None:
        return []
    s = match[1]
    days = [f"%d{s}%m{s}%Y", f"%m{s}%d{s}%Y", f"%d{s}%m{s}%y", f"%m{s}%d{s}%y"]
    days += [f"%Y{s}%m{s}%d", f"%y{s}%m{s}%d"]
    if match.end() == len(sample):
        return days
    gap = "T" if sample[match.end()] == "T" else " "
    return [f"{day}{gap}{clock}" for day in days for clock in _CLOCKS]


def choose_layout(
    read: dict[str, np.ndarray], name: object, examples: Sequence[object]
) -> str:
    """Return the only reading of labels, or the only one that is evenly spaced.

    Parameters
    ----------
    read : dict of datetime64 ndarray
        Dates of the distinct labels by format.
    name : object
        The column's name, for messages.
    examples : sequence
        The distinct labels, for messages.

    Raises
    ------
    ValueError
        If several readings are as good.
    """
    distinct: dict[bytes, str] = {}
    for layout, dates in read.items():
        distinct.setdefault(dates.astype("datetime64[s]").tobytes(), layout)
    layouts = list(distinct.values())
    if len(layouts) == 1:
        return layouts[0]
    full = {layout: fullness(read[layout]) for layout in layouts}
    best, second, *_ = sorted(layouts, key=lambda k: -full[k])
    if full[best] >= _FULL and full[second] <= _EMPTY:
        return best
    at = int(np.flatnonzero(read[best] != read[second])[0])
    readings = " or ".join(f"{pd.Timestamp(read[k][at]).date()} ({k})" for k in layouts)
    raise ValueError(
        f"time column {name!r} cannot be read without a doubt: {examples[at]} may be "
        f"{readings}. Write dates as ISO (2023-01-31, weeks as 2023-W05), or parse "
        f"them first: pd.to_datetime(X[{name!r}].astype(str), dayfirst=True), or with "
        "format= instead of dayfirst="
    )


def fullness(dates: np.ndarray) -> float:
    """Return the share of a grid's steps that have a date, by days or by months."""
    days = np.unique(dates.astype("datetime64[s]").astype(np.int64))
    if len(days) < 2:
        return 1.0
    months = np.unique(dates.astype("datetime64[M]").astype(np.int64))
    span = (days[-1] - days[0]) / np.gcd.reduce(np.diff(days)) + 1
    shares = [len(days) / span]
    if len(months) == len(days):
        shares.append(len(months) / (months[-1] - months[0] + 1))
    return float(max(shares))
