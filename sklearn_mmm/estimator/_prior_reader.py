"""What users believe about channels, as experiments of the model."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from sklearn_mmm.likelihood._experiments import Experiment
from sklearn_mmm.network import ChannelGroups
from sklearn_mmm.panel._grid import Panel
from sklearn_mmm.panel._numbers import as_number, check_precision

# What a prior may be about, and in which units; the shape of the response first, which
# is a matter of its parameters alone.
SHAPES = {
    "half_life": "time steps",
    "half_saturation": "media units per time step",
    "slope": "without unit",
}
QUANTITIES = {
    "roi": "outcome units, or money with outcome_value, per spend unit",
    "marginal_roi": "outcome units, or money with outcome_value, per spend unit",
    "contribution": "share of the outcome",
    **SHAPES,
}
# The next unit of spend is measured by so small a cut of all spend.
_MARGIN = 0.01


class PriorReader:
    """Translate beliefs about channels into experiments on a training panel.

    Parameters
    ----------
    panel : Panel
    channels : list of str
    spend : ndarray of shape (n_regions, n_weeks, n_channels)
        Spend units.
    media : ndarray of the same shape
        Media in units of the media scale.
    worth : ndarray of shape (n_regions, n_weeks)
        Of an outcome unit; 1 where it is counted itself.
    outcome : float
        Sum of what the outcome of the training rows is worth.
    groups : ChannelGroups or None
    """

    def __init__(
        self,
        panel: Panel,
        channels: list[str],
        spend: np.ndarray,
        media: np.ndarray,
        worth: np.ndarray,
        outcome: float,
        groups: ChannelGroups | None = None,
    ) -> None:
        self.panel, self.channels = panel, channels
        self.spend, self.media = spend, media
        self.worth, self.outcome = worth, outcome
        self.groups = groups

    def read(self, priors: Mapping[str, Mapping[str, Any]]) -> list[Experiment]:
        """Return the experiments that stand for priors.

        Raises
        ------
        ValueError
            If a channel or a quantity is unknown, a channel has no such quantity, or a
            prior is no pair of a number and a positive number.
        """
        found = []
        for name, channel, quantity, mean, std in beliefs(priors, self.channels):
            if quantity in SHAPES:
                continue
            unit, other = self._unit(name, channel, quantity)
            belief = Experiment(
                (channel,),
                self.panel.observed * self.worth,
                other[..., None],
                mean * unit,
                std * unit,
            )
            # The next unit of a campaign changes what others of its group bring.
            marginal = quantity == "marginal_roi"
            found.append(belief.with_groups(self.groups) if marginal else belief)
        return found

    def _unit(self, name: str, channel: int, quantity: str) -> tuple[float, np.ndarray]:
        """Return the lift per unit of a quantity, and the media compared with."""
        media = self.media[..., channel]
        total = float(self.spend[..., channel].sum())
        if quantity == "contribution":
            if not self.outcome > 0:
                raise ValueError(
                    f"priors of {name!r}: a contribution is a share of the outcome, "
                    f"but this sums to {self.outcome:g}; give a 'roi' instead"
                )
            if not media.any():
                raise ValueError(
                    f"priors of {name!r}: it has no media, so it contributes nothing"
                )
            return self.outcome, np.zeros_like(media)
        if total <= 0:
            raise ValueError(
                f"priors of {name!r}: nothing was spent on it, so it has no ROI; "
                "'contribution' needs no spend"
            )
        if quantity == "roi":
            return total, np.zeros_like(media)
        return _MARGIN * total, (1.0 - _MARGIN) * media


def beliefs(
    priors: Mapping[str, Mapping[str, Any]], channels: list[str]
) -> Iterator[tuple[str, int, str, float, float]]:
    """Yield name and number of a channel, quantity, mean and standard deviation.

    Raises
    ------
    ValueError
        If one of them makes no sense.
    """
    for name, given in priors.items():
        if name not in channels:
            raise ValueError(
                f"priors names the unknown channel {name!r}; the channels are "
                f"{channels}"
            )
        if not isinstance(given, Mapping):
            raise ValueError(
                f"priors of {name!r} is {given!r}; give a dict such as "
                "{'roi': (2.0, 1.0)}"
            )
        for quantity, pair in given.items():
            if quantity not in QUANTITIES:
                raise ValueError(
                    f"priors of {name!r} names {quantity!r}; priors can be about "
                    f"{list(QUANTITIES)}"
                )
            mean, std = _pair(name, quantity, pair)
            yield name, channels.index(name), quantity, mean, std


def _pair(name: str, quantity: str, pair: Any) -> tuple[float, float]:
    values = list(pair) if isinstance(pair, (tuple, list, np.ndarray)) else []
    what = f"priors of {name!r}: {quantity!r}"
    unit = QUANTITIES[quantity]
    expected = f"a pair (mean, standard deviation), {unit}, the latter positive"
    if len(values) != 2:
        raise ValueError(f"{what} is {pair!r}; give {expected}")
    mean, std = (as_number(v, what, f"one of {expected}") for v in values)
    if std <= 0:
        raise ValueError(f"{what} is {pair!r}; give {expected}")
    check_precision(mean, std, what)
    return mean, std
