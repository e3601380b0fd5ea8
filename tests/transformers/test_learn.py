"""Learning the parameters of adstock and saturation."""

import numpy as np
import pytest

from sklearn_mmm.components import (
    DelayedAdstock,
    ExponentialSaturation,
    GeometricAdstock,
    HillSaturation,
)
from sklearn_mmm.components._response import ChannelResponse
from sklearn_mmm.transformers._learn import _candidates, learn_response

FORMS = [
    (GeometricAdstock(), HillSaturation()),
    (DelayedAdstock(), ExponentialSaturation()),
]


@pytest.fixture
def media():
    rng = np.random.default_rng(0)
    x = rng.exponential(size=(4, 60, 2)) * (rng.random((4, 60, 2)) < 0.5)
    return x / x.max(axis=1, keepdims=True)


@pytest.fixture
def observed():
    mask = np.ones((4, 60), bool)
    mask[1, 10:14] = False
    return mask


@pytest.mark.parametrize(("adstock", "saturation"), FORMS)
def test_a_truth_among_the_candidates_is_found(media, observed, adstock, saturation):
    form = ChannelResponse(adstock, saturation, 5, 2, {})
    grid = _candidates(list(form.priors))
    true = {p.name: grid[[71, 150], i] for i, p in enumerate(form.priors)}
    truth = ChannelResponse(adstock, saturation, 5, 2, true)
    y = truth.share(media) @ [0.7, 0.4]
    # What regions or weeks have in common says nothing about media.
    rng = np.random.default_rng(1)
    y = y + rng.standard_normal((4, 1)) + rng.standard_normal(60)
    found = learn_response(media, y, observed, form, {})
    for name, values in true.items():
        np.testing.assert_array_equal(found.parameters[name], values)
    noise = np.where(observed, 0.0, 1e6)
    again = learn_response(media, y + noise, observed, form, {})
    assert all((again.parameters[n] == v).all() for n, v in true.items())


def test_given_parameters_stay_and_the_others_follow_them(media, observed):
    form = ChannelResponse(*FORMS[0], 5, 2, {})
    given = {"decay": np.array([0.0, 0.65]), "slope": np.array([1.0, 2.0])}
    true = given | {"half_saturation": np.array([0.5, 1.5])}
    y = ChannelResponse(*FORMS[0], 5, 2, true).share(media) @ [1.0, 1.0]
    found = learn_response(media, y, observed, form, given).parameters
    assert found.keys() == true.keys()
    for name, values in given.items():
        np.testing.assert_array_equal(found[name], values)
    np.testing.assert_allclose(
        found["half_saturation"], true["half_saturation"], rtol=0.1
    )


def test_candidates_fill_the_priors_evenly():
    priors = list(ChannelResponse(*FORMS[1], 5, 2, {}).priors)
    grid = _candidates(priors)
    for i, prior in enumerate(priors):
        assert grid[0, i] == pytest.approx(prior.quantile(0.5))
        levels = [0.1, 0.25, 0.5, 0.9]
        found = [(grid[:, i] <= prior.quantile(p)).mean() for p in levels]
        np.testing.assert_allclose(found, levels, atol=0.03)
