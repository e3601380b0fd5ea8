r"""Modes of the posterior by Gauss-Newton steps, for several members at once.

The Huber loss enters by its weights (iteratively reweighted least squares; Holland &
Welsch, 1977, "Robust regression using iteratively reweighted least-squares"). Linear
systems are solved by conjugate gradients, preconditioned by the system of one set of
parameters without the dependence between regions: shared parameters border a block for
each region, which is eliminated first.
"""

import torch
from torch import Tensor

from sklearn_mmm.likelihood._penalised import BELOW_ZERO
from sklearn_mmm.likelihood._posterior import (
    LINEAR,
    Parameters,
    Posterior,
    Randomisation,
)

_MOST_ITERATIONS = 60
# Relative residual at which conjugate gradients end.
_RESIDUAL = 0.03
# Gain of the objective, in units of log-likelihood, at which steps end.
_LEAST_GAIN = 0.01
# Logarithms and logits move at most so far in a step.
_LONGEST_STEP = 1.0
_MOST_HALVINGS = 6

Step = tuple[Tensor, Tensor]


class NormalEquations:
    """The Gauss-Newton systems of members at their parameters.

    Vectors are pairs: shared parameters (member, shared), and those of the regions
    (member, region, own). One system may serve many vectors.

    Parameters
    ----------
    posterior : Posterior
    at : dict of Tensor
    weight : Tensor of shape (member, region, week)
        Of the Huber loss, zero where nothing is observed.
    """

    def __init__(self, posterior: Posterior, at: Parameters, weight: Tensor) -> None:
        self.posterior, self.weight = posterior, weight
        self.shared = posterior.features(at)
        n_members, n_channels = at["effect"].shape
        self.n_plain = self.shared.shape[3]
        controls = posterior.controls.expand(n_members, *posterior.controls.shape)
        effect = self.shared[..., :n_channels] * at["effect"][:, None, None, :]
        regional = bool(posterior.regional)
        # The derivative by a region's deviation is the contribution itself.
        self.own = torch.cat([effect, controls], -1) if regional else effect[..., :0]
        self.row_shared, row_own = posterior.experiment_features(at)
        pad = row_own.new_zeros(*row_own.shape[:3], controls.shape[3])
        self.row_own = torch.cat([row_own, pad], -1) if regional else row_own[..., :0]
        is_below = (posterior.below(at) > 0).double() / BELOW_ZERO
        self.below = is_below.unsqueeze(-1) * posterior.common_columns
        self.shared_prior = _precision(posterior, at, tuple(posterior.spans))
        self.own_prior = _precision(posterior, at, posterior.regional)

    def forward(self, step: Step) -> Tensor:
        """Return the change of the fitted innovations, (member, region, week)."""
        posterior, n = self.posterior, self.n_plain
        shared, own = step
        if len(self.shared) == 1:
            # One system: a product of matrices instead of many with vectors.
            flat = self.shared[0].flatten(0, 1)
            change = (shared[:, :n] @ flat.T).reshape(-1, *self.shared.shape[1:3])
        else:
            change = torch.einsum("mrts,ms->mrt", self.shared, shared[:, :n])
        if own.shape[2]:
            change = change + torch.einsum("mrtq,mrq->mrt", self.own, own)
        common = torch.einsum("rtk,mk->mrt", posterior.common, shared[:, n:])
        return posterior.decorrelate(change + common * posterior.precision[:, None])

    def backward(self, innovation: Tensor) -> Step:
        """Return the transpose of :meth:`forward`."""
        posterior = self.posterior
        values = posterior.decorrelate(innovation)
        if len(self.shared) == 1:
            plain = values.flatten(1) @ self.shared[0].flatten(0, 1)
        else:
            plain = torch.einsum("mrts,mrt->ms", self.shared, values)
        own = torch.einsum("mrtq,mrt->mrq", self.own, values)
        scaled = values * posterior.precision[:, None]
        if len(posterior.common) == 1:
            common = scaled.sum(1) @ posterior.common[0]
        else:
            common = torch.einsum("rtk,mrt->mk", posterior.common, scaled)
        return torch.cat([plain, common], 1), own

    def multiply(self, step: Step) -> Step:
        """Return the systems' matrices times vectors."""
        shared, own = step
        left, right = self.backward(self.weight * self.forward(step))
        below = torch.einsum("mtk,mk->mt", self.below, shared[:, self.n_plain :])
        rows = self._experiments(step)
        left = left + torch.einsum("mes,me->ms", self.row_shared, rows)
        right = right + torch.einsum("merq,me->mrq", self.row_own, rows)
        left[:, self.n_plain :] += torch.einsum("mtk,mt->mk", self.below, below)
        return left + self.shared_prior * shared, right + self.own_prior * own

    def right_hand_side(
        self, innovation: Tensor, at: Parameters, random: Randomisation
    ) -> Step:
        """Return the negative gradients of the objectives."""
        posterior = self.posterior
        shared, own = self.backward(self.weight * innovation)
        gaps = posterior.gaps(at) + random.experiments
        shared = shared - torch.einsum("mes,me->ms", self.row_shared, gaps)
        own = own - torch.einsum("merq,me->mrq", self.row_own, gaps)
        below = torch.einsum("mtk,mt->mk", self.below, posterior.below(at))
        shared[:, self.n_plain :] += below
        residuals = posterior.prior_residuals(at, random)
        for name, span in posterior.spans.items():
            if name in residuals:
                sd = posterior.priors[name][1]
                shared[:, span] -= residuals[name] / sd
        shared[:, posterior.spans["effect"]] -= posterior.l1
        parts = [residuals[n] / posterior.priors[n][1] for n in posterior.regional]
        return shared, own - torch.cat(parts, -1) if parts else own

    def _experiments(self, step: Step) -> Tensor:
        shared, own = step
        return torch.einsum("mes,ms->me", self.row_shared, shared) + torch.einsum(
            "merq,mrq->me", self.row_own, own
        )


def _precision(posterior: Posterior, at: Parameters, names: tuple[str, ...]) -> Tensor:
    parts = [torch.zeros(0, dtype=torch.float64)]
    for name in names:
        sd = posterior.priors[name][1] if name in posterior.priors else float("inf")
        parts.append(torch.full((at[name].shape[-1],), sd**-2, dtype=torch.float64))
    return torch.cat(parts)


class Preconditioner:
    """The inverse of one member's system without the dependence between regions.

    Parameters
    ----------
    system : NormalEquations
        Of which the first member counts.
    """

    def __init__(self, system: NormalEquations) -> None:
        posterior, n_own = system.posterior, system.own.shape[3]
        n_shared = len(system.shared_prior)
        whole = torch.diag(system.shared_prior + 1e-9)
        below, rows = system.below[0], system.row_shared[0]
        common = slice(system.n_plain, None)
        whole[common, common] += below.T @ below
        whole += rows.T @ rows
        inverses, borders = [], []
        for r, weight in enumerate(system.weight[0]):
            own_common = posterior.common[0 if len(posterior.common) == 1 else r]
            columns = torch.cat(
                [
                    system.own[0, r],
                    system.shared[0, r],
                    own_common * posterior.precision[r],
                ],
                dim=1,
            )
            gram = columns.T @ (weight[:, None] * columns)
            inner = gram[:n_own, :n_own] + torch.diag(system.own_prior)
            border = gram[:n_own, n_own:]
            inverse = torch.linalg.inv(inner)
            whole += gram[n_own:, n_own:] - border.T @ inverse @ border
            inverses.append(inverse)
            borders.append(border)
        self.scale = whole.diagonal().clamp_min(1e-12).sqrt()
        balanced = whole / self.scale / self.scale[:, None]
        eye = torch.eye(n_shared, dtype=torch.float64)
        self.factor = torch.linalg.cholesky(0.5 * (balanced + balanced.T) + 1e-9 * eye)
        self.inverse, self.border = torch.stack(inverses), torch.stack(borders)

    def solve(self, vector: Step) -> Step:
        """Return the inverse times vectors."""
        shared, own = vector
        inner = torch.einsum("rab,mrb->mra", self.inverse, own)
        right = shared - torch.einsum("ras,mra->ms", self.border, inner)
        out = torch.cholesky_solve((right / self.scale).T, self.factor).T / self.scale
        pull = torch.einsum("ras,ms->mra", self.border, out)
        return out, inner - torch.einsum("rab,mrb->mra", self.inverse, pull)


def make_system(posterior: Posterior, at: Parameters) -> NormalEquations:
    """Return the system at parameters, without randomisation."""
    innovation = posterior.innovations(at, posterior.media(at))
    return NormalEquations(posterior, at, _weights(posterior, innovation))


def _weights(posterior: Posterior, innovation: Tensor) -> Tensor:
    size = innovation.abs().clamp_min(posterior.delta)
    return posterior.delta / size * posterior.observed


def solve(
    system: NormalEquations, rhs: Step, preconditioner: Preconditioner, free: Tensor
) -> Step:
    """Solve the systems for the free shared and all regional parameters.

    Parameters
    ----------
    system : NormalEquations
    rhs : tuple of Tensor
    preconditioner : Preconditioner
    free : Tensor of shape (member, shared)
        1 where a parameter may move, else 0.
    """

    def conditioned(vector: Step) -> Step:
        shared, own = preconditioner.solve(vector)
        return shared * free, own

    x: Step = torch.zeros_like(rhs[0]), torch.zeros_like(rhs[1])
    r: Step = rhs[0] * free, rhs[1]
    z = conditioned(r)
    p, rz = z, _dot(r, z)
    limit = _RESIDUAL**2 * rz
    for _ in range(_MOST_ITERATIONS):
        going = rz > limit
        if not going.any():
            break
        image, image_own = system.multiply(p)
        image = image * free
        curvature = _dot(p, (image, image_own))
        alpha = torch.where(going & (curvature > 0), rz / curvature, 0.0)
        x = _add(x, p, alpha)
        r = _add(r, (image, image_own), -alpha)
        z = conditioned(r)
        rz, before = _dot(r, z), rz
        p = _add(z, p, torch.where(going, rz / before.clamp_min(1e-300), 0.0))
    return x


def _dot(a: Step, b: Step) -> Tensor:
    return (a[0] * b[0]).sum(1) + (a[1] * b[1]).sum((1, 2))


def _add(a: Step, b: Step, factor: Tensor) -> Step:
    return a[0] + factor[:, None] * b[0], a[1] + factor[:, None, None] * b[1]


@torch.no_grad()
def find_modes(
    posterior: Posterior,
    at: Parameters,
    random: Randomisation,
    preconditioner: Preconditioner | None,
    n_steps: int,
) -> Parameters:
    """Return the parameters that minimise each member's objective.

    Parameters
    ----------
    posterior : Posterior
    at : dict of Tensor
        Where members start.
    random : Randomisation
    preconditioner : Preconditioner or None
        None, for a single member, makes a new one for each step.
    n_steps : int
        Most steps.
    """
    value = posterior.objective(at, random)
    for _ in range(n_steps):
        innovation = posterior.innovations(at, posterior.media(at)) + random.noise
        system = NormalEquations(posterior, at, _weights(posterior, innovation))
        rhs = system.right_hand_side(innovation, at, random)
        own = preconditioner or Preconditioner(system)
        step = solve(system, rhs, own, _free(posterior, at, rhs))
        at, new = _search(posterior, at, value, step, random)
        gain, value = value - new, new
        if not (gain > _LEAST_GAIN).any():
            break
    return at


@torch.no_grad()
def first_step(
    posterior: Posterior,
    system: NormalEquations,
    at: Parameters,
    random: Randomisation,
    preconditioner: Preconditioner,
) -> Parameters:
    """Return where members are after one step from a mode, by its own system.

    Parameters
    ----------
    posterior : Posterior
    system : NormalEquations
        At the mode.
    at : dict of Tensor
        The mode, once for each member.
    random : Randomisation
    preconditioner : Preconditioner
    """
    mode = {name: value[:1] for name, value in at.items()}
    innovation = posterior.innovations(mode, posterior.media(mode)) + random.noise
    rhs = system.right_hand_side(innovation, at, random)
    step = solve(system, rhs, preconditioner, _free(posterior, at, rhs))
    return _search(posterior, at, posterior.objective(at, random), step, random)[0]


def _free(posterior: Posterior, at: Parameters, rhs: Step) -> Tensor:
    """Return which shared parameters may move, (member, shared).

    An effect at its lower end stays there if it wants to fall.
    """
    effect = posterior.spans["effect"]
    free = torch.ones_like(rhs[0])
    low = at["effect"] <= posterior.least_effect * 1.01
    free[:, effect] = (~(low & (rhs[0][:, effect] < 0))).double()
    return free


def _search(
    posterior: Posterior,
    at: Parameters,
    value: Tensor,
    step: Step,
    random: Randomisation,
) -> tuple[Parameters, Tensor]:
    """Halve the steps of members that would not gain; return where they end."""
    share = torch.ones_like(value)
    for _ in range(_MOST_HALVINGS):
        moved = _move(posterior, at, step, share)
        new = posterior.objective(moved, random)
        worse = ~(new <= value)
        if not worse.any():
            return moved, new
        share = torch.where(worse, 0.5 * share, share)
    keep = ~worse
    for name, old in at.items():
        mask = keep.reshape(-1, *[1] * (old.dim() - 1))
        moved[name] = torch.where(mask, moved[name], old)
    return moved, torch.where(keep, new, value)


def _move(
    posterior: Posterior, at: Parameters, step: Step, share: Tensor
) -> Parameters:
    shared, own = step
    out = dict(at)
    for name, span in posterior.spans.items():
        change = share[:, None] * shared[:, span]
        if name not in LINEAR:
            change = change.clamp(-_LONGEST_STEP, _LONGEST_STEP)
        out[name] = at[name] + change
    out["effect"] = out["effect"].clamp_min(posterior.least_effect)
    begin = 0
    for name in posterior.regional:
        width = at[name].shape[2]
        change = share[:, None, None] * own[..., begin : begin + width]
        out[name] = at[name] + change
        begin += width
    return out
