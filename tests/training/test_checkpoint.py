"""A fit that goes on from its checkpoint is the fit that was never interrupted."""

import signal

import numpy as np
import pytest
from skorch.callbacks import Callback, EarlyStopping

from sklearn_mmm.posterior import ModeSearch
from sklearn_mmm.training import _drift, _fit_network


@pytest.fixture(scope="module")
def data(panel):
    X, y, _ = panel
    return X[:120], y[:120]


@pytest.fixture
def varying(monkeypatch):
    """Let effects vary with time, by a short training, so that all stages are run."""
    monkeypatch.setattr(_drift, "_N_EPOCHS", 20)
    monkeypatch.setattr(_fit_network, "effects_vary", lambda scale: True)


@pytest.fixture
def steps(monkeypatch):
    """Return a list that grows by one with each step of a search."""
    taken, step = [], ModeSearch.step

    def counted(self):
        taken.append(1)
        return step(self)

    monkeypatch.setattr(ModeSearch, "step", counted)
    return taken


class Interrupting(Callback):
    """An interruption in an epoch of a training."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.epoch:
            raise InterruptedError


@pytest.fixture
def begun(quick, data, tmp_path):
    """Return the path of a fit that ended in its second epoch, and its options."""
    path, options = tmp_path / "fit.ckpt", {"max_epochs": 9}
    with pytest.raises(InterruptedError):
        quick(**options, callbacks=[Interrupting(2)]).fit(*data, checkpoint=path)
    return path, options


def fit_with_signal(signal_at, mmm, data, path, moment=-1):
    with signal_at(signal.SIGINT, moment) as seen:
        mmm.fit(*data, checkpoint=path)
    return seen()


def expect_the_same(one, other, X):
    np.testing.assert_array_equal(one.contributions_, other.contributions_)
    np.testing.assert_array_equal(one.modulation_, other.modulation_)
    np.testing.assert_array_equal(one.predict(X), other.predict(X))
    assert one.hyperparameters_ == other.hyperparameters_
    losses = [m.net_.history[:, "train_loss"] for m in (one, other)]
    assert losses[0] == losses[1]


@pytest.mark.usefixtures("varying")
def test_a_fit_that_goes_on_is_the_fit_without_an_interruption(
    data, make_regressor, signal_at, tmp_path, steps
):
    path, X = tmp_path / "fit.ckpt", data[0]
    mmm = make_regressor(n_members=2, graph=False, validation=False)
    n_calls = fit_with_signal(signal_at, mmm, data, path)
    n_steps = len(steps)
    assert not path.exists()
    for share in (0.4, 0.95):
        again = make_regressor(n_members=2, graph=False, validation=False)
        with pytest.raises(KeyboardInterrupt):
            fit_with_signal(signal_at, again, data, path, int(share * n_calls))
        assert path.exists()
        steps.clear()
        again.fit(*data, checkpoint=path)
        assert not path.exists()
        assert len(steps) <= n_steps * (1.25 - share)
        expect_the_same(mmm, again, X)
        np.testing.assert_array_equal(
            mmm.predict_interval(X), again.predict_interval(X)
        )


@pytest.mark.parametrize(
    "change", [{"l2": 2.0}, {"random_state": 1}, {"max_lag": 4}, {"adstock": "delayed"}]
)
def test_a_checkpoint_of_other_parameters_is_refused(quick, data, begun, change):
    path, options = begun
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"fit\.ckpt is of a fit with other data"):
        quick(**options, **change).fit(*data, checkpoint=path)
    assert path.read_bytes() == before


def test_a_checkpoint_of_other_data_is_refused(quick, data, begun):
    path, options = begun
    X, y = data
    for other in ((X, y + 1), (X.assign(tv=X["tv"] + X["search"]), y)):
        with pytest.raises(ValueError, match="other data"):
            quick(**options).fit(*other, checkpoint=path)


def test_what_only_watches_may_be_another(quick, data, begun):
    path, options = begun
    watched = quick(**options, callbacks=[Interrupting(99)])
    expect_the_same(
        watched.fit(*data, checkpoint=path), quick(**options).fit(*data), data[0]
    )


def test_without_a_seed_that_of_the_begun_fit_is_taken(quick, data, begun):
    path, options = begun
    again = quick(**options, random_state=None).fit(*data, checkpoint=path)
    expect_the_same(again, quick(**options).fit(*data), data[0])


def test_a_training_that_a_callback_ended_is_not_taken_up(
    quick, data, tmp_path, monkeypatch
):
    path, stop = tmp_path / "fit.ckpt", EarlyStopping("train_loss", 1, threshold=0.9)
    options = {"max_epochs": 20, "callbacks": [stop]}
    fitted = quick(**options).fit(*data)

    def fail(*args):
        raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(_fit_network, "complete_fit", fail)
        with pytest.raises(InterruptedError):
            quick(**options).fit(*data, checkpoint=path)
    again = quick(**options).fit(*data, checkpoint=path)
    assert len(again.net_.history) < 20
    expect_the_same(again, fitted, data[0])


def test_other_files_are_left_alone(quick, data, tmp_path):
    path = tmp_path / "model.mmm"
    quick().fit(*data).save(path)
    before = path.read_bytes()
    for content, what in (
        (before, "DeepCausalMMMRegressor that was saved"),
        (before[:200], "damaged"),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=what):
            quick().fit(*data, checkpoint=path)
        assert path.read_bytes() == content


def test_no_path_and_no_folder(quick, data, tmp_path):
    with pytest.raises(TypeError, match="checkpoint=3"):
        quick().fit(*data, checkpoint=3)
    with pytest.raises(ValueError, match="folder does not exist"):
        quick().fit(*data, checkpoint=tmp_path / "nowhere" / "fit.ckpt")
