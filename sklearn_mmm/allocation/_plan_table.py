"""The table to hand over: X with media and money changed together."""

from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.inspection._fitted_mmm import FittedMMM


def new_plan(mmm: FittedMMM, X: Any, plan: Any, spend: np.ndarray) -> Any:
    """Return X with other spend, and the media that it buys.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
    X : DataFrame or array of shape (n_rows, n_columns)
    plan : MediaPlan
        Of X.
    spend : ndarray of shape (n_rows, n_channels)
        What costs nothing stays as it is.

    Returns
    -------
    The container that was given.
    """
    media = plan.media(spend)
    reach = dict(zip(mmm.reach_frequency_, plan.frequency.T, strict=True))
    changed: dict[str, np.ndarray] = {}
    names = zip(mmm.media_columns_, mmm.spend_columns_, strict=True)
    for i, (channel, money) in enumerate(names):
        if money is None:
            continue
        medium, frequency = mmm.reach_frequency_.get(channel, (channel, None))
        if frequency is not None:
            # Where nobody is reached, nobody is so and so often.
            changed[frequency] = np.where(media[:, i] > 0, reach[channel], 0.0)
        changed[medium] = media[:, i]
        # Last, since media may be money themselves.
        changed[money] = spend[:, i]
    if isinstance(X, pd.DataFrame):
        # Names that are no texts have an x in front in the model.
        own = {name if isinstance(name, str) else f"x{name}": name for name in X}
        out = X.copy()
        for name, values in changed.items():
            out[own[name]] = values
        return out
    if hasattr(X, "with_columns"):
        return X.with_columns(**changed)
    values = np.array(X, dtype=object if np.asarray(X).dtype.kind == "O" else float)
    for name, column in changed.items():
        values[:, int(name[1:])] = column
    return values


def write_csv(plan: Any, path: Any) -> None:
    """Write a plan as CSV, with its index where that has names."""
    table = plan.to_pandas() if hasattr(plan, "to_pandas") else pd.DataFrame(plan)
    named = any(name is not None for name in table.index.names)
    table.to_csv(path, index=named)
