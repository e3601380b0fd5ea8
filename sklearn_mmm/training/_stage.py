"""A stage of training: a module is brought to its mode on a whole panel."""

from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
import torch

from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.likelihood._experiments import (
    Experiment,
    ExperimentRows,
    experiment_rows,
)
from sklearn_mmm.network import MMMModule
from sklearn_mmm.posterior import Hyperparameters, Mode, ModeSearch, Schedule
from sklearn_mmm.training._checkpoint import Checkpoint, KeepSearch, search_state
from sklearn_mmm.training._link import (
    logged_hyperparameters,
    may_multiply,
    multiplies,
)
from sklearn_mmm.training._net import (
    MMMNet,
    NoCriterion,
    Progress,
    RenewHyperparameters,
    WholePanel,
)
from sklearn_mmm.training._options import TrainingOptions

# Variances are not searched to the end in a round: the next one goes on.
SCHEDULE = Schedule(n_rounds=5, n_steps=6, n_last_steps=30, n_iterations=8)
AGAIN = Schedule(n_rounds=2, n_steps=6, n_last_steps=30, n_iterations=6)


class Told(NamedTuple):
    """What stays the same from stage to stage.

    Attributes
    ----------
    experiments : list of Experiment
    outcome_scale : ndarray of shape (n_regions,)
    seed : int
    checkpoint : Checkpoint
    """

    experiments: list[Experiment]
    outcome_scale: np.ndarray
    seed: int
    checkpoint: Checkpoint


class Trained(NamedTuple):
    """A stage of training on a whole panel.

    Attributes
    ----------
    module : MMMModule
        At the mode.
    data, usual : TrainingData
        From a silent past, and from the usual one, on which it is trained.
    net : MMMNet
    mode : Mode
    """

    module: MMMModule
    data: TrainingData
    usual: TrainingData
    net: MMMNet
    mode: Mode


def train_whole(
    module: MMMModule,
    data: TrainingData,
    hyper: Hyperparameters,
    told: Told,
    schedule: Schedule,
    options: TrainingOptions,
    name: str,
) -> Trained:
    """Train a module on a panel with the usual past and its experiments."""
    usual = data.with_usual_past()
    rows = experiment_rows(told.experiments, module, data, told.outcome_scale)
    stage = schedule, options, told.seed, name, told.checkpoint
    net, mode = train(module, usual, hyper, rows, *stage)
    return Trained(module, data, usual, net, mode)


def multiplied(found: Trained, told: Told, options: TrainingOptions) -> Trained:
    """Let effects multiply if outcomes are likelier then."""
    usual = found.usual
    if not may_multiply(found.mode, usual):
        return found
    own, logged = deepcopy(found.module), found.data.logged()
    hyper = logged_hyperparameters(found.mode, usual)
    other = train_whole(own, logged, hyper, told, AGAIN, options, "multiplied")
    drifts = options.time_varying
    return other if multiplies(found.mode, other.mode, usual, drifts) else found


def train(
    module: MMMModule,
    data: TrainingData,
    hyper: Hyperparameters,
    experiments: ExperimentRows | None,
    schedule: Schedule,
    options: TrainingOptions,
    seed: int,
    name: str,
    checkpoint: Checkpoint,
) -> tuple[MMMNet, Mode]:
    """Train a module in a skorch loop; it has the mode's parameters afterwards."""
    search = ModeSearch(module, data, hyper, experiments, schedule, options.tol, seed)
    callbacks: list[Any] = [("hyperparameters", RenewHyperparameters())]
    if options.verbose:
        # Before the callback that ends training.
        bar = Progress(name, schedule.n_rounds + 1, "round")
        callbacks.insert(0, ("progress", bar))
    if checkpoint.path is not None:
        callbacks.insert(0, ("checkpoint", KeepSearch(checkpoint, name)))
    net = MMMNet(
        module,
        criterion=NoCriterion,
        search=search,
        n_observations=int(data.observed.sum()),
        max_epochs=options.max_epochs,
        batch_size=-1,
        iterator_train=WholePanel,
        train_split=None,
        callbacks=[*options.callbacks, *callbacks],
        callbacks__print_log=None,
        verbose=0,
    )
    _run(net, search, data, options, name, checkpoint)
    mode = search.mode
    mode.posterior.install(module, mode.at, 0)
    # What only training needs is dropped, so that a fitted estimator is small.
    net.search = None
    del net.optimizer_
    return net, mode


@torch.no_grad()
def _run(
    net: MMMNet,
    search: ModeSearch,
    data: TrainingData,
    options: TrainingOptions,
    name: str,
    checkpoint: Checkpoint,
) -> None:
    """Run the loop of a net, or what is left of it."""
    net.initialize()
    begun = checkpoint.recall(name)
    if begun is not None:
        search.restore(begun["search"])
        net.history.extend(begun["history"])
        if begun["ended"]:
            return
    net.partial_fit(
        search.mode.posterior.inputs,
        {"outcome": torch.as_tensor(data.target)},
        epochs=options.max_epochs - len(net.history),
    )
    checkpoint.keep(name, search_state(net, list(net.history), ended=True))
