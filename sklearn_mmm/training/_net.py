"""The skorch net: whole-panel epochs, penalised loss, callbacks."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from skorch import NeuralNet
from skorch.callbacks import (
    Callback,
    EarlyStopping,
    GradientNormClipping,
    LRScheduler,
)
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR
from tqdm.auto import tqdm

from sklearn_mmm.training._empirical_bayes import EmpiricalBayes

if TYPE_CHECKING:
    from sklearn_mmm.training._fit import TrainingData, TrainingOptions

_WARM_UP_EPOCHS = 30
_LAST_SHARE = 0.002


class WholePanel:
    """An iterator of skorch that yields the whole panel at once.

    Regions stay in order and no tensor is copied, unlike with a data loader that
    collates region after region in every epoch.
    """

    def __init__(self, dataset: Any, **kwargs: Any) -> None:
        self.dataset = dataset

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        """Yield the one batch of an epoch."""
        yield self.dataset.X, self.dataset.y

    def __len__(self) -> int:
        """Return the number of batches."""
        return 1


class MMMNet(NeuralNet):
    """A skorch net whose loss is a penalised likelihood per observation.

    Parameters
    ----------
    penalties : Penalties
        Named negative log priors.
    n_observations : int
        What the loss is divided by, so that gradients do not grow with the panel.
    """

    def __init__(
        self, *args: Any, penalties: Any, n_observations: int, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.penalties = penalties
        self.n_observations = n_observations

    def initialize(self) -> "MMMNet":
        """Initialise module, criterion and penalties."""
        super().initialize()
        self.penalties_ = self.penalties
        return self

    def get_loss(
        self, y_pred: Any, y_true: Tensor, X: Any = None, training: bool = False
    ) -> Tensor:
        """Return data loss plus penalties, per observation."""
        loss = super().get_loss(y_pred, y_true, X=X, training=training)
        penalty = sum(self.penalties_(self.module_).values())
        return (loss + penalty) / self.n_observations


class StopWhenSettled(EarlyStopping):
    """Early stopping that waits until the hyper-parameters are no longer renewed.

    Parameters
    ----------
    start : int
        Epoch from which the training loss is watched.
    """

    def __init__(self, start: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = start

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Watch the loss once the objective stands still."""
        if len(net.history) > self.start:
            super().on_epoch_end(net, **kwargs)


class EpochProgress(Callback):
    """A progress bar over epochs; skorch's own counts the batches of each epoch.

    Parameters
    ----------
    n_epochs : int
        Most epochs of the run.
    """

    def __init__(self, n_epochs: int) -> None:
        self.n_epochs = n_epochs

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Open the bar."""
        self.bar_ = tqdm(total=self.n_epochs, desc="fit", unit="epoch")

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Move the bar on."""
        self.bar_.update()

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Close the bar and drop it, so that a fitted net can be pickled."""
        self.bar_.close()
        del self.bar_


def make_callbacks(data: "TrainingData", options: "TrainingOptions") -> list[Any]:
    """Return the callbacks of a training run, in the order in which they act."""
    n_epochs = options.max_epochs
    last = int(0.9 * n_epochs)
    callbacks: list[Any] = [
        ("clip", GradientNormClipping(options.gradient_clip)),
        ("schedule", LRScheduler(LambdaLR, lr_lambda=_Cosine(n_epochs))),
        (
            "empirical_bayes",
            EmpiricalBayes(
                data.covariance,
                data.position,
                data.observed,
                first=max(1, n_epochs // 10),
                last=last,
                every=max(1, n_epochs // 20),
            ),
        ),
        (
            "early_stopping",
            StopWhenSettled(
                start=last,
                monitor="train_loss",
                patience=options.n_iter_no_change,
                threshold=options.tol,
                sink=_silent,
            ),
        ),
    ]
    if options.verbose:
        callbacks.append(("progress", EpochProgress(n_epochs)))
    return callbacks


def _silent(message: str) -> None:
    """Swallow skorch's printed line: estimators do not print."""


class _Cosine:
    """Warm-up followed by half a cosine, as a factor of the learning rate."""

    def __init__(self, n_epochs: int) -> None:
        self.n_epochs = n_epochs

    def __call__(self, epoch: int) -> float:
        warm = min(1.0, (epoch + 1) / _WARM_UP_EPOCHS)
        share = min(1.0, epoch / self.n_epochs)
        return 0.5 * (1 + np.cos(np.pi * share)) * warm + _LAST_SHARE
