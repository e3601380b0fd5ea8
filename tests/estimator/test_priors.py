"""Beliefs about channels that a person can state."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

from sklearn_mmm import PanelTimeSeriesSplit
from sklearn_mmm.inspection import half_life, prior_posterior

QUICK = {"max_epochs": 3}


@pytest.fixture(scope="module")
def data(plain_panel):
    return plain_panel


@pytest.fixture(scope="module")
def make(make_plain):
    return make_plain


@pytest.fixture(scope="module")
def untold(plain_fit):
    return plain_fit


@pytest.fixture
def told(data, make):
    """Return a factory of fits that believe something of a channel."""

    def fit(mean, std, quantity, channel="search"):
        return make(priors={channel: {quantity: (mean, std)}}).fit(*data)

    return fit


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_tight_prior_moves_the_roi_onto_its_mean(told, untold, factor):
    mean = factor * untold.effects("direct").loc["search", "roi"]
    found = told(mean, 1e-3 * mean, "roi").effects("direct")
    assert found.loc["search", "roi"] == pytest.approx(mean, rel=0.01)


@pytest.mark.parametrize("factor", [0.5, 1.5])
def test_a_tight_prior_moves_the_marginal_roi_onto_its_mean(told, untold, factor):
    mean = factor * untold.effects("direct").loc["search", "marginal_roi"]
    found = told(mean, 1e-3 * mean, "marginal_roi").effects("direct")
    # The next unit is a hundredth of all spend.
    assert found.loc["search", "marginal_roi"] == pytest.approx(mean, rel=0.03)


@pytest.mark.parametrize("mean", [0.01, 0.1])
def test_a_tight_prior_moves_the_contribution_onto_its_mean(data, told, mean):
    mmm = told(mean, 1e-3 * mean, "contribution", "tv")
    share = mmm.contributions_["tv"].sum() / data[1].sum()
    assert share == pytest.approx(mean, rel=0.01)


def test_a_contribution_near_zero_can_be_believed(data, told):
    mmm = told(0.0, 1e-5, "contribution", "tv")
    assert mmm.contributions_["tv"].sum() < 1e-3 * data[1].sum()


def test_a_vague_prior_changes_nothing(data, told, untold):
    for quantity in ("roi", "marginal_roi"):
        mmm = told(1e6, 1e12, quantity, "tv")
        np.testing.assert_allclose(
            mmm.contributions_,
            untold.contributions_,
            rtol=0,
            atol=1e-4 * data[1].mean(),
        )


def test_a_tight_prior_moves_the_half_life_onto_its_mean(told):
    for mean in (0.6, 2.0):
        mmm = told(mean, 0.01 * mean, "half_life", "tv")
        assert half_life(mmm.adstock_.loc["tv"]) == pytest.approx(mean, rel=0.03)


def test_half_lives_of_kernels_with_two_parameters_can_be_believed(data, make):
    for adstock, mean in (("weibull", 1.5), ("delayed", 2.0)):
        believed = {"tv": {"half_life": (mean, 0.01)}}
        mmm = make(priors=believed, adstock=adstock).fit(*data)
        # The other parameter is learned beside it.
        assert half_life(mmm.adstock_.loc["tv"]) == pytest.approx(mean, rel=0.25)


@pytest.mark.parametrize("saturation", ["hill", "logistic", "exponential"])
def test_a_tight_prior_moves_the_half_saturation_onto_its_mean(data, make, saturation):
    mean = 0.3 * data[0]["tv"].max()
    believed = {"tv": {"half_saturation": (mean, 0.01 * mean)}}
    mmm = make(priors=believed, saturation=saturation).fit(*data)
    found = mmm.half_saturation_["tv"] * mmm.media_scale_["tv"].median()
    assert found == pytest.approx(mean, rel=0.03)


def test_a_tight_prior_moves_the_slope_onto_its_mean(data, make):
    mmm = make(priors={"tv": {"slope": (1.8, 0.01)}}, n_members=2).fit(*data)
    assert mmm.saturation_parameters_.loc["tv", "slope"] == pytest.approx(1.8, rel=0.02)
    # What is believed of one channel is not believed of others.
    table = prior_posterior(mmm).query("parameter == 'slope'").set_index("channel")
    assert table.loc["tv", "prior_mean"] == pytest.approx(1.8, rel=0.01)
    assert table.loc["search", "prior_mean"] == pytest.approx(1.2, abs=0.2)
    assert table.loc["search", "prior_sd"] > 0.2


def test_what_is_believed_of_shapes_is_believed_in_an_update(data, make):
    X, y = data
    early = X["week"] < X["week"].max() - pd.Timedelta(weeks=4)
    mean = 0.3 * X["tv"].max()
    believed = {"tv": {"half_saturation": (mean, 0.01 * mean), "half_life": (2, 0.02)}}
    mmm = make(priors=believed).fit(X[early], y[early])
    # Media twice as large as any before change the unit in which the curve is learned.
    late = X[~early].assign(tv=2 * X.loc[~early, "tv"])
    mmm.partial_fit(late, y[~early])
    found = mmm.half_saturation_["tv"] * mmm.media_scale_["tv"].median()
    assert found == pytest.approx(mean, rel=0.05)
    assert half_life(mmm.adstock_.loc["tv"]) == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize(
    ("quantity", "form", "message"),
    [
        ("slope", {"saturation": "logistic"}, "LogisticSaturation.* has no slope"),
        ("half_saturation", {"saturation": "none"}, "NoSaturation.* has no maximum"),
        ("half_life", {"max_lag": 1}, "half-life to learn; raise max_lag"),
    ],
)
def test_beliefs_about_what_a_form_does_not_have_are_refused(
    data, make, quantity, form, message
):
    with pytest.raises(ValueError, match=message):
        make(priors={"tv": {quantity: (1.0, 0.5)}}, **form, **QUICK).fit(*data)


def test_beliefs_of_one_channel_add_up(data, untold, make):
    roi = untold.effects("direct").loc["tv", "roi"]
    both = {"roi": (2 * roi, 0.1 * roi), "contribution": (0.0, 1.0)}
    one = make(priors={"tv": {"roi": both["roi"]}}).fit(*data)
    two = make(priors={"tv": both}).fit(*data)
    np.testing.assert_allclose(two.predict(data[0]), one.predict(data[0]), rtol=0.02)


@pytest.mark.parametrize(
    ("priors", "message"),
    [
        ({"radio": {"roi": (1, 1)}}, "priors names the unknown channel 'radio'.*'tv'"),
        ({"tv": (1, 1)}, r"priors of 'tv' is \(1, 1\); give a dict"),
        ({"tv": {"effect": (1, 1)}}, "priors of 'tv' names 'effect'.*'roi'"),
        ({"tv": {"roi": 3.0}}, "priors of 'tv': 'roi' is 3.0; give a pair"),
        ({"tv": {"roi": (1, 2, 3)}}, "priors of 'tv': 'roi' is"),
        ({"tv": {"roi": (1, 0)}}, r"priors of 'tv': 'roi' is \(1, 0\)"),
        ({"tv": {"roi": (1, -1)}}, r"priors of 'tv': 'roi' is \(1, -1\)"),
        ({"tv": {"roi": (np.nan, 1)}}, r"priors of 'tv': 'roi' is nan"),
        ({"tv": {"roi": (1, np.inf)}}, r"priors of 'tv': 'roi' is inf"),
        ({"tv": {"roi": ("high", 1)}}, "priors of 'tv': 'roi' is"),
        ({"tv": {"roi": "ab"}}, "priors of 'tv': 'roi' is"),
        ({"tv": {"slope": (0.0, 1.0)}}, "'slope' is 0 on average; give a positive"),
        ({"tv": {"half_life": (9.0, 0.1)}}, "'half_life' has a median.*max_lag"),
        ("tv", "'priors' parameter"),
    ],
    ids=str,
)
def test_priors_that_make_no_sense_are_refused_by_channel(data, priors, message, make):
    with pytest.raises(ValueError, match=message):
        make(priors=priors, **QUICK).fit(*data)


@pytest.mark.filterwarnings(
    "ignore::sklearn_mmm.exceptions.UninformativeChannelWarning"
)
def test_a_channel_that_never_spends_has_no_roi_to_believe_in(data, make):
    X, y = data
    for quantity, message in (
        ("roi", "priors of 'tv': nothing was spent"),
        ("contribution", "priors of 'tv': it has no media"),
    ):
        mmm = make(priors={"tv": {quantity: (1.0, 1.0)}}, **QUICK)
        with pytest.raises(ValueError, match=message):
            mmm.fit(X.assign(tv=0.0), y)


def test_a_share_of_a_negative_outcome_is_refused(data, make):
    X, y = data
    mmm = make(priors={"tv": {"contribution": (0.1, 0.1)}}, **QUICK)
    with pytest.raises(ValueError, match=r"sums to -.*give a 'roi'"):
        mmm.fit(X, -y)


def test_priors_are_a_parameter_like_others(data, make):
    priors = {"tv": {"roi": (2.0, 1.0)}}
    mmm = make(priors=priors, **QUICK)
    assert clone(mmm).priors == priors
    assert mmm.priors is priors
    copied = pickle.loads(pickle.dumps(mmm.fit(*data)))
    np.testing.assert_array_equal(copied.predict(data[0]), mmm.predict(data[0]))
    cv = PanelTimeSeriesSplit(2, test_size=4, time_column="week")
    grid = {"priors": [None, priors]}
    search = GridSearchCV(make(**QUICK), grid, cv=cv, error_score="raise").fit(*data)
    scores = search.cv_results_["mean_test_score"]
    alone = [
        cross_val_score(make(priors=given, **QUICK), *data, cv=cv).mean()
        for given in grid["priors"]
    ]
    assert scores[0] != scores[1]
    np.testing.assert_array_equal(scores, alone)


def test_priors_hold_in_updates(data, make):
    X, y = data
    late = X["week"] >= X["week"].unique()[-6]
    untold = make().fit(X[~late], y[~late])
    mean = 2 * untold.effects("direct").loc["tv", "roi"]
    mmm = make(priors={"tv": {"roi": (mean, 1e-3 * mean)}}).fit(X[~late], y[~late])
    mmm.partial_fit(X[late], y[late])
    assert mmm.effects("direct").loc["tv", "roi"] == pytest.approx(mean, rel=0.02)
