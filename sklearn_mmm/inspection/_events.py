"""What events, controls of 0 and 1, brought or cost."""

import numpy as np
import pandas as pd

from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._training_rows import step_numbers


@of_fitted_model
def event_table(mmm: FittedMMM) -> pd.DataFrame:
    """Return what each event brought: holidays, sales, strikes.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted. Events are controls that are 0 in some training rows and 1 in all
        others, those that count and are 0 in most rows, and those that
        :class:`~sklearn_mmm.EventEncoder` names.

    Returns
    -------
    DataFrame
        ``event``, ``n_steps`` (time steps in which it was on somewhere), ``per_step``
        (outcome units, what it brought on average in such a step, all regions
        together) and ``contribution`` (outcome units, all of them). The largest effect
        comes first; empty without events.

    Notes
    -----
    Whatever its ``control_reference`` is, an event is counted from 0 here, the time
    without it.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import event_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> X["easter"] = (X.index % 52 == 14) * 1.0
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, ["easter"], "region", "week",
    ...     max_epochs=5, n_members=0, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> event_table(mmm)[["event", "n_steps"]].to_dict("records")
    [{'event': 'easter', 'n_steps': 1}]
    """
    history, rows = mmm.history_, []
    steps = step_numbers(history["time"])
    for name in mmm.control_columns_:
        values = history[name].to_numpy(float)
        on = values > 0
        if not _is_event(name, values):
            continue
        parts = mmm.contributions_[name].to_numpy()
        # Effects may differ between regions, so each is counted from its own zero.
        region = history["region"].to_numpy()
        zero = pd.Series(parts[~on]).groupby(region[~on]).mean()
        above = parts[on] - pd.Series(region[on]).map(zero).fillna(0.0).to_numpy()
        n_steps = len(np.unique(steps[on]))
        rows.append((name, n_steps, above.sum() / n_steps, above.sum()))
    table = pd.DataFrame(rows, columns=["event", "n_steps", "per_step", "contribution"])
    order = table["per_step"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _is_event(name: str, values: np.ndarray) -> bool:
    """Return whether a control is on now and then."""
    absent = values == 0
    if not absent.any() or absent.all() or (values < 0).any():
        return False
    if name.startswith("event_") or np.isin(values, (0.0, 1.0)).all():
        return True
    return bool((values == np.floor(values)).all() and absent.mean() > 0.5)
