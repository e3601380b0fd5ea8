"""The skorch net: epochs are steps towards the mode, callbacks do everything else."""

from collections.abc import Iterator
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import Tensor, nn
from tqdm.auto import tqdm

from sklearn_mmm.posterior import ModeSearch


class WholePanel:
    """An iterator of skorch that yields the panel as it is.

    No tensor is copied, unlike with a data loader that collates region after region.

    Parameters
    ----------
    dataset : skorch.dataset.Dataset
        Dicts of tensors whose first axis is the region.
    """

    def __init__(self, dataset: Any, batch_size: int, **kwargs: Any) -> None:
        self.dataset = dataset

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        """Yield the one batch of an epoch."""
        yield self.dataset.X, self.dataset.y

    def __len__(self) -> int:
        """Return the number of batches."""
        return 1


class GaussNewton:
    """The optimiser of the net: a step of a search for the mode.

    It has the methods of a torch optimiser that skorch calls, without being one, for
    those load a compiler first.

    Parameters
    ----------
    search : ModeSearch
    """

    def __init__(self, search: ModeSearch) -> None:
        self.search = search

    def step(self) -> float:
        """Take a step; return the objective."""
        return self.search.step()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Nothing: there are no stored gradients."""

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: what a step depends on is learned from the data."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take what :meth:`state_dict` returns."""


class Finished(Exception):
    """There is nothing left to do."""


class MMMNet(NeuralNet):
    """A skorch net in which an epoch is a step of Gauss-Newton or of an optimiser.

    Parameters
    ----------
    search : ModeSearch or None
        Whose steps the epochs are; None for those of ``optimizer``.
    penalties : Penalties or None
        Named negative log priors, which an optimiser adds to the criterion.
    n_observations : int
        What the loss is divided by.
    """

    def __init__(
        self,
        *args: Any,
        search: ModeSearch | None = None,
        penalties: Any = None,
        n_observations: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.search = search
        self.penalties = penalties
        self.n_observations = n_observations

    def initialize_optimizer(self, *args: Any, **kwargs: Any) -> "MMMNet":
        """Make the optimiser: Gauss-Newton, if there is a search for a mode."""
        if self.search is None:
            super().initialize_optimizer(*args, **kwargs)
        else:
            self.optimizer_ = GaussNewton(self.search)
        return self

    def train_step(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Take a step."""
        if self.search is None:
            return dict(super().train_step(batch, **fit_params))
        loss = self.optimizer_.step() / self.n_observations
        return {"loss": torch.tensor(loss), "y_pred": None}

    def get_loss(
        self,
        y_pred: Any,
        y_true: dict[str, Tensor],
        X: Any = None,
        training: bool = False,
    ) -> Tensor:
        """Return data loss plus penalties, per observation."""
        loss = super().get_loss(y_pred, y_true, X=X, training=training)
        penalty = sum(self.penalties(self.module_).values())
        return (loss + penalty) / self.n_observations

    def partial_fit(
        self, X: Any, y: Any = None, classes: Any = None, **fit_params: Any
    ) -> "MMMNet":
        """Train; an interruption is passed on.

        skorch takes any KeyboardInterrupt for a wish to stop early. Those that its own
        callbacks raise are one; Ctrl-C is not.
        """
        if not self.initialized_:
            self.initialize()
        fit_params.pop("_routing_method", None)
        self.notify("on_train_begin", X=X, y=y)
        try:
            self.fit_loop(X, y, **fit_params)
        except Finished:
            pass
        except KeyboardInterrupt as interrupt:
            if not _raised_by_a_callback(interrupt):
                raise
        finally:
            self.notify("on_train_end", X=X, y=y)
        return self


def _raised_by_a_callback(interrupt: BaseException) -> bool:
    trace = interrupt.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = trace.tb_frame.f_globals.get("__name__", "") if trace else ""
    return module.startswith("skorch.callbacks")


class RenewHyperparameters(Callback):
    """Renew hyper-parameters at each mode, and end training at the last one."""

    @torch.no_grad()
    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Renew if the mode is found."""
        search = net.optimizer_.search
        net.history.record("round", search.n_renewals)
        net.history.record("gain", search.gain)
        search.advance()
        if search.finished:
            raise Finished


class Progress(Callback):
    """A progress bar over rounds of hyper-parameters, or over epochs.

    skorch's own counts the batches of each epoch.

    Parameters
    ----------
    name : str
        What the bar is called.
    total : int
        Rounds or epochs.
    unit : {"round", "epoch"}
    """

    def __init__(self, name: str, total: int, unit: str) -> None:
        self.name = name
        self.total = total
        self.unit = unit

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Open the bar."""
        self.bar_ = tqdm(desc=self.name, total=self.total, unit=self.unit)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Move the bar on."""
        done = len(net.history)
        if self.unit == "round":
            done = net.optimizer_.search.n_renewals
        self.bar_.set_postfix(loss=f"{net.history[-1, 'train_loss']:.5f}")
        self.bar_.update(done - self.bar_.n)

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Close the bar and drop it, so that a fitted net can be pickled."""
        if self.unit == "round" and net.optimizer_.search.finished:
            self.bar_.update(self.total - self.bar_.n)
        self.bar_.close()
        del self.bar_


class NoCriterion(nn.Module):
    """The criterion of a net whose search has an objective of its own."""
