"""Tables of inputs and what happens, of which every row is run as it is written."""

import tempfile
import warnings
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.panel._time_axis import TimeAxis, make_time_axis

WEEKS = pd.date_range("2022-01-03", periods=30, freq="7D")


class Row(NamedTuple):
    """One input and what happens.

    ``run`` returns whether what ``says`` claims is so; where ``kind`` is an exception
    or a warning, it ends in that one, and its message is shown as it is.
    """

    given: str
    says: str
    run: Callable[["Kit"], Any]
    kind: type[Exception] | None = None


class Kit:
    """Small panels and fits that rows share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def panel(
        self, regions: Iterable[Any] = ("north", "south", "west"), times: Any = WEEKS
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Return X and y."""
        regions, times = list(regions), list(times)
        rng = np.random.default_rng(0)
        n = len(regions) * len(times)
        X = pd.DataFrame(
            {
                "region": [region for region in regions for _ in times],
                "week": [time for _ in regions for time in times],
                "tv": rng.gamma(2.0, 50.0, n).round(2),
                "search": rng.gamma(2.0, 20.0, n).round(2),
                "price": rng.normal(size=n).round(2),
            }
        )
        return X, (100 + 0.5 * X["tv"] + rng.normal(0, 3, n)).to_numpy()

    def fit(
        self, X: Any, y: Any, lift_tests: Any = None, **options: Any
    ) -> DeepCausalMMMRegressor:
        """Return a fit that costs as little as can be."""
        cheap = {
            "media_columns": ["tv", "search"],
            "region_column": "region",
            "time_column": "week",
            "max_epochs": 2,
            "validation": False,
            "graph": False,
            "time_varying": False,
            "n_members": 0,
            "random_state": 0,
        }
        return DeepCausalMMMRegressor(**cheap | options).fit(
            X, y, lift_tests=lift_tests
        )

    @cached_property
    def mmm(self) -> DeepCausalMMMRegressor:
        """A fit of the panel."""
        return self.fit(*self.panel())

    def refuses(self, column: str = "tv", **changes: Any) -> None:
        """Fit a panel whose column is another one."""
        X, y = self.panel()
        self.fit(X.assign(**{column: changes["values"]}), y)

    def same(self, one: Any, other: Any) -> bool:
        """Return whether predictions are the same to the last bit."""
        return bool(np.array_equal(np.asarray(one), np.asarray(other)))


def axis(labels: Any) -> TimeAxis:
    """Return the time axis of a column called week."""
    return make_time_axis(np.asarray(labels, dtype=object), "week")


def reads(labels: Any, n_steps: int | None = None, dates: Any = None) -> bool:
    """Return whether labels are time steps without gaps, like some dates."""
    labels = np.asarray(labels, dtype=object)
    found = axis(labels)
    expected = list(range(n_steps or len(labels)))
    even = found.position(labels, "week").tolist() == expected
    if dates is None:
        return even
    return even and found.season_length == make_time_axis(dates, "week").season_length


def happens(row: Row, kit: Kit) -> str:
    """Run a row and return the message of its error or warning, if it has one.

    Raises
    ------
    AssertionError
        If what the row says is not so.
    """
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            held = row.run(kit)
        except (ValueError, TypeError, ImportError) as error:
            if row.kind is None or not isinstance(error, row.kind):
                raise
            return " ".join(str(error).split())
    if row.kind is None:
        assert held, f"{row.given}: not so: {row.says}"
        return ""
    words = [str(w.message) for w in said if issubclass(w.category, row.kind)]
    assert words, f"{row.given}: no {row.kind.__name__}"
    return " ".join(words[0].split())


def _table(rows: Iterable[Row], kit: Kit) -> str:
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: 42 58", ""]
    lines += ["   * - input", "     - what happens"]
    for row in rows:
        message = happens(row, kit)
        lines += [f"   * - {row.given}", f"     - {row.says}"]
        if message:
            shown = message if len(message) < 300 else f"{message[:300]}…"
            lines += [
                "",
                f"       :{row.kind.__name__}:",
                f"         {_literal(shown)}",
            ]
    return "\n".join(lines) + "\n"


def _literal(message: str) -> str:
    return f"``{message.replace('`', chr(39))}``"


def write(folder: Path) -> None:
    """Write the tables that the page about inputs includes.

    Parameters
    ----------
    folder : Path
    """
    import _input_rows

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as aside:
        kit = Kit(Path(aside))
        for name, rows in _input_rows.TABLES.items():
            text = _table(rows, kit)
            (folder / f"inputs_{name}.rst").write_text(text, encoding="utf-8")
