"""Lift tests and ROI priors as experiments of the model."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm._warn import warn_caller
from sklearn_mmm.exceptions import UnusedLiftTestWarning
from sklearn_mmm.likelihood._experiments import Experiment
from sklearn_mmm.panel._grid import Panel
from sklearn_mmm.panel._time_axis import TimeAxis

_REQUIRED = ("channel", "start", "end", "lift", "std_error")
_OPTIONAL = ("region", "spend_change")


class ExperimentReader:
    """Translate what users say about channels into experiments on a training panel.

    Parameters
    ----------
    panel : Panel
    axis : TimeAxis or None
    channels : list of str
    spend : ndarray of shape (n_regions, n_weeks, n_channels)
        Spend units.
    media : ndarray of the same shape
        Media in units of the media scale.
    """

    def __init__(
        self,
        panel: Panel,
        axis: TimeAxis | None,
        channels: list[str],
        spend: np.ndarray,
        media: np.ndarray,
    ) -> None:
        self.panel, self.axis, self.channels = panel, axis, channels
        self.spend, self.media = spend, media

    def read_tests(self, tests: pd.DataFrame) -> list[Experiment]:
        """Return the experiments of a table of lift tests.

        Tests that reach beyond the training weeks are left out, with a warning.

        Raises
        ------
        ValueError
            If a column is missing or unknown, or a row makes no sense.
        """
        _check_columns(tests)
        found, unused = [], []
        for number, row in enumerate(tests.to_dict("records")):
            experiment = self._read_test(row, f"lift test in row {number}")
            if experiment is None:
                unused.append(number)
            else:
                found.append(experiment)
        if unused:
            warn_caller(
                f"lift tests in rows {unused} reach beyond the training weeks and are "
                "not used",
                UnusedLiftTestWarning,
            )
        return found

    def read_priors(
        self, priors: Mapping[str, tuple[float, float]]
    ) -> list[Experiment]:
        """Return the experiments that stand for priors of the channels' ROI.

        Raises
        ------
        ValueError
            If priors are no dict, a channel is unknown or never spends, or a prior is
            no pair of a number and a positive number.
        """
        _check_mapping(priors)
        found = []
        for name, prior in priors.items():
            channel = self._channel(name, "roi_prior")
            try:
                mean, std = (float(value) for value in prior)
            except (TypeError, ValueError):
                mean, std = np.nan, np.nan
            if not (np.isfinite(mean) and np.isfinite(std) and std > 0):
                raise ValueError(
                    f"roi_prior of {name!r} is {prior!r}; give a pair (mean, standard "
                    "deviation), in outcome units per spend unit, the latter positive"
                )
            total = float(self.spend[..., channel].sum())
            if total <= 0:
                raise ValueError(
                    f"roi_prior of {name!r}: nothing was spent on it, so it has no ROI"
                )
            nothing = np.zeros(self.media.shape[:2])
            counted = self.panel.observed
            found.append(
                Experiment(channel, counted, nothing, mean * total, std * total)
            )
        return found

    def _read_test(self, row: dict[Any, Any], what: str) -> Experiment | None:
        channel = self._channel(row["channel"], what)
        for name in ("lift", "std_error"):
            if not isinstance(row[name], Real) or not np.isfinite(row[name]):
                raise ValueError(f"{what}: {name} is {row[name]!r}, not a number")
        if not row["std_error"] > 0:
            raise ValueError(
                f"{what}: std_error is {row['std_error']!r}; it must be positive"
            )
        regions = self._regions(row.get("region"), what)
        weeks = self._weeks(row["start"], row["end"], what)
        if weeks is None:
            return None
        cells = self.panel.observed & weeks & regions[:, None]
        if not cells.any():
            raise ValueError(f"{what}: there is no training row in its window")
        other = self._other(channel, cells, row.get("spend_change"), what)
        return Experiment(
            channel, cells, other, float(row["lift"]), float(row["std_error"])
        )

    def _channel(self, name: Any, what: str) -> int:
        if name not in self.channels:
            raise ValueError(
                f"{what} names the unknown channel {name!r}; the channels are "
                f"{self.channels}"
            )
        return self.channels.index(name)

    def _weeks(self, start: Any, end: Any, what: str) -> np.ndarray | None:
        """Return which weeks are in a window, None if it is not all in training."""
        position = self.panel.position
        if self.axis is None:
            first, last = float(start), float(end)
            if not first <= last:
                raise ValueError(f"{what}: it ends ({end}) before it starts ({start})")
        else:
            first, last = self.axis.span(start, end, what)
        if first < position[0] or last > position[-1]:
            return None
        return np.asarray((position >= first) & (position <= last))

    def _regions(self, given: Any, what: str) -> np.ndarray:
        known = self.panel.regions
        several = isinstance(given, (list, tuple, set, np.ndarray))
        if not several and (pd.isna(given) or given == "all"):
            return np.ones(len(known), bool)
        labels = list(given) if several else [given]
        names = {str(label): i for i, label in enumerate(known)}
        unknown = [label for label in labels if str(label) not in names]
        if unknown:
            raise ValueError(
                f"{what} names the unknown regions {unknown}; give regions of X or "
                "'all'"
            )
        out = np.zeros(len(known), bool)
        out[[names[str(label)] for label in labels]] = True
        return out

    def _other(
        self, channel: int, cells: np.ndarray, change: Any, what: str
    ) -> np.ndarray:
        """Return the media that a test compares with, in units of the media scale."""
        media, spend = self.media[..., channel], self.spend[..., channel]
        inside = float(spend[cells].sum())
        if change is None or pd.isna(change):
            if inside <= 0:
                raise ValueError(
                    f"{what}: nothing was spent in its window, so there is nothing to "
                    "compare with; say in spend_change by how much (below 0) it was cut"
                )
            return np.where(cells, 0.0, media)
        if not isinstance(change, Real) or not np.isfinite(float(change)):
            raise ValueError(f"{what}: spend_change is {change!r}, not a number")
        change = float(change)
        if change > inside * (1 + 1e-9):
            raise ValueError(
                f"{what}: spend_change is {change:g}, but only {inside:g} was spent in "
                "its window"
            )
        if change == 0:
            raise ValueError(f"{what}: spend_change is 0; then it tests nothing")
        if change > 0:
            return np.where(cells, media * (1 - change / inside), media)
        # What was cut would have been spent as the regions usually do.
        usual = spend.sum(axis=1) / np.maximum(self.panel.observed.sum(axis=1), 1)
        pattern = cells * usual[:, None]
        if not pattern.any():
            raise ValueError(f"{what}: these regions never spend on the channel")
        price = spend.sum(axis=1) / np.maximum(media.sum(axis=1), 1e-300)
        price = np.where(price > 0, price, np.inf)[:, None]
        return np.asarray(media - change * pattern / pattern.sum() / price)


def join_tests(former: Any, further: Any) -> Any:
    """Return former and further lift tests in one table; either may be None.

    Raises
    ------
    ValueError
        If the further ones are no table of lift tests.
    """
    if former is None or further is None:
        return former if further is None else further
    _check_columns(further)
    # By rows: pandas 2 warns where it joins columns without values.
    rows = [*former.to_dict("records"), *further.to_dict("records")]
    return pd.DataFrame(rows)


def join_priors(former: Any, further: Any) -> Any:
    """Return former and further ROI priors in one dict; either may be None.

    Raises
    ------
    ValueError
        If the further ones are no dict.
    """
    if former is None or further is None:
        return former if further is None else further
    _check_mapping(further)
    return {**former, **further}


def _check_mapping(priors: Any) -> None:
    if not isinstance(priors, Mapping):
        raise ValueError(
            f"roi_prior is a {type(priors).__name__}; give a dict from channels to "
            "pairs (mean, standard deviation)"
        )


def _check_columns(tests: Any) -> None:
    if not isinstance(tests, pd.DataFrame):
        raise ValueError(
            f"lift_tests is a {type(tests).__name__}; give a DataFrame with the "
            f"columns {list(_REQUIRED)} and, if you like, {list(_OPTIONAL)}"
        )
    missing = [c for c in _REQUIRED if c not in tests]
    unknown = [c for c in tests if c not in (*_REQUIRED, *_OPTIONAL)]
    if missing or unknown:
        raise ValueError(
            f"lift_tests lacks the columns {missing} and has the unknown columns "
            f"{unknown}; it needs {list(_REQUIRED)} and may have {list(_OPTIONAL)}"
        )
