r"""Courses that the cells of a group have in common, such as those of a geo.

With several dimensions what a cell does beside the course of all is the sum of courses
of its groups and one of its own, all of the same form in time: the covariance between
cells and time steps is :math:`(I + \sum_d \lambda_d^2 Z_d Z_d^\top) \otimes K`, with
:math:`Z_d` who belongs to which group of dimension :math:`d`. So the innovations in
time have the first factor as their covariance over cells, of which :math:`\lambda_d
Z_d` are loadings (see :mod:`sklearn_mmm.baseline._dependence`), and the forecast of a
cell with a full history depends on that history alone (Bonilla, Chai & Williams, 2007,
"Multi-task Gaussian Process Prediction", section 2.3); a cell that was not seen has the
courses of its groups.
"""

import numpy as np

from sklearn_mmm.panel._groups import Groups

# Log-likelihood that courses of a dimension have to gain: very strong evidence on the
# scale of Kass & Raftery (1995, "Bayes Factors").
_STRONG = 5.0
_N_ITERATIONS = 50
_START = 0.1
# A single odd week must not make a course.
_CLIP = 3.0


def likeliest_courses(innovation: np.ndarray, groups: Groups) -> np.ndarray:
    r"""Return the variances of the groups' courses, in units of the cells' own.

    By expectation-maximisation, with the groups' innovations as what is missing; those
    of cells around them have the variance 1.

    Parameters
    ----------
    innovation : ndarray of shape (n_regions, n_weeks)
        Standardised, zero where missing.
    groups : Groups

    Returns
    -------
    ndarray of shape (n_dimensions,)
        0 for a dimension without strong evidence.
    """
    clipped = np.clip(innovation, -_CLIP, _CLIP)
    kept = list(range(len(groups.sizes)))
    variance, best = _maximised(clipped, groups, kept)
    while kept:
        without = [
            _maximised(clipped, groups, [d for d in kept if d != out]) for out in kept
        ]
        place = int(np.argmax([value for _, value in without]))
        if best - without[place][1] >= _STRONG:
            break
        variance, best = without[place]
        kept.pop(place)
    return variance


def _maximised(
    innovation: np.ndarray, groups: Groups, kept: list[int]
) -> tuple[np.ndarray, float]:
    """Return the likeliest variances, some of them 0, and their log-likelihood."""
    n_weeks = innovation.shape[1]
    chosen = np.isin(groups.dimension, kept)
    Z, dimension = groups.membership[:, chosen], groups.dimension[chosen]
    variance = np.zeros(len(groups.sizes))
    variance[kept] = _START
    if not kept:
        return variance, 0.0
    gram, score = Z.T @ Z, Z.T @ innovation
    for _ in range(_N_ITERATIONS):
        covariance = np.linalg.inv(gram + np.diag(1.0 / variance[dimension]))
        mean = covariance @ score
        squares = (mean**2).mean(1) + covariance.diagonal()
        for d in kept:
            variance[d] = max(float(squares[dimension == d].mean()), 1e-9)
    inner = gram + np.diag(1.0 / variance[dimension])
    size = np.linalg.slogdet(inner)[1] + np.log(variance[dimension]).sum()
    gain = (score * np.linalg.solve(inner, score)).sum()
    return variance, float(0.5 * (gain - n_weeks * size))


def course_loadings(groups: Groups, variance: np.ndarray) -> np.ndarray:
    """Return the loadings of groups that have a course, (n_regions, n_courses)."""
    scaled = groups.membership * np.sqrt(variance)[groups.dimension]
    return np.asarray(scaled[:, variance[groups.dimension] > 0])


def joined_loadings(of_groups: np.ndarray, further: np.ndarray) -> np.ndarray:
    r"""Return loadings of groups and of what is left once these are whitened.

    With :math:`A = I + \Lambda \Lambda^\top` of the groups, a covariance :math:`I + F
    F^\top` of what :math:`A^{-1/2}` makes of innovations is :math:`A + A^{1/2} F
    (A^{1/2} F)^\top` of the innovations themselves.

    Parameters
    ----------
    of_groups : ndarray of shape (n_regions, n_courses)
    further : ndarray of shape (n_regions, n_factors)
    """
    if not of_groups.shape[1]:
        return further
    values, vectors = np.linalg.eigh(of_groups @ of_groups.T + np.eye(len(of_groups)))
    root = (vectors * np.sqrt(values)) @ vectors.T
    return np.hstack([of_groups, root @ further])


def whitened(of_groups: np.ndarray, innovation: np.ndarray) -> np.ndarray:
    r"""Return :math:`A^{-1/2}` times (n_regions, n_weeks) innovations."""
    if not of_groups.shape[1]:
        return innovation
    values, vectors = np.linalg.eigh(of_groups @ of_groups.T + np.eye(len(of_groups)))
    return np.asarray((vectors / np.sqrt(values)) @ (vectors.T @ innovation))


def of_unseen_cells(
    groups: Groups, variance: np.ndarray, code: np.ndarray
) -> np.ndarray:
    """Return what courses of cells weigh in those of cells that were not seen.

    Parameters
    ----------
    groups : Groups
    variance : ndarray of shape (n_dimensions,)
        See :func:`likeliest_courses`.
    code : int ndarray of shape (n,)
        Of cells that were not seen.

    Returns
    -------
    ndarray of shape (n, n_regions)
        Of standardised courses; the conditional mean of one that is the sum of its
        groups'.
    """
    scale = variance[groups.dimension]
    Z = groups.membership
    A = np.eye(len(Z)) + (Z * scale) @ Z.T
    return np.asarray(np.linalg.solve(A, (Z * scale) @ groups.of_codes(code).T).T)
