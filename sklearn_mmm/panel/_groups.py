"""Groups of cells that share a label: a panel of several dimensions, as numbers."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Groups:
    """To which groups the regions of a panel belong, by dimension.

    With two dimensions a region is a cell, such as a brand in a geo; the cells of a
    geo are one group, and those of a brand another. Groups of all dimensions are
    counted through: those of the first dimension come first.

    Attributes
    ----------
    codes : int ndarray of shape (n_regions, n_dimensions)
        Number of the region's group within each dimension.
    sizes : tuple of int
        Groups of each dimension.
    """

    codes: np.ndarray
    sizes: tuple[int, ...]

    @property
    def n_groups(self) -> int:
        """Groups of all dimensions together."""
        return sum(self.sizes)

    @property
    def place(self) -> np.ndarray:
        """Number of each region's groups among all, (n_regions, n_dimensions)."""
        first = np.cumsum((0, *self.sizes[:-1]))
        return np.asarray(self.codes + first)

    @property
    def dimension(self) -> np.ndarray:
        """Dimension of each group, (n_groups,)."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @property
    def membership(self) -> np.ndarray:
        """1 where a region belongs to a group, else 0, (n_regions, n_groups)."""
        return indicator(self.place, self.n_groups)

    def of_codes(self, code: np.ndarray) -> np.ndarray:
        """Return 1 where regions that were not seen belong to a group.

        Parameters
        ----------
        code : int ndarray of shape (n,)
            Negative, see :func:`unseen_codes`.

        Returns
        -------
        ndarray of shape (n, n_groups)
        """
        return indicator(unseen_places(code, self.sizes), self.n_groups)


def indicator(place: np.ndarray, n: int) -> np.ndarray:
    """Return rows that are 1 at some places, of which -1 is none, (n_rows, n)."""
    out = np.zeros((len(place), n + 1))
    np.put_along_axis(out, place, 1.0, axis=1)
    return out[:, :n]


def unseen_codes(codes: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """Return one negative number for each region that was not seen in fit.

    Parameters
    ----------
    codes : int ndarray of shape (n, n_dimensions)
        Group within each dimension; -1 for one that was not seen either.
    sizes : tuple of int

    Returns
    -------
    ndarray of shape (n,)
        -1 where no group is known, else less.
    """
    mixed = np.ravel_multi_index(
        tuple((codes + 1).T), tuple(size + 1 for size in sizes)
    )
    return np.asarray(-1 - mixed)


def unseen_places(code: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """Return the groups of regions that were not seen, counted through.

    Parameters
    ----------
    code : int ndarray of shape (n,)
        See :func:`unseen_codes`.
    sizes : tuple of int

    Returns
    -------
    ndarray of shape (n, n_dimensions)
        -1 for a group that was not seen.
    """
    own = np.unravel_index(-1 - code, tuple(size + 1 for size in sizes))
    codes = np.stack(own, axis=-1) - 1
    first = np.cumsum((0, *sizes[:-1]))
    return np.where(codes >= 0, codes + first, -1)
