r"""An ensemble of refits on randomised data and priors.

Each member maximises the same penalised likelihood as the main fit, with noise added to
the whitened residuals and every prior's mean moved by a draw from that prior. For a
linear model with Gaussian noise the members are draws from the posterior (Papandreou &
Yuille, 2010, "Gaussian sampling by local perturbations"); with curves they are close
to it (Bardsley, Solonen, Haario & Laine, 2014, "Randomize-then-optimize"). What the
data do not say is as wide as its prior.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from sklearn_mmm.baseline._forecast import TimeBaseline
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Parameters, Randomisation
from sklearn_mmm.network import MMMModule
from sklearn_mmm.posterior._gauss_newton import around
from sklearn_mmm.posterior._normal_equations import NormalEquations
from sklearn_mmm.posterior._parts import explained_by

# Standard deviations of members are so many times those of the posterior: the model is
# an approximation, and what it lacks shows in the errors of its estimates.
WIDENING = 1.25
# Numbers that the media of members may take which are drawn at once, and the
# innovations of those which take steps together.
_BATCH_SIZE = 2_000_000


@dataclass(frozen=True)
class Member:
    """A set of parameters that the data allow as well."""

    module: MMMModule
    baseline: TimeBaseline


def make_members(
    posterior: Posterior,
    at: Parameters,
    draws: Parameters,
    data: TrainingData,
    baseline: TimeBaseline,
    inputs: Parameters,
) -> list[Member]:
    """Return members with given parameters, and condition their baselines.

    Parameters
    ----------
    posterior : Posterior
    at : dict of Tensor
        The mode, as one member.
    draws : dict of Tensor
        See :func:`draw_members`.
    data : TrainingData
        What baselines are conditioned on.
    baseline : TimeBaseline
        Of the mode.
    inputs : dict of Tensor
        Of the data.
    """
    seen = posterior.reading(data, inputs)
    with torch.no_grad():
        fit = explained_by(seen, draws).numpy()
        # How far the members' courses are from the mode's.
        course = (posterior.course(draws) - posterior.course(at)).numpy()
    residual = data.target - fit
    if len(baseline.course_weights):
        course = course + baseline.course()
        residual = residual - course[:, None]
    residual *= data.observed
    intercept = draws["intercept"][:, 0].numpy()
    return [
        Member(posterior.module_of(draws, m), own)
        for m, own in enumerate(baseline.with_draws(intercept, course, residual))
    ]


def draw_members(
    posterior: Posterior,
    at: Parameters,
    n_members: int,
    seed: int,
    n_corrections: int,
    widening: float = 1.0,
    verbose: int = 0,
    system: NormalEquations | None = None,
    n_jobs: int | None = None,
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
        Steps after the first one, which takes the model as linear; see
        :func:`~sklearn_mmm.posterior._gauss_newton.around`.
    widening : float, default=1.0
        Factor of all standard deviations.
    verbose : int, default=0
        Whether to show a progress bar.
    system : NormalEquations or None, default=None
        At the mode, where it is known already.
    n_jobs : int or None, default=None
        Threads on which members take steps of their own.
    """
    system = system or NormalEquations(posterior, at)
    rng = np.random.default_rng(seed)
    found: list[Parameters] = []
    with tqdm(
        total=n_members, desc="members", unit="member", disable=not verbose
    ) as bar:
        for random in _randomisations(posterior, at, n_members, rng, widening):
            found.append(around(posterior, at, random, system, n_corrections, n_jobs))
            bar.update(len(random.noise))
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
    size = posterior.at_once(_BATCH_SIZE)
    for first in range(0, n_members, size):
        yield min(size, n_members - first)


def _randomisations(
    posterior: Posterior,
    at: Parameters,
    n_members: int,
    rng: np.random.Generator,
    widening: float,
) -> Iterator[Randomisation]:
    """Draw members, and yield those together whose steps are taken together."""
    drawn: list[Randomisation] = []
    for n in _batches(posterior, n_members):
        drawn.append(_randomise(posterior, at, n, rng, widening))
        if sum(part.noise.numel() for part in drawn) >= _BATCH_SIZE:
            yield Randomisation.joined(drawn)
            drawn = []
    if drawn:
        yield Randomisation.joined(drawn)


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
    noise = draw(*posterior.target.shape) * posterior.observed
    priors = {name: draw(*at[name].shape[1:]) for name in names}
    for name, drawn in priors.items():
        # A channel's numbers do not depend on where its column stands.
        order = posterior.orders.of(name)
        if order is not None and len(order):
            own = drawn.view(n, -1, len(order))
            own[..., order] = own.clone()
    # Last, so that other draws do not depend on how many experiments there are.
    return Randomisation(noise, draw(n_rows), priors)
