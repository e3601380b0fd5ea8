"""How to train."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skorch.callbacks import Callback

from sklearn_mmm._arguments import shown
from sklearn_mmm.components._noise import HuberNoise
from sklearn_mmm.likelihood._penalised import Believed
from sklearn_mmm.network import ResponseShape, Signs


@dataclass(frozen=True)
class TrainingOptions:
    """How to train; see the regressor's parameters of the same names.

    Attributes
    ----------
    shape : ResponseShape
        What its ``adstock``, ``saturation`` and ``max_lag`` amount to.
    noise : HuberNoise
        With its ``huber_delta``.
    signs : Signs
        What its ``media_signs`` and ``control_signs`` amount to.
    believed : mapping
        What is believed of the shape of single units.
    longest : tuple of int or None
        Lengths in time steps that the units' kernels may grow to, in a wider form,
        where the data say so; 0 where form and length are told, None if all are.
    link : {"auto", "identity", "log"}
        Of what effects are added to: the outcome or its logarithm; as the data say.
    n_jobs : int or None
        Threads, which change no result.
    """

    shape: ResponseShape
    time_varying: bool
    validation: bool
    n_members: int
    l1: float
    l2: float
    noise: HuberNoise
    max_epochs: int
    tol: float
    callbacks: Sequence[Any]
    verbose: int
    signs: Signs
    believed: Believed
    longest: tuple[int, ...] | None
    link: str = "auto"
    n_jobs: int | None = None

    def __post_init__(self) -> None:
        for given in self.callbacks:
            # skorch takes pairs of a name and a callback as well, and classes.
            own = given[1] if isinstance(given, tuple) and len(given) == 2 else given
            kind = own if isinstance(own, type) else type(own)
            if not issubclass(kind, Callback):
                raise TypeError(
                    f"callbacks has {shown(given)}; give callbacks of skorch, see "
                    "skorch.callbacks.Callback"
                )

    @property
    def max_lag(self) -> int:
        """Length of the adstock kernels."""
        return self.shape.n_lags
