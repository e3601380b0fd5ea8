"""Scales of regions, media and controls: what makes regions comparable."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sklearn_mmm.panel._grid import Panel, interpolate_gaps
from sklearn_mmm.panel._groups import Groups, unseen_codes
from sklearn_mmm.panel._references import Reference
from sklearn_mmm.panel._region_labels import group_codes

_ROUNDING = 1e-12


@dataclass(frozen=True)
class PanelScales:
    """Units in which the model sees a panel.

    Attributes
    ----------
    regions : ndarray of shape (n_regions,)
        Labels seen in training, sorted.
    outcome : ndarray of shape (n_regions,)
        Mean absolute outcome of each region, outcome units per time step; that of the
        median region where it is 0.
    media : ndarray of shape (n_regions, n_channels)
        Largest training value, spend units per time step.
    control_centre, control_scale : ndarray of shape (n_regions, n_controls)
        Mean and standard deviation, in the control's unit.
    control_low, control_high : ndarray of shape (n_regions, n_controls)
        Range seen in training, in the control's unit.
    price : ndarray of shape (n_regions, n_channels)
        Spend of a unit of media; 1 where media are spend.
    silent : bool ndarray of shape (n_regions, n_channels)
        Whether the region never had the channel; its media scale is then the median
        of the others.
    frequency : ndarray of shape (n_regions, n_reached) or None
        Impressions per person of the channels with reach.
    control_reference : ndarray of shape (n_regions, n_controls) or None
        What contributions of controls are measured from, in the control's unit; None
        for the mean.
    groups : Groups or None
        Of the regions, with several dimensions.
    """

    regions: np.ndarray
    outcome: np.ndarray
    media: np.ndarray
    control_centre: np.ndarray
    control_scale: np.ndarray
    control_low: np.ndarray
    control_high: np.ndarray
    price: np.ndarray
    silent: np.ndarray
    frequency: np.ndarray | None = None
    control_reference: np.ndarray | None = None
    groups: Groups | None = None

    def code(self, region: np.ndarray) -> np.ndarray:
        """Return each label's row in the tables, less than 0 for an unknown region.

        -1 for one of which nothing is known; with several dimensions, less for one of
        which a group is known.
        """
        place = np.searchsorted(self.regions, region)
        place = np.minimum(place, len(self.regions) - 1)
        code = np.where(self.regions[place] == region, place, -1)
        unseen = np.flatnonzero(code < 0)
        if self.groups is not None and len(unseen):
            sizes = self.groups.sizes
            own = group_codes(region[unseen], self.regions, len(sizes))
            code[unseen] = unseen_codes(own, sizes)
        return code

    def outcome_of(self, code: np.ndarray) -> np.ndarray:
        """Return outcome scales; an unknown region gets the usual one."""
        return self._size(self.outcome, code)

    def media_of(self, code: np.ndarray) -> np.ndarray:
        """Return media scales (..., channel); an unknown region gets the usual ones."""
        return self._size(self.media, code)

    def price_of(self, code: np.ndarray) -> np.ndarray:
        """Return prices (..., channel); an unknown region gets the usual ones."""
        return self._size(self.price, code)

    def _level(self, table: np.ndarray, code: np.ndarray) -> np.ndarray:
        """Return numbers of either sign; those of groups are sums."""
        found = _lookup(table, code)
        unseen = code < -1
        if self.groups is not None and unseen.any():
            found[unseen] = _of_groups(table, self.groups, code[unseen])
        return found

    def _size(self, table: np.ndarray, code: np.ndarray) -> np.ndarray:
        """Return positive numbers; of groups they are multiples of one another."""
        found = _lookup(table, code)
        unseen = code < -1
        if self.groups is not None and unseen.any():
            logs = _of_groups(np.log(table), self.groups, code[unseen])
            found[unseen] = np.exp(logs)
        return found

    def frequency_of(self, code: np.ndarray) -> np.ndarray:
        """Return usual frequencies; an unknown region gets the median."""
        none = np.empty((len(self.regions), 0))
        table = none if self.frequency is None else self.frequency
        return self._size(table, code)

    def silent_of(self, code: np.ndarray) -> np.ndarray:
        """Return which regions never had which channel; of others nothing is known."""
        return (code >= 0)[:, None] & self.silent[np.maximum(code, 0)]

    def standardise(self, controls: np.ndarray, code: np.ndarray) -> np.ndarray:
        """Return controls (n_rows, n_controls) in regional standard deviations."""
        centre = self._level(self.control_centre, code)
        return (controls - centre) / self._size(self.control_scale, code)

    def reference_of(self, code: np.ndarray) -> np.ndarray:
        """Return standardised references of controls, (n_rows, n_controls)."""
        if self.control_reference is None:
            return np.zeros((len(code), self.control_centre.shape[1]))
        return self.standardise(self._level(self.control_reference, code), code)

    def control_range_of(self, code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the standardised range, an unknown region having the widest one."""
        low, high = (
            (edge - self.control_centre) / self.control_scale
            for edge in (self.control_low, self.control_high)
        )
        known = (code >= 0)[:, None]
        at = np.maximum(code, 0)
        return (
            np.where(known, low[at], low.min(0)),
            np.where(known, high[at], high.max(0)),
        )


def _lookup(table: np.ndarray, code: np.ndarray) -> np.ndarray:
    return np.where(
        (code >= 0).reshape(code.shape + (1,) * (table.ndim - 1)),
        table[np.maximum(code, 0)],
        np.median(table, axis=0),
    )


def _of_groups(table: np.ndarray, groups: Groups, code: np.ndarray) -> np.ndarray:
    """Return what a table says of cells that were not seen, by their groups.

    Least squares with an effect of each group; of a group that was not seen, the mean
    of the others.
    """
    Z = groups.membership
    mean = Z.mean(0)
    flat = table.reshape(len(table), -1)
    centre = flat.mean(0)
    effect = np.linalg.lstsq(Z - mean, flat - centre, rcond=None)[0]
    own = groups.of_codes(code)
    known = np.stack(
        [own[:, groups.dimension == d].sum(1) for d in range(len(groups.sizes))], 1
    )
    own = own - mean * known[:, groups.dimension]
    return np.asarray(centre + own @ effect).reshape(len(code), *table.shape[1:])


@dataclass(frozen=True)
class Rescaling:
    """How the units of a panel have changed.

    Attributes
    ----------
    region : int ndarray of shape (n_regions,)
        Former code of each region; -1 for a new one.
    media : ndarray of shape (n_channels,)
        Former units of media in new ones, in the median region.
    outcome : float
        Former unit of the outcome in new ones.
    """

    region: np.ndarray
    media: np.ndarray
    outcome: float


def make_scales(
    panel: Panel,
    y: np.ndarray,
    media: np.ndarray,
    controls: np.ndarray,
    spend: np.ndarray,
    references: Sequence[Reference] | None = None,
    groups: Groups | None = None,
) -> PanelScales:
    """Measure the scales of a training panel from its rows.

    Contributions of controls are measured from references, or from the mean.
    """
    seen = panel.observed
    n_weeks = seen.sum(1)
    outcome = np.abs(panel.scatter(y)).sum(1) / n_weeks
    largest = panel.scatter(media).max(1)
    centre = panel.scatter(controls).sum(1) / n_weeks[:, None]
    deviation = (panel.scatter(controls) - centre[:, None]) * seen[..., None]
    # Differences that are rounding errors of a constant are none.
    level = np.abs(panel.scatter(controls)).max(1)[:, None]
    deviation = np.where(np.abs(deviation) > _ROUNDING * level, deviation, 0.0)
    variance = (deviation**2).sum(1) / n_weeks[:, None]
    low = np.where(seen[..., None], panel.scatter(controls), np.inf).min(1)
    high = np.where(seen[..., None], panel.scatter(controls), -np.inf).max(1)
    return PanelScales(
        panel.regions,
        _fill_zero(outcome),
        _fill_silent(largest),
        centre,
        _pool_scales(variance, deviation, n_weeks),
        low,
        high,
        _prices(panel.scatter(spend).sum(1), panel.scatter(media).sum(1)),
        largest <= 0,
        control_reference=None
        if references is None
        else _references(references, {"min": low, "max": high, "mean": centre}),
        groups=groups,
    )


def _references(
    references: Sequence[Reference], known: dict[str, np.ndarray]
) -> np.ndarray:
    out = known["mean"].copy()
    for i, own in enumerate(references):
        out[:, i] = known[own][:, i] if isinstance(own, str) else own
    return out


def with_groups(
    scales: PanelScales, panel: Panel, media: np.ndarray, groups: Iterable[list[int]]
) -> PanelScales:
    """Return scales of which channels of a group have the one of their sum.

    Parameters
    ----------
    scales : PanelScales
    panel : Panel
    media : ndarray of shape (n_rows, n_channels)
    groups : iterable of list of int
        Numbers of the channels.
    """
    own = scales.media.copy()
    for members in groups:
        whole = panel.scatter(media[:, members]).sum(-1).max(1)
        own[:, members] = _fill_silent(whole[:, None])
    return replace(scales, media=own)


def scaled_controls(
    scales: PanelScales, panel: Panel, controls: np.ndarray
) -> np.ndarray:
    """Return standardised controls of a panel, with gaps interpolated."""
    code = scales.code(panel.regions)[panel.row_region]
    return interpolate_gaps(panel, panel.scatter(scales.standardise(controls, code)))


def rescaling(former: PanelScales, scales: PanelScales) -> Rescaling:
    """Return how the units of a panel have changed."""
    region = former.code(scales.regions)
    known = region >= 0
    old, new = former.media[region[known]], scales.media[known]
    outcome = former.outcome[region[known]] / scales.outcome[known]
    return Rescaling(
        region,
        np.median(old / new, axis=0) if known.any() else np.ones(old.shape[1]),
        float(np.median(outcome)) if known.any() else 1.0,
    )


def _fill_zero(outcome: np.ndarray) -> np.ndarray:
    """Give regions without any outcome the median of the others, or 1."""
    active = outcome > 0
    usual = np.median(outcome[active]) if active.any() else 1.0
    return np.where(active, outcome, usual)


def _prices(spend: np.ndarray, media: np.ndarray) -> np.ndarray:
    """Return spend per unit of media, (n_regions, n_channels).

    Regions without media or spend have the price of all regions together.
    """
    total = np.where(
        media.sum(0) > 0, spend.sum(0) / np.maximum(media.sum(0), 1e-300), 1.0
    )
    usual = np.where(total > 0, total, 1.0) * np.ones(media.shape)
    return np.divide(spend, media, out=usual, where=(media > 0) & (spend > 0))


def _fill_silent(largest: np.ndarray) -> np.ndarray:
    """Give regions where a channel is silent the median of the others, or 1."""
    out = largest.copy()
    for channel in range(out.shape[1]):
        active = largest[:, channel] > 0
        usual = np.median(largest[active, channel]) if active.any() else 1.0
        out[~active, channel] = usual
    return out


def _pool_scales(
    variance: np.ndarray, deviation: np.ndarray, n_weeks: np.ndarray
) -> np.ndarray:
    """Shrink regional standard deviations to a common one as far as they are noise.

    The logarithm of a standard deviation has sampling variance (k - 1) / 4n, with k
    the kurtosis; regions that differ by more than that differ in size.
    """
    out = np.ones_like(variance)
    for j in range(variance.shape[1]):
        positive = variance[:, j] > 0
        if not positive.any():
            continue
        log_sd = 0.5 * np.log(variance[positive, j])
        common = 0.5 * np.log(np.average(variance[:, j], weights=n_weeks))
        fourth = (deviation[positive, :, j] ** 4).sum(1) / n_weeks[positive]
        kurtosis = fourth / variance[positive, j] ** 2
        noise = np.mean((kurtosis - 1) / (4 * n_weeks[positive]))
        spread = log_sd.var()
        own = max(0.0, 1 - noise / spread) if spread > 0 else 0.0
        centre = log_sd.mean() if own > 0.5 else common
        out[:, j] = np.exp(centre)
        out[positive, j] = np.exp(centre + own * (log_sd - centre))
    return out
