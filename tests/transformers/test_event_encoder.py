"""Holidays, named events and texts as columns."""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import skops.io
from sklearn.base import clone
from sklearn.compose import make_column_selector
from sklearn.pipeline import make_pipeline

import sklearn_mmm
from sklearn_mmm import DeepCausalMMMRegressor, EventEncoder
from sklearn_mmm.exceptions import UnknownEventWarning
from sklearn_mmm.storage import skops_types


def weekly(n=160, start="2021-01-04", **columns):
    week = pd.date_range(start, periods=n, freq="7D")
    return pd.DataFrame({"week": week, "tv": np.arange(n) * 1.0} | columns)


def table(**columns):
    return pd.DataFrame(columns)


SALE = table(
    name=["sale", "sale"],
    start=["2021-03-05", "2022-03-09"],
    end=["2021-03-16", "2022-03-09"],
)


def test_a_week_counts_the_days_of_an_event():
    X = weekly()
    out = EventEncoder(events=SALE, window=(0, 0), time_column="week").fit_transform(X)
    on = out.loc[out["event_sale"] > 0, ["week", "event_sale"]]
    # Friday to Tuesday over a week: 3, 7 and 2 days, and a single day a year later.
    assert on["event_sale"].tolist() == [3.0, 7.0, 2.0, 1.0]
    assert on["week"].dt.strftime("%m-%d").tolist() == [
        "03-01",
        "03-08",
        "03-15",
        "03-07",
    ]
    # Days of a daily table add up to those of the weeks.
    daily = pd.DataFrame({"day": pd.date_range("2021-01-04", periods=800)})
    days = EventEncoder(events=SALE, window=(0, 0)).fit_transform(daily)["event_sale"]
    assert days.sum() == out["event_sale"].sum() == 13.0
    assert set(days) == {0.0, 1.0}


def test_windows_have_columns_of_their_own():
    encoder = EventEncoder(events=SALE, time_column="week")
    out = encoder.fit_transform(weekly())
    names = ["event_sale_before_2", "event_sale_before_1", "event_sale"]
    assert encoder.event_names_ == [*names, "event_sale_after_1"]
    assert list(out) == ["week", "tv", *encoder.event_names_]
    first = int(np.flatnonzero(out["event_sale"] > 0)[0])
    assert out["event_sale_before_1"][first - 1] == 1.0
    assert out["event_sale_before_2"][first - 2] == 1.0
    assert out["event_sale_after_1"][first + 3] == 1.0
    for name in encoder.event_names_:
        assert name == "event_sale" or out[name].sum() == 2.0


def test_a_gaussian_window_is_one_column():
    out = EventEncoder(
        events=SALE.tail(1), shape="gaussian", time_column="week"
    ).fit_transform(weekly())
    on = np.flatnonzero(out["event_sale"] > 0)
    expected = [np.exp(-2), np.exp(-0.5), 1.0, np.exp(-2)]
    np.testing.assert_allclose(out["event_sale"][on], expected)
    np.testing.assert_array_equal(np.diff(on), 1)


def test_holidays_of_a_name_are_one_column_over_the_years():
    X = weekly()
    encoder = EventEncoder("US", window=(0, 0), time_column="week").fit(X)
    out = encoder.transform(X)
    assert len(encoder.event_names_) == 11
    thanksgiving = X["week"][out["event_thanksgiving_day"] > 0]
    assert thanksgiving.dt.strftime("%Y-%m-%d").tolist() == [
        "2021-11-22",
        "2022-11-21",
        "2023-11-20",
    ]
    # Christmas 2021 was a Saturday, 2022 a Sunday: its own week, no other one.
    assert out["event_christmas_day"].sum() == 3.0
    assert set(encoder.events_["name"]) >= {"Christmas Day", "Independence Day"}
    assert encoder.events_["start"].min() >= X["week"].min()


@pytest.mark.parametrize(
    ("country", "subdivision", "names"),
    [
        ("DE", "BY", ["event_corpus_christi", "event_second_day_of_christmas"]),
        ("US", "CA", ["event_cesar_chavez_day"]),
        ("AE", None, ["event_eid_al_fitr"]),
    ],
)
def test_other_countries(country, subdivision, names):
    encoder = EventEncoder(country, subdivision, window=(0, 0)).fit(weekly())
    assert set(names) <= set(encoder.event_names_)
    assert not [n for n in encoder.event_names_ if "estimated" in n or "substit" in n]


def test_further_kinds_of_holidays():
    X = weekly()
    more = EventEncoder("US", categories=("public", "unofficial"), window=(0, 0)).fit(X)
    assert "event_halloween" in more.event_names_
    with pytest.raises(ValueError, match=r"categories: 'US'.*\['odd'\].*'unofficial'"):
        EventEncoder("US", categories=("odd",)).fit(X)


def panel():
    X = pd.concat([weekly().assign(region=r) for r in ("north", "south")])
    return X.reset_index(drop=True)


def test_events_of_regions():
    events = table(
        name=["strike", "fair", "fair"],
        start=["2021-05-03", "2021-06-07", "2021-06-07"],
        end=["2021-05-09", "2021-06-08", "2021-06-10"],
        region=["north", None, "south"],
    )
    X = panel()
    encoder = EventEncoder(
        events=events, window=(0, 0), region_column="region", time_column="week"
    )
    out = encoder.fit_transform(X)
    by_region = out.groupby("region")[["event_fair", "event_strike"]].sum()
    assert by_region.loc["north"].tolist() == [2.0, 7.0]
    # Days that are there twice count once.
    assert by_region.loc["south"].tolist() == [4.0, 0.0]
    with pytest.raises(ValueError, match=r"'strike' is of region 'north', but X does"):
        encoder.fit(X[X["region"] == "south"])
    with pytest.raises(ValueError, match=r"no region_column; name it"):
        EventEncoder(events=events, time_column="week").fit(X)


def test_countries_of_regions():
    X = panel()
    countries = {"north": "DE", "south": "FR"}
    options = {"region_column": "region", "window": (0, 0)}
    out = EventEncoder(countries, **options).fit_transform(X)
    by_region = out.groupby("region").sum(numeric_only=True)
    assert by_region["event_german_unity_day"].tolist() == [3.0, 0.0]
    assert by_region["event_new_year_s_day"].tolist() == [3.0, 3.0]
    parts = {"north": "BY", "south": None}
    out = EventEncoder("DE", parts, **options).fit_transform(X)
    assert out.groupby("region")["event_epiphany"].sum().tolist() == [4.0, 0.0]
    with pytest.raises(ValueError, match=r"country says nothing of region 'south'"):
        EventEncoder({"north": "DE"}, **options).fit(X)
    with pytest.raises(ValueError, match=r"told by region, but there is no"):
        EventEncoder(countries).fit(X)


def test_rows_to_come_and_partial_frames():
    X = weekly()
    encoder = EventEncoder("US", events=SALE, time_column="week").fit(X)
    whole = encoder.transform(X)
    pd.testing.assert_frame_equal(encoder.transform(X.iloc[40:60]), whole.iloc[40:60])
    order = np.random.default_rng(0).permutation(len(X))
    pd.testing.assert_frame_equal(encoder.transform(X.iloc[order]), whole.iloc[order])
    later = encoder.transform(weekly(52, "2025-01-06"))
    assert list(later) == list(whole)
    assert later["event_thanksgiving_day"].sum() == 1.0
    assert later.loc[later["event_christmas_day"] > 0, "week"].item() == pd.Timestamp(
        "2025-12-22"
    )


def test_events_that_were_never_on_in_fit_are_told():
    X = weekly(30, "2022-01-03")
    encoder = EventEncoder("US", window=(0, 0)).fit(X)
    assert "event_christmas_day" not in encoder.event_names_
    with pytest.warns(UnknownEventWarning, match=r"\['event_christmas_day'.*left out|"):
        encoder.transform(weekly(10, "2022-11-07"))


@pytest.mark.parametrize("label", ["start", "end"])
def test_labels_at_either_end_of_a_step(label):
    christmas = table(name=["x"], start=["2022-12-25"])
    days = {"start": "2022-12-19", "end": "2022-12-25"}
    X = weekly(20, "2022-10-10") if label == "start" else weekly(20, "2022-10-16")
    out = EventEncoder(events=christmas, window=(0, 0), label=label).fit_transform(X)
    assert out.loc[out["event_x"] > 0, "week"].item() == pd.Timestamp(days[label])


@pytest.mark.parametrize("freq", ["MS", "ME"])
def test_months(freq):
    X = pd.DataFrame({"month": pd.date_range("2021-01-01", periods=24, freq=freq)})
    out = EventEncoder("US", window=(-1, 0)).fit_transform(X)
    on = out.loc[out["event_christmas_day"] > 0, "month"]
    assert on.dt.month.tolist() == [12, 12]
    before = out.loc[out["event_christmas_day_before_1"] > 0, "month"]
    assert before.dt.month.tolist() == [11, 11]


def test_hours_have_whole_days_and_windows_of_days():
    X = pd.DataFrame({"hour": pd.date_range("2022-12-20", periods=240, freq="h")})
    out = EventEncoder("US", window=(-1, 0)).fit_transform(X)
    on = out.loc[out["event_christmas_day"] > 0, "hour"]
    assert len(on) == 24
    assert set(on.dt.day) == {25}
    before = out.loc[out["event_christmas_day_before_1"] > 0, "hour"]
    assert set(before.dt.day) == {24}
    evening = table(name=["x"], start=["2022-12-21 18:00"], end=["2022-12-21 20:00"])
    out = EventEncoder(events=evening, window=(0, 0)).fit_transform(X)
    assert out.loc[out["event_x"] > 0, "hour"].dt.hour.tolist() == [18, 19, 20]
    zoned = X.assign(hour=X["hour"].dt.tz_localize("America/New_York"))
    same = EventEncoder(events=evening, window=(0, 0)).fit_transform(zoned)
    assert same["event_x"].tolist() == out["event_x"].tolist()


def test_periods_of_four_and_five_weeks():
    gaps = np.cumsum([0, *[4, 4, 5] * 8]) * 7
    X = pd.DataFrame({"start": pd.Timestamp("2021-01-04") + pd.to_timedelta(gaps, "D")})
    out = EventEncoder("US", window=(0, 0)).fit_transform(X)
    for holiday in out.loc[out["event_independence_day"] > 0, "start"]:
        assert pd.Timedelta(0) <= pd.Timestamp(f"{holiday.year}-07-04") - holiday
        assert pd.Timestamp(f"{holiday.year}-07-04") - holiday < pd.Timedelta(35, "D")
    assert out["event_independence_day"].sum() == 2.0


def test_numbered_steps_have_numbered_events():
    X = pd.DataFrame({"week": np.arange(20), "tv": 1.0})
    events = table(name=["x"], start=[4], end=[6])
    out = EventEncoder(events=events, window=(-1, 0), time_column="week").fit_transform(
        X
    )
    assert np.flatnonzero(out["event_x"]).tolist() == [4, 5, 6]
    assert np.flatnonzero(out["event_x_before_1"]).tolist() == [3]
    with pytest.raises(ValueError, match=r"'week' holds numbers.*give dates"):
        EventEncoder("US", time_column="week").fit(X)
    with pytest.raises(ValueError, match=r"time steps of X are numbers; give numbers"):
        EventEncoder(events=SALE, time_column="week").fit(X)


def test_texts_that_name_events():
    texts = ["na"] * 10
    texts[3], texts[6], texts[8] = "Easter", "Easter; Fair", "Fair"
    X = weekly(10, events=texts)
    encoder = EventEncoder(time_column="week")
    out = encoder.fit_transform(X)
    assert list(out) == ["week", "tv", "event_easter", "event_fair"]
    assert np.flatnonzero(out["event_easter"]).tolist() == [3, 6]
    assert np.flatnonzero(out["event_fair"]).tolist() == [6, 8]
    pd.testing.assert_frame_equal(encoder.inverse_transform(out), X)
    with pytest.warns(UnknownEventWarning, match="event_strike"):
        encoder.transform(X.assign(events="strike"))


def test_texts_without_a_word_for_none():
    X = weekly(
        8, weather=["fine", "fine", "rain", "fine", "snow", "fine", "rain", None]
    )
    X["weather"] = X["weather"].fillna("fine")
    X["shop"] = list("abababab")
    # Columns such as keys are not taken for events unasked.
    assert list(EventEncoder(time_column="week").fit_transform(X)) == list(X)
    encoder = EventEncoder(time_column="week", text_columns=["weather"])
    out = encoder.fit_transform(X)
    assert encoder.event_names_ == ["event_rain", "event_snow"]
    assert out["event_rain"].sum() == 2.0
    pd.testing.assert_frame_equal(encoder.inverse_transform(out), X)


def test_events_of_two_columns_with_one_name():
    X = weekly(
        6, a=["", "yes", "", "", "", ""], b=[None, None, "yes", None, None, None]
    )
    encoder = EventEncoder(time_column="week").fit(X)
    assert encoder.event_names_ == ["event_a_yes", "event_b_yes"]


def test_columns_that_hold_no_events():
    X = weekly(40, note=[f"note {i}" for i in range(40)])
    with pytest.raises(ValueError, match=r"'note' holds 40 different texts"):
        EventEncoder(text_columns=["note"], time_column="week").fit(X)
    with pytest.raises(ValueError, match=r"'tv' holds .* no column of texts"):
        EventEncoder(text_columns=["tv"], time_column="week").fit(X)
    with pytest.raises(ValueError, match=r"X has columns \['event_sale'\]"):
        EventEncoder(events=SALE).fit(weekly(event_sale=1.0))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"country": "us"}, ValueError, r"did you mean 'US'"),
        ({"country": "Mars"}, ValueError, r"country: no holidays are known of 'Mars'"),
        ({"country": "US", "subdivision": "BY"}, ValueError, r"none called 'BY'.*'CA'"),
        ({"events": [1]}, TypeError, "give a DataFrame"),
        ({"events": table(name=["x"])}, ValueError, r"no column \['start'\]"),
        (
            {"events": table(name=["x"], start=["2021-01-04"], stop=["2021-01-05"])},
            ValueError,
            r"unknown columns \['stop'\]",
        ),
        (
            {"events": table(name=["x"], start=["2021-02-04"], end=["2021-01-05"])},
            ValueError,
            r"'x' \(row 0\) ends 2021-01-05 before it starts",
        ),
        (
            {"events": table(name=["x"], start=[None])},
            ValueError,
            r"'start' is empty in row 0",
        ),
        (
            {"events": table(name=["x"], start=["soon"])},
            ValueError,
            "start, end of events",
        ),
        (
            {"events": table(name=["x"], start=[3])},
            ValueError,
            "time steps of X are dat",
        ),
        ({"subdivision": "BY"}, ValueError, r"'BY' is part of a country"),
        ({"window": (1, 2)}, ValueError, r"window=\(1, 2\)"),
        ({"window": (-1.5, 2)}, ValueError, "window"),
        ({"shape": "round"}, ValueError, "shape"),
        ({"label": "middle"}, ValueError, "label"),
    ],
)
def test_bad_input(options, error, message):
    with pytest.raises(error, match=message):
        EventEncoder(time_column="week").set_params(**options).fit(weekly())


def test_holidays_are_not_known_for_ever():
    assert EventEncoder("US").fit(weekly(4, "2100-12-01")).event_names_
    with pytest.raises(ValueError, match=r"'US' are known up to 2100, .* in 2101"):
        EventEncoder("US").fit(weekly(8, "2100-12-01"))


def test_the_time_column_is_found_where_it_is_the_only_one_with_dates():
    X = weekly()
    assert EventEncoder("US").fit(X).event_names_
    assert EventEncoder("US").fit(X.set_index("week")).event_names_
    with pytest.raises(ValueError, match=r"the columns \['week', 'other'\] of dates"):
        EventEncoder("US").fit(X.assign(other=X["week"]))
    with pytest.raises(ValueError, match=r"no column of dates"):
        EventEncoder("US").fit(X.drop(columns="week"))


def test_containers():
    X = weekly(events=["na"] * 159 + ["fair"])
    encoder = EventEncoder("US", events=SALE, time_column="week").fit(X)
    expected = encoder.transform(X)
    assert list(expected) == encoder.get_feature_names_out().tolist()
    frame = pl.DataFrame({c: X[c].to_list() for c in X})
    own = EventEncoder("US", events=pl.DataFrame(SALE.to_dict("list"))).fit(frame)
    out = own.transform(frame)
    assert isinstance(out, pl.DataFrame)
    assert out.columns == list(expected)
    for name in encoder.event_names_:
        np.testing.assert_array_equal(out[name].to_numpy(), expected[name])
    assert own.inverse_transform(out).columns == frame.columns
    array = X.to_numpy(object)
    rows = EventEncoder("US", events=SALE, time_column=0).fit(array)
    np.testing.assert_array_equal(rows.transform(array), expected.to_numpy(object))
    np.testing.assert_array_equal(rows.inverse_transform(rows.transform(array)), array)
    as_polars = clone(encoder).set_output(transform="polars").fit(X).transform(X)
    assert isinstance(as_polars, pl.DataFrame)


def test_state(tmp_path):
    X = weekly(events=["na"] * 159 + ["fair"])
    encoder = EventEncoder("US", events=SALE, time_column="week").fit(X)
    expected = encoder.transform(X)
    untrusted = skops.io.get_untrusted_types(data=skops.io.dumps(encoder))
    assert set(untrusted) <= set(skops_types())
    for other in (
        pickle.loads(pickle.dumps(encoder)),
        skops.io.loads(skops.io.dumps(encoder), trusted=skops_types()),
        sklearn_mmm.load(encoder.save(tmp_path / "encoder.mmm")),
        clone(encoder).fit(X),
    ):
        pd.testing.assert_frame_equal(other.transform(X), expected)
        pd.testing.assert_frame_equal(other.events_, encoder.events_)
    of_polars = EventEncoder(events=pl.DataFrame(SALE.to_dict("list"))).fit(X)
    other = sklearn_mmm.load(of_polars.save(tmp_path / "polars.mmm"))
    assert other.events.equals(of_polars.events)


def test_in_front_of_the_regressor():
    rng = np.random.default_rng(0)
    X = weekly(120, "2021-01-04", events=["na"] * 120)
    X.loc[[10, 50], "events"] = "fair"
    X["tv"] = rng.gamma(2.0, 1.0, len(X))
    encoder = EventEncoder("US", window=(0, 0), time_column="week")
    on = encoder.fit_transform(X)
    y = 100 + 3 * X["tv"] + 40 * on["event_christmas_day"] + rng.normal(size=len(X))
    mmm = DeepCausalMMMRegressor(
        ["tv"],
        [make_column_selector(pattern="^event_")],
        time_column="week",
        n_members=0,
        validation=False,
        graph=False,
        time_varying=False,
        random_state=0,
    )
    pipe = make_pipeline(encoder, mmm)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipe.fit(X, y)
    assert pipe[-1].control_columns_ == encoder.event_names_
    future = weekly(52, X["week"].max() + pd.Timedelta("7D"), events="na")
    future["tv"] = 2.0
    path = pipe.predict(future)
    christmas = future["week"].dt.strftime("%m-%d").between("12-19", "12-25")
    usual = np.median(path)
    assert path[christmas].item() - usual == pytest.approx(40, abs=8)
