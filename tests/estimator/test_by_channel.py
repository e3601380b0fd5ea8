"""Adstock, length and saturation of single channels."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklearn_mmm import DeepCausalMMMRegressor, PanelTimeSeriesSplit, load
from sklearn_mmm.components import DelayedAdstock, HillSaturation
from sklearn_mmm.inspection import adstock_table, prior_posterior
from sklearn_mmm.inspection._responses import unfaded_channels

MIXED = {
    "adstock": {"tv": "delayed", "search": "weibull"},
    "max_lag": {"tv": 6, "search": 3},
    "saturation": {"search": "none"},
}


@pytest.fixture(scope="module")
def mixed(make_plain, plain_panel):
    return make_plain(**MIXED, n_members=4).fit(*plain_panel)


def test_each_channel_has_its_parameters_and_no_others(mixed):
    kernel, curve = mixed.adstock_parameters_, mixed.saturation_parameters_
    known = kernel.notna()
    assert known.loc["tv"].to_dict() == {
        "decay": True,
        "delay": True,
        "shape": False,
        "scale": False,
    }
    assert (known.loc["search"] != known.loc["tv"]).all()
    assert curve.loc["tv"].notna().all()
    assert curve.loc["search"].isna().all()
    assert np.isinf(mixed.half_saturation_["search"])
    assert np.isnan(mixed.decay_["search"])
    assert mixed.decay_["tv"] > 0
    assert np.isnan(mixed.slope_["search"])


def test_kernels_end_where_they_are_told_to(mixed):
    assert mixed.adstock_.shape == (2, 6)
    assert (mixed.adstock_.loc["tv"] > 0).all()
    assert not mixed.adstock_.loc["search", 3:].any()
    np.testing.assert_allclose(mixed.adstock_.sum(axis=1), 1.0)


def test_tables_have_rows_of_what_a_channel_has(mixed):
    table = mixed.parameter_table()
    table = table[table["parameter"] != "adstock_weight"]
    expected = {
        "tv": {"decay", "delay", "half_saturation", "slope", "effect"},
        "search": {"shape", "scale", "effect"},
    }
    for own in (table, prior_posterior(mixed)):
        found = own.groupby("channel")["parameter"].agg(set).to_dict()
        assert found == expected
        assert (
            own.select_dtypes("number")
            .drop(columns="lag", errors="ignore")
            .notna()
            .all(axis=None)
        )
    assert adstock_table(mixed)["weight"].notna().all()
    assert set(unfaded_channels(mixed)) <= {"tv", "search"}


def test_contributions_are_the_fit(mixed, plain_panel):
    X, _ = plain_panel
    total = mixed.contributions_.sum(axis=1)
    np.testing.assert_allclose(total, mixed.predict(X))
    direct = mixed.effects("direct")["contribution"]
    np.testing.assert_allclose(direct, mixed.contributions_[direct.index].sum())
    points = mixed.saturation_points().set_index("channel")
    assert np.isinf(points.loc["search", "maximum"])
    assert np.isfinite(points.loc["tv", "spend_at_90"])


def test_forms_that_do_not_differ_are_one_form(make_plain, plain_panel):
    each = make_plain(
        adstock={"tv": "geometric", "search": "geometric"},
        max_lag={"tv": 5, "search": 5},
        saturation={"tv": "hill"},
    ).fit(*plain_panel)
    one = make_plain(adstock="geometric", max_lag=5).fit(*plain_panel)
    pd.testing.assert_frame_equal(each.contributions_, one.contributions_)


def test_a_channel_that_is_not_named_has_the_default(make_plain, plain_panel):
    mmm = make_plain(max_lag={"search": 2}, saturation={"search": "logistic"})
    mmm.fit(*plain_panel)
    assert next(iter(mmm.adstock_parameters_)) == "decay"
    assert (mmm.adstock_.loc["tv"] > 0).sum() >= 8
    assert mmm.saturation_parameters_.loc["tv", "slope"] > 0


def test_components_and_positions_name_channels_as_well(make_plain, plain_panel):
    X, y = plain_panel
    place = list(X).index("tv")
    named = make_plain(
        adstock={"tv": DelayedAdstock()}, saturation={"tv": HillSaturation(1.0)}
    ).fit(X, y)
    placed = make_plain(
        adstock={place: "delayed"},
        saturation={place - X.shape[1]: HillSaturation(min_slope=1.0)},
    ).fit(X, y)
    pd.testing.assert_frame_equal(named.contributions_, placed.contributions_)
    assert named.slope_["tv"] > 1.0
    frame = pl.from_pandas(X.astype({"week": "datetime64[us]"}))
    other = clone(named).fit(frame, y.to_numpy())
    np.testing.assert_allclose(other.contributions_, named.contributions_)


def test_columns_of_an_array_are_named_by_position(plain_panel):
    X, y = plain_panel
    media = X[["tv", "search"]].to_numpy()[:70]
    mmm = DeepCausalMMMRegressor(
        adstock={1: "delayed"},
        max_lag={"x0": 2},
        n_members=0,
        graph=False,
        validation=False,
    ).fit(media, y[:70])
    assert mmm.adstock_parameters_["delay"].notna().tolist() == [False, True]
    assert not mmm.adstock_.loc["x0", 2:].any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"adstock": {"radio": "delayed"}}, r"adstock names 'radio'.*\['tv', 'search"),
        ({"saturation": {99: "hill"}}, "saturation names 99, which is no channel"),
        ({"max_lag": {True: 2}}, "max_lag names True"),
        ({"adstock": {"tv": "sudden"}}, "adstock='sudden'"),
        ({"max_lag": {"tv": 0}}, "max_lag of 'tv'"),
        ({"max_lag": {"tv": 2.5}}, "max_lag of 'tv'"),
        ({"saturation": {"price": "hill"}}, "names 'price', which is no channel"),
    ],
)
def test_what_makes_no_sense_is_refused(make_plain, plain_panel, options, message):
    with pytest.raises(ValueError, match=message):
        make_plain(**options).fit(*plain_panel)


def test_a_channel_is_named_once(make_plain, plain_panel):
    X, y = plain_panel
    twice = {"tv": "delayed", list(X).index("tv"): "gamma"}
    with pytest.raises(ValueError, match="'tv' twice"):
        make_plain(adstock=twice).fit(X, y)


def test_searches_choose_among_dicts(make_plain, plain_panel):
    X, y = plain_panel
    search = GridSearchCV(
        make_plain(max_epochs=5),
        {"max_lag": [{"tv": 2}, {"tv": 4, "search": 2}]},
        cv=PanelTimeSeriesSplit(n_splits=2, test_size=8, time_column="week"),
    ).fit(X, y)
    lags = (search.best_estimator_.adstock_ > 0).sum(axis=1)
    assert lags["tv"] == search.best_params_["max_lag"]["tv"]


def test_files_and_updates_keep_the_forms(make_plain, plain_panel, tmp_path):
    X, y = plain_panel
    late = X["week"] > X["week"].max() - pd.Timedelta(weeks=6)
    mmm = make_plain(**MIXED).fit(X[~late], y[~late])
    mmm.save(tmp_path / "mixed.mmm")
    loaded = load(tmp_path / "mixed.mmm")
    np.testing.assert_array_equal(loaded.predict(X), mmm.predict(X))
    loaded.partial_fit(X[late], y[late])
    assert loaded.adstock_parameters_.notna().equals(mmm.adstock_parameters_.notna())
    assert len(loaded.contributions_) == len(X)


def test_beliefs_are_about_the_form_of_their_channel(make_plain, plain_panel):
    X, y = plain_panel
    told = {"search": {"half_life": (1.5, 0.01)}, "tv": {"half_saturation": (2e3, 1.0)}}
    mmm = make_plain(**MIXED | {"max_lag": 6}, priors=told).fit(X, y)
    lives = adstock_table(mmm).groupby("channel")["half_life"].first()
    assert lives["search"] == pytest.approx(1.5, rel=0.1)
    wrong = {"search": {"half_saturation": (2e3, 1.0)}}
    with pytest.raises(ValueError, match="no maximum of which to reach half"):
        make_plain(**MIXED, priors=wrong).fit(X, y)


def test_the_order_of_columns_does_not_matter(make_plain, plain_panel, mixed):
    X, y = plain_panel
    turned = clone(mixed).set_params(media_columns=["search", "tv"]).fit(X, y)
    np.testing.assert_allclose(
        turned.contributions_[mixed.contributions_.columns],
        mixed.contributions_,
        rtol=1e-6,
        atol=1e-6 * y.mean(),
    )
