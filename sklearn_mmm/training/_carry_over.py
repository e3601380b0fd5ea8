"""Whether channels carry over longer, or in another form, than is usual."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from scipy.special import logit, logsumexp
from torch import Tensor

from sklearn_mmm.components._adstock import WIDER
from sklearn_mmm.components._by_channel import (
    adstock_of,
    adstock_of_channel,
    saturation_of_channel,
)
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
    if options.longest is None:
        return None
    longest = np.array(options.longest)
    evidence = _evidence(mode, data, longest)
    decays, rises = _tried(options.shape.weeks_per_step)
    of_unit = logsumexp(evidence, axis=1) - np.log(len(decays))
    # A kernel that has not faded at its end is cut off.
    cut = ~has_faded(_kernels(module)) & (longest > options.shape.lags(len(longest)))
    told = list(options.believed.get("adstock_decay", {}))
    told += np.flatnonzero(longest == 0).tolist()
    of_unit[told], cut[told] = -np.inf, False
    if not (cut.any() or (of_unit > _ENOUGH).any()):
        return None
    free = np.flatnonzero(cut | (of_unit > _SOME))
    best = evidence[free].argmax(axis=1)
    shape = _freer(options.shape, longest)
    believed = _believed(options, shape, free)
    options = replace(options, shape=shape, believed=believed)
    own = resized(module, data, np.arange(len(data.media)), shape)
    raw = own.media.raw
    raw["adstock_decay"][free] = torch.as_tensor(logit(decays[best]))
    raw["adstock_rise"][longest > 0] = _NO_RISE[0]
    rise = np.maximum(rises[best], _LEAST_RISE)
    raw["adstock_rise"][free] = torch.as_tensor(np.log(rise))
    penalties = mode.hyper.penalties
    priors = shape_priors(shape, len(longest), believed)
    hyper = mode.hyper._replace(penalties=replace(penalties, shape=priors))
    return CarryOver(own, hyper, options)


def _kernels(module: MMMModule) -> np.ndarray:
    """Return the kernels of the units, (n_units, n_lags)."""
    weights = module.media.weights.numpy()
    groups = module.media.shape.groups
    return np.asarray(weights if groups is None else weights[list(groups.first)])


def _freer(shape: ResponseShape, longest: np.ndarray) -> ResponseShape:
    """Return the shape in which kernels that are not told are long and wide."""
    wider, n_units = WIDER(), len(longest)
    forms = [
        wider if most else adstock_of_channel(shape.adstock, unit)
        for unit, most in enumerate(longest)
    ]
    lags = np.where(longest > 0, longest, shape.lags(n_units)).tolist()
    return replace(shape, adstock=adstock_of(forms, lags), n_lags=max(lags))


def _believed(
    options: TrainingOptions, shape: ResponseShape, free: np.ndarray
) -> Believed:
    """Return what is believed of the kernels of single units.

    Those of free ones may be of any length; others stay as they were.
    """
    told = options.believed.get("adstock_decay", {})
    decay, rise = dict(told), {}
    for unit in np.flatnonzero(options.longest or ()).tolist():
        if unit in free:
            own = shape.of_unit(unit).priors["adstock_decay"]
            decay[unit] = (float(own.mean), float(own.sd))
        else:
            usual = options.shape.of_unit(unit).priors["adstock_decay"]
            decay[unit] = told.get(unit, (float(usual.mean), float(usual.sd)))
            rise[unit] = _NO_RISE
    return {**options.believed, "adstock_decay": decay, "adstock_rise": rise}


def _tried(weeks_per_step: float) -> tuple[np.ndarray, np.ndarray]:
    """Return decays and rises of the kernels that might do better."""
    delay, rise = (g.ravel() for g in np.meshgrid(_DELAYS, _RISES))
    # The mean delay of a gamma density is (rise + 1) / log(1 / decay).
    return np.exp(-(rise + 1) / (delay / weeks_per_step + 0.5)), rise


def _evidence(mode: Mode, data: TrainingData, longest: np.ndarray) -> np.ndarray:
    """Return the log Bayes factor of each kernel beside a unit's own.

    Shape (n_units, n_kernels).
    """
    posterior, at = mode.posterior, mode.at
    left = unexplained(posterior, at)
    decay, rise = _tried(posterior.shape.weeks_per_step)
    parameters = {"decay": torch.as_tensor(decay), "rise": torch.as_tensor(rise)}
    weights = {n: WIDER().weights(parameters, n) for n in set(longest.tolist()) - {0}}
    found = np.zeros((len(longest), len(decay)))
    for unit, scale in enumerate(mode.hyper.penalties.scales.effect):
        if longest[unit]:
            column = _carried(posterior, at, data, unit, weights[int(longest[unit])])
            white = white_rows(posterior, column)
            found[unit] = left.positive_evidence(white, scale)
    return found


def _carried(
    posterior: Posterior, at: Parameters, data: TrainingData, unit: int, kernels: Tensor
) -> Tensor:
    """Return what one of a unit's effect would do, (region, week, kernel)."""
    shape, groups = posterior.shape, posterior.shape.groups
    channels = [unit]
    if groups is not None:
        channels = [c for c, own in enumerate(groups.unit) if own == unit]
    own = _alone(posterior, at, data, channels)
    lags = own.inputs(kernels.shape[1])["lags"]
    whole = (lags[:, :, 0] if len(channels) == 1 else lags.sum(2)) @ kernels.T
    share = whole
    if unit not in shape.reach_units:
        curve = {
            name: values[0, unit] for name, values in shape.curve_parameters(at).items()
        }
        share = saturation_of_channel(shape.saturation, unit).value(curve, whole)
    if groups is not None and len(channels) > 1:
        # Of each week's media, the mean of what campaigns are worth.
        ones = torch.ones_like(at["effect"])
        worth = groups.effects(ones, at["campaign"])[0, channels]
        part = torch.einsum("rtcl,c->rtl", lags, worth) @ kernels.T
        share = share * part / torch.where(whole > 0, whole, 1.0)
    column = share * at["deviation"][0, :, unit].exp()[:, None, None]
    signs = posterior.module.media.signs
    return -column if signs and signs[channels[0]] < 0 else column


def _alone(
    posterior: Posterior, at: Parameters, data: TrainingData, channels: list[int]
) -> TrainingData:
    """Return the data of some channels; reach counts as its frequency makes it."""
    media, past = data.media, data.past
    if channels[0] in data.reach:
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
        media=media[:, :, channels],
        past=None if past is None else past[:, channels],
        frequency=None,
    )
