"""Lift tests as experiments of the model."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm._warn import warn_caller
from sklearn_mmm.estimator._test_window import TestWindow, place_window, read_windows
from sklearn_mmm.exceptions import UnusedLiftTestWarning
from sklearn_mmm.graph._influence import ChannelInfluence
from sklearn_mmm.likelihood._experiments import Experiment
from sklearn_mmm.panel._grid import Panel
from sklearn_mmm.panel._numbers import as_number, check_precision
from sklearn_mmm.panel._region_labels import chosen_regions, dimension_table
from sklearn_mmm.panel._time_axis import TimeAxis

_REQUIRED = ("channel", "start", "end", "lift", "std_error")
_OPTIONAL = ("region", "spend_change", "effect")
_EFFECTS = ("direct", "total")
# Effects of channels are taken to wander: their variance grows by this share, squared,
# with each year between a test and the training weeks.
_DRIFT = 0.2
# A lift of the wrong sign that noise of the test cannot explain.
_IMPOSSIBLE = 2.0


class ExperimentReader:
    """Translate tests of channels into experiments on a training panel.

    Parameters
    ----------
    panel : Panel
    axis : TimeAxis or None
    channels : list of str
    spend : ndarray of shape (n_regions, n_weeks, n_channels)
        Spend units.
    media : ndarray of the same shape
        Media in units of the media scale.
    influence : callable
        Returns what channels do to channels, for tests of total effects; None if that
        is not learned.
    dimensions : DataFrame of shape (n_regions, n_dimensions), default=None
        Labels of the regions, where they have several.
    """

    def __init__(
        self,
        panel: Panel,
        axis: TimeAxis | None,
        channels: list[str],
        spend: np.ndarray,
        media: np.ndarray,
        influence: Callable[[], ChannelInfluence | None],
        dimensions: pd.DataFrame | None = None,
    ) -> None:
        self.panel, self.axis, self.channels = panel, axis, channels
        self.spend, self.media = spend, media
        self.influence = influence
        if dimensions is None:
            dimensions = dimension_table(panel.regions, ["region"])
        self.dimensions = dimensions

    def read(self, tests: pd.DataFrame) -> list[Experiment]:
        """Return the experiments of a table of lift tests.

        Tests that cannot be placed on the training weeks are left out, with a warning.

        Raises
        ------
        ValueError
            If a column is missing or unknown, or a row makes no sense.
        """
        _check_columns(tests, [str(name) for name in self.dimensions])
        found, unused = [], []
        rows = zip(
            tests.to_dict("records"), read_windows(tests, self.axis), strict=True
        )
        for number, (row, ends) in enumerate(rows):
            experiment = self._read_test(row, ends, f"lift test in row {number}")
            if experiment is None:
                unused.append(number)
            else:
                found.append(experiment)
        if unused:
            warn_caller(
                f"lift tests in rows {unused} reach beyond the training weeks and are "
                "not used; one from before them is if it has a spend_change",
                UnusedLiftTestWarning,
            )
        return found

    def _read_test(
        self, row: dict[Any, Any], ends: tuple[float, float], what: str
    ) -> Experiment | None:
        channels = self._channels(row["channel"], what)
        lift, error = _measured(row, what)
        effect = _effect(row.get("effect"), what)
        change = _spend_change(row.get("spend_change"), len(channels), what)
        regions = self._regions(row, what)
        window = place_window(self.panel, self.axis, ends, change is not None)
        if window is None:
            return None
        cells = self.panel.observed & window.weeks & regions[:, None]
        if not cells.any():
            raise ValueError(f"{what}: there is no training row in its window")
        _check_sign(lift, error, change, what)
        if window.age > 0:
            error = float(np.hypot(error, _DRIFT * lift * np.sqrt(window.age)))
        lift, other = self._other(channels, cells, change, lift, window, what)
        if effect == "total":
            channels, other = self._with_reactions(channels, other, what)
        return Experiment(channels, cells, other, lift, error)

    def _channels(self, given: Any, what: str) -> tuple[int, ...]:
        several = isinstance(given, (list, tuple, set, np.ndarray))
        names = list(given) if several else [given]
        if not names:
            raise ValueError(
                f"{what} names no channel; the channels are {self.channels}"
            )
        for name in names:
            if name not in self.channels:
                raise ValueError(
                    f"{what} names the unknown channel {name!r}; the channels are "
                    f"{self.channels}"
                )
            if names.count(name) > 1:
                raise ValueError(f"{what} names the channel {name!r} twice")
        return tuple(self.channels.index(name) for name in names)

    def _regions(self, row: dict[Any, Any], what: str) -> np.ndarray:
        try:
            return chosen_regions(self.dimensions, row)
        except ValueError as error:
            raise ValueError(f"{what}: {error}") from error

    def _other(
        self,
        channels: tuple[int, ...],
        cells: np.ndarray,
        change: np.ndarray | None,
        lift: float,
        window: TestWindow,
        what: str,
    ) -> tuple[float, np.ndarray]:
        """Return the lift of media as they were over others, and these others.

        The latter are of shape (n_regions, n_weeks, len(channels)), in units of the
        media scale.
        """
        media, spend = self.media[..., list(channels)], self.spend[..., list(channels)]
        inside = spend[cells].sum(axis=0)
        if change is None:
            if not inside.any():
                raise ValueError(
                    f"{what}: nothing was spent in its window, so there is nothing to "
                    "compare with; say in spend_change by how much (below 0) it was cut"
                )
            return lift, np.where(cells[..., None], 0.0, media)
        if window.age > 0:
            # The training weeks had neither what was added nor what was cut.
            more = self._added(channels, cells, np.abs(change), what)
            return (-lift if change.sum() > 0 else lift), media + more
        if change.sum() < 0:
            # What was cut would have been spent as the regions usually do.
            return lift, media + self._added(channels, cells, -change, what)
        if len(change) == 1:
            change = change * inside / max(inside.sum(), 1e-300)
        above = np.flatnonzero(change > inside * (1 + 1e-9))
        if len(above) or not inside.any():
            raise ValueError(
                f"{what}: spend_change is {change.sum():g}, but only "
                f"{inside.sum():g} was spent in its window"
            )
        kept = 1.0 - np.divide(
            change, inside, out=np.zeros_like(inside), where=inside > 0
        )
        return lift, np.where(cells[..., None], media * kept, media)

    def _added(
        self,
        channels: tuple[int, ...],
        cells: np.ndarray,
        change: np.ndarray,
        what: str,
    ) -> np.ndarray:
        """Return media that more spend would have bought, as regions usually spend.

        Shape (n_regions, n_weeks, len(channels)); one change for all channels is
        spread over them.
        """
        media, spend = self.media[..., list(channels)], self.spend[..., list(channels)]
        n_weeks = np.maximum(self.panel.observed.sum(axis=1), 1)[:, None]
        usual = spend.sum(axis=1) / n_weeks
        pattern = cells[..., None] * usual[:, None]
        size = pattern.sum(axis=(0, 1))
        whole = size if len(change) == len(channels) else size.sum()
        if (np.asarray(whole) <= 0).any():
            raise ValueError(f"{what}: these regions never spend on the channel")
        price = spend.sum(axis=1) / np.maximum(media.sum(axis=1), 1e-300)
        price = np.where(price > 0, price, np.inf)[:, None]
        return np.asarray(change * pattern / whole / price)

    def _with_reactions(
        self, channels: tuple[int, ...], other: np.ndarray, what: str
    ) -> tuple[tuple[int, ...], np.ndarray]:
        """Let the channels that the tested ones drive follow them."""
        influence = self.influence()
        if influence is None:
            raise ValueError(
                f"{what}: its effect is 'total', which needs a graph of the channels; "
                "set graph=True, or list all channels that moved in 'channel'"
            )
        planned = self.media.copy()
        planned[..., list(channels)] = other
        reacting = influence.react(planned, self.media, held=channels)
        moved = (reacting != self.media).any(axis=(0, 1))
        both = [*channels, *set(np.flatnonzero(moved).tolist()).difference(channels)]
        return tuple(both), reacting[..., both]


def _measured(row: dict[Any, Any], what: str) -> tuple[float, float]:
    """Return lift and standard error of a test."""
    lift, error = (as_number(row[n], f"{what}: {n}") for n in ("lift", "std_error"))
    if error <= 0:
        raise ValueError(f"{what}: std_error is {error!r}; it must be positive")
    check_precision(lift, error, f"{what}: lift ± std_error")
    return lift, error


def _effect(given: Any, what: str) -> str:
    if given is None or (isinstance(given, float) and np.isnan(given)):
        return "direct"
    if given not in _EFFECTS:
        raise ValueError(
            f"{what}: effect is {given!r}; 'direct' is what the channel did itself, "
            "'total' with what it did through channels that it drives"
        )
    return str(given)


def _spend_change(given: Any, n_channels: int, what: str) -> np.ndarray | None:
    """Return the changes of spend, one for all channels or one each; None if unsaid."""
    several = isinstance(given, (list, tuple, np.ndarray))
    if not several and (given is None or pd.isna(given)):
        return None
    values: Iterable[Any] = given if several else [given]
    change = []
    for value in values:
        change.append(as_number(value, f"{what}: spend_change"))
    if several and len(change) != n_channels:
        raise ValueError(
            f"{what}: spend_change has {len(change)} values for {n_channels} channels; "
            "give one for each, or their sum"
        )
    if not any(change):
        raise ValueError(f"{what}: spend_change is 0; then it tests nothing")
    if min(change) < 0 < max(change):
        raise ValueError(
            f"{what}: spend_change is {given!r}; a test raises channels or cuts them"
        )
    return np.array(change)


def _check_sign(
    lift: float, error: float, change: np.ndarray | None, what: str
) -> None:
    """Refuse outcomes that fall where spend rises, and the reverse."""
    raised = change is None or change.sum() > 0
    if (lift if raised else -lift) < -_IMPOSSIBLE * error:
        raise ValueError(
            f"{what}: lift is {lift:g} ± {error:g}, although the spend was "
            f"{'raised' if raised else 'cut'}; media do not lower the outcome. lift is "
            "the outcome with the spend as it is in X less what it would have been "
            "otherwise, and spend_change has the sign of what the test did"
        )


def join_tests(former: Any, further: Any, dimensions: Sequence[str]) -> Any:
    """Return former and further lift tests in one table; either may be None.

    Raises
    ------
    ValueError
        If the further ones are no table of lift tests.
    """
    if former is None or further is None:
        return former if further is None else further
    _check_columns(further, dimensions)
    # By rows: pandas 2 warns where it joins columns without values.
    rows = [*former.to_dict("records"), *further.to_dict("records")]
    return pd.DataFrame(rows)


def _check_columns(tests: Any, dimensions: Sequence[str]) -> None:
    optional = [*_OPTIONAL, *(dimensions if len(dimensions) > 1 else ())]
    if not isinstance(tests, pd.DataFrame):
        raise ValueError(
            f"lift_tests is a {type(tests).__name__}; give a DataFrame with the "
            f"columns {list(_REQUIRED)} and, if you like, {optional}"
        )
    missing = [c for c in _REQUIRED if c not in tests]
    unknown = [c for c in tests if c not in (*_REQUIRED, *optional)]
    if missing or unknown:
        raise ValueError(
            f"lift_tests lacks the columns {missing} and has the unknown columns "
            f"{unknown}; it needs {list(_REQUIRED)} and may have {optional}"
        )
