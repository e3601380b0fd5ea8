"""How the training went, and what it chose."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model


class TrainingTables(NamedTuple):
    """The course of a training.

    Attributes
    ----------
    epochs : DataFrame
        ``epoch``, ``train_loss``, ``valid_loss`` where the net was validated while it
        trained, ``learning_rate`` and ``seconds`` since the start.
    hyperparameters : DataFrame
        ``name`` and ``value``: what was learned and what inner validation chose.
    """

    epochs: pd.DataFrame
    hyperparameters: pd.DataFrame


@of_fitted_model
def training_tables(mmm: FittedMMM) -> TrainingTables:
    """Return losses by epoch, and the hyper-parameters of a fit.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.

    Returns
    -------
    TrainingTables
        ``epochs`` and ``hyperparameters``.

    Notes
    -----
    The loss is a penalised negative log-likelihood per observation. It may rise, since
    scales of noise and priors are learned on the way and change what is minimised.
    ``inner_skill`` is the skill of forecasts from three origins inside the training
    weeks, by which hyper-parameters were chosen (``validation=True``).

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import training_tables
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> len(training_tables(mmm).epochs)
    5
    """
    history = list(mmm.net_.history)
    epochs = pd.DataFrame({"epoch": [int(row["epoch"]) for row in history]})
    names = {
        "train_loss": "train_loss",
        "valid_loss": "valid_loss",
        "event_lr": "learning_rate",
    }
    for recorded, name in names.items():
        if all(recorded in row for row in history):
            epochs[name] = [float(row[recorded]) for row in history]
    epochs["seconds"] = np.cumsum([float(row["dur"]) for row in history])
    chosen = pd.Series(mmm.hyperparameters_, name="value", dtype=float)
    return TrainingTables(epochs, chosen.rename_axis("name").reset_index())
