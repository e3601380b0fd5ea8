"""How strong a hidden driver of spend and sales would have to be."""

from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm._arguments import check_number
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._training_rows import (
    channels_by_size,
    keys,
    step_numbers,
    time_axis,
    worth_of_parts,
)

_N_WAVES = 2
_LEAST_FREEDOM = 10
# A column this much of which others explain has nothing of its own.
_NOTHING = 1e-9


def robustness_value(strength: float, share: float = 1.0) -> float:
    r"""Return the strength of a hidden driver that explains an effect, or part of it.

    A driver that explains this share of what is left of the spend, and the same share
    of what is left of the outcome, changes the effect by ``share`` of itself.

    Parameters
    ----------
    strength : float
        :math:`f`, the effect over its standard error and the root of the degrees of
        freedom; the root of :math:`R^2 / (1 - R^2)`, :math:`R^2` being the partial
        one of spend and outcome.
    share : float, default=1.0
        :math:`q`: 1 erases the effect, 0.5 halves it.

    Returns
    -------
    float
        Between 0 and 1.

    Notes
    -----
    Cinelli & Hazlett (2020), "Making Sense of Sensitivity: Extending Omitted Variable
    Bias", equation 19: :math:`\frac12 (\sqrt{f_q^4 + 4 f_q^2} - f_q^2)` with
    :math:`f_q = q |f|`.

    Examples
    --------
    >>> from sklearn_mmm.inspection import robustness_value
    >>> round(robustness_value(4.184 / 783**0.5), 3)  # their example of Darfur
    0.139
    """
    for name, value in (("strength", strength), ("share", share)):
        check_number(name, value)
        if abs(value) > 1e100:
            raise ValueError(f"got {name}={value!r}; nothing is as strong as that")
    square = (share * strength) ** 2
    return float(0.5 * (np.sqrt(square**2 + 4 * square) - square))


@of_fitted_model
def robustness_table(mmm: FittedMMM) -> pd.DataFrame:
    r"""Return how strong a hidden driver of spend and sales would have to be.

    Something that is not in the data and moves both a channel's spend and the outcome
    (demand, a competitor, distribution) is credited to the channel. The table says how
    much it would have to explain of both, beyond all that is in the model, to halve or
    to erase the channel's contribution, and sets beside it what the strongest
    observed control explains.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.

    Returns
    -------
    DataFrame
        ``channel``; ``contribution`` (outcome units, or money with an
        ``outcome_value``); ``partial_r2``, the share of what
        is left of the outcome that the channel explains; ``to_halve`` and ``to_erase``,
        the share of what is left of spend response and of outcome that a hidden driver
        would have to explain; ``control``, the observed one that, as a hidden driver of
        the same strength, would take away most; ``control_on_spend`` and
        ``control_on_outcome``, the shares that such a driver explains; ``remaining``,
        the share of the contribution that it would leave (below 0: of the other sign).
        NaN where a channel brings nothing, does not vary, or there are too few rows,
        and in the last four without controls. The largest channel comes first.

    Notes
    -----
    Sensitivity analysis of Cinelli & Hazlett (2020, "Making Sense of Sensitivity:
    Extending Omitted Variable Bias"; the bounds by an observed covariate are those of
    their section 4.4 with :math:`k = 1`). The model is taken as a linear one with its
    curves held: relative outcomes are regressed on the contribution of the channel,
    those of other channels, the controls, a level, trend and two waves of the season
    of each region, after quasi-differences by the autocorrelation of what is left
    (Cochrane & Orcutt, 1949), which stand for the level that wanders. The channel's
    effect is that of the model, not of this regression. So slow hidden drivers, which
    the baseline takes up, do not count.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import robustness_table
    >>> X, y, truth = make_mmm(n_regions=2, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> table = robustness_table(mmm)
    >>> bool((table["to_halve"] < table["to_erase"]).all())
    True
    """
    channels, controls = channels_by_size(mmm), list(mmm.control_columns_)
    outcome, media, measured, free = _design(mmm, channels, controls)
    brought = worth_of_parts(mmm)[channels].sum()
    rows = []
    for i, name in enumerate(channels):
        row = {
            "channel": name,
            "contribution": float(brought[name]),
        }
        others = np.column_stack([np.delete(media, i, axis=1), free])
        found = sensitivity(outcome, media[:, i], measured, others)
        strongest = found.pop("control")
        row |= found
        row["control"] = None if strongest is None else controls[strongest]
        rows.append(row)
    order = ["channel", "contribution", "partial_r2", "to_halve", "to_erase"]
    order += ["control", "control_on_spend", "control_on_outcome", "remaining"]
    return pd.DataFrame(rows)[order]


def sensitivity(
    outcome: np.ndarray, treatment: np.ndarray, controls: np.ndarray, others: np.ndarray
) -> dict[str, Any]:
    """Return how strong a confounder of a treatment with effect 1 would have to be.

    Parameters
    ----------
    outcome, treatment : ndarray of shape (n_rows,)
        The treatment in units of its effect.
    controls : ndarray of shape (n_rows, n_controls)
        Observed covariates to compare with.
    others : ndarray of shape (n_rows, n_others)
        Further covariates.

    Returns
    -------
    dict
        ``partial_r2``, ``to_halve``, ``to_erase``, ``control`` (a number, None without
        any), ``control_on_spend``, ``control_on_outcome`` and ``remaining``.
    """
    nothing = ["partial_r2", "to_halve", "to_erase"]
    compared = ["control_on_spend", "control_on_outcome", "remaining"]
    out: dict[str, Any] = dict.fromkeys([*nothing, *compared], np.nan)
    out["control"] = None
    covariates = np.column_stack([controls, others])
    # A level, which all of them are without, counts as well.
    if len(outcome) - covariates.shape[1] - 2 < _LEAST_FREEDOM:
        return out
    left = _residual(np.column_stack([outcome, treatment]), covariates)
    own = _residual(left[:, :1], left[:, 1:])[:, 0]
    size = np.sqrt(left[:, 1] @ left[:, 1])
    if size <= _NOTHING * max(np.sqrt(treatment @ treatment), 1e-300):
        return out
    strength = size / np.sqrt(own @ own)
    out |= {
        "partial_r2": strength**2 / (1 + strength**2),
        "to_halve": robustness_value(strength, 0.5),
        "to_erase": robustness_value(strength),
    }
    for j in range(controls.shape[1]):
        bound = _bound(outcome, treatment, controls[:, j], np.delete(covariates, j, 1))
        if bound is None:
            continue
        on_spend, on_outcome = bound
        taken = np.sqrt(on_outcome * on_spend / (1 - on_spend)) / strength
        if not 1 - taken > out["remaining"]:
            out |= {
                "control": j,
                "control_on_spend": on_spend,
                "control_on_outcome": on_outcome,
                "remaining": 1 - taken,
            }
    return out


def _bound(
    outcome: np.ndarray, treatment: np.ndarray, control: np.ndarray, rest: np.ndarray
) -> tuple[float, float] | None:
    """Return :func:`as_strong_as` a control, None if there is no such confounder."""
    left = _residual(np.column_stack([outcome, treatment, control]), rest)
    d, x = left[:, 1:].T
    if np.sqrt(x @ x) <= _NOTHING * max(np.sqrt(control @ control), 1e-300):
        return None
    of_spend = _squared_correlation(d, x)
    both = _residual(left[:, [0, 2]], left[:, [1]])
    of_outcome = _squared_correlation(both[:, 0], both[:, 1])
    return as_strong_as(of_spend, of_outcome) if of_spend < 0.5 else None


def as_strong_as(of_spend: float, of_outcome: float) -> tuple[float, float]:
    """Return what a confounder as strong as an observed covariate would explain.

    Cinelli & Hazlett (2020), section 4.4, with k = 1.

    Parameters
    ----------
    of_spend : float
        Share of what is left of the treatment, without the covariate, that the
        covariate explains; below one half.
    of_outcome : float
        The same of the outcome, the treatment being known as well.

    Returns
    -------
    on_spend, on_outcome : float
        Partial R² of the confounder with treatment and outcome, at most 1.
    """
    on_spend = of_spend / (1 - of_spend)
    # Of confounder and covariate, once the treatment is known.
    between = on_spend**2
    root = (1 + np.sqrt(between)) / np.sqrt(1 - between)
    return on_spend, min(root**2 * of_outcome / max(1 - of_outcome, 1e-300), 1.0)


def _residual(values: np.ndarray, covariates: np.ndarray) -> np.ndarray:
    """Return what is left of columns that others do not explain, (n_rows, n)."""
    fitted = np.linalg.lstsq(covariates, values, rcond=None)[0]
    return np.asarray(values - covariates @ fitted)


def _squared_correlation(a: np.ndarray, b: np.ndarray) -> float:
    size = (a @ a) * (b @ b)
    return float((a @ b) ** 2 / size) if size > 0 else 0.0


def _design(
    mmm: FittedMMM, channels: list[str], controls: list[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return outcome, contributions, controls and baseline columns of the regression.

    Relative to the region's mean outcome, in quasi-differences; shapes (n_rows,) and
    (n_rows, n).
    """
    key = keys(mmm).reset_index(drop=True)
    step = step_numbers(key["time"])
    order = key.assign(step=step).sort_values(["region", "step"]).index.to_numpy()
    region = np.unique(key["region"], return_inverse=True)[1][order]
    step = step[order]
    outcome = mmm.outcome_.to_numpy()[order]
    mean = np.bincount(region, outcome) / np.bincount(region)
    size = np.abs(np.where(mean == 0, 1.0, mean))[region]
    media = mmm.contributions_[channels].to_numpy()[order] / size[:, None]
    measured = mmm.history_[controls].to_numpy(dtype=float)[order]
    free = _baseline(mmm, region, step)
    table = np.column_stack([outcome / size, media, measured, free])
    left = _residual(table[:, :1], table[:, 1:])[:, 0]
    # Pairs of neighbouring steps of a region.
    later = np.flatnonzero((np.diff(region) == 0) & (np.diff(step) == 1)) + 1
    former = later - 1
    rho = float(left[later] @ left[former] / max(left[former] @ left[former], 1e-300))
    table = table[later] - np.clip(rho, 0.0, 0.99) * table[former]
    ends = np.cumsum([1, len(channels), len(controls)])
    y, media, measured, free = np.split(table, ends, axis=1)
    return y[:, 0], media, measured, free


def _baseline(mmm: FittedMMM, region: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Return level, trend and season of each region, (n_rows, n)."""
    axis = time_axis(mmm)
    year = None if axis is None else axis.season_length
    span = max(float(np.ptp(step)), 1.0)
    columns = [np.ones(len(step)), (step - step.min()) / span]
    if year is not None and span >= year:
        angles = 2 * np.pi * step[:, None] / year * np.arange(1, _N_WAVES + 1)
        columns += [*np.sin(angles).T, *np.cos(angles).T]
    waves = np.stack(columns, axis=1)
    own = np.eye(region.max() + 1)[region]
    return np.asarray((own[:, :, None] * waves[:, None, :]).reshape(len(step), -1))
