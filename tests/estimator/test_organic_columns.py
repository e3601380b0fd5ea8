"""Media that cost nothing."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import allocate_budget, check_data, load
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.inspection import placebo_test


@pytest.fixture(scope="module")
def data():
    X, y, _ = make_mmm(3, 70, 2, random_state=0)
    return X.assign(tv_spend=2.0 * X["tv"]), y


@pytest.fixture(scope="module")
def mmm(data, make_plain):
    """Return a fit in which search is free and media are those without a role."""
    X, y = data
    model = make_plain(
        media_columns=None,
        organic_columns=["search"],
        spend_columns={"tv": "tv_spend"},
        n_members=4,
    )
    return model.fit(X, y)


def test_organic_media_stand_behind_those_that_are_bought(data, mmm, make_plain):
    X, y = data
    assert mmm.media_columns_ == ["tv", "search"]
    assert mmm.organic_columns_ == ["search"]
    assert mmm.spend_columns_ == ["tv_spend", None]
    first = make_plain(media_columns=["search"], organic_columns=["tv"], n_members=0)
    assert first.fit(X, y).media_columns_ == ["search", "tv"]


def test_organic_media_are_media_without_money(data, mmm, make_plain):
    X, y = data
    paid = make_plain(spend_columns={"tv": "tv_spend", "search": None}, n_members=4)
    pd.testing.assert_frame_equal(paid.fit(X, y).contributions_, mmm.contributions_)
    effects = mmm.effects("direct", coverage=0.9)
    assert effects.loc["search", "contribution"] > 0
    assert effects.loc["search", "spend"] == 0
    assert np.isnan(effects.loc["search", "roi"])
    assert effects["spend"].sum() == pytest.approx(X["tv_spend"].sum())
    curve = mmm.response_curves_.query("channel == 'search'")
    assert curve["response"].iloc[-1] > 0


def test_budgets_leave_organic_media_alone(data, mmm):
    X, _ = data
    plan = X[X["week"].isin(X["week"].unique()[40:46])]
    result = allocate_budget(mmm, plan, total=2 * plan["tv_spend"].sum(), n_starts=1)
    np.testing.assert_array_equal(result.plan["search"], plan["search"])
    np.testing.assert_allclose(result.plan["tv"], 2 * plan["tv"])
    assert result.channels["spend"].sum() == pytest.approx(2 * plan["tv_spend"].sum())


def test_organic_media_outlive_storage_and_updates(data, mmm, tmp_path, make_plain):
    X, y = data
    mmm.save(tmp_path / "model.mmm")
    again = load(tmp_path / "model.mmm")
    assert again.organic_columns_ == ["search"]
    weeks = X["week"].unique()
    early = X["week"].isin(weeks[:60])
    model = make_plain(media_columns=["tv"], organic_columns=["search"], n_members=0)
    model.fit(X[early], y[early]).partial_fit(X[~early], y[~early])
    assert np.isnan(model.effects("direct").loc["search", "roi"])
    assert len(model.contributions_) == len(X)


def test_organic_columns_of_an_array_are_positions(data, make_plain):
    X, y = data
    national = X[X["region"] == "region_1"][["search", "tv"]].to_numpy()
    model = make_plain(
        media_columns=None,
        control_columns=None,
        organic_columns=[0],
        region_column=None,
        time_column=None,
        n_members=0,
    ).fit(national, y[X["region"] == "region_1"])
    assert model.media_columns_ == ["x1", "x0"]
    assert model.organic_columns_ == ["x0"]


def test_further_channels_of_tests_are_bought(data, mmm):
    table = placebo_test(mmm, *data, n_repeats=1, random_state=0)
    assert np.isfinite(table.select_dtypes("number").to_numpy()).any()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"organic_columns": ["tv"]}, "'tv' is in organic_columns and has another"),
        ({"organic_columns": ["price"]}, "'price' is in organic_columns"),
        ({"organic_columns": ["mail"]}, "organic_columns: X has no column 'mail'"),
        (
            {"spend_columns": {"tv": "tv_spend"}},
            r"what was paid for \['search'\].*organic_columns.*'search': 'search'",
        ),
        (
            {"organic_columns": ["search"], "spend_columns": {"search": "tv_spend"}},
            "'search' is in organic_columns",
        ),
    ],
    ids=str,
)
def test_roles_that_make_no_sense_are_refused(data, params, message, make_plain):
    X, y = data
    with pytest.raises(ValueError, match=message):
        make_plain(**params, n_members=0).fit(X, y)
    allowed = {"region_column": "region", "time_column": "week"}
    with pytest.raises(ValueError, match=message):
        check_data(X, y, ["tv", "search"], ["price"], **allowed, **params)
