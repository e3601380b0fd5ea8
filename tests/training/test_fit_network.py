"""What a fit trains."""

import pytest

from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.training import _fit_network


def test_effects_that_cannot_be_validated_are_not_trained(make_plain, monkeypatch):
    def asked(*args):
        raise AssertionError("it was asked whether effects vary")

    monkeypatch.setattr(_fit_network, "drift_scale", asked)
    X, y, _ = make_mmm(3, 55, 2, random_state=0)
    options = {"time_varying": True, "max_epochs": 2}
    mmm = make_plain(validation=True, **options).fit(X, y)
    assert (mmm.modulation_ == 1).all(axis=None)
    with pytest.raises(AssertionError, match="whether effects vary"):
        make_plain(validation=False, **options).fit(X, y)
