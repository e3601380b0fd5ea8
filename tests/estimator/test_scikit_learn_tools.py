"""The regressor in scikit-learn's further tools."""

import numpy as np
import pytest
from sklearn.ensemble import StackingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import RFE, SelectFromModel, SequentialFeatureSelector
from sklearn.inspection import permutation_importance
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import has_fit_parameter

from sklearn_mmm import (
    AdstockHillTransformer,
    DeepCausalMMMRegressor,
    PanelTimeSeriesSplit,
    RegionEncoder,
    simulate,
)
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.model_selection import PanelBootstrap, PanelKFold

QUICK = {"validation": False, "graph": False, "time_varying": False, "n_members": 0}


@pytest.fixture(scope="module")
def series():
    """Return one region's media, of which the last is noise, and its outcome."""
    X, y, truth = make_mmm(1, 80, 2, random_state=0)
    rng = np.random.default_rng(0)
    numbers = X[["price", *truth.media_columns]].to_numpy()
    useless = rng.exponential(size=(len(X), 1)) * 1e-3
    return np.column_stack([numbers[:, 1:], useless]), y.to_numpy()


def test_importances_are_shares_of_contributions(fitted, panel):
    X = panel[0]
    found = dict(zip(X.columns, fitted.feature_importances_, strict=True))
    assert sum(found.values()) == pytest.approx(1.0)
    assert found["region"] == found["week"] == 0.0
    size = fitted.contributions_.abs().mean()
    for one in ("tv", "search", "price"):
        assert found[one] / found["social"] == pytest.approx(size[one] / size["social"])


def test_importances_of_what_is_not_fitted():
    assert not hasattr(DeepCausalMMMRegressor(), "feature_importances_")
    with pytest.raises(NotFittedError):
        _ = DeepCausalMMMRegressor().feature_importances_


@pytest.mark.filterwarnings("ignore")
def test_selectors_of_features_take_arrays_of_one_series(series):
    X, y = series
    mmm = DeepCausalMMMRegressor(random_state=0, **QUICK)
    cv = PanelTimeSeriesSplit(2, test_size=8, max_train_size=40)
    eliminated = RFE(mmm, n_features_to_select=2).fit(X, y)
    assert sorted(eliminated.ranking_) == [1, 1, 2]
    found = SequentialFeatureSelector(mmm, n_features_to_select=1, cv=cv).fit(X, y)
    assert found.get_support().sum() == 1


def test_selection_from_a_model_keeps_keys_in_the_index(panel, make_regressor):
    X, y, _ = panel
    keyed = X.set_index(["region", "week"])
    mmm = make_regressor(**QUICK)
    selector = SelectFromModel(mmm, threshold="median").set_output(transform="pandas")
    kept = selector.fit(keyed, y).transform(keyed)
    assert kept.index.equals(keyed.index)
    importance = selector.estimator_.feature_importances_
    chosen = keyed.columns[importance >= np.median(importance)]
    assert kept.columns.tolist() == chosen.tolist()


def test_permutation_importance_with_keys_in_the_index(panel, fitted, make_regressor):
    X, y, _ = panel
    keyed = X.set_index(["region", "week"])
    mmm = make_regressor(**QUICK).fit(keyed, y)
    found = permutation_importance(mmm, keyed, y, n_repeats=2, random_state=0)
    importance = dict(zip(keyed.columns, found.importances_mean, strict=True))
    assert importance["tv"] > 0
    assert all(np.isfinite(list(importance.values())))


# Prices of some folds lie beyond those of the others.
@pytest.mark.filterwarnings("ignore::sklearn_mmm.exceptions.ExtrapolationWarning")
@pytest.mark.filterwarnings("ignore::sklearn_mmm.exceptions.MissingWeeksWarning")
@pytest.mark.filterwarnings("ignore::sklearn_mmm.exceptions.UnknownRegionWarning")
def test_bags_over_regions_are_members(panel, make_regressor):
    X, y, _ = panel
    cv = PanelBootstrap(3, region_column="region", random_state=0)
    bags = cross_validate(make_regressor(**QUICK), X, y, cv=cv, return_estimator=True)
    assert np.isfinite(bags["test_score"]).all()
    plan = X[X["week"] >= X["week"].unique()[-4]]
    main = make_regressor(**QUICK).fit(X, y)
    found = simulate(main, plan, {"tv": 0.0}, members=bags["estimator"])
    assert (found.by_channel.loc["tv", ["low", "high"]] < 0).all()


@pytest.mark.filterwarnings("ignore::sklearn_mmm.exceptions.ExtrapolationWarning")
@pytest.mark.filterwarnings("ignore::sklearn_mmm.exceptions.MissingWeeksWarning")
def test_stacking_with_splits_of_panels(panel, make_regressor):
    X, y, truth = panel
    linear = make_pipeline(
        AdstockHillTransformer(truth.media_columns, "region", "week"),
        RegionEncoder("region", "week"),
        Ridge(),
    )
    stack = StackingRegressor(
        [("mmm", make_regressor(**QUICK)), ("linear", linear)],
        final_estimator=Ridge(positive=True),
        cv=PanelKFold(2, time_column="week"),
    )
    stack.fit(X, y)
    assert stack.score(X, y) > 0.5


def test_weights_of_rows_are_refused(panel, make_regressor):
    X, y, _ = panel
    assert not has_fit_parameter(make_regressor(), "sample_weight")
    with pytest.raises(TypeError, match="sample_weight"):
        make_regressor().fit(X, y, sample_weight=np.ones(len(y)))
