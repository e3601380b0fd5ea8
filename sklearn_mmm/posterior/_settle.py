"""Settle a trained module: hyper-parameters by expectation-maximisation, then the mode.

Training ends close to a mode. From there Gauss-Newton steps find it exactly, so that
what was fitted does not depend on how training came there; and hyper-parameters take
account of how uncertain the parameters are, as they do not when residuals of a best fit
stand for errors (Dempster, Laird & Rubin, 1977, with draws for the expectation).
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch

from sklearn_mmm.baseline._variances import (
    TimeHyperparameters,
    kernels_at,
    renew_time,
)
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.likelihood._evidence import FEWEST
from sklearn_mmm.likelihood._experiments import ExperimentRows
from sklearn_mmm.likelihood._penalised import SCALE_RANGES, Penalties, PriorScales
from sklearn_mmm.likelihood._posterior import Parameters, Posterior
from sklearn_mmm.network import MMMModule
from sklearn_mmm.posterior._gauss_newton import find_modes
from sklearn_mmm.posterior._members import Settled, draw_members, no_randomisation

_N_DRAWS = 8
_FEW_STEPS = 6


class Settling(NamedTuple):
    """How far to settle.

    Attributes
    ----------
    n_rounds : int
        Of renewing the hyper-parameters.
    n_steps : int
        Most Gauss-Newton steps to the mode at the last hyper-parameters.
    n_corrections : int
        Steps of members, see :func:`draw_members`.
    """

    n_rounds: int
    n_steps: int
    n_corrections: int


@torch.no_grad()
def settle(
    module: MMMModule,
    data: TrainingData,
    hyper: TimeHyperparameters,
    penalties: Penalties,
    delta: float,
    experiments: ExperimentRows | None,
    settling: Settling,
    seed: int,
) -> Settled:
    """Return the posterior at settled hyper-parameters, and its mode.

    The module gets the mode's parameters.

    Parameters
    ----------
    module : MMMModule
        In double precision.
    data : TrainingData
    hyper : TimeHyperparameters
    penalties : Penalties
    delta : float
        Threshold of the Huber loss.
    experiments : ExperimentRows or None
    settling : Settling
    seed : int
        Of the draws; rounds use the same ones, so that they converge.
    """
    for remaining in range(settling.n_rounds, -1, -1):
        if experiments is not None:
            experiments = experiments.modulated(module, data)
        posterior = Posterior(module, data, hyper, penalties, delta, experiments)
        at = posterior.start()
        steps = _FEW_STEPS if remaining else settling.n_steps
        at = find_modes(posterior, at, no_randomisation(posterior), None, steps)
        posterior.install(module, at, 0)
        if remaining:
            draws = draw_members(posterior, at, _N_DRAWS, seed, n_corrections=0)
            widely = remaining == settling.n_rounds
            hyper = _renew_time(posterior, data, hyper, draws, delta, widely)
            scales = _renew_scales(penalties.scales, draws)
            penalties = replace(penalties, scales=scales)
    return Settled(posterior, at, hyper, penalties)


def _renew_time(
    posterior: Posterior,
    data: TrainingData,
    hyper: TimeHyperparameters,
    draws: Parameters,
    delta: float,
    widely: bool,
) -> TimeHyperparameters:
    known = posterior.known(draws, posterior.media(draws)).numpy()
    has_course = posterior.module.baseline.has_course
    return renew_time(
        hyper,
        kernels_at(data.covariance, data.position),
        (data.target - known) * data.observed,
        posterior.course(draws).numpy() if has_course else None,
        data.observed,
        delta,
        widely,
    )[0]


def _renew_scales(scales: PriorScales, draws: Parameters) -> PriorScales:
    ranges = {
        "effect": ("effect", SCALE_RANGES["effect"]),
        "coefficient": ("control", SCALE_RANGES["control"]),
        "head": ("modulation", (FEWEST, 1.0)),
    }
    if draws["deviation"].shape[1] > 1:
        for name in ("deviation", "control_deviation"):
            ranges[name] = name, SCALE_RANGES[name]
    found = {
        scale: float(np.clip(draws[name].square().mean().sqrt().item(), *limits))
        for name, (scale, limits) in ranges.items()
        if name in draws and draws[name].numel()
    }
    return replace(scales, **found)
