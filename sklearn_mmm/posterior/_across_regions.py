r"""What dependence between regions takes off the system of a step.

With the loadings of innovations the precision over regions is :math:`I - U_t U_t^\top`
in a week. So of the products of derivatives :math:`J`, summed over regions and weeks,
those of :math:`V_t = \sum_r U_{rt} J_{rt}` are taken off. That is what it makes of the
shared parameters, and of what each region's own have in common with them; what it
makes of those of two regions is left.
"""

import torch
from torch import Tensor

from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.posterior._linearised import Linearised
from sklearn_mmm.posterior._products import product, transposed_product

# Variance of the strongest factor, in units of the noise's, below which regions that
# are taken for independent are a good enough start for conjugate gradients.
_LEAST_STRENGTH = 1.0
# Regions whose products are held at once.
_AT_ONCE = 64


class AcrossRegions:
    """Sums of derivatives over regions, by what moves these together.

    Parameters
    ----------
    posterior : Posterior
    slopes : Linearised

    Attributes
    ----------
    shared : Tensor of shape (week and factor, known)
        Of the shared parameters, the common baseline's among them.
    """

    def __init__(self, posterior: Posterior, slopes: Linearised) -> None:
        n_weeks = slopes.shared.shape[1]
        # (week, region, factor)
        root = posterior.decorrelate.root.to(slopes.shared).expand(n_weeks, -1, -1)
        self._by_region = root.transpose(0, 1)
        known = product(root.mT, slopes.shared.transpose(0, 1))
        scaled = root * posterior.precision[:, None]
        n_common = posterior.common_columns.shape[1]
        common = root.new_zeros(n_weeks, root.shape[2], n_common)
        for regions, columns in posterior.each_common():
            own = scaled[:, regions]
            if len(columns) == 1:
                common += own.sum(1)[..., None] * columns[0][:, None]
            else:
                common += product(own.mT, columns.transpose(0, 1))
        self.shared = torch.cat([known, common], -1).flatten(0, 1)

    @classmethod
    def of(cls, posterior: Posterior, slopes: Linearised) -> "AcrossRegions | None":
        """Return the sums, or None where regions hardly depend on one another."""
        strong = posterior.decorrelate.strength > _LEAST_STRENGTH
        return cls(posterior, slopes) if strong else None

    def with_own(self, own: Tensor) -> Tensor:
        """Return products of (region, week, own) derivatives and the sums.

        (region, own, known)
        """
        found = []
        parts = (values.split(_AT_ONCE) for values in (own, self._by_region))
        for slopes, root in zip(*parts, strict=True):
            columns = slopes.unsqueeze(2) * root.unsqueeze(3)
            found.append(transposed_product(columns.flatten(1, 2), self.shared))
        return torch.cat(found)
