"""The skorch net: whole-panel epochs, penalised loss, callbacks."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
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
    from sklearn_mmm.likelihood._data import TrainingData
    from sklearn_mmm.training._options import TrainingOptions

_WARM_UP_EPOCHS = 30
_LAST_SHARE = 0.002
# Before this epoch effects have not grown yet, and would be taken for none.
_FIRST_RENEWAL = 40
# Share of the epochs after which effects may vary with time.
_MODULATION_START = 0.4


class RegionBatches:
    """An iterator of skorch over batches of regions, in a new order every epoch.

    A panel that is one batch is yielded as it is: regions stay in order and no tensor
    is copied, unlike with a data loader that collates region after region.

    Parameters
    ----------
    dataset : skorch.dataset.Dataset
        Dicts of tensors whose first axis is the region.
    batch_size : int
        Regions of a batch.
    """

    def __init__(self, dataset: Any, batch_size: int, **kwargs: Any) -> None:
        self.dataset = dataset
        self.batch_size = batch_size

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        """Yield the batches of an epoch."""
        X, y = self.dataset.X, self.dataset.y
        n_regions = len(y["region"])
        if self.batch_size >= n_regions:
            yield X, y
            return
        for batch in torch.tensor_split(torch.randperm(n_regions), len(self)):
            yield (
                {name: tensor[batch] for name, tensor in X.items()},
                {name: tensor[batch] for name, tensor in y.items()},
            )

    def __len__(self) -> int:
        """Return the number of batches."""
        return -(-len(self.dataset.y["region"]) // self.batch_size)


class MMMNet(NeuralNet):
    """A skorch net whose loss is a penalised likelihood per observation.

    Parameters
    ----------
    penalties : Penalties
        Named negative log priors.
    n_observations : int
        What the loss is divided by, so that gradients do not grow with the panel.
    n_regions : int
        Regions of the panel, of which a batch is a sample.
    """

    def __init__(
        self,
        *args: Any,
        penalties: Any,
        n_observations: int,
        n_regions: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.penalties = penalties
        self.n_observations = n_observations
        self.n_regions = n_regions

    def initialize(self) -> "MMMNet":
        """Initialise module, criterion and penalties."""
        super().initialize()
        self.penalties_ = self.penalties
        return self

    def partial_fit(
        self, X: Any, y: Any = None, classes: Any = None, **fit_params: Any
    ) -> "MMMNet":
        """Train; an interruption is passed on.

        skorch takes any KeyboardInterrupt for a wish to stop early. Those that its own
        callbacks raise are one; Ctrl-C is not.
        """
        if not self.initialized_:
            self.initialize()
        self.notify("on_train_begin", X=X, y=y)
        try:
            self.fit_loop(X, y, **fit_params)
        except KeyboardInterrupt as interrupt:
            if not _raised_by_a_callback(interrupt):
                raise
        finally:
            self.notify("on_train_end", X=X, y=y)
        return self

    def get_loss(
        self,
        y_pred: Any,
        y_true: dict[str, Tensor],
        X: Any = None,
        training: bool = False,
    ) -> Tensor:
        """Return data loss plus penalties, per observation."""
        loss = super().get_loss(y_pred, y_true, X=X, training=training)
        loss = loss * (self.n_regions / len(y_true["region"]))
        penalty = sum(self.penalties_(self.module_).values())
        return (loss + penalty) / self.n_observations


def _raised_by_a_callback(interrupt: BaseException) -> bool:
    trace = interrupt.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = trace.tb_frame.f_globals.get("__name__", "") if trace else ""
    return str(module).startswith("skorch.callbacks")


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


class StartModulation(Callback):
    """Let effects vary with time once constant ones have settled.

    Parameters
    ----------
    epoch : int
        From which on.
    """

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Start if it is time."""
        if len(net.history) > self.epoch:
            net.module_.effects.active = True


class EpochProgress(Callback):
    """A progress bar over epochs; skorch's own counts the batches of each epoch.

    Parameters
    ----------
    n_epochs : int
        Most epochs of the run.
    name : str
        What the bar is called.
    """

    def __init__(self, n_epochs: int, name: str) -> None:
        self.n_epochs = n_epochs
        self.name = name

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Open the bar."""
        self.bar_ = tqdm(total=self.n_epochs, desc=self.name, unit="epoch")

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Move the bar on."""
        self.bar_.update()

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Close the bar and drop it, so that a fitted net can be pickled."""
        self.bar_.close()
        del self.bar_


def make_callbacks(
    data: "TrainingData",
    options: "TrainingOptions",
    n_epochs: int,
    modulates: bool,
    name: str,
) -> list[Any]:
    """Return the callbacks of a training run, in the order in which they act."""
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
                first=min(max(_FIRST_RENEWAL, n_epochs // 10), max(1, n_epochs // 2)),
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
    if modulates:
        start = StartModulation(int(_MODULATION_START * n_epochs))
        callbacks.append(("modulation", start))
    if options.verbose:
        callbacks.append(("progress", EpochProgress(n_epochs, name)))
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
