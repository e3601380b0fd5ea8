"""Scorers of forecasts, and how searches take them."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_mmm import DeepCausalMMMRegressor, PanelTimeSeriesSplit
from sklearn_mmm.metrics import (
    SCORERS,
    forecast_skill_scorer,
    get_scorer,
    within_region_r2_scorer,
)


class Constant(DeepCausalMMMRegressor):
    """Predicts what it is told."""

    def predict(self, X, return_std=False):
        return self.told(X)


@pytest.fixture
def constant(fitted):
    """Return the fitted model with other predictions."""

    def make(told):
        mmm = Constant()
        vars(mmm).update(vars(fitted), told=told)
        return mmm

    return make


def by_region(fitted, statistic):
    table = fitted.history_.assign(y=fitted.outcome_.to_numpy())
    return table.sort_values("time").groupby("region")["y"].apply(statistic)


def test_the_last_four_weeks_mean_has_no_skill(fitted, holdout, constant):
    X, y = holdout
    recent = by_region(fitted, lambda s: s.tail(4).mean())
    mmm = constant(lambda X: X["region"].map(recent).to_numpy())
    assert forecast_skill_scorer(mmm, X, y) == pytest.approx(0.0, abs=1e-12)
    perfect = constant(lambda X: y.loc[X.index].to_numpy())
    assert forecast_skill_scorer(perfect, X, y) == 1.0
    assert within_region_r2_scorer(perfect, X, y) == 1.0


def test_regions_sizes_do_not_count_within_regions(fitted, holdout, constant):
    X, y = holdout
    mean = by_region(fitted, "mean")
    shift = X["region"].map(mean).to_numpy()
    mmm = constant(lambda X: shift + (y.to_numpy() - shift).mean())
    assert within_region_r2_scorer(mmm, X, y) == pytest.approx(0.0, abs=1e-12)


def test_scores_are_those_of_the_forecast(fitted, holdout):
    X, y = holdout
    prediction = fitted.predict(X)
    recent = by_region(fitted, lambda s: s.tail(4).mean())
    reference = X["region"].map(recent)
    expected = 1 - ((y - prediction) ** 2).sum() / ((y - reference) ** 2).sum()
    assert forecast_skill_scorer(fitted, X, y) == pytest.approx(expected)
    order = np.random.default_rng(0).permutation(len(X))
    shuffled = forecast_skill_scorer(fitted, X.iloc[order], y.iloc[order])
    assert shuffled == pytest.approx(expected)


def test_searches_take_scorers_by_their_names(panel, make_regressor):
    X, y, _ = panel
    options = {"validation": False, "graph": False, "time_varying": False}
    whole = make_pipeline(FunctionTransformer(), make_regressor(**options))
    cv = PanelTimeSeriesSplit(2, test_size=8, time_column="week")
    search = GridSearchCV(
        whole,
        {"deepcausalmmmregressor__max_lag": [2, 4]},
        scoring=SCORERS,
        refit="forecast_skill",
        cv=cv,
    ).fit(X, y)
    for name in SCORERS:
        assert np.isfinite(search.cv_results_[f"mean_test_{name}"]).all()
    assert search.best_score_ == search.cv_results_["mean_test_forecast_skill"].max()
    alone = cross_validate(
        search.best_estimator_, X, y, cv=cv, scoring=get_scorer("forecast_skill")
    )
    assert alone["test_score"].mean() == search.best_score_


def test_unknown_names_and_other_models_are_refused(holdout):
    X, y = holdout
    with pytest.raises(ValueError, match="scoring='r2'; choose"):
        get_scorer("r2")
    with pytest.raises(NotFittedError):
        forecast_skill_scorer(DeepCausalMMMRegressor(), X, y)
    ridge = Ridge().fit(X[["tv"]], y)
    with pytest.raises(TypeError, match="a Ridge is no marketing mix model"):
        within_region_r2_scorer(ridge, X[["tv"]], y)
