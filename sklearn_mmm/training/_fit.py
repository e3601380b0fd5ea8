"""Build the skorch net, train it, and condition the baseline on the data."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm._random import torch_seed
from sklearn_mmm.baseline._forecast import TimeBaseline
from sklearn_mmm.baseline._variances import TimeHyperparameters
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.likelihood._evidence import FEWEST
from sklearn_mmm.likelihood._experiments import (
    Experiment,
    ExperimentRows,
    experiment_rows,
)
from sklearn_mmm.likelihood._penalised import Penalties, WhitenedHuber
from sklearn_mmm.network import MMMModule, Sizes
from sklearn_mmm.posterior._members import Member, make_members
from sklearn_mmm.posterior._settle import Settling, settle
from sklearn_mmm.training._net import MMMNet, RegionBatches, make_callbacks
from sklearn_mmm.training._options import TrainingOptions
from sklearn_mmm.training._validate import (
    Choice,
    InnerFit,
    condition,
    inner_origins,
    validate,
)

_SETTLE = Settling(n_rounds=3, n_steps=30, n_corrections=2)
_SETTLE_INNER = Settling(n_rounds=1, n_steps=6, n_corrections=0)


@dataclass(frozen=True)
class Fitted:
    """A trained net, its baseline, and what inner validation chose.

    Attributes
    ----------
    net : MMMNet
    hyper : TimeHyperparameters
        By which the net was trained; those of the baseline may be more flexible.
    baseline : TimeBaseline
    choice : Choice
    members : list of Member
        Refits on randomised data, whose spread is the uncertainty of parameters.
    """

    net: MMMNet
    hyper: TimeHyperparameters
    baseline: TimeBaseline
    choice: Choice
    members: list[Member]


def fit_network(
    data: TrainingData,
    options: TrainingOptions,
    experiments: list[Experiment],
    outcome_scale: np.ndarray,
    seed: int,
) -> Fitted:
    """Choose hyper-parameters on inner origins, then train the model on the panel.

    The state of torch's global random generator is left as it was.

    Parameters
    ----------
    data : TrainingData
    options : TrainingOptions
    experiments : list of Experiment
    outcome_scale : ndarray of shape (n_regions,)
        Outcome units of a relative contribution.
    seed : int
    """
    with torch_seed(seed):
        # Effects on their way to zero would otherwise pass through denormal numbers,
        # which are many times slower.
        torch.set_flush_denormal(True)
        try:
            choice = _choose(data, options, seed)
            torch.manual_seed(seed)
            net = _train(data, options, choice.modulation > 0, 1.0, "fit")
        finally:
            torch.set_flush_denormal(False)
    net.module_.effects.future_share = choice.modulation
    hyper = callback(net, "empirical_bayes").hyper_
    _slim_down(net)
    rows = experiment_rows(experiments, net.module_, data, outcome_scale)
    return finish(net, hyper, choice, data, options, rows, _SETTLE, seed)


def finish(
    net: MMMNet,
    hyper: TimeHyperparameters,
    choice: Choice,
    data: TrainingData,
    options: TrainingOptions,
    experiments: ExperimentRows | None,
    settling: Settling,
    seed: int,
) -> Fitted:
    """Settle a trained net, condition its baseline on the data, and draw members."""
    delta = options.huber_delta
    settled = settle(
        net.module_, data, hyper, net.penalties_, delta, experiments, settling, seed
    )
    net.penalties_ = settled.penalties
    baseline = condition(net.module_, settled.hyper, data, delta, choice)
    members = make_members(
        settled,
        baseline,
        data.target,
        options.n_members,
        settling.n_corrections,
        seed + 1,
        options.verbose,
    )
    return Fitted(net, settled.hyper, baseline, choice, members)


def _choose(data: TrainingData, options: TrainingOptions, seed: int) -> Choice:
    """Return what forecasts best at the last origins inside the training weeks."""
    origins = inner_origins(len(data.position)) if options.validation else []
    if not origins or not data.covariance.wanders:
        # What cannot be validated does not vary.
        return Choice(modulation=0.0 if options.validation else 1.0)
    early, delta = data.until(origins[0]), options.huber_delta
    varying = None
    if options.time_varying:
        varying = _inner_run(early, options, True, seed)
        if not varying.evident:
            # As good as constant: nothing to compare it with.
            return validate(varying, None, data, origins, delta)
    constant = _inner_run(early, options, False, seed)
    return validate(constant, varying, data, origins, delta)


def _inner_run(
    early: TrainingData, options: TrainingOptions, modulates: bool, seed: int
) -> InnerFit:
    """Train on the first weeks, half as long."""
    net = _train(early, options, modulates, 0.5, "validate")
    module = net.module_
    evident = module.effects.active and net.penalties_.scales.modulation > FEWEST
    settled = settle(
        module,
        early,
        callback(net, "empirical_bayes").hyper_,
        net.penalties_,
        net.criterion_.delta,
        None,
        _SETTLE_INNER,
        seed,
    )
    return InnerFit(module, settled.hyper, evident)


def _train(
    data: TrainingData,
    options: TrainingOptions,
    modulates: bool,
    epoch_share: float,
    name: str,
) -> MMMNet:
    net = _make_net(data, options, modulates, epoch_share, name)
    net.fit(*_tensors(data, options.max_lag))
    net.module_.double().cpu()
    _remember_modulation(net.module_, data, options.max_lag)
    return net


def _n_epochs(n_regions: int, options: TrainingOptions) -> int:
    """Return the epochs of a run; those of several steps each may be fewer."""
    n_batches = -(-n_regions // options.batch_size)
    return max(1, int(options.max_epochs / np.sqrt(n_batches)))


def _make_net(
    data: TrainingData,
    options: TrainingOptions,
    modulates: bool,
    epoch_share: float,
    name: str,
) -> MMMNet:
    n_regions, n_weeks, n_channels = data.media.shape
    has_course = n_regions > 1 and data.covariance.wanders
    modulates = options.time_varying and modulates
    n_epochs = max(1, int(_n_epochs(n_regions, options) * epoch_share))
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
        callbacks=make_callbacks(data, options, n_epochs, modulates, name),
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
        features = module.effects.features(
            X["lags"][..., 0], X["controls"], X["calendar"]
        )
        module.effects.remember_mean(features, X["observed"])


def _slim_down(net: MMMNet) -> None:
    """Drop what only training needs, so that a fitted estimator pickles small."""
    net.criterion_.whitener = torch.zeros(1, 0, 0)
    del callback(net, "empirical_bayes").kernels_


def callback(net: MMMNet, name: str) -> Any:
    """Return a net's callback by its name."""
    return dict(net.callbacks_)[name]
