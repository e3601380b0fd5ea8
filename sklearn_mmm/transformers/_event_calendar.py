"""Which rows of a table have which holidays and named events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.panel._regions import text_of
from sklearn_mmm.panel._time_axis import TimeAxis
from sklearn_mmm.panel._time_labels import DAY
from sklearn_mmm.panel._time_steps import AVERAGE_MONTH
from sklearn_mmm.transformers._event_days import (
    Occurrence,
    column_of,
    holidays_of,
)
from sklearn_mmm.transformers._event_steps import EventSteps, Marks, Window


@dataclass(frozen=True)
class EventCalendar:
    """Holidays and named events of regions.

    Attributes
    ----------
    country, subdivision : str, dict or None
        See :class:`EventEncoder`.
    categories : sequence of str or None
    named : list of Occurrence
        Of the table of events; regions are those of fit.
    window : Window
    axis : TimeAxis
    at_end : bool
        Whether labels are those of the last day of a step.
    """

    country: Any
    subdivision: Any
    categories: Sequence[str] | None
    named: list[Occurrence]
    window: Window
    axis: TimeAxis
    at_end: bool

    def values(
        self, region: np.ndarray, position: np.ndarray
    ) -> tuple[dict[str, np.ndarray], list[Occurrence]]:
        """Return the values of rows by column, and the events they come from.

        Parameters
        ----------
        region, position : ndarray of shape (n_rows,)
            Labels, and time steps since the first training label.
        """
        steps = EventSteps(self.axis, self.at_end)
        every = [*self.named, *self._holidays(region, position)]
        own = {event.region for event in every if event.region is not None}
        found: dict[str, np.ndarray] = {}
        wanted, step = np.unique(position, return_inverse=True)
        places, place = np.unique(region, return_inverse=True)
        shared = [event for event in every if event.region is None]
        usual = steps.marks(shared, self.window)
        for i, label in enumerate(places):
            marks = usual
            if label in own:
                here = [e for e in every if e.region is None or e.region == label]
                marks = steps.marks(here, self.window)
            rows = place == i
            for name, column in _on_steps(marks, wanted).items():
                values = found.setdefault(name, np.zeros(len(region)))
                values[rows] = column[step[rows]]
        return found, every

    def _holidays(self, region: np.ndarray, position: np.ndarray) -> list[Occurrence]:
        if self.country is None:
            return []
        years = self._years(position)
        if not isinstance(self.country, Mapping) and not isinstance(
            self.subdivision, Mapping
        ):
            return holidays_of(self.country, self.subdivision, self.categories, years)
        out = []
        for label in np.unique(region):
            country = _of_region(self.country, label, "country")
            if country is None:
                continue
            part = _of_region(self.subdivision, label, "subdivision")
            out += holidays_of(country, part, self.categories, years, label)
        return out

    def _years(self, position: np.ndarray) -> range:
        """Return the years of time steps, and one more on each side for windows."""
        axis = self.axis
        ends = np.array([position.min(), position.max()])
        if axis.kind == "month":
            years = 1970 + (axis.first + ends * axis.pace) // 12
        else:
            pace = AVERAGE_MONTH if axis.kind == "fiscal" else axis.pace
            days = np.floor((axis.first + ends * pace) / DAY)
            years = 1970 + np.floor(days / 365.2425)
        return range(int(years[0]) - 1, int(years[1]) + 2)


def placed(
    events: Sequence[Occurrence], regions: np.ndarray | None
) -> list[Occurrence]:
    """Return events with the labels that regions have in fit.

    Parameters
    ----------
    events : sequence of Occurrence
    regions : ndarray of shape (n_regions,) or None
        None without a region column.

    Raises
    ------
    ValueError
        If an event is of a region that does not exist.
    """
    known = {} if regions is None else {text_of(label): label for label in regions}
    out = []
    for event in events:
        label = event.region
        if label is not None and text_of(label) not in known:
            why = "there is no region_column; name it"
            if regions is not None:
                why = f"X does not have it; X has {list(known)[:12]}"
            raise ValueError(
                f"events: {event.name!r} is of region {label!r}, but {why}"
            )
        out.append(
            event if label is None else event._replace(region=known[text_of(label)])
        )
    return out


def _of_region(given: Any, label: Any, parameter: str) -> Any:
    """Return what is given of a region.

    Raises
    ------
    ValueError
        If nothing is said of it.
    """
    if not isinstance(given, Mapping):
        return given
    by_text = {text_of(key): value for key, value in given.items()}
    if text_of(label) not in by_text:
        raise ValueError(
            f"{parameter} says nothing of region {label!r}; it has {list(given)}. Name "
            "each region, with None where there is none"
        )
    return by_text[text_of(label)]


def _on_steps(marks: Marks, wanted: np.ndarray) -> dict[str, np.ndarray]:
    """Return the values at some positions, by column."""
    return {
        name: np.array([values.get(position, 0.0) for position in wanted.tolist()])
        for name, values in marks.items()
    }


def event_table(
    found: list[Occurrence], calendar: EventCalendar | None, last: float
) -> pd.DataFrame:
    """Return the events of the training steps as a table.

    Parameters
    ----------
    found : list of Occurrence
    calendar : EventCalendar or None
    last : float
        The last training step.
    """
    names = ["column", "name", "start", "end", "region"]
    if calendar is None:
        return pd.DataFrame(columns=names)
    steps = EventSteps(calendar.axis, calendar.at_end)
    rows: list[tuple[Any, ...]] = []
    for event in found:
        if any(0 <= step <= last for step in steps.of(event)):
            end = event.end - 1 if steps.dated else event.end
            column, region = column_of(event.name), event.region
            rows.append((column, event.name, event.start, end, region))
    table = pd.DataFrame(rows, columns=names)
    if steps.dated:
        for column in ("start", "end"):
            moment = pd.to_datetime(table[column].astype("int64"))
            table[column] = moment.dt.floor("D")
    return table.sort_values(["start", "column"], kind="stable", ignore_index=True)
