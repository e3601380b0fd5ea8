"""Data loss and penalties, each a named term."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from sklearn_mmm.baseline._dependence import decorrelate
from sklearn_mmm.components import Prior
from sklearn_mmm.network import Decomposition, MMMModule
from sklearn_mmm.network._effects import TimeVaryingEffects

# How far below zero a baseline may be where the outcome never is, relative to the mean
# outcome.
BELOW_ZERO = 0.05
# Where the learned scales may be.
SCALE_RANGES = {
    "effect": (0.05, 3.0),
    "deviation": (0.01, 1.0),
    "control": (0.02, 1.0),
    "control_deviation": (0.003, 1.0),
}


@dataclass
class PriorScales:
    """Standard deviations of the shrunken parameters; learned from the data.

    Attributes
    ----------
    effect : float
        Media effects, relative to the region's mean outcome.
    deviation : float
        Regional deviations of log media effects.
    control, control_deviation : float
        Control coefficients and their regional deviations.
    modulation : float
        Weights of the head of the time-varying effects.
    """

    effect: float = 0.3
    deviation: float = 0.1
    control: float = 0.3
    control_deviation: float = 0.1
    modulation: float = 0.1


@dataclass
class Penalties:
    """Negative log priors of the module's parameters.

    Attributes
    ----------
    l1 : float
        Weight of the sum of media effects, per unit of the prior scale.
    l2 : float
        Weight of the Gaussian penalties; 1 is the learned amount.
    positive : bool
        Whether the outcome is never negative; then neither is the baseline that
        regions share, up to 5 % of the mean outcome.
    scales : PriorScales
    """

    l1: float
    l2: float
    positive: bool
    scales: PriorScales = field(default_factory=PriorScales)

    def __call__(self, module: MMMModule) -> dict[str, Tensor]:
        """Return the named penalties, in units of log-likelihood."""
        media, controls, scales = module.media, module.controls, self.scales
        effect = media.effect / scales.effect
        return self._modulation(module.effects) | {
            "effect_l1": self.l1 * effect.sum(),
            "effect_l2": self.l2 * _gaussian(effect),
            "deviation": self.l2 * _gaussian(media.deviation / scales.deviation),
            "control": self.l2 * _gaussian(controls.coefficient / scales.control),
            "control_deviation": self.l2
            * _gaussian(controls.deviation / scales.control_deviation),
            **{n: _prior(media.raw[n], p) for n, p in media.shape.priors.items()},
            "course": _gaussian(module.baseline.innovation),
            "negative_baseline": _gaussian(
                float(self.positive) * torch.relu(-module.baseline()) / BELOW_ZERO
            ),
        }

    def _modulation(self, effects: TimeVaryingEffects) -> dict[str, Tensor]:
        if not effects.active:
            return {}
        return {
            "modulation": self.l2 * _gaussian(effects.head / self.scales.modulation),
            "gru": self.l2 * effects.gru_penalty(),
        }


def _gaussian(z: Tensor) -> Tensor:
    return 0.5 * (z * z).sum()


def _prior(raw: Tensor, prior: Prior) -> Tensor:
    return _gaussian((raw - prior.mean) / prior.sd)


class WhitenedHuber(nn.Module):
    r"""Huber loss of residuals whitened by the regions' covariance in time.

    Whitening with the inverse Cholesky factor turns residuals into one-step-ahead
    forecast errors, in which a level that wanders has been marginalised out; what
    they share between regions is whitened too. An outlying week costs linearly
    (Huber, 1964).

    Parameters
    ----------
    delta : float
        Where the loss turns linear, in standard deviations.
    """

    whitener: Tensor
    precision: Tensor
    loadings: Tensor

    def __init__(self, delta: float) -> None:
        super().__init__()
        self.delta = delta
        self.register_buffer("whitener", torch.zeros(1, 0, 0))
        self.register_buffer("precision", torch.zeros(0))
        self.register_buffer("loadings", torch.zeros(0, 0))

    def whiten(self, values: Tensor, region: Tensor) -> Tensor:
        """Return standardised innovations of (region, week, ...) values.

        Parameters
        ----------
        values : Tensor of shape (region, week, ...)
        region : Tensor of shape (region,)
            Codes of the regions.
        """
        shape = values.shape
        flat = values.reshape(shape[0], shape[1], -1)  # (region, week, feature)
        one = len(self.whitener) == 1
        whitener = self.whitener if one else self.whitener[region]
        flat = torch.matmul(whitener, flat) * self.precision[region, None, None]
        return flat.reshape(shape)

    def decorrelate(self, values: Tensor, region: Tensor) -> Tensor:
        """Return whitened values less what the given regions share."""
        return decorrelate(values, self.loadings[region])

    def forward(self, parts: Decomposition, target: dict[str, Tensor]) -> Tensor:
        """Return the summed loss, in units of log-likelihood.

        Parameters
        ----------
        parts : Decomposition
        target : dict
            ``outcome`` (region, week) and the ``region`` codes.
        """
        region = target["region"]
        innovation = self.whiten(target["outcome"] - parts.total, region)
        innovation = self.decorrelate(innovation, region)
        return nn.functional.huber_loss(
            innovation,
            torch.zeros_like(innovation),
            reduction="sum",
            delta=self.delta,
        )
