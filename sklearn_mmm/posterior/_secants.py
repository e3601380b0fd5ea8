"""What gradients were seen to change by, for steps whose curvature agrees with it."""

from typing import NamedTuple

import torch
from torch import Tensor

from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Parameters
from sklearn_mmm.likelihood._slopes import Step

_MEMORY = 5


class Secant(NamedTuple):
    """A step, and the change of the gradient along it."""

    step: Step
    change: Step
    weight: Tensor


class Secants:
    r"""The last steps, which the next one's curvature has to agree with.

    The Gauss-Newton matrix leaves out the model's second derivatives, so that its
    steps go on getting shorter for long. Limited-memory BFGS (Nocedal, 1980, "Updating
    Quasi-Newton Matrices with Limited Storage") begins at that matrix instead of a
    multiple of the identity, and adds what gradients were seen to change by (Al-Baali &
    Fletcher, 1985, "Variational Methods for Non-Linear Least Squares").

    Attributes
    ----------
    pairs : tuple of Secant
        The latest last.
    last : tuple of Step or None
        Where the last step began, and its negative gradient there.
    """

    def __init__(self) -> None:
        self.pairs: tuple[Secant, ...] = ()
        self.last: tuple[Step, Step] | None = None

    def see(self, posterior: Posterior, at: Parameters, pull: Step) -> None:
        """Take note of the negative gradient at the parameters."""
        place = vectors_of(posterior, at)
        if self.last is not None:
            step = add(place, self.last[0], -1.0)
            change = add(self.last[1], pull, -1.0)
            along = dot(step, change)
            if (along > 0).all():
                self.pairs = (*self.pairs, Secant(step, change, 1 / along))
                self.pairs = self.pairs[-_MEMORY:]
        self.last = place, pull

    def before(self, pull: Step) -> tuple[Step, list[Tensor]]:
        """Return what the Gauss-Newton system is to be solved for."""
        shares: list[Tensor] = []
        for pair in reversed(self.pairs):
            shares.append(pair.weight * dot(pair.step, pull))
            pull = add(pull, pair.change, -shares[-1])
        return pull, shares[::-1]

    def after(self, step: Step, shares: list[Tensor]) -> Step:
        """Return the step, given the solution and the shares of :meth:`before`."""
        for pair, share in zip(self.pairs, shares, strict=True):
            beyond = share - pair.weight * dot(pair.change, step)
            step = add(step, pair.step, beyond)
        return step


def dot(a: Step, b: Step) -> Tensor:
    """Return the members' inner products, (member,)."""
    return (a[0] * b[0]).sum(1) + (a[1] * b[1]).sum((1, 2))


def add(a: Step, b: Step, factor: Tensor | float) -> Step:
    """Return vectors plus multiples of others, by member."""
    if isinstance(factor, float):
        return a[0] + factor * b[0], a[1] + factor * b[1]
    return a[0] + factor[:, None] * b[0], a[1] + factor[:, None, None] * b[1]


def vectors_of(posterior: Posterior, at: Parameters) -> Step:
    """Return parameters as vectors."""
    shared = torch.cat([at[name] for name in posterior.spans], 1)
    own = [at[name] for name in posterior.regional]
    none = shared.new_zeros(len(shared), len(posterior.target), 0)
    return shared, torch.cat(own, -1) if own else none
