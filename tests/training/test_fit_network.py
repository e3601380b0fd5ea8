"""What a fit trains."""

import pytest

from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.training import _drift, _fit_network


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


@pytest.mark.parametrize("hopeless", [0.0, 1e9])
def test_training_of_drift_ends_once_media_take_over_the_level(
    make_plain, monkeypatch, hopeless
):
    n_epochs, found = 24, []

    def train(module, mode, data, scale, options, most):
        counted.clear()
        found.append(_drift.train_drift(module, mode, data, scale, options, most))
        return found[-1]

    def watch(self, net, **kwargs):
        counted.append(len(net.history))
        return renew(self, net, **kwargs)

    counted, renew = [], _drift._RenewModulation.on_epoch_end
    monkeypatch.setattr(_drift._RenewModulation, "on_epoch_end", watch)
    monkeypatch.setattr(_drift, "_N_EPOCHS", n_epochs)
    monkeypatch.setattr(_fit_network, "train_drift", train)
    monkeypatch.setattr(_fit_network, "_HOPELESS", hopeless)
    X, y, _ = make_mmm(8, 130, 2, time_varying=True, random_state=0)
    mmm = make_plain(time_varying=True, validation=True).fit(X, y)
    (penalties,) = found
    assert (penalties is None) == (hopeless == 0.0)
    assert max(counted) == (n_epochs // 12 if penalties is None else n_epochs)
    if penalties is None:
        assert (mmm.modulation_ == 1).all(axis=None)
