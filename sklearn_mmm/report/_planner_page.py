"""The planner's place in the page; its fields are made by planner.js."""

from html import escape
from typing import Any

from sklearn_mmm.plotting._style import percent

# An error that nobody would see in the numbers shown.
_EXACT = 0.005


def planner_panel(data: dict[str, Any]) -> str:
    """Return the inside of the planner's tab.

    Parameters
    ----------
    data : dict
        As :func:`~sklearn_mmm.report._planner.planner_data` returns it.
    """
    outcome, money = escape(data["outcome"]), escape(data["money"])
    coverage = percent(data["coverage"])
    numbers = "".join(
        f'<div><div class="detail">{label}</div>'
        f'<div class="value" id="planner-{name}"{live}></div>'
        f'<div class="detail" id="planner-{name}s"></div></div>'
        for name, label, live in (
            ("outcome", f"Outcome ({outcome})", ' role="status"'),
            ("difference", "Difference from the plan", ""),
            ("spent", f"Spend ({money})", ""),
        )
    )
    buttons = "".join(
        f'<button type="button" id="planner-{name}">{label}</button>'
        for name, label in (
            ("best", "Best split"),
            ("reset", "Back to the plan"),
            ("keep", "Keep as scenario"),
            ("csv", "Download plan as CSV"),
        )
    )
    return (
        '<article class="card planner"><h2>Plan the money</h2>'
        f'<p class="note">For {escape(data["plan"])}: move a channel and see what the '
        f"model expects, carry-over after the plan included; intervals hold {coverage} "
        "of the cases. Bars show what one more unit of money brings. ‘Best split’ "
        f"keeps the total, the bounds and the locks.{_caution(data['coupling'])}</p>"
        f'<div class="planner-head">{numbers}</div>'
        f'<div class="planner-tools">{_chooser(data["levels"])}<label>Total '
        '<input type="number" min="0" step="any" id="planner-total"></label>'
        '<label><input type="checkbox" id="planner-fixed" checked> keep the total'
        f"</label>{buttons}</div>"
        '<p class="problem" id="planner-problem" role="alert"></p>'
        '<div id="planner-channels"></div></article>'
        '<article class="card planner" id="planner-kept" hidden><h2>Scenarios</h2>'
        '<p class="note">Plans that were kept, side by side.</p>'
        '<div class="scroll" id="planner-scenarios" tabindex="0" role="region" '
        'aria-label="Scenarios"></div></article>'
    )


def _chooser(levels: list[dict[str, Any]]) -> str:
    """Return the choice of how finely money is divided, where there is one."""
    if len(levels) < 2:
        return ""
    options = "".join(
        f'<option value="{place}">{escape(level["name"])}</option>'
        for place, level in enumerate(levels)
    )
    return f'<label>Money for <select id="planner-level">{options}</select></label>'


def _caution(coupling: float) -> str:
    if coupling <= _EXACT:
        return ""
    return (
        " Channels change one another's effects in this model, which the planner "
        f"leaves out: mixed plans are off by about {percent(coupling)} of what media "
        "bring."
    )
