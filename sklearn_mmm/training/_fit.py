"""Build the skorch net, train it, and condition the baseline on the data."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.network import MMMModule, Sizes
from sklearn_mmm.training._baseline import TimeBaseline
from sklearn_mmm.training._data import TrainingData
from sklearn_mmm.training._evidence import FEWEST
from sklearn_mmm.training._losses import Penalties, WhitenedHuber
from sklearn_mmm.training._net import MMMNet, RegionBatches, make_callbacks
from sklearn_mmm.training._validate import Choice, condition, inner_origins, validate


@dataclass(frozen=True)
class TrainingOptions:
    """How to train; see the regressor's parameters of the same names."""

    max_lag: int
    adstock: str
    time_varying: bool
    validation: bool
    batch_size: int
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
    """A trained net, its baseline, and what inner validation chose."""

    net: MMMNet
    baseline: TimeBaseline
    choice: Choice


def fit_network(data: TrainingData, options: TrainingOptions, seed: int) -> Fitted:
    """Choose hyper-parameters on inner origins, then train the model on the panel.

    The state of torch's global random generator is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        # Effects on their way to zero would otherwise pass through denormal numbers,
        # which are many times slower.
        torch.set_flush_denormal(True)
        try:
            torch.manual_seed(seed)
            choice = _choose(data, options)
            torch.manual_seed(seed)
            net = _train(data, options, choice)
        finally:
            torch.set_flush_denormal(False)
    module = net.module_.double().cpu()
    module.effects.future_share = choice.modulation
    _remember_modulation(module, data, options.max_lag)
    hyper = callback(net, "empirical_bayes").hyper_
    baseline = condition(module, hyper, data, net.criterion_.delta, choice)
    _slim_down(net)
    return Fitted(net, baseline, choice)


def _choose(data: TrainingData, options: TrainingOptions) -> Choice:
    """Return what forecasts best at the last origins inside the training weeks."""
    origins = inner_origins(len(data.position)) if options.validation else []
    if not origins or not data.covariance.wanders:
        # What cannot be validated does not vary.
        return Choice(modulation=0.0 if options.validation else 1.0)
    early = data.until(origins[0])
    varying, evident = None, False
    if options.time_varying:
        varying, evident = _inner_run(early, options, 1.0)
    if varying is not None and not evident:
        # As good as constant: nothing to compare it with.
        return validate(varying, None, data, origins, options.huber_delta)
    constant, _ = _inner_run(early, options, 0.0)
    return validate(constant, varying, data, origins, options.huber_delta)


def _inner_run(
    early: TrainingData, options: TrainingOptions, modulation: float
) -> tuple[dict[float, Any], bool]:
    """Train on the first weeks, half as long.

    Returns
    -------
    states : dict
        Share of the epochs -> module and hyper-parameters.
    evident : bool
        Whether there is evidence that effects vary with time.
    """
    n_epochs = max(1, _n_epochs(len(early.media), options) // 2)
    snapshots = (int(0.6 * n_epochs), int(0.8 * n_epochs), n_epochs)
    choice = Choice(modulation=modulation, epoch_share=0.5)
    net = _train(early, options, choice, snapshots)
    states = callback(net, "snapshots").states_
    # The run may have settled before its last epoch.
    states[n_epochs] = (net.module_, callback(net, "empirical_bayes").hyper_)
    for module, _ in states.values():
        _remember_modulation(module.double().cpu(), early, options.max_lag)
    evident = net.module_.effects.active and net.penalties_.scales.modulation > FEWEST
    shares = {epoch / n_epochs: state for epoch, state in sorted(states.items())}
    return shares, evident


def _train(
    data: TrainingData,
    options: TrainingOptions,
    choice: Choice,
    snapshots: tuple[int, ...] = (),
) -> MMMNet:
    net = _make_net(data, options, choice, snapshots)
    return net.fit(*_tensors(data, options.max_lag))


def _n_epochs(n_regions: int, options: TrainingOptions) -> int:
    """Return the epochs of a run; those of several steps each may be fewer."""
    n_batches = -(-n_regions // options.batch_size)
    return max(1, int(options.max_epochs / np.sqrt(n_batches)))


def _make_net(
    data: TrainingData,
    options: TrainingOptions,
    choice: Choice,
    snapshots: tuple[int, ...],
) -> MMMNet:
    n_regions, n_weeks, n_channels = data.media.shape
    has_course = n_regions > 1 and data.covariance.wanders
    modulates = options.time_varying and choice.modulation > 0
    n_epochs = max(1, int(_n_epochs(n_regions, options) * choice.epoch_share))
    return MMMNet(
        MMMModule,
        module__sizes=Sizes(
            n_regions,
            n_weeks if has_course else 0,
            n_channels,
            data.controls.shape[2],
            data.calendar.shape[1] if modulates else 0,
        ),
        module__max_lag=options.max_lag,
        module__min_slope=options.min_slope,
        module__adstock=options.adstock,
        criterion=WhitenedHuber,
        criterion__delta=options.huber_delta,
        penalties=Penalties(options.l1, options.l2, bool((data.target >= 0).all())),
        n_observations=int(data.observed.sum()),
        n_regions=n_regions,
        optimizer=torch.optim.Adam,
        lr=options.learning_rate,
        max_epochs=n_epochs,
        batch_size=options.batch_size,
        iterator_train=RegionBatches,
        train_split=None,
        callbacks=make_callbacks(data, options, n_epochs, modulates, snapshots),
        callbacks__print_log=None,
        device=options.device,
        verbose=0,
    )


def _tensors(
    data: TrainingData, max_lag: int
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    # Single precision halves the time of an epoch; hyper-parameters and everything
    # after training are computed in double precision.
    X = {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in data.inputs(max_lag).items()
    }
    target = torch.as_tensor(data.target, dtype=torch.float32)
    return X, {"outcome": target, "region": X["region"]}


@torch.no_grad()
def _remember_modulation(module: MMMModule, data: TrainingData, max_lag: int) -> None:
    if module.effects.active:
        X = data.inputs(max_lag)
        media = X["lags"][..., 0]
        module.effects.remember_mean(media, X["controls"], X["calendar"], X["observed"])


def _slim_down(net: MMMNet) -> None:
    """Drop what only training needs, so that a fitted estimator pickles small."""
    net.criterion_.whitener = torch.zeros(1, 0, 0)
    bayes = callback(net, "empirical_bayes")
    del bayes.regional_kernels_, bayes.shared_kernels_


def callback(net: MMMNet, name: str) -> Any:
    """Return a net's callback by its name."""
    return dict(net.callbacks_)[name]
