"""Components of which each channel has a form of its own."""

import numpy as np
import pytest
import torch

from sklearn_mmm.components import (
    DelayedAdstock,
    ExponentialSaturation,
    GeometricAdstock,
    HillSaturation,
    NoSaturation,
    Prior,
)
from sklearn_mmm.components._by_channel import (
    AdstockByChannel,
    adstock_of,
    saturation_of,
)
from sklearn_mmm.components._join import join_components
from sklearn_mmm.components._response import half_of_maximum

GEOMETRIC, DELAYED = GeometricAdstock(), DelayedAdstock()
# The forms of three channels, and their lengths.
FORMS, LAGS = [DELAYED, GEOMETRIC, DELAYED], [4, 2, 3]
CURVES = [HillSaturation(), NoSaturation(), ExponentialSaturation()]


def natural(priors, *shape):
    rng = np.random.default_rng(0)
    return {
        p.name: p.natural(torch.as_tensor(p.mean + rng.standard_normal((*shape, 3))))
        for p in priors
    }


@pytest.mark.parametrize("members", [(), (5,)])
def test_kernels_are_those_of_their_forms_padded_by_zeros(members):
    mixed = adstock_of(FORMS, LAGS)
    parameters = natural(mixed.priors_for(4), *members)
    weights, slopes = mixed.weights_and_derivatives(parameters, 4)
    torch.testing.assert_close(weights, mixed.weights(parameters, 4))
    assert weights.shape == (*members, 3, 4)
    for channel, (form, lags) in enumerate(zip(FORMS, LAGS, strict=True)):
        names = [p.name for p in form.priors]
        own = {name: parameters[name][..., [channel]] for name in names}
        alone, by = form.weights_and_derivatives(own, lags)
        torch.testing.assert_close(weights[..., [channel], :lags], alone)
        assert not weights[..., channel, lags:].any()
        for name, slope in slopes.items():
            found = slope[..., [channel], :lags]
            expected = by.get(name, torch.zeros_like(found))
            torch.testing.assert_close(found, expected)


def test_a_parameter_that_a_form_lacks_is_not_a_number():
    decay, delay = adstock_of(FORMS, LAGS).priors_for(4)
    assert (decay.name, delay.name) == ("decay", "delay")
    raw = torch.zeros(3, dtype=torch.float64)
    assert decay.natural(raw).isfinite().all()
    assert delay.natural(raw).isnan().tolist() == [False, True, False]
    assert delay.derivative(raw)[1] == 0
    # Delays end with the kernels.
    assert delay.natural(raw + 50.0)[[0, 2]].tolist() == [3.0, 2.0]


@pytest.mark.parametrize("members", [(), (5, 1)])
def test_curves_are_those_of_their_forms(members):
    mixed = saturation_of(CURVES)
    parameters = natural(mixed.priors, *members)
    x = torch.linspace(0, 3, 12, dtype=torch.float64).reshape(4, 3)
    value, slope, slopes = mixed.value_and_derivatives(parameters, x)
    torch.testing.assert_close(value, mixed.value(parameters, x))
    for channel, form in enumerate(CURVES):
        own = {p.name: parameters[p.name][..., [channel]] for p in form.priors}
        alone = form.value_and_derivatives(own, x[:, [channel]])
        for whole, part in zip((value, slope), alone, strict=False):
            found = whole[..., [channel]]
            torch.testing.assert_close(found, part.expand_as(found))
        for name in set(slopes) - set(own):
            assert not slopes[name][..., channel].any()


def test_half_of_the_maximum_is_that_of_each_form():
    parameters = natural(saturation_of(CURVES).priors)
    found = half_of_maximum(saturation_of(CURVES), parameters, 3)
    expected = parameters["half_saturation"][0], np.inf, np.log(2)
    np.testing.assert_allclose(found[:2], expected[:2])
    np.testing.assert_allclose(found[2] * parameters["rate"][2], expected[2])


def test_channels_that_do_not_differ_have_a_plain_component():
    assert adstock_of([GEOMETRIC] * 2, [3, 3]) is GEOMETRIC
    assert isinstance(adstock_of([GEOMETRIC] * 2, [3, 2]), AdstockByChannel)
    assert saturation_of(CURVES[:1] * 3) is CURVES[0]


def test_a_name_has_one_meaning():
    class Rated(GeometricAdstock):
        priors = (Prior("rate", "logit", 0.0, 1.0),)

        def weights(self, parameters, n_lags):
            return super().weights({"decay": parameters["rate"]}, n_lags)

        def weights_and_derivatives(self, parameters, n_lags):
            own = {"decay": parameters["rate"]}
            weights, slopes = super().weights_and_derivatives(own, n_lags)
            return weights, {"rate": slopes["decay"]}

    with pytest.raises(ValueError, match=r"called \['rate'\].*rename"):
        join_components([Rated(), "geometric"], ["hill", "exponential"], [3, 3])
