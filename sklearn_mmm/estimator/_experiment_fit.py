"""What a fitted model says of the experiments that it was told."""

import numpy as np
import pandas as pd
import torch

from sklearn_mmm.estimator._predictor import Predictor
from sklearn_mmm.likelihood._experiments import Experiment

# Standard errors between a test and the model from which on they contradict.
CONTRADICTION = 4.0


@torch.no_grad()
def experiment_fit(
    predictor: Predictor, channels: list[str], tests: list[Experiment]
) -> pd.DataFrame:
    """Return lifts as measured beside the model's own.

    Parameters
    ----------
    predictor : Predictor
        Fitted with the tests.
    channels : list of str
    tests : list of Experiment
        On the training panel.

    Returns
    -------
    DataFrame
        ``channel``; ``lift`` and ``std_error`` as told, and ``model``, outcome units;
        ``gap`` between them in standard errors.
    """
    columns = ["channel", "lift", "std_error", "model", "gap"]
    if not tests:
        return pd.DataFrame(columns=columns)
    _, sequence = predictor.sequence(predictor.history)
    own = sequence.contributions(sequence.media)[0].numpy()
    rows = []
    for test in tests:
        media = sequence.media.clone()
        media[..., list(test.channels)] = torch.as_tensor(test.other)
        other = sequence.contributions(media)[0].numpy()
        moved = own - other
        # Where effects multiply, what others bring hangs on the channel and counts.
        if not predictor.multiplies:
            moved = moved[..., [*test.channels, *test.along]]
        brought = moved.sum(axis=-1)
        model = float((brought * test.counted).sum(axis=1) @ predictor.scales.outcome)
        names = ", ".join(channels[c] for c in test.channels)
        gap = (model - test.lift) / test.std_error
        rows.append((names, test.lift, test.std_error, model, gap))
    return pd.DataFrame(rows, columns=columns)


def contradicted(table: pd.DataFrame) -> list[str]:
    """Return the tests that the model contradicts, in words."""
    far = table[np.abs(table["gap"].astype(float)) > CONTRADICTION]
    return [
        f"{row.channel}: lift {row.lift:.4g} ± {row.std_error:.3g}, the model says "
        f"{row.model:.4g}"
        for row in far.itertuples()
    ]
