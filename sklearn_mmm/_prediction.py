"""What a trained network and baseline say about rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from sklearn_mmm._media_plan import MediaPlan, MediaSequence
from sklearn_mmm._panel import Panel, interpolate_gaps, make_panel, with_history
from sklearn_mmm._rows import Rows
from sklearn_mmm._scaling import PanelScales
from sklearn_mmm._time import TimeAxis
from sklearn_mmm.network import MMMModule
from sklearn_mmm.training import TimeBaseline, calendar_features


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
    """

    module: MMMModule
    baseline: TimeBaseline
    scales: PanelScales
    axis: TimeAxis | None
    history: Rows

    def decompose(self, rows: Rows) -> np.ndarray:
        """Return baseline, controls and media, (n_rows, 1 + n_controls + n_channels).

        In outcome units.
        """
        code = self.scales.code(rows.region)
        parts = np.column_stack([self._organic(rows, code), self.media(rows)[0]])
        return np.asarray(parts * self.scales.outcome_of(code)[:, None])

    def media(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        """Return relative contributions and modulation of the rows' media.

        Each of shape (n_rows, n_channels).
        """
        panel, sequence = self._sequence(rows)
        with torch.no_grad():
            out, factor = sequence.contributions(sequence.media)
        n_rows = len(rows.region)
        return panel.gather(out.numpy())[-n_rows:], panel.gather(factor.numpy())[
            -n_rows:
        ]

    def plan(self, rows: Rows, channels: list[str], index: pd.Index) -> MediaPlan:
        """Prepare rows for the question what other media would have brought."""
        code = self.scales.code(rows.region)
        outcome_scale = self.scales.outcome_of(code)
        # An effect lasts for as long as the adstock kernel.
        panel, sequence = self._sequence(rows, self.module.media.max_lag - 1)
        n_rows = len(rows.region)
        return MediaPlan(
            channels=channels,
            index=index,
            region=rows.region,
            time=rows.time,
            spend=rows.media,
            organic=self._organic(rows, code).sum(axis=1) * outcome_scale,
            media_scale=self.scales.media_of(code),
            outcome_scale=self.scales.outcome_of(self.scales.code(panel.regions)),
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

    def _organic(self, rows: Rows, code: np.ndarray) -> np.ndarray:
        """Return relative baseline and control effects, (n_rows, 1 + n_controls)."""
        baseline = self.baseline.predict(code, rows.position)
        coefficient = self.module.controls.regional_coefficient
        with torch.no_grad():
            gamma = coefficient(torch.as_tensor(code)).numpy()
        controls = self.scales.standardise(rows.controls, code)
        # Effects are held at the edges of the range that training has seen.
        controls = np.clip(controls, *self.scales.control_range_of(code)) * gamma
        return np.column_stack([baseline, controls])

    def _sequence(self, rows: Rows, n_after: int = 0) -> tuple[Panel, MediaSequence]:
        """Return the rows' regions from the first training week on.

        The rows are the last ones of the panel. ``n_after`` weeks without media follow
        the last one.
        """
        names = ("region", "position", "media", "controls")
        given = {name: getattr(rows, name) for name in names}
        if self.axis is not None:
            history = {name: getattr(self.history, name) for name in names}
            given = with_history(history, given)
        regular = self.axis is None or self.axis.regular
        # Sequences begin with the training weeks, whichever regions are asked for.
        panel = make_panel(
            given["region"], given["position"], regular, start=0.0, n_after=n_after
        )
        code = self.scales.code(panel.regions)
        media = interpolate_gaps(panel, panel.scatter(given["media"]))
        last = self.baseline.position[-1]
        return panel, MediaSequence(
            module=self.module,
            region=torch.as_tensor(code),
            media=torch.as_tensor(media / self.scales.media_of(code)[:, None]),
            controls=torch.as_tensor(
                scaled_controls(self.scales, panel, given["controls"])
            ),
            calendar=torch.as_tensor(
                calendar_features(
                    panel.position, last, self.baseline.covariance.season_length
                )
            ),
            later=torch.as_tensor(panel.position > last),
        )


def scaled_controls(
    scales: PanelScales, panel: Panel, controls: np.ndarray
) -> np.ndarray:
    """Return standardised controls of a panel, with gaps interpolated."""
    code = scales.code(panel.regions)[panel.row_region]
    return interpolate_gaps(panel, panel.scatter(scales.standardise(controls, code)))
