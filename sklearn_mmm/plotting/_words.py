"""Numbers as a reader takes them in: few digits, money with its sign before."""

import re

import numpy as np

_SCALES = ((1e9, " bn"), (1e6, " m"))
SMALLEST = 0.01
_CODE = re.compile(r"[A-Z]{3}")
_SYMBOLS = "€$£¥₹₩₽₺₴₦฿"


def is_money(unit: str) -> bool:
    """Return whether a unit is a currency: a sign such as € or a code such as CHF."""
    return bool(unit) and (unit[-1] in _SYMBOLS or _CODE.fullmatch(unit) is not None)


def short_number(value: float) -> str:
    """Return a number with two significant digits, three where the first is a 1.

    Examples
    --------
    >>> from sklearn_mmm.plotting._words import short_number
    >>> [short_number(x) for x in (1.944, 0.0042, 12_345_678, 45_678, -0.31)]
    ['1.94', 'under 0.01', '12.3 m', '46,000', '−0.31']
    """
    if not np.isfinite(value):
        return "–"
    size = abs(value)
    if size == 0:
        return "0"
    sign = "−" if value < 0 else ""
    if size < SMALLEST:
        return f"under {SMALLEST:g}" if value > 0 else f"above −{SMALLEST:g}"
    size = _rounded(size)
    for limit, name in _SCALES:
        if size >= limit:
            return f"{sign}{_plain(size / limit)}{name}"
    return f"{sign}{_plain(size)}"


def _rounded(size: float) -> float:
    digits = 3 if f"{size:e}"[0] == "1" else 2
    return float(f"{size:.{digits}g}")


def _plain(size: float) -> str:
    """Return a rounded number without an exponent and without trailing zeros."""
    if size >= 100:
        return f"{size:,.0f}"
    shown = f"{size:.4f}".rstrip("0").rstrip(".")
    whole, _, part = shown.partition(".")
    # Money is written with one or two decimals, and 1.90 is 1.9.
    return f"{whole}.{part[:2]}" if part else whole


def decimal(value: float, places: int) -> str:
    """Return a number with so many decimals, such as −0.11, and no −0.00."""
    return f"{round(value, places) + 0.0:.{places}f}".replace("-", "−")


def amount(value: float, unit: str) -> str:
    """Return an amount with its unit: €12.3 m, CHF 40, 3,100 visits.

    Examples
    --------
    >>> from sklearn_mmm.plotting._words import amount
    >>> amount(12.3e6, "€"), amount(-40, "CHF"), amount(3100, "visits")
    ('€12.3 m', '−CHF 40', '3,100 visits')
    >>> amount(0.001, "$"), amount(3100, "spend units")
    ('under $0.01', '3,100')
    """
    shown = short_number(value)
    if unit.endswith(" units"):
        return shown
    if not is_money(unit):
        return f"{shown} {unit}"
    gap = " " if unit[-1].isalpha() else ""
    for before in ("under ", "above −", "−"):
        if shown.startswith(before):
            return f"{before}{unit}{gap}{shown.removeprefix(before)}"
    return f"{unit}{gap}{shown}"


def part_of(part: float, whole: float, unit: str) -> str:
    """Return a part of a whole: "€1 m of €3 m", "1 m of 3 m visits"."""
    first = amount(part, unit) if is_money(unit) else short_number(part)
    return f"{first} of {amount(whole, unit)}"


def between(low: float, high: float, unit: str = "") -> str:
    """Return an interval: "€10 m to €14 m"; nothing where there is none."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return ""
    if unit and is_money(unit):
        return f"{amount(low, unit)} to {amount(high, unit)}"
    return f"{short_number(low)} to {short_number(high)}"


def return_of(roi: float, outcome: str, spend: str) -> str:
    """Return what a spend unit brought: "€1.94 for each €1"."""
    return f"{amount(roi, outcome)} for each {one_of(spend)}"


def one_of(spend: str) -> str:
    """Return what one unit of money is called."""
    if is_money(spend):
        return amount(1.0, spend)
    return "unit of spend" if spend.endswith(" units") else spend
