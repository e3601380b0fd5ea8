r"""Modes of the posterior by Gauss-Newton steps, for several members at once.

The Huber loss enters by its clipped residuals, with the curvature of least squares,
which is an upper bound of its own: a majorisation (Huber, 1981, "Robust Statistics",
section 7.8, modified residuals). So one linear system serves a step of any member.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from sklearn_mmm._threads import side_by_side
from sklearn_mmm.likelihood._bounds import at_bound, free_places
from sklearn_mmm.likelihood._posterior import LINEAR, Posterior
from sklearn_mmm.likelihood._randomisation import Parameters, Randomisation
from sklearn_mmm.likelihood._slopes import Step, gradient, with_priors
from sklearn_mmm.posterior._normal_equations import NormalEquations
from sklearn_mmm.posterior._parts import AT_ONCE, parts_of, shifted, those_of
from sklearn_mmm.posterior._secants import Secants

# Relative residual at which conjugate gradients end, of steps that others follow.
_RESIDUAL_OF_STEPS = 0.1
# Logarithms and logits move at most so far in a step.
_LONGEST_STEP = 1.0
_MOST_HALVINGS = 10


@torch.no_grad()
def gauss_newton_step(
    posterior: Posterior,
    at: Parameters,
    value: Tensor,
    random: Randomisation,
    secants: Secants | None = None,
    single: bool = False,
) -> tuple[Parameters, Tensor, bool]:
    """Return where a member is after a step by its own system, and its objective.

    The third is whether single precision is enough there.

    Parameters
    ----------
    posterior : Posterior
    at : dict of Tensor
        Where the member is.
    value : Tensor of shape (1,)
        Its objective.
    random : Randomisation
    secants : Secants or None
        Of the steps before, which takes note of this one.
    single : bool, default=False
        Whether the system is in single precision.
    """
    system = NormalEquations(posterior, at, single)
    rhs = system.pull(at, random)
    held = at_bound(posterior, at, rhs[0])
    if secants is None:
        step = system.solve(rhs, held)
    else:
        secants.see(posterior, at, rhs)
        # What stays at a bound has no say in the others' step.
        free = free_places(posterior, held, rhs[0])
        rhs, shares = secants.before((rhs[0] * free, rhs[1]))
        step = secants.after(system.solve(rhs, held, _RESIDUAL_OF_STEPS), shares)
        step = step[0] * free, step[1]
    moved, new, _ = _search(posterior, at, value, step, random)
    return moved, new, system.firm


@torch.no_grad()
def around(
    posterior: Posterior,
    at: Parameters,
    random: Randomisation,
    system: NormalEquations,
    n_corrections: int,
    n_jobs: int | None = None,
) -> Parameters:
    """Return where members are after a step from the mode and some corrections.

    All of them take those by the system of the mode (simplified Newton; Deuflhard,
    2011, "Newton Methods for Nonlinear Problems", section 2.1), as long as several are
    evaluated at once. Of a panel so large that each is evaluated by itself a member
    takes one step by its own system, which gains as much as three, instead of several.

    Parameters
    ----------
    posterior : Posterior
    at : dict of Tensor
        The mode, as one member.
    random : Randomisation
    system : NormalEquations
        At the mode.
    n_corrections : int
        Steps after the first one, which takes the model as linear.
    n_jobs : int or None, default=None
        Threads on which members take steps of their own.
    """
    alone = n_corrections > 1 and posterior.at_once(AT_ONCE) == 1
    n_shared = 0 if alone else n_corrections
    at, value, pull = _first_step(posterior, at, random, system, n_shared > 0)
    for left in reversed(range(n_shared)):
        step = system.solve(pull, at_bound(posterior, at, pull[0]))
        at, value, pull = _search(posterior, at, value, step, random, left > 0)
    if not alone:
        return at
    return _own_steps(posterior, at, value, random, system.firm, n_jobs)


def _first_step(
    posterior: Posterior,
    at: Parameters,
    random: Randomisation,
    system: NormalEquations,
    pulls: bool,
) -> tuple[Parameters, Tensor, Any]:
    """Return what :func:`_search` does, from the mode by its own system."""
    start = _copies(at, len(random.noise))
    innovation = posterior.innovations(at, system.slopes.media) + random.noise
    rhs = with_priors(posterior, start, random, *system.transpose(innovation))
    step = system.solve(rhs, at_bound(posterior, start, rhs[0]))
    value = posterior.penalised(innovation, start, random)
    return _search(posterior, start, value, step, random, pulls)


def _own_steps(
    posterior: Posterior,
    at: Parameters,
    value: Tensor,
    random: Randomisation,
    single: bool,
    n_jobs: int | None,
) -> Parameters:
    """Return where members are after a step each."""

    def own_step(one: Tensor) -> Parameters:
        alone, own = those_of(at, one), random.of(one)
        start = value[one]
        return gauss_newton_step(posterior, alone, start, own, Secants(), single)[0]

    members = [(one,) for one in torch.arange(len(value)).split(1)]
    # Where modules are called, it is with a member's parameters in place of their own.
    called = posterior.module.modulation.active or posterior.experiments is not None
    found = side_by_side(own_step, members, 1 if called else n_jobs)
    return {name: torch.cat([own[name] for own in found]) for name in at}


def _evaluated(
    posterior: Posterior, at: Parameters, random: Randomisation, pulls: bool
) -> tuple[Tensor, Any]:
    """Return the members' objectives and, if asked for, their negative gradients."""
    parts = _parts(posterior, at, random)
    if not pulls:
        return torch.cat([posterior.objective(*part) for part in parts]), None
    values, shared, own = [], [], []
    for part in parts:
        pull, innovation = gradient(posterior, *part)
        values.append(posterior.penalised(innovation, *part))
        shared.append(pull[0])
        own.append(pull[1])
    return torch.cat(values), (torch.cat(shared), torch.cat(own))


def _parts(
    posterior: Posterior, at: Parameters, random: Randomisation
) -> Iterator[tuple[Parameters, Randomisation]]:
    """Yield so many members as fit the cache."""
    for part in parts_of(posterior, len(random.noise)):
        yield those_of(at, part), random.of(part)


def _copies(at: Parameters, n: int) -> Parameters:
    return {name: value.expand(n, *value.shape[1:]) for name, value in at.items()}


def _search(
    posterior: Posterior,
    at: Parameters,
    value: Tensor,
    step: Step,
    random: Randomisation,
    pulls: bool = False,
) -> tuple[Parameters, Tensor, Any]:
    """Halve the steps of members that would not gain; return where they end.

    With their objectives there and, if asked for, negative gradients.
    """
    moved = _move(posterior, at, step, 1.0)
    new, pull = _evaluated(posterior, moved, random, pulls)
    share = 1.0
    for halving in range(_MOST_HALVINGS):
        worse = torch.nonzero(~(new <= value)).ravel()
        if not len(worse):
            break
        share *= 0.5
        before, less = those_of(at, worse), random.of(worse)
        tried = before
        if halving < _MOST_HALVINGS - 1:
            shorter = step[0][worse], step[1][worse]
            tried = _move(posterior, before, shorter, share)
        again, pulled = _evaluated(posterior, tried, less, pulls)
        for name, values in tried.items():
            # What does not move is where members began.
            if moved[name] is not at[name]:
                moved[name][worse] = values
        new[worse] = again
        for whole, part in zip(pull or (), pulled or (), strict=True):
            whole[worse] = part
    return moved, new, pull


def _move(
    posterior: Posterior, at: Parameters, step: Step, length: float
) -> Parameters:
    shared, own = length * step[0], length * step[1]
    for name, span in posterior.spans.items():
        if name not in LINEAR:
            shared[:, span].clamp_(-_LONGEST_STEP, _LONGEST_STEP)
    return shifted(posterior, at, (shared, own))
