"""What users believe about carry-over and saturation, as priors of raw parameters."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.optimize import brentq
from torch import Tensor

from sklearn_mmm.components._response import half_of_maximum
from sklearn_mmm.estimator._prior_reader import SHAPES, beliefs
from sklearn_mmm.functional import half_life
from sklearn_mmm.likelihood._penalised import Believed
from sklearn_mmm.network import ResponseShape

# How far from its usual mean a raw parameter is looked for.
_REACH = 12.0
_STEP = 1e-4


class _Quantity(NamedTuple):
    """A positive quantity as a monotone function of one raw parameter."""

    parameter: str
    of: Callable[[float], float]


def shape_beliefs(
    priors: Mapping[str, Mapping[str, Any]],
    channels: list[str],
    shape: ResponseShape,
    scale: np.ndarray,
) -> Believed:
    r"""Return the priors of channels' raw parameters that beliefs amount to.

    A belief is taken as lognormal with the mean :math:`m` and standard deviation
    :math:`s` given, so that with :math:`\tau^2 = \log(1 + s^2 / m^2)` its median is
    :math:`m e^{-\tau^2 / 2}`. The quantity :math:`q` depends on one raw parameter
    :math:`z`, those beside it being at their prior means; the prior of :math:`z` has
    its mean where :math:`q` is that median, and the standard deviation
    :math:`\tau / |\mathrm{d} \log q / \mathrm{d} z|` (delta method; exact where
    :math:`q` is a power of :math:`e^z`, as a half-saturation is).

    Parameters
    ----------
    priors : dict
        Of the regressor.
    channels : list of str
    shape : ResponseShape
    scale : ndarray of shape (n_channels,)
        Media scale of the median region, media units per time step.

    Returns
    -------
    dict of dict of tuple
        Mean and standard deviation, by raw parameter and number of the unit.

    Raises
    ------
    ValueError
        If a belief makes no sense, or the adstock or saturation knows no such quantity.
    """
    out: dict[str, dict[int, tuple[float, float]]] = {}
    for name, channel, quantity, mean, std in beliefs(priors, channels):
        if quantity not in SHAPES:
            continue
        what = f"priors of {name!r}: {quantity!r}"
        if mean <= 0:
            raise ValueError(f"{what} is {mean:g} on average; give a positive number")
        unit = float(scale[channel]) if quantity == "half_saturation" else 1.0
        unit_of = channel if shape.groups is None else shape.groups.unit[channel]
        own = shape.of_unit(unit_of)
        if channel in shape.reach and quantity in _OF_FREQUENCY:
            unit, found = 1.0, _of_frequency(own, quantity)
        else:
            found = _QUANTITIES[quantity](own, what)
        wide = math.sqrt(math.log1p((std / mean) ** 2))
        median = mean / unit * math.exp(-0.5 * wide**2)
        raw, steepness = _solve(found, own, median, unit, what)
        told = out.setdefault(found.parameter, {})
        if unit_of in told:
            raise ValueError(
                f"{what} is that of its whole group, of which another belief says "
                "something; give one"
            )
        told[unit_of] = raw, wide / steepness
    return out


def _solve(
    quantity: _Quantity, shape: ResponseShape, median: float, unit: float, what: str
) -> tuple[float, float]:
    """Return the raw parameter at a median, and the slope of log q there."""
    usual = float(shape.priors[quantity.parameter].mean)
    ends = usual - _REACH, usual + _REACH
    low, high = sorted(quantity.of(z) for z in ends)
    if not low < median < high:
        raise ValueError(
            f"{what} has a median of {median * unit:.4g}, but can only lie between "
            f"{low * unit:.4g} and {high * unit:.4g}; believe in another number, or "
            "change max_lag, adstock or saturation"
        )
    raw = float(brentq(lambda z: quantity.of(z) - median, *ends, xtol=1e-10))
    around = math.log(quantity.of(raw + _STEP) / quantity.of(raw - _STEP))
    return raw, max(abs(around) / (2 * _STEP), 1e-12)


def _slope(shape: ResponseShape, what: str) -> _Quantity:
    name = "saturation_slope"
    if name not in shape.priors:
        raise ValueError(
            f"{what}: {shape.saturation!r} has no slope; its parameters are "
            f"{[p.name for p in shape.saturation.priors]}"
        )
    prior = shape.priors[name]
    return _Quantity(name, lambda z: float(prior.natural(_number(z))))


def _half_saturation(shape: ResponseShape, what: str) -> _Quantity:
    sizes = [p for p in shape.saturation.priors if p.media_power]
    if not (shape.saturation.bounded and sizes):
        raise ValueError(
            f"{what}: {shape.saturation!r} has no maximum of which to reach half"
        )
    name = f"saturation_{sizes[0].name}"

    def of(z: float) -> float:
        raw = {**_usual(shape), name: _number(z)[None]}
        parameters = shape.curve_parameters(raw)
        return float(half_of_maximum(shape.saturation, parameters, 1)[0])

    return _Quantity(name, of)


def _half_life(shape: ResponseShape, what: str) -> _Quantity:
    kernel = [name for name in shape.priors if name.startswith("adstock_")]
    if not kernel or shape.n_lags < 2:
        raise ValueError(
            f"{what}: a kernel without parameters or of one step has no half-life to "
            "learn; raise max_lag or choose another adstock"
        )

    def at(name: str, z: float) -> float:
        raw = {**_usual(shape), name: _number(z)[None]}
        return half_life(shape.weights(raw)[0].numpy())

    def response(name: str) -> float:
        prior = shape.priors[name]
        ends = (at(name, float(prior.mean + d * prior.sd)) for d in (-1.0, 1.0))
        return abs(math.log(next(ends) / next(ends)))

    # Of several parameters, that which matters most for it.
    name = max(kernel, key=response)
    return _Quantity(name, lambda z: at(name, z))


def _of_frequency(shape: ResponseShape, quantity: str) -> _Quantity:
    """Return a parameter of the curve of frequency, in contacts or without unit."""
    name = f"frequency_{quantity}"
    prior = shape.priors[name]
    return _Quantity(name, lambda z: float(prior.natural(_number(z))))


_OF_FREQUENCY = ("half_saturation", "slope")
_QUANTITIES = {
    "half_life": _half_life,
    "half_saturation": _half_saturation,
    "slope": _slope,
}


def _usual(shape: ResponseShape) -> dict[str, Tensor]:
    """Return all raw parameters of one channel at their prior means."""
    return {
        name: _number(float(prior.mean))[None] for name, prior in shape.priors.items()
    }


def _number(z: float) -> Tensor:
    return torch.tensor(z, dtype=torch.float64)
