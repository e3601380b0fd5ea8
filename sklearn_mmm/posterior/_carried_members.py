r"""Members of a former fit, moved by what a few weeks more say.

A member is the mode and a deviation :math:`d`, whose spread is what former weeks left
uncertain. Of new innovations with the derivatives :math:`J` and randomised noise
:math:`\epsilon` it becomes

.. math:: d + H^{-1} J^\top (\epsilon - J d),

with :math:`H` the system at the new mode: the update of an ensemble Kalman filter with
perturbed observations (Evensen, 2003, "The Ensemble Kalman Filter: Theoretical
Formulation and Practical Implementation"), exact where the model is linear. Curves are
as far from linear as deviations of former fits know already, and a few weeks move them
little.
"""

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.likelihood._bounds import bounded
from sklearn_mmm.likelihood._module_parameters import parameters_of
from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Parameters
from sklearn_mmm.network import MMMModule
from sklearn_mmm.posterior._members import WIDENING
from sklearn_mmm.posterior._normal_equations import NormalEquations
from sklearn_mmm.posterior._parts import shifted
from sklearn_mmm.posterior._secants import add, vectors_of

# Of which deviations are in the unit of the outcome.
_OF_OUTCOME = ("effect", "coefficient", "intercept")


@torch.no_grad()
def deviations_of(members: list[MMMModule], mode: MMMModule) -> Parameters:
    """Return how far the parameters of members are from those of the mode.

    The common course stands as itself instead of its innovations, (member, week).

    Parameters
    ----------
    members : list of MMMModule
    mode : MMMModule
    """
    nothing, factor = mode.media.effect.new_zeros(()), mode.baseline.factor
    own = [parameters_of(member, nothing, factor) for member in members]
    centre = parameters_of(mode, nothing, factor)
    out = {name: torch.cat([p[name] for p in own]) - centre[name] for name in centre}
    if mode.baseline.has_course:
        out["innovation"] = out["innovation"] @ factor.T
    return out


@torch.no_grad()
def carried_members(
    posterior: Posterior,
    at: Parameters,
    deviations: Parameters,
    regions: np.ndarray,
    outcome: float,
    n_former: int,
    seed: int,
) -> Parameters:
    """Return the parameters of members, with more weeks.

    Parameters
    ----------
    posterior : Posterior
        Of all weeks.
    at : dict of Tensor
        Its mode, as one member.
    deviations : dict of Tensor
        See :func:`deviations_of`, with former weeks.
    regions : int ndarray of shape (n_regions,)
        Former place of each region.
    outcome : float
        Former unit of the outcome in new ones.
    n_former : int
        Weeks that deviations know of.
    seed : int
    """
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> Tensor:
        return WIDENING * torch.as_tensor(rng.standard_normal(shape))

    moved = dict(deviations)
    for name in posterior.regional:
        moved[name] = moved[name][:, regions]
    for name in _OF_OUTCOME:
        moved[name] = moved[name] * outcome
    n_members, n_regions, n_weeks = len(moved["effect"]), *posterior.target.shape
    noise = torch.zeros(n_members, n_regions, n_weeks, dtype=torch.float64)
    noise[..., n_former:] = draw(n_members, n_regions, n_weeks - n_former)
    if posterior.module.baseline.has_course:
        # Innovations of new weeks are what nothing was known of.
        factor = posterior.common_columns[:n_former, 1 : n_former + 1]
        course = outcome * moved["innovation"].T
        former = torch.linalg.solve_triangular(factor, course, upper=False).T
        beyond = draw(n_members, n_weeks - n_former)
        moved["innovation"] = torch.cat([former, beyond], 1)
    deviation = vectors_of(posterior, moved)
    system = NormalEquations(posterior, at)
    gap = (noise - system.change(deviation)) * posterior.observed
    gap[..., :n_former] = 0.0
    free = torch.zeros(n_members, len(bounded(posterior)), dtype=torch.bool)
    change = system.solve(system.transpose_whole(gap), free)
    every = {n: v.expand(n_members, *v.shape[1:]) for n, v in at.items()}
    return shifted(posterior, every, add(deviation, change, 1.0))
