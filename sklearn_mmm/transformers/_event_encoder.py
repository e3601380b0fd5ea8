"""EventEncoder: holidays and named events as columns, also for time steps to come."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_mmm._sklearn_compat import (
    StrOptions,
    _check_feature_names_in,
    _fit_context,
)
from sklearn_mmm._threads import one_thread
from sklearn_mmm._warn import warn_caller
from sklearn_mmm.exceptions import UnknownEventWarning
from sklearn_mmm.panel._columns import (
    Column,
    ColumnSpec,
    as_table,
    column_names,
    is_frame,
    key_column,
    read_key,
    with_columns,
)
from sklearn_mmm.panel._region_labels import (
    RegionSpec,
    read_region_labels,
    region_key_columns,
)
from sklearn_mmm.panel._time_axis import TimeAxis, make_time_axis
from sklearn_mmm.storage import StoredEstimator
from sklearn_mmm.transformers._event_calendar import (
    EventCalendar,
    event_table,
    placed,
)
from sklearn_mmm.transformers._event_days import (
    Occurrence,
    column_of,
    date_columns,
    read_events,
)
from sklearn_mmm.transformers._event_steps import EventSteps, Window, read_window
from sklearn_mmm.transformers._event_texts import find_texts


class EventEncoder(TransformerMixin, StoredEstimator):
    r"""Encode holidays and named events as columns, also for time steps to come.

    Appends a column for each event, ``event_christmas_day``, and for each step of the
    window around it, ``event_christmas_day_before_1``; of a name over the years there
    is one. A column holds on how many days of the time step the event is on (1 where
    steps are a day or less), so that a holiday counts in the week it falls into and a
    sale by its days. Columns of texts that name events are encoded as well, and go.

    In front of :class:`~sklearn_mmm.DeepCausalMMMRegressor` the new columns are
    controls: ``control_columns=["price", make_column_selector("^event_")]``. Rare ones
    are pooled there.

    Parameters
    ----------
    country : str or dict, default=None
        Whose holidays, by its ISO 3166 code ("US", "DE"), or a code for each region:
        ``{"paris": "FR", "lyon": "FR", "berlin": "DE"}``. None means no holidays.
    subdivision : str or dict, default=None
        State or province of which holidays are taken as well ("CA", "BY"), or one for
        each region.
    events : DataFrame, default=None
        Named events, one row for each time that one was on: ``name``, ``start``, and if
        you like ``end`` (the last day; without it each lasts a day) and ``region`` (a
        label; empty or "all" for all regions). Where time steps are numbers, start and
        end are numbers.
    window : tuple of int, default=(-2, 1)
        Time steps before and after an event that have columns of their own: people buy
        before a holiday and stay away after it. Days where steps are shorter than a
        day. ``(0, 0)`` is the event alone.
    shape : {"steps", "gaussian"}, default="steps"
        "steps" has a column for each step of the window. "gaussian" has one column for
        each event, which rises and falls around it as
        :math:`e^{-k^2 / 2 s^2}`, :math:`k` steps away and with :math:`s` half of the
        window on that side.
    region_column : str, int or list of these, default=None
        Column or index level with the region; the one that events depend on is enough.
    time_column : str or int, default=None
        That with the time step; None is the only column that holds dates.
    text_columns : "auto" or column specifier, default="auto"
        Columns of texts that name the event of a row ("easter", or "easter; sale").
        They have no window: texts say themselves where events are. Where all rows have
        a text, the most frequent one is the usual state. "auto" are columns that
        mostly hold a word for none ("na", "none", nothing at all). None for none.
    categories : sequence of str, default=None
        Kinds of holidays of the package ``holidays``, such as ``("public",
        "unofficial")``; None means public ones.
    label : {"start", "end"}, default="start"
        Whether a date is the first or the last day of its time step.

    Attributes
    ----------
    event_names_ : list of str
        The columns that are appended: those of events that were on in fit.
    events_ : DataFrame
        Events with days in the steps of fit: ``column``, ``name``, ``start``, ``end``
        (the last day) and ``region`` (None for all).
    text_columns_ : dict
        What each column of texts holds where there is no event.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only when X has string column names.

    Notes
    -----
    Holidays are those of the package ``holidays`` (vacanza, MIT licence) on the days
    themselves, not on days that stand in for them; names are English where it knows
    English ones. An event that was never on in fit has no column, since nothing is
    known of its effect: rows that have it give a warning.

    A window in its own columns is that of distributed effects around holidays (Taylor
    & Letham, 2018, "Forecasting at Scale", section 3.3).

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm import EventEncoder
    >>> X = pd.DataFrame({"week": pd.date_range("2023-12-04", periods=5, freq="7D")})
    >>> sale = pd.DataFrame({"name": ["sale"], "start": ["2023-12-15"],
    ...                      "end": ["2023-12-18"]})
    >>> encoder = EventEncoder("US", events=sale, window=(-1, 0))
    >>> encoder.fit_transform(X)["event_sale"].tolist()
    [0.0, 3.0, 1.0, 0.0, 0.0]
    >>> [name for name in encoder.event_names_ if "christmas" in name]
    ['event_christmas_day_before_1', 'event_christmas_day']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "country": [None, str, Mapping],
        "subdivision": [None, str, Mapping],
        "events": [object],
        "window": [tuple, list],
        "shape": [StrOptions({"steps", "gaussian"})],
        "region_column": [None, str, Integral, list, tuple],
        "time_column": [None, str, Integral],
        "text_columns": [None, str, Integral, "array-like", slice, callable],
        "categories": [None, list, tuple],
        "label": [StrOptions({"start", "end"})],
    }

    def __init__(
        self,
        country: str | Mapping[Any, str] | None = None,
        subdivision: str | Mapping[Any, str] | None = None,
        events: Any = None,
        window: tuple[int, int] = (-2, 1),
        shape: str = "steps",
        *,
        region_column: RegionSpec = None,
        time_column: str | int | None = None,
        text_columns: ColumnSpec = "auto",
        categories: Sequence[str] | None = None,
        label: str = "start",
    ) -> None:
        self.country = country
        self.subdivision = subdivision
        self.events = events
        self.window = window
        self.shape = shape
        self.region_column = region_column
        self.time_column = time_column
        self.text_columns = text_columns
        self.categories = categories
        self.label = label

    @_fit_context(prefer_skip_nested_validation=True)
    @one_thread()
    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the events of the rows.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
            Keys, texts that name events, and columns that stay as they are.
        y : ignored
            For pipelines.

        Returns
        -------
        self
            The transformer, fitted.

        Raises
        ------
        ValueError
            If a country, subdivision or region is unknown, the table of events is none,
            or the time steps are no dates where dates are needed.
        """
        table = as_table(X)
        validate_data(self, table, skip_check_array=True)
        window = read_window(self.window, self.shape == "gaussian")
        time = self._time_of(table)
        key = key_column(table, time, "time_column")
        found_keys = region_key_columns(table, self.region_column)
        found_keys += [] if key is None else [key]
        self._texts = find_texts(table, self.text_columns, found_keys)
        self.text_columns_ = {text.column: text.usual for text in self._texts}
        self._regions = np.unique(self._read_regions(table, None))
        self._time, self._calendar = time, None
        if time is not None and self._needs_time:
            labels = read_key(table, time, "time_column")
            self._calendar = self._make_calendar(make_time_axis(labels, time), window)
        values, found, last = self._values(table)
        on = {name for name, column in values.items() if column.any()}
        windows = sorted({tuple(window.columns(event.name)) for event in found})
        around = [c for own in windows for c in own if c in on]
        self.event_names_ = [*sorted(on - set(around)), *around]
        self.events_ = event_table(found, self._calendar, last)
        self._check_names(table)
        return self

    @one_thread()
    def transform(self, X: Any) -> Any:
        """Append the columns of events, and leave out texts.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
            Rows of any time steps, also some of them alone and later ones.

        Returns
        -------
        DataFrame or array of shape (n_rows, n_columns_out)
            The container that was given, with the new columns.
        """
        check_is_fitted(self)
        table = as_table(X, getattr(self, "feature_names_in_", None))
        validate_data(self, table, reset=False, skip_check_array=True)
        values = self._values(table)[0]
        known = self.event_names_
        unknown = sorted(n for n, v in values.items() if n not in known and v.any())
        if unknown:
            warn_caller(
                f"{len(unknown)} events of these rows were not on in fit, so that "
                "nothing is known of their effects; they are left out: "
                f"{unknown[:5]}{' and others' if len(unknown) > 5 else ''}",
                UnknownEventWarning,
            )
        nothing = np.zeros(table.shape[0])
        return self._append(table, {n: values.get(n, nothing) for n in known})

    def inverse_transform(self, X: Any) -> Any:
        """Take the columns of events off again, and put texts back.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns_out)
            As :meth:`transform` returns it.

        Returns
        -------
        DataFrame or array of shape (n_rows, n_columns)
            In the form of the X of fit. Texts are the events of the row, separated by
            "; ", or what the column holds without one.
        """
        check_is_fitted(self)
        table = as_table(X)
        out = self.get_feature_names_out().tolist()
        place = {name: i for i, name in enumerate(out)}
        on = {
            name: np.asarray(_column(table, name, place[name]), float) > 0
            for name in self.event_names_
        }
        texts = {t.column: t.written(on, table.shape[0]) for t in self._texts}
        columns = list(getattr(self, "feature_names_in_", range(self.n_features_in_)))
        if is_frame(table):
            kept = [c for c in column_names(table) if c not in on]
            whole = with_columns(table, texts, kept)
            return with_columns(whole, {}, columns)
        others = iter(table[:, : len(out) - len(on)].T)
        every = [texts[c] if c in texts else next(others) for c in columns]
        return np.column_stack(every)

    @property
    def _needs_time(self) -> bool:
        return not (self.country is self.subdivision is self.events is None)

    def _time_of(self, table: Any) -> Column | None:
        """Return the time column: as told, or the only one with dates."""
        if self.time_column is not None or not self._needs_time:
            return self.time_column
        dates: list[Column] = date_columns(table)
        if len(dates) != 1:
            what = "no column" if not dates else f"the columns {dates}"
            raise ValueError(
                f"time_column is None, and X has {what} of dates; name the column (or "
                "index level) with the time step in time_column"
            )
        return dates[0]

    def _make_calendar(self, axis: TimeAxis, window: Window) -> EventCalendar:
        at_end = self.label == "end"
        dated = EventSteps(axis, at_end).dated
        if not dated and self.country is not None:
            raise ValueError(
                f"time column {self._time!r} holds numbers, so that nobody knows when "
                "holidays are; give dates, or name events in events="
            )
        if self.subdivision is not None and self.country is None:
            raise ValueError(
                f"subdivision={self.subdivision!r} is part of a country; name it in "
                "country"
            )
        named = [] if self.events is None else read_events(self.events, dated)
        regions = None if self.region_column is None else self._regions
        named = placed(named, regions)
        given = self.country, self.subdivision
        if regions is None and any(isinstance(g, Mapping) for g in given):
            raise ValueError(
                "country or subdivision is told by region, but there is no "
                "region_column; name it"
            )
        return EventCalendar(*given, self.categories, named, window, axis, at_end)

    def _read_regions(self, table: Any, known: Any) -> np.ndarray:
        return read_region_labels(table, self.region_column, known)

    def _values(
        self, table: Any
    ) -> tuple[dict[str, np.ndarray], list[Occurrence], float]:
        """Return values by column, the events they come from, and the last step."""
        values: dict[str, np.ndarray] = {}
        found: list[Occurrence] = []
        last = 0.0
        if self._calendar is not None and self._time is not None:
            labels = read_key(table, self._time, "time_column")
            position = self._calendar.axis.position(labels, self._time)
            region = self._read_regions(table, getattr(self, "_regions", None))
            values, found = self._calendar.values(region, position)
            last = float(position.max())
        for text in self._texts:
            for row, names in enumerate(text.read(table)):
                for name in names:
                    column = text.columns.get(name) or column_of(name)
                    own = values.setdefault(column, np.zeros(table.shape[0]))
                    own[row] = max(own[row], 1.0)
        return values, found, last

    def _check_names(self, table: Any) -> None:
        taken = [c for c in column_names(table) if c in self.event_names_]
        if taken:
            raise ValueError(
                f"X has columns {taken[:5]}, which events would be called; rename them "
                "or the events"
            )

    def _append(self, table: Any, new: dict[str, np.ndarray]) -> Any:
        texts = list(self.text_columns_)
        if not new and not texts:
            return table
        kept = [c for c in column_names(table) if c not in texts]
        if is_frame(table):
            return with_columns(table, new, kept)
        columns = [table[:, kept], *(values[:, None] for values in new.values())]
        return np.concatenate(columns, axis=1)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names to use for an array.

        Returns
        -------
        ndarray of str
            In the order of what ``transform`` returns.
        """
        check_is_fitted(self, "n_features_in_")
        names = _check_feature_names_in(self, input_features)
        texts = list(self.text_columns_)
        kept = [n for i, n in enumerate(names) if n not in texts and i not in texts]
        return np.asarray([*kept, *self.event_names_], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True  # other columns pass as they are
        tags.input_tags.string = True
        tags.requires_fit = True
        return tags


def _column(table: Any, name: str, place: int) -> Any:
    if not is_frame(table):
        return table[:, place]
    return np.asarray(table[name])
