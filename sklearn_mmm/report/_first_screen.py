"""The first screen: what media brought, what to do, what to test, how far to trust."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_mmm.plotting._style import percent
from sklearn_mmm.plotting._words import amount, between, is_money, one_of, return_of
from sklearn_mmm.report._content import Results
from sklearn_mmm.report._moves import LIKELY, UNLIKELY
from sklearn_mmm.report._tests import SEPARATOR
from sklearn_mmm.report._trust import POOR

_GRADES = {
    "high": "Good evidence",
    "medium": "Some evidence",
    "low": "Weak evidence",
}
# With a move that is likely to pay, and without.
_ADVICE = {
    "high": (
        "Act on it in steps, and measure.",
        "It can be relied on, but asks for no move of money.",
    ),
    "medium": (
        "Act on what is green, test the rest first.",
        "Test before you move money by it.",
    ),
    "low": ("Do not move money by it before a test.",) * 2,
}
# Regions of a test; more are counted.
_MOST_NAMED = 4


class Move(NamedTuple):
    """A move in words.

    Attributes
    ----------
    tone : {"yes", "no", "open"}
    title, detail, chance : str
    """

    tone: str
    title: str
    detail: str
    chance: str


class FirstScreen(NamedTuple):
    """What is read first; all of it is text, not HTML.

    Attributes
    ----------
    headline, answer : str
    moves : list of Move
    moves_note : str
    test : str
    grade : {"high", "medium", "low"}
    grade_words, advice : str
    reasons : DataFrame
        As :func:`trust_table` returns it.
    """

    headline: str
    answer: str
    moves: list[Move]
    moves_note: str
    test: str
    grade: str
    grade_words: str
    advice: str
    reasons: pd.DataFrame


def first_screen(r: Results) -> FirstScreen:
    """Return the first screen of a report."""
    level = r.grade
    headline, answer = _headline(r)
    moves = [_move(r, row, level) for row in r.moves.to_dict("records")]
    return FirstScreen(
        headline,
        answer,
        moves,
        _moves_note(r),
        _test(r),
        level,
        _GRADES[level],
        _ADVICE[level][not any(move.tone == "yes" for move in moves)],
        r.trust,
    )


def _headline(r: Results) -> tuple[str, str]:
    total, unit = r.total, r.units.worth
    brought = amount(total["contribution"], unit)
    share = total["share"]
    span = between(total["low"], total["high"], unit)
    ends = span.replace(" to ", " and ")
    known = (
        f"With {percent(r.coverage)} probability it lies between {ends}."
        if span
        else "There is no interval, because the model has no members."
    )
    part = f", {percent(share)} of the outcome" if np.isfinite(share) else ""
    who = "Media and mediators" if r.mmm.mediators_ else "Media"
    said = f"{who} brought {brought}{part}"
    if r.verdict("forecasts") == POOR:
        return (
            "The model forecast worse than a plain mean",
            "Until that is mended, do not rely on it. "
            f"It says: {_lower(said)}. {known}",
        )
    if r.verdict("width of the answer") == POOR:
        return (
            "The data cannot tell what media brought",
            f"The interval is as wide as the answer. Best guess: {brought}{part}. "
            f"{known}",
        )
    return said, f"{known} {_returns(r)}".strip()


def _lower(words: str) -> str:
    return words[0].lower() + words[1:]


def _returns(r: Results) -> str:
    """Return what money brought on average, where media cost something."""
    paid = r.roi[r.roi["spend"] > 0]
    spend = float(paid["spend"].sum())
    if not spend > 0:
        return ""
    mean = float(paid["contribution"].sum()) / spend
    return f"Paid media brought {return_of(mean, r.units.worth, r.units.spend)}."


def _move(r: Results, row: dict[Any, Any], level: str) -> Move:
    money = amount(row["amount"], r.units.spend)
    title = f"Move {money} from {row['from']} to {row['to']}"
    gain = f"{amount(abs(row['gain']), r.units.worth)} "
    gain += "less" if row["gain"] < 0 else "more"
    span = between(row["low"], row["high"], r.units.worth)
    detail = f"{gain}{f' ({span})' if span else ''}"
    chance = row["chance"]
    if not np.isfinite(chance):
        return Move("open", title, detail, "chance not known")
    if row["to"] in set(r.demand.loc[r.demand["suspected"], "channel"]):
        # Money that goes where the outcome went before seems to pay by itself.
        why = f"{row['to']} seems to follow the outcome: test it first"
        return Move("open", title, detail, why)
    words = chance_in_words(chance)
    if level == "low":
        # A chance that a model which failed gives itself is none.
        return Move("open", title, detail, "evidence too weak to act on")
    if UNLIKELY < chance < LIKELY:
        return Move("open", title, detail, f"{words}: too weak to act on")
    return Move("yes" if chance >= LIKELY else "no", title, detail, words)


def chance_in_words(chance: float) -> str:
    """Return a chance without promising certainty, which some members cannot prove."""
    if chance > 0.97:
        return "over 97 % chance that it pays"
    if chance < 0.03:
        return "under 3 % chance that it pays"
    return f"{percent(chance)} chance that it pays"


def _moves_note(r: Results) -> str:
    if r.allocation is None:
        return "There is no plan with money in it, so there are no moves."
    if r.moves.empty:
        return f"For {r.plan_name} no move of money within its bounds is worth naming."
    return f"The same money for {r.plan_name}; each move taken alone."


def _test(r: Results) -> str:
    if r.tests.empty:
        return "Which channel to test cannot be said without intervals."
    first = r.tests.iloc[0]
    if "net_value" in r.tests:
        return _planned_test(r, first)
    unit = r.units.worth
    span = between(first["roi_low"], first["roi_high"], unit)
    if not is_money(unit) and not unit.endswith(" units"):
        span += f" {unit}"
    spent = amount(first["spend"], r.units.spend)
    one = one_of(r.units.spend)
    where = "regions" if r.n_regions > 1 else f"{r.units.time}s"
    why = ": more hangs on it than on any other channel" if len(r.tests) > 1 else ""
    return (
        f"{first['channel']}: {spent} went into it, and each {one} brought {span}. "
        f"Switch it off, or double it, in some {where}{why}."
    )


def _planned_test(r: Results, test: Any) -> str:
    """Return what to do, how exact it is, and what it is worth."""
    dark = test["kind"] == "go dark"
    what = "switch it off" if dark else "double it"
    regions = test["region"]
    where = "everywhere" if regions == "all" else f"in {_places(regions)}"
    lift = amount(abs(test["expected_lift"]), r.units.outcome)
    error = amount(test["std_error"], r.units.outcome)
    worth = amount(test["value"], r.units.worth)
    first = f"for the first {test['duration']} {r.units.time}s of the plan"
    return (
        f"{test['channel']}: {what} {where} {first}. {'A loss' if dark else 'A gain'} "
        f"of {lift} is expected, measured to ± {error} (standard error). The better "
        f"plan after it is expected to bring {worth} more."
    )


def _places(regions: str) -> str:
    """Return a few regions by name, and how many more there are."""
    names = regions.split(SEPARATOR)
    one = "region " if len(names) == 1 else "regions "
    # A bare number could be of anything.
    kind = one if all(name.isdigit() for name in names) else ""
    if len(names) <= _MOST_NAMED + 1:
        return kind + ", ".join(names)
    first, rest = ", ".join(names[:_MOST_NAMED]), len(names) - _MOST_NAMED
    more = f"{rest} more{'' if kind else ' regions'}"
    return f"{kind}{first} and {more} (in next_test.csv)"
