"""Budgets: current against optimal, and what other budgets would bring."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm._arguments import check_number
from sklearn_mmm.inspection import Units
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.plotting._channels import names_of
from sklearn_mmm.plotting._panels import make_panels, panel, set_axes, units_for
from sklearn_mmm.plotting._source import Needs, check_source
from sklearn_mmm.plotting._style import (
    ACCENT,
    CLEAR,
    CONTRAST,
    FAINT,
    NUMBER,
    PALETTE,
    RATIO,
    change_in_words,
    fade,
    label_axis,
    percent,
    styled,
    text,
)
from sklearn_mmm.plotting._words import amount

_FRONTIER = Needs(numbers="total outcome gain marginal_roi")


@of_fitted_model
def plot_allocation(source: Any, *, units: Units | None = None) -> go.Figure:
    """Plot current against optimal spend, with gain, ROI and marginal ROI.

    Parameters
    ----------
    source : BudgetAllocation or DataFrame
        What :func:`~sklearn_mmm.allocate_budget` returns, or its ``channels``.
    units : Units, default=None
        Names of the units on the axes.

    Returns
    -------
    plotly.graph_objects.Figure
        Channels in the order of how much is moved. Where marginal ROI is not the same
        everywhere, bounds hold the budget.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_allocation
    >>> channels = pd.DataFrame({
    ...     "planned": [3.0, 1.0], "spend": [2.0, 2.0], "planned_roi": [1.0, 2.0],
    ...     "roi": [1.1, 1.8], "marginal_roi": [1.0, 1.0],
    ... }, index=pd.Index(["tv", "search"], name="channel"))
    >>> plot_allocation(channels).data[1].x.tolist()
    [2.0, 2.0]
    """
    units = units_for(None, units)
    table = check_source(
        "source",
        getattr(source, "channels", source),
        Needs(numbers="planned spend planned_roi roi marginal_roi"),
        "allocate_budget(...).channels",
    )
    # Channels that cost nothing are no part of a budget.
    paid = table[["planned", "spend"]].gt(0).any(axis=1)
    table = table[paid] if paid.any() else table
    moved = (table["spend"] - table["planned"]).sort_values(ascending=False)
    table = table.loc[moved.index].rename_axis("channel").reset_index()
    n, names = len(table), names_of(table)
    figure = make_panels(
        [_gain(source, units), "What it brings"],
        columns=2,
        height=max(150, 34 * n),
        widths=[0.6, 0.4],
        shares_labels=True,
    )
    _add_spend(figure, table, names)
    _add_returns(figure, table, names)
    rows = label_axis(table["channel"].tolist())
    most = float(table[["planned", "spend"]].to_numpy().max())
    set_axes(
        figure,
        0,
        {"title_text": text(f"{units.spend}, whole plan"), "range": [0, 1.18 * most]},
        rows,
    )
    set_axes(
        figure,
        1,
        {
            "title_text": text(units.per_spend),
            "rangemode": "tozero",
        },
        {**rows, "showgrid": True, "matches": "y"},
    )
    return styled(
        figure,
        "Budget: current against optimal",
        barmode="group",
        bargap=0.3,
        bargroupgap=0.05,
    )


def _add_spend(figure: go.Figure, table: pd.DataFrame, names: list[str]) -> None:
    """Add bars of current and optimal spend with the change in words."""
    change = [
        change_in_words(*pair)
        for pair in zip(table["planned"], table["spend"], strict=True)
    ]
    for name, column, colour in (
        ("current spend", "planned", FAINT),
        ("optimal spend", "spend", ACCENT),
    ):
        is_optimal = column == "spend"
        figure.add_bar(
            x=table[column],
            y=np.arange(len(table)),
            orientation="h",
            name=name,
            marker={"color": colour, "line_width": 0},
            text=[f" {c}" for c in change] if is_optimal else None,
            textposition="outside" if is_optimal else None,
            cliponaxis=False,
            customdata=names,
            hovertemplate=f"%{{customdata}}<br>{name} %{{x{NUMBER}}}<extra></extra>",
            **panel(0),
        )


def _add_returns(figure: go.Figure, table: pd.DataFrame, names: list[str]) -> None:
    """Add ROI of both plans and what the next unit of the optimal one brings."""
    for name, column, colour, symbol in (
        ("ROI, current", "planned_roi", FAINT, "circle"),
        ("ROI, optimal", "roi", ACCENT, "circle"),
        ("marginal ROI, optimal", "marginal_roi", PALETTE[1], "diamond"),
    ):
        figure.add_scatter(
            # The first unit of a channel that is not used may be worth any amount.
            x=table[column].where(table["spend"] > 0),
            y=np.arange(len(table)),
            mode="markers",
            name=name,
            marker={"color": colour, "size": 9, "symbol": symbol},
            customdata=names,
            hovertemplate=f"%{{customdata}}<br>{name} %{{x{RATIO}}}<extra></extra>",
            **panel(1),
        )


def _gain(source: Any, units: Units) -> str:
    gain = getattr(source, "gain", None)
    if gain is None:
        return "Spend"
    planned, sign = source.planned_outcome, "+" if gain >= 0 else "−"
    # More than the whole outcome: a total in which gains and losses cancel.
    share = f" ({sign}{percent(abs(gain) / planned)})" if planned > abs(gain) else ""
    return f"Gain {sign}{amount(abs(gain), units.worth)}{share}"


@of_fitted_model
def plot_frontier(
    source: pd.DataFrame,
    planned_total: float | None = None,
    *,
    units: Units | None = None,
) -> go.Figure:
    """Plot the best outcome of several budgets, and what the next unit would bring.

    Parameters
    ----------
    source : DataFrame
        What :func:`~sklearn_mmm.budget_frontier` returns.
    planned_total : float, default=None
        Spend of the plan as given, spend units; its outcome is marked.
    units : Units, default=None
        Names of the units on the axes.

    Returns
    -------
    plotly.graph_objects.Figure
        The band is the interval of the outcome, where the table has one.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_frontier
    >>> frontier = pd.DataFrame({
    ...     "total": [1.0, 2.0], "outcome": [5.0, 6.0], "gain": [-0.5, 0.5],
    ...     "low": float("nan"), "high": float("nan"), "marginal_roi": [1.2, 0.8],
    ... })
    >>> figure = plot_frontier(frontier, planned_total=1.5)
    >>> [trace.name for trace in figure.data]
    ['optimal', 'plan as given', 'marginal ROI']
    """
    units = units_for(None, units)
    if planned_total is not None:
        check_number("planned_total", planned_total)
    table = check_source("source", source, _FRONTIER, "budget_frontier")
    table = table.sort_values("total")
    figure = make_panels(
        ["Best outcome", "What the next unit of budget brings"], columns=1, height=200
    )
    _add_band(figure, table)
    figure.add_scatter(
        x=table["total"],
        y=table["outcome"],
        mode="lines+markers",
        name="optimal",
        line={"color": ACCENT, "width": 2.5},
        customdata=table["gain"],
        hovertemplate=f"budget %{{x{NUMBER}}}<br>outcome %{{y{NUMBER}}}"
        f"<br>%{{customdata:+,.4~r}} against the plan<extra></extra>",
        **panel(0),
    )
    if planned_total is not None:
        planned = float((table["outcome"] - table["gain"]).iloc[0])
        figure.add_scatter(
            x=[planned_total],
            y=[planned],
            mode="markers",
            name="plan as given",
            marker={
                "color": CONTRAST,
                "size": 11,
                "symbol": "diamond",
                "line": {"width": 1, "color": CLEAR},
            },
            hovertemplate=f"plan: budget %{{x{NUMBER}}}<br>outcome %{{y{NUMBER}}}"
            "<extra></extra>",
            **panel(0),
        )
    figure.add_scatter(
        x=table["total"],
        y=table["marginal_roi"],
        mode="lines+markers",
        name="marginal ROI",
        showlegend=False,
        line={"color": PALETTE[1], "width": 2.5},
        hovertemplate=f"budget %{{x{NUMBER}}}<br>next unit brings %{{y{RATIO}}}"
        "<extra></extra>",
        **panel(1),
    )
    budget = {"title_text": text(f"budget ({units.spend}, whole plan)")}
    set_axes(figure, 0, budget, {"title_text": text(f"{units.worth}, whole plan")})
    per_unit = text(units.per_spend)
    set_axes(figure, 1, budget, {"title_text": per_unit, "rangemode": "tozero"})
    return styled(figure, "Budget frontier")


def _add_band(figure: go.Figure, table: pd.DataFrame) -> None:
    """Add the interval of the outcome where there is one."""
    if "low" in table and table["low"].notna().all():
        for name in ("low", "high"):
            figure.add_scatter(
                x=table["total"],
                y=table[name],
                mode="lines",
                name="interval",
                line={"width": 0, "color": ACCENT},
                fill="tonexty" if name == "high" else None,
                fillcolor=fade(ACCENT, 0.2),
                showlegend=name == "high",
                hoverinfo="skip",
                **panel(0),
            )
