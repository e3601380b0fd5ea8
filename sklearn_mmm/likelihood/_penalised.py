"""Data loss and penalties, each a named term."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sklearn_mmm.baseline._dependence import Decorrelation
from sklearn_mmm.baseline._whitening import Whitener
from sklearn_mmm.components._noise import HuberNoise
from sklearn_mmm.likelihood._pooling import OF_GROUPS, Pooling, group_parameters
from sklearn_mmm.network import Decomposition, MMMModule, ResponseShape
from sklearn_mmm.network._modulation import Modulation
from sklearn_mmm.panel._groups import Groups

# How far below zero a baseline may be where the outcome never is, relative to the mean
# outcome.
BELOW_ZERO = 0.05
# Mean and standard deviation of a raw parameter of the response's shape, by its name
# and the number of the channel, where more is believed than of every channel.
Believed = Mapping[str, Mapping[int, tuple[float, float]]]
ShapePriors = Mapping[str, tuple[Tensor, Tensor]]
GroupPriors = dict[str, tuple[float, Tensor]]

# Where the learned scales may be.
SCALE_RANGES = {
    "deviation": (0.01, 1.0),
    "control": (0.02, 1.0),
    "control_deviation": (0.003, 1.0),
    "event": (0.005, 2.0),
    "event_deviation": (0.003, 1.0),
    "campaign": (0.1, 1.0),
}
# What a rare event is believed to do, relative to the mean outcome, by this many others
# that join those of the panel.
USUAL_EVENT = 0.1
_EVENT_WITNESSES = 2.0
# What a channel is believed to contribute before anything is seen, relative to the mean
# outcome: half-normal, of which several channels together are worth this number.
USUAL_CONTRIBUTION = 0.15
_WITNESSES = 10.0
# Deviation of a campaign's effect from that of its group, as a logarithm, before any
# are seen, and how many witnesses that outweighs.
USUAL_CAMPAIGN, CAMPAIGN_WITNESSES = 0.4, 6.0
# What it is believed to bring at most, at saturation, in the same unit: one that is
# seldom on may contribute little on the whole and yet too much in a week.
USUAL_EFFECT = 0.8
# A curve that is hardly ever above zero says nothing of the size of its effect.
_LEAST_SHARE = 0.02


@dataclass(frozen=True)
class PriorScales:
    """Standard deviations of the shrunken parameters; learned from the data.

    Attributes
    ----------
    contribution : ndarray of shape (n_units,)
        Mean contributions of channels, those of a group together, relative to the mean
        outcome.
    share : ndarray of shape (n_units,)
        Mean of each one's saturation over the training weeks, so that an effect is a
        contribution divided by it.
    deviation : float
        Regional deviations of log media effects.
    control, control_deviation : float
        Control coefficients and their regional deviations.
    modulation : float
        Weights of the head of the time-varying effects.
    event, event_deviation : float
        As for controls, but of rare events, and of what a whole one brings.
    whole : ndarray of shape (n_controls,)
        Coefficient of a rare event that brings the mean outcome; 0 of other controls.
        Of no controls where there are no rare events.
    campaign : float
        Deviations of campaigns' log effects from those of their groups.
    group_deviation, group_control_deviation : ndarray of shape (n_dimensions,)
        With several dimensions, of what the cells of a group have in common in their
        deviations; the deviations above are then what cells differ from that by. Empty
        with one dimension.
    """

    contribution: np.ndarray
    share: np.ndarray
    deviation: float = 0.1
    control: float = 0.3
    control_deviation: float = 0.1
    modulation: float = 0.1
    campaign: float = USUAL_CAMPAIGN
    event: float = USUAL_EVENT
    event_deviation: float = USUAL_EVENT / 2
    whole: np.ndarray = field(default_factory=lambda: np.zeros(0))
    group_deviation: np.ndarray = field(default_factory=lambda: np.zeros(0))
    group_control_deviation: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def rare(self) -> np.ndarray:
        """Which controls are rare events, (n_controls,); of none without them."""
        return np.asarray(self.whole > 0)

    def of_controls(self, name: str, event: str) -> Any:
        """Return a scale of all controls, or of each where some are rare events.

        Parameters
        ----------
        name, event : str
            Of the scale of ordinary controls and of rare events.
        """
        usual = getattr(self, name)
        if not self.rare.any():
            return usual
        own = getattr(self, event) * self.whole
        return torch.as_tensor(np.where(self.rare, own, usual))

    @property
    def effect(self) -> np.ndarray:
        """Media effects, relative to the region's mean outcome, (n_units,)."""
        share = np.maximum(self.share, _LEAST_SHARE)
        return 1.0 / np.hypot(share / self.contribution, 1.0 / USUAL_EFFECT)


def event_scale(squares: np.ndarray) -> float:
    """Return the scale of rare events, by their expected squares, (n_events,)."""
    joined = squares.sum() + _EVENT_WITNESSES * USUAL_EVENT**2
    return float(np.sqrt(joined / (len(squares) + _EVENT_WITNESSES)))


def contribution_scales(squares: np.ndarray) -> np.ndarray:
    """Return what each channel is believed to contribute, by those of the others.

    A channel has no say in its own scale, or it would only have to be large to be
    believed; the others are joined by some that contribute as much as usual.

    Parameters
    ----------
    squares : ndarray of shape (n_channels,)
        Expected squared mean contributions.
    """
    others = squares.sum() - squares
    n_others = len(squares) - 1
    usual = _WITNESSES * USUAL_CONTRIBUTION**2
    return np.asarray(np.sqrt((others + usual) / (n_others + _WITNESSES)))


@dataclass(frozen=True)
class Penalties:
    """Negative log priors of the module's parameters, and the noise.

    Attributes
    ----------
    l1 : float
        Weight of the sum of media effects, per unit of the prior scale.
    l2 : float
        Weight of the Gaussian penalties; 1 is the learned amount.
    noise : HuberNoise
    positive : bool
        Whether the outcome is never negative; then neither is the baseline that
        regions share, up to 5 % of the mean outcome.
    scales : PriorScales
    shape : mapping of str to tuple
        Mean and standard deviation, (channel,) each, of the raw parameters of the
        response's shape.
    signed : bool Tensor of shape (n_controls,) or None
        Controls whose regional deviations are those of logarithms, as of media.
    """

    l1: float
    l2: float
    noise: HuberNoise
    positive: bool
    scales: PriorScales
    shape: ShapePriors
    signed: Tensor | None = None

    @classmethod
    def usual(
        cls,
        shape: ResponseShape,
        share: np.ndarray,
        l1: float,
        l2: float,
        noise: HuberNoise,
        positive: bool,
        believed: Believed | None = None,
        signed: Tensor | None = None,
        whole: np.ndarray | None = None,
    ) -> "Penalties":
        """Return penalties before anything is learned.

        Parameters
        ----------
        shape : ResponseShape
        share : ndarray of shape (n_channels,)
            Mean saturation of each channel, see :class:`PriorScales`.
        l1, l2, noise, positive, signed
            See above.
        believed : mapping, optional
            See :func:`shape_priors`.
        whole : ndarray of shape (n_controls,), optional
            See :class:`PriorScales`.
        """
        whole = np.zeros(0) if whole is None else whole
        contribution = contribution_scales(np.zeros(len(share)))
        scales = PriorScales(contribution, share, whole=whole)
        priors = shape_priors(shape, len(share), believed or {})
        return cls(l1, l2, noise, positive, scales, priors, signed)

    @property
    def priors(self) -> dict[str, tuple[Any, Any]]:
        """Return mean and standard deviation of each parameter's Gaussian prior."""
        scales = self.scales
        strength = 1.0 / np.sqrt(max(self.l2, 1e-12))
        return {
            "effect": (0.0, torch.as_tensor(scales.effect * strength)),
            **self.shape,
            "coefficient": (0.0, scales.of_controls("control", "event") * strength),
            "innovation": (0.0, 1.0),
            "deviation": (0.0, scales.deviation * strength),
            "control_deviation": (0.0, self._control_deviation * strength),
            "head": (0.0, scales.modulation * strength),
            "campaign": (0.0, scales.campaign * strength),
        }

    @property
    def _control_deviation(self) -> Any:
        plain = self.scales.of_controls("control_deviation", "event_deviation")
        if self.signed is None:
            return plain
        return torch.where(self.signed, self.scales.deviation, plain)

    def group_priors(self, pooling: Pooling, n_columns: Sequence[int]) -> GroupPriors:
        """Return mean and standard deviations of the groups' Gaussian priors.

        Parameters
        ----------
        pooling : Pooling
        n_columns : sequence of int
            Channels and controls.
        """
        strength, scales = 1.0 / np.sqrt(max(self.l2, 1e-12)), self.scales
        (media, of_media), (controls, of_controls) = (
            (name, torch.as_tensor(getattr(scales, name) * strength))
            for name in OF_GROUPS.values()
        )
        sd = pooling.of_groups(of_controls, n_columns[1])
        if scales.rare.any():
            # Those of rare events deviate as far as the cells around them.
            own = torch.as_tensor(scales.event_deviation * scales.whole * strength)
            own = own.repeat(pooling.n_groups)
            sd = torch.where(own > 0, own, sd)
        if self.signed is not None:
            as_media = pooling.of_groups(of_media, n_columns[1])
            sd = torch.where(self.signed.repeat(pooling.n_groups), as_media, sd)
        return {
            media: (0.0, pooling.of_groups(of_media, n_columns[0])),
            controls: (0.0, sd),
        }

    def with_dimensions(self, groups: Groups | None) -> "Penalties":
        """Return the penalties of a panel of several dimensions, as yet unlearned."""
        if groups is None:
            return self
        scales, n = self.scales, len(groups.sizes)
        own = replace(
            scales,
            group_deviation=np.full(n, scales.deviation),
            group_control_deviation=np.full(n, scales.control_deviation),
        )
        return replace(self, scales=own)

    def __call__(self, module: MMMModule) -> dict[str, Tensor]:
        """Return the named penalties, in units of log-likelihood."""
        media, controls, baseline = module.media, module.controls, module.baseline
        effect = media.effect / torch.as_tensor(self.scales.effect).to(media.effect)
        values = {
            "coefficient": controls.coefficient,
            "innovation": baseline.innovation,
            "deviation": media.deviation,
            "control_deviation": controls.deviation,
            **media.raw,
        }
        if media.shape.groups is not None:
            values["campaign"] = media.campaign
        priors = self.priors
        groups, pooling = group_parameters(module), Pooling.of(module)
        if pooling is not None:
            sizes = media.deviation.shape[1], controls.deviation.shape[1]
            priors = priors | self.group_priors(pooling, sizes)
            values |= groups
            for name, own in OF_GROUPS.items():
                values[name] = values[name] - pooling.means(groups[own][None])[0]
        return self._modulation(module.modulation) | {
            "effect_l1": self.l1 * effect.sum(),
            "effect": self.l2 * _gaussian(effect),
            **{
                name: _gaussian((value - priors[name][0]) / priors[name][1])
                for name, value in values.items()
            },
            "negative_baseline": _gaussian(
                float(self.positive) * torch.relu(-baseline()) / BELOW_ZERO
            ),
        }

    def _modulation(self, modulation: Modulation) -> dict[str, Tensor]:
        if not modulation.active:
            return {}
        return {
            "modulation": self.l2 * _gaussian(modulation.head / self.scales.modulation),
            "gru": self.l2 * modulation.gru_penalty(),
        }


def _gaussian(z: Tensor) -> Tensor:
    return 0.5 * (z * z).sum()


def shape_priors(
    shape: ResponseShape, n_channels: int, believed: Believed
) -> ShapePriors:
    """Return mean and standard deviation of raw parameters, (channel,) each.

    Parameters
    ----------
    shape : ResponseShape
    n_channels : int
    believed : mapping
        What is believed of single channels instead.
    """
    usual = {
        name: (_of_each(prior.mean, n_channels), _of_each(prior.sd, n_channels))
        for name, prior in shape.priors.items()
    }
    return overlaid(usual, believed)


def _of_each(value: float | np.ndarray, n: int) -> Tensor:
    return torch.tensor(np.broadcast_to(value, n), dtype=torch.float64)


def overlaid(priors: ShapePriors, believed: Believed) -> ShapePriors:
    """Return priors of raw parameters with what is believed of single channels."""
    out = {name: (mean.clone(), sd.clone()) for name, (mean, sd) in priors.items()}
    for name, channels in believed.items():
        for channel, pair in channels.items():
            for values, value in zip(out[name], pair, strict=True):
                values[channel] = value
    return out


class WhitenedLoss(nn.Module):
    r"""Loss of residuals whitened by the regions' covariance in time.

    Whitening with the inverse Cholesky factor turns residuals into one-step-ahead
    forecast errors, in which a level that wanders has been marginalised out; what
    they share between regions is whitened too.

    Parameters
    ----------
    noise : HuberNoise
    """

    whitener: Whitener
    precision: Tensor

    def __init__(self, noise: HuberNoise) -> None:
        super().__init__()
        self.noise = noise
        self.register_buffer("precision", torch.zeros(0))
        self.decorrelate = Decorrelation(torch.zeros(1, 0, 0))

    def install(self, posterior: Any) -> None:
        """Take the covariance of a posterior, in single precision."""
        self.whitener = posterior.whitener.to(torch.float32)
        self.precision = posterior.precision.float()
        self.decorrelate = Decorrelation(posterior.decorrelate.loadings.float())

    def whiten(self, values: Tensor) -> Tensor:
        """Return standardised innovations of (region, week, ...) values."""
        shape = values.shape
        flat = values.reshape(shape[0], shape[1], -1)  # (region, week, feature)
        flat = self.whitener.whiten(flat) * self.precision[:, None, None]
        return flat.reshape(shape)

    def forward(self, parts: Decomposition, target: dict[str, Tensor]) -> Tensor:
        """Return the summed loss, in units of log-likelihood.

        Parameters
        ----------
        parts : Decomposition
        target : dict
            ``outcome`` (region, week).
        """
        innovation = self.whiten(target["outcome"] - parts.total)
        innovation = self.decorrelate(innovation)
        return self.noise.loss_of_tensor(innovation).sum()
