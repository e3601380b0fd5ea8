"""What a mode leaves unexplained, as rows of whitened numbers."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.likelihood._evidence import Unexplained
from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Parameters
from sklearn_mmm.likelihood._slopes import features

# Numbers that are whitened at once.
_AT_ONCE = 1_000_000


def white_rows(posterior: Posterior, values: Tensor) -> np.ndarray:
    """Return innovations of (region, week, column) values, (n_rows, n_columns).

    So many columns are whitened at once as memory should hold.
    """
    n_columns = values.shape[2]
    out = np.empty((posterior.observed.numel(), n_columns))
    for here in _at_once(posterior, n_columns):
        out[:, here] = _rows(posterior, posterior.whiten(values[..., here]))
    return out


def _write_common_rows(posterior: Posterior, out: np.ndarray) -> None:
    """Write innovations of the common columns in all regions, (n_rows, 1 + course)."""
    for here in _at_once(posterior, out.shape[1]):
        width = out[:1, here].shape[1]
        white = posterior.target.new_empty(*posterior.observed.shape, width)
        for regions, columns in posterior.each_common():
            white[regions] = columns[..., here]
        out[:, here] = _rows(posterior, white * posterior.precision[:, None, None])


def _at_once(posterior: Posterior, n_columns: int) -> Iterator[slice]:
    size = max(1, _AT_ONCE // max(posterior.observed.numel(), 1))
    for first in range(0, n_columns, size):
        yield slice(first, first + size)


def _rows(posterior: Posterior, white: Tensor) -> np.ndarray:
    """Return (region, week, column) innovations without what moves regions together."""
    seen = white * posterior.observed.unsqueeze(-1)
    apart = posterior.decorrelate(seen.movedim(-1, 0)).movedim(0, -1)
    return np.asarray(apart.flatten(0, 1).numpy())


def unexplained(posterior: Posterior, at: Parameters) -> Unexplained:
    """Return what the fit at the parameters of one member leaves unexplained.

    That is what neither responses of another shape, nor controls, nor the common
    course could explain; effects that vary with time are not among these.
    """
    n_head = at["head"].shape[1] if "head" in at else 0
    columns, media = features(posterior, at)
    first = posterior.spans["coefficient"].start - n_head
    plain = torch.cat([columns[..., :first], columns[..., first + n_head :]], -1)
    n_plain, n_common = plain.shape[2], posterior.common_columns.shape[1]
    nuisance = np.empty((posterior.observed.numel(), n_plain + n_common))
    nuisance[:, :n_plain] = white_rows(posterior, plain)
    _write_common_rows(posterior, nuisance[:, n_plain:])
    if posterior.decorrelate.n_factors:
        inner = nuisance.T @ nuisance
    else:
        inner = np.empty((nuisance.shape[1], nuisance.shape[1]))
        inner[:n_plain] = nuisance[:, :n_plain].T @ nuisance
        inner[n_plain:, :n_plain] = inner[:n_plain, n_plain:].T
        inner[n_plain:, n_plain:] = posterior.common_gram.numpy()
    precision = np.zeros(nuisance.shape[1])
    precision[n_plain + 1 :] = 1.0
    innovation = posterior.innovations(at, media)[0]
    residual = np.asarray(innovation.flatten().numpy())
    return Unexplained(nuisance, precision, residual, inner)
