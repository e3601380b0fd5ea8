"""Limits of how often people are reached."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sklearn_mmm._arguments import check_number, is_number, shown
from sklearn_mmm.allocation._limits import as_mapping, check_known
from sklearn_mmm.allocation._variables import Variables


def read_frequency(
    plan: Any, X: Any, variables: Variables, most: Any, audience: Any
) -> np.ndarray | None:
    """Return the largest amounts that keep to a frequency, (n_variables,).

    Parameters
    ----------
    plan : MediaPlan or PricedPlan
    X : DataFrame or array of shape (n_rows, n_columns)
    variables : Variables
    most : dict of float or None
        By channel, media per person and time step.
    audience : float, dict of float or column of X
        People of every region, by region, or of every row.

    Returns
    -------
    ndarray or None
        Infinite where there is no limit; None if there is none at all.

    Raises
    ------
    ValueError
        If a channel is unknown, a limit or an audience is no positive number, or
        committed spend buys more.
    """
    limits = as_mapping(most, "max_frequency")
    if not limits:
        return None
    check_known(limits, variables.channels, "max_frequency")
    people = _people(plan, X, audience)
    out = np.full(len(variables), np.inf)
    for name, limit in limits.items():
        check_number(f"max_frequency[{name!r}]", limit, positive=True)
        c = plan.channels.index(name)
        # Media are bought at a price, beside what costs nothing.
        at_plan = limit * people * plan.price[:, c]
        at_plan = np.maximum(at_plan - plan.given[:, c] * plan.media_scale[:, c], 0.0)
        allowed = np.zeros(plan.spend.shape)
        allowed[:, c] = at_plan
        allowed = getattr(plan, "at_own_prices", np.asarray)(allowed)[:, c]
        beyond = np.flatnonzero(variables.fixed[:, c] > allowed * (1 + 1e-9))
        if len(beyond):
            raise ValueError(
                f"max_frequency of {name!r} allows {allowed[beyond[0]]:g} spend units "
                f"in row {beyond[0]}, where fixed commits "
                f"{variables.fixed[beyond[0], c]:g}"
            )
        share, place = variables.share[:, c], variables.of_cell[:, c]
        movable = share > 0
        ends = allowed[movable] / share[movable]
        ends += variables.committed[place[movable]]
        np.minimum.at(out, place[movable], ends)
    return out


def _people(plan: Any, X: Any, audience: Any) -> np.ndarray:
    """Return the people of each row, (n_rows,)."""
    n_rows = len(plan.spend)
    if is_number(audience):
        found: Any = np.full(n_rows, audience)
    elif isinstance(audience, Mapping):
        missing = [r for r in np.unique(plan.region) if r not in audience]
        if missing:
            raise ValueError(f"audience has no regions {missing}")
        found = [audience[r] for r in plan.region]
    elif isinstance(audience, str) and audience in getattr(X, "columns", ()):
        found = X[audience]
    else:
        raise ValueError(
            f"got audience={shown(audience)}; max_frequency is per person: give their "
            "number, a dict of it by region, or the column of X that has it"
        )
    try:
        people = np.asarray(found, float)
    except (TypeError, ValueError):
        raise ValueError(f"audience: {shown(audience)} are no numbers") from None
    bad = np.flatnonzero(~(np.isfinite(people) & (people > 0)))
    if len(bad):
        raise ValueError(
            f"audience is {people[bad[0]]:g} in row {bad[0]}; it must be a positive "
            "number"
        )
    return people
