"""What a report shows: the results behind it, and its charts."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm.allocation._money_curves import MoneyCurves
from sklearn_mmm.allocation._setup import Setup
from sklearn_mmm.inspection import (
    Units,
    demand_table,
    graph_tables,
    has_intervals,
    media_total,
    prior_posterior,
    saturation_table,
)
from sklearn_mmm.inspection._effects import roi_tables
from sklearn_mmm.inspection._exchanged_plan import exchanged
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._graph_tables import GraphTables
from sklearn_mmm.plotting._style import percent
from sklearn_mmm.report._moves import MOVE_COLUMNS, move_table
from sklearn_mmm.report._planner_levels import Level, levels_of, parts_of
from sklearn_mmm.report._tests import next_test, planned_tests
from sklearn_mmm.report._trust import UNKNOWN, grade, trust_table

TABS = {
    "summary": "Summary",
    "fit": "Fit",
    "channels": "Channels",
    "response": "Response",
    "regions": "Regions",
    "budget": "Budget",
    "planner": "Planner",
    "graph": "Influences",
    "data": "Data",
    "appendix": "Appendix",
}


@dataclass(frozen=True)
class Results:
    """A fitted model and what a report needs to know of it.

    Attributes
    ----------
    mmm : DeepCausalMMMRegressor
    fit : DataFrame
        As :func:`~sklearn_mmm.inspection.fit_table` returns it.
    allocation : BudgetAllocation or None
    frontier : DataFrame or None
    plan_name : str
        What the budget is for, in words.
    units : Units
    coverage : float
    plan : DataFrame, array or None
        Rows of the plan, where they are known.
    setup : Setup or None
        The plan under every model, where an allocation has asked for it.
    previous : DeepCausalMMMRegressor or None
        The fit of the last report.
    placebo : DataFrame or None
        As :func:`~sklearn_mmm.inspection.placebo_test` returns it.
    """

    mmm: FittedMMM
    fit: pd.DataFrame
    allocation: Any
    frontier: pd.DataFrame | None
    plan_name: str
    units: Units
    coverage: float
    plan: Any = None
    setup: Setup | None = None
    previous: Any = None
    placebo: pd.DataFrame | None = None

    @cached_property
    def total(self) -> pd.Series:
        """What all media brought."""
        return media_total(self.mmm, coverage=self.coverage)

    @cached_property
    def trust(self) -> pd.DataFrame:
        """What speaks for and against the model."""
        return trust_table(
            self.mmm,
            self.fit,
            self.total,
            self.coverage,
            beliefs=self.beliefs,
            demand=self.demand,
            placebo=self.placebo,
        )

    @cached_property
    def grade(self) -> str:
        """How far the model can be trusted: "high", "medium" or "low"."""
        return grade(self.trust)

    def verdict(self, check: str) -> str:
        """Return what a check of the trust table says."""
        return str(self.trust.set_index("check")["verdict"].get(check, UNKNOWN))

    @cached_property
    def demand(self) -> pd.DataFrame:
        """How far past surprises of the outcome foretell the spend of channels."""
        return demand_table(self.mmm)

    @cached_property
    def beliefs(self) -> pd.DataFrame | None:
        """Priors beside posteriors; None with fewer than two members."""
        return prior_posterior(self.mmm) if self.mmm.n_members_ > 1 else None

    @cached_property
    def moves(self) -> pd.DataFrame:
        """The largest moves of money towards the best plan."""
        allocation = self.allocation
        if allocation is None or self.plan is None:
            return pd.DataFrame(columns=list(MOVE_COLUMNS))
        return move_table(self.worlds, allocation, self.coverage)

    @property
    def plan_rows(self) -> Any:
        """Rows that a budget is for; None if they are not known."""
        if self.plan is not None or self.allocation is None:
            return self.plan
        return self.allocation.plan

    @cached_property
    def worlds(self) -> list[Any]:
        """The plan under the model and under each member; none without its rows."""
        if self.plan_rows is None:
            return []
        if self.setup is not None:
            return [self.setup.plan, *self.setup.doubted]
        plan = self.mmm.media_plan(self.plan_rows)
        members = self.mmm.member_plans(self.plan_rows)
        return [plan, *exchanged(self.mmm, members)]

    @cached_property
    def levels(self) -> list[Level]:
        """The levels at which the planner divides money."""
        return levels_of(self.worlds[0]) if self.worlds else []

    @cached_property
    def curves_of_levels(self) -> list[MoneyCurves]:
        """What channels bring in each group of each level of the planner."""
        if not self.worlds:
            return []
        parts = [parts_of(level, self.worlds[0]) for level in self.levels]
        return MoneyCurves.of_parts(self.worlds, np.concatenate(parts))

    @property
    def curves(self) -> MoneyCurves | None:
        """What channels bring at any money, by the model and by each member."""
        return self.curves_of_levels[0] if self.worlds else None

    @cached_property
    def tests(self) -> pd.DataFrame:
        """Channels by what a test of them is worth, or by what hangs on it."""
        table = planned_tests(
            self.mmm, self.plan_rows, self.curves, self.units, self.setup
        )
        return next_test(self.roi) if table is None else table

    @property
    def first_tables(self) -> dict[str, pd.DataFrame]:
        """What the statements of the first screen are read from."""
        return {
            "media_total": self.total.to_frame().T,
            "moves": self.moves,
            "trust": self.trust,
            "next_test": self.tests,
        }

    @cached_property
    def effects(self) -> dict[str, pd.DataFrame]:
        """The table of ROI for direct, mediated and total effects."""
        return roi_tables(self.mmm, self.coverage)

    @property
    def roi(self) -> pd.DataFrame:
        """ROI of what channels brought themselves."""
        return self.effects["direct"]

    @cached_property
    def saturation(self) -> pd.DataFrame:
        """How far channels are saturated."""
        return saturation_table(self.mmm)

    @cached_property
    def graph(self) -> GraphTables:
        """Nodes and edges of the channel graph."""
        return graph_tables(self.mmm, coverage=self.coverage)

    @property
    def has_intervals(self) -> bool:
        """Whether the model has members."""
        return has_intervals(self.mmm)

    @property
    def has_holdout(self) -> bool:
        """Whether there are rows that were not trained on."""
        return bool((self.fit["split"] == "holdout").any())

    @property
    def n_regions(self) -> int:
        """Number of regions in training."""
        return int(self.mmm.history_["region"].nunique())


class Chart(NamedTuple):
    """A figure with its place, its words and its numbers.

    Attributes
    ----------
    name : str
        Unique; names its files.
    tab : str
        Key of TABS.
    heading, note : str
        The note says in a sentence how to read the figure.
    figure : Figure
    tables : dict of DataFrame
        What can be downloaded, by file name.
    half : bool
        Whether half of the page is wide enough.
    """

    name: str
    tab: str
    heading: str
    note: str
    figure: go.Figure
    tables: dict[str, pd.DataFrame]
    half: bool = False


def band(results: Results, words: str) -> str:
    """Return a sentence about intervals, if there are any."""
    if not results.has_intervals:
        return ""
    return f" {words.format(f'{percent(results.coverage)}')}"
