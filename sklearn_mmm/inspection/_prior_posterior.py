"""What the data added to what was believed before."""

import pandas as pd

from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model

# A posterior as wide as this share of its prior, and this near to its mean in standard
# deviations of the prior, has learned next to nothing.
_AS_WIDE, _AS_NEAR = 0.8, 1.0


@of_fitted_model
def prior_posterior(mmm: FittedMMM) -> pd.DataFrame:
    """Return each parameter's prior beside its posterior.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted, with two members at least.

    Returns
    -------
    DataFrame
        ``parameter`` ("effect" and those of saturation and adstock), ``channel``,
        ``prior_mean``, ``prior_sd``, ``posterior_mean``, ``posterior_sd`` (of the
        members), ``moved`` (posterior less prior mean, in prior standard deviations)
        and ``not_learned``: the posterior is nearly as wide as the prior (0.8) and its
        mean less than one standard deviation of the prior away, so what is said of the
        parameter was believed before. Effects are relative to the region's mean
        outcome, half-saturations to the media scale.

    Raises
    ------
    ValueError
        If there are fewer than two members.

    Notes
    -----
    The prior of effects is half-normal, its scale learned from all channels together;
    those of the other parameters are Gaussian once transformed
    (:class:`~sklearn_mmm.components.Prior`). Beliefs about half-life,
    half-saturation and slope given as ``priors`` are priors here; those about ROI and
    contributions, and lift tests, are part of the data: they move the posterior.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import prior_posterior
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, n_members=4, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> prior_posterior(mmm)["parameter"].unique().tolist()
    ['effect', 'half_saturation', 'slope', 'decay']
    """
    table = mmm.prior_table()
    moved = (table["posterior_mean"] - table["prior_mean"]) / table["prior_sd"]
    wide = table["posterior_sd"] >= _AS_WIDE * table["prior_sd"]
    return table.assign(moved=moved, not_learned=wide & (moved.abs() < _AS_NEAR))
