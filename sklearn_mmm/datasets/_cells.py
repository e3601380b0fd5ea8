"""Regions of a panel, or the cells of regions and brands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from sklearn_mmm.datasets._demand import draw_region_sizes

_BRAND_SPREAD = 0.5
# Of effects on the log scale: a region among regions; and where there are brands, a
# region, a brand, and what is left of a cell.
_LOCAL, _GEO, _BRAND, _CROSSED = 0.12, 0.2, 0.25, 0.05


@dataclass(frozen=True)
class Cells:
    """Units of a panel that have a series each.

    Attributes
    ----------
    n_regions, n_brands : int
    sizes : ndarray of shape (n_cells,)
        Around 1; brands vary fastest.
    """

    n_regions: int
    n_brands: int
    sizes: np.ndarray

    @property
    def columns(self) -> list[str]:
        """Names of the key columns."""
        return ["region"] if self.n_brands == 1 else ["geo", "brand"]

    @property
    def labels(self) -> pd.Index:
        """Keys of the cells."""
        if self.n_brands == 1:
            return pd.Index(_numbered("region", self.n_regions), name="region")
        levels = _numbered("geo", self.n_regions), _numbered("brand", self.n_brands)
        return pd.MultiIndex.from_product(levels, names=self.columns)

    def draw_effect(self, rng: np.random.Generator, n_channels: int) -> np.ndarray:
        """Draw relative effects by cell and channel, proportional to a cell's size.

        Those of a brand, and of a region, have something in common.
        """
        shared = np.exp(0.6 * rng.standard_normal(n_channels))
        if self.n_brands == 1:
            local = np.exp(_LOCAL * rng.standard_normal((self.sizes.size, n_channels)))
        else:
            geo = _GEO * rng.standard_normal((self.n_regions, 1, n_channels))
            brand = _BRAND * rng.standard_normal((1, self.n_brands, n_channels))
            both = self.n_regions, self.n_brands, n_channels
            crossed = _CROSSED * rng.standard_normal(both)
            local = np.exp(geo + brand + crossed).reshape(-1, n_channels)
        return np.asarray(self.sizes[:, np.newaxis] * shared * local)


def draw_cells(
    sizes: np.random.Generator,
    brands: np.random.Generator,
    n_regions: int,
    n_brands: int,
) -> Cells:
    """Draw sizes of regions and, where there are several, of brands.

    Parameters
    ----------
    sizes, brands : Generator
        Sources of randomness.
    n_regions, n_brands : int
    """
    geo = draw_region_sizes(sizes, n_regions)
    if n_brands == 1:
        return Cells(n_regions, n_brands, geo)
    quantiles = ndtri((np.arange(n_brands) + 0.5) / n_brands)
    brand = np.exp(brands.permutation(_BRAND_SPREAD * quantiles))
    crossed = np.exp(0.1 * brands.standard_normal((n_regions, n_brands)))
    return Cells(n_regions, n_brands, (geo[:, np.newaxis] * brand * crossed).ravel())


def _numbered(name: str, n: int) -> list[str]:
    return [f"{name}_{i:0{len(str(n))}d}" for i in range(1, n + 1)]
