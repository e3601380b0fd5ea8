import numpy as np
import pytest
import torch
from scipy.stats import norm

from sklearn_mmm.components import Prior

PRIORS = [
    Prior("a", "identity", 0.3, 2.0),
    Prior("b", "log", -0.5, 0.8, low=1.5),
    Prior("c", "logit", 0.2, 0.7, low=-1.0, high=7.0),
]


@pytest.mark.parametrize("prior", PRIORS, ids=str)
def test_raw_inverts_natural_and_derivative_is_its_slope(prior):
    raw = torch.linspace(-3, 3, 13, dtype=torch.float64, requires_grad=True)
    natural = prior.natural(raw)
    torch.testing.assert_close(prior.raw(natural.detach()), raw.detach())
    (slope,) = torch.autograd.grad(natural.sum(), raw)
    torch.testing.assert_close(prior.derivative(raw.detach()), slope)
    assert (slope > 0).all()


def test_quantiles_by_hand():
    bounded = Prior("c", "logit", 0.0, 1.0, high=4.0)
    assert bounded.quantile(0.5) == pytest.approx(2.0)
    skewed = Prior("b", "log", np.log(2.0), 0.5, low=1.0)
    assert skewed.quantile(norm.cdf(1.0)) == pytest.approx(1 + 2 * np.exp(0.5))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "half life"}, "name='half life'"),
        ({"transform": "square"}, "transform='square'"),
        ({"sd": 0.0}, "sd=0.0 for 'slope'"),
        ({"mean": np.nan}, "mean=nan"),
        ({"transform": "logit", "low": 2.0}, "low=2.0"),
    ],
)
def test_priors_that_are_none(changes, message):
    options = {"name": "slope", "transform": "log", "mean": 0.0, "sd": 1.0} | changes
    with pytest.raises(ValueError, match=message):
        Prior(**options)
