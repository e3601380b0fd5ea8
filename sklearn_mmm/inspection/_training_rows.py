"""The training rows of a fitted estimator, as tables can use them."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_mmm._arguments import check_choice, check_whole
from sklearn_mmm._intervals import check_coverage
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.panel._region_labels import region_columns
from sklearn_mmm.panel._time_axis import TimeAxis, make_time_axis

_DATE_STEPS = {1 / 24: "hour", 1.0: "day", 7.0: "week"}
_MONTH_STEPS = {1.0: "month", 3.0: "quarter", 12.0: "year"}


class Units(NamedTuple):
    """What axes are measured in.

    Attributes
    ----------
    outcome : str
        Such as "visits" or "€".
    spend : str
        Such as "$".
    time : str
        One time step, such as "week".
    value : str, default=""
        What an outcome is worth, such as "€", where the model has an
        ``outcome_value``; what media bring is then measured in it.

    Examples
    --------
    >>> from sklearn_mmm.inspection import Units
    >>> Units(outcome="visits", spend="$", time="week").per_spend
    'visits per $'
    """

    outcome: str = "outcome units"
    spend: str = "spend units"
    time: str = "time step"
    value: str = ""

    @property
    def worth(self) -> str:
        """The unit of what media bring: of an outcome's value, if it has one."""
        return self.value or self.outcome

    @property
    def per_step(self) -> str:
        """The unit of an outcome over time."""
        return f"{self.outcome} per {self.time}"

    @property
    def worth_per_step(self) -> str:
        """The unit of what media bring over time."""
        return f"{self.worth} per {self.time}"

    @property
    def per_spend(self) -> str:
        """The unit of a return."""
        one = "spend unit" if self.spend == "spend units" else self.spend
        if self.worth in (one, self.spend):
            return f"{one} per {one} spent"
        return f"{self.worth} per {one}"


@of_fitted_model
def units_of(
    mmm: FittedMMM, outcome: str | None = None, spend: str | None = None
) -> Units:
    """Return units for the axes of a model's charts.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted. Its time labels tell days, weeks, months and so on; whole numbers are
        taken to count weeks.
    outcome, spend : str, default=None
        Names of the units; None means "outcome units" and "spend units".

    Returns
    -------
    Units
        Of axes and words.

    Examples
    --------
    >>> from sklearn_mmm.inspection import Units
    >>> Units(outcome="visits")
    Units(outcome='visits', spend='spend units', time='time step', value='')
    """
    axis = time_axis(mmm)
    step = "time step"
    if axis is not None and axis.kind == "number" and axis.step == 1:
        step = "week"
    elif axis is not None:
        names = {"date": _DATE_STEPS, "month": _MONTH_STEPS}.get(axis.kind, {})
        step = names.get(axis.step, step)
    units = Units(outcome or "outcome units", spend or "spend units", step)
    return with_value(mmm, units)


def with_value(mmm: FittedMMM, units: Units) -> Units:
    """Return units with that of an outcome's worth, where the model has one: money."""
    if mmm.outcome_value is None or units.value:
        return units
    return units._replace(value=units.spend)


def time_axis(mmm: FittedMMM) -> TimeAxis | None:
    """Return the spacing of the training labels; None without a time column."""
    if mmm.time_column is None:
        return None
    return make_time_axis(mmm.history_["time"].to_numpy(), mmm.time_column)


def step_numbers(times: Any) -> np.ndarray:
    """Return the number of each label's time step, the first being 0."""
    labels = np.asarray(times)
    return make_time_axis(labels, "time").position(labels, "time")


def calendar_labels(times: Any) -> np.ndarray:
    """Return dates, periods and texts that parse as dates as dates, numbers as such."""
    labels = np.asarray(times)
    if labels.dtype.kind in "iufbM":
        return labels
    if isinstance(labels[0], pd.Period):
        return pd.PeriodIndex(labels).to_timestamp().to_numpy()
    if all(isinstance(v, (int, float, np.number)) for v in labels):
        return labels.astype(float)
    return pd.DatetimeIndex(pd.to_datetime(labels)).tz_localize(None).to_numpy()


def keys(mmm: FittedMMM) -> pd.DataFrame:
    """Return region and time of the training rows, in the order of contributions_."""
    history = mmm.history_
    time = calendar_labels(history["time"])
    return pd.DataFrame({"region": history["region"].to_numpy(), "time": time})


def parts_of(mmm: FittedMMM, by: str | None) -> pd.Series:
    """Return the region or, by the name of a dimension, the group of training rows.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
    by : str or None
        None means regions.

    Raises
    ------
    ValueError
        If regions have no such dimension.
    """
    region = mmm.history_["region"]
    if by is None:
        return region
    table = mmm.dimensions_
    check_choice("by", by, list(table.columns))
    labels = table[by].loc[region].to_numpy()
    return pd.Series(labels, region.index, name=by)


@of_fitted_model
def channels_by_size(mmm: FittedMMM) -> list[str]:
    """Return the channels, the one that brought most in training first.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.

    Returns
    -------
    list of str
        Names of media columns.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import channels_by_size
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, n_members=0, validation=False, graph=False, random_state=0,
    ... ).fit(X, y)
    >>> sorted(channels_by_size(mmm))
    ['search', 'tv']
    """
    brought = worth_of_parts(mmm)[mmm.media_columns_].sum()
    return list(brought.sort_values(ascending=False, kind="stable").index)


def worth_of_parts(mmm: FittedMMM) -> pd.DataFrame:
    """Return what the contributions to each training row are worth.

    ``contributions_`` times the worth of an outcome unit in the row: money with an
    ``outcome_value``, and outcome units without one.
    """
    worth = getattr(mmm, "outcome_value_", None)
    if worth is None:
        return mmm.contributions_
    return mmm.contributions_.mul(worth.to_numpy(), axis=0)


def free_channels(mmm: FittedMMM) -> list[str]:
    """Return the channels with media that cost nothing in all training rows."""
    media = mmm.history_[mmm.media_columns_].to_numpy()
    paid = (mmm.spend_.to_numpy() > 0).any(axis=0)
    free = np.asarray((media > 0).any(axis=0) & ~paid)
    return [n for n, f in zip(mmm.media_columns_, free, strict=True) if f]


@of_fitted_model
def training_rows(mmm: FittedMMM, n_steps: int | None = None) -> Any:
    """Return training rows in the form of X, made from ``history_``.

    Columns that the model does not use are NaN.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    n_steps : int, default=None
        Only rows of the last time steps; None means all.

    Returns
    -------
    DataFrame or ndarray of shape (n_rows, n_columns)
        A DataFrame if X had named columns.

    Raises
    ------
    ValueError
        If ``n_steps`` is less than 1.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import training_rows
    >>> X, y, truth = make_mmm(n_regions=2, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> training_rows(mmm, n_steps=13).shape
    (26, 6)
    """
    if n_steps is not None:
        check_whole("n_steps", n_steps, 1)
    history = mmm.history_
    if n_steps is not None:
        last = np.unique(step_numbers(history["time"]))[-n_steps:][0]
        history = history[step_numbers(history["time"]) >= last]
    names = getattr(mmm, "feature_names_in_", None)
    if names is None:
        return _array(mmm, history)
    return _frame(mmm, history, list(names))


def _frame(mmm: FittedMMM, history: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    values = _columns(mmm, history)
    levels: dict[str, pd.Series] = {}
    for column, labels in _keys(mmm, history):
        if not isinstance(column, str):
            column = names[column]
        (values if column in names else levels)[column] = labels
    table = pd.DataFrame(values, history.index).reindex(columns=names)
    if levels:
        table.index = pd.MultiIndex.from_frame(pd.DataFrame(levels))
        if len(levels) == 1:
            table.index = table.index.get_level_values(0)
    return table


def _keys(mmm: FittedMMM, history: pd.DataFrame) -> list[tuple[Any, pd.Series]]:
    """Return columns with keys, and their labels."""
    regions = region_columns(mmm.region_column)
    found: list[tuple[Any, pd.Series]] = []
    if len(regions) == 1:
        found.append((regions[0], history["region"]))
    elif regions:
        parts = mmm.dimensions_.loc[history["region"]].set_axis(history.index)
        found += zip(regions, (parts[name] for name in parts), strict=True)
    if mmm.time_column is not None:
        found.append((mmm.time_column, history["time"]))
    return found


def _columns(mmm: FittedMMM, history: pd.DataFrame) -> dict[str, Any]:
    """Return the columns that the model uses, but for keys, by name."""
    value = mmm.outcome_value_.to_numpy()[history.index]
    spend = mmm.spend_.to_numpy()[history.index].T
    names = {n: n for n in (*mmm.media_columns_, *mmm.control_columns_)}
    for channel, (reach, frequency) in mmm.reach_frequency_.items():
        names |= {channel: reach, frequency: frequency}
    return {
        **{
            column: values
            for column, values in zip(mmm.spend_columns_, spend, strict=True)
            if column is not None
        },
        **{column: history[name].to_numpy() for name, column in names.items()},
        **{c: value for c in [mmm.outcome_value_column_] if c is not None},
    }


def _array(mmm: FittedMMM, history: pd.DataFrame) -> np.ndarray:
    has_keys = mmm.region_column is not None or mmm.time_column is not None
    out = np.full(
        (len(history), mmm.n_features_in_), np.nan, object if has_keys else float
    )
    for name, column in _columns(mmm, history).items():
        out[:, int(name.removeprefix("x"))] = column
    for column, labels in _keys(mmm, history):
        out[:, column] = labels
    return out


@of_fitted_model
def has_intervals(mmm: FittedMMM) -> bool:
    """Return whether the model has members, whose spread gives intervals.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.

    Returns
    -------
    bool
        False of a fit with ``n_members=0``.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import has_intervals
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, n_members=0, validation=False, graph=False, random_state=0,
    ... ).fit(X, y)
    >>> has_intervals(mmm)
    False
    """
    return getattr(mmm, "n_members_", 0) > 0


def interval_options(mmm: FittedMMM, coverage: float) -> dict[str, Any]:
    """Return the argument that asks for intervals; none without members."""
    check_coverage(coverage)
    return {"coverage": coverage} if has_intervals(mmm) else {}
