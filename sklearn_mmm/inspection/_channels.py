"""What each channel cost and brought."""

import numpy as np
import pandas as pd

from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._totals import outcome_total
from sklearn_mmm.inspection._training_rows import worth_of_parts


@of_fitted_model
def channel_summary(mmm: FittedMMM) -> pd.DataFrame:
    """Return spend, contribution, shares and ROI of each channel in training.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.

    Returns
    -------
    DataFrame
        Indexed by channel: ``spend`` (spend units), ``contribution`` (outcome units, or
        money with an ``outcome_value``),
        ``share_of_outcome`` (NaN where outcomes above and below zero all but cancel,
        or their sum is below zero), ``share_of_media``, ``roi`` (contribution
        per spend unit; NaN where nothing was spent), and the parameters of adstock and
        saturation (``decay``, ``half_saturation`` and ``slope`` by default).

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import channel_summary
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, n_members=0, validation=False, graph=False, random_state=0,
    ... ).fit(X, y)
    >>> float(channel_summary(mmm)["share_of_media"].sum().round(6))
    1.0
    """
    channels = mmm.media_columns_
    spend = mmm.spend_.sum()
    contribution = worth_of_parts(mmm)[channels].sum()
    media = float(contribution.sum())
    table = pd.DataFrame(
        {
            "spend": spend,
            "contribution": contribution,
            "share_of_outcome": contribution / outcome_total(mmm),
            "share_of_media": contribution / media if media > 0 else np.nan,
            "roi": contribution / spend.where(spend > 0),
        }
    )
    shape = [mmm.adstock_parameters_, mmm.saturation_parameters_]
    return pd.concat([table, *shape], axis=1).rename_axis("channel")
