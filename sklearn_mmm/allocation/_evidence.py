"""Whether the evidence carries a move: what members say of a new plan."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_mmm._intervals import central_interval
from sklearn_mmm.allocation._money_curves import brought

# Below this probability of being better, a plan is no recommendation.
ENOUGH = 0.8


@dataclass(frozen=True)
class Evidence:
    """What members say of a new plan beside the old one.

    Attributes
    ----------
    outcome_interval, gain_interval : tuple of float
    expected_gain : float
        Mean over members, in units of what is maximised.
    probability : float
        That the new plan is better.
    regret_new, regret_old : float
        Expected loss by choosing the new or the old plan where the other is better.
    doubt : Series
        Share of the gain's variance over members that comes from each channel.
    """

    outcome_interval: tuple[float, float]
    gain_interval: tuple[float, float]
    expected_gain: float
    probability: float
    regret_new: float
    regret_old: float
    doubt: pd.Series

    def around(self, outcome: float, gain: float) -> "Evidence":
        """Return the same with intervals that hold the model's own estimates."""
        return replace(
            self,
            outcome_interval=_holding(self.outcome_interval, outcome),
            gain_interval=_holding(self.gain_interval, gain),
        )


class OldPlan(NamedTuple):
    """What members say of the plan as given.

    Attributes
    ----------
    brought : ndarray of shape (n_members, n_channels)
    spent : ndarray of shape (n_members,)
    """

    brought: np.ndarray
    spent: np.ndarray

    @classmethod
    def under(cls, members: list[Any], known: np.ndarray | None = None) -> "OldPlan":
        """Ask every member, but for what is known to be brought."""
        if known is None:
            known = np.array([brought(m, m.spend) for m in members])
        return cls(known, np.array([m.reacted(m.spend).sum() for m in members]))


def weigh(
    members: list[Any],
    spend: np.ndarray,
    channels: list[str],
    worth: float,
    cost: float,
    coverage: float,
    old: OldPlan | None = None,
    new: np.ndarray | None = None,
) -> Evidence | None:
    """Compare a new plan with the old one under every member.

    The probability is (k + 1/2) / (n + 1) for k of n members, the mean under
    Jeffreys' prior, so that few members never make certain.

    Parameters
    ----------
    members : list of MediaPlan
        With the old plan.
    spend : ndarray of shape (n_rows, n_channels)
        Of the new plan.
    channels : list of str
    worth, cost : float
        Of an outcome unit and a spend unit.
    coverage : float
    old : OldPlan, optional
        What members say of the old plan, where that is known.
    new : ndarray of shape (n_members, n_channels), optional
        What channels bring by the new plan, where that is known.

    Returns
    -------
    Evidence or None
        None with fewer than two members.
    """
    if len(members) < 2:
        return None
    before = OldPlan.under(members) if old is None else old
    if new is None:
        new = np.array([brought(m, spend) for m in members])
    organic = np.array([m.organic.sum() for m in members])
    outcome, by_channel = organic + new.sum(axis=1), new - before.brought
    gain = by_channel.sum(axis=1)
    dearer = np.array([m.reacted(spend).sum() for m in members]) - before.spent
    better = worth * gain - cost * dearer
    centred = by_channel - by_channel.mean(axis=0)
    share = (centred * centred.sum(axis=1, keepdims=True)).sum(axis=0)
    doubt = share / share.sum() if share.sum() > 0 else np.zeros(len(channels))
    return Evidence(
        _pair(central_interval(outcome, coverage)),
        _pair(central_interval(gain, coverage)),
        float(better.mean()),
        float((np.sum(better > 0) + 0.5) / (len(better) + 1)),
        float(np.maximum(-better, 0).mean()),
        float(np.maximum(better, 0).mean()),
        pd.Series(doubt, pd.Index(channels, name="channel"), name="doubt"),
    )


def _pair(ends: np.ndarray) -> tuple[float, float]:
    return float(ends[0]), float(ends[1])


def _holding(ends: tuple[float, float], value: float) -> tuple[float, float]:
    return min(ends[0], value), max(ends[1], value)


def _short(value: float) -> str:
    """Return three significant digits, without an exponent where there are more."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 100 else f"{rounded:g}"


def words(evidence: Evidence | None, skill: float | None) -> list[str]:
    """Return what to say of a move, doubts first.

    Parameters
    ----------
    evidence : Evidence or None
    skill : float or None
        1 - SSE / SSE of a naive forecast on a holdout.
    """
    out = []
    if skill is not None and skill < 0:
        out.append(
            "The model forecast the holdout worse than a naive forecast does; do not "
            "move money on its word before that is mended."
        )
    if evidence is None:
        out.append(
            "How sure this is cannot be told without members (n_members=32); test "
            "before moving much."
        )
        return out
    chance = (
        "The probability that the new plan is better is "
        f"{100 * evidence.probability:.0f} %"
    )
    loss = (
        f"expected regret is {_short(evidence.regret_new)} for the new plan and "
        f"{_short(evidence.regret_old)} for the old one"
    )
    if evidence.probability >= ENOUGH:
        out.append(f"{chance}; {loss}.")
        return out
    told = f"The evidence does not carry this move. {chance}; {loss}."
    if evidence.doubt.max() > 0:
        channel = evidence.doubt.idxmax()
        told += (
            f" An experiment on {channel!r} would tell most: "
            f"{100 * evidence.doubt.max():.0f} % of the doubt is about what it brings."
        )
    return [told, *out]
