"""Other fits, whose spread stands for uncertainty."""

from collections.abc import Iterable, Sequence
from typing import Any

from sklearn_mmm._intervals import check_coverage
from sklearn_mmm.inspection._fitted_mmm import FittedMMM


def plans_of(
    mmm: FittedMMM,
    X: Any,
    members: Sequence[Any] | None,
    coverage: float,
    react: str | Sequence[str] = "none",
) -> tuple[Any, list[Any]]:
    """Return the model's plan for X and that of each member.

    Without members these are the estimator's own, if it has any.

    Raises
    ------
    TypeError
        If a member is no regressor.
    ValueError
        If a member has other channels, or ``coverage`` is not between 0 and 1.
    """
    check_coverage(coverage)
    plan = mmm.media_plan(X, react)
    if members is None:
        return plan, mmm.member_plans(X, react)
    if isinstance(members, str) or not isinstance(members, Iterable):
        raise TypeError(f"members is {members!r}; give a list of fitted regressors")
    members = list(members)
    for number, member in enumerate(members):
        if not hasattr(member, "media_plan"):
            raise TypeError(
                f"members[{number}] is a {type(member).__name__}; give fitted "
                "regressors, of pipelines the last step (pipeline[-1])"
            )
    others = [member.media_plan(X, react) for member in members]
    for other in others:
        if other.channels != plan.channels:
            raise ValueError(
                f"a member has the channels {other.channels}, the model "
                f"{plan.channels}; fit members on the same columns"
            )
    return plan, others
