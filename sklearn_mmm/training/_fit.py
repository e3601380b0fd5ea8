"""Build the skorch net, train it, and condition the baseline on the data."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.functional import lagged
from sklearn_mmm.network import MMMModule
from sklearn_mmm.training._baseline import TimeBaseline, make_time_baseline
from sklearn_mmm.training._covariance import TimeCovariance
from sklearn_mmm.training._losses import Penalties, WhitenedHuber
from sklearn_mmm.training._net import MMMNet, WholePanel, make_callbacks


@dataclass(frozen=True)
class TrainingData:
    """A training panel, scaled.

    Attributes
    ----------
    media : ndarray of shape (n_regions, n_weeks, n_channels)
        In units of the media scale.
    controls : ndarray of shape (n_regions, n_weeks, n_controls)
        Standardised.
    target : ndarray of shape (n_regions, n_weeks)
        Outcome relative to the region's mean.
    observed : bool ndarray of shape (n_regions, n_weeks)
    position : ndarray of shape (n_weeks,)
    covariance : TimeCovariance
    """

    media: np.ndarray
    controls: np.ndarray
    target: np.ndarray
    observed: np.ndarray
    position: np.ndarray
    covariance: TimeCovariance


@dataclass(frozen=True)
class TrainingOptions:
    """How to train; see the regressor's parameters of the same names."""

    max_lag: int
    min_slope: float
    l1: float
    l2: float
    huber_delta: float
    gradient_clip: float
    learning_rate: float
    max_epochs: int
    tol: float
    n_iter_no_change: int
    device: str
    verbose: int


@dataclass(frozen=True)
class Fitted:
    """A trained net and its baseline."""

    net: MMMNet
    baseline: TimeBaseline


def fit_network(data: TrainingData, options: TrainingOptions, seed: int) -> Fitted:
    """Train the model on a panel.

    The state of torch's global random generator is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = _make_net(data, options)
        X, y = _tensors(data, options.max_lag)
        # Effects on their way to zero would otherwise pass through denormal numbers,
        # which are many times slower.
        torch.set_flush_denormal(True)
        try:
            net.fit(X, y)
        finally:
            torch.set_flush_denormal(False)
    fitted = Fitted(net, _condition(net, data, X))
    _slim_down(net)
    return fitted


def _make_net(data: TrainingData, options: TrainingOptions) -> MMMNet:
    n_regions, n_weeks, n_channels = data.media.shape
    has_course = n_regions > 1 and data.covariance.wanders
    return MMMNet(
        MMMModule,
        module__n_regions=n_regions,
        module__n_weeks=n_weeks if has_course else 0,
        module__n_channels=n_channels,
        module__n_controls=data.controls.shape[2],
        module__max_lag=options.max_lag,
        module__min_slope=options.min_slope,
        criterion=WhitenedHuber,
        criterion__delta=options.huber_delta,
        penalties=Penalties(options.l1, options.l2, bool((data.target >= 0).all())),
        n_observations=int(data.observed.sum()),
        optimizer=torch.optim.Adam,
        lr=options.learning_rate,
        max_epochs=options.max_epochs,
        batch_size=-1,
        iterator_train=WholePanel,
        train_split=None,
        callbacks=make_callbacks(data, options),
        callbacks__print_log=None,
        device=options.device,
        verbose=0,
    )


def _tensors(data: TrainingData, max_lag: int) -> tuple[dict[str, Tensor], Tensor]:
    # Single precision halves the time of an epoch; hyper-parameters and everything
    # after training are computed in double precision.
    media = torch.as_tensor(data.media, dtype=torch.float32)
    X = {
        "lags": lagged(media, max_lag),
        "controls": torch.as_tensor(data.controls, dtype=torch.float32),
        "region": torch.arange(len(media)),
    }
    return X, torch.as_tensor(data.target, dtype=torch.float32)


@torch.no_grad()
def _condition(net: MMMNet, data: TrainingData, X: dict[str, Tensor]) -> TimeBaseline:
    module = net.module_.double().cpu()
    parts = module(
        lagged(torch.as_tensor(data.media), module.media.max_lag),
        torch.as_tensor(data.controls),
        X["region"],
    )
    course = module.baseline() - module.baseline.intercept
    residual = (data.target - parts.total.numpy()) * data.observed
    return make_time_baseline(
        data.covariance,
        _callback(net, "empirical_bayes").hyper_,
        data.position,
        data.observed,
        float(module.baseline.intercept),
        course.numpy() if module.baseline.has_course else np.zeros(0),
        residual,
        net.criterion_.delta,
    )


def _slim_down(net: MMMNet) -> None:
    """Drop what only training needs, so that a fitted estimator pickles small."""
    net.criterion_.whitener = torch.zeros(1, 0, 0)
    callback = _callback(net, "empirical_bayes")
    del callback.regional_kernels_, callback.shared_kernels_


def _callback(net: MMMNet, name: str) -> Any:
    return dict(net.callbacks_)[name]
