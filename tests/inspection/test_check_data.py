import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import check_data
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.inspection._data_suspicions import (
    foretold,
    outlier_scores,
    unit_jump,
)

MEDIA, CONTROLS = ["tv", "search", "social"], ["price", "promotion"]


@pytest.fixture(scope="module")
def clean():
    X, y, _ = make_mmm(4, 156, 3, random_state=0)
    # A channel that starts late is worth a note, and not what is meant here.
    rng = np.random.default_rng(0)
    X[MEDIA] = rng.gamma(2.0, 50.0, (len(X), 3))
    return X, y


def check(X, y, media=MEDIA, controls=CONTROLS, region="region", **options):
    return check_data(X, y, media, controls, region, "week", **options)


def row_of(table, kind):
    rows = table[table["check"] == kind]
    assert len(rows) == 1, table
    return rows.iloc[0]


def test_clean_data_have_no_findings(clean):
    assert check(*clean).empty


def test_order_of_rows_and_units_do_not_matter(clean):
    X, y = clean
    X = X.assign(search=X["tv"] * 1.0001, price=5.0)
    found = check(X, y)
    place = np.random.default_rng(1).permutation(len(X))
    pd.testing.assert_frame_equal(check(X.iloc[place], y.iloc[place]), found)
    scaled = X.assign(**{name: X[name] * 1e6 for name in MEDIA})
    pd.testing.assert_frame_equal(check(scaled, y * 1e-3), found)


def spoil(X, column, value, row=4):
    X = X.astype({column: object})
    X.iloc[row, X.columns.get_loc(column)] = value
    return X


@pytest.mark.parametrize(
    ("change", "kind", "severity", "where"),
    [
        (lambda X: spoil(X, "tv", "much"), "not a number", "stops", "'tv', row 4"),
        (lambda X: spoil(X, "tv", None), "not a number", "stops", "'tv', row 4"),
        (lambda X: X.assign(tv="on"), "not a number", "stops", "column 'tv'"),
        (lambda X: spoil(X, "tv", -1.0), "negative media", "stops", "'tv', row 4"),
        (lambda X: spoil(X, "week", None), "missing key", "stops", "row 4"),
        (lambda X: spoil(X, "region", None), "missing key", "stops", "'region'"),
        (lambda X: X.assign(tv=0.0), "zero spells", "distorts", "column 'tv'"),
        (lambda X: X.assign(price=3.0), "too little variation", "distorts", "'price'"),
        (
            lambda X: X.assign(tv=100 + 0.05 * X["tv"]),
            "too little variation",
            "distorts",
            "'tv'",
        ),
    ],
)
def test_spoiled_columns(clean, change, kind, severity, where):
    X, y = clean
    found = check(change(X.copy()), y)
    row = found[found["check"] == kind].iloc[0]
    assert row["severity"] == severity
    assert where in row["where"]
    assert row["what_to_do"].endswith(".")


def test_outcomes_that_are_no_numbers_or_do_not_vary(clean):
    X, y = clean
    y = y.astype(object)
    y.iloc[7] = "n/k"
    row = row_of(check(X, y), "not a number")
    assert "row 7 / region" in row["where"]
    assert "'n/k'" in row["what"]
    assert row_of(check(X, np.ones(len(X))), "constant outcome")["severity"] == "stops"


def test_repeated_rows_ask_for_the_region(clean):
    X, y = clean
    row = row_of(check(X, y, region=None), "repeated rows")
    assert "region_column" in row["what_to_do"]
    twice = pd.concat([X, X[:2]])
    row = row_of(check(twice, pd.concat([y, y[:2]])), "repeated rows")
    assert row["what"].startswith("2 rows")


@pytest.mark.parametrize(("dropped", "severity"), [(1, "note"), (60, "distorts")])
def test_gaps(clean, dropped, severity):
    X, y = clean
    inside = np.flatnonzero(~X["week"].isin(X["week"].unique()[[0, -1]]))
    gone = X.index[inside[3 : 3 + dropped]]
    row = row_of(check(X.drop(gone), y.drop(gone)), "gaps")
    assert row["severity"] == severity
    assert row["what"].startswith(f"{dropped} of")
    assert str(X.loc[gone[0], "region"]) in row["where"]


def test_series_that_start_late_have_no_gap(clean):
    X, y = clean
    late = (X["region"] == X["region"].iloc[0]) & (X["week"] < X["week"].unique()[30])
    assert "gaps" not in set(check(X[~late], y[~late])["check"])


def test_a_closed_region(clean):
    X, y = clean
    weeks = X["week"].unique()[50:58]
    closed = (X["region"] == X["region"].iloc[0]) & X["week"].isin(weeks)
    found = check(X, y.where(~closed, 0.0))
    assert "up to 8 time steps" in row_of(found, "zero spells")["what"]


def test_outliers_are_found_and_named(clean):
    X, y = clean
    y = y.copy()
    y.iloc[[40, 90]] *= 10
    row = row_of(check(X, y), "outliers")
    assert row["what"].startswith("2 outcomes")
    assert f"{y.iloc[40]:,.0f}" in row["where"]
    spent = X.copy()
    spent.iloc[11, spent.columns.get_loc("tv")] = 1e6
    assert "'tv'" in row_of(check(spent, clean[1]), "outliers")["where"]


def test_a_straight_line_has_no_outliers():
    line = np.arange(100.0)[None] + 500
    assert np.abs(outlier_scores(line)).max() < 1
    bent = line.copy()
    bent[0, 50] = 2000
    assert np.argmax(np.abs(outlier_scores(bent))) == 50


def test_collinear_channels_name_their_partner(clean):
    X, y = clean
    found = check(X.assign(search=2 * X["tv"]), y)
    rows = found[found["check"] == "collinearity"]
    assert rows["where"].tolist() == [
        "columns 'tv' and 'search'",
        "columns 'search' and 'tv'",
    ]
    assert "without bound" in rows["what"].iloc[0]


def test_differences_between_regions_are_no_collinearity(clean):
    X, y = clean
    size = X["region"].map(
        dict(zip(X["region"].unique(), [1, 9, 90, 900], strict=True))
    )
    assert check(X.assign(tv=X["tv"] * size, search=X["search"] * size), y).empty


def test_too_few_weeks(clean):
    X, y = clean
    first = X["region"] == X["region"].iloc[0]
    found = check(X[first][:40], y[first][:40])
    assert row_of(found, "too few weeks per parameter")["severity"] == "distorts"
    assert row_of(found, "too few years")["severity"] == "distorts"
    found = check(X[first][:100], y[first][:100])
    assert row_of(found, "too few weeks per parameter")["severity"] == "note"


def test_spend_that_follows_the_outcome(clean):
    X, y = clean
    before = y.groupby(X["region"]).shift(1).fillna(y.mean())
    rng = np.random.default_rng(2)
    follows = 0.1 * before * rng.uniform(0.95, 1.05, len(y))
    row = row_of(check(X.assign(tv=follows), y), "spend follows the outcome")
    assert "'tv'" in row["where"]
    assert "'search'" not in row["where"]


def test_media_that_move_the_outcome_do_not_follow_it():
    rng = np.random.default_rng(3)
    media = rng.gamma(2.0, size=(1, 300))
    outcome = 5 + media + 0.7 * np.roll(media, 1) + rng.normal(0, 0.3, media.shape)
    assert foretold(media, outcome, 52.0)[1] > 1e-3
    assert foretold(outcome, media, 52.0)[0] > 0.05


@pytest.mark.parametrize(("noise", "severity"), [(0.0, "stops"), (0.1, "distorts")])
def test_a_control_that_is_the_target(clean, noise, severity):
    X, y = clean
    rng = np.random.default_rng(4)
    spread = y.groupby(X["region"]).transform("std")
    orders = 3 * y + 7 + noise * 3 * spread * rng.normal(size=len(y))
    found = check(X.assign(price=orders), y)
    row = row_of(found, "target among the columns")
    assert row["severity"] == severity
    assert "'price'" in row["where"]


def test_units_that_change_on_the_way(clean):
    X, y = clean
    later = X["week"] >= X["week"].unique()[80]
    base = 100 + 0.3 * X["tv"]
    row = row_of(
        check(X.assign(tv=base.where(~later, base * 1000)), y), "changed units"
    )
    assert "about 1000 times" in row["what"]
    assert f"{X['week'].unique()[80]:%Y-%m-%d}" in row["where"]


def test_unit_jumps_by_hand():
    low, high = np.full(10, 3.0), np.full(10, 300.0)
    assert unit_jump(np.r_[low, 0.0, high]) == (11, 100.0)
    assert unit_jump(np.r_[high, low]) == (10, 0.01)
    assert unit_jump(np.r_[low, 4 * low]) is None
    assert unit_jump(np.r_[low[:3], high]) is None


def swapped(dates):
    return [
        d.replace(day=d.month, month=d.day) if d.day <= 12 else d
        for d in pd.DatetimeIndex(dates)
    ]


@pytest.mark.parametrize("freq", ["MS", "7D", "D"])
def test_dates_with_day_and_month_exchanged(freq):
    dates = pd.date_range("2021-01-01", periods=36 if freq == "MS" else 140, freq=freq)
    rng = np.random.default_rng(5)
    X = pd.DataFrame({"week": swapped(dates), "tv": rng.gamma(2.0, size=len(dates))})
    y = rng.gamma(5.0, size=len(dates))
    table = check_data(X, y, ["tv"], time_column="week")
    assert "dayfirst" in row_of(table, "misread dates")["what_to_do"]
    fine = check_data(X.assign(week=dates), y, ["tv"], time_column="week")
    assert "misread dates" not in set(fine["check"])


def test_uneven_time_steps_are_a_finding_and_no_error(clean):
    X, y = clean
    X = X.copy()
    X.loc[X.index[5], "week"] += pd.Timedelta(days=2 * 365 + 3)
    found = check(X, y)
    assert found["severity"].iloc[0] == "stops"


def test_arrays_polars_and_index_levels(clean):
    polars = pytest.importorskip("polars")
    X, y = clean
    X = X.assign(tv=0.0)
    expected = check(X, y)
    assert len(expected)
    frame = polars.DataFrame({name: X[name].to_list() for name in X})
    found = check(frame, y.to_numpy())
    pd.testing.assert_frame_equal(found, expected)
    indexed = check(X.set_index(["region", "week"]), y)
    pd.testing.assert_frame_equal(indexed, expected)
    found = check_data(X[MEDIA].to_numpy(), y)
    assert "column '0'" in row_of(found, "zero spells")["where"]


def test_wrong_columns_are_errors(clean):
    X, y = clean
    with pytest.raises(ValueError, match="no column 'radio'"):
        check(X, y, ["radio"])
    with pytest.raises(ValueError, match=r"X has 624 rows, y has 3"):
        check(X, y[:3])


def test_what_costs_nothing_is_judged_by_its_media():
    X, y, truth = make_mmm(2, 60, 2, random_state=0)
    roles = truth.media_columns, truth.control_columns, "region", "week"
    free = check_data(X, y, *roles, spend_columns=["tv", None])
    pd.testing.assert_frame_equal(free, check_data(X, y, *roles))
