"""What a mode leaves unexplained, as rows of whitened numbers."""

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.likelihood._evidence import Unexplained
from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Parameters
from sklearn_mmm.likelihood._slopes import features

# Numbers that are whitened at once.
_AT_ONCE = 10_000_000


def white_rows(posterior: Posterior, *blocks: Tensor) -> np.ndarray:
    """Return innovations of (region, week, column) values, (n_rows, n_columns).

    Parameters
    ----------
    posterior : Posterior
    *blocks : Tensor of shape (region, week, column)
        Beside one another. So many columns are whitened at once as memory should hold.
    """
    n_rows = blocks[0].shape[0] * blocks[0].shape[1]
    out = np.empty((n_rows, sum(block.shape[2] for block in blocks)))
    first = 0
    for block in blocks:
        for values in block.split(max(1, _AT_ONCE // max(n_rows, 1)), dim=2):
            white = posterior.whiten(values) * posterior.observed.unsqueeze(-1)
            white = posterior.decorrelate(white.movedim(-1, 0)).movedim(0, -1)
            last = first + values.shape[2]
            out[:, first:last] = white.flatten(0, 1).numpy()
            first = last
    return out


def unexplained(posterior: Posterior, at: Parameters) -> Unexplained:
    """Return what the fit at the parameters of one member leaves unexplained.

    That is what neither responses of another shape, nor controls, nor the common
    course could explain; effects that vary with time are not among these.
    """
    n_head = at["head"].shape[1] if "head" in at else 0
    columns = features(posterior, at)
    first = posterior.spans["coefficient"].start - n_head
    plain = torch.cat([columns[..., :first], columns[..., first + n_head :]], -1)
    common = posterior.common_columns.expand(len(columns), -1, -1)
    nuisance = white_rows(posterior, plain, common)
    precision = np.zeros(nuisance.shape[1])
    precision[plain.shape[2] + 1 :] = 1.0
    innovation = posterior.innovations(at, posterior.media(at))[0]
    return Unexplained(nuisance, precision, np.asarray(innovation.flatten().numpy()))
