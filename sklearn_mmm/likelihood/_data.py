"""A training panel, scaled, and its beginning."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.baseline._covariance import TimeCovariance
from sklearn_mmm.functional import lagged
from sklearn_mmm.functional._link import log_outcome, outcome_of_log
from sklearn_mmm.network import ResponseShape
from sklearn_mmm.panel._groups import Groups

N_CALENDAR_HARMONICS = 2
# A control that is on in so few of the rows is one of rare events, if there are so many
# of them: a scale cannot be learned from one or two.
_RARE, _FEWEST_EVENTS = 1 / 8, 3
_ROUNDING = 1e-9
# Weeks that stand for those before them.
_FIRST_WEEKS = 4


class Orders(NamedTuple):
    """Orders of columns that are the same in any table.

    Attributes
    ----------
    media : ndarray of shape (n_units,)
    controls : ndarray of shape (n_controls,)
    campaigns : ndarray of shape (n_campaigns,)
    """

    media: np.ndarray
    controls: np.ndarray
    campaigns: np.ndarray

    def of(self, name: str) -> np.ndarray | None:
        """Return that of a parameter's columns; None if these are no columns."""
        if name in ("intercept", "innovation"):
            return None
        if name == "campaign":
            return self.campaigns
        of_controls = "coefficient", "control_deviation", "group_control_deviation"
        controls = name in of_controls
        return self.controls if controls else self.media


@dataclass(frozen=True)
class TrainingData:
    """A training panel, scaled.

    Attributes
    ----------
    media : ndarray of shape (n_regions, n_weeks, n_channels)
        In units of the media scale.
    controls : ndarray of shape (n_regions, n_weeks, n_controls)
        Standardised.
    target : ndarray of shape (n_regions, n_weeks)
        Outcome relative to the region's mean, on the scale of the link.
    observed : bool ndarray of shape (n_regions, n_weeks)
    position : ndarray of shape (n_weeks,)
    covariance : TimeCovariance
    past : ndarray of shape (n_regions, n_channels) or None
        Media of each week before the first one of a region, in units of the media
        scale; None for none, which is what contributions count.
    frequency : ndarray of shape (n_regions, n_weeks, len(reach)) or None
        Contacts of those who were reached.
    reach : tuple of int, default=()
        Channels whose media are reach.
    past_frequency : ndarray of shape (n_regions, len(reach)) or None
        As ``past``.
    groups : Groups or None
        Of the regions, with several dimensions.
    link : {"identity", "log"}, default="identity"
        Of what effects are added to: the outcome or its logarithm.
    """

    media: np.ndarray
    controls: np.ndarray
    target: np.ndarray
    observed: np.ndarray
    position: np.ndarray
    covariance: TimeCovariance
    past: np.ndarray | None = None
    frequency: np.ndarray | None = None
    reach: tuple[int, ...] = ()
    past_frequency: np.ndarray | None = None
    groups: Groups | None = None
    link: str = "identity"

    @property
    def multiplies(self) -> bool:
        """Whether effects multiply the outcome."""
        return self.link == "log"

    @property
    def positive(self) -> bool:
        """Whether all outcomes are above 0, as a logarithm needs them."""
        return bool((self.target[self.observed] > 0).all())

    def logged(self) -> "TrainingData":
        """Return the data of effects that multiply."""
        target = log_outcome(np.where(self.observed, self.target, 1.0))
        target = np.where(self.observed, target, 0.0)
        return replace(self, target=target, link="log")

    @property
    def outcome(self) -> np.ndarray:
        """Outcome relative to the region's mean, (n_regions, n_weeks)."""
        return outcome_of_log(self.target) if self.multiplies else self.target

    @property
    def calendar(self) -> np.ndarray:
        """Features of the calendar, (n_weeks, n_calendar)."""
        return calendar_features(
            self.position, self.position[-1], self.covariance.season_length
        )

    def orders(self, shape: ResponseShape) -> "Orders":
        """Return orders of columns that are the same in any table."""
        campaigns = () if shape.groups is None else shape.groups.campaigns
        return Orders(
            _by_size(shape.together(torch.as_tensor(self.media)).numpy()),
            _by_size(self.controls),
            _by_size(self.media[..., list(campaigns)]),
        )

    @property
    def whole_events(self) -> np.ndarray:
        """Coefficient of a rare event that brings the mean outcome, (n_controls,).

        0 of other controls, and of no controls where there are no rare events.
        """
        seen = self.observed[..., None]
        low = np.where(seen, self.controls, np.inf).min(1, initial=np.inf)
        high = np.where(seen, self.controls, -np.inf).max(1, initial=-np.inf)
        known = np.isfinite(low)
        width = np.where(known, high - np.where(known, low, 0.0), 0.0).max(0)
        on = self.controls > low[:, None] + _ROUNDING
        share = (on & seen).sum((0, 1)) / max(self.observed.sum(), 1)
        rare = (share > 0) & (share <= _RARE)
        if rare.sum() < _FEWEST_EVENTS:
            return np.zeros(0)
        return np.where(rare, 1.0 / np.where(rare, width, 1.0), 0.0)

    def inputs(self, max_lag: int) -> dict[str, Tensor]:
        """Return the module's inputs in double precision, region first."""
        calendar = torch.as_tensor(self.calendar)
        inputs = {
            "lags": self._lags(self.media, self.past, max_lag),
            "controls": torch.as_tensor(self.controls),
            "region": torch.arange(len(self.media)),
            "observed": torch.as_tensor(self.observed, dtype=torch.float64),
            "calendar": calendar.expand(len(self.media), -1, -1),
        }
        if self.frequency is not None:
            past = self.past_frequency
            inputs["frequency"] = self._lags(self.frequency, past, max_lag)
        return inputs

    def _lags(self, media: np.ndarray, past: np.ndarray | None, max_lag: int) -> Tensor:
        """Return media and their past, (region, week, channel, lag)."""
        if past is None:
            return lagged(torch.as_tensor(media), max_lag)
        before = (~self.observed).cumprod(1).astype(bool)[..., None]
        media = np.where(before, past[:, None], media)
        early = np.repeat(past[:, None], max_lag, axis=1)
        whole = torch.as_tensor(np.concatenate([early, media], 1))
        return lagged(whole, max_lag, first=max_lag)

    def with_usual_past(self) -> "TrainingData":
        """Return the data as those of media that ran before anybody wrote them down.

        Of silence before the first week a constant channel would seem to have begun in
        that week, and be credited with whatever else began; so the weeks before are
        taken to have been like each region's first ones.
        """
        first = self.observed & (self.observed.cumsum(1) <= _FIRST_WEEKS)
        n_first = np.maximum(first.sum(1), 1)[:, None]
        past = (self.media * first[..., None]).sum(1) / n_first
        if self.frequency is None:
            return replace(self, past=past)
        # Of those who were reached; where nobody was, as often as usual.
        reach = self.media[..., list(self.reach)] * first[..., None]
        reach = np.where(reach.any(1, keepdims=True), reach, 1.0)
        often = (reach * self.frequency).sum(1) / reach.sum(1)
        return replace(self, past=past, past_frequency=often)

    def without(self, shift: np.ndarray) -> "TrainingData":
        """Return the data with what is outlying taken off the target.

        Parameters
        ----------
        shift : ndarray of shape (n_regions, n_weeks)
        """
        return replace(self, target=self.target - shift)

    def until(self, n_weeks: int) -> "TrainingData":
        """Return the first weeks; seasons stay those of all weeks."""
        frequency = self.frequency
        return replace(
            self,
            media=self.media[:, :n_weeks],
            frequency=None if frequency is None else frequency[:, :n_weeks],
            controls=self.controls[:, :n_weeks],
            target=self.target[:, :n_weeks],
            observed=self.observed[:, :n_weeks],
            position=self.position[:n_weeks],
        )


def exposure(inputs: dict[str, Tensor]) -> tuple[Tensor, Tensor | None]:
    """Return media and their past, and the frequency of those with reach."""
    return inputs["lags"], inputs.get("frequency")


def _by_size(columns: np.ndarray) -> np.ndarray:
    weeks = np.arange(1.0, columns.shape[1] + 1)[:, None]
    squares = columns**2
    return np.lexsort((squares.sum((0, 1)), (squares * weeks).sum((0, 1))))


def calendar_features(
    position: np.ndarray, last: float, season_length: float | None
) -> np.ndarray:
    """Return elapsed time and the waves of a year, (n_weeks, n_features).

    Elapsed time runs from -1 to 1 over the training weeks and is held at 1 beyond
    them: a trend in an effect is not extrapolated.

    Parameters
    ----------
    position : ndarray of shape (n_weeks,)
    last : float
        Position of the last training week.
    season_length : float or None
        Time steps of a season.
    """
    elapsed = np.clip(2 * position / max(last, 1.0) - 1, -1, 1)
    features = [elapsed]
    if season_length:
        for order in range(1, N_CALENDAR_HARMONICS + 1):
            angle = 2 * np.pi * order * position / season_length
            features += [np.sin(angle), np.cos(angle)]
    return np.stack(features, axis=1)
