"""Effects that vary with time: whether they do, and training of the GRU."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback, GradientNormClipping, LRScheduler
from torch.optim.lr_scheduler import LambdaLR

from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.likelihood._evidence import FEWEST, Scale, likeliest_scale
from sklearn_mmm.likelihood._penalised import Penalties, WhitenedLoss
from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Parameters
from sklearn_mmm.likelihood._slopes import media_slopes
from sklearn_mmm.network import MMMModule, week_weights
from sklearn_mmm.posterior import Mode
from sklearn_mmm.training._condition import media_and_controls, share_of_outcome
from sklearn_mmm.training._net import Finished, MMMNet, Progress, WholePanel
from sklearn_mmm.training._options import TrainingOptions
from sklearn_mmm.training._scores import unexplained, white_rows

_N_EPOCHS = 240
_N_RENEWALS = 12
_WARM_UP_EPOCHS = 30
_LEARNING_RATE = 0.03
_LONGEST_GRADIENT = 10.0
_LAST_SHARE = 0.002


@torch.no_grad()
def drift_scale(posterior: Posterior, at: Parameters) -> Scale:
    """Return the likeliest scale of the weights that let effects vary with time.

    Parameters
    ----------
    posterior : Posterior
        Of a module with a GRU, trained or not.
    at : dict of Tensor
        One member.
    """
    left = unexplained(posterior, at)
    media = media_slopes(posterior, at).contribution[0]
    weight = week_weights(posterior.inputs["observed"])
    read = posterior.modulating
    read = read - (read * weight).sum(1, keepdim=True)

    # A weight for each thing that is read and each channel; they are many columns.
    n_channels = media.shape[2]
    slopes = np.empty((len(left.residual), read.shape[2] * n_channels))
    for place, feature in enumerate(read.unbind(-1)):
        own = slice(place * n_channels, (place + 1) * n_channels)
        slopes[:, own] = white_rows(posterior, media * feature.unsqueeze(-1))
    weights = at["head"][0].numpy() if "head" in at else np.zeros(slopes.shape[1])
    return likeliest_scale(slopes, weights, left)


def train_drift(
    module: MMMModule,
    mode: Mode,
    data: TrainingData,
    scale: float,
    options: TrainingOptions,
    most: float = np.inf,
) -> Penalties | None:
    """Train the GRU of time-varying effects, and all else beside it, by Adam.

    Parameters
    ----------
    module : MMMModule
        At the mode of constant effects.
    mode : Mode
        Its hyper-parameters hold.
    data : TrainingData
    scale : float
        See :func:`drift_scale`.
    options : TrainingOptions
    most : float, default=inf
        Share of the outcome by which media and controls may come to bring more or
        less over all weeks before the training is given up.

    Returns
    -------
    Penalties or None
        With the scale of the weights that was learned; None if it was given up.
    """
    clean = data.without(mode.hyper.outliers.shift)
    renew = _RenewModulation(mode.posterior, clean, _brought(module, clean), most)
    module.modulation.active = True
    penalties = mode.hyper.penalties
    penalties = replace(penalties, scales=replace(penalties.scales, modulation=scale))
    callbacks: list[Any] = [
        ("clip", GradientNormClipping(_LONGEST_GRADIENT)),
        ("schedule", LRScheduler(LambdaLR, lr_lambda=_Cosine(_N_EPOCHS))),
        ("modulation", renew),
    ]
    if options.verbose:
        callbacks.append(("progress", Progress("drift", _N_EPOCHS, "epoch")))
    net = MMMNet(
        module.float(),
        criterion=WhitenedLoss,
        criterion__noise=options.noise,
        penalties=penalties,
        n_observations=int(data.observed.sum()),
        optimizer=torch.optim.Adam,
        lr=_LEARNING_RATE,
        max_epochs=_N_EPOCHS,
        batch_size=-1,
        iterator_train=WholePanel,
        train_split=None,
        callbacks=callbacks,
        callbacks__print_log=None,
        verbose=0,
    ).initialize()
    net.criterion_.install(mode.posterior)
    # Single precision halves the time of an epoch.
    X = {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in clean.inputs(options.max_lag).items()
    }
    target = torch.as_tensor(clean.target, dtype=torch.float32)
    # Effects on their way to zero would pass through denormal numbers, which are slow.
    torch.set_flush_denormal(True)
    try:
        net.partial_fit(X, {"outcome": target, "region": X["region"]})
    finally:
        torch.set_flush_denormal(False)
    module.double()
    return None if renew.given_up else net.penalties


def _brought(module: MMMModule, data: TrainingData) -> float:
    """Return the share of the outcome that media and controls bring."""
    explained = media_and_controls(module, data, len(data.position))
    return share_of_outcome(explained, data)


class _RenewModulation(Callback):
    """Renew how far effects may vary with time, several times in a training.

    Or end it, once media and controls bring so much more or less than before that the
    level must have gone over to them, or theirs to it.

    Parameters
    ----------
    posterior : Posterior
    data : TrainingData
    usual : float
        Share of the outcome that is brought without.
    most : float
        By which it may change.
    """

    def __init__(
        self, posterior: Posterior, data: TrainingData, usual: float, most: float
    ) -> None:
        self.posterior = posterior
        self.data, self.usual, self.most = data, usual, most
        self.given_up = False

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Renew if it is time, but not at the end."""
        epoch, every = len(net.history), _N_EPOCHS // _N_RENEWALS
        if epoch % every or epoch > 0.9 * _N_EPOCHS:
            return
        with torch.no_grad():
            module = net.module_.double()
            posterior = self.posterior.around(module)
            self.given_up = abs(_brought(module, self.data) - self.usual) > self.most
            if self.given_up:
                raise Finished
            scale = drift_scale(posterior, posterior.start()).value
            module.float()
        scales = replace(net.penalties.scales, modulation=scale)
        net.penalties = replace(net.penalties, scales=scales)


class _Cosine:
    """Warm-up followed by half a cosine, as a factor of the learning rate."""

    def __init__(self, n_epochs: int) -> None:
        self.n_epochs = n_epochs

    def __call__(self, epoch: int) -> float:
        warm = min(1.0, (epoch + 1) / _WARM_UP_EPOCHS)
        share = min(1.0, epoch / self.n_epochs)
        return float(0.5 * (1 + np.cos(np.pi * share)) * warm + _LAST_SHARE)


def effects_vary(scale: float) -> bool:
    """Whether a scale of :func:`drift_scale` says that effects vary with time."""
    return scale > FEWEST
