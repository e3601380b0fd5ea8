r"""The linear system of Gauss-Newton steps, for several members at once.

Shared parameters border a block for each region, which is eliminated first; what the
common course needs stays the same from step to step. What dependence between regions
makes of the parameters of two of them and experiments are left to conjugate gradients,
preconditioned by the system without them.

Steps whose length is tried need no more than single precision, which halves what the
products take in large panels, as long as no pivot comes near to its rounding.
"""

from copy import copy
from functools import cached_property

import torch
from torch import Tensor

from sklearn_mmm.likelihood._bounds import bounded, free_places
from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Parameters, Randomisation
from sklearn_mmm.likelihood._slopes import Step, with_priors
from sklearn_mmm.posterior._across_regions import AcrossRegions
from sklearn_mmm.posterior._coupling import coupling, group_means, group_sums
from sklearn_mmm.posterior._linearised import (
    linearise,
    summed_with_common,
    with_common,
)
from sklearn_mmm.posterior._products import gram, product, transposed_product
from sklearn_mmm.posterior._secants import add, dot
from sklearn_mmm.posterior._single import in_single

_MOST_ITERATIONS = 60
# Relative residual at which conjugate gradients end: of draws, whose spread it is a
# share of.
_RESIDUAL = 0.03
# Share of a diagonal element that eliminating the others leaves, from which on the
# rounding of single precision, 1e-7 for each product, changes no step.
_LEAST_PIVOT = 1e-4
# Derivatives that are so few gain nothing by it.
_FEWEST = 500_000


class NormalEquations:
    """The system of a Gauss-Newton step, and its solution.

    Vectors are pairs: shared parameters (member, shared), and those of the regions
    (member, region, own). One system serves many vectors.

    Parameters
    ----------
    posterior : Posterior
    at : dict of Tensor
        One member.
    single : bool, default=False
        Whether derivatives and their products are in single precision.

    Attributes
    ----------
    dependent : bool
        Whether what is factorised allows for dependence between regions.
    firm : bool
        Whether single precision is enough here, and worth it.
    """

    dependent = True

    def __init__(
        self, posterior: Posterior, at: Parameters, single: bool = False
    ) -> None:
        self.posterior = posterior
        self._rounded = in_single(posterior) if single else posterior
        self.slopes = linearise(self._rounded, at)
        self.n_plain = self.slopes.shared.shape[2]
        # Where the groups' deviations begin, which no data know but by their cells.
        self.n_known = self.n_plain + posterior.common_columns.shape[1]
        self.shared_prior = _precision(posterior, at, tuple(posterior.spans))
        self.own_prior = _precision(posterior, at, posterior.regional)
        self._factor()

    def of_independent_regions(self) -> "NormalEquations":
        """Return the system that takes regions for independent."""
        if not self.dependent:
            return self
        other = copy(self)
        other.dependent = False
        other.__dict__.pop("_bounded_columns", None)
        other._factor()
        return other

    @property
    def exact(self) -> bool:
        """Whether the factorised system is the whole system."""
        slopes = self.slopes
        nothing = not len(slopes.row_own) or not slopes.row_own.numel()
        return not self.posterior.decorrelate.n_factors and nothing

    def _factor(self) -> None:
        """Eliminate the regions' parameters and factorise what is left."""
        posterior, slopes = self._rounded, self.slopes
        n, m = self.n_plain, self.n_known
        self.firm = slopes.shared.numel() >= _FEWEST
        whole = torch.diag(self.shared_prior + 1e-9)
        whole[:n, :n] += gram(slopes.shared.flatten(0, 1))
        cross = summed_with_common(posterior, slopes.shared)
        whole[:n, n:m] += cross
        whole[n:m, :n] += cross.T
        whole[n:m, n:m] += self.posterior.common_gram + gram(slopes.below)
        whole += slopes.row_shared.T @ slopes.row_shared
        across = AcrossRegions.of(posterior, slopes) if self.dependent else None
        self.dependent = across is not None
        if across is not None:
            whole[:m, :m] -= gram(across.shared)
        if slopes.own.shape[2]:
            inner = transposed_product(slopes.own, slopes.own).double()
            inner += torch.diag(self.own_prior)
            common = with_common(posterior, slopes.own)
            pooled = coupling(posterior, self.own_prior)
            whole[m:, m:] += pooled.of_groups
            known = transposed_product(slopes.own, slopes.shared)
            of_cells = pooled.with_cells.to(known)
            border = torch.cat([known, common, of_cells], -1)
            if across is not None:
                border[..., :m] -= across.with_own(slopes.own)
            eye = torch.eye(len(self.own_prior), dtype=torch.float64)
            root = torch.linalg.cholesky(inner)
            # (region, own, own): the inverse of the root of what a region's own
            # parameters know, and the border of that system by it.
            inverse = torch.linalg.solve_triangular(root, eye, upper=False)
            self.firm = self.firm and _is_firm(root, inner)
            self.inverse = inverse.to(border)
            self.border = product(self.inverse, border)
            whole -= gram(self.border.flatten(0, 1))
        self.scale = whole.diagonal().clamp_min(1e-12).sqrt()
        balanced = whole.div_(self.scale).div_(self.scale[:, None])
        balanced.diagonal().add_(1e-9)
        # Of which the lower triangle counts.
        self.factor = torch.linalg.cholesky(balanced)
        self.firm = self.firm and _is_firm(self.factor, balanced)

    def solve_shared(self, right: Tensor) -> Tensor:
        """Return the reduced system's inverse times shared vectors."""
        return torch.cholesky_solve((right / self.scale).T, self.factor).T / self.scale

    def precondition(self, vector: Step) -> Step:
        """Return the inverse of the factorised system times vectors."""
        shared, own = vector
        if not own.shape[2]:
            return self.solve_shared(shared), own
        flat = self.border.flatten(0, 1)
        half = _by_region(self.inverse, own.to(flat))
        out = self.solve_shared(shared - half.flatten(1) @ flat)
        # How the regions' parameters follow the shared ones.
        left = half - (out.to(flat) @ flat.T).reshape(own.shape)
        return out, _by_region(self.inverse.mT, left).double()

    def transpose(self, innovation: Tensor) -> Step:
        """Return the derivatives' transpose times clipped (member, region, week)."""
        posterior = self.posterior
        clipped = posterior.noise.slope_of_tensor(innovation) * posterior.observed
        return self.transpose_whole(clipped)

    def transpose_whole(self, innovation: Tensor) -> Step:
        """Return what :meth:`transpose` does, without clipping."""
        return self._transpose(self.posterior.decorrelate(innovation))

    def pull(self, at: Parameters, random: Randomisation) -> Step:
        """Return the negative gradient where the system was made."""
        innovation = self.posterior.innovations(at, self.slopes.media) + random.noise
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
        pooled = back.new_zeros(len(back), posterior.n_pooled)
        values = values.to(slopes.shared)
        known = values.flatten(1) @ slopes.shared.flatten(0, 1)
        left = torch.cat([known.double(), back, pooled], 1)
        return left, _by_region(slopes.own.mT, values).double()

    def change(self, step: Step) -> Tensor:
        """Return how vectors move the fit's innovations, (member, region, week)."""
        posterior, slopes = self.posterior, self.slopes
        n, m = self.n_plain, self.n_known
        shared, own = step
        flat = slopes.shared.flatten(0, 1)
        change = shared[:, :n].to(flat) @ flat.T
        change = change.reshape(-1, *slopes.shared.shape[:2])
        if own.shape[2]:
            change = change + _by_region(slopes.own, own.to(flat))
        change = change.double()
        for regions, columns in posterior.each_common():
            course = (columns @ shared[:, n:m].T).permute(2, 0, 1)
            change[:, regions] += course * posterior.precision[regions, None]
        return posterior.decorrelate(change) * posterior.observed

    def multiply(self, step: Step) -> Step:
        """Return the whole system's matrix times vectors."""
        posterior, slopes = self.posterior, self.slopes
        n, m = self.n_plain, self.n_known
        shared, own = step
        left, right = self.transpose_whole(self.change(step))
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
        nothing = units.new_zeros(len(places), len(own), own.shape[2])
        return places, *self.precondition((units, nothing))

    def _conjugate_gradients(self, rhs: Step, held: Tensor, residual: float) -> Step:
        def conditioned(vector: Step) -> Step:
            return self._without(self.precondition(vector), held)

        free = free_places(self.posterior, held, rhs[0])
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


def _is_firm(root: Tensor, whole: Tensor) -> bool:
    """Whether no pivot of a Cholesky factor is near to what rounding makes of zero."""
    pivot = root.diagonal(dim1=-2, dim2=-1).square()
    share = pivot / whole.diagonal(dim1=-2, dim2=-1)
    return bool((share > _LEAST_PIVOT).all())


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
