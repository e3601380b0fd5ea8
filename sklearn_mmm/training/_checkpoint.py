"""What a fit has found so far, in a file, so that one that was ended can go on."""

from dataclasses import dataclass, field
from os import PathLike
from typing import Any

from skorch.callbacks import Callback

from sklearn_mmm._arguments import as_path
from sklearn_mmm._version import __version__
from sklearn_mmm.storage import fingerprint, load, save


@dataclass
class Kept:
    """What is in the file.

    Attributes
    ----------
    fingerprint : str
        Of everything that the fit depends on.
    seed : int
    stages : dict
        What each stage of the fit has found.
    """

    fingerprint: str
    seed: int
    stages: dict[str, Any] = field(default_factory=dict)


class Checkpoint:
    """The stages of a fit, written to a file as soon as they are there.

    Parameters
    ----------
    path : path-like or None
        Where the file is, or will be; None keeps nothing.

    Raises
    ------
    TypeError
        If it is no path.
    ValueError
        If there is a file that is no checkpoint.
    """

    def __init__(self, path: "str | PathLike[str] | None" = None) -> None:
        self.path = None if path is None else as_path("checkpoint", path)
        self.kept: Kept | None = None
        if self.path is not None and self.path.exists():
            found = load(self.path)
            if not isinstance(found, Kept):
                raise ValueError(
                    f"checkpoint {self.path} is a {type(found).__name__} that was "
                    "saved; give another path"
                )
            self.kept = found

    @property
    def seed(self) -> int | None:
        """Seed of the fit that was begun; None if there is none."""
        return None if self.kept is None else self.kept.seed

    def begin(self, inputs: tuple[Any, ...], seed: int) -> None:
        """Begin a fit, or go on with the one that was begun.

        Parameters
        ----------
        inputs : tuple
            All that the fit depends on.
        seed : int

        Raises
        ------
        ValueError
            If the file is of another fit.
        OSError
            If it cannot be written.
        """
        if self.path is None:
            return
        own = fingerprint((__version__, seed, *inputs))
        if self.kept is None:
            self.kept = Kept(own, seed)
            save(self.kept, self.path)
        elif self.kept.fingerprint != own:
            raise ValueError(
                f"checkpoint {self.path} is of a fit with other data, parameters or "
                "random_state, or of another version of the package; give another "
                "path, or delete the file to begin anew"
            )

    def recall(self, stage: str) -> Any:
        """Return what a stage has found; None if it has not been kept."""
        return None if self.kept is None else self.kept.stages.get(stage)

    def keep(self, stage: str, found: Any) -> None:
        """Keep what a stage has found."""
        if self.kept is not None and self.path is not None:
            self.kept.stages[stage] = found
            save(self.kept, self.path)

    def remove(self) -> None:
        """Remove the file: the fit is complete."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


class KeepSearch(Callback):
    """Keep the state of a search for a mode before each of its steps.

    Parameters
    ----------
    checkpoint : Checkpoint
    stage : str
    """

    def __init__(self, checkpoint: Checkpoint, stage: str) -> None:
        self.checkpoint: Checkpoint | None = checkpoint
        self.stage = stage

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Keep the state that the step starts from."""
        if self.checkpoint is not None:
            # The last row is that of the step to come.
            state = search_state(net, list(net.history[:-1]), ended=False)
            self.checkpoint.keep(self.stage, state)

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Drop the checkpoint, which is no part of a trained net."""
        self.checkpoint = None


def search_state(net: Any, history: list[Any], ended: bool) -> dict[str, Any]:
    """Return the state of a net's search for a mode."""
    return {"search": net.search.state(), "history": history, "ended": ended}
