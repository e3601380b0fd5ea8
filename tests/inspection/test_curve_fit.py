import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from sklearn_mmm import ResponseCurveFit


def draw(rng, noise, n=100, half=(0.1, 0.5)):
    top, slope = rng.uniform(10, 1e5), rng.uniform(0.7, 3)
    half = 1000 * rng.uniform(*half)
    spend = rng.uniform(0, 1000, n)
    response = top * spend**slope / (spend**slope + half**slope)
    size = top if noise == "constant" else response
    noisy = response + 0.02 * size * rng.standard_normal(n)
    return spend, noisy, np.array([top, half, slope])


def found(curve):
    return np.array([curve.top_, curve.half_saturation_, curve.slope_])


@pytest.mark.parametrize("noise", ["constant", "proportional"])
@pytest.mark.parametrize("n", [15, pytest.param(60, marks=pytest.mark.slow)])
def test_recovers_curves_inside_the_data(noise, n):
    rng = np.random.default_rng(1)
    close, covered, told = 0, [], 0
    for _ in range(n):
        spend, response, true = draw(rng, noise, n=200)
        curve = ResponseCurveFit().fit(spend, response)
        error = np.abs(found(curve) - true)
        close += (error < 0.05 * true).all()
        covered.append(error < 2 * curve.std_error_.to_numpy())
        told += curve.noise_ == noise
        assert curve.r2_ > 0.97
    assert close / n >= (0.95 if noise == "proportional" else 0.83)
    assert 0.9 <= np.mean(covered) <= (0.99 if n > 15 else 1.0)
    assert told / n >= 0.96


def test_says_when_saturation_is_not_reached():
    rng = np.random.default_rng(0)
    for _ in range(5):
        spend, response, _ = draw(rng, "constant", half=(5, 20))
        curve = ResponseCurveFit().fit(spend, response)
        assert not curve.saturated_
        assert curve.std_error_["top"] > 0.1 * curve.top_
    spend, response, _ = draw(rng, "constant", half=(0.1, 0.2))
    assert ResponseCurveFit().fit(spend, response).saturated_


def test_units_do_not_matter():
    spend, response, _ = draw(np.random.default_rng(3), "constant")
    one = ResponseCurveFit().fit(spend, response)
    other = ResponseCurveFit().fit(spend * 1e6, response * 1e-6)
    np.testing.assert_allclose(found(other), found(one) * [1e-6, 1e6, 1], rtol=1e-4)
    np.testing.assert_allclose(
        np.diag(other.covariance_),
        np.diag(one.covariance_) * np.array([1e-6, 1e6, 1]) ** 2,
        rtol=1e-2,
    )


def test_weights_count_points():
    rng = np.random.default_rng(0)
    spend, response, _ = draw(rng, "constant", n=60)
    weight = rng.integers(0, 3, 60)
    weighted = ResponseCurveFit(noise="constant").fit(spend, response, weight)
    repeated = ResponseCurveFit(noise="constant").fit(
        np.repeat(spend, weight), np.repeat(response, weight)
    )
    np.testing.assert_allclose(found(weighted), found(repeated), rtol=1e-4)


def test_own_response_curves_are_recovered(fitted):
    table = fitted.response_curves("channel×region")
    one = table.query("channel == 'search' and region == 'region_1'")
    curve = ResponseCurveFit().fit(one[["spend"]].to_numpy(), one["response"])
    scale = fitted.media_scale_.loc["region_1", "search"]
    assert curve.slope_ == pytest.approx(fitted.slope_["search"], rel=1e-3)
    assert curve.half_saturation_ == pytest.approx(
        fitted.half_saturation_["search"] * scale, rel=1e-3
    )
    assert curve.top_ == pytest.approx(
        fitted.regional_effect_.loc["region_1", "search"], rel=1e-3
    )


def test_scikit_learn_manners():
    spend, response, _ = draw(np.random.default_rng(0), "constant")
    curve = ResponseCurveFit(max_slope=5.0)
    with pytest.raises(NotFittedError):
        curve.predict(spend)
    assert clone(curve).get_params() == curve.get_params()
    curve.fit(spend, response)
    again = pickle.loads(pickle.dumps(curve))
    assert (again.predict(spend) == curve.predict(spend[:, None])).all()
    assert curve.predict([0.0]) == 0
    search = GridSearchCV(ResponseCurveFit(), {"max_slope": [0.5, 5.0]})
    search.fit(spend[:, None], response)
    assert search.best_params_["max_slope"] == 5.0
    assert isinstance(curve.covariance_, pd.DataFrame)


@pytest.mark.parametrize(
    ("X", "y", "options", "message"),
    [
        ([-1, 1, 2, 3], [0, 1, 2, 3], {}, "negative"),
        ([1, 1, 1, 1], [0, 1, 2, 3], {}, "all spend is the same"),
        ([1, 2, 3], [0, 1, 2], {}, "at least 4"),
        ([1, 2, 3, np.nan], [0, 1, 2, 3], {}, "NaN"),
        ([1, 2, 3, 4], [0, 1, 2], {}, "inconsistent"),
        (np.ones((4, 2)), [0, 1, 2, 3], {}, "one feature"),
        ([1, 2, 3, 4], [0, 1, 2, 3], {"min_slope": 3, "max_slope": 2}, "exceeds"),
        ([1, 2, 3, 4], [0, 1, 2, 3], {"n_starts": 0}, "n_starts"),
    ],
)
def test_bad_input(X, y, options, message):
    with pytest.raises(ValueError, match=message):
        ResponseCurveFit(**options).fit(X, y)
