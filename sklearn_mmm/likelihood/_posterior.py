r"""The penalised likelihood as least squares, for several sets of parameters at once.

Parameters are dicts of tensors with a leading member axis. Media effects stand in their
own unit instead of as logarithms, so that what they explain is linear in them and
they can be zero.
"""

from collections.abc import Iterator
from copy import copy
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call

from sklearn_mmm.baseline._dependence import Decorrelation
from sklearn_mmm.baseline._variances import (
    TimeHyperparameters,
    TimeKernels,
    course_factor,
    loadings_by_week,
)
from sklearn_mmm.likelihood._data import TrainingData, exposure
from sklearn_mmm.likelihood._experiments import ExperimentRows
from sklearn_mmm.likelihood._module_parameters import parameters_of, write_parameters
from sklearn_mmm.likelihood._penalised import BELOW_ZERO, Penalties
from sklearn_mmm.likelihood._pooling import OF_GROUPS, Pooling
from sklearn_mmm.likelihood._randomisation import Parameters, Randomisation
from sklearn_mmm.network import MMMModule, ResponseShape, copied, effect_columns
from sklearn_mmm.network._controls import regional_coefficients

# Parameters in which the fit is linear.
LINEAR = ("effect", "coefficient", "intercept", "innovation", *OF_GROUPS.values())
REGIONAL = ("deviation", "control_deviation")
# Numbers that media of regions may take which are read at once: many more would not
# fit the cache, nor the memory that is at hand without asking the system for more.
_AT_ONCE = 300_000
# Effects are at least this share of their prior scale.
_LEAST_EFFECT = 1e-4


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
    kernels : TimeKernels
        At the data's weeks.
    experiments : ExperimentRows or None
        What experiments say about channels.
    inputs : dict of Tensor, optional
        Of the data, where they are known.
    """

    def __init__(
        self,
        module: MMMModule,
        data: TrainingData,
        hyper: TimeHyperparameters,
        penalties: Penalties,
        kernels: TimeKernels,
        experiments: ExperimentRows | None = None,
        inputs: dict[str, Tensor] | None = None,
    ) -> None:
        self.module = module
        self.noise = penalties.noise
        self.positive = float(penalties.positive)
        self.pooling = Pooling.of(module)
        self._take_priors(penalties)
        self.inputs = inputs or data.inputs(module.media.max_lag)
        self.target = torch.as_tensor(data.target)
        self.observed = torch.as_tensor(data.observed)
        self.experiments = experiments
        self.whitener = kernels.whitener(hyper, data.observed)
        self.precision = torch.as_tensor(1.0 / hyper.sigma)
        loadings = loadings_by_week(
            hyper,
            self.whitener,
            data.observed,
            lambda: effect_columns(module, self.inputs),
        )
        self.decorrelate = Decorrelation(torch.as_tensor(loadings))
        self.orders = data.orders(self.shape)
        columns = torch.ones(len(data.position), 1, dtype=torch.float64)
        if module.baseline.has_course:
            factor = course_factor(hyper, kernels.course)
            columns = torch.cat([columns, torch.as_tensor(factor)], dim=1)
        # (week, 1 + course): intercept and common course.
        self.common_columns = columns
        # Whitened, of each group of regions, (1 or region, week, 1 + course).
        self.common = self.whitener.columns(columns)

    def around(self, module: MMMModule) -> "Posterior":
        """Return the same posterior around another module of the same sizes."""
        other = copy(self)
        for name in ("modulating", "spans"):
            other.__dict__.pop(name, None)
        other.module = module
        return other

    def believe(
        self, penalties: Penalties, at: Parameters, random: Randomisation
    ) -> Tensor:
        """Take other priors of the effects; return what that adds to the objective.

        Parameters
        ----------
        penalties : Penalties
        at : dict of Tensor
        random : Randomisation
        """

        def size() -> Tensor:
            residual = self.prior_residuals(at, random)["effect"]
            return (self.l1 * at["effect"]).sum(1) + 0.5 * residual.square().sum(1)

        before = size()
        self._take_priors(penalties)
        return size() - before

    def _take_priors(self, penalties: Penalties) -> None:
        scale = torch.as_tensor(penalties.scales.effect)
        self.priors = penalties.priors
        if self.pooling is not None:
            own = self.module.media, self.module.controls
            sizes = [part.deviation.shape[1] for part in own]
            self.priors |= penalties.group_priors(self.pooling, sizes)
        self.l1 = penalties.l1 / scale
        self.least_effect = _LEAST_EFFECT * scale

    def reading(self, data: TrainingData, inputs: dict[str, Tensor]) -> "Posterior":
        """Return the same posterior, which reads other data and their inputs."""
        other = copy(self)
        other.__dict__.pop("modulating", None)
        other.inputs = inputs
        other.target = torch.as_tensor(data.target)
        other.observed = torch.as_tensor(data.observed)
        return other

    @cached_property
    def common_gram(self) -> Tensor:
        """Products of the common columns, over all regions, (1 + course, ...)."""
        n = self.common_columns.shape[1]
        gram = self.common_columns.new_zeros(n, n)
        for regions, columns in self.each_common():
            precision = self.precision[regions]
            if len(columns) == 1:
                gram += precision.square().sum() * (columns[0].T @ columns[0])
            else:
                flat = (columns * precision[:, None, None]).flatten(0, 1)
                gram += flat.T @ flat
        return gram

    def each_common(self) -> Iterator[tuple[np.ndarray | slice, Tensor]]:
        """Yield regions, and what the common columns are in their innovations."""
        for group, columns in zip(self.whitener.groups, self.common, strict=True):
            yield group.regions, columns

    @cached_property
    def controls(self) -> Tensor:
        """Whitened controls, (region, week, control)."""
        return self.whiten(self.inputs["controls"])

    @cached_property
    def modulating(self) -> Tensor:
        """What the head of time-varying effects reads, (region, week, feature)."""
        inputs = self.inputs
        with torch.no_grad():
            return self.module.modulation.features(
                self.shape.together(inputs["lags"][..., 0]),
                inputs["controls"],
                inputs["calendar"],
            )

    def start(self) -> Parameters:
        """Return the module's parameters as those of one member."""
        return parameters_of(self.module, self.least_effect, self.common_columns[:, 1:])

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

    @cached_property
    def n_pooled(self) -> int:
        """Number of the groups' deviations, the last of the shared parameters."""
        spans = (self.spans.get(name) for name in OF_GROUPS.values())
        return sum(span.stop - span.start for span in spans if span is not None)

    @property
    def shape(self) -> ResponseShape:
        """Of the response to media, with the names of its parameters."""
        return self.module.media.shape

    def whiten(self, values: Tensor) -> Tensor:
        """Return innovations in time of (..., region, week, feature) values."""
        return self.whitener.whiten(values).mul_(self.precision[:, None, None])

    def whiten_series(self, values: Tensor) -> Tensor:
        """Return innovations in time of (member, region, week) values."""
        return self.whitener.whiten_series(values) * self.precision[:, None]

    def transpose_whiten(self, values: Tensor) -> Tensor:
        """Return the transpose of :meth:`whiten_series`."""
        return self.whitener.transpose_series(values * self.precision[:, None])

    def media_state(self, at: Parameters) -> Parameters:
        """Return the parameters of the media's module."""
        own = ["deviation", *self.shape.priors, "campaign"]
        return {
            "log_effect": at["effect"].log(),
            **{name: at[name] for name in own if name in at},
        }

    def regional_effect(self, at: Parameters) -> Tensor:
        """Return the sizes of effects, (member, region, 1, unit)."""
        return (at["effect"].unsqueeze(1) * at["deviation"].exp()).unsqueeze(2)

    def regional_coefficient(self, at: Parameters) -> Tensor:
        """Return effects of controls, (member, region, control)."""
        return regional_coefficients(
            at["coefficient"].unsqueeze(1),
            at["control_deviation"],
            self.module.controls.signed,
        )

    def each_effect(self, effect: Tensor, at: Parameters) -> Tensor:
        """Return (member, ..., unit) sizes as effects of each channel."""
        groups = self.shape.groups
        if groups is not None:
            effect = groups.effects(effect, at["campaign"])
        return self.module.media.signed(effect)

    def factor(self, at: Parameters) -> Tensor | float:
        """Return the modulation of effects, (member, region, week, unit)."""
        modulation = self.module.modulation
        if not modulation.active:
            return 1.0
        head = {"head": at["head"].reshape(-1, *modulation.head.shape)}
        return functional_call(
            modulation, head, (self.modulating, self.inputs["observed"])
        )

    def media(self, at: Parameters, share: Tensor | None = None) -> Tensor:
        """Return contributions, (member, region, week, channel), of saturations."""
        share = self.shape.share(at, *exposure(self.inputs)) if share is None else share
        share = share * self.each_effect(self.regional_effect(at), at)
        factor = self.factor(at)
        return share * (
            factor if isinstance(factor, float) else self.shape.each(factor)
        )

    def parts(self, at: Parameters) -> Iterator[tuple[slice, "Posterior", Parameters]]:
        """Yield regions, a posterior of their media and controls, and their parameters.

        What is whitened is that of all regions still.
        """
        n_regions = len(self.target)
        size = max(1, _AT_ONCE * n_regions // self.inputs["lags"][..., 0].numel())
        if size >= n_regions:
            yield slice(None), self, at
            return
        for first in range(0, n_regions, size):
            here = slice(first, first + size)
            part = copy(self)
            part.inputs = {name: own[here] for name, own in self.inputs.items()}
            if self.module.modulation.active:
                part.__dict__["modulating"] = self.modulating[here]
            yield here, part, at | {name: at[name][:, here] for name in REGIONAL}

    def media_together(self, at: Parameters) -> Tensor:
        """Return what all channels bring, (member, region, week)."""
        return torch.cat([p.media(own).sum(-1) for _, p, own in self.parts(at)], 1)

    def without_courses(self, at: Parameters, media: Tensor) -> Tensor:
        """Return all but the common and regional courses, (member, region, week).

        Parameters
        ----------
        at : dict of Tensor
        media : Tensor of shape (member, region, week)
            What they bring together.
        """
        gamma = self.regional_coefficient(at)
        controls = torch.einsum("rtk,mrk->mrt", self.inputs["controls"], gamma)
        return media + controls + at["intercept"].unsqueeze(-1)

    def course(self, at: Parameters) -> Tensor:
        """Return the common course, (member, week)."""
        return at["innovation"] @ self.common_columns[:, 1:].T

    def innovations(self, at: Parameters, media: Tensor) -> Tensor:
        """Return standardised residuals, (member, region, week).

        Parameters
        ----------
        at, media
            See :meth:`without_courses`.
        """
        total = self.without_courses(at, media) + self.course(at).unsqueeze(1)
        white = self.whiten_series(self.target - total)
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
            name: (at[name] - self._mean(name, at, mean)) / sd
            - random.priors.get(name, 0.0)
            for name, (mean, sd) in self.priors.items()
            if name in at
        }

    def _mean(self, name: str, at: Parameters, mean: float | Tensor) -> float | Tensor:
        """Return a prior's mean: that of cells is what their groups deviate by."""
        if self.pooling is None or name not in OF_GROUPS:
            return mean
        return self.pooling.means(at[OF_GROUPS[name]])

    def below(self, at: Parameters) -> Tensor:
        """Return how far the common baseline is below zero, see Penalties."""
        baseline = at["intercept"] + self.course(at)
        return torch.relu(-baseline) / BELOW_ZERO * self.positive

    def at_once(self, size: int) -> int:
        """Return of how many members the media take so many numbers."""
        return max(1, size // max(1, self.inputs["lags"][..., 0].numel()))

    def objective(self, at: Parameters, random: Randomisation) -> Tensor:
        """Return the members' negative log posteriors, (member,)."""
        innovation = self.innovations(at, self.media_together(at)) + random.noise
        return self.penalised(innovation, at, random)

    def penalised(
        self, innovation: Tensor, at: Parameters, random: Randomisation
    ) -> Tensor:
        """Return the members' objectives, (member,), by their innovations.

        Parameters
        ----------
        innovation : Tensor of shape (member, region, week)
            With the randomisation's noise.
        at : dict of Tensor
        random : Randomisation
        """
        loss = self.noise.loss_of_tensor(innovation).sum((1, 2))
        total = loss + (self.l1 * at["effect"]).sum(1)
        squares = [self.below(at), self.gaps(at) + random.experiments]
        squares += self.prior_residuals(at, random).values()
        for residual in squares:
            total = total + 0.5 * residual.flatten(1).square().sum(1)
        return total

    @torch.no_grad()
    def install(self, module: MMMModule, at: Parameters, member: int) -> None:
        """Write a member's parameters into a module of the same kind."""
        own = {name: value[member] for name, value in at.items()}
        write_parameters(module, own, self.common_columns[:, 1:])
        modulation = module.modulation
        if modulation.active:
            modulation.remember_mean(self.modulating, self.inputs["observed"])

    def module_of(self, at: Parameters, member: int) -> MMMModule:
        """Return a module with a member's parameters."""
        # What does not differ between members is not copied.
        gru = getattr(self.module.modulation, "gru", None)
        own = copied(self.module, [self.module.baseline.factor, gru])
        self.install(own, at, member)
        return own
