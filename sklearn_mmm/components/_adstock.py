"""Carry-over: kernels by which media of past time steps still have an effect."""

import math
from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch
from scipy.special import expit, logit
from torch import Tensor

from sklearn_mmm.components._component import (
    Component,
    Parameters,
    derivatives,
    make_component,
)
from sklearn_mmm.components._prior import Prior
from sklearn_mmm.functional import delayed_weights, geometric_weights, weibull_weights


class Adstock(Component):
    """A kernel of carry-over; subclass it for one of your own.

    A subclass has ``priors``, a tuple of :class:`Prior`, and :meth:`weights`.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.components import GeometricAdstock
    >>> GeometricAdstock().weights({"decay": torch.tensor([0.5])}, 2)
    tensor([[0.6667, 0.3333]])
    """

    def priors_for(self, n_lags: int, weeks_per_step: float = 1.0) -> tuple[Prior, ...]:
        """Return the parameters of a kernel of this length.

        Parameters
        ----------
        n_lags : int
            Length of the kernel in time steps, the current one included.
        weeks_per_step : float, default=1.0
            Length of a time step: what is believed of weeks is another number in days.

        Returns
        -------
        tuple of Prior
            ``priors``, unless they depend on the length or on time.
        """
        return self.priors

    def weights(self, parameters: Parameters, n_lags: int) -> Tensor:
        """Return the weights of the kernel.

        Parameters
        ----------
        parameters : dict of Tensor of shape (...)
            By name, in the units of their priors; the last axis is the channel.
        n_lags : int
            Length of the kernel in time steps, the current one included.

        Returns
        -------
        Tensor of shape (..., n_lags)
            At least 0 and summing to 1 over lags.
        """
        raise NotImplementedError(f"{type(self).__name__} has to define weights")

    def weights_and_derivatives(
        self, parameters: Parameters, n_lags: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weights and their derivatives by each parameter.

        By automatic differentiation; a subclass may know better.

        Parameters
        ----------
        parameters : dict of Tensor of shape (...)
            See :meth:`weights`.
        n_lags : int
            Length of the kernel in time steps, the current one included.

        Returns
        -------
        weights : Tensor of shape (..., n_lags)
            As :meth:`weights` returns them.
        derivatives : dict of Tensor of shape (..., n_lags)
            By name.
        """
        with torch.enable_grad():
            given = {n: p.detach().requires_grad_() for n, p in parameters.items()}
            weights = self.weights(given, n_lags)
            by = list(given.values())
            columns = [
                derivatives(weights[..., lag].sum(), by, retain=True)
                for lag in range(n_lags)
            ]
        by_parameter = zip(*columns, strict=True)
        slopes = (torch.stack(column, dim=-1) for column in by_parameter)
        return weights.detach(), dict(zip(given, slopes, strict=True))


class GeometricAdstock(Adstock):
    r"""Carry-over that falls by the same share in each time step.

    :math:`w_l \propto \alpha^l`, with :math:`\alpha` the ``decay`` (Jin et al., 2017,
    "Bayesian Methods for Media Mix Modeling with Carryover and Shape Effects",
    equation 1).

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.components import GeometricAdstock
    >>> GeometricAdstock().weights({"decay": torch.tensor([0.5])}, 3)
    tensor([[0.5714, 0.2857, 0.1429]])
    """

    # Of a week.
    priors = (Prior("decay", "logit", -1.0, 1.2),)

    def priors_for(self, n_lags: int, weeks_per_step: float = 1.0) -> tuple[Prior, ...]:
        """Return the decay of a time step, a power of that of a week."""
        return (_decay_to_the(weeks_per_step, self.priors[0]),)

    def weights(self, parameters: Parameters, n_lags: int) -> Tensor:
        """Return the weights, see :class:`Adstock`."""
        return geometric_weights(parameters["decay"], n_lags)

    def weights_and_derivatives(
        self, parameters: Parameters, n_lags: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        r"""Return the weights and their derivative by the decay.

        With :math:`u_l = \alpha^l` and :math:`w = u / \sum u` the derivative is
        :math:`(u_l' - w_l \sum_m u_m') / \sum_m u_m`, where :math:`u_l' = l
        \alpha^{l-1}`.
        """
        decay = parameters["decay"].unsqueeze(-1)
        lags = torch.arange(n_lags, dtype=decay.dtype, device=decay.device)
        powers = decay**lags
        total = powers.sum(-1, keepdim=True)
        weights = powers / total
        slopes = lags * decay ** (lags - 1).clamp_min(0)
        slopes = (slopes - weights * slopes.sum(-1, keepdim=True)) / total
        return weights, {"decay": slopes}


class DelayedAdstock(Adstock):
    r"""Carry-over that peaks some time steps after the media.

    :math:`w_l \propto \alpha^{(l - \theta)^2}`, with :math:`\alpha` the ``decay`` and
    :math:`\theta` the ``delay`` in time steps (Jin et al., 2017, equation 4).

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.components import DelayedAdstock
    >>> given = {"decay": torch.tensor([0.5]), "delay": torch.tensor([1.0])}
    >>> DelayedAdstock().weights(given, 3)
    tensor([[0.2500, 0.5000, 0.2500]])
    """

    # The delay of kernels of two lags; that of others is as far from its ends.
    priors = (
        Prior("decay", "logit", -0.5, 1.0),
        Prior("delay", "logit", -2.0, 1.0),
    )

    def priors_for(self, n_lags: int, weeks_per_step: float = 1.0) -> tuple[Prior, ...]:
        """Return the parameters; the delay ends within the kernel."""
        decay, delay = self.priors
        # Distances from the peak are squared.
        decay = _decay_to_the(weeks_per_step**2, decay)
        longest = Prior(delay.name, "logit", delay.mean, delay.sd, high=n_lags - 1.0)
        return decay, longest

    def weights(self, parameters: Parameters, n_lags: int) -> Tensor:
        """Return the weights, see :class:`Adstock`."""
        return delayed_weights(parameters["decay"], parameters["delay"], n_lags)


class WeibullAdstock(Adstock):
    r"""Carry-over in the form of a Weibull density, which may fall or peak later.

    :math:`w_l \propto e^{-(l / \lambda)^k} - e^{-((l + 1) / \lambda)^k}`, with
    :math:`k` the ``shape`` and :math:`\lambda` the ``scale`` in time steps (Zhou et
    al., 2024, "Packaging Up Media Mix Modeling: An Introduction to Robyn's Open-Source
    Approach").

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.components import WeibullAdstock
    >>> given = {"shape": torch.tensor([1.0]), "scale": torch.tensor([1.0])}
    >>> WeibullAdstock().weights(given, 3)
    tensor([[0.6652, 0.2447, 0.0900]])
    """

    priors = (Prior("shape", "log", 0.0, 0.5), Prior("scale", "log", 0.0, 0.8))

    def priors_for(self, n_lags: int, weeks_per_step: float = 1.0) -> tuple[Prior, ...]:
        """Return the parameters; the scale counts time steps."""
        shape, scale = self.priors
        return shape, replace(scale, mean=scale.mean - math.log(weeks_per_step))

    def weights(self, parameters: Parameters, n_lags: int) -> Tensor:
        """Return the weights, see :class:`Adstock`."""
        return weibull_weights(parameters["shape"], parameters["scale"], n_lags)


class GammaAdstock(Adstock):
    r"""Carry-over that may rise before it falls, with the geometric one as a limit.

    :math:`w_l \propto (l + 1)^\kappa \alpha^l`, with :math:`\alpha` the ``decay`` and
    :math:`\kappa` the ``rise``: geometric at 0, largest near :math:`\kappa / \log(1 /
    \alpha) - 1` beyond (Schmidt, 1974, "An Argument for the Usefulness of the Gamma
    Distributed Lag Model").

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.components import GammaAdstock
    >>> given = {"decay": torch.tensor([0.5]), "rise": torch.tensor([1.0])}
    >>> GammaAdstock().weights(given, 3)
    tensor([[0.3636, 0.3636, 0.2727]])
    """

    priors = (Prior("decay", "logit", 0.0, 1.5), Prior("rise", "log", -0.35, 1.2))

    def priors_for(self, n_lags: int, weeks_per_step: float = 1.0) -> tuple[Prior, ...]:
        """Return the parameters; the decay is of a time step."""
        decay, rise = self.priors
        return _decay_to_the(weeks_per_step, decay), rise

    def weights(self, parameters: Parameters, n_lags: int) -> Tensor:
        """Return the weights, see :class:`Adstock`."""
        decay, rise = (parameters[name].unsqueeze(-1) for name in ("decay", "rise"))
        lags = torch.arange(n_lags, dtype=decay.dtype, device=decay.device)
        return torch.softmax(rise * (lags + 1).log() + lags * decay.log(), dim=-1)

    def weights_and_derivatives(
        self, parameters: Parameters, n_lags: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        r"""Return the weights and their derivatives.

        With :math:`w \propto e^g` it is :math:`w_l (g_l' - \sum_m w_m g_m')`.
        """
        weights = self.weights(parameters, n_lags)
        decay = parameters["decay"].unsqueeze(-1)
        lags = torch.arange(n_lags, dtype=decay.dtype, device=decay.device)
        inner = {"decay": lags / decay, "rise": (lags + 1).log().expand_as(weights)}
        return weights, {
            name: weights * (g - (weights * g).sum(-1, keepdim=True))
            for name, g in inner.items()
        }


class BinomialAdstock(Adstock):
    r"""Carry-over that falls to nothing just beyond the end of the kernel.

    :math:`w_l \propto (1 - l / (L + 1))^{1 / \alpha - 1}` for a kernel of :math:`L`
    lags, with :math:`\alpha` the ``alpha``: a straight line at 1/2, no carry-over
    towards 0, the same weight for all lags towards 1. It is the binomial adstock of
    PyMC-Marketing.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.components import BinomialAdstock
    >>> BinomialAdstock().weights({"alpha": torch.tensor([0.5])}, 3)
    tensor([[0.4444, 0.3333, 0.2222]])
    """

    priors = (Prior("alpha", "logit", -1.5, 1.2),)

    def weights(self, parameters: Parameters, n_lags: int) -> Tensor:
        """Return the weights, see :class:`Adstock`."""
        alpha = parameters["alpha"].unsqueeze(-1)
        lags = torch.arange(n_lags, dtype=alpha.dtype, device=alpha.device)
        left = 1 - lags / (n_lags + 1)
        return torch.softmax((1 / alpha - 1) * left.log(), dim=-1)


ADSTOCKS: dict[str, type[Adstock]] = {
    "binomial": BinomialAdstock,
    "delayed": DelayedAdstock,
    "gamma": GammaAdstock,
    "geometric": GeometricAdstock,
    "weibull": WeibullAdstock,
}


# With what "auto" begins, and what channels for which there is evidence have instead.
USUAL, WIDER = GeometricAdstock, GammaAdstock


def make_adstock(given: Any) -> Adstock:
    """Return the component of an alias, or a copy of a component.

    Parameters
    ----------
    given : str or Adstock
        "auto" is what it begins with.

    Raises
    ------
    ValueError or TypeError
        If it is none of these.
    """
    if isinstance(given, str) and given == "auto":
        return USUAL()
    return make_component(given, "adstock", Adstock, ADSTOCKS)


@lru_cache(maxsize=64)
def _decay_to_the(power: float, prior: Prior) -> Prior:
    r"""Return what a prior of a decay says of a power of it.

    Of the logit of :math:`\alpha^p` to first order at the mean: its derivative by the
    logit of :math:`\alpha` is :math:`p (1 - \alpha) / (1 - \alpha^p)`.
    """
    decay = float(expit(prior.mean))
    steep = power * (1 - decay) / -math.expm1(power * math.log(decay))
    mean = float(logit(decay**power))
    return replace(prior, mean=mean, sd=steep * prior.sd)
