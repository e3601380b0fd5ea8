r"""An ensemble of refits on randomised data and priors.

Each member maximises the same penalised likelihood as the main fit, with noise added to
the whitened residuals and every prior's mean moved by a draw from that prior. For a
linear model with Gaussian noise the members are draws from the posterior (Papandreou &
Yuille, 2010, "Gaussian sampling by local perturbations"); with curves they are close
to it (Bardsley, Solonen, Haario & Laine, 2014, "Randomize-then-optimize"). What the
data do not say is as wide as its prior.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from sklearn_mmm.training._gauss_newton import (
    Preconditioner,
    find_modes,
    first_step,
    make_system,
)
from sklearn_mmm.training._posterior import Parameters, Posterior, Randomisation

# Numbers that the media of a batch of members may take.
_BATCH_SIZE = 1_000_000


def draw_members(
    posterior: Posterior,
    at: Parameters,
    n_members: int,
    seed: int,
    n_corrections: int,
    widening: float = 1.0,
    verbose: int = 0,
) -> Parameters:
    """Return the parameters of members whose spread is the uncertainty around a mode.

    Parameters
    ----------
    posterior : Posterior
    at : dict of Tensor
        The mode, as one member.
    n_members : int
    seed : int
    n_corrections : int
        Gauss-Newton steps after the first one, which takes the model as linear.
    widening : float, default=1.0
        Factor of all standard deviations.
    verbose : int, default=0
        Whether to show a progress bar.
    """
    system = make_system(posterior, at)
    preconditioner = Preconditioner(system)
    rng = np.random.default_rng(seed)
    found: list[Parameters] = []
    with tqdm(
        total=n_members, desc="members", unit="member", disable=not verbose
    ) as bar:
        for n in _batches(posterior, n_members):
            random = _randomise(posterior, at, n, rng, widening)
            start = {
                name: value.expand(n, *value.shape[1:]) for name, value in at.items()
            }
            moved = first_step(posterior, system, start, random, preconditioner)
            found.append(
                find_modes(posterior, moved, random, preconditioner, n_corrections)
            )
            bar.update(n)
    return {name: torch.cat([part[name] for part in found]) for name in at}


def no_randomisation(posterior: Posterior) -> Randomisation:
    """Return what leaves the objective as it is."""
    n_rows = 0 if posterior.experiments is None else posterior.experiments.n_experiments
    return Randomisation(
        posterior.target.new_zeros(1, *posterior.target.shape),
        posterior.target.new_zeros(1, n_rows),
        {},
    )


def _batches(posterior: Posterior, n_members: int) -> Iterator[int]:
    size = max(1, _BATCH_SIZE // max(1, posterior.inputs["lags"].numel()))
    for first in range(0, n_members, size):
        yield min(size, n_members - first)


def _randomise(
    posterior: Posterior,
    at: Parameters,
    n: int,
    rng: np.random.Generator,
    widening: float,
) -> Randomisation:
    def draw(*shape: int) -> Tensor:
        return widening * torch.as_tensor(rng.standard_normal((n, *shape)))

    n_rows = 0 if posterior.experiments is None else posterior.experiments.n_experiments
    names = [
        n for n in posterior.priors if n in posterior.spans or n in posterior.regional
    ]
    return Randomisation(
        draw(*posterior.target.shape) * posterior.observed,
        draw(n_rows),
        {name: draw(*at[name].shape[1:]) for name in names},
    )
