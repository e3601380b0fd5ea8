"""Labels, columns and containers: one meaning whatever type they come in."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_mmm import AdstockHillTransformer, PanelTimeSeriesSplit, RegionEncoder

WEEKS = pd.date_range("2022-01-03", periods=20, freq="7D")


def panel(regions=(1, 2, 3), seed=0):
    rng = np.random.default_rng(seed)
    n = len(WEEKS) * len(regions)
    X = pd.DataFrame(
        {
            "region": np.repeat(np.asarray(regions, dtype=object), len(WEEKS)),
            "week": np.tile(WEEKS, len(regions)),
            "tv": rng.gamma(2.0, 50.0, n),
            "search": rng.gamma(2.0, 20.0, n),
        }
    ).infer_objects()
    return X, 100 + 0.5 * X["tv"].to_numpy() + rng.normal(0, 3, n)


@pytest.fixture(scope="module")
def fitted(quick):
    return quick(("tv", "search")).fit(*panel())


@pytest.mark.parametrize("label", [str, float, lambda v: f"0{v}", lambda v: f"{v}.0"])
def test_numbers_as_regions_are_the_same_as_text(fitted, label):
    X, _ = panel()
    other = X.assign(region=[label(v) for v in X["region"]])
    np.testing.assert_array_equal(fitted.predict(other), fitted.predict(X))


@pytest.mark.parametrize("labels", [("1", "2", "3"), ("01", "02", "03")])
def test_texts_as_regions_are_the_same_as_numbers(quick, labels):
    X, y = panel(labels)
    mmm = quick(("tv", "search")).fit(X, y)
    numbers = X.assign(region=X["region"].astype(int))
    np.testing.assert_array_equal(mmm.predict(numbers), mmm.predict(X))


def test_a_label_between_two_numbers_is_another_region(fitted):
    X, _ = panel()
    with pytest.warns(UserWarning, match=r"regions \[1.5\] were not seen"):
        fitted.predict(X[:20].assign(region=1.5))


def test_text_that_is_no_number_is_named(fitted):
    X, _ = panel()
    with pytest.raises(ValueError, match=r"'region' holds the text 'north' in row 0"):
        fitted.predict(X[:20].assign(region="north"))


def test_one_label_in_two_types_is_refused(quick):
    X, y = panel((1, "1", "north"))
    with pytest.raises(ValueError, match=r"'region' holds '1' as .*one type"):
        quick(("tv", "search")).fit(X, y)


def test_a_number_that_may_be_two_texts_is_refused(quick):
    X, y = panel(("01", "001", "north"))
    mmm = quick(("tv", "search")).fit(X, y)
    with pytest.raises(ValueError, match=r"'region': 1 may be any of .*'01'"):
        mmm.predict(X[:20].assign(region=1))


def test_mixed_labels_without_a_doubt_fit(quick):
    X, y = panel((1, "north", 2.5))
    mmm = quick(("tv", "search")).fit(X, y)
    assert sorted(mmm.media_scale_.index) == ["1", "2.5", "north"]
    assert np.isfinite(mmm.predict(X)).all()


def test_partial_fit_and_lift_tests_take_labels_of_another_type(quick):
    X, y = panel()
    text = X.assign(region=X["region"].astype(str))
    test = pd.DataFrame(
        {
            "channel": ["tv"],
            "region": ["2"],
            "start": [WEEKS[3]],
            "end": [WEEKS[6]],
            "lift": [200.0],
            "std_error": [100.0],
        }
    )
    early = X["week"] < WEEKS[-4]
    one, other = (
        quick(("tv", "search"))
        .fit(X[early], y[early], lift_tests=test.assign(region=[label]))
        .partial_fit(rows[~early], y[~early])
        for label, rows in ((2, X), ("2", text))
    )
    np.testing.assert_array_equal(one.predict(X), other.predict(X))


def test_transformers_know_labels_of_another_type():
    X, y = panel()
    text = X.assign(region=X["region"].astype(str))
    encoder = RegionEncoder("region", "week").fit(X, y)
    pd.testing.assert_frame_equal(encoder.transform(text), encoder.transform(X))
    adstock = AdstockHillTransformer(["tv"], "region", "week").fit(X, y)
    np.testing.assert_array_equal(
        adstock.transform(text)["tv"], adstock.transform(X)["tv"]
    )


def test_an_array_is_refused_after_a_frame(fitted):
    X, y = panel()
    for refuse in (fitted.predict, lambda rows: fitted.partial_fit(rows, y)):
        with pytest.raises(ValueError, match=r"array.*named columns.*'tv'"):
            refuse(X.to_numpy())
    for transformer in (
        AdstockHillTransformer(["tv"], "region", "week").fit(X, y),
        RegionEncoder("region", "week").fit(X, y),
    ):
        with pytest.raises(ValueError, match=r"array.*named columns"):
            transformer.transform(X.to_numpy())


@pytest.mark.parametrize("name", ["region", "time", "baseline"])
def test_channels_called_like_columns_of_results_are_refused_in_fit(quick, name):
    X, y = panel()
    X = X.rename(columns={"region": "geo", "tv": name})
    with pytest.raises(ValueError, match=rf"called '{name}'.*rename the column"):
        quick((name, "search"), region="geo").fit(X, y)


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (pd.Series(np.tile(WEEKS, 3)), "dates"),
        (pd.Series(np.tile(WEEKS - WEEKS[0], 3)), "durations"),
        (pd.Series(np.ones(60, complex)), "[Cc]omplex"),
        (pd.Series(np.tile(WEEKS.to_period("W").astype(object), 3)), "dates"),
        (pd.Series(["1,5"] * 60), "decimal=','"),
        (pd.Series(["low", "high"] * 30), "OneHotEncoder"),
        (pd.Series([10**400, 1] * 30, dtype=object), "larger unit"),
        (pd.Series([1e200, 1] * 30), "larger unit"),
        (pd.Series([1e-200, 0] * 30), "smaller unit"),
        (pd.Series([1.0, np.nan] * 30), "NaN"),
        (pd.Series([1, None] * 30, dtype="Int64"), "NaN"),
    ],
)
@pytest.mark.parametrize("role", ["media", "control", "y"])
def test_what_is_no_number_is_refused_by_name(quick, values, what, role):
    X, y = panel()
    name = {"media": "media column 'tv'", "control": "control column 'tv'"}.get(
        role, "y"
    )
    if role == "y":
        if "OneHot" in what or "NaN" in what:
            pytest.skip("said in other words of y")
        y = values
    else:
        X["tv"] = values
    media, controls = (("search",), ["tv"]) if role == "control" else (("tv",), None)
    with pytest.raises(ValueError, match=rf"{name}.*{what}|{what}.*{name}"):
        quick(media, controls).fit(X, y)


def test_numbers_that_are_written_as_text_are_read(quick):
    X, y = panel()
    text = X.assign(tv=X["tv"].astype(str).astype(object))
    np.testing.assert_array_equal(
        quick().fit(text, y).predict(text), quick().fit(X, y).predict(X)
    )


def frames(X):
    """Return the same table in other containers."""
    table = pl.DataFrame(X.to_dict("list"))
    yield table
    yield table.lazy()
    arrow = pytest.importorskip("pyarrow")
    yield arrow.table(X.to_dict("list"))


def test_frames_of_other_libraries_are_the_same(quick, fitted):
    X, y = panel()
    expected = fitted.predict(X)
    split = PanelTimeSeriesSplit(3, time_column="week")
    folds = [test for _, test in split.split(X)]
    for frame in frames(X):
        np.testing.assert_array_equal(fitted.predict(frame), expected)
        mmm = quick(("tv", "search")).fit(frame, pl.Series(y))
        np.testing.assert_array_equal(mmm.predict(X), expected)
        for one, (_, other) in zip(folds, split.split(frame), strict=True):
            np.testing.assert_array_equal(one, other)


def test_transformers_return_the_container_they_were_given():
    X, y = panel()
    adstock = AdstockHillTransformer(["tv"], "region", "week").fit(X, y)
    encoder = RegionEncoder("region", "week").fit(X, y)
    for frame in frames(X):
        kind = pl.DataFrame if isinstance(frame, pl.LazyFrame) else type(frame)
        out, code = adstock.transform(frame), encoder.transform(frame)
        assert isinstance(out, kind)
        assert isinstance(code, kind)
        np.testing.assert_array_equal(np.asarray(out["tv"]), adstock.transform(X)["tv"])
        np.testing.assert_array_equal(
            np.asarray(code["region_baseline"]), encoder.transform(X)["region_baseline"]
        )


def test_time_zones_of_polars_count_local_days(quick):
    X, y = panel()
    zoned = pl.DataFrame(X.to_dict("list")).with_columns(
        pl.col("week").dt.replace_time_zone("Europe/Berlin")
    )
    mmm = quick(("tv", "search")).fit(zoned, y)
    np.testing.assert_array_equal(
        mmm.predict(zoned), quick(("tv", "search")).fit(X, y).predict(X)
    )


def test_two_columns_of_one_name_are_refused(quick):
    X, y = panel()
    X.columns = ["region", "week", "tv", "tv"]
    with pytest.raises(ValueError, match="two columns called 'tv'"):
        quick().fit(X, y)
