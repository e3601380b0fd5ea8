r"""Inverse covariances of series of which some weeks are noisier than others.

With a few weeks' additional variances :math:`D` the inverse is

.. math:: P - P_{\cdot k} (D^{-1} + P_{kk})^{-1} P_{k \cdot}

of that with equal noise, :math:`P` (Woodbury); what whitens equal noise serves all.
"""

from typing import NamedTuple, Self

import numpy as np
import torch

from sklearn_mmm.baseline._whitening import Whitener


class _Correction(NamedTuple):
    """What noisier weeks of a region change.

    Attributes
    ----------
    weeks : int ndarray of shape (n,)
    columns : ndarray of shape (n_weeks, n)
        Of the inverse covariance with equal noise.
    inner : ndarray of shape (n, n)
    """

    weeks: np.ndarray
    columns: np.ndarray
    inner: np.ndarray

    @classmethod
    def of(cls, weeks: np.ndarray, columns: np.ndarray, extra: np.ndarray) -> Self:
        """Return the correction for noise that is larger by ``extra``, (n,)."""
        inner = np.linalg.inv(np.diag(1.0 / extra) + columns[weeks])
        return cls(weeks, columns, inner)


class NoisyPrecision:
    """Inverse covariances of regions.

    Parameters
    ----------
    whitener : Whitener
        Of weeks that are equally noisy.
    noise : ndarray of shape (n_regions, n_weeks)
        Variances of noise, at least 1, in units of the region's; infinite where nothing
        is observed.
    """

    def __init__(self, whitener: Whitener, noise: np.ndarray) -> None:
        self.whitener = whitener
        self.corrections: dict[int, _Correction] = {}
        noisy = np.isfinite(noise) & (noise > 1.0)
        for regions in whitener.alike(np.flatnonzero(noisy.any(1))):
            # Columns of the weeks of all that share a factor are asked for at once.
            union = np.flatnonzero(noisy[regions].any(0))
            known = whitener.inverse_columns(int(regions[0]), union, noise.shape[1])
            for region in regions.tolist():
                weeks = np.flatnonzero(noisy[region])
                columns = known[:, np.searchsorted(union, weeks)]
                extra = noise[region, weeks] - 1.0
                self.corrections[region] = _Correction.of(weeks, columns, extra)

    def times(self, values: np.ndarray) -> np.ndarray:
        """Return the product with series.

        Parameters
        ----------
        values : ndarray of shape (..., n_regions, n_weeks)
        """
        white = self.whitener.whiten_series(torch.as_tensor(values))
        return self.corrected(self.whitener.transpose_series(white).numpy())

    def corrected(self, product: np.ndarray) -> np.ndarray:
        """Return the product with series, given that with equal noise."""
        out = product.copy()
        for region, (weeks, columns, inner) in self.corrections.items():
            known = product[..., region, weeks]
            out[..., region, :] -= known @ inner @ columns.T
        return out

    def explained(self, known: np.ndarray, regions: np.ndarray) -> np.ndarray:
        """Return the variance that series explain of something.

        Parameters
        ----------
        known : ndarray of shape (n, n_weeks)
            Covariances of each thing with the series' weeks.
        regions : int ndarray of shape (n_some,)
            Of these regions.

        Returns
        -------
        ndarray of shape (n_some, n)
        """
        group, place = self.whitener.place
        whole = self.whitener.columns(torch.as_tensor(known.T))
        squares = [part.square().sum(1).numpy() for part in whole]
        out = np.empty((len(regions), len(known)))
        for row, region in enumerate(regions):
            own = squares[group[region]]
            out[row] = own[place[region] if len(own) > 1 else 0]
            if region in self.corrections:
                _, columns, inner = self.corrections[region]
                along = known @ columns
                out[row] -= ((along @ inner) * along).sum(1)
        return out
