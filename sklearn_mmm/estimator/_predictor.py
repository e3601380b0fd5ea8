"""What a trained network and baseline say about rows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from sklearn_mmm.baseline._forecast import TimeBaseline
from sklearn_mmm.estimator._media_plan import MediaPlan
from sklearn_mmm.estimator._media_sequence import MediaSequence
from sklearn_mmm.functional._link import multiplied_parts, outcome_of_log
from sklearn_mmm.likelihood._data import calendar_features
from sklearn_mmm.network import MMMModule
from sklearn_mmm.panel._grid import Panel, interpolate_gaps, make_panel
from sklearn_mmm.panel._outcome_value import worth_of_cells
from sklearn_mmm.panel._reach import frequency_grid
from sklearn_mmm.panel._rows import Rows
from sklearn_mmm.panel._scales import PanelScales, scaled_controls
from sklearn_mmm.panel._time_axis import TimeAxis
from sklearn_mmm.posterior._members import Member


@dataclass(frozen=True)
class Predictor:
    """A trained model, without the names of columns and the checks of input.

    Attributes
    ----------
    module : MMMModule
    baseline : TimeBaseline
    scales : PanelScales
    axis : TimeAxis or None
        None without a time column: rows of different calls are then different series.
    history : Rows
        Training rows, which later rows continue.
    members : list of Member
        Other parameters that the data allow as well.
    interval_factor : float
        Factor on the standard deviation of forecasts.
    link : {"identity", "log"}
        Of what effects are added to: the outcome or its logarithm.
    """

    module: MMMModule
    baseline: TimeBaseline
    scales: PanelScales
    axis: TimeAxis | None
    history: Rows
    members: list[Member]
    interval_factor: float
    link: str

    @property
    def multiplies(self) -> bool:
        """Whether effects multiply the outcome."""
        return self.link == "log"

    def decompose(self, rows: Rows) -> np.ndarray:
        """Return baseline, controls and media, (n_rows, 1 + n_controls + n_channels).

        In outcome units.
        """
        main = Member(self.module, self.baseline)
        return next(self._decompose(rows, [main]))

    def decompose_members(self, rows: Rows) -> Iterator[np.ndarray]:
        """Yield what :meth:`decompose` returns, for each member."""
        yield from self._decompose(rows, self.members)

    def _decompose(self, rows: Rows, members: list[Member]) -> Iterator[np.ndarray]:
        code = self.scales.code(rows.region)
        size = self.scales.outcome_of(code)[:, None]
        panel, sequence = self._effects(self._with_past(rows))
        organic = _OrganicRows.of(self.scales, rows, code)
        for member in members:
            with torch.no_grad():
                own = replace(sequence, module=member.module)
                media = own.contributions(sequence.media)[0].numpy()
            media = panel.gather(media)[-len(code) :]
            parts = np.column_stack([organic.parts(member), media])
            if self.multiplies:
                parts = multiplied_parts(parts, rows.controls.shape[1])
            yield parts * size

    def controls_of_members(self, rows: Rows) -> Iterator[np.ndarray]:
        """Yield what controls bring by each member, (n_rows, n_controls)."""
        if self.multiplies:
            n = rows.controls.shape[1]
            for parts in self.decompose_members(rows):
                yield parts[:, 1 : 1 + n]
            return
        code = self.scales.code(rows.region)
        size = self.scales.outcome_of(code)[:, None]
        organic = _OrganicRows.of(self.scales, rows, code)
        for member in self.members:
            yield organic.of_controls(member) * size

    def modulation(self, rows: Rows) -> np.ndarray:
        """Return the factor of the rows' effects, (n_rows, n_channels)."""
        if not self.module.modulation.active:
            return np.ones(rows.media.shape)
        panel, sequence = self._effects(self._with_past(rows))
        with torch.no_grad():
            factor = sequence.contributions(sequence.media)[1].numpy()
        return panel.gather(factor)[-len(rows.region) :]

    def baseline_variance(self, rows: Rows, prediction: np.ndarray) -> np.ndarray:
        """Return the variance of the baseline given the parameters, (n_rows,).

        In squared outcome units.

        Parameters
        ----------
        rows : Rows
        prediction : ndarray of shape (n_rows,)
            Theirs.
        """
        code = self.scales.code(rows.region)
        variance = self.baseline.variance(code, rows.position)
        return self._in_outcome_units(variance, rows, prediction)

    def noise_variance(self, rows: Rows, prediction: np.ndarray) -> np.ndarray:
        """Return the variance of single weeks' noise, see above."""
        variance = self.baseline.noise_variance(self.scales.code(rows.region))
        return self._in_outcome_units(variance, rows, prediction)

    def _in_outcome_units(
        self, variance: np.ndarray, rows: Rows, prediction: np.ndarray
    ) -> np.ndarray:
        """Return relative variances in squared outcome units.

        What multiplies an outcome varies with it.
        """
        size = prediction
        if not self.multiplies:
            size = self.scales.outcome_of(self.scales.code(rows.region))
        variance = variance * self._widening(rows) ** 2
        return np.asarray(variance * size**2)

    def _widening(self, rows: Rows) -> np.ndarray:
        """Return how much wider than the model says errors are, (n_rows,)."""
        later = rows.position > self.baseline.position[-1]
        return np.where(later, self.interval_factor, 1.0)

    def media_of_members(self, plan: MediaPlan) -> list[MediaPlan]:
        """Return a plan with each member's media and the model's own baseline."""
        return [
            replace(plan, sequence=plan.sequence.with_module(m.module))
            for m in self.members
        ]

    def member_plans(self, plan: MediaPlan, rows: Rows) -> list[MediaPlan]:
        """Return the same rows' plan for each member."""
        code = self.scales.code(rows.region)
        size = self.scales.outcome_of(code)
        organic = _OrganicRows.of(self.scales, rows, code)
        if self.multiplies:
            # The baseline of the plan's other cells is the member's own as well.
            panel, _ = self._effects(self._with_past(rows), self._n_after)
            sequences = self._with_baselines(panel, plan.sequence, self.members)
        else:
            sequences = [p.sequence for p in self.media_of_members(plan)]
        own = zip(self.members, sequences, strict=True)
        return [
            replace(plan, rest=self._without_media(organic, m) * size, sequence=one)
            for m, one in own
        ]

    def _without_media(self, organic: "_OrganicRows", member: Member) -> np.ndarray:
        """Return relative outcomes of rows without media, (n_rows,)."""
        values = organic.parts(member).sum(axis=1)
        return outcome_of_log(values) if self.multiplies else np.asarray(values)

    def _with_baselines(
        self, panel: Panel, sequence: MediaSequence, members: list[Member]
    ) -> list[MediaSequence]:
        """Return a sequence of effects that multiply what members say of its cells."""
        cells = _OrganicRows.of_cells(self.scales, panel, sequence.controls.numpy())
        shape = panel.observed.shape
        return [
            replace(
                sequence,
                module=member.module,
                rest=torch.as_tensor(self._without_media(cells, member).reshape(shape)),
            )
            for member in members
        ]

    def plan(self, rows: Rows, channels: list[str], index: pd.Index) -> MediaPlan:
        """Prepare rows for the question what other media would have brought."""
        main = Member(self.module, self.baseline)
        code = self.scales.code(rows.region)
        outcome_scale = self.scales.outcome_of(code)
        # An effect lasts for as long as the adstock kernel.
        panel, sequence = self.sequence(rows, self._n_after)
        n_rows = len(rows.region)
        scale, price = self.scales.media_of(code), self._prices(rows, code)
        organic = _OrganicRows.of(self.scales, rows, code)
        return MediaPlan(
            channels=channels,
            index=index,
            region=rows.region,
            time=rows.time,
            spend=rows.spend,
            rest=self._without_media(organic, main) * outcome_scale,
            media_scale=scale * price,
            price=price,
            given=np.where(rows.spend > 0, 0.0, rows.media) / scale,
            free=self.history.free,
            silent=self.scales.silent_of(code),
            outcome_scale=self.scales.outcome_of(self.scales.code(panel.regions)),
            worth=worth_of_cells(panel, self._with_past(rows).value),
            sequence=sequence,
            cells=(panel.row_region[-n_rows:], panel.row_week[-n_rows:]),
        )

    def drifted(self, rows: Rows) -> np.ndarray:
        """Return which controls have left their training range in most rows."""
        code = self.scales.code(rows.region)
        controls = self.scales.standardise(rows.controls, code)
        low, high = self.scales.control_range_of(code)
        beyond = np.maximum(low - controls, controls - high)
        return np.asarray((beyond > 1.0).mean(axis=0) > 0.5)

    def _prices(self, rows: Rows, code: np.ndarray) -> np.ndarray:
        """Return what a unit of media costs in each row, (n_rows, n_channels).

        Where nothing is paid, as on average in the region's training weeks.
        """
        usual = self.scales.price_of(code)
        paid = (rows.media > 0) & (rows.spend > 0)
        return np.divide(rows.spend, rows.media, out=usual, where=paid)

    def _with_past(self, rows: Rows) -> Rows:
        """Return the rows behind those of training that they continue."""
        return rows if self.axis is None else rows.continuing(self.history).rows

    @property
    def _n_after(self) -> int:
        """Weeks for which an effect lasts: those of the adstock kernel."""
        return int(self.module.media.max_lag) - 1

    def usual_worth(self) -> np.ndarray:
        """Return what an effect of 1 brings per training row, (n_regions,).

        Relative to the region's mean outcome; 1 where effects add up.
        """
        if not self.multiplies:
            return np.ones(len(self.scales.regions))
        panel, sequence = self.sequence(self.history)
        seen = torch.as_tensor(panel.observed, dtype=torch.float64)
        return np.asarray(sequence.usual_worth(seen).numpy())

    def sequence(self, rows: Rows, n_after: int = 0) -> tuple[Panel, MediaSequence]:
        """Return the rows' regions from the first training week on.

        The rows are the last ones of the panel. ``n_after`` weeks without media follow
        the last one.
        """
        panel, sequence = self._effects(self._with_past(rows), n_after)
        if self.multiplies:
            main = Member(self.module, self.baseline)
            [sequence] = self._with_baselines(panel, sequence, [main])
        return panel, sequence

    def _effects(self, rows: Rows, n_after: int = 0) -> tuple[Panel, MediaSequence]:
        """Return rows and their past on the scale of the link."""
        regular = self.axis is None or self.axis.regular
        # Sequences begin with the training weeks, whichever regions are asked for.
        panel = make_panel(
            rows.region, rows.position, regular, start=0.0, n_after=n_after
        )
        code = self.scales.code(panel.regions)
        media = interpolate_gaps(panel, panel.scatter(rows.media))
        last = self.baseline.position[-1]
        frequency = None
        if rows.frequency is not None:
            usual = self.scales.frequency_of(code)
            frequency = torch.as_tensor(frequency_grid(panel, rows.frequency, usual))
        return panel, MediaSequence(
            module=self.module,
            region=torch.as_tensor(code),
            media=torch.as_tensor(media / self.scales.media_of(code)[:, None]),
            controls=torch.as_tensor(
                scaled_controls(self.scales, panel, rows.controls)
            ),
            calendar=torch.as_tensor(
                calendar_features(
                    panel.position, last, self.baseline.covariance.season_length
                )
            ),
            later=torch.as_tensor(panel.position > last),
            frequency=frequency,
        )


class _OrganicRows(NamedTuple):
    """Rows apart from their media, as every member is asked about them.

    Attributes
    ----------
    code : int ndarray of shape (n_rows,)
        Of the regions.
    position : ndarray of shape (n_rows,)
    controls, usual : ndarray of shape (n_rows, n_controls)
        Standardised, and so their references.
    """

    code: np.ndarray
    position: np.ndarray
    controls: np.ndarray
    usual: np.ndarray

    @classmethod
    def of(cls, scales: PanelScales, rows: Rows, code: np.ndarray) -> "_OrganicRows":
        """Standardise controls."""
        controls = scales.standardise(rows.controls, code)
        # Effects are held at the edges of the range that training has seen.
        held = np.clip(controls, *scales.control_range_of(code))
        return cls(code, rows.position, held, scales.reference_of(code))

    @classmethod
    def of_cells(
        cls, scales: PanelScales, panel: Panel, controls: np.ndarray
    ) -> "_OrganicRows":
        """Return all cells of a panel, region by region.

        Parameters
        ----------
        scales : PanelScales
        panel : Panel
        controls : ndarray of shape (n_regions, n_weeks, n_controls)
            Standardised.
        """
        n_regions, n_weeks = panel.observed.shape
        code = np.repeat(scales.code(panel.regions), n_weeks)
        flat = controls.reshape(len(code), controls.shape[2])
        held = np.clip(flat, *scales.control_range_of(code))
        position = np.tile(panel.position, n_regions)
        return cls(code, position, held, scales.reference_of(code))

    def parts(self, member: Member) -> np.ndarray:
        """Return relative baseline and control effects, (n_rows, 1 + n_controls)."""
        gamma = self._coefficients(member)
        baseline = member.baseline.predict(self.code, self.position)
        # What controls bring at their references is part of the baseline.
        usual = self.usual * gamma
        return np.column_stack(
            [baseline + usual.sum(axis=1), self.controls * gamma - usual]
        )

    def of_controls(self, member: Member) -> np.ndarray:
        """Return relative control effects, (n_rows, n_controls)."""
        return (self.controls - self.usual) * self._coefficients(member)

    def _coefficients(self, member: Member) -> np.ndarray:
        with torch.no_grad():
            own = member.module.controls.regional_coefficient(
                torch.as_tensor(self.code)
            )
        return np.asarray(own.numpy())
