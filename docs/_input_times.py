"""Calendars that were tried, and what happens."""

import numpy as np
import pandas as pd
from _inputs import WEEKS, Kit, Row, axis, reads

from sklearn_mmm import EventEncoder
from sklearn_mmm.exceptions import MissingWeeksWarning, ShortCarryOverWarning

DAYS = pd.date_range("2023-01-13", periods=60)
MONTHS = pd.date_range("2021-01-01", periods=24, freq="MS")
BERLIN = pd.date_range("2023-03-02", periods=40, freq="7D", tz="Europe/Berlin")
HOURS = pd.date_range("2023-10-25", periods=160, freq="h", tz="Europe/Berlin")
RETAIL = pd.Timestamp("2021-01-30") + pd.to_timedelta(
    np.cumsum([0, *[28, 28, 35] * 8]), unit="D"
)


def _late(kit: Kit, year: str) -> None:
    X, _ = kit.panel()
    date = pd.Timestamp(f"{year}-01-01") + pd.offsets.Week(weekday=0)
    kit.mmm.partial_fit(X[:1].assign(week=np.datetime64(date.date(), "s")), [1.0])


def _text_of_days(kit: Kit) -> bool:
    """Dates and texts of them, day first: the same predictions of later rows."""
    days = pd.date_range("2023-01-13", periods=144)
    later = pd.date_range("2023-06-06", periods=3)
    X, y = kit.panel(times=days)
    dated = kit.fit(X, y, max_lag=28)
    text = kit.fit(X.assign(week=X["week"].dt.strftime("%d/%m/%Y")), y, max_lag=28)
    new, _ = kit.panel(times=later)
    written = new.assign(week=new["week"].dt.strftime("%d/%m/%Y"))
    return kit.same(dated.predict(new), text.predict(written))


def _missing(kit: Kit) -> None:
    X, y = kit.panel()
    kit.fit(X.drop(index=[4, 5]), y[[i for i in range(90) if i not in (4, 5)]])


def _daily(kit: Kit) -> None:
    kit.fit(*kit.panel(times=pd.date_range("2022-01-03", periods=60)), max_lag=8)


TIME = [
    Row(
        "dates, with or without a time of day; periods of weeks, months, quarters",
        "read",
        lambda k: (
            reads(WEEKS)
            and reads(WEEKS + pd.Timedelta(hours=9))
            and all(
                reads(pd.period_range("2011-01", periods=24, freq=f)) for f in "WMQ"
            )
        ),
    ),
    Row(
        "texts ``2023-01-31``, ``2023/1/31``, ``2023-01-31T12:00+01:00``, ``2023-01``",
        "read as ISO 8601",
        lambda k: all(
            reads(MONTHS.strftime(layout), dates=MONTHS)
            for layout in ("%Y-%m-%d", "%Y/%m/%d", "%Y-%m-%dT12:00+01:00", "%Y-%m")
        ),
    ),
    Row(
        "texts ``31.01.2023``, ``31/01/2023``, ``01/31/2023``, ``31/01/23``, also with "
        "a time",
        "day or month first as all texts together allow: by a number above 12, or "
        "because one reading is evenly spaced and the other is all but empty",
        lambda k: all(
            reads(MONTHS.strftime(layout), dates=MONTHS)
            for layout in ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y")
        ),
    ),
    Row(
        "day-first texts in fit, later ones such as ``05/06/2023`` in predict",
        "read in the format of fit",
        _text_of_days,
    ),
    Row(
        "twelve texts from ``01/01/2021`` to ``01/12/2021``",
        "twelve months or twelve days of January?",
        lambda k: axis(MONTHS[:12].strftime("%d/%m/%Y")),
        ValueError,
    ),
    Row(
        "one text in another format than the others",
        "named with its row",
        lambda k: axis([*DAYS.strftime("%d/%m/%Y"), "06/25/2023"]),
        ValueError,
    ),
    Row(
        "a label in another format than in fit",
        "refused, unless it is ISO",
        lambda k: axis(DAYS.strftime("%d/%m/%Y")).position(["06/25/2023"], "week"),
        ValueError,
    ),
    Row(
        "ISO weeks ``2022-W05``, ``2022W05``; quarters ``2022-Q1``; names of months "
        "``5 Jan 2023``",
        "read",
        lambda k: (
            all(reads(WEEKS.strftime(f)) for f in ("%G-W%V", "%GW%V", "%d %b %Y"))
            and reads([f"{y}-Q{q}" for y in range(2015, 2022) for q in (1, 2, 3, 4)])
        ),
    ),
    Row(
        "a week 53 of a year that has none",
        "refused",
        lambda k: axis([*WEEKS.strftime("%G-W%V"), "2022-W53"]),
        ValueError,
    ),
    Row(
        "numbers ``20230105``, ``2023005``, ``230105``; ``202301`` with a number above "
        "12",
        "dates; ISO weeks",
        lambda k: all(
            reads(WEEKS.strftime(f).astype(int), dates=WEEKS)
            for f in ("%Y%m%d", "%Y%j", "%y%m%d", "%G%V")
        ),
    ),
    Row(
        "numbers from ``202101`` to ``202112``",
        "months or weeks?",
        lambda k: axis(np.arange(202101, 202113)),
        ValueError,
    ),
    Row(
        "numbers ``3072023`` that a reader made of ``03.07.2023``",
        "refused with the call that reads them",
        lambda k: axis(WEEKS.strftime("%d%m%Y").astype(int)),
        ValueError,
    ),
    Row("other whole numbers", "count weeks", lambda k: reads(range(3, 40))),
    Row(
        "Unix seconds (also milliseconds to nanoseconds)",
        "refused with the call that reads them",
        lambda k: axis(WEEKS.as_unit("s").asi8),
        ValueError,
    ),
    Row(
        "days of a spreadsheet",
        "refused with the call that reads them",
        lambda k: axis((WEEKS - pd.Timestamp("1899-12-30")).days),
        ValueError,
    ),
    Row(
        "weekly midnights of a time zone, over a change of its clocks",
        "local days count, also of labels in another zone",
        lambda k: (
            reads(BERLIN)
            and axis(BERLIN).position(BERLIN.tz_convert("UTC"), "week").tolist()
            == list(range(40))
        ),
    ),
    Row(
        "hours of a time zone, over a change of its clocks",
        "universal time counts",
        lambda k: reads(HOURS),
    ),
    Row(
        "the same hours later without their zone",
        "refused where they are not clear",
        lambda k: axis(HOURS).position(HOURS.tz_localize(None), "week"),
        ValueError,
    ),
    Row(
        "hours, quarters of an hour, seconds",
        "whole nanoseconds, without rounding",
        lambda k: all(
            reads(pd.date_range("2023-01-01", periods=160, freq=f))
            for f in ("h", "15min", "7s")
        ),
    ),
    Row(
        "ends of months, first or last working days of months, quarters, years",
        "calendar months",
        lambda k: all(
            reads(pd.date_range("2001-01-31", periods=20, freq=f))
            and axis(pd.date_range("2001-01-31", periods=20, freq=f)).kind == "month"
            for f in ("ME", "BME", "BMS", "QE", "YE")
        ),
    ),
    Row(
        "periods of four and five weeks (4-4-5, 4-5-4, 5-4-4, with a 53rd week)",
        "twelve periods a year",
        lambda k: reads(RETAIL) and axis(RETAIL).season_length == 12,
    ),
    Row("rows that are missing", "a grid with gaps", _missing, MissingWeeksWarning),
    Row(
        "one date off the grid",
        "named with its row",
        lambda k: axis([*WEEKS, WEEKS[-1] + pd.Timedelta(days=5)]),
        ValueError,
    ),
    Row(
        "two seasons five years apart",
        "fitted; the years between are missing",
        lambda k: np.isfinite(
            k.fit(
                *k.panel(times=[*WEEKS[:8], *(WEEKS[:8] + pd.Timedelta(weeks=260))])
            ).outcome_
        ).all(),
    ),
    Row(
        "a row 520 weeks late",
        "the gap is shown",
        lambda k: axis([*WEEKS, WEEKS[-1] + pd.Timedelta(weeks=520)]),
        ValueError,
    ),
    Row(
        "a row of the year 2200 in ``predict`` or ``partial_fit``",
        "refused at once",
        lambda k: _late(k, "2200"),
        ValueError,
    ),
    Row(
        "holidays of the year 2200",
        "refused",
        lambda k: EventEncoder("US", region_column="region", time_column="week").fit(
            k.panel(times=pd.date_range("2200-01-06", periods=30, freq="7D"))[0]
        ),
        ValueError,
    ),
    Row(
        "a date that is none",
        "named",
        lambda k: axis(["2023-01-02", "2023-02-30"]),
        ValueError,
    ),
    Row("None, NaT", "refused", lambda k: axis(["2023-01-02", None]), ValueError),
    Row("booleans", "refused", lambda k: axis([True, False]), ValueError),
    Row("texts and numbers mixed", "refused", lambda k: axis([1, "a"]), ValueError),
    Row(
        "daily data",
        "a weekly season beside the yearly one",
        lambda k: axis(DAYS).cycles["week"] == 7.0,
    ),
    Row(
        "daily data with less than four weeks of ``max_lag``",
        "questioned, also by ``diagnose``",
        _daily,
        ShortCarryOverWarning,
    ),
]
