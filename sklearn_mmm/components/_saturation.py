"""Saturation: curves along which further media have less effect."""

from functools import lru_cache
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm._sklearn_compat import Interval
from sklearn_mmm.components._component import (
    Component,
    Parameters,
    derivatives,
    make_component,
)
from sklearn_mmm.components._prior import Prior
from sklearn_mmm.functional import hill

# Bounds of the search for an inverse, in units of the media scale.
_SMALLEST, _LARGEST = 1e-12, 1e12
_N_HALVINGS = 64


class Saturation(Component):
    """A curve of saturation; subclass it for one of your own.

    A subclass has ``priors``, a tuple of :class:`Prior`, and :meth:`value`. A curve is
    0 without media, never falls, and tends to 1, so that the effect of a channel is
    its effect at full saturation. With ``bounded = False`` it grows without end; the
    effect is then that of media at their scale, the region's largest training value,
    if the curve is 1 there.

    Attributes
    ----------
    bounded : bool
        Whether the curve tends to 1.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.components import ExponentialSaturation
    >>> curve, rate = ExponentialSaturation(), {"rate": torch.tensor([2.0])}
    >>> curve.value(rate, torch.tensor([0.5]))
    tensor([0.6321])
    >>> curve.inverse(rate, 0.5)
    tensor([0.3466], dtype=torch.float64)
    """

    bounded: ClassVar[bool] = True

    def value(self, parameters: Parameters, x: Tensor) -> Tensor:
        """Return the curve at adstocked media.

        Parameters
        ----------
        parameters : dict of Tensor, broadcast against ``x``
            By name, in the units of their priors.
        x : Tensor of shape (..., channel)
            Adstocked media in units of the media scale, at least 0.

        Returns
        -------
        Tensor of the broadcast shape
            With finite derivatives, at 0 as well; :func:`sklearn_mmm.functional.power`
            is a power that has them.
        """
        raise NotImplementedError(f"{type(self).__name__} has to define value")

    def value_and_derivatives(
        self, parameters: Parameters, x: Tensor
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Return the curve and its derivatives by media and by each parameter.

        By automatic differentiation; a subclass may know better.

        Parameters
        ----------
        parameters : dict of Tensor, broadcast against ``x``
            See :meth:`value`.
        x : Tensor of shape (..., channel)
            Adstocked media in units of the media scale, at least 0.

        Returns
        -------
        value, slope : Tensor of the broadcast shape
            The curve and its derivative by ``x``.
        derivatives : dict of Tensor of the broadcast shape
            By name.
        """
        tensors = [x, *parameters.values()]
        # numpy, since torch loads a compiler to answer that question.
        shape = np.broadcast_shapes(*(tuple(t.shape) for t in tensors))
        with torch.enable_grad():
            # Each point has parameters of its own, so one sum has all derivatives.
            own = [t.detach().expand(shape).requires_grad_() for t in tensors]
            value = self.value(dict(zip(parameters, own[1:], strict=True)), own[0])
            slope, *slopes = derivatives(value.sum(), own)
        return value.detach(), slope, dict(zip(parameters, slopes, strict=True))

    def inverse(self, parameters: Parameters, value: Tensor | float) -> Tensor:
        """Return the media at which the curve has a value.

        By bracketing; a subclass may know better.

        Parameters
        ----------
        parameters : dict of Tensor of shape (channel,)
            By name, in the units of their priors.
        value : float or Tensor of shape (channel,)
            Above 0.

        Returns
        -------
        Tensor of shape (channel,)
            In units of the media scale; infinite where the curve does not come there.
        """
        value = torch.as_tensor(value, dtype=torch.float64)
        like, *_ = torch.broadcast_tensors(value, *parameters.values())
        low, high = torch.full_like(like, _SMALLEST), torch.full_like(like, _LARGEST)
        beyond = self.value(parameters, high) < value
        for _ in range(_N_HALVINGS):
            middle = (low * high).sqrt()
            below = self.value(parameters, middle) < value
            low = torch.where(below, middle, low)
            high = torch.where(below, high, middle)
        return torch.where(beyond, torch.inf, high)


_HALF_SATURATION = Prior("half_saturation", "log", -0.5, 0.5, media_power=1)


@lru_cache(maxsize=64, typed=True)
def _slope_above(low: float) -> Prior:
    """Return what is believed of a Hill curve's slope."""
    return Prior("slope", "log", 0.1, 0.3, low=low)


class HillSaturation(Saturation):
    r"""The Hill curve, S-shaped above a slope of 1 and concave below.

    :math:`x^s / (x^s + \kappa^s)`, with :math:`\kappa` the ``half_saturation`` in units
    of the media scale and :math:`s` the ``slope`` (Jin et al., 2017, "Bayesian Methods
    for Media Mix Modeling with Carryover and Shape Effects", equation 4).

    Parameters
    ----------
    min_slope : float, default=0.0
        Lower bound of the slope; 1 allows no infinite slope at zero, 2 forces S-shaped
        curves.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.components import HillSaturation
    >>> given = {"half_saturation": torch.tensor([0.5]), "slope": torch.tensor([2.0])}
    >>> HillSaturation().value(given, torch.tensor([0.5]))
    tensor([0.5000])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "min_slope": [Interval(Real, 0, None, closed="left")]
    }

    def __init__(self, min_slope: float = 0.0) -> None:
        self.min_slope = min_slope

    @property
    def priors(self) -> tuple[Prior, ...]:
        """Half-saturation around 0.6 of the media scale, slope around 1.1."""
        return _HALF_SATURATION, _slope_above(self.min_slope)

    def value(self, parameters: Parameters, x: Tensor) -> Tensor:
        """Return the curve, see :class:`Saturation`."""
        return hill(x, parameters["half_saturation"], parameters["slope"])

    def value_and_derivatives(
        self, parameters: Parameters, x: Tensor
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        r"""Return the curve :math:`h` and its derivatives.

        :math:`s h (1 - h) / x` by media, :math:`-s h (1 - h) / \kappa` by the
        half-saturation and :math:`h (1 - h) \log(x / \kappa)` by the slope; all are 0
        without media.
        """
        half, slope = parameters["half_saturation"], parameters["slope"]
        positive = x > 0
        safe = torch.where(positive, x, torch.ones_like(x))
        distance = safe.log() - half.log()
        value = torch.sigmoid(slope * distance) * positive
        steepness = value * (1 - value)
        scaled = slope * steepness
        by = {"half_saturation": -scaled / half, "slope": steepness * distance}
        return value, scaled / safe, by

    def inverse(self, parameters: Parameters, value: Tensor | float) -> Tensor:
        """Return the media at which the curve has a value, see :class:`Saturation`."""
        half, slope = parameters["half_saturation"], parameters["slope"]
        share = torch.as_tensor(value, dtype=half.dtype)
        odds = torch.where(share < 1, share / (1 - share), torch.inf)
        return half * odds ** (1 / slope)


class LogisticSaturation(Saturation):
    r"""The upper half of a logistic curve, which is concave.

    :math:`(1 - e^{-\lambda x}) / (1 + e^{-\lambda x}) = \tanh(\lambda x / 2)`, with
    :math:`\lambda` the ``rate`` per unit of the media scale. It is the logistic
    saturation of PyMC-Marketing.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.components import LogisticSaturation
    >>> LogisticSaturation().value({"rate": torch.tensor([2.0])}, torch.tensor([0.5]))
    tensor([0.4621])
    """

    priors = (Prior("rate", "log", 0.6, 0.8, media_power=-1),)

    def value(self, parameters: Parameters, x: Tensor) -> Tensor:
        """Return the curve, see :class:`Saturation`."""
        return torch.tanh(0.5 * parameters["rate"] * x)


class ExponentialSaturation(Saturation):
    r"""A curve that comes nearer to its maximum by the same share with each unit.

    :math:`1 - e^{-\lambda x}`, with :math:`\lambda` the ``rate`` per unit of the media
    scale.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.components import ExponentialSaturation
    >>> given = {"rate": torch.tensor([2.0])}
    >>> ExponentialSaturation().value(given, torch.tensor([0.5]))
    tensor([0.6321])
    """

    priors = (Prior("rate", "log", 0.15, 0.8, media_power=-1),)

    def value(self, parameters: Parameters, x: Tensor) -> Tensor:
        """Return the curve, see :class:`Saturation`."""
        return -torch.expm1(-parameters["rate"] * x)


class NoSaturation(Saturation):
    """A straight line: twice the media have twice the effect.

    There are no parameters; the effect is that of media at their scale, the region's
    largest training value.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.components import NoSaturation
    >>> NoSaturation().value({}, torch.tensor([2.0]))
    tensor([2.])
    """

    bounded = False

    def value(self, parameters: Parameters, x: Tensor) -> Tensor:
        """Return the media themselves, see :class:`Saturation`."""
        return x


SATURATIONS: dict[str, type[Saturation]] = {
    "exponential": ExponentialSaturation,
    "hill": HillSaturation,
    "logistic": LogisticSaturation,
    "none": NoSaturation,
}


def make_saturation(given: Any) -> Saturation:
    """Return the component of an alias, or a copy of a component.

    Parameters
    ----------
    given : str or Saturation

    Raises
    ------
    ValueError or TypeError
        If it is none of these.
    """
    return make_component(given, "saturation", Saturation, SATURATIONS)
