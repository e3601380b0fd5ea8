r"""The penalised likelihood as least squares, for several sets of parameters at once.

Parameters are dicts of tensors with a leading member axis. Media effects stand in their
own unit instead of as logarithms, so that what they explain is linear in them and
they can be zero.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from sklearn_mmm.baseline._covariance import whiteners
from sklearn_mmm.baseline._dependence import decorrelate
from sklearn_mmm.baseline._variances import (
    TimeHyperparameters,
    course_factor,
    kernels_at,
    regional_covariance,
)
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.likelihood._difference import difference
from sklearn_mmm.likelihood._experiments import ExperimentRows
from sklearn_mmm.likelihood._penalised import BELOW_ZERO, Penalties
from sklearn_mmm.network import MMMModule
from sklearn_mmm.network._carry_over import CarryOver
from sklearn_mmm.network._media import MediaPrior

Parameters = dict[str, Tensor]

# Parameters in which the fit is linear.
LINEAR = ("effect", "coefficient", "intercept", "innovation")
REGIONAL = ("deviation", "control_deviation")
# Effects are at least this share of their prior scale.
_LEAST_EFFECT = 1e-4
# Step of the differences that stand for derivatives, balancing the errors of rounding
# and truncation.
_DIFFERENCE = 1e-5


@dataclass(frozen=True)
class Randomisation:
    """What sets members apart; zeros leave the objective as it is.

    Attributes
    ----------
    noise : Tensor of shape (member, region, week)
        Added to the standardised innovations.
    experiments : Tensor of shape (member, experiment)
        Added to the standardised gaps between model and experiments.
    priors : dict of Tensor
        By parameter, added to the prior's mean, in its standard deviations.
    """

    noise: Tensor
    experiments: Tensor
    priors: Parameters


class Posterior:
    """The penalised likelihood around a trained module.

    Parameters
    ----------
    module : MMMModule
        Trained, in double precision. What the GRU of time-varying effects makes of its
        inputs is held as it is; its head is a parameter.
    data : TrainingData
    hyper : TimeHyperparameters
    penalties : Penalties
    delta : float
        Threshold of the Huber loss.
    experiments : ExperimentRows or None
        What experiments say about channels.
    """

    def __init__(
        self,
        module: MMMModule,
        data: TrainingData,
        hyper: TimeHyperparameters,
        penalties: Penalties,
        delta: float,
        experiments: ExperimentRows | None = None,
    ) -> None:
        self.module = module
        self.delta = delta
        self.positive = float(penalties.positive)
        self.l1 = penalties.l1 / penalties.scales.effect
        self.inputs = data.inputs(module.media.max_lag)
        self.target = torch.as_tensor(data.target)
        self.observed = torch.as_tensor(data.observed)
        self.experiments = experiments
        kernels = kernels_at(data.covariance, data.position)
        K = regional_covariance(hyper, kernels.regional)
        W = whiteners(K, data.observed)
        self.whitener = torch.as_tensor(W)
        self.precision = torch.as_tensor(1.0 / hyper.sigma)
        self.loadings = torch.as_tensor(hyper.loadings)
        self.priors = _priors(module, penalties)
        self.least_effect = _LEAST_EFFECT * penalties.scales.effect
        columns = torch.ones(len(data.position), 1, dtype=torch.float64)
        if module.baseline.has_course:
            factor = course_factor(hyper, kernels.shared)
            columns = torch.cat([columns, torch.as_tensor(factor)], dim=1)
        # (week, 1 + course): intercept and common course.
        self.common_columns = columns
        # (1 or region, week, 1 + course)
        self.common = self.whitener @ columns

    @cached_property
    def controls(self) -> Tensor:
        """Whitened controls, (region, week, control)."""
        return self.whiten(self.inputs["controls"])

    @cached_property
    def modulating(self) -> Tensor:
        """What the head of time-varying effects reads, (region, week, feature)."""
        inputs = self.inputs
        with torch.no_grad():
            return self.module.effects.features(
                inputs["lags"][..., 0], inputs["controls"], inputs["calendar"]
            )

    def start(self) -> Parameters:
        """Return the module's parameters as those of one member."""
        media, controls = self.module.media, self.module.controls
        baseline = self.module.baseline
        innovation = baseline.innovation.detach()
        if baseline.has_course:
            # The same course under the present covariance.
            course = (baseline.factor @ innovation).unsqueeze(-1)
            factor = self.common_columns[:, 1:]
            innovation = torch.linalg.solve_triangular(factor, course, upper=False)
        effects = self.module.effects
        head = {"head": effects.head.reshape(-1)} if effects.active else {}
        named = {
            "effect": media.effect.clamp_min(self.least_effect),
            "half_saturation": media.log_half_saturation,
            "slope": media.log_slope,
            **{name: getattr(media.carry_over, name) for name in self._kernels},
            **head,
            "coefficient": controls.coefficient,
            "intercept": baseline.intercept.reshape(1),
            "innovation": innovation.reshape(-1),
            "deviation": media.deviation,
            "control_deviation": controls.deviation,
        }
        return {name: value.detach().clone()[None] for name, value in named.items()}

    @property
    def regional(self) -> tuple[str, ...]:
        """Names of the parameters that each region has of its own."""
        return REGIONAL if len(self.target) > 1 else ()

    @cached_property
    def spans(self) -> dict[str, slice]:
        """Where each shared parameter stands in the shared vector."""
        spans, end = {}, 0
        for name, value in self.start().items():
            if name not in REGIONAL:
                spans[name] = slice(end, end + value.shape[1])
                end += value.shape[1]
        return spans

    @property
    def _kernels(self) -> tuple[str, ...]:
        return tuple(CarryOver.priors[self.module.media.carry_over.kind])

    def whiten(self, values: Tensor) -> Tensor:
        """Return innovations in time of (..., region, week, feature) values."""
        return torch.matmul(self.whitener, values) * self.precision[:, None, None]

    def decorrelate(self, values: Tensor) -> Tensor:
        """Return (member, region, week) values less what regions share."""
        return decorrelate(values.movedim(1, 0), self.loadings).movedim(0, 1)

    def media_state(self, at: Parameters) -> Parameters:
        """Return the parameters of the media's module."""
        return {
            "log_effect": at["effect"].log(),
            "log_half_saturation": at["half_saturation"],
            "log_slope": at["slope"],
            "deviation": at["deviation"],
            **{f"carry_over.{name}": at[name] for name in self._kernels},
        }

    def response(self, at: Parameters) -> Tensor:
        """Return contributions of constant effects, (member, region, week, channel)."""
        inputs = self.inputs["lags"], self.inputs["region"]
        return functional_call(self.module.media, self.media_state(at), inputs)

    def factor(self, at: Parameters) -> Tensor | float:
        """Return the modulation of effects, (member, region, week, channel)."""
        effects = self.module.effects
        if not effects.active:
            return 1.0
        head = {"head": at["head"].reshape(-1, *effects.head.shape)}
        return functional_call(
            effects, head, (self.modulating, self.inputs["observed"])
        )

    def media(self, at: Parameters) -> Tensor:
        """Return contributions, (member, region, week, channel)."""
        return self.response(at) * self.factor(at)

    def known(self, at: Parameters, media: Tensor) -> Tensor:
        """Return all but the common and regional courses, (member, region, week)."""
        gamma = at["coefficient"].unsqueeze(1) + at["control_deviation"]
        effects = torch.einsum("rtk,mrk->mrt", self.inputs["controls"], gamma)
        return media.sum(-1) + effects + at["intercept"].unsqueeze(-1)

    def course(self, at: Parameters) -> Tensor:
        """Return the common course, (member, week)."""
        return at["innovation"] @ self.common_columns[:, 1:].T

    def innovations(self, at: Parameters, media: Tensor) -> Tensor:
        """Return standardised residuals, (member, region, week)."""
        total = self.known(at, media) + self.course(at).unsqueeze(1)
        white = self.whiten((self.target - total).unsqueeze(-1)).squeeze(-1)
        return self.decorrelate(white) * self.observed

    def gaps(self, at: Parameters) -> Tensor:
        """Return how far the model is from experiments, (member, experiment).

        In standard errors.
        """
        if self.experiments is None:
            return at["effect"].new_zeros(len(at["effect"]), 0)
        lift = self.experiments.lift(self.module.media, self.media_state(at))
        return self.experiments.gap(lift)

    def prior_residuals(self, at: Parameters, random: Randomisation) -> Parameters:
        """Return each parameter's distance from its prior, in standard deviations."""
        return {
            name: (at[name] - mean) / sd - random.priors.get(name, 0.0)
            for name, (mean, sd) in self.priors.items()
            if name in at
        }

    def below(self, at: Parameters) -> Tensor:
        """Return how far the common baseline is below zero, see Penalties."""
        baseline = at["intercept"] + self.course(at)
        return torch.relu(-baseline) / BELOW_ZERO * self.positive

    def objective(self, at: Parameters, random: Randomisation) -> Tensor:
        """Return the members' negative log posteriors, (member,)."""
        innovation = self.innovations(at, self.media(at)) + random.noise
        nothing = torch.zeros_like(innovation)
        huber = nn.functional.huber_loss(
            innovation, nothing, reduction="none", delta=self.delta
        )
        total = huber.sum((1, 2)) + self.l1 * at["effect"].sum(1)
        squares = [self.below(at), self.gaps(at) + random.experiments]
        squares += self.prior_residuals(at, random).values()
        for residual in squares:
            total = total + 0.5 * residual.flatten(1).square().sum(1)
        return total

    def features(self, at: Parameters) -> Tensor:
        """Return whitened derivatives of the fit, (member, region, week, feature).

        By the shared parameters but those of the common baseline, in the order of
        ``spans``.
        """
        response, factor = self.response(at), self.factor(at)
        columns = [response * factor / at["effect"][:, None, None, :]]
        for name in ("half_saturation", "slope", *self._kernels):
            columns.append(self._by(at, name, self.response) * factor)
        if self.module.effects.active:
            columns += [response * slope for slope in self._factor_slopes(at)]
        controls = self.controls.expand(len(response), *self.controls.shape)
        return torch.cat([self.whiten(torch.cat(columns, -1)), controls], -1)

    def _by(
        self, at: Parameters, name: str, function: Callable[[Parameters], Tensor]
    ) -> Tensor:
        return difference(
            lambda value: function(at | {name: value}), at[name], _DIFFERENCE
        )

    def _factor_slopes(self, at: Parameters) -> Iterator[Tensor]:
        """Yield the modulation's derivatives by each feature's weights."""
        n_features, n_channels = self.module.effects.head.shape
        for i in range(n_features):
            own = slice(i * n_channels, (i + 1) * n_channels)

            def factor(weights: Tensor, own: slice = own) -> Tensor:
                head = at["head"].clone()
                head[:, own] = weights
                return torch.as_tensor(self.factor(at | {"head": head}))

            yield difference(factor, at["head"][:, own], _DIFFERENCE)

    def experiment_features(self, at: Parameters) -> tuple[Tensor, Tensor]:
        """Return derivatives of the gaps by shared and regional media parameters.

        Returns
        -------
        shared : Tensor of shape (member, experiment, n_shared)
        own : Tensor of shape (member, experiment, region, channel)
            By the regions' deviations.
        """
        n_members = len(at["effect"])
        n_shared = max(span.stop for span in self.spans.values())
        rows = self.experiments
        n_rows = 0 if rows is None else rows.n_experiments
        shared = at["effect"].new_zeros(n_members, n_rows, n_shared)
        n_regions, n_channels = at["deviation"].shape[1:]
        own = at["effect"].new_zeros(n_members, n_rows, n_regions, n_channels)
        if rows is None:
            return shared, own
        media, state = self.module.media, self.media_state(at)
        error = rows.std_error[rows.part_experiment]
        by_region = rows.lift_of_parts(media, state) / error[:, None]
        # Each channel of an experiment has its own place.
        row, channel = rows.part_experiment, rows.part_channel
        own[:, row, :, channel] = by_region.movedim(1, 0)
        effect = at["effect"][:, channel]
        shared[:, row, self.spans["effect"].start + channel] = (
            by_region.sum(-1) / effect
        )
        for name in ("half_saturation", "slope", *self._kernels):
            slope = self._by(
                at, name, lambda p: rows.lift_of_parts(media, self.media_state(p))
            )
            shared[:, row, self.spans[name].start + channel] = slope.sum(-1) / error
        return shared, own

    def install(self, module: MMMModule, at: Parameters, member: int) -> None:
        """Write a member's parameters into a module of the same kind."""
        media, controls, baseline = module.media, module.controls, module.baseline
        with torch.no_grad():
            for name in self._kernels:
                getattr(media.carry_over, name).copy_(at[name][member])
            media.log_effect.copy_(at["effect"][member].log())
            media.log_half_saturation.copy_(at["half_saturation"][member])
            media.log_slope.copy_(at["slope"][member])
            media.deviation.copy_(at["deviation"][member])
            controls.coefficient.copy_(at["coefficient"][member])
            controls.deviation.copy_(at["control_deviation"][member])
            baseline.intercept.copy_(at["intercept"][member, 0])
            if baseline.has_course:
                factor = self.common_columns[:, 1:]
                if not torch.equal(baseline.factor, factor):
                    baseline.factor.copy_(factor)
                baseline.innovation.copy_(at["innovation"][member])
            if module.effects.active:
                head = at["head"][member].reshape(module.effects.head.shape)
                module.effects.head.copy_(head)
                module.effects.remember_mean(self.modulating, self.inputs["observed"])

    def module_of(self, at: Parameters, member: int) -> MMMModule:
        """Return a module with a member's parameters."""
        module, effects = self.module, self.module.effects
        # What does not differ between members is not copied.
        shared = [module.baseline.factor]
        shared += [p for name, p in effects.named_parameters() if name != "head"]
        own = deepcopy(module, {id(tensor): tensor for tensor in shared})
        self.install(own, at, member)
        return own


def _priors(module: MMMModule, penalties: Penalties) -> dict[str, tuple[float, float]]:
    """Return mean and standard deviation of each parameter's Gaussian prior."""
    scales = penalties.scales
    strength = 1.0 / np.sqrt(max(penalties.l2, 1e-12))
    return {
        "effect": (0.0, scales.effect * strength),
        "half_saturation": MediaPrior.half_saturation,
        "slope": MediaPrior.slope,
        **CarryOver.priors[module.media.carry_over.kind],
        "coefficient": (0.0, scales.control * strength),
        "innovation": (0.0, 1.0),
        "deviation": (0.0, scales.deviation * strength),
        "control_deviation": (0.0, scales.control_deviation * strength),
        "head": (0.0, scales.modulation * strength),
    }
