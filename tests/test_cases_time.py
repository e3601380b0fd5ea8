"""Calendars as people write them: read alike everywhere, or refused with a remedy."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import (
    AdstockHillTransformer,
    DeepCausalMMMRegressor,
    PanelTimeSeriesSplit,
    RegionEncoder,
)
from sklearn_mmm.panel._time_axis import make_time_axis

REGIONS = ["north", "south", "west"]


def panel(labels, regions=REGIONS, seed=0):
    """Return a panel whose time steps are given, with its outcome."""
    rng = np.random.default_rng(seed)
    n = len(labels) * len(regions)
    X = pd.DataFrame(
        {
            "region": np.repeat(regions, len(labels)),
            "week": np.tile(np.asarray(labels, dtype=object), len(regions)),
            "tv": rng.gamma(2.0, 50.0, n),
        }
    )
    return X, 100 + 0.5 * X["tv"].to_numpy() + rng.normal(0, 3, n)


def written(dates, layout):
    return dates.strftime(layout).to_numpy(dtype=object)


def steps(labels):
    axis = make_time_axis(labels, "week")
    return axis.position(labels, "week").tolist()


MONTHS = pd.date_range("2021-01-01", periods=24, freq="MS")
MONDAYS = pd.date_range("2020-01-06", periods=104, freq="7D")
DAYS = pd.date_range("2023-01-13", periods=60)
HOURS = pd.date_range("2023-01-01", periods=160, freq="h")


@pytest.mark.parametrize("layout", ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y"])
def test_two_years_of_months_can_only_be_read_in_one_way(layout):
    axis = make_time_axis(written(MONTHS, layout), "week")
    assert (axis.kind, axis.step, len(axis.training_ticks)) == ("month", 1, 24)


def test_twelve_first_days_of_months_may_be_twelve_days_of_january():
    with pytest.raises(ValueError, match=r"'week' cannot.*dayfirst=True") as error:
        make_time_axis(written(MONTHS[:12], "%d/%m/%Y"), "week")
    assert "ISO" in str(error.value)


def test_the_format_of_fit_is_that_of_predict_and_partial_fit(quick):
    days = pd.date_range("2023-01-13", periods=144)
    later = pd.date_range("2023-06-06", periods=3)
    fitted = quick(max_lag=28).fit(*panel(days))
    same = quick(max_lag=28).fit(*panel(written(days, "%d/%m/%Y")))
    new, y_new = panel(later)
    text = new.assign(week=np.tile(written(later, "%d/%m/%Y"), 3))
    np.testing.assert_array_equal(fitted.predict(new), same.predict(text))
    assert same.row_keys(text)["time"].nunique() == 3
    same.partial_fit(text, y_new)
    assert pd.Timestamp(same.history_["time"].max()) == later[-1]


def test_a_label_in_another_format_is_refused_unless_it_is_iso():
    axis = make_time_axis(written(DAYS, "%d/%m/%Y"), "week")
    assert axis.position(["2023-06-05"], "week").tolist() == [143]
    with pytest.raises(ValueError, match=r"'06/25/2023' in row 0.*%d/%m/%Y.*ISO"):
        axis.position(["06/25/2023"], "week")


def test_windows_of_lift_tests_are_read_in_the_format_of_fit():
    weeks = pd.date_range("2022-01-03", periods=60, freq="7D")
    axis = make_time_axis(written(weeks, "%d/%m/%Y"), "week")
    first, last = axis.spans(["05/09/2022"], ["10/10/2022"], "lift test")
    assert (last - first + 1).tolist() == [6]
    # Where fit was given dates, the text could be either.
    with pytest.raises(ValueError, match="dayfirst"):
        make_time_axis(weeks, "week").spans(["05/09/2022"], ["10/10/2022"], "lift test")


def test_lift_tests_of_a_day_first_panel(quick):
    weeks = pd.date_range("2022-01-03", periods=60, freq="7D")
    X, y = panel(written(weeks, "%d/%m/%Y"))
    test = {"channel": ["tv"], "lift": [900.0], "std_error": [500.0]}
    windows = {"start": ["05/09/2022"], "end": ["10/10/2022"]}
    iso = {"start": [pd.Timestamp("2022-09-05")], "end": [pd.Timestamp("2022-10-10")]}
    one, other = (
        quick(random_state=0).fit(X, y, lift_tests=pd.DataFrame(test | w))
        for w in (windows, iso)
    )
    np.testing.assert_array_equal(one.predict(X), other.predict(X))


def test_two_seasons_years_apart_fit(quick):
    season = pd.date_range("2018-01-01", periods=8, freq="7D")
    X, y = panel([*season, *(season + pd.Timedelta(weeks=260))])
    with pytest.warns(UserWarning, match="missing"):
        mmm = quick().fit(X, y)
    assert np.isfinite(mmm.predict(X)).all()


@pytest.mark.parametrize("late", [520, 5200])
def test_a_row_years_late_is_shown(late):
    labels = [*MONDAYS, MONDAYS[-1] + pd.Timedelta(weeks=late)]
    with pytest.raises(
        ValueError, match=rf"'week' has a gap of {late:,} steps.*row 104"
    ):
        make_time_axis(labels, "week")
    numbers = [*range(104), 103 + late]
    with pytest.raises(
        ValueError, match=rf"'week' has a gap of {late:,} steps.*row 104"
    ):
        make_time_axis(numbers, "week")


@pytest.mark.parametrize(
    ("dates", "layout", "kind"),
    [
        (MONDAYS, "%Y%m%d", "date"),
        (MONTHS, "%Y%m", "month"),
        (MONDAYS, "%G%V", "date"),
        (MONDAYS, "%Y%j", "date"),
        (MONDAYS, "%y%m%d", "date"),
    ],
)
def test_numbers_that_write_a_calendar_are_dates(dates, layout, kind):
    numbers = np.array([int(text) for text in dates.strftime(layout)])
    axis = make_time_axis(numbers, "week")
    assert axis.kind == kind
    assert axis.season_length == make_time_axis(dates, "week").season_length
    assert axis.position(numbers, "week").tolist() == list(range(len(dates)))
    # Read from a file they may come as texts, or as dates.
    assert axis.position(numbers[3:5].astype(str), "week").tolist() == [3, 4]
    assert axis.position(dates[3:5], "week").tolist() == [3, 4]


def test_twelve_numbers_that_may_be_weeks_or_months_are_refused():
    with pytest.raises(ValueError, match=r"202101 may be.*%Y%m.*%G%V"):
        make_time_axis(np.arange(202101, 202113), "week")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_unix_times_are_refused_with_the_way_to_parse_them(unit):
    numbers = MONDAYS.as_unit(unit).asi8
    with pytest.raises(ValueError, match=rf"'week'.*Unix.*unit='{unit}'"):
        make_time_axis(numbers, "week")


def test_days_of_a_spreadsheet_are_refused_with_the_way_to_parse_them():
    days = (MONDAYS - pd.Timestamp("1899-12-30")).days
    with pytest.raises(ValueError, match="origin='1899-12-30'"):
        make_time_axis(days, "week")


@pytest.mark.parametrize("step", ["7D", "D"])
@pytest.mark.parametrize("as_text", [False, True])
def test_local_days_count_over_a_change_of_clocks(step, as_text):
    dates = pd.date_range("2023-03-02", periods=40, freq=step, tz="Europe/Berlin")
    labels = np.array([str(d) for d in dates], dtype=object) if as_text else dates
    axis = make_time_axis(labels, "week")
    assert axis.step == (7 if step == "7D" else 1)
    assert axis.position(labels, "week").tolist() == list(range(40))
    assert axis.position(dates.tz_localize(None), "week").tolist() == list(range(40))


def test_midnights_of_one_zone_are_known_in_another():
    dates = pd.date_range("2023-03-02", periods=40, freq="7D", tz="Europe/Berlin")
    axis = make_time_axis(dates, "week")
    assert axis.position(dates.tz_convert("UTC"), "week").tolist() == list(range(40))


def test_hours_over_a_change_of_clocks_count_in_universal_time():
    hours = pd.date_range("2023-10-25", periods=160, freq="h", tz="Europe/Berlin")
    axis = make_time_axis(hours, "hour")
    assert axis.position(hours, "hour").tolist() == list(range(160))
    with pytest.raises(ValueError, match="give them their time zone"):
        axis.position(hours.tz_localize(None), "hour")


def test_regressor_transformers_and_splitter_read_time_zones_alike(quick):
    dates = pd.date_range("2023-03-02", periods=30, freq="7D", tz="Europe/Berlin")
    X, y = panel(dates)
    X["week"] = pd.DatetimeIndex(X["week"])
    naive = X.assign(week=X["week"].dt.tz_localize(None))
    mmm = quick().fit(X, y)
    np.testing.assert_array_equal(mmm.predict(X), quick().fit(naive, y).predict(naive))
    assert np.isfinite(mmm.predict(X[-9:])).all()
    for make in (
        lambda: AdstockHillTransformer(["tv"], "region", "week"),
        lambda: RegionEncoder("region", "week"),
    ):
        one, other = make().fit_transform(X, y), make().fit_transform(naive, y)
        columns = [c for c in one if c not in ("region", "week")]
        pd.testing.assert_frame_equal(one[columns], other[columns])
    split = PanelTimeSeriesSplit(3, time_column="week")
    for one, other in zip(split.split(X), split.split(naive), strict=True):
        np.testing.assert_array_equal(one[1], other[1])


@pytest.mark.parametrize(
    ("labels", "n_day"),
    [
        (HOURS, 24),
        (pd.date_range("2023-01-01", periods=100, freq="15min"), 96),
        (pd.date_range("2023-01-01", periods=100, freq="7s"), 86400 / 7),
    ],
)
def test_hours_and_minutes_are_whole_nanoseconds(labels, n_day):
    axis = make_time_axis(labels, "hour")
    assert axis.position(labels, "hour").tolist() == list(range(len(labels)))
    cycles = axis.cycles
    assert [cycles[name] for name in ("year", "week", "day")] == pytest.approx(
        [365.25 * n_day, 7 * n_day, n_day]
    )


@pytest.mark.parametrize("layout", ["%G-W%V", "%GW%V", "%G W%V", "%G-%V"])
def test_iso_weeks(layout):
    axis = make_time_axis(written(MONDAYS, layout), "week")
    assert axis.step == 7
    assert axis.position(["2022-W05"], "week").tolist() == [108]
    with pytest.raises(ValueError, match="2022-W53"):  # a year of 52 weeks
        axis.position(["2022-W53"], "week")


def test_iso_weeks_fit_and_predict(quick):
    X, y = panel(written(MONDAYS[:30], "%G-W%V"))
    dated, _ = panel(MONDAYS[:30])
    mmm = quick().fit(X, y)
    np.testing.assert_array_equal(mmm.predict(X), quick().fit(dated, y).predict(dated))


@pytest.mark.parametrize("year", ["1902", "2200", "3000"])
def test_years_far_away_are_refused_by_predict_and_partial_fit(quick, year):
    X, y = panel(MONDAYS[:30])
    mmm = quick().fit(X, y)
    monday = pd.Timestamp(f"{year}-01-01") + pd.offsets.Week(weekday=0)
    far = X[:1].assign(week=np.datetime64(monday.date(), "s"))
    for refuse in (mmm.predict, lambda rows: mmm.partial_fit(rows, [1.0])):
        with pytest.raises(ValueError, match=rf"'week'.*{year}.*mend the date"):
            refuse(far)


def test_daily_data_have_a_week_as_well_as_a_year():
    days = pd.date_range("2023-01-02", periods=392)
    cycles = {"year": 365.25, "month": 365.25 / 12, "week": 7.0, "day": 1.0}
    assert make_time_axis(days, "day").cycles == cycles
    assert make_time_axis(days, "day").season_length == 365.25
    assert make_time_axis(MONDAYS, "week").cycles["week"] == 1.0
    assert make_time_axis(MONTHS, "month").cycles == {"year": 12.0, "month": 1.0}


def test_the_pattern_of_weekdays_is_learned_and_forecast():
    rng = np.random.default_rng(0)
    days = pd.date_range("2022-01-03", periods=140)
    weekday = np.array([0, 5, 10, 20, 40, 80, 60.0])[np.arange(140) % 7]
    X = pd.DataFrame({"day": days, "tv": rng.gamma(1.0, 50.0, 140)})
    y = 200 + weekday + 0.2 * X["tv"] + rng.normal(0, 5, 140)
    mmm = DeepCausalMMMRegressor(
        ["tv"],
        time_column="day",
        max_lag=28,
        validation=False,
        time_varying=False,
        graph=False,
        n_members=0,
        random_state=0,
    ).fit(X[:-14], y[:-14])
    assert mmm.score(X[:-14], y[:-14]) > 0.9
    # The pattern is not taken for, or from, what the channel brings.
    brought = mmm.contributions_["tv"].sum() / (0.2 * X["tv"][:-14].sum())
    assert brought == pytest.approx(1, abs=0.3)
    # Without a weekly season the last two weeks would be forecast by a level.
    ahead = mmm.decompose(X[-14:])["baseline"]
    assert np.corrcoef(ahead, weekday[-14:])[0, 1] > 0.95


@pytest.mark.parametrize("pattern", [(28, 28, 35), (28, 35, 28), (35, 28, 28)])
def test_retail_periods_of_four_and_five_weeks(pattern):
    ends = pd.Timestamp("2021-01-30") + pd.to_timedelta(
        np.cumsum([0, *(pattern * 12)]), unit="D"
    )
    axis = make_time_axis(ends, "period")
    assert (axis.kind, axis.season_length) == ("fiscal", 12)
    assert axis.position(ends, "period").tolist() == list(range(37))
    assert axis.position(ends[[5]], "period").tolist() == [5]
    first, last = axis.spans([ends[3]], [ends[5]], "lift test")
    assert (first[0], last[0]) == (3, 5)


def test_retail_years_may_drift_or_have_a_53rd_week():
    years = [28, 28, 35] * 4
    long_year = [*years[:-1], 42]
    for gaps in (years * 20, [*(years * 5), *long_year] * 3):
        ends = pd.Timestamp("2001-01-27") + pd.to_timedelta(
            np.cumsum([0, *gaps]), unit="D"
        )
        axis = make_time_axis(ends[:-12], "period")
        assert axis.kind == "fiscal"
        assert axis.position(ends, "period").tolist() == list(range(len(ends)))
        with pytest.raises(ValueError, match="off the grid"):
            axis.position(ends[[5]] + pd.Timedelta(weeks=1), "period")


@pytest.mark.parametrize("frequency", ["ME", "BME", "BMS", "MS", "QE", "YE"])
def test_calendars_of_months(frequency):
    dates = pd.date_range("2019-01-31", periods=30, freq=frequency)
    axis = make_time_axis(dates, "month")
    assert axis.kind == "month"
    assert axis.position(dates, "month").tolist() == list(range(30))


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        ([True, False], "bool"),
        (np.array([1, 2], "m8[D]"), "timedelta"),
        ([1j, 2j], "complex"),
        (np.array([1, "a"], dtype=object), r"(int|str) \(.*(int|str) \("),
        (np.array(["2023-01-02", "2023-02-30"], dtype=object), "'2023-02-30' in row 1"),
        (np.array(["2023-01-02", "9/1/2023"], dtype=object), "'9/1/2023' in row 1"),
        (np.array(["2023-01-02", None], dtype=object), "NaN.*row 1"),
        (np.array([10**400, 2], dtype=object), "too large"),
        (np.array(["soon", "later"], dtype=object), "'soon' in row 0"),
        (np.array(["2023-01-02", "3023-01-02"], "M8[s]"), "year 3023 in row 1"),
    ],
)
def test_what_is_no_time_is_named(labels, what):
    with pytest.raises(ValueError, match=f"'week'.*{what}"):
        make_time_axis(labels, "week")
