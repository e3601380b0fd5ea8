r"""Whether effects add up or multiply.

On the scale of a logarithm effects multiply. That the outcome itself is the wrong
scale shows at the mode on it: by the derivative of Box & Cox's (1964, "An Analysis of
Transformations") power of the outcome at 1,

.. math:: w = y \log(y / \dot y) - y,

with the geometric mean :math:`\dot y`, as one more column, whose coefficient is 0 if
effects add up and 1 if the logarithm is right (Atkinson, 1973, "Testing Transformations
to Normality"). Whether the logarithm is right then is said by the likelihood of both.
"""

from dataclasses import replace

import numpy as np
import torch

from sklearn_mmm.baseline._determinant import log_determinant
from sklearn_mmm.baseline._outliers import Outliers
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.posterior import Hyperparameters, Mode, no_randomisation
from sklearn_mmm.training._drift import drift_scale
from sklearn_mmm.training._scores import unexplained, white_rows

# Standard errors from which on the logarithm is tried at all, and by how much its
# logarithmic likelihood has to be larger: by then it is seven times as likely.
_SUSPICIOUS, _ENOUGH = 1.0, 2.0


@torch.no_grad()
def may_multiply(mode: Mode, data: TrainingData) -> bool:
    """Whether what is left at the mode suggests that effects multiply.

    Parameters
    ----------
    mode : Mode
        Of effects that add up.
    data : TrainingData
    """
    posterior, seen = mode.posterior, data.observed
    clean = data.without(mode.hyper.outliers.shift)
    if not (data.positive and clean.positive):
        return False
    relative = np.where(seen, clean.target, 1.0)
    log = np.log(relative)
    column = relative * (log - log[seen].mean() - 1.0) * seen
    left = unexplained(posterior, mode.at)
    white = white_rows(posterior, torch.as_tensor(column)[..., None])
    gram, score = left.gram_and_score(white)
    information = float(gram[0, 0]) / left.noise
    return float(score[0]) / left.noise > _SUSPICIOUS * np.sqrt(max(information, 1e-12))


def logged_hyperparameters(mode: Mode, data: TrainingData) -> Hyperparameters:
    """Return what to start from where effects are to multiply.

    What is outlying stays so: taken off the logarithm is what leaves the same outcome.
    A logarithm may be of either sign.
    """
    hyper = mode.hyper
    clean = data.without(hyper.outliers.shift)
    shift = data.logged().target - clean.logged().target
    outliers = Outliers(shift, hyper.outliers.weight)
    penalties = replace(hyper.penalties, positive=False)
    return Hyperparameters(hyper.time, penalties, outliers)


@torch.no_grad()
def multiplies(mode: Mode, other: Mode, data: TrainingData, drifts: bool) -> bool:
    """Whether outcomes are likelier where effects multiply than where they add up.

    Effects that drift may seem to multiply; evidence for drift has to be weaker.

    Parameters
    ----------
    mode, other : Mode
        Of effects that add up, and that multiply.
    data : TrainingData
        Of effects that add up.
    drifts : bool
        Whether effects may vary with time.
    """
    logged = data.logged().without(other.hyper.outliers.shift)
    # Of a density of logarithms, that of the outcomes.
    change = -float((logged.target - 1.0)[data.observed].sum())
    gain = _log_likelihood(other) + change - _log_likelihood(mode)
    if gain < _ENOUGH:
        return False
    return not drifts or drift_scale(mode.posterior, mode.at).evidence < gain


def _log_likelihood(mode: Mode) -> float:
    """Return the logarithmic likelihood at the mode, less what priors cost there.

    How wide the posterior is about the mode is much the same on both scales.
    """
    posterior = mode.posterior
    objective = posterior.objective(mode.at, no_randomisation(posterior))
    size = log_determinant(
        posterior.whitener, posterior.decorrelate, posterior.target.shape[1]
    )
    seen = posterior.observed.sum(1)
    size += float((posterior.precision.log() * seen).sum())
    return size - float(objective)
