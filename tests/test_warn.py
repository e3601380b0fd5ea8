import inspect
import threading

import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_mmm import AdstockHillTransformer, PanelTimeSeriesSplit
from sklearn_mmm._warn import warn_caller
from sklearn_mmm.exceptions import (
    UninformativeChannelWarning,
    UnknownRegionWarning,
    UnusedLiftTestWarning,
)


def places(record):
    return {(w.category, w.filename, w.lineno) for w in record}


def two_lines_below():
    """Return a place counted from the caller's line."""
    frame = inspect.currentframe().f_back
    return frame.f_code.co_filename, frame.f_lineno + 2


@pytest.fixture(scope="module")
def weeks_24(panel):
    X, y, _ = panel
    short = X["week"] < X["week"].unique()[24]
    return X[short], y[short]


@pytest.fixture(scope="module")
def flat(weeks_24, panel):
    """Return a short panel whose first channel never varies."""
    X, y = weeks_24
    return X.assign(**{panel[2].media_columns[0]: 1.0}), y


@pytest.fixture
def quick(make_regressor):
    """Return a regressor whose fits are quick and coarse."""
    return make_regressor(
        max_epochs=2, validation=False, graph=False, time_varying=False
    )


@pytest.fixture(scope="module")
def elsewhere(holdout):
    """Return rows of a region that no fit has seen, and their outcome."""
    X, y = holdout
    one = X["region"] == X["region"].iloc[0]
    return X[one].assign(region="elsewhere"), y[one]


def test_fit(quick, flat):
    place = two_lines_below()
    with pytest.warns(UninformativeChannelWarning) as record:
        quick.fit(*flat)
    assert places(record) == {(UninformativeChannelWarning, *place)}


def test_fit_behind_transformers_in_a_pipeline(quick, flat):
    keep = ColumnTransformer(
        [], remainder="passthrough", verbose_feature_names_out=False
    ).set_output(transform="pandas")
    adstock = AdstockHillTransformer(
        quick.media_columns[1:2],
        "region",
        "week",
        decay=0.5,
        half_saturation=0.5,
        slope=1.0,
    )
    pipe = make_pipeline(keep, adstock, quick)
    place = two_lines_below()
    with pytest.warns(UninformativeChannelWarning) as record:
        pipe.fit(*flat)
    assert places(record) == {(UninformativeChannelWarning, *place)}


def test_fit_in_a_search(quick, flat):
    split = PanelTimeSeriesSplit(2, time_column="week")
    search = GridSearchCV(quick, {"max_lag": [2]}, cv=split)
    place = two_lines_below()
    with pytest.warns(UserWarning, match="do not vary|have drifted") as record:
        search.fit(*flat)
    # Channels that do not vary in fit, controls that drift in scoring.
    assert {(file, line) for _, file, line in places(record)} == {place}


def test_partial_fit(quick, weeks_24):
    X, y = weeks_24
    first = X["week"] < X["week"].unique()[20]
    quick.fit(X[first], y[first])
    later = X["week"].unique()[-1] + pd.Timedelta(weeks=8)
    test = {"channel": "tv", "start": later, "end": later, "lift": 1, "std_error": 1}
    place = two_lines_below()
    with pytest.warns(UnusedLiftTestWarning) as record:
        quick.partial_fit(X[~first], y[~first], pd.DataFrame([test]))
    assert places(record) == {(UnusedLiftTestWarning, *place)}


@pytest.mark.parametrize("method", ["predict", "decompose", "media_plan"])
def test_what_a_fitted_model_says_of_rows(fitted, elsewhere, method):
    ask = getattr(fitted, method)
    place = two_lines_below()
    with pytest.warns(UnknownRegionWarning) as record:
        ask(elsewhere[0])
    assert places(record) == {(UnknownRegionWarning, *place)}


def test_score(fitted, elsewhere):
    place = two_lines_below()
    with pytest.warns(UnknownRegionWarning) as record:
        fitted.score(*elsewhere)
    assert places(record) == {(UnknownRegionWarning, *place)}


def test_effects(fitted, elsewhere):
    place = two_lines_below()
    with pytest.warns(UnknownRegionWarning) as record:
        fitted.effects("direct", elsewhere[0])
    assert places(record) == {(UnknownRegionWarning, *place)}


def test_predict_interval(with_members, elsewhere):
    place = two_lines_below()
    with pytest.warns(UnknownRegionWarning) as record:
        with_members.predict_interval(elsewhere[0])
    assert places(record) == {(UnknownRegionWarning, *place)}


def stack(*modules):
    """Return a function of the last module, that calls one of the one before..."""
    scope = {"__name__": modules[0], "warn_caller": warn_caller}
    source = "def call():\n    warn_caller('look', UserWarning)"
    exec(compile(source, f"{modules[0]}.py", "exec"), scope)
    for module in modules[1:]:
        scope = {"__name__": module, "inner": scope["call"]}
        exec(compile("def call():\n    inner()", f"{module}.py", "exec"), scope)
    return scope["call"]


@pytest.mark.parametrize(
    "modules",
    [
        ["sklearn_mmm.a", "mine"],
        [
            "sklearn_mmm.a",
            "contextlib",
            "sklearn_mmm.b",
            "joblib.c",
            "sklearn.d",
            "mine",
        ],
        ["sklearn_mmm.a", "mine", "sklearn.e", "yours"],
        ["sklearn_mmm.a", "sklearn_mmm_extras"],
    ],
)
def test_the_nearest_line_outside_is_the_one(modules):
    with pytest.warns(UserWarning, match="look") as record:
        stack(*modules)()
    outside = next(m for m in modules if "mine" in m or "extras" in m)
    assert record[0].filename == f"{outside}.py"


def run(thread):
    thread.start()
    thread.join()


def test_without_a_line_of_the_users_it_is_the_outermost_of_the_package():
    # As in a worker process: nothing but libraries down to the thread's start.
    work = stack("sklearn_mmm.a", "sklearn_mmm.b", "joblib.c")
    thread = threading.Thread(target=work)
    with pytest.warns(UserWarning, match="look") as record:
        run(thread)
    assert record[0].filename == "sklearn_mmm.b.py"
