r"""How the priors of cells and of their groups hang together in a step.

Where cells have the prior :math:`N(Z \mu, s^2)`, the curvature of both is
:math:`s^{-2}` of a cell, :math:`-s^{-2} Z` between them and :math:`s^{-2} Z^\top Z` of
the groups, beside the groups' own.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from sklearn_mmm.likelihood._pooling import OF_GROUPS, Pooling
from sklearn_mmm.likelihood._posterior import Posterior


class Coupling(NamedTuple):
    """Curvature that the priors of cells add to that of their groups.

    Attributes
    ----------
    with_cells : Tensor of shape (region, own, n_pooled)
    of_groups : Tensor of shape (n_pooled, n_pooled)
        Of nothing with one dimension.
    """

    with_cells: Tensor
    of_groups: Tensor


def coupling(posterior: Posterior, precision: Tensor) -> Coupling:
    """Return the curvature.

    Parameters
    ----------
    posterior : Posterior
    precision : Tensor of shape (own,)
        Of the cells' priors.
    """
    n, n_regions = posterior.n_pooled, len(posterior.target)
    with_cells = precision.new_zeros(n_regions, len(precision), n)
    of_groups = precision.new_zeros(n, n)
    if posterior.pooling is None:
        return Coupling(with_cells, of_groups)
    member = posterior.pooling.membership
    gram = member.T @ member
    for own, span in _spans(posterior):
        of_cells = torch.diag(precision[own])
        # (region, own, group, column)
        cross = -member[:, None, :, None] * of_cells[None, :, None, :]
        with_cells[:, own, span] = cross.flatten(2)
        of_groups[span, span] = torch.kron(gram, of_cells)
    return Coupling(with_cells, of_groups)


def group_means(posterior: Posterior, groups: Tensor) -> Tensor:
    """Return the means of cells, (member, region, own), by their groups' deviations.

    Parameters
    ----------
    posterior : Posterior
        With several dimensions.
    groups : Tensor of shape (member, n_pooled)
    """
    pooling = _pooling(posterior)
    parts = [pooling.means(groups[:, span]) for _, span in _spans(posterior)]
    return torch.cat(parts, -1)


def group_sums(posterior: Posterior, cells: Tensor) -> Tensor:
    """Return the transpose of :func:`group_means`, (member, n_pooled)."""
    pooling = _pooling(posterior)
    parts = [pooling.sums(cells[..., own]) for own, _ in _spans(posterior)]
    return torch.cat(parts, -1)


def _pooling(posterior: Posterior) -> Pooling:
    assert posterior.pooling is not None
    return posterior.pooling


def _spans(posterior: Posterior) -> list[tuple[slice, slice]]:
    """Return where cells and groups stand among own and pooled parameters.

    By kind of parameter: media, controls.
    """
    found, own = [], 0
    spans = posterior.spans
    first = min(spans[name].start for name in OF_GROUPS.values())
    for name in posterior.regional:
        span = spans[OF_GROUPS[name]]
        width = (span.stop - span.start) // _pooling(posterior).n_groups
        place = slice(span.start - first, span.stop - first)
        found.append((slice(own, own + width), place))
        own += width
    return found
