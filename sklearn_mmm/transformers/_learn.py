"""Learning the parameters of adstock and saturation by least squares."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from scipy.optimize import nnls
from scipy.stats import norm, qmc

from sklearn_mmm.components._by_channel import AnyPrior
from sklearn_mmm.components._frequency import FREQUENCY_PRIORS, heard
from sklearn_mmm.components._response import ChannelResponse

_PASSES = 3
# Levels of the priors between which candidates lie.
_LOWEST, _HIGHEST = 0.02, 0.98
# Twice as many candidates for each parameter, and not more than this power of 2.
_LEAST_POWER, _LARGEST_POWER = 5, 9


def learn_response(
    media: np.ndarray,
    target: np.ndarray,
    observed: np.ndarray,
    response: ChannelResponse,
    given: Mapping[str, np.ndarray],
    reach: Sequence[int] = (),
    frequency: np.ndarray | None = None,
) -> ChannelResponse:
    r"""Return the response whose saturated media explain the target best.

    Minimises :math:`\lVert y - \sum_c \beta_c f(\mathrm{adstock}(x_c)) \rVert^2` over
    :math:`\beta \geq 0` and candidates that fill the priors of the parameters evenly (a
    Sobol sequence), channel by channel, after removing each region's mean and each
    week's common mean.

    Parameters
    ----------
    media : ndarray of shape (n_regions, n_weeks, n_channels)
        Scaled media.
    target : ndarray of shape (n_regions, n_weeks)
        Outcome relative to the region's mean.
    observed : bool ndarray of shape (n_regions, n_weeks)
    response : ChannelResponse
        Its parameters are replaced.
    given : dict of ndarray of shape (n_channels,)
        Parameters that are used as they are, by name.
    reach : list of int, default=()
        Channels whose media are reach; their parameters are those of frequency as well.
    frequency : ndarray of shape (n_regions, n_weeks, len(reach)), default=None
    """
    own = [response.of_channel(c) for c in range(response.n_channels)]
    priors: list[list[AnyPrior]] = [
        [*form.priors, *(FREQUENCY_PRIORS if c in reach else ())]
        for c, form in enumerate(own)
    ]
    missing = [[p for p in every if p.name not in given] for every in priors]
    if not any(missing):
        return replace(response, parameters=_parameters(response, given, {}))
    grids = [_candidates(priors) for priors in missing]
    features = []
    for c, (form, grid) in enumerate(zip(own, grids, strict=True)):
        known = {
            p.name: np.full(len(grid), given[p.name][c])
            for p in priors[c]
            if p.name in given
        }
        learned = {p.name: grid[:, i] for i, p in enumerate(missing[c])}
        candidates = replace(form, n_channels=len(grid), parameters=known | learned)
        amount = media[..., [c]]
        if frequency is not None and c in reach:
            often = frequency[..., [list(reach).index(c)]]
            amount = effective(amount, often, candidates.parameters)
        features.append(_within(candidates.share(amount), observed))
    choice = _choose(features, _within(target[..., None], observed)[:, 0])
    found: dict[str, dict[int, float]] = {}
    for c, place in enumerate(choice):
        for i, prior in enumerate(missing[c]):
            found.setdefault(prior.name, {})[c] = grids[c][place, i]
    return replace(response, parameters=_parameters(response, given, found))


def effective(
    reach: np.ndarray, frequency: np.ndarray, parameters: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Return reach times the response to its frequency, (..., channel)."""
    known = {p.name: torch.as_tensor(parameters[p.name]) for p in FREQUENCY_PRIORS}
    seen = torch.as_tensor(reach), torch.as_tensor(frequency)
    return np.asarray(heard(*seen, known).numpy())


def _parameters(
    response: ChannelResponse,
    given: Mapping[str, np.ndarray],
    found: Mapping[str, Mapping[int, float]],
) -> dict[str, np.ndarray]:
    """Return given and learned parameters; NaN where a channel has no such one."""
    out = dict(given)
    for name, values in found.items():
        out[name] = np.full(response.n_channels, np.nan)
        for channel, value in values.items():
            out[name][channel] = value
    return out


def _candidates(priors: list[AnyPrior]) -> np.ndarray:
    """Return parameters, (candidate, parameter), first those at the priors' mean."""
    if not priors:
        return np.empty((1, 0))
    power = min(_LEAST_POWER + len(priors), _LARGEST_POWER)
    level = qmc.Sobol(len(priors), scramble=False).random_base2(power)
    level = np.vstack([np.full(len(priors), 0.5), level])
    level = _LOWEST + (_HIGHEST - _LOWEST) * level
    columns = [
        prior.natural(torch.as_tensor(prior.mean + prior.sd * norm.ppf(level[:, i])))
        for i, prior in enumerate(priors)
    ]
    return np.asarray(torch.stack(columns, dim=-1).numpy())


def _choose(features: list[np.ndarray], y: np.ndarray) -> list[int]:
    """Return the candidate of each channel, the others being as chosen before."""
    choice = [0] * len(features)
    for _ in range(_PASSES):
        for c, own in enumerate(features):
            design = np.column_stack(
                [table[:, i] for table, i in zip(features, choice, strict=True)]
            )
            beta, _ = nnls(design, y)
            rest = y - design @ beta + design[:, c] * beta[c]
            choice[c] = _best_column(own, rest)
    return choice


def _within(values: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Return observed (row, feature) values less region means and week means."""
    weight = observed[..., None]
    mean = (values * weight).sum(1, keepdims=True) / weight.sum(1, keepdims=True)
    centred = (values - mean) * weight
    if len(observed) > 1:
        count = np.maximum(weight.sum(0, keepdims=True), 1)
        centred = (centred - centred.sum(0, keepdims=True) / count) * weight
    return centred[observed]


def _best_column(features: np.ndarray, rest: np.ndarray) -> int:
    """Return the column with the largest drop in squares at a slope >= 0."""
    size = (features**2).sum(0)
    match = features.T @ rest
    gain = np.where(
        (match > 0) & (size > 0), match**2 / np.where(size > 0, size, 1), 0.0
    )
    return int(np.argmax(gain))
