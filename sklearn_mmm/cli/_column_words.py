"""What the command says of the columns that it took."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sklearn_mmm.cli import _names as names
from sklearn_mmm.cli._column_roles import Columns


def default_labels(found: Columns) -> dict[str, str]:
    """Return names for people: "Facebook" for the column facebook_S."""
    columns = list(dict.fromkeys([*found.media, *found.reach, *found.controls]))
    out = {name: names.for_people(name) for name in columns}
    taken = [label.lower() for label in out.values()]
    return {k: v for k, v in out.items() if k != v and taken.count(v.lower()) == 1}


def _behind(found: Columns, medium: str) -> str:
    if medium not in found.spend:
        return ""
    money = found.spend[medium]
    return f" (money: {money})" if money else " (costs nothing)"


def describe(found: Columns, data: pd.DataFrame) -> list[str]:
    """Return lines that say which column was taken for what."""

    def listed(items: Sequence[str] | Mapping[str, Any]) -> str:
        return ", ".join(map(str, items)) or "none"

    media = [m + _behind(found, m) for m in found.media]
    for name, (reach, frequency) in found.reach.items():
        money = found.spend.get(name)
        paid = f"money: {money}" if money else "costs nothing"
        media.append(f"{name} (reach: {reach}, frequency: {frequency}, {paid})")
    lines = [
        f"target    {found.target}",
        f"time      {found.time or 'none: rows are taken in their order'}",
        f"region    {' × '.join(found.regions) or 'none: one series'}",
        f"media     {listed(media)}",
        f"controls  {listed(found.controls)}",
    ]
    if found.outcome_value is not None:
        lines.append(f"worth     {found.outcome_value} for each unit of the target")
    lines += [f"left out  {name}: {why}" for name, why in found.left_out.items()]
    return lines
