r"""Modes of the posterior by Gauss-Newton steps, for several members at once.

The Huber loss enters by its clipped residuals, with the curvature of least squares,
which is an upper bound of its own: a majorisation (Huber, 1981, "Robust Statistics",
section 7.8, modified residuals). So one linear system serves a step of any member:
shared parameters border a block for each region, which is eliminated first; what the
common course needs stays the same from step to step. Dependence between regions,
experiments and a baseline below zero are left to conjugate gradients, preconditioned by
the system without them.
"""

from collections.abc import Iterator
from functools import cached_property

import torch
from torch import Tensor

from sklearn_mmm.likelihood._bounds import at_bound, bounded, within_bounds
from sklearn_mmm.likelihood._posterior import LINEAR, Posterior
from sklearn_mmm.likelihood._randomisation import Parameters, Randomisation
from sklearn_mmm.likelihood._slopes import (
    Step,
    gradient,
    media_slopes,
    with_priors,
)
from sklearn_mmm.posterior._coupling import coupling, group_means, group_sums
from sklearn_mmm.posterior._linearised import (
    linearise,
    summed_with_common,
    with_common,
)
from sklearn_mmm.posterior._secants import Secants, add, dot

_MOST_ITERATIONS = 60
# Relative residual at which conjugate gradients end: of draws, whose spread it is a
# share of, and of steps that others follow.
_RESIDUAL, _RESIDUAL_OF_STEPS = 0.03, 0.1
# Logarithms and logits move at most so far in a step.
_LONGEST_STEP = 1.0
_MOST_HALVINGS = 10
# Numbers that the media of members may take which are evaluated at once.
_STEP_SIZE = 100_000


class NormalEquations:
    """The system of a Gauss-Newton step, and its solution.

    Vectors are pairs: shared parameters (member, shared), and those of the regions
    (member, region, own). One system serves many vectors.

    Parameters
    ----------
    posterior : Posterior
    at : dict of Tensor
        One member.
    """

    def __init__(self, posterior: Posterior, at: Parameters) -> None:
        self.posterior = posterior
        media = media_slopes(posterior, at)
        self.contribution = media.contribution
        self.slopes = linearise(posterior, at, media)
        self.n_plain = self.slopes.shared.shape[2]
        # Where the groups' deviations begin, which no data know but by their cells.
        self.n_known = self.n_plain + posterior.common_columns.shape[1]
        self.shared_prior = _precision(posterior, at, tuple(posterior.spans))
        self.own_prior = _precision(posterior, at, posterior.regional)
        self._factor()

    @property
    def exact(self) -> bool:
        """Whether the factorised system is the whole system."""
        slopes = self.slopes
        nothing = not len(slopes.row_own) or not slopes.row_own.numel()
        return not self.posterior.decorrelate.n_factors and nothing

    def _factor(self) -> None:
        """Eliminate the regions' parameters and factorise what is left."""
        posterior, slopes = self.posterior, self.slopes
        n, m = self.n_plain, self.n_known
        whole = torch.diag(self.shared_prior + 1e-9)
        flat = slopes.shared.flatten(0, 1)
        whole[:n, :n] += flat.T @ flat
        cross = summed_with_common(posterior, slopes.shared)
        whole[:n, n:m] += cross
        whole[n:m, :n] += cross.T
        whole[n:m, n:m] += posterior.common_gram + slopes.below.T @ slopes.below
        whole += slopes.row_shared.T @ slopes.row_shared
        if slopes.own.shape[2]:
            inner = slopes.own.mT @ slopes.own + torch.diag(self.own_prior)
            common = with_common(posterior, slopes.own)
            pooled = coupling(posterior, self.own_prior)
            whole[m:, m:] += pooled.of_groups
            self.border = torch.cat(
                [slopes.own.mT @ slopes.shared, common, pooled.with_cells], -1
            )
            self.inverse = torch.linalg.inv(inner)
            # (region and own, shared): how regions' parameters follow shared ones.
            self.follow = (self.inverse @ self.border).flatten(0, 1)
            whole -= self.border.flatten(0, 1).T @ self.follow
        self.scale = whole.diagonal().clamp_min(1e-12).sqrt()
        balanced = whole / self.scale / self.scale[:, None]
        eye = torch.eye(len(whole), dtype=torch.float64)
        self.factor = torch.linalg.cholesky(0.5 * (balanced + balanced.T) + 1e-9 * eye)

    def solve_shared(self, right: Tensor) -> Tensor:
        """Return the reduced system's inverse times shared vectors."""
        return torch.cholesky_solve((right / self.scale).T, self.factor).T / self.scale

    def precondition(self, vector: Step) -> Step:
        """Return the inverse of the factorised system times vectors."""
        shared, own = vector
        if not own.shape[2]:
            return self.solve_shared(shared), own
        out = self.solve_shared(shared - own.flatten(1) @ self.follow)
        followed = (out @ self.follow.T).reshape(own.shape)
        return out, _by_region(self.inverse, own) - followed

    def transpose(self, innovation: Tensor) -> Step:
        """Return the derivatives' transpose times clipped (member, region, week)."""
        posterior = self.posterior
        clipped = posterior.noise.slope_of_tensor(innovation) * posterior.observed
        return self._transpose(posterior.decorrelate(clipped))

    def pull(self, at: Parameters, random: Randomisation) -> Step:
        """Return the negative gradient where the system was made."""
        innovation = self.posterior.innovations(at, self.contribution) + random.noise
        return with_priors(self.posterior, at, random, *self.transpose(innovation))

    def _transpose(self, values: Tensor) -> Step:
        posterior, slopes = self.posterior, self.slopes
        scaled = values * posterior.precision[:, None]
        back = values.new_zeros(len(values), posterior.common_columns.shape[1])
        for regions, columns in posterior.each_common():
            own = scaled[:, regions]
            if len(columns) == 1:
                back += own.sum(1) @ columns[0]
            else:
                back += own.flatten(1) @ columns.flatten(0, 1)
        known = values.flatten(1) @ slopes.shared.flatten(0, 1)
        pooled = back.new_zeros(len(back), posterior.n_pooled)
        left = torch.cat([known, back, pooled], 1)
        return left, _by_region(slopes.own.mT, values)

    def multiply(self, step: Step) -> Step:
        """Return the whole system's matrix times vectors."""
        posterior, slopes = self.posterior, self.slopes
        n, m = self.n_plain, self.n_known
        shared, own = step
        flat = slopes.shared.flatten(0, 1)
        change = (shared[:, :n] @ flat.T).reshape(-1, *slopes.shared.shape[:2])
        if own.shape[2]:
            change = change + _by_region(slopes.own, own)
        for regions, columns in posterior.each_common():
            course = (columns @ shared[:, n:m].T).permute(2, 0, 1)
            change[:, regions] += course * posterior.precision[regions, None]
        seen = posterior.decorrelate(change) * posterior.observed
        values = posterior.decorrelate(seen)
        left, right = self._transpose(values)
        if len(slopes.row_shared):
            of_own = slopes.row_own.flatten(1)
            rows = shared @ slopes.row_shared.T + own.flatten(1) @ of_own.T
            left = left + rows @ slopes.row_shared
            right = right + (rows @ of_own).reshape(own.shape)
        left[:, n:m] += shared[:, n:m] @ slopes.below.T @ slopes.below
        left = left + self.shared_prior * shared
        if posterior.pooling is None:
            return left, right + self.own_prior * own
        apart = self.own_prior * (own - group_means(posterior, shared[:, m:]))
        left[:, m:] -= group_sums(posterior, apart)
        return left, right + apart

    def solve(self, rhs: Step, held: Tensor, residual: float = _RESIDUAL) -> Step:
        """Solve the system, some bounded parameters staying where they are.

        Parameters
        ----------
        rhs : tuple of Tensor
        held : bool Tensor of shape (member, bounded)
        residual : float
            What may be left, as a share of the right side.
        """
        if not self.exact:
            return self._conjugate_gradients(rhs, held, residual)
        return self._without(self.precondition(rhs), held)

    def _without(self, step: Step, held: Tensor) -> Step:
        r"""Return solutions in which the held parameters do not move.

        With :math:`x = H^{-1} b` and the held ones :math:`B`, it is :math:`x -
        H^{-1}_{\cdot B} (H^{-1}_{BB})^{-1} x_B`.
        """
        if not held.any():
            return step
        shared, own = step[0].clone(), step[1].clone()
        places, columns, own_columns = self._bounded_columns
        for member in torch.nonzero(held.any(1)).ravel().tolist():
            b = torch.nonzero(held[member]).ravel()
            place = places[b]
            inner = columns[b][:, place]
            weight = torch.linalg.solve(inner, shared[member, place])
            shared[member] -= weight @ columns[b]
            shared[member, place] = 0.0
            own[member] -= torch.tensordot(weight, own_columns[b], 1)
        return shared, own

    @cached_property
    def _bounded_columns(self) -> tuple[Tensor, Tensor, Tensor]:
        """Places of bounded parameters, and their columns of the inverse."""
        places = bounded(self.posterior)
        units = torch.eye(len(self.scale), dtype=torch.float64)[places]
        own = self.slopes.own
        nothing = own.new_zeros(len(places), len(own), own.shape[2])
        return places, *self.precondition((units, nothing))

    def _conjugate_gradients(self, rhs: Step, held: Tensor, residual: float) -> Step:
        def conditioned(vector: Step) -> Step:
            return self._without(self.precondition(vector), held)

        free = torch.ones_like(rhs[0])
        free[:, bounded(self.posterior)] = (~held).double()
        x: Step = torch.zeros_like(rhs[0]), torch.zeros_like(rhs[1])
        r: Step = rhs[0] * free, rhs[1]
        z = conditioned(r)
        p, rz = z, dot(r, z)
        limit = residual**2 * rz
        for _ in range(_MOST_ITERATIONS):
            going = rz > limit
            if not going.any():
                break
            image, image_own = self.multiply(p)
            image = image * free
            curvature = dot(p, (image, image_own))
            alpha = torch.where(going & (curvature > 0), rz / curvature, 0.0)
            x = add(x, p, alpha)
            r = add(r, (image, image_own), -alpha)
            z = conditioned(r)
            rz, before = dot(r, z), rz
            p = add(z, p, torch.where(going, rz / before.clamp_min(1e-300), 0.0))
        return x


def _by_region(matrices: Tensor, vectors: Tensor) -> Tensor:
    """Return (region, a, b) matrices times (member, region, b) vectors."""
    return (matrices @ vectors.permute(1, 2, 0)).permute(2, 0, 1)


def _precision(posterior: Posterior, at: Parameters, names: tuple[str, ...]) -> Tensor:
    parts = [torch.zeros(0, dtype=torch.float64)]
    for name in names:
        own = torch.zeros(at[name].shape[-1], dtype=torch.float64)
        if name in posterior.priors:
            own = own + torch.as_tensor(posterior.priors[name][1]) ** -2
        parts.append(own)
    return torch.cat(parts)


@torch.no_grad()
def gauss_newton_step(
    posterior: Posterior,
    at: Parameters,
    value: Tensor,
    random: Randomisation,
    system: NormalEquations | None = None,
    secants: Secants | None = None,
) -> tuple[Parameters, Tensor]:
    """Return where members are after a step, and their objectives.

    Parameters
    ----------
    posterior : Posterior
    at : dict of Tensor
        Where members are.
    value : Tensor of shape (member,)
        Their objectives.
    random : Randomisation
    system : NormalEquations or None
        Of the steps; None, for a single member, makes its own.
    secants : Secants or None
        Of the steps before, which takes note of this one.
    """
    if system is None:
        system = NormalEquations(posterior, at)
        rhs = system.pull(at, random)
    else:
        rhs = _pull(posterior, at, random)
    held = at_bound(posterior, at, rhs[0])
    if secants is None:
        step = system.solve(rhs, held)
    else:
        secants.see(posterior, at, rhs)
        rhs, shares = secants.before(rhs)
        step = secants.after(system.solve(rhs, held, _RESIDUAL_OF_STEPS), shares)
        step[0][:, bounded(posterior)] *= ~held
    return _search(posterior, at, value, step, random)


@torch.no_grad()
def corrected(
    posterior: Posterior,
    at: Parameters,
    value: Tensor,
    random: Randomisation,
    system: NormalEquations,
    n_steps: int,
) -> tuple[Parameters, Tensor]:
    """Return where members are after some more steps, and their objectives.

    All of them take those by the system of the mode (simplified Newton; Deuflhard,
    2011, "Newton Methods for Nonlinear Problems", section 2.1), as long as several are
    evaluated at once. Of a panel so large that each is evaluated by itself a member
    takes one step by its own system, which gains as much as three, instead of several.

    Parameters
    ----------
    posterior : Posterior
    at : dict of Tensor
    value : Tensor of shape (member,)
    random : Randomisation
    system : NormalEquations
        At the mode.
    n_steps : int
    """
    if n_steps < 2 or posterior.at_once(_STEP_SIZE) > 1:
        for _ in range(n_steps):
            at, value = gauss_newton_step(posterior, at, value, random, system)
        return at, value
    members = torch.arange(len(value)).split(1)
    found = [
        gauss_newton_step(
            posterior,
            {name: values[one] for name, values in at.items()},
            value[one],
            random.of(one),
            secants=Secants(),
        )
        for one in members
    ]
    moved = {name: torch.cat([own[name] for own, _ in found]) for name in at}
    return moved, torch.cat([own for _, own in found])


@torch.no_grad()
def first_step(
    posterior: Posterior, at: Parameters, random: Randomisation, system: NormalEquations
) -> tuple[Parameters, Tensor]:
    """Return where members are after a step from the mode, and their objectives.

    Parameters
    ----------
    posterior : Posterior
    at : dict of Tensor
        The mode, as one member.
    random : Randomisation
    system : NormalEquations
        At the mode.
    """
    start = _copies(at, len(random.noise))
    innovation = posterior.innovations(at, system.contribution) + random.noise
    rhs = with_priors(posterior, start, random, *system.transpose(innovation))
    step = system.solve(rhs, at_bound(posterior, start, rhs[0]))
    value = posterior.penalised(innovation, start, random)
    return _search(posterior, start, value, step, random)


def _pull(posterior: Posterior, at: Parameters, random: Randomisation) -> Step:
    found = [gradient(posterior, *part)[0] for part in _parts(posterior, at, random)]
    return torch.cat([f[0] for f in found]), torch.cat([f[1] for f in found])


def _objective(posterior: Posterior, at: Parameters, random: Randomisation) -> Tensor:
    parts = _parts(posterior, at, random)
    return torch.cat([posterior.objective(*part) for part in parts])


def _parts(
    posterior: Posterior, at: Parameters, random: Randomisation
) -> Iterator[tuple[Parameters, Randomisation]]:
    """Yield so many members as fit the cache."""
    for part in torch.arange(len(random.noise)).split(posterior.at_once(_STEP_SIZE)):
        yield {name: value[part] for name, value in at.items()}, random.of(part)


def _copies(at: Parameters, n: int) -> Parameters:
    return {name: value.expand(n, *value.shape[1:]) for name, value in at.items()}


def _search(
    posterior: Posterior,
    at: Parameters,
    value: Tensor,
    step: Step,
    random: Randomisation,
) -> tuple[Parameters, Tensor]:
    """Halve the steps of members that would not gain; return where they end."""
    moved = _move(posterior, at, step, 1.0)
    new = _objective(posterior, moved, random)
    share = 1.0
    for halving in range(_MOST_HALVINGS):
        worse = torch.nonzero(~(new <= value)).ravel()
        if not len(worse):
            break
        share *= 0.5
        before = {name: old[worse] for name, old in at.items()}
        if halving == _MOST_HALVINGS - 1:
            tried, again = before, value[worse]
        else:
            shorter = step[0][worse], step[1][worse]
            tried = _move(posterior, before, shorter, share)
            again = _objective(posterior, tried, random.of(worse))
        for name, values in tried.items():
            # What does not move is where members began.
            if moved[name] is not at[name]:
                moved[name][worse] = values
        new[worse] = again
    return moved, new


def _move(
    posterior: Posterior, at: Parameters, step: Step, length: float
) -> Parameters:
    shared, own = step
    out = dict(at)
    for name, span in posterior.spans.items():
        change = length * shared[:, span]
        if name not in LINEAR:
            change = change.clamp(-_LONGEST_STEP, _LONGEST_STEP)
        out[name] = at[name] + change
    out = within_bounds(posterior, out)
    begin = 0
    for name in posterior.regional:
        width = at[name].shape[2]
        change = length * own[..., begin : begin + width]
        out[name] = at[name] + change
        begin += width
    return out
