"""A component of a user's own is one like the built-in ones, wherever it comes."""

import doctest
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import sklearn_mmm
from sklearn_mmm import PanelTimeSeriesSplit, allocate_budget, make_report
from sklearn_mmm.inspection import channel_summary

KINDS = {"saturation": "own_curve_fit", "adstock": "own_kernel_fit"}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def mmm(kind, request):
    return request.getfixturevalue(KINDS[kind])


@pytest.fixture
def component(kind, mmm):
    return getattr(mmm, kind)


@pytest.fixture
def parameter(component):
    (prior,) = component.priors
    return prior.name


def test_a_page_runs(kind, written, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    docs = Path(sklearn_mmm.__file__).parents[1] / "docs"
    page = docs / f"extend_{kind}.rst"
    found = doctest.testfile(str(page), module_relative=False)
    assert found.attempted > 0
    assert found.failed == 0


def test_intervals_hold_what_was_learned(mmm, small_panel, parameter):
    X = small_panel[0]
    low, high = mmm.predict_interval(X).T
    predicted = mmm.predict(X)
    assert ((low < predicted) & (predicted < high)).all()
    rows = mmm.parameter_table().query("parameter == @parameter")
    assert list(rows["channel"]) == mmm.media_columns_
    assert (rows["low"] <= rows["estimate"]).all()
    assert (rows["estimate"] <= rows["high"]).all()
    assert (rows["high"] - rows["low"] > 1e-3).all()


def test_pickles_and_files_say_the_same(mmm, small_panel, component, tmp_path):
    X = small_panel[0]
    path = mmm.save(tmp_path / "own.mmm")
    trusted = sklearn_mmm.load(path, trusted=[type(component)])
    with pytest.raises(ValueError, match=rf"trusted=\[{type(component).__name__}\]"):
        sklearn_mmm.load(path)
    for same in (pickle.loads(pickle.dumps(mmm)), trusted):
        np.testing.assert_array_equal(same.predict_interval(X), mmm.predict_interval(X))
        assert same.response_curves().equals(mmm.response_curves_)


def test_an_update_continues_the_component(mmm, small_panel, kind, parameter):
    X, y, _ = small_panel
    first = X["week"] < X["week"].unique()[-6]
    updated = clone(mmm).fit(X[first], y[first]).partial_fit(X[~first], y[~first])
    found = getattr(updated, f"{kind}_parameters_")[parameter]
    whole = getattr(mmm, f"{kind}_parameters_")[parameter]
    np.testing.assert_allclose(np.log(found), np.log(whole), atol=0.3)
    total = updated.contributions_.sum(axis=1)
    rows = pd.concat([X[first], X[~first]])
    np.testing.assert_allclose(updated.predict(rows), total, rtol=1e-6)


def test_no_other_split_of_the_budget_brings_more(mmm, small_panel):
    X = small_panel[0]
    rows = X[X["week"] >= X["week"].unique()[-26]]
    best = allocate_budget(mmm, rows)
    plan = mmm.media_plan(rows)

    def brings(spend):
        return plan.value_and_gradient(spend)[0]

    found = brings(best.plan[mmm.media_columns_].to_numpy())
    tv, search = plan.spend.sum(axis=0)
    factors = np.linspace(0.5, 1.5, 101)
    splits = np.column_stack([factors, 1 + (1 - factors) * tv / search])
    splits = splits[((splits >= 0.5) & (splits <= 1.5)).all(axis=1)]
    brought = [brings(plan.spend * split) for split in splits]
    assert found >= max(brought) * (1 - 1e-9)
    assert found > brings(plan.spend)
    assert min(brought) < max(brought) * (1 - 1e-3)


def test_a_report_shows_what_was_learned(mmm, tmp_path, parameter):
    html = make_report(mmm, tmp_path / "own.html").read_text(encoding="utf-8")
    assert parameter in channel_summary(mmm)
    assert all(channel in html for channel in mmm.media_columns_)
    assert html.count('class="plot"') >= 15


def test_a_search_takes_components_and_what_they_take(
    mmm, kind, component, small_panel
):
    X, y, _ = small_panel
    split = PanelTimeSeriesSplit(n_splits=2, time_column="week", test_size=6)
    own = {kind: [component]}
    usual = own | {f"{kind}__usual": [5.0]}
    built_in = {kind: ["hill" if kind == "saturation" else "geometric"]}
    search = GridSearchCV(clone(mmm), [built_in, own, usual], cv=split)
    found = search.fit(X, y).cv_results_["split0_test_score"]
    assert len(set(found)) == 3
    train, test = next(split.split(X))
    alone = clone(mmm).fit(X.iloc[train], y.iloc[train])
    assert found[1] == alone.score(X.iloc[test], y.iloc[test])
    assert component.usual != 5.0
