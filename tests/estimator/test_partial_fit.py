"""Updates of a fitted model with further rows."""

import pickle
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.exceptions import MissingWeeksWarning, UnusedLiftTestWarning
from sklearn_mmm.training import _update


@pytest.fixture(scope="module")
def make(make_plain):
    return partial(make_plain, max_epochs=200, n_members=4)


@pytest.fixture(scope="module")
def data():
    X, y, _ = make_mmm(4, 80, 2, random_state=0)
    return X, y


@pytest.fixture(scope="module")
def late(data):
    """Return which rows are of the last four weeks."""
    weeks = data[0]["week"]
    return weeks >= weeks.unique()[-4]


@pytest.fixture(scope="module")
def early(data, late, make):
    X, y = data
    return make().fit(X[~late], y[~late])


@pytest.fixture
def mmm(early):
    return pickle.loads(pickle.dumps(early))


@pytest.fixture(scope="module")
def updated(data, late, early):
    X, y = data
    return pickle.loads(pickle.dumps(early)).partial_fit(X[late], y[late])


@pytest.fixture(scope="module")
def refit(data, make):
    return make().fit(*data)


def test_an_update_is_close_to_a_refit(data, updated, refit):
    y = data[1]
    found, expected = (m.contributions_.sum() for m in (updated, refit))
    assert ((found - expected).abs() < 0.02 * y.sum()).all()
    np.testing.assert_allclose(
        updated.response_curves_["response"],
        refit.response_curves_["response"],
        atol=0.1 * refit.response_curves_["response"].max(),
    )


@pytest.mark.slow
def test_updates_of_effects_that_vary_are_close_to_a_refit(make):
    X, y, _ = make_mmm(4, 80, 2, time_varying=True, random_state=0)
    late = X["week"] >= X["week"].unique()[-4]
    mmm = make(time_varying=True).fit(X[~late], y[~late])
    mmm.partial_fit(X[late], y[late])
    refit = make(time_varying=True).fit(X, y)
    change = mmm.contributions_.sum() - refit.contributions_.sum()
    assert (change.abs() < 0.02 * y.sum()).all()
    np.testing.assert_allclose(
        mmm.modulation_.groupby(X["region"]).mean(), 1, rtol=0.02
    )


def test_an_update_learns_from_its_rows(data, late, mmm, updated):
    X, y = data
    doubled = mmm.partial_fit(X[late], 2 * y[late])
    found, usual = (m.predict(X[late]).sum() for m in (doubled, updated))
    assert found > 1.3 * usual


def curves_of_members(mmm):
    """Return a parameter of the curves of each member."""
    modules = [member.module for member in mmm._fitted.members]
    return np.array(
        [m.media.raw["saturation_half_saturation"][0].item() for m in modules]
    )


def alike(early, updated):
    return np.corrcoef(curves_of_members(early), curves_of_members(updated))[0, 1]


def test_a_few_weeks_move_members_and_many_draw_them_anew(data, make):
    X, y = data
    weeks = np.sort(X["week"].unique())
    early = (X["week"] < weeks[-12]).to_numpy()
    mmm = make(n_members=32).fit(X[early], y[early])

    def updated(former, first, last):
        rows = X["week"].between(weeks[first], weeks[last]).to_numpy()
        return pickle.loads(pickle.dumps(former)).partial_fit(X[rows], y[rows])

    few = updated(mmm, -12, -10)
    assert alike(mmm, few) > 0.8
    assert abs(alike(mmm, updated(mmm, -12, -1))) < 0.5
    # Weeks add up over updates.
    more = updated(updated(few, -9, -6), -5, -1)
    assert abs(alike(mmm, more)) < 0.5


def test_a_few_weeks_leave_intervals_those_of_members_drawn_anew(
    data, make, monkeypatch
):
    X, y = data
    late = (X["week"] >= np.sort(X["week"].unique())[-3]).to_numpy()
    mmm = make(n_members=64).fit(X[~late], y[~late])
    widths = []
    for most in (_update._MOST_CARRIED, 0.0):
        monkeypatch.setattr(_update, "_MOST_CARRIED", most)
        own = pickle.loads(pickle.dumps(mmm)).partial_fit(X[late], y[late])
        table = own.effects("total", coverage=0.8)
        widths.append(np.log(table["high"] - table["low"]))
    assert not np.array_equal(*widths)
    assert abs((widths[0] - widths[1]).mean()) < np.log(1.3)


@pytest.mark.parametrize("change", ["a replaced row", "a new region", "a lift test"])
def test_members_are_drawn_anew_where_more_than_weeks_is_new(
    data, late, mmm, change, monkeypatch
):
    def carried(*_):
        raise AssertionError("carried on")

    monkeypatch.setattr(_update, "_carried", carried)
    X, y = data
    rows, outcome, tests = X[late], y[late], None
    with pytest.raises(AssertionError, match="carried on"):
        pickle.loads(pickle.dumps(mmm)).partial_fit(rows, outcome)
    if change == "a replaced row":
        rows, outcome = X[~late].tail(1), y[~late].tail(1)
    elif change == "a new region":
        rows = pd.concat([rows, X[X["region"] == "region_1"].assign(region="new")])
        outcome = pd.concat([outcome, y[X["region"] == "region_1"]])
    else:
        week = X["week"].unique()[-10]
        test = {"channel": "tv", "region": "region_1", "start": week, "end": week}
        tests = pd.DataFrame(
            [test | {"spend_change": -50.0, "lift": -200.0, "std_error": 50.0}]
        )
    mmm.partial_fit(rows, outcome, lift_tests=tests)


def test_nothing_is_trained_again(early, updated):
    assert len(updated.net_.history) < len(early.net_.history)


def test_the_net_of_a_former_fit_is_left_alone(data, late, mmm):
    X, y = data
    net = mmm.net_
    before = [p.detach().clone() for p in net.module_.parameters()]
    mmm.partial_fit(X[late], y[late])
    after = list(net.module_.parameters())
    assert all(a.equal(b) for a, b in zip(after, before, strict=True))


def test_what_was_seen_grows(data, late, early, updated):
    X, y = data
    assert len(early.history_) == (~late).sum()
    order = X.index[~late].append(X.index[late])
    for name in ("outcome_", "spend_", "contributions_", "modulation_"):
        assert getattr(updated, name).index.equals(order), name
    np.testing.assert_array_equal(updated.outcome_, y[order])
    np.testing.assert_array_equal(updated.spend_, X.loc[order, ["tv", "search"]])
    np.testing.assert_array_equal(updated.history_["region"], X.loc[order, "region"])
    np.testing.assert_array_equal(updated.history_["time"], X.loc[order, "week"])
    np.testing.assert_array_equal(
        updated.history_[["tv", "price"]], X.loc[order, ["tv", "price"]]
    )
    np.testing.assert_allclose(
        updated.contributions_.sum(axis=1), updated.predict(X.loc[order])
    )
    assert updated.n_members_ == 4
    assert (np.diff(updated.predict_interval(X), axis=1) > 0).all()


def test_forecasts_are_those_of_a_refit(data, updated, early, refit):
    X, _, _ = make_mmm(4, 88, 2, random_state=0)
    future = X[X["week"] > data[0]["week"].max()]
    expected = refit.predict(future)
    near, far = (np.abs(m.predict(future) - expected).mean() for m in (updated, early))
    assert near < 0.3 * far
    near, far = (np.diff(m.predict_interval(future)).mean() for m in (updated, refit))
    assert near == pytest.approx(far, rel=0.2)


def test_a_row_with_a_former_key_replaces_it(data, late, mmm, updated):
    X, y = data
    wrong = y[late] * 3
    mmm.partial_fit(X[late].assign(tv=0.0), wrong).partial_fit(X[late], y[late])
    assert len(mmm.history_) == len(X)
    np.testing.assert_array_equal(mmm.outcome_, updated.outcome_)
    np.testing.assert_array_equal(mmm.spend_, updated.spend_)
    assert not mmm.history_.duplicated(["region", "time"]).any()
    change = mmm.contributions_.sum() - updated.contributions_.sum()
    assert (change.abs() < 0.03 * y.sum()).all()


def test_rows_may_come_week_by_week_and_in_any_order(data, late, mmm, updated):
    X, y = data
    for _, rows in X[late].groupby("week"):
        order = rows.sample(frac=1, random_state=0).index
        mmm.partial_fit(X.loc[order], y[order])
    assert len(mmm.history_) == len(X)
    change = mmm.contributions_.sum() - updated.contributions_.sum()
    assert (change.abs() < 0.02 * y.sum()).all()


def test_updates_are_bit_identical(data, late, mmm, updated):
    X, y = data
    mmm.partial_fit(X[late], y[late])
    pd.testing.assert_frame_equal(mmm.contributions_, updated.contributions_)
    np.testing.assert_array_equal(mmm.predict_interval(X), updated.predict_interval(X))


def test_containers_do_not_matter(data, late, updated, make):
    X, y = data
    frame = pl.DataFrame({name: X[name].to_list() for name in X})
    mask = late.to_numpy()
    mmm = make().fit(frame.filter(~mask), y[~late].to_numpy())
    mmm.partial_fit(frame.filter(mask), y[late].tolist())
    np.testing.assert_array_equal(mmm.predict(frame), updated.predict(X))
    assert mmm.contributions_.index.equals(pd.RangeIndex(len(X)))


def test_a_new_region_appears(data, refit, make):
    X, y = data
    new = X["region"] == "region_3"
    mmm = make(max_epochs=60).fit(X[~new], y[~new])
    mmm.partial_fit(X[new], y[new])
    assert list(mmm.regional_effect_.index) == sorted(X["region"].unique())
    assert list(mmm.media_scale_.index) == sorted(X["region"].unique())
    found, expected = (m.decompose(X).sum() for m in (mmm, refit))
    assert ((found - expected).abs() < 0.03 * y.sum()).all()
    difference = np.abs(mmm.predict(X[new]) - refit.predict(X[new]))
    assert difference.mean() < 0.03 * y[new].mean()


def test_a_model_that_is_told_what_it_expects_stays(data, late, mmm, early):
    X, y = data
    # Larger media than ever and a larger outcome change the units of both.
    loud = X[late].assign(tv=2 * X["tv"].max(), search=2 * X["search"].max())
    mmm.partial_fit(loud, early.predict(loud))
    assert (mmm.media_scale_ > 1.5 * early.media_scale_).all(axis=None)
    known = X[~late]
    found, expected = (m.decompose(known).sum() for m in (mmm, early))
    assert ((found - expected).abs() < 0.03 * y[~late].sum()).all()


def test_without_a_time_column_rows_follow_their_regions(data, late, make):
    X, y = data

    def keyless():
        return make(max_epochs=60).set_params(time_column=None)

    mmm = keyless().fit(X[~late], y[~late]).partial_fit(X[late], y[late])
    whole = keyless().fit(X, y)
    assert len(mmm.history_) == len(X)
    last = mmm.history_.groupby("region")["time"].max()
    assert (last == 79).all()
    change = mmm.contributions_.sum() - whole.contributions_.sum()
    assert (change.abs() < 0.02 * y.sum()).all()
    again = mmm.partial_fit(X[late], y[late])
    assert len(again.history_) == len(X) + late.sum()


def test_an_update_of_an_unfitted_model_is_a_fit(data, make):
    X, y = data
    fit, updated = make(max_epochs=20), make(max_epochs=20)
    fit.fit(X, y)
    updated.partial_fit(X, y)
    np.testing.assert_array_equal(updated.predict(X), fit.predict(X))
    assert len(updated.net_.history) == len(fit.net_.history)


def test_rows_before_training_are_refused(data, mmm, early):
    X, y = data
    rows = X.head(3).assign(week=X["week"].min() - pd.Timedelta(days=7))
    with pytest.raises(ValueError, match=r"row 0 .*2021-12-27.*earlier than the first"):
        mmm.partial_fit(rows, y.head(3))
    np.testing.assert_array_equal(mmm.outcome_, early.outcome_)
    np.testing.assert_array_equal(mmm.predict(X), early.predict(X))
    assert len(mmm.history_) == 4 * 76


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X.drop(columns="tv"), "tv"),
        (lambda X: X.assign(tv=-1.0), "Negative values in data.*'tv'"),
        (lambda X: X.assign(price=np.nan), "'price'"),
        (lambda X: pd.concat([X.head(2), X.head(2)]), "region_column|twice|duplicate"),
        (lambda X: X.assign(week=X["week"] + pd.Timedelta(days=1)), "off the grid"),
    ],
)
def test_bad_rows_are_refused_and_leave_the_model_as_it_was(
    data, late, mmm, early, change, message
):
    X, y = data
    rows = change(X[late])
    with pytest.raises(ValueError, match=message):
        mmm.partial_fit(rows, np.resize(y[late], len(rows)))
    np.testing.assert_array_equal(mmm.predict(X), early.predict(X))
    assert len(mmm.history_) == len(early.history_)


@pytest.mark.filterwarnings("ignore::sklearn_mmm.exceptions.MissingWeeksWarning")
def test_weeks_may_be_left_out(data, late, mmm):
    X, y = data
    last = X["week"] == X["week"].max()
    with pytest.warns(MissingWeeksWarning):
        mmm.partial_fit(X[last].head(2), y[last].head(2))
    mmm.partial_fit(X[late], y[late])
    assert len(mmm.history_) == len(X)


def test_experiments_accumulate(data, late, mmm, early):
    X, y = data
    weeks = X["week"].unique()

    def lost(mmm, first, last):
        cells = X["week"].between(weeks[first], weeks[last]).to_numpy()
        off = X.assign(tv=np.where(cells, 0.0, X["tv"]))
        return (mmm.predict(X) - mmm.predict(off))[cells].sum()

    def one(first, last):
        lift = 2 * lost(early, first, last)
        row = {"channel": "tv", "start": weeks[first], "end": weeks[last]}
        return pd.DataFrame([row | {"lift": lift, "std_error": 1e-3 * lift}])

    first, second = one(30, 37), one(60, 67)
    mmm.partial_fit(X[late], y[late], first)
    mmm.partial_fit(X[late], y[late], second)
    expected = pd.concat([first, second], ignore_index=True)
    pd.testing.assert_frame_equal(mmm.lift_tests_, expected)
    assert len(first) == 1
    assert early.lift_tests_ is None
    for window, test in (((30, 37), first), ((60, 67), second)):
        assert lost(mmm, *window) == pytest.approx(test["lift"].item(), rel=0.05)


def test_a_test_counts_once_its_weeks_have_come(data, late, make):
    X, y = data
    weeks = X["week"].unique()
    cells = (X["week"] >= weeks[70]).to_numpy()
    off = X.assign(search=np.where(cells, 0.0, X["search"]))
    untold = make(max_epochs=60).fit(X, y)
    lift = 0.5 * (untold.predict(X) - untold.predict(off))[cells].sum()
    row = {"channel": "search", "start": weeks[70], "end": weeks[79]}
    tests = pd.DataFrame([row | {"lift": lift, "std_error": 1e-3 * lift}])
    mmm = make(max_epochs=60)
    with pytest.warns(UnusedLiftTestWarning):
        mmm.fit(X[~late], y[~late], tests)
    mmm.partial_fit(X[late], y[late])
    found = (mmm.predict(X) - mmm.predict(off))[cells].sum()
    assert found == pytest.approx(lift, rel=0.02)


def test_a_refused_experiment_is_not_remembered(data, late, mmm):
    X, y = data
    row = {"channel": "radio", "start": "2022-08-01", "end": "2022-09-01"}
    bad = pd.DataFrame([row | {"lift": 1.0, "std_error": 1.0}])
    with pytest.raises(ValueError, match="radio"):
        mmm.partial_fit(X[late], y[late], bad)
    mmm.partial_fit(X[late], y[late])
    assert mmm.lift_tests_ is None


def test_edges_of_the_graph_stay(data, late, make):
    X, y, _ = make_mmm(8, 80, 3, graph=True, random_state=1)
    late = X["week"] >= X["week"].unique()[-4]
    mmm = make(graph=True, max_epochs=30, n_members=0)
    mmm.set_params(media_columns=["tv", "search", "social"]).fit(X[~late], y[~late])
    edges, strength = mmm.dag_ != 0, mmm.dag_strength_
    before = mmm.dag_.copy()
    assert edges.to_numpy().any()
    mmm.partial_fit(X[late], y[late])
    assert ((mmm.dag_ != 0) == edges).all(axis=None)
    pd.testing.assert_frame_equal(mmm.dag_strength_, strength)
    np.testing.assert_allclose(mmm.dag_, before, atol=0.1)
    assert not mmm.dag_.equals(before)
