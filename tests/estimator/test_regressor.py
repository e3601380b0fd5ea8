import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone
from sklearn.compose import make_column_selector
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_mmm import (
    AdstockHillTransformer,
    ChannelGraph,
    DeepCausalMMMRegressor,
    PanelTimeSeriesSplit,
    RegionEncoder,
)
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.exceptions import (
    MissingWeeksWarning,
    UnfadedCarryOverWarning,
    UninformativeChannelWarning,
    UnknownRegionWarning,
)
from sklearn_mmm.posterior import _gauss_newton


def split(panel):
    X, y, _ = panel
    train = X["week"] < X["week"].unique()[-8]
    return X[train], y[train], X[~train], y[~train]


def test_contributions_sum_to_the_prediction(panel, fitted):
    X, _, X_test, _ = split(panel)
    np.testing.assert_allclose(
        fitted.contributions_.sum(axis=1), fitted.predict(X), rtol=1e-9
    )
    np.testing.assert_allclose(
        fitted.decompose(X_test).sum(axis=1), fitted.predict(X_test), rtol=1e-9
    )
    assert fitted.contributions_.index.equals(X.index)
    pd.testing.assert_series_equal(fitted.outcome_, split(panel)[1], check_names=False)
    assert next(iter(fitted.contributions_)) == "baseline"


def test_fit_finds_the_truth_and_forecasts(panel, fitted):
    X, _, X_test, y_test = split(panel)
    truth = panel[2].contributions.loc[X.index].sum()
    found = fitted.contributions_[fitted.media_columns_].sum()
    assert abs(found.sum() / truth.sum() - 1) < 0.3
    assert fitted.score(X_test, y_test) > 0.95


def test_removal_costs_exactly_the_contribution(panel, fitted):
    X, *_ = split(panel)
    parts = fitted.decompose(X)
    for channel in fitted.media_columns_:
        without = fitted.decompose(X.assign(**{channel: 0.0}))
        assert (without[channel] == 0).all()
        loss = fitted.predict(X) - without.sum(axis=1)
        np.testing.assert_allclose(loss, parts[channel], atol=1e-6)


def test_doubling_or_zeroing_media_changes_the_prediction(panel, fitted):
    X, *_ = split(panel)
    channels = fitted.media_columns_
    base = fitted.predict(X).sum()
    assert fitted.predict(X.assign(**X[channels] * 2)).sum() > base * 1.02
    assert fitted.predict(X.assign(**X[channels] * 0)).sum() < base * 0.98


def test_row_order_and_subsets_do_not_matter(panel, fitted, make_regressor):
    X, y, X_test, _ = split(panel)
    order = np.random.default_rng(0).permutation(len(X_test))
    all_at_once = fitted.predict(X_test)
    np.testing.assert_allclose(fitted.predict(X_test.iloc[order]), all_at_once[order])
    first_weeks = X_test["week"] < X_test["week"].unique()[4]
    np.testing.assert_allclose(
        fitted.predict(X_test[first_weeks]), all_at_once[first_weeks]
    )
    order = np.random.default_rng(1).permutation(len(X))
    again = make_regressor().fit(X.iloc[order], y.iloc[order])
    np.testing.assert_allclose(again.predict(X_test), all_at_once, rtol=1e-6)


def test_a_test_fold_inherits_the_carry_over(panel, fitted):
    X, _, X_test, _ = split(panel)
    joined = fitted.predict(pd.concat([X, X_test]))[len(X) :]
    np.testing.assert_allclose(fitted.predict(X_test), joined)
    silent = X_test.assign(**X_test[fitted.media_columns_] * 0)
    carried = fitted.decompose(silent)[fitted.media_columns_]
    first = (X_test["week"] == X_test["week"].min()).to_numpy()
    assert carried[first].to_numpy().sum() > 0


def test_threads_change_no_bit(panel, make_regressor, monkeypatch):
    X, y, _ = panel
    # So that members take steps of their own, as those of large panels do.
    monkeypatch.setattr(_gauss_newton, "AT_ONCE", 1)
    options = {"n_members": 6, "graph": ChannelGraph(n_resamples=4)}
    one, two = (make_regressor(n_jobs=n, **options).fit(X, y) for n in (None, 2))
    intervals = [mmm.effects("direct", coverage=0.9) for mmm in (one, two)]
    pd.testing.assert_frame_equal(*intervals, check_exact=True)
    pd.testing.assert_frame_equal(one.dag_, two.dag_, check_exact=True)
    pd.testing.assert_frame_equal(one.dag_strength_, two.dag_strength_)
    np.testing.assert_array_equal(one.predict(X), two.predict(X))


def test_refits_are_bit_identical_and_leave_the_global_generator(panel, make_regressor):
    X, y, *_ = split(panel)
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    a = make_regressor(max_epochs=60).fit(X, y)
    assert torch.rand(1) == expected
    b = clone(a).fit(X, y)
    assert a.contributions_.equals(b.contributions_)


def test_pickle(panel, fitted):
    *_, X_test, _ = split(panel)
    again = pickle.loads(pickle.dumps(fitted))
    assert (again.predict(X_test) == fitted.predict(X_test)).all()


def test_learned_attributes(fitted):
    channels = fitted.media_columns_
    assert list(fitted.adstock_.index) == channels
    assert 8 <= fitted.adstock_.shape[1] <= 24
    np.testing.assert_allclose(fitted.adstock_.sum(axis=1), 1)
    for name in ("decay_", "half_saturation_", "slope_", "effect_"):
        assert list(getattr(fitted, name).index) == channels
    assert {"noise", "level_variance", "contribution_scale"} <= set(
        fitted.hyperparameters_
    )
    assert len(fitted.net_.history) > 0
    assert "DeepCausalMMMRegressor" in fitted._repr_html_()


def test_response_curves(fitted):
    curves = fitted.response_curves_
    for _, curve in curves.groupby("channel"):
        assert curve["response"].iloc[0] == 0
        assert curve["response"].is_monotonic_increasing
        step = np.gradient(curve["response"], curve["spend"])[5:-5]
        np.testing.assert_allclose(curve["marginal_response"][5:-5], step, rtol=0.1)
    assert curves["extrapolated"].mean() == pytest.approx(25 / 51)


def test_polars_numpy_and_selectors_agree(panel, make_regressor):
    X, y, _ = panel
    expected = make_regressor(max_epochs=30).fit(X, y).predict(X)
    frame = pl.DataFrame({c: X[c].to_list() for c in X})
    assert (
        make_regressor(max_epochs=30).fit(frame, y).predict(frame) == expected
    ).all()
    array = X.to_numpy(dtype=object)
    assert isinstance(frame, pl.DataFrame)
    mmm = DeepCausalMMMRegressor(
        slice(2, 5), [5, 6], 0, 1, max_epochs=30, random_state=0
    )
    np.testing.assert_allclose(mmm.fit(array, y).predict(array), expected)
    media = make_column_selector("^(?:tv|search|social)$")
    mmm = clone(mmm).set_params(
        media_columns=media,
        control_columns=["price", "promotion"],
        region_column="region",
        time_column="week",
    )
    assert (mmm.fit(X, y).predict(X) == expected).all()


def test_keys_in_the_index(panel, make_regressor):
    X, y, _ = panel
    expected = make_regressor(max_epochs=30).fit(X, y).predict(X)
    indexed = X.set_index(["region", "week"])
    found = make_regressor(max_epochs=30).fit(indexed, y).predict(indexed)
    assert (found == expected).all()


def test_missing_weeks_warn_and_do_little(panel, make_regressor):
    X, y, _ = panel
    keep = np.random.default_rng(0).random(len(X)) > 0.05
    with pytest.warns(MissingWeeksWarning, match="weeks are missing"):
        mmm = make_regressor().fit(X[keep], y[keep])
    assert mmm.score(X[~keep], y[~keep]) > 0.9


def test_a_region_with_few_weeks(panel, make_regressor):
    X, y, _ = panel
    short = (X["region"] == "region_2") & (X["week"] < X["week"].unique()[-3])
    mmm = make_regressor(max_epochs=100).fit(X[~short], y[~short])
    assert np.isfinite(mmm.predict(X)).all()


def test_unknown_region(panel, fitted):
    X = panel[0].head(5).assign(region="elsewhere")
    with pytest.warns(UnknownRegionWarning, match="elsewhere"):
        assert np.isfinite(fitted.predict(X)).all()
    strict = pickle.loads(pickle.dumps(fitted)).set_params(handle_unknown="error")
    with pytest.raises(ValueError, match="elsewhere"):
        strict.predict(X)


def test_uninformative_channels_are_said(panel, make_regressor):
    X, y, _ = panel
    with pytest.warns(UninformativeChannelWarning, match="tv"):
        mmm = make_regressor(max_epochs=30).fit(X.assign(tv=0.0), y)
    assert (mmm.contributions_["tv"] == 0).all()
    with pytest.warns(UninformativeChannelWarning, match="tv"):
        make_regressor(max_epochs=30).fit(X.assign(tv=7.0), y)


def _with(X, row, column, value):
    X = X.copy()
    X[column] = X[column].astype(object)
    X.loc[row, column] = value
    return X


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: _with(X, 3, "tv", np.nan), "'tv'.*row 3"),
        (lambda X: _with(X, 4, "price", np.inf), "'price'.*row 4"),
        (lambda X: _with(X, 5, "tv", -1.0), "Negative values in data.*'tv'.*row 5"),
        (lambda X: _with(X, 5, "tv", "much"), "'tv' holds text"),
        (lambda X: pd.concat([X, X.head(2)]), "region_column"),
        (lambda X: X.drop(columns="tv"), "no column 'tv'"),
        (lambda X: X.assign(week=pd.NaT), "'week' contains NaN"),
        (lambda X: X.rename(columns={"tv": "t"}), "no column 'tv'"),
    ],
)
def test_bad_rows_are_refused_by_name(panel, make_regressor, change, message):
    X, y, _ = panel
    X = change(X)
    with pytest.raises(ValueError, match=message):
        make_regressor().fit(X, np.resize(y, len(X)))


def test_bad_calls(panel, make_regressor, fitted):
    X, y, _ = panel
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        make_regressor().fit(X, y[:-1])
    with pytest.raises(ValueError, match="one sample"):
        make_regressor().fit(X.head(1), y.head(1))
    with pytest.raises(ValueError, match=r"feature names|tv"):
        fitted.predict(X.drop(columns="tv"))
    with pytest.raises(ValueError, match="pass a DataFrame"):
        make_regressor().fit(X.to_numpy(dtype=object), y)
    with pytest.raises(ValueError, match="another role"):
        DeepCausalMMMRegressor(["tv"], ["tv"]).fit(X[["tv"]], y)
    with pytest.raises(ValueError, match="max_lag"):
        make_regressor(max_lag=0).fit(X, y)


@pytest.mark.filterwarnings("ignore::UserWarning")  # a channel starts late
def test_single_region_and_plain_array():
    X, y, truth = make_mmm(1, 104, 2, random_state=1)
    media = X[truth.media_columns].to_numpy()
    mmm = DeepCausalMMMRegressor(max_epochs=100, random_state=0).fit(media, y)
    assert mmm.contributions_.columns.tolist() == ["baseline", "x0", "x1"]
    scores = cross_val_score(
        DeepCausalMMMRegressor(
            truth.media_columns, truth.control_columns, None, "week", max_epochs=100
        ),
        X,
        y,
        cv=TimeSeriesSplit(3),
    )
    assert np.isfinite(scores).all()


def test_no_progress_bar_unless_asked(panel, make_regressor, capsys):
    X, y, _ = panel
    make_regressor(max_epochs=3).fit(X, y)
    assert capsys.readouterr() == ("", "")
    make_regressor(max_epochs=3, verbose=1).fit(X, y)
    out, err = capsys.readouterr()
    assert "%" in out + err


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_grid_search(panel, make_regressor, n_jobs):
    X, y, _ = panel
    cv = PanelTimeSeriesSplit(2, test_size=8, time_column="week")
    search = GridSearchCV(
        make_regressor(max_epochs=40), {"max_lag": [2, 6]}, cv=cv, n_jobs=n_jobs
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        search.fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert scores.min() > 0.5
    assert scores[0] != scores[1]
    best = (2, 6)[int(np.argmax(scores))]
    assert search.best_estimator_.adstock_.shape[1] == best
    alone = make_regressor(max_epochs=40, max_lag=best).fit(X, y)
    np.testing.assert_array_equal(search.predict(X), alone.predict(X))


def test_behind_both_transformers(panel, make_regressor):
    X, y, truth = panel
    pipe = make_pipeline(
        AdstockHillTransformer(
            truth.media_columns[:1], "region", "week", decay=0.3, half_saturation=0.5,
            slope=1.0,
        ),
        RegionEncoder("region", "week", keep_keys=True),
        make_regressor(
            max_epochs=60,
        ),
    )  # fmt: skip
    cv = PanelTimeSeriesSplit(2, test_size=8, time_column="week")
    assert (cross_val_score(pipe, X, y, cv=cv) > 0.5).all()


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_reported_media_share_follows_the_truth(share):
    X, y, truth = make_mmm(12, 104, 4, media_share=share, random_state=11)
    mmm = DeepCausalMMMRegressor(
        truth.media_columns, truth.control_columns, "region", "week", random_state=0
    ).fit(X, y)
    found = mmm.contributions_[truth.media_columns].to_numpy().sum() / y.sum()
    assert found <= 0.05 if share == 0 else abs(found - share) < 0.1


def test_drop_in_for_a_linear_regressor(panel):
    X, y, truth = panel
    media = X[truth.media_columns].to_numpy()
    for model in (LinearRegression(), DeepCausalMMMRegressor(max_epochs=30)):
        assert model.fit(media, y).predict(media).shape == y.shape


def test_carry_over_that_its_kernel_cuts_off_is_warned_about():
    rng = np.random.default_rng(0)
    media = np.repeat(rng.gamma(1.0, 1.0, 40), 3)[:, None] * (
        rng.random((120, 1)) < 0.3
    )
    y = 5 + carried(media[:, 0], 0.9) + 0.05 * rng.standard_normal(120)
    mmm = DeepCausalMMMRegressor(
        max_lag=4, max_epochs=150, validation=False, n_members=0, random_state=0
    )
    with pytest.warns(
        UnfadedCarryOverWarning, match=r"\['x0'\].*4 time steps.*max_lag"
    ):
        mmm.fit(media, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mmm.set_params(max_lag=1).fit(media, y)


def carried(media, decay):
    out = np.zeros_like(media)
    for t, value in enumerate(media):
        out[t] = value + (decay * out[t - 1] if t else 0.0)
    return out


def test_a_fit_that_has_settled_ends_before_its_last_epoch(panel, make_regressor):
    X, y, _ = panel
    options = {"validation": False, "graph": False, "time_varying": False}
    mmm = make_regressor(max_epochs=300, tol=0.1, **options)
    assert len(mmm.fit(X, y).net_.history) < 300
