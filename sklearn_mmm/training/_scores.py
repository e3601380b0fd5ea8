"""What a mode leaves unexplained, as rows of whitened numbers."""

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.likelihood._evidence import Unexplained
from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Parameters
from sklearn_mmm.likelihood._slopes import features


def white_rows(posterior: Posterior, values: Tensor) -> np.ndarray:
    """Return innovations of (region, week, column) values, (n_rows, n_columns)."""
    values = posterior.whiten(values) * posterior.observed.unsqueeze(-1)
    values = posterior.decorrelate(values.movedim(-1, 0)).movedim(0, -1)
    return np.asarray(values.flatten(0, 1).numpy())


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
    nuisance = white_rows(posterior, torch.cat([plain, common], -1))
    precision = np.zeros(nuisance.shape[1])
    precision[plain.shape[2] + 1 :] = 1.0
    innovation = posterior.innovations(at, posterior.media(at))[0]
    return Unexplained(nuisance, precision, np.asarray(innovation.flatten().numpy()))
