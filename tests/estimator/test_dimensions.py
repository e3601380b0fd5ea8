"""Regions of several dimensions: a brand in a geo is a cell."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

import sklearn_mmm
from sklearn_mmm import (
    AdstockHillTransformer,
    DeepCausalMMMRegressor,
    RegionEncoder,
    allocate_budget,
    check_data,
    make_future,
    make_report,
    simulate,
)
from sklearn_mmm.exceptions import UnknownRegionWarning
from sklearn_mmm.inspection import (
    contribution_table,
    region_channel_table,
    region_table,
    stability,
    training_rows,
)
from sklearn_mmm.model_selection import PanelBootstrap
from sklearn_mmm.plotting import plot_region_heatmap, plot_regions

CHANNELS = ["tv", "search"]
KEYS = ["geo", "brand"]
N_WEEKS = 60


def make_panel(n_geos=4, n_brands=3, seed=0, sd=0.05):
    """Return rows whose effects differ along both dimensions, and the effects."""
    rng = np.random.default_rng(seed)
    geo, brand, week = (
        part.ravel() for part in np.indices((n_geos, n_brands, N_WEEKS))
    )
    size = 100.0 * (1 + geo) * (1 + brand)
    media = rng.gamma(0.5, 1.0, (len(week), 2)) * (rng.random((len(week), 2)) < 0.5)
    log_effect = np.linspace(-0.8, 0.8, n_geos)[geo]
    log_effect = log_effect + np.linspace(-0.6, 0.6, n_brands)[brand]
    effect = 0.3 * np.exp(log_effect)
    brought = effect[:, None] * media / (1 + media)
    price = rng.standard_normal(len(week))
    noise = sd * rng.standard_normal(len(week))
    y = size * (1 + brought.sum(1) + 0.05 * price + noise)
    X = pd.DataFrame(
        {"geo": geo + 1, "brand": np.array(["acme", "bolt", "cox", "dax"])[brand]}
    )
    X["week"] = week
    X[CHANNELS] = media * size[:, None] / 10
    X["price"] = price
    return X, pd.Series(y, name="sales"), pd.Series(effect, name="effect")


@pytest.fixture(scope="module")
def make():
    def regressor(region_column=KEYS, **options):
        options = {
            "max_epochs": 60,
            "time_varying": False,
            "validation": False,
            "graph": False,
            "n_members": 0,
            "random_state": 0,
        } | options
        return DeepCausalMMMRegressor(
            CHANNELS, ["price"], region_column, "week", **options
        )

    return regressor


@pytest.fixture(scope="module")
def panel():
    X, y, effect = make_panel()
    return X, y, effect, ((X["geo"] == 4) & (X["brand"] == "cox")).to_numpy()


@pytest.fixture(scope="module")
def fitted(make, panel):
    """Return a fit of all cells but one."""
    X, y, _, gone = panel
    return make(n_members=4).fit(X[~gone], y[~gone])


def test_effects_are_pooled_along_both_dimensions(fitted, panel):
    learned = fitted.hyperparameters_
    own = learned["effect_deviation_scale"]
    for name in KEYS:
        assert learned[f"{name}_effect_deviation_scale"] > 1.5 * own
        assert learned[f"{name}_course_variance"] == 0.0
    X, _, effect, gone = panel
    truth = effect[~gone].groupby([X["geo"], X["brand"]]).first()
    of_cells = fitted.regional_effect_.join(fitted.dimensions_).set_index(KEYS)
    size = 100.0 * truth.index.get_level_values("geo") * (truth.index.codes[1] + 1)
    for channel in CHANNELS:
        found = of_cells.loc[truth.index, channel] / size
        assert np.corrcoef(np.log(found), np.log(truth))[0, 1] > 0.9


def test_pooling_along_both_dimensions_errs_less_than_plain_regions(make):
    errors = [0.0, 0.0]
    for seed in (1, 2):
        X, y, effect = make_panel(6, 4, seed=seed, sd=0.15)
        plain = X.assign(cell=X["geo"].astype(str) + X["brand"]).drop(columns=KEYS)
        by = plain["cell"].to_numpy()
        size = 100.0 * X["geo"] * (X["brand"].factorize()[0] + 1)
        media = 10 * X[CHANNELS].div(size, axis=0)
        truth = (media / (1 + media)).mul(effect * size, axis=0).groupby(by).sum()
        for column, rows in ((KEYS, X), ("cell", plain)):
            found = make(column).fit(rows, y).contributions_[CHANNELS].groupby(by).sum()
            off = (found - truth).abs().div(size.groupby(by).sum(), axis=0)
            errors[column is not KEYS] += off.mean().mean()
    assert errors[0] < 0.8 * errors[1]


def test_an_unseen_cell_has_the_effects_of_its_groups(fitted, make, panel):
    X, y, _, gone = panel
    with pytest.warns(UnknownRegionWarning, match=r"4 / cox.*groups have in common"):
        by_groups = fitted.decompose(X[gone])
    plain = X.assign(cell=X["geo"].astype(str) + X["brand"]).drop(columns=KEYS)
    shared = make("cell").fit(plain[~gone], y[~gone])
    with pytest.warns(UnknownRegionWarning, match="median region"):
        by_shared = shared.decompose(plain[gone])
    actual = y[gone].to_numpy()
    errors = [
        np.abs(parts.sum(axis=1).to_numpy() - actual).mean()
        for parts in (by_groups, by_shared)
    ]
    assert errors[0] < 0.2 * errors[1]
    # Of a dimension that is known alone, that alone.
    with pytest.warns(UnknownRegionWarning, match="groups have in common"):
        half = fitted.predict(X[gone].assign(brand="dax"))
    with pytest.warns(UnknownRegionWarning, match="median region"):
        nothing = fitted.predict(X[gone].assign(geo=9, brand="dax"))
    assert half.mean() > nothing.mean()


def test_unseen_cells_are_refused_if_asked(fitted, panel):
    X, _, _, gone = panel
    strict = fitted.__sklearn_clone__().set_params(handle_unknown="error")
    strict.__dict__.update(
        {k: v for k, v in vars(fitted).items() if k not in strict.get_params()}
    )
    with pytest.raises(ValueError, match=r"'4 / cox'.*handle_unknown"):
        strict.predict(X[gone])


def test_one_column_in_a_list_is_that_column(make, panel):
    X, y, _, _ = panel
    one = X["brand"] == "acme"
    rows, outcome = X[one].drop(columns="brand"), y[one]
    plain, listed = (make(c).fit(rows, outcome) for c in ("geo", ["geo"]))
    pd.testing.assert_frame_equal(plain.contributions_, listed.contributions_)
    assert plain.hyperparameters_ == listed.hyperparameters_


def test_containers_and_places_of_keys_make_no_difference(fitted, make, panel):
    X, y, _, gone = panel
    expected = fitted.predict(X[~gone])
    frame = pl.from_pandas(X)
    polars = make().fit(frame.filter(pl.Series(~gone)), y[~gone].to_numpy())
    np.testing.assert_array_equal(polars.predict(frame.filter(~gone)), expected)
    levels = X.set_index([*KEYS, "week"])
    indexed = make().fit(levels[~gone], y[~gone].to_numpy())
    np.testing.assert_array_equal(indexed.predict(levels[~gone]), expected)
    pd.testing.assert_frame_equal(training_rows(indexed), levels[~gone])
    order = np.random.default_rng(0).permutation(len(expected))
    shuffled = X[~gone].iloc[order]
    np.testing.assert_allclose(fitted.predict(shuffled), expected[order], rtol=1e-12)


def test_a_file_and_a_fit_of_the_same_rows_are_the_same(fitted, panel, tmp_path):
    X, _, _, gone = panel
    stored = sklearn_mmm.load(fitted.save(tmp_path / "cells.mmm"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnknownRegionWarning)
        for rows in (X, X[gone]):
            np.testing.assert_array_equal(stored.predict(rows), fitted.predict(rows))
            np.testing.assert_array_equal(
                stored.predict_interval(rows), fitted.predict_interval(rows)
            )
    pd.testing.assert_frame_equal(stored.dimensions_, fitted.dimensions_)


def test_new_weeks_may_bring_new_cells(make, panel):
    X, y, _, _ = panel
    later = (X["week"] >= 50).to_numpy()
    begun = ~later & (X["geo"] < 4).to_numpy()
    mmm = make().fit(X[begun], y[begun])
    mmm.partial_fit(X[later], y[later])
    assert len(mmm.dimensions_) == 12
    assert mmm.score(X[later], y[later]) > 0.9


def test_tables_and_charts_are_by_region_or_dimension(fitted):
    cells = fitted.effects("direct", coverage=0.8, by="channel×region")
    brands = fitted.effects("direct", coverage=0.8, by="channel×brand")
    assert brands["brand"].tolist() == ["acme", "bolt", "cox"] * 2
    of_brand = cells["region"].map(fitted.dimensions_["brand"])
    sums = cells.groupby(["channel", of_brand], sort=False)["contribution"].sum()
    np.testing.assert_allclose(brands["contribution"], sums)
    assert (brands["low"] <= brands["high"]).all()
    parts = contribution_table(fitted, by="geo")
    assert len(parts) == 4 * N_WEEKS
    whole = contribution_table(fitted).drop(columns=["region", "time"]).sum()
    np.testing.assert_allclose(parts[whole.index].sum(), whole, atol=1e-9)
    table = region_table(fitted, by="geo")
    assert table["geo"].tolist() == [3, 4, 2, 1]
    assert (table["n_steps"] == N_WEEKS).all()
    np.testing.assert_allclose(
        (table["outcome"] * N_WEEKS).sum(), fitted.contributions_.to_numpy().sum()
    )
    channels = region_channel_table(fitted, by="brand")
    np.testing.assert_allclose(
        channels["contribution"].sum(), cells["contribution"].sum()
    )
    for source in (fitted, table):
        assert plot_regions(source, by="geo").layout.title.text == "By geo"
    for source in (fitted, channels):
        assert len(plot_region_heatmap(source, by="brand").data[0].z) == 3
    with pytest.raises(ValueError, match="by"):
        region_table(fitted, by="city")
    with pytest.raises(ValueError, match="channel×brand"):
        fitted.effects(by="channel×city")


def test_plans_know_the_dimensions(fitted, panel):
    X, *_ = panel
    future = make_future(fitted, 3, controls={"price": 0.0})
    assert list(future.columns) == list(X.columns)
    assert len(future) == 11 * 3
    assert future["geo"].dtype.kind == "i"
    by_brand = pd.DataFrame(
        {"week": [60, 61, 62] * 3, "brand": np.repeat(["acme", "bolt", "cox"], 3)}
    )
    by_brand["price"] = np.arange(9.0)
    known = make_future(fitted, 3, controls=by_brand)
    np.testing.assert_array_equal(
        known.groupby("brand")["price"].unique()["bolt"], [3.0, 4.0, 5.0]
    )
    plan = allocate_budget(fitted, future, by="channel×brand")
    assert sorted(plan.table["brand"].unique()) == ["acme", "bolt", "cox"]
    assert {"region"} <= set(allocate_budget(fitted, future, by="channel×region").table)
    changed = simulate(fitted, future, {"tv": 0.0}).by_region
    assert changed.index.isin(fitted.dimensions_.index).all()


def test_lift_tests_name_cells_or_groups(make, panel):
    X, y, *_ = panel
    rows = {"channel": "tv", "start": 20, "end": 23, "lift": 90.0, "std_error": 20.0}
    named = pd.DataFrame([rows | {"brand": "acme"}])
    listed = pd.DataFrame([rows | {"region": [f"{i} / acme" for i in range(1, 5)]}])
    found = [make().fit(X, y, lift_tests=tests) for tests in (named, listed)]
    np.testing.assert_array_equal(*(m.predict(X[:30]) for m in found))
    assert len(found[0].lift_test_fit_) == 1
    with pytest.raises(ValueError, match="unknown brands"):
        make().fit(X, y, lift_tests=named.assign(brand="dax"))


def test_transformers_and_splitters_take_several_columns(panel):
    X, y, _, _ = panel
    encoder = RegionEncoder(KEYS, "week").fit(X, y)
    assert encoder.categories_[0] == "1 / acme"
    assert encoder.get_feature_names_out().tolist()[:3] == [*CHANNELS, "price"]
    plain = X.assign(cell=X["geo"].astype(str) + X["brand"]).drop(columns=KEYS)
    given = {"decay": 0.5, "half_saturation": 1.0, "slope": 1.0}
    both = AdstockHillTransformer(CHANNELS, KEYS, "week", **given).fit(X)
    alone = AdstockHillTransformer(CHANNELS, "cell", "week", **given).fit(plain)
    np.testing.assert_array_equal(
        both.transform(X)[CHANNELS], alone.transform(plain)[CHANNELS]
    )
    cv = PanelBootstrap(3, region_column=KEYS, random_state=0)
    for train, test in cv.split(X):
        cells = [
            set(map(tuple, X.iloc[part][KEYS].to_numpy())) for part in (train, test)
        ]
        assert not cells[0] & cells[1]


def test_data_are_checked_by_cell(panel):
    X, y, _, _ = panel
    found = check_data(X, y, CHANNELS, ["price"], KEYS, "week")
    assert "repeated rows" not in set(found["check"])
    twice = pd.concat([X, X[:1]])
    found = check_data(twice, [*y, 1.0], CHANNELS, ["price"], KEYS, "week")
    where = found.loc[found["check"] == "repeated rows", "where"].item()
    assert "1 / acme" in where
    missing = X.assign(brand=X["brand"].where(X.index > 0))
    found = check_data(missing, y, CHANNELS, ["price"], KEYS, "week")
    assert "geo, brand" in found.loc[found["check"] == "missing key", "where"].item()


def test_refits_leave_cells_out(fitted, make, panel):
    X, y, _, _ = panel
    splits = [(np.flatnonzero(X["geo"] < 4), np.flatnonzero(X["geo"] == 4))]
    table = stability(make().fit(X, y), X, y, splits)
    assert set(table["channel"]) == set(CHANNELS)


def test_the_report_shows_either_dimension_and_the_cells(fitted, tmp_path):
    path = tmp_path / "report.html"
    make_report(fitted, path=path)
    page = path.read_text(encoding="utf-8")
    for title in ("Channels by geo", "Channels by brand", "Channels by region"):
        assert title in page


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ([], "empty list"),
        (["geo", "geo"], "twice"),
        (["geo", "city"], "no column 'city'"),
        (["geo", "tv"], "'tv' is a media column and has another role"),
    ],
)
def test_bad_columns_are_refused(make, panel, spec, message):
    X, y, _, _ = panel
    with pytest.raises(ValueError, match=message):
        make(spec).fit(X, y)
