from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import Bunch

from sklearn_mmm.datasets import make_mmm, true_contributions, true_outcome


@pytest.mark.parametrize("share", [0.0, 0.1, 0.7])
def test_parts_sum_and_share_is_exact(share):
    _, y, truth = make_mmm(5, 60, 3, media_share=share, random_state=0)
    parts = (
        truth.baseline + truth.controls.sum(axis=1) + truth.contributions.sum(axis=1)
    )
    np.testing.assert_allclose(parts + truth.noise, y)
    assert truth.contributions.to_numpy().sum() / y.sum() == pytest.approx(share)
    assert (y > 0).all()


def test_same_seed_same_data_and_streams_are_independent():
    X, y, _ = make_mmm(3, 40, 3, random_state=4)
    again, y_again, _ = make_mmm(3, 40, 3, random_state=4)
    assert X.equals(again)
    assert y.equals(y_again)
    other, y_other, _ = make_mmm(3, 40, 3, random_state=4, noise=0.2, media_share=0.6)
    assert X.equals(other)
    assert not y.equals(y_other)


def test_spend_looks_like_spend():
    X, _, truth = make_mmm(random_state=1)
    spend = X[truth.media_columns]
    assert (spend >= 0).all(axis=None)
    assert (spend == 0).mean().max() > 0.2
    national = X.groupby("week")[truth.media_columns].sum()
    off_diagonal = national.corr().to_numpy()[~np.eye(6, dtype=bool)]
    assert np.abs(off_diagonal).max() > 0.2
    size = X.groupby("region")[truth.media_columns].sum().sum(axis=1)
    assert size.max() / size.min() > 10


def test_missing_rows():
    X, y, truth = make_mmm(4, 50, 2, missing=0.1, random_state=0)
    assert len(X) == len(y) == len(truth.contributions) == 180
    assert (X.groupby("region")["week"].min() == X["week"].min()).all()


def test_multipliers_have_mean_one_and_move():
    X, _, truth = make_mmm(4, 104, 3, time_varying=True, random_state=0)
    means = truth.multipliers.groupby(X["region"]).mean()
    np.testing.assert_allclose(means, 1)
    assert truth.multipliers.max().max() > 1.3
    constant = make_mmm(4, 104, 3, random_state=0)[2].multipliers
    assert (constant == 1).all(axis=None)


def test_truth_of_a_plan_and_of_the_graph():
    X, y, truth = make_mmm(3, 60, 5, graph=True, random_state=2)
    np.testing.assert_allclose(true_outcome(truth, X) + truth.noise, y)
    assert np.diag(truth.graph).sum() == 0
    assert np.allclose(np.linalg.matrix_power(truth.graph.to_numpy(), 5), 0)
    base = true_outcome(truth, X).sum()
    for channel in truth.media_columns:
        without = true_outcome(truth, X.assign(**{channel: 0.0})).sum()
        assert base - without == pytest.approx(truth.total_effects[channel])
    direct = truth.contributions.sum()
    np.testing.assert_allclose(truth.total_effects, direct + truth.mediated.sum())
    np.testing.assert_allclose(true_contributions(truth, X), truth.contributions)


def test_response_curve_at_half_saturation():
    _, _, truth = make_mmm(2, 30, 1, random_state=0)
    curve = truth.response_curves.query("region == 'region_1'")
    scale, effect = truth.scale.iloc[0, 0], truth.effect.iloc[0, 0]
    half = truth.half_saturation.iloc[0] * scale
    found = np.interp(half, curve["spend"], curve["response"])
    assert found == pytest.approx(effect / 2, rel=0.02)


def test_the_default_truth_by_its_own_formula():
    X, _, truth = make_mmm(2, 30, 2, random_state=3)
    tv = X.loc[X["region"] == "region_2", "tv"].to_numpy() / truth.scale.iloc[1, 0]
    weights = truth.adstock["decay"].iloc[0] ** np.arange(8.0)
    adstocked = np.convolve(tv, weights / weights.sum())[:30]
    powered = adstocked ** truth.slope.iloc[0]
    half = truth.half_saturation.iloc[0] ** truth.slope.iloc[0]
    expected = truth.effect.iloc[1, 0] * powered / (powered + half)
    np.testing.assert_allclose(truth.contributions["tv"][30:], expected, rtol=1e-9)
    np.testing.assert_allclose(truth.adstock_weights.iloc[0], weights / weights.sum())


def test_truths_of_other_forms():
    X, y, truth = make_mmm(
        2, 60, 3, adstock="weibull", saturation="logistic", graph=True, random_state=1
    )
    assert list(truth.adstock) == ["shape", "scale", "max_lag"]
    assert truth.slope.isna().all()
    np.testing.assert_allclose(truth.half_saturation, np.log(3) / truth.saturation.rate)
    np.testing.assert_allclose(true_outcome(truth, X) + truth.noise, y)
    tv = X.loc[X["region"] == "region_1", "tv"].to_numpy() / truth.scale.iloc[0, 0]
    edges = np.arange(9.0) / truth.adstock["scale"].iloc[0]
    weights = -np.diff(np.exp(-(edges ** truth.adstock["shape"].iloc[0])))
    adstocked = np.convolve(tv, weights / weights.sum())[:60]
    share = np.tanh(truth.saturation["rate"].iloc[0] / 2 * adstocked)
    expected = truth.effect.iloc[0, 0] * share
    np.testing.assert_allclose(truth.contributions["tv"][:60], expected, rtol=1e-9)


def test_the_truth_of_a_straight_line_has_no_maximum():
    X, _, truth = make_mmm(2, 60, 2, saturation="none", random_state=1)
    assert np.isinf(truth.half_saturation).all()
    more = X.assign(tv=2 * X["tv"])
    np.testing.assert_allclose(
        true_contributions(truth, more)["tv"], 2 * truth.contributions["tv"]
    )
    slope = truth.response_curves.groupby(["channel", "region"])["marginal_response"]
    assert (slope.max() < slope.min() * (1 + 1e-9)).all()


def test_truths_are_those_of_a_component_of_ones_own(own_adstock, own_saturation):
    own = {"adstock": own_adstock, "saturation": own_saturation}
    X, _, truth = make_mmm(2, 40, 2, random_state=0, **own)
    tv = X.loc[X["region"] == "region_1", "tv"].to_numpy() / truth.scale.iloc[0, 0]
    weights = np.arange(1.0, 9.0) ** -truth.adstock["decline"].iloc[0]
    adstocked = np.convolve(tv, weights / weights.sum())[:40]
    share = np.arctan(adstocked / truth.half_saturation.iloc[0]) * 2 / np.pi
    expected = truth.effect.iloc[0, 0] * share
    np.testing.assert_allclose(truth.contributions["tv"][:40], expected, rtol=1e-9)
    # What is not drawn from components stays.
    assert X.equals(make_mmm(2, 40, 2, random_state=0)[0])


@pytest.mark.parametrize("parameter", ["adstock", "saturation"])
def test_forms_that_do_not_exist(parameter):
    with pytest.raises(ValueError, match=rf"{parameter}='magic'.*one of \["):
        make_mmm(**{parameter: "magic"})
    with pytest.raises(TypeError, match=rf"{parameter}=3.*subclass"):
        make_mmm(**{parameter: 3})


@pytest.mark.parametrize(
    "bad",
    [
        {"n_regions": 0},
        {"n_weeks": 1},
        {"n_channels": 2.5},
        {"media_share": 1.0},
        {"noise": -1},
        {"missing": 1.2},
    ],
)
def test_bad_parameters(bad):
    (name,) = bad
    with pytest.raises(ValueError, match=f"[Gg]ot {name}="):
        make_mmm(**bad)


def test_a_row_that_is_not_in_the_panel():
    X, _, truth = make_mmm(2, 10, 2, random_state=0)
    with pytest.raises(ValueError, match="'mars'"):
        true_outcome(truth, X.assign(region="mars"))


@pytest.mark.parametrize(
    "start",
    [
        *(None, 3, True, np.nan, [], b"2022", "soon", "NaT", "2022-13-01"),
        *("2022-01-03T00:00+01:00", "2261-06-01", "99999-01-01"),
    ],
    ids=repr,
)
def test_a_first_week_that_is_no_date_is_refused(start):
    with pytest.raises((ValueError, TypeError), match=r"got start=.*2022-01-03"):
        make_mmm(1, 60, 1, start=start)


@pytest.mark.parametrize("start", [date(2022, 1, 3), np.datetime64("2022-01-03")])
def test_dates_are_as_good_as_text(start):
    X, *_ = make_mmm(1, 5, 1, start=start, random_state=0)
    expected, *_ = make_mmm(1, 5, 1, random_state=0)
    pd.testing.assert_frame_equal(X, expected, check_dtype=False)


def test_sizes_without_memory_for_them_are_refused_at_once():
    with pytest.raises(ValueError, match="n_regions × n_weeks × n_channels"):
        make_mmm(10**6, 10**6, 1)
    for name in ("graph", "time_varying"):
        with pytest.raises(TypeError, match=f"got {name}='x'"):
            make_mmm(1, 5, 1, **{name: "x"})


@pytest.mark.parametrize("function", [true_outcome, true_contributions])
def test_truth_and_rows_that_do_not_belong_together_are_refused(function):
    X, y, truth = make_mmm(2, 20, 2, random_state=0)
    for wrong in (None, X, {}, Bunch(), "x"):
        with pytest.raises(TypeError, match=r"got truth=.*what make_mmm returned"):
            function(wrong, X)
    for wrong in (None, "x", X.to_numpy(), y):
        with pytest.raises(TypeError, match="got X="):
            function(truth, wrong)
    for rows, words in (
        (X.drop(columns="tv"), r"X lacks the columns \['tv'\]"),
        (X.drop(columns="week"), "'week'"),
        (X.assign(week="soon"), "'week' holds no dates"),
        (X.assign(week=X["week"] + pd.Timedelta(days=1)), r"week .* \(row 0\)"),
        (X.assign(tv="much"), "'tv' holds text"),
        (X.assign(tv=np.nan), "'tv' has 40 such"),
        (X.assign(tv=-1.0), "'tv' has 40 negative"),
    ):
        with pytest.raises(ValueError, match=words):
            function(truth, rows)
