"""Whether channels carry over longer, or in another form, than is usual."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from scipy.special import logit, logsumexp
from torch import Tensor

from sklearn_mmm.components._adstock import WIDER
from sklearn_mmm.functional import has_faded
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.likelihood._penalised import Believed, shape_priors
from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Parameters
from sklearn_mmm.network import MMMModule, ResponseShape
from sklearn_mmm.posterior import Hyperparameters, Mode
from sklearn_mmm.training._options import TrainingOptions
from sklearn_mmm.training._resize import resized
from sklearn_mmm.training._scores import unexplained, white_rows

# Kernels that are tried: mean delays in weeks, and rises of the gamma kernel.
_DELAYS = (1.0, 2.0, 3.5, 5.5, 9.0)
_RISES = (0.0, 1.0, 3.0, 8.0)
# Log Bayes factor of other kernels from which carry-over is let go at all, and from
# which a channel then is one of those with a kernel of its own. A channel that did not
# need it loses next to nothing; one that did is missed by half of its effect.
_ENOUGH, _SOME = 0.0, -1.0
# The rise of channels that keep a geometric kernel, as the logarithm's mean and
# standard deviation.
_NO_RISE = (-7.0, 0.05)
# From which a free channel starts: its logarithm is learned.
_LEAST_RISE = 0.1


class CarryOver(NamedTuple):
    """A module whose carry-over is freer, and what it starts from.

    Attributes
    ----------
    module : MMMModule
    hyper : Hyperparameters
    options : TrainingOptions
    """

    module: MMMModule
    hyper: Hyperparameters
    options: TrainingOptions


class _Kernels(NamedTuple):
    """Kernels that are tried, one after the other."""

    decay: np.ndarray
    rise: np.ndarray
    weights: Tensor


@torch.no_grad()
def freer_carry_over(
    mode: Mode, module: MMMModule, data: TrainingData, options: TrainingOptions
) -> CarryOver | None:
    """Let channels carry over as the data say, if they insist on it.

    Parameters
    ----------
    mode : Mode
        With geometric kernels.
    module : MMMModule
        At the mode.
    data : TrainingData
    options : TrainingOptions

    Returns
    -------
    CarryOver or None
        None if nothing is to be changed.
    """
    longest = options.longest
    if longest is None:
        return None
    kernels = _tried(options.shape, longest)
    evidence = _evidence(mode, data, kernels)
    of_channel = logsumexp(evidence, axis=1) - np.log(len(kernels.decay))
    # A kernel that has not faded at its end is cut off.
    cut = ~has_faded(module.media.weights.numpy()) & (longest > options.shape.n_lags)
    told = list(options.believed.get("adstock_decay", {}))
    of_channel[told], cut[told] = -np.inf, False
    if not (cut.any() or (of_channel > _ENOUGH).any()):
        return None
    free = np.flatnonzero(cut | (of_channel > _SOME))
    best = evidence[free].argmax(axis=1)
    n_channels = data.media.shape[2]
    shape = replace(options.shape, adstock=WIDER(), n_lags=longest)
    believed = _believed(options, shape, free, n_channels)
    options = replace(options, shape=shape, believed=believed)
    own = resized(module, data, np.arange(len(data.media)), shape)
    raw = own.media.raw
    raw["adstock_decay"][free] = torch.as_tensor(logit(kernels.decay[best]))
    raw["adstock_rise"].fill_(_NO_RISE[0])
    rise = np.maximum(kernels.rise[best], _LEAST_RISE)
    raw["adstock_rise"][free] = torch.as_tensor(np.log(rise))
    penalties = mode.hyper.penalties
    priors = shape_priors(shape, n_channels, believed)
    hyper = mode.hyper._replace(penalties=replace(penalties, shape=priors))
    return CarryOver(own, hyper, options)


def _believed(
    options: TrainingOptions, shape: ResponseShape, free: np.ndarray, n_channels: int
) -> Believed:
    """Return what is believed of the kernels of single channels.

    Those of free channels may be of any length; others stay as they were.
    """
    freer = WIDER().priors_for(shape.n_lags, shape.weeks_per_step)[0]
    usual = options.shape.priors["adstock_decay"]
    told = options.believed.get("adstock_decay", {})
    decay, rise = dict.fromkeys(free.tolist(), (freer.mean, freer.sd)), {}
    for channel in set(range(n_channels)) - set(free.tolist()):
        decay[channel] = told.get(channel, (usual.mean, usual.sd))
        rise[channel] = _NO_RISE
    return {**options.believed, "adstock_decay": decay, "adstock_rise": rise}


def _tried(shape: ResponseShape, longest: int) -> _Kernels:
    """Return the kernels that might do better."""
    delay, rise = (g.ravel() for g in np.meshgrid(_DELAYS, _RISES))
    # The mean delay of a gamma density is (rise + 1) / log(1 / decay).
    decay = np.exp(-(rise + 1) / (delay / shape.weeks_per_step + 0.5))
    parameters = {"decay": torch.as_tensor(decay), "rise": torch.as_tensor(rise)}
    return _Kernels(decay, rise, WIDER().weights(parameters, longest))


def _evidence(mode: Mode, data: TrainingData, kernels: _Kernels) -> np.ndarray:
    """Return the log Bayes factor of each kernel beside a channel's own.

    Shape (n_channels, n_kernels).
    """
    posterior, at = mode.posterior, mode.at
    left = unexplained(posterior, at)
    scales = mode.hyper.penalties.scales.effect
    found = []
    for channel, scale in enumerate(scales):
        column = _carried(posterior, at, data, channel, kernels)
        found.append(left.positive_evidence(white_rows(posterior, column), scale))
    return np.array(found).reshape(len(scales), len(kernels.decay))


def _carried(
    posterior: Posterior,
    at: Parameters,
    data: TrainingData,
    channel: int,
    kernels: _Kernels,
) -> Tensor:
    """Return what a unit of a channel's effect would do, (region, week, kernel)."""
    own = _alone(posterior, at, data, channel)
    lags = own.inputs(kernels.weights.shape[1])["lags"][:, :, 0]
    share = lags @ kernels.weights.T
    if channel not in posterior.shape.reach:
        curve = {
            name: values[0, channel]
            for name, values in posterior.shape.curve_parameters(at).items()
        }
        share = posterior.shape.saturation.value(curve, share)
    column = share * at["deviation"][0, :, channel].exp()[:, None, None]
    signs = posterior.module.media.signs
    return -column if signs and signs[channel] < 0 else column


def _alone(
    posterior: Posterior, at: Parameters, data: TrainingData, channel: int
) -> TrainingData:
    """Return the data of one channel; reach counts as its frequency makes it."""
    media, past = data.media, data.past
    if channel in data.reach:
        reach = list(data.reach)
        raw = {name: at[name][0] for name in posterior.shape.priors}

        def effective(media: np.ndarray, frequency: np.ndarray | None) -> np.ndarray:
            seen = map(torch.as_tensor, (media[..., reach], frequency))
            out = media.copy()
            out[..., reach] = posterior.shape.effective(raw, *seen).numpy()
            return out

        media = effective(media, data.frequency)
        if past is not None and data.past_frequency is not None:
            past = effective(past[:, None], data.past_frequency[:, None])[:, 0]
    return replace(
        data,
        media=media[:, :, [channel]],
        past=None if past is None else past[:, [channel]],
        frequency=None,
    )
