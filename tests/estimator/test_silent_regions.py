"""Channels that were bought in some regions only."""

import numpy as np
import pytest

from sklearn_mmm.datasets import make_mmm


@pytest.fixture(scope="module")
def data():
    """Return regions of which two never had search."""
    X, y, truth = make_mmm(4, 104, 2, random_state=0)
    silent = X["region"].isin(["region_1", "region_2"]).to_numpy()
    search = truth.contributions["search"].to_numpy()
    return (
        X.assign(search=np.where(silent, 0.0, X["search"])),
        y - silent * search,
        silent,
        search[~silent].sum(),
    )


@pytest.fixture(scope="module")
def mmm(data, make_plain):
    X, y, *_ = data
    return make_plain(n_members=8).fit(X, y)


def test_its_curve_is_that_of_the_regions_that_had_it(data, mmm, make_plain):
    X, y, silent, total = data
    found = mmm.contributions_["search"].to_numpy()
    assert (found[silent] == 0).all()
    assert found.sum() == pytest.approx(total, rel=0.15)
    alone = make_plain().fit(X[~silent], y[~silent])
    other = alone.contributions_["search"].to_numpy()
    assert found[~silent].sum() == pytest.approx(other.sum(), rel=0.1)
    assert mmm.half_saturation_["search"] == pytest.approx(
        alone.half_saturation_["search"], rel=0.25
    )


def test_the_scale_says_where_nothing_was_seen(data, mmm):
    missing = mmm.media_scale_["search"].isna()
    assert missing.index[missing].tolist() == ["region_1", "region_2"]
    assert mmm.media_scale_["tv"].notna().all()


def test_answers_for_other_regions_are_marked_as_extrapolated(data, mmm):
    X, *_ = data
    later = X[X["week"] == X["week"].max()]
    plan = mmm.media_plan(later)
    beyond = plan.extrapolated(np.full_like(plan.spend, 1.0))
    there = later["region"].isin(["region_1", "region_2"]).to_numpy()
    np.testing.assert_array_equal(beyond[:, 1], there)
    curves = mmm.response_curves("channel×region").query("channel == 'search'")
    spent = curves[curves["spend"] > 0].groupby("region")["extrapolated"]
    assert spent.all()["region_1"]
    assert not spent.all()["region_3"]
    more = X.assign(search=X["search"].where(X["search"] > 0, 100.0))
    brought = mmm.decompose(more)["search"][X["region"].to_numpy() == "region_1"]
    assert (brought > 0).all()
