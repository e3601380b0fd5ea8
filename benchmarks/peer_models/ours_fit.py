"""Our own regressor with its default settings, but for the graph of channels."""

import warnings

import numpy as np
import pandas as pd
import torch
from exchange import Answer, main

from sklearn_mmm import DeepCausalMMMRegressor


class OurAnswer(Answer):
    """Intervals are asked of the regressor, which makes no draws of every week."""

    def __init__(self, mmm, **options):
        super().__init__(**options)
        self.mmm = mmm

    def intervals(self, task):
        """Return the ends of 90 % intervals of totals, by channel and region."""
        every = self.mmm.effects("direct", coverage=0.9).reset_index()
        apart = self.mmm.effects("direct", coverage=0.9, by="channel×region")
        apart = apart.reset_index()
        table = pd.concat([every.assign(region="all"), apart])
        return table[["channel", "region", "low", "high"]]


def fit(task):
    """Fit the regressor."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    X, y = task.train.drop(columns="outcome"), task.train["outcome"]
    mmm = DeepCausalMMMRegressor(
        task.media, task.controls, "region", "week", random_state=0, graph=False
    ).fit(X, y)
    forecast = mmm.predict(task.future)
    shape = (len(task.regions), -1, len(task.media))
    mean = np.asarray(mmm.contributions_[task.media]).reshape(shape)
    return OurAnswer(mmm, mean=mean, forecast=forecast)


if __name__ == "__main__":
    main(fit)
