"""Lift tests, and how they reach fit."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_mmm import ChannelGraph, DeepCausalMMMRegressor, PanelTimeSeriesSplit
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.estimator._experiment_reader import ExperimentReader
from sklearn_mmm.exceptions import MissingWeeksWarning, UnusedLiftTestWarning
from sklearn_mmm.graph._influence import ChannelInfluence
from sklearn_mmm.panel._grid import make_panel
from sklearn_mmm.panel._time_axis import make_time_axis
from sklearn_mmm.training import _drift

# Lifts here are set against the data on purpose.
pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn_mmm.exceptions.ContradictedLiftTestWarning"
)

QUICK = {"max_epochs": 3, "n_members": 0}


@pytest.fixture(scope="module")
def data(plain_panel):
    return plain_panel


@pytest.fixture(scope="module")
def make(make_plain):
    return make_plain


@pytest.fixture(scope="module")
def untold(plain_fit):
    """Return a fit that knows no experiment."""
    return plain_fit


@pytest.fixture(scope="module")
def window(data):
    weeks = data[0]["week"].unique()
    return {"start": weeks[54], "end": weeks[60]}


def one_test(window, **columns):
    row = {"channel": "tv", **window, "lift": 1.0, "std_error": 1.0}
    return pd.DataFrame([row | columns])


def inside(X, window, regions=("region_1", "region_2", "region_3")):
    weeks = X["week"].between(window["start"], window["end"])
    return (weeks & X["region"].isin(regions)).to_numpy()


def counterfactual(mmm, X, other, cells, channel="tv"):
    """Return what the outcome of cells would lose with other media in them."""
    changed = X.assign(**{channel: np.where(cells, other, X[channel])})
    return (mmm.predict(X) - mmm.predict(changed))[cells].sum()


@pytest.mark.parametrize("share", [0.5, 1.6])
def test_a_precise_test_moves_the_counterfactual_onto_its_lift(
    data, untold, window, share, make
):
    X, y = data
    cells = inside(X, window)
    lift = share * counterfactual(untold, X, 0.0, cells)
    told = make().fit(X, y, one_test(window, lift=lift, std_error=1e-3 * lift))
    assert counterfactual(told, X, 0.0, cells) == pytest.approx(lift, rel=0.01)
    assert told.score(X, y) > untold.score(X, y) - 0.1


def test_a_precise_test_moves_effects_that_vary_with_time(window, make, monkeypatch):
    monkeypatch.setattr(_drift, "_N_EPOCHS", 80)
    X, y, _ = make_mmm(3, 70, 2, time_varying=True, random_state=2)
    cells = inside(X, window)
    options = {"time_varying": True, "max_epochs": 150}
    untold = make(**options).fit(X, y)
    assert untold.modulation_["tv"].std() > 0.1
    lift = 1.2 * counterfactual(untold, X, 0.0, cells)
    told = make(**options).fit(X, y, one_test(window, lift=lift, std_error=1e-3 * lift))
    assert told.modulation_["tv"].std() > 0.02
    assert counterfactual(told, X, 0.0, cells) == pytest.approx(lift, rel=0.05)


def test_a_vague_test_changes_nothing(data, untold, window, make):
    X, y = data
    told = make().fit(X, y, one_test(window, lift=-1e6, std_error=1e15))
    np.testing.assert_allclose(
        told.contributions_, untold.contributions_, rtol=0, atol=1e-4 * y.mean()
    )


def test_two_tests_of_one_window_meet_in_between(data, untold, window, make):
    X, y = data
    cells = inside(X, window)
    usual = counterfactual(untold, X, 0.0, cells)
    tests = pd.concat(
        [
            one_test(window, lift=share * usual, std_error=error * usual)
            for share, error in ((0.4, 1e-3), (0.8, 1e-3))
        ]
    )
    told = make().fit(X, y, tests)
    assert counterfactual(told, X, 0.0, cells) == pytest.approx(0.6 * usual, rel=0.01)


def test_precision_decides_how_far_a_test_moves_the_model(data, untold, window, make):
    X, y = data
    cells = inside(X, window)
    usual = counterfactual(untold, X, 0.0, cells)
    found = [
        counterfactual(
            make().fit(X, y, one_test(window, lift=0.2 * usual, std_error=e * usual)),
            X,
            0.0,
            cells,
        )
        for e in (0.001, 0.2, 5.0)
    ]
    assert found[0] < found[1] < found[2]


def test_spend_change_is_the_part_of_the_spend_that_was_tested(
    data, untold, window, make
):
    X, y = data
    cells = inside(X, window)
    spent = X["tv"][cells].sum()
    raised = 0.4 * spent
    lift = 1.5 * counterfactual(untold, X, 0.6 * X["tv"], cells)
    told = make().fit(
        X, y, one_test(window, lift=lift, std_error=1e-3 * lift, spend_change=raised)
    )
    found = counterfactual(told, X, 0.6 * X["tv"], cells)
    assert found == pytest.approx(lift, rel=0.01)
    everything, missing, plain = (
        make(**QUICK).fit(X, y, one_test(window, spend_change=change))
        for change in (spent, np.nan, None)
    )
    np.testing.assert_array_equal(missing.predict(X), plain.predict(X))
    np.testing.assert_allclose(everything.predict(X), plain.predict(X), rtol=1e-6)


def test_going_dark_is_compared_with_the_usual_spend(data, window, make):
    X, y = data
    cells = inside(X, window, ["region_1", "region_2"])
    X = X.assign(tv=np.where(cells, 0.0, X["tv"]))
    usual = X.groupby("region")["tv"].transform("mean").to_numpy()
    cut = 0.9 * usual[cells].sum()
    untold = make().fit(X, y)
    lift = 0.5 * counterfactual(untold, X, 0.9 * usual, cells)
    assert lift < 0
    told = make().fit(
        X,
        y,
        one_test(
            window,
            lift=lift,
            std_error=-1e-3 * lift,
            spend_change=-cut,
            region=["region_1", "region_2"],
        ),
    )
    found = counterfactual(told, X, 0.9 * usual, cells)
    assert found == pytest.approx(lift, rel=0.01)


@pytest.mark.parametrize(
    ("given", "regions"),
    [
        ("region_2", ["region_2"]),
        (["region_1", "region_3"], ["region_1", "region_3"]),
        ("all", ["region_1", "region_2", "region_3"]),
        (None, ["region_1", "region_2", "region_3"]),
    ],
    ids=str,
)
def test_a_test_is_about_its_regions(data, untold, window, given, regions, make):
    X, y = data
    cells = inside(X, window, regions)
    lift = 0.6 * counterfactual(untold, X, 0.0, cells, "search")
    tests = one_test(window, channel="search", lift=lift, std_error=1e-3 * lift)
    told = make().fit(X, y, tests.assign(region=[given]))
    found = counterfactual(told, X, 0.0, cells, "search")
    assert found == pytest.approx(lift, rel=0.01)


def test_ends_of_a_window_are_included_and_may_lie_between_weeks(data, window, make):
    X, y = data
    told = {"channel": "search", "std_error": 1e-3}
    exact = make(**QUICK).fit(X, y, one_test(window, **told))
    day = pd.Timedelta(days=1)
    wide = {"start": window["start"] - 6 * day, "end": window["end"] + 6 * day}
    text = {name: str(time.date()) for name, time in window.items()}
    narrow = {"start": window["start"] + day, "end": window["end"]}
    for same in (wide, text):
        found = make(**QUICK).fit(X, y, one_test(same, **told))
        np.testing.assert_array_equal(found.predict(X), exact.predict(X))
    other = make(**QUICK).fit(X, y, one_test(narrow, **told))
    assert (other.predict(X) != exact.predict(X)).any()


def test_without_a_time_column_windows_count_rows(data, make):
    X, y = data
    alone = X["region"] == "region_1"
    X, y = X[alone], y[alone]

    def keyless():
        return make(max_epochs=30).set_params(region_column=None, time_column=None)

    cells = np.arange(len(X)) // 10 == 2
    lift = 0.5 * counterfactual(keyless().fit(X, y), X, 0.0, cells)
    tests = one_test({"start": 20, "end": 29}, lift=lift, std_error=1e-3 * lift)
    told = keyless().fit(X, y, tests)
    assert counterfactual(told, X, 0.0, cells) == pytest.approx(lift, rel=0.01)


@pytest.mark.parametrize("reach", ["before", "after", "partly"])
def test_windows_beyond_training_are_left_out_with_a_warning(
    data, untold, window, reach, make
):
    X, y = data
    year = pd.Timedelta(days=364)
    shift = {"before": (-2 * year, -2 * year), "after": (2 * year, 2 * year)}
    start, end = shift.get(reach, (0 * year, year))
    away = {"start": window["start"] + start, "end": window["end"] + end}
    tests = one_test(away, lift=-1e6)
    with pytest.warns(UnusedLiftTestWarning, match=r"rows \[0\].*beyond the training"):
        mmm = make().fit(X, y, tests)
    np.testing.assert_array_equal(mmm.predict(X), untold.predict(X))
    both = pd.concat([one_test(window), tests])
    with pytest.warns(UnusedLiftTestWarning, match=r"rows \[1\]"):
        mmm = make(**QUICK).fit(X, y, both)
    used = make(**QUICK).fit(X, y, one_test(window))
    np.testing.assert_array_equal(mmm.predict(X), used.predict(X))


def test_a_lift_below_zero_within_its_error_is_taken(data, window, make):
    tests = one_test(window, lift=-1.5)
    mmm = make(**QUICK).fit(*data, tests)
    pd.testing.assert_frame_equal(mmm.lift_tests_, tests)


def both_off(mmm, X, cells, kept=0.0):
    off = X.assign(
        tv=np.where(cells, kept * X["tv"], X["tv"]),
        search=np.where(cells, kept * X["search"], X["search"]),
    )
    return (mmm.predict(X) - mmm.predict(off))[cells].sum()


@pytest.mark.parametrize("split", [None, "sum", "each"])
def test_a_test_of_several_channels_is_about_their_joint_lift(
    data, untold, window, split, make
):
    X, y = data
    cells = inside(X, window)
    spent = X.loc[cells, ["tv", "search"]].sum().to_numpy()
    # A quarter of the spend of each channel.
    change = {None: None, "sum": spent.sum() / 4, "each": list(spent / 4)}[split]
    kept = 0.0 if split is None else 0.75
    lift = 0.6 * both_off(untold, X, cells, kept)
    row = {"channel": ["tv", "search"], "lift": lift, "std_error": 1e-3 * lift}
    row |= window | ({} if split is None else {"spend_change": change})
    told = make().fit(X, y, pd.DataFrame([row]))
    assert both_off(told, X, cells, kept) == pytest.approx(lift, rel=0.01)


def test_a_test_of_two_channels_leaves_open_which_of_them_it_was(data, window, make):
    X, y = data
    names = ["tv", "search"]
    rows = [
        pd.DataFrame([{"channel": c, **window, "lift": 400.0, "std_error": 4.0}])
        for c in (names, names[::-1])
    ]
    one, other = (make(**QUICK).fit(X, y, tests) for tests in rows)
    np.testing.assert_allclose(one.predict(X), other.predict(X), rtol=1e-6)


def test_an_earlier_test_stands_on_the_same_weeks_of_a_later_year(
    data, untold, window, make
):
    X, y = data
    weeks = pd.Series(X["week"].unique())
    cells = inside(X, {"start": weeks[10], "end": weeks[15]})
    usual = X.groupby("region")["tv"].transform("mean").to_numpy()
    more = 0.5 * usual
    lift = -1.4 * counterfactual(untold, X, X["tv"] + more, cells)
    year = pd.Timedelta(days=364)
    row = one_test(
        {"start": weeks[10] - year, "end": weeks[15] - year},
        lift=lift,
        std_error=1e-3 * lift,
        spend_change=more[cells].sum(),
    )
    told = make().fit(X, y, row)
    found, before = (
        -counterfactual(m, X, X["tv"] + more, cells) for m in (told, untold)
    )
    # Its age leaves it a standard error of a fifth of the lift.
    assert before < found < lift
    assert abs(found - lift) < 0.2 * lift
    exact = one_test(
        {"start": weeks[10], "end": weeks[15]},
        lift=-lift,
        std_error=0.2 * lift,
        spend_change=-more[cells].sum(),
    )
    same = make().fit(X, y, exact)
    np.testing.assert_allclose(told.predict(X), same.predict(X), rtol=1e-4)


def test_age_widens_a_test_by_the_drift_of_effects():
    panel_weeks = np.arange(120.0)
    panel = make_panel(np.array(["a"] * 120), panel_weeks)
    axis = make_time_axis(panel_weeks, "week")
    ones = np.ones((1, 120, 1))
    reader = ExperimentReader(panel, axis, ["tv"], ones, ones, lambda: None)
    rows = one_test({"start": -52, "end": -50}, lift=10.0, spend_change=1.0)
    (found,) = reader.read(rows)
    years = 52 / axis.season_length
    assert found.std_error == pytest.approx(np.sqrt(1 + 0.04 * 100 * years))
    assert found.counted[0, :3].all()
    assert found.counted.sum() == 3
    # More spend than there was, so a lift below zero of what there was.
    assert found.lift == -10.0
    np.testing.assert_allclose(found.other[0, :4, 0], [4 / 3, 4 / 3, 4 / 3, 1])


def test_a_total_effect_holds_what_came_through_children():
    weights = np.array([[0.0, 0.5], [0.0, 0.0]])
    none, kernels = np.zeros((2, 2)), np.ones((2, 1))
    influence = ChannelInfluence(weights, np.zeros((0, 2, 2)), kernels, none, none)
    weeks = np.arange(10.0)
    panel = make_panel(np.array(["a"] * 10), weeks)
    media = np.ones((1, 10, 2))
    reader = ExperimentReader(
        panel,
        make_time_axis(weeks, "week"),
        ["tv", "search"],
        media,
        media,
        lambda: influence,
    )
    rows = one_test({"start": 4, "end": 5}, effect="total")
    (found,) = reader.read(rows)
    assert found.channels == (0, 1)
    np.testing.assert_allclose(found.other[0, 3:7, 0], [1, 0, 0, 1])
    np.testing.assert_allclose(found.other[0, 3:7, 1], [1, 0.5, 0.5, 1])
    (alone,) = reader.read(rows.assign(effect="direct"))
    assert alone.channels == (0,)
    (childless,) = reader.read(rows.assign(channel="search"))
    assert childless.channels == (1,)


@pytest.mark.slow
def test_what_came_through_children_is_not_credited_to_the_channel_itself(window, make):
    X, y, _ = make_mmm(6, 90, 2, graph=True, random_state=1)
    mmm = make(graph=ChannelGraph(required_edges=[("tv", "search")]), max_epochs=20)
    rows = one_test(window, lift=2e4, std_error=20.0)
    direct, total = (
        clone(mmm).fit(X, y, rows.assign(effect=effect)).effects("direct")
        for effect in ("direct", "total")
    )
    assert direct.loc["tv", "roi"] > 1.02 * total.loc["tv", "roi"]


WEEK = pd.Timestamp("2022-08-01")
TWO_MONTHS = {"start": WEEK, "end": WEEK + pd.Timedelta(days=49)}


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"channel": "radio"}, "lift test in row 0.*channel 'radio'.*'search'"),
        ({"channel": np.nan}, "lift test in row 0.*channel nan"),
        ({"lift": np.nan}, "lift test in row 0: lift is nan"),
        ({"lift": "much"}, "lift test in row 0: lift is 'much', not a number"),
        ({"lift": None}, "lift test in row 0: lift is None"),
        ({"std_error": np.inf}, "lift test in row 0: std_error is inf"),
        ({"std_error": 0.0}, "lift test in row 0: std_error is 0.0.*positive"),
        ({"std_error": -2.0}, "lift test in row 0: std_error is -2.0.*positive"),
        ({"end": WEEK - pd.Timedelta(days=70)}, "lift test in row 0: it ends.*before"),
        ({"start": pd.NaT}, "lift test in row 0.*NaN"),
        ({"start": "soon"}, "lift test in row 0.*soon"),
        (
            {
                "start": WEEK + pd.Timedelta(days=1),
                "end": WEEK + pd.Timedelta(days=3),
            },
            "lift test in row 0: there is no training row in its window",
        ),
        ({"region": "elsewhere"}, r"lift test in row 0.*unknown regions \['elsewhere'"),
        (
            {"region": ["region_1", "region_9"]},
            r"lift test in row 0.*unknown regions \['region_9'",
        ),
        ({"region": []}, "lift test in row 0: no region of X has"),
        ({"spend_change": 1e9}, "lift test in row 0: spend_change is 1e.09, but only"),
        ({"spend_change": 0.0}, "lift test in row 0: spend_change is 0"),
        ({"spend_change": "much"}, "lift test in row 0: spend_change is 'much'"),
        ({"spend_change": -np.inf}, "lift test in row 0: spend_change is -inf"),
        ({"lift": -9.0}, "lift test in row 0: lift is -9 ± 1, although.*was raised"),
        (
            {"lift": -9.0, "spend_change": 2.0},
            "lift test in row 0: lift is -9 ± 1, although.*was raised",
        ),
        (
            {"lift": 9.0, "spend_change": -2.0},
            "lift test in row 0: lift is 9 ± 1, although.*was cut",
        ),
        ({"channel": []}, "lift test in row 0 names no channel"),
        ({"channel": ["tv", "tv"]}, "lift test in row 0 names the channel 'tv' twice"),
        ({"channel": ["tv", "radio"]}, "lift test in row 0.*unknown channel 'radio'"),
        (
            {"spend_change": [1.0, 2.0]},
            "lift test in row 0: spend_change has 2 values for 1 channels",
        ),
        (
            {"channel": ["tv", "search"], "spend_change": [1.0, -2.0]},
            "lift test in row 0: spend_change is .*raises channels or cuts them",
        ),
        ({"effect": "both"}, "lift test in row 0: effect is 'both'.*'total'"),
        ({"effect": "total"}, "lift test in row 0: its effect is 'total'.*graph=True"),
    ],
    ids=str,
)
def test_tests_that_make_no_sense_are_refused_by_row_and_value(
    data, columns, message, make
):
    X, y = data
    row = one_test(TWO_MONTHS).to_dict("records")[0]
    tests = pd.DataFrame({name: [value] for name, value in (row | columns).items()})
    with pytest.raises(ValueError, match=message):
        make(**QUICK).fit(X, y, tests)
    both = {
        name: pd.Series([row.get(name), value], dtype=object)
        for name, value in (row | columns).items()
    }
    with pytest.raises(ValueError, match=message.replace("row 0", "row 1")):
        make(**QUICK).fit(X, y, pd.DataFrame(both))


def test_tables_without_the_right_columns_are_refused(data, window, make):
    X, y = data
    tests = one_test(window)
    with pytest.raises(ValueError, match=r"lift_tests is a list.*DataFrame"):
        make(**QUICK).fit(X, y, tests.to_dict("records"))
    with pytest.raises(ValueError, match=r"lacks the columns \['std_error'\]"):
        make(**QUICK).fit(X, y, tests.drop(columns="std_error"))
    with pytest.raises(ValueError, match=r"unknown columns \['market'\]"):
        make(**QUICK).fit(X, y, tests.assign(market="north"))


def test_a_window_without_rows_is_refused(data, window, make):
    X, y = data
    gap = inside(X, window, ["region_1"])
    tests = one_test(window, region="region_1")
    with (
        pytest.warns(MissingWeeksWarning),
        pytest.raises(ValueError, match="row 0: there is no training row in its"),
    ):
        make(**QUICK).fit(X[~gap], y[~gap], tests)


def test_a_window_without_spend_needs_a_spend_change(data, window, make):
    X, y = data
    dark = X.assign(tv=np.where(inside(X, window), 0.0, X["tv"]))
    with pytest.raises(ValueError, match=r"row 0: nothing was spent.*spend_change"):
        make(**QUICK).fit(dark, y, one_test(window))
    never = X.assign(tv=np.where(X["region"] == "region_1", 0.0, X["tv"]))
    tests = one_test(window, region="region_1", spend_change=-5.0)
    with pytest.raises(ValueError, match="row 0: these regions never spend"):
        make(**QUICK).fit(never, y, tests)


class Listening(DeepCausalMMMRegressor):
    """Remembers what every fit was told."""

    told: ClassVar[list] = []

    def fit(self, X, y, lift_tests=None):
        self.told.append((len(X), lift_tests))
        return super().fit(X, y, lift_tests)


@pytest.fixture
def routed(make):
    with config_context(enable_metadata_routing=True):
        Listening.told.clear()
        mmm = make(Listening, **QUICK)
        yield mmm.set_fit_request(lift_tests=True)


def test_experiments_reach_fit_through_a_pipeline(data, window, routed, make):
    X, y = data
    tests = one_test(window)
    pipe = make_pipeline(FunctionTransformer(), routed)
    pipe.fit(X, y, lift_tests=tests)
    pd.testing.assert_frame_equal(pipe[-1].lift_tests_, tests)
    alone = make(**QUICK).fit(X, y, tests)
    np.testing.assert_array_equal(pipe.predict(X), alone.predict(X))


def test_experiments_reach_every_fold_of_a_search_whole(data, window, routed):
    X, y = data
    weeks = X["week"].unique()
    late = {"start": weeks[64], "end": weeks[67]}
    tests = pd.concat([one_test(window), one_test(late)], ignore_index=True)
    cv = PanelTimeSeriesSplit(2, test_size=4, time_column="week")
    search = GridSearchCV(routed, {"max_lag": [2, 4]}, cv=cv, error_score="raise")
    with pytest.warns(UnusedLiftTestWarning, match=r"rows \[1\]"):
        search.fit(X, y, lift_tests=tests)
    assert [n for n, _ in Listening.told] == [186, 198, 186, 198, 210]
    for _, lift_tests in Listening.told:
        pd.testing.assert_frame_equal(lift_tests, tests)
    pd.testing.assert_frame_equal(search.best_estimator_.lift_tests_, tests)


def test_experiments_are_not_passed_on_unless_asked_for(data, window, make):
    X, y = data
    with config_context(enable_metadata_routing=True):
        pipe = make_pipeline(FunctionTransformer(), make(**QUICK))
        with pytest.raises(ValueError, match="lift_tests"):
            pipe.fit(X, y, lift_tests=one_test(window))


def test_a_search_without_routing_passes_experiments_on(data, window, make):
    X, y = data
    Listening.told.clear()
    cv = PanelTimeSeriesSplit(2, test_size=4, time_column="week")
    search = GridSearchCV(make(Listening, **QUICK), {"max_lag": [2]}, cv=cv)
    search.fit(X, y, lift_tests=one_test(window))
    assert [len(told) for _, told in Listening.told] == [1, 1, 1]
