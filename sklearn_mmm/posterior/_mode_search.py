"""The mode of a posterior, step by step, at hyper-parameters learned on the way.

Gauss-Newton steps find the mode at given hyper-parameters; hyper-parameters are renewed
by expectation-maximisation, with draws around the mode for the expectation, so that
they take account of how uncertain the parameters are, as they do not when residuals of
a best fit stand for errors (Dempster, Laird & Rubin, 1977, "Maximum Likelihood from
Incomplete Data via the EM Algorithm"). Both are steps of one object, so that a training
loop may watch them.
"""

from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch

from sklearn_mmm.baseline._outliers import Outliers, find_outliers
from sklearn_mmm.baseline._variances import (
    TimeHyperparameters,
    kernels_at,
    renew_time,
)
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.likelihood._experiments import ExperimentRows
from sklearn_mmm.likelihood._penalised import Penalties, PriorScales
from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Parameters
from sklearn_mmm.network import MMMModule, effect_columns
from sklearn_mmm.posterior._extrapolated import Step, extrapolated, step_between
from sklearn_mmm.posterior._gauss_newton import gauss_newton_step
from sklearn_mmm.posterior._members import draw_members, no_randomisation
from sklearn_mmm.posterior._normal_equations import NormalEquations
from sklearn_mmm.posterior._parts import explained_with_share, mean_share
from sklearn_mmm.posterior._renewed_scales import renewed_scales
from sklearn_mmm.posterior._secants import Secants

# Draws for the expectation: so many over all regions together, within limits.
_N_DRAWS, _FEWEST_DRAWS, _MOST_DRAWS = 160, 8, 32
_GAIN_BEFORE_RENEWAL = 0.5
# Gain for each observation below which curvature hardly changes between steps, so
# that one may agree with those before.
_NEAR = 0.01
# Relative change of a share of saturation that is none.
_SAME_SHARE = 0.02


class Hyperparameters(NamedTuple):
    """What is learned beside the parameters.

    Attributes
    ----------
    time : TimeHyperparameters
    penalties : Penalties
    outliers : Outliers
        What is taken off the outcome, relative to the region's mean.
    """

    time: TimeHyperparameters
    penalties: Penalties
    outliers: Outliers


class Mode(NamedTuple):
    """A posterior and its mode.

    Attributes
    ----------
    posterior : Posterior
    at : dict of Tensor
        The mode, as one member.
    hyper : Hyperparameters
    """

    posterior: Posterior
    at: Parameters
    hyper: Hyperparameters


class Schedule(NamedTuple):
    """How far to go.

    Attributes
    ----------
    n_rounds : int
        Times that the hyper-parameters are renewed.
    n_steps : int
        Most steps to the mode between renewals.
    n_last_steps : int
        Most steps to the mode at the last hyper-parameters.
    n_iterations : int, default=15
        Most iterations of a search for the variances in time.
    several_starts : bool, default=True
        Whether that search begins in several places, the first time.
    """

    n_rounds: int
    n_steps: int
    n_last_steps: int
    n_iterations: int = 15
    several_starts: bool = True


class ModeSearch:
    """The way to a mode.

    Parameters
    ----------
    module : MMMModule
        In double precision; gets the parameters after each round.
    data : TrainingData
    hyper : Hyperparameters
        Where to start.
    experiments : ExperimentRows or None
    schedule : Schedule
    tol : float
        Gain of the objective, in units of log-likelihood, below which a mode is found.
    seed : int
        Of the draws; rounds use the same ones, so that they converge.

    Attributes
    ----------
    mode : Mode
    gain : float
        Of the last step.
    finished : bool
    """

    def __init__(
        self,
        module: MMMModule,
        data: TrainingData,
        hyper: Hyperparameters,
        experiments: ExperimentRows | None,
        schedule: Schedule,
        tol: float,
        seed: int,
    ) -> None:
        self.module, self.data = module, data
        self.experiments, self.schedule = experiments, schedule
        self.tol, self.seed = tol, seed
        self.kernels = kernels_at(data.covariance, data.position)
        # What outliers are taken off from is no part of these.
        self.inputs = data.inputs(module.media.max_lag)
        self.n_renewals = 0
        # Whether the last step could have been taken in single precision.
        self.single = False
        self.finished = False
        self.renewal: Step | None = None
        self._begin(hyper)

    def _begin(self, hyper: Hyperparameters) -> None:
        """Begin a round at hyper-parameters."""
        clean = self.data.without(hyper.outliers.shift)
        if self.experiments is not None:
            self.experiments = self.experiments.modulated(self.module, clean)
        posterior = Posterior(
            self.module,
            clean,
            hyper.time,
            hyper.penalties,
            self.kernels,
            self.experiments,
            self.inputs,
        )
        self.mode = Mode(posterior, posterior.start(), hyper)
        # Where the round begins, which a search that goes on later has to know.
        self.beginning = {k: v.clone() for k, v in self.module.state_dict().items()}
        self.still = no_randomisation(posterior)
        self.value = posterior.objective(self.mode.at, self.still)
        self.secants, self.gain = Secants(), np.inf
        self.n_steps = 0

    def state(self) -> dict[str, Any]:
        """Return all from which a search for the same mode can go on."""
        return {
            "beginning": self.beginning,
            "hyper": self.mode.hyper,
            "at": self.mode.at,
            "value": self.value,
            "pairs": self.secants.pairs,
            "last": self.secants.last,
            "gain": self.gain,
            "n_steps": self.n_steps,
            "n_renewals": self.n_renewals,
            "single": self.single,
            "renewal": self.renewal,
            "finished": self.finished,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from the state of a search for the same mode."""
        self.module.load_state_dict(state["beginning"])
        self._begin(state["hyper"])
        self.mode = self.mode._replace(at=state["at"])
        self.secants.pairs, self.secants.last = state["pairs"], state["last"]
        plain = "value", "gain", "n_steps", "n_renewals", "single", "renewal"
        for name in (*plain, "finished"):
            setattr(self, name, state[name])

    def step(self) -> float:
        """Take a Gauss-Newton step; return the objective."""
        posterior, at, hyper = self.mode
        near = self.gain < _NEAR * float(posterior.observed.sum().item())
        before = self.secants if near else None
        at, value, self.single = gauss_newton_step(
            posterior, at, self.value, self.still, before, self.single
        )
        self.gain = float((self.value - value).item())
        self.mode, self.value = Mode(posterior, at, hyper), value
        self.n_steps += 1
        return float(value.item())

    def advance(self) -> None:
        """Renew the hyper-parameters once the mode is found, or end."""
        last = self.n_renewals >= self.schedule.n_rounds
        most = self.schedule.n_last_steps if last else self.schedule.n_steps
        # Before the last round the mode is but a place to renew from.
        enough = self.tol if last else max(self.tol, _GAIN_BEFORE_RENEWAL)
        if self.gain > enough and self.n_steps < most:
            return
        moved = self._renew_share()
        if last and moved and self.n_steps < most:
            return
        posterior, at, _ = self.mode
        posterior.install(self.module, at, 0)
        if last:
            self.finished = True
        else:
            self.n_renewals += 1
            self._begin(self._renewed())

    @torch.no_grad()
    def _renew_share(self) -> bool:
        """Renew the share of saturation that contributions are reckoned with.

        What is believed of a contribution is divided by it: one long out of date would
        let effects grow as their curves saturate. Returns whether it has moved.
        """
        posterior, at, hyper = self.mode
        share = mean_share(posterior, at)[0].numpy()
        former = hyper.penalties.scales.share
        if (np.abs(share - former) <= _SAME_SHARE * former).all():
            return False
        scales = replace(hyper.penalties.scales, share=share)
        penalties = replace(hyper.penalties, scales=scales)
        self.value = self.value + posterior.believe(penalties, at, self.still)
        # Gradients of another objective.
        self.secants = Secants()
        self.mode = Mode(posterior, at, hyper._replace(penalties=penalties))
        return True

    @torch.no_grad()
    def run(self) -> Mode:
        """Go all the way."""
        while not self.finished:
            self.step()
            self.advance()
        return self.mode

    def _n_draws(self) -> int:
        """Return how many draws stand for the expectation: few regions need more."""
        wanted = -(-_N_DRAWS // len(self.data.target))
        return int(np.clip(wanted, _FEWEST_DRAWS, _MOST_DRAWS))

    def _renewed(self) -> Hyperparameters:
        """Return the hyper-parameters given draws around the mode."""
        posterior, at, hyper = self.mode
        system = NormalEquations(posterior, at, self.single)
        draws = draw_members(
            posterior, at, self._n_draws(), self.seed, n_corrections=0, system=system
        )
        outliers = self._outliers(system)
        clean = self.data.without(outliers.shift)
        fit, share = explained_with_share(posterior, draws)
        has_course = self.module.baseline.has_course
        time = renew_time(
            hyper.time,
            self.kernels,
            (clean.target - fit.numpy()) * clean.observed,
            posterior.course(draws).numpy() if has_course else None,
            lambda: effect_columns(self.module, posterior.inputs),
            clean.observed,
            posterior.noise,
            from_several_starts=self.schedule.several_starts and self.n_renewals == 1,
            n_iterations=self.schedule.n_iterations,
        )
        scales = renewed_scales(hyper.penalties.scales, draws, share, posterior)
        time, scales = self._further(time, scales)
        return Hyperparameters(time, replace(hyper.penalties, scales=scales), outliers)

    def _further(
        self, time: TimeHyperparameters, scales: PriorScales
    ) -> tuple[TimeHyperparameters, PriorScales]:
        """Go further than a renewal, after each second one.

        The first comes from a start that is the same for all data, and tells nothing.
        """
        if self.n_renewals < 2:
            return time, scales
        hyper, former = self.mode.hyper, self.renewal
        last = step_between((hyper.time, hyper.penalties.scales), (time, scales))
        if former is None:
            self.renewal = last
            return time, scales
        self.renewal = None
        return extrapolated(time, scales, former, last)

    def _outliers(self, system: NormalEquations) -> Outliers:
        """Return which observations neither the model nor the level explains."""
        posterior, at, hyper = self.mode
        fit = posterior.without_courses(at, posterior.media_together(at))[0].numpy()
        rest = self.data.target - fit - posterior.course(at).numpy()
        return find_outliers(
            rest * self.data.observed,
            self.data.observed,
            posterior.whitener,
            hyper.time.sigma,
            _Leverage(posterior, system),
        )


class _Leverage:
    r"""How far columns fit an observation by themselves.

    With the precision :math:`P` in time and columns :math:`J` whose coefficients have
    the precision :math:`H`, that is :math:`1 - M_{ii} / P_{ii}` for :math:`M = P - P J
    H^{-1} J^\top P`, the precision of the observations, of independent regions.

    Parameters
    ----------
    posterior : Posterior
    system : NormalEquations
    """

    def __init__(self, posterior: Posterior, system: NormalEquations) -> None:
        self.posterior, self._dependent = posterior, system

    @cached_property
    def system(self) -> NormalEquations:
        """The system, made only where there is an observation to ask about."""
        return self._dependent.of_independent_regions()

    def __call__(self, region: int, week: int) -> float:
        """Return the leverage of a week."""
        posterior, system = self.posterior, self.system
        factor = posterior.whitener.of_region(region)
        unit = torch.zeros(len(posterior.common_columns), 1, dtype=torch.float64)
        unit[week] = 1.0
        scale = posterior.precision[region]
        column = factor.whiten(unit)[:, 0] * scale
        common = factor.transpose(column[:, None])[:, 0] @ posterior.common_columns
        pooled = common.new_zeros(posterior.n_pooled)
        known = column @ system.slopes.shared[region].double()
        shared = torch.cat([known, common * scale, pooled])
        fitted = column.new_zeros(())
        if system.slopes.own.shape[2]:
            # Regions' parameters fit first, shared ones what those leave.
            own = column @ system.slopes.own[region].double()
            regional = system.inverse[region].double() @ own
            fitted = regional @ regional
            shared = shared - regional @ system.border[region].double()
        fitted = fitted + shared @ system.solve_shared(shared[None])[0]
        return float(fitted / column.square().sum().clamp_min(1e-300))
