"""What controls brought, from which value on, and in which direction."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import load
from sklearn_mmm.datasets import make_mmm

WORTH = 400.0


@pytest.fixture(scope="module")
def data():
    """Return regions with promotions that are worth so much, and prices."""
    X, y, _ = make_mmm(3, 90, 2, n_controls=1, noise=0.0, random_state=3)
    rng = np.random.default_rng(0)
    X["promotion"] = (rng.random(len(X)) < 0.15) * 1.0
    X["cans"] = rng.poisson(2.0, len(X)).astype(float)
    X["sun"] = rng.normal(8.0, 2.0, len(X))
    noise = rng.normal(0.0, 50.0, len(X))
    return X, y + WORTH * X["promotion"] - 300.0 * X["sun"] + noise


CONTROLS = ["promotion", "cans", "sun"]


@pytest.fixture(scope="module")
def make(make_plain):
    def make(**params):
        return make_plain(control_columns=CONTROLS, **params)

    return make


@pytest.fixture(scope="module")
def mmm(data, make):
    return make(n_members=8).fit(*data)


def test_what_is_done_now_and_then_is_measured_from_nothing(data, mmm):
    X, _ = data
    brought = mmm.contributions_["promotion"]
    assert (brought[X["promotion"].to_numpy() == 0] == 0).all()
    assert brought.sum() == pytest.approx(WORTH * X["promotion"].sum(), rel=0.1)
    assert (mmm.contributions_["cans"][X["cans"].to_numpy() == 0] == 0).all()
    reference = mmm.control_reference_
    assert (reference[["promotion", "cans"]] == 0).all(axis=None)
    usual = X.groupby("region")["sun"].mean()
    np.testing.assert_allclose(reference["sun"], usual)
    totals = mmm.contributions_["sun"].groupby(X["region"].to_numpy()).sum()
    assert totals.abs().max() < 1e-6 * mmm.contributions_["sun"].abs().max() * len(X)


def test_a_reference_moves_contributions_alone(data, mmm, make):
    X, y = data
    other = make(
        n_members=8,
        control_reference={"promotion": 1, "sun": "max", "cans": "min"},
    ).fit(X, y)
    np.testing.assert_allclose(other.predict(X), mmm.predict(X), rtol=1e-12)
    parts = other.contributions_
    np.testing.assert_allclose(parts.sum(axis=1), mmm.contributions_.sum(axis=1))
    # It rained on sales: less sun than ever means more of them.
    assert (parts["sun"] >= -1e-9).all()
    largest = X.loc[X.groupby("region")["sun"].idxmax()].index
    np.testing.assert_allclose(parts.loc[largest, "sun"], 0.0, atol=1e-9)
    assert (parts["promotion"][X["promotion"].to_numpy() == 1] == 0).all()
    pd.testing.assert_frame_equal(
        parts[["tv", "search"]], mmm.contributions_[["tv", "search"]]
    )
    inside = other.decompose(X, coverage=0.8)["sun"]
    assert (inside["low"] <= inside["contribution"]).all()


def test_a_reference_that_never_occurred_is_reached_along_the_line(data, make):
    X, y = data
    other = make(n_members=0, control_reference={"sun": 0.0}).fit(X, y)
    slope = other.contributions_["sun"] / X["sun"].to_numpy()
    by_region = slope.groupby(X["region"].to_numpy())
    assert (by_region.max() - by_region.min()).max() < 1e-9 * slope.abs().max()
    assert slope.mean() == pytest.approx(-300.0, rel=0.1)


def test_references_are_stored_and_used_for_other_rows(data, mmm, tmp_path):
    X, _ = data
    mmm.save(tmp_path / "model.mmm")
    again = load(tmp_path / "model.mmm")
    later = X.tail(9).assign(week=lambda X: X["week"] + pd.Timedelta(weeks=20))
    found = again.decompose(later)["promotion"]
    assert (found[later["promotion"] == 0] == 0).all()
    pd.testing.assert_series_equal(found, mmm.decompose(later)["promotion"])


def test_known_signs_hold_in_each_region_and_member(data, make):
    X, y = data
    signs = {"sun": "+", "promotion": "+"}
    model = make(n_members=8, control_signs=signs).fit(X, y)
    assert (model.contributions_["sun"] == 0).all()
    assert (model.contributions_["promotion"] >= 0).all()
    inside = model.decompose(X, coverage=0.99)["promotion"]
    assert (inside["low"] >= 0).all()


def test_a_sign_that_the_data_have_hardly_moves_a_fit(data, mmm, make):
    X, y = data
    told = make(n_members=0, control_signs={"sun": "-"}).fit(X, y)
    gap = (told.predict(X) - mmm.predict(X)) / y.std()
    assert np.sqrt((gap**2).mean()) < 0.01
    slope = told.contributions_["sun"].std() / mmm.contributions_["sun"].std()
    assert slope == pytest.approx(1.0, abs=0.1)
    weeks = X["week"].unique()
    early = X["week"].isin(weeks[:80])
    model = make(n_members=0, control_signs={"sun": "+"}).fit(X[early], y[early])
    model.partial_fit(X[~early], y[~early])
    assert (model.contributions_["sun"] == 0).all()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"control_reference": {"tv": 0}}, "control_reference names 'tv'"),
        ({"control_reference": {"sun": "median"}}, "'sun' is 'median'.*'min', 'max'"),
        ({"control_reference": {"sun": np.nan}}, "control_reference of 'sun'"),
        ({"control_reference": {"sun": True}}, "control_reference of 'sun'"),
        ({"control_reference": {"sun": [1.0, 2.0]}}, "control_reference of 'sun'"),
        ({"control_reference": {"sun": np.arange(2)}}, "control_reference of 'sun'"),
        ({"control_reference": {"sun": 10**400}}, "control_reference of 'sun'"),
        ({"control_reference": {"sun": 1e200}}, r"'sun' is 1e\+200.*larger unit"),
        ({"control_signs": {"tv": "-"}}, "control_signs names 'tv'"),
        ({"control_signs": {"sun": -1}}, "control_signs of 'sun' is -1"),
        ({"media_signs": {"sun": "-"}}, "media_signs names 'sun'"),
        ({"media_signs": {"tv": "negative"}}, r"give '\+' or '-'"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_by_name(data, params, message, make):
    with pytest.raises(ValueError, match=message):
        make(n_members=0, max_epochs=3, **params).fit(*data)
