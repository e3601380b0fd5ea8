"""What a mode leaves unexplained, as rows of whitened numbers."""

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
    out = np.empty((values.shape[0] * values.shape[1], values.shape[2]))
    size = max(1, _AT_ONCE // max(len(out), 1))
    for first in range(0, out.shape[1], size):
        here = slice(first, first + size)
        out[:, here] = _rows(posterior, posterior.whiten(values[..., here]))
    return out


def _common_rows(posterior: Posterior) -> np.ndarray:
    """Return innovations of the common columns in all regions, (n_rows, 1 + course)."""
    out = np.empty((posterior.observed.numel(), posterior.common_columns.shape[1]))
    size = max(1, _AT_ONCE // max(len(out), 1))
    for first in range(0, out.shape[1], size):
        here = slice(first, first + size)
        white = posterior.target.new_empty(
            *posterior.observed.shape, out[:1, here].shape[1]
        )
        for regions, columns in posterior.each_common():
            white[regions] = columns[..., here]
        white *= posterior.precision[:, None, None]
        out[:, here] = _rows(posterior, white)
    return out


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
    columns = features(posterior, at)
    first = posterior.spans["coefficient"].start - n_head
    plain = torch.cat([columns[..., :first], columns[..., first + n_head :]], -1)
    nuisance = np.hstack([white_rows(posterior, plain), _common_rows(posterior)])
    precision = np.zeros(nuisance.shape[1])
    precision[plain.shape[2] + 1 :] = 1.0
    innovation = posterior.innovations(at, posterior.media(at))[0]
    return Unexplained(nuisance, precision, np.asarray(innovation.flatten().numpy()))
