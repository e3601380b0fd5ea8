"""Inputs that were tried, and what happens."""

import numpy as np
import pandas as pd
import polars as pl
from _input_times import TIME
from _inputs import WEEKS, Kit, Row

from sklearn_mmm import allocate_budget, make_report, simulate
from sklearn_mmm.datasets import make_mmm, true_outcome
from sklearn_mmm.exceptions import (
    ContradictedLiftTestWarning,
    UnknownRegionWarning,
)
from sklearn_mmm.inspection import channel_summary
from sklearn_mmm.plotting import plot_roi


def _relabelled(kit: Kit) -> bool:
    X, y = kit.panel((1, 2, 3))
    mmm = kit.fit(X, y)
    return all(
        kit.same(
            mmm.predict(X.assign(region=[f(v) for v in X["region"]])), mmm.predict(X)
        )
        for f in (str, float, lambda v: f"0{v}", lambda v: f"{v}.0")
    )


def _frames(kit: Kit) -> bool:
    import pyarrow as pa

    X, _ = kit.panel()
    columns = X.to_dict("list")
    table = pl.DataFrame(columns)
    return all(
        kit.same(kit.mmm.predict(frame), kit.mmm.predict(X))
        for frame in (table, table.lazy(), pa.table(columns))
    )


def _regions(kit: Kit, labels: tuple, label: object = None) -> None:
    X, y = kit.panel(labels)
    mmm = kit.fit(X, y)
    if label is not None:
        mmm.predict(X[:30].assign(region=label))


def _named(kit: Kit, name: str) -> None:
    X, y = kit.panel()
    X = X.rename(columns={"region": "geo", "tv": name})
    kit.fit(X, y, media_columns=[name, "search"], region_column="geo")


def _odd_names(kit: Kit) -> bool:
    X, y = kit.panel()
    names = ["{a}", "<b>", "%s", "0", "a b", "é"]
    X = X.assign(**dict.fromkeys(names, X["tv"]))
    return list(kit.fit(X, y, media_columns=names).media_columns_) == names


KEYS = [
    Row(
        'regions ``7`` in fit and ``7.0``, ``"7"``, ``"07"`` later',
        "the same region, also in ``partial_fit``, transformers and lift tests",
        _relabelled,
    ),
    Row(
        "region ``1.5`` where fit had ``1``, ``2``, ``3``",
        "another region: the shared parameters",
        lambda k: _regions(k, (1, 2, 3), 1.5),
        UnknownRegionWarning,
    ),
    Row(
        "text that is no number, where the regions of fit are numbers",
        "named with its row",
        lambda k: _regions(k, (1, 2, 3), "north"),
        ValueError,
    ),
    Row(
        '``1`` and ``"1"`` in one column',
        "one region or two?",
        lambda k: _regions(k, (1, "1", "north")),
        ValueError,
    ),
    Row(
        '``1`` where fit had ``"01"`` and ``"001"``',
        "which of them?",
        lambda k: _regions(k, ("01", "001", "north"), 1),
        ValueError,
    ),
    Row(
        '``1``, ``"north"`` and ``2.5`` in one column',
        "texts",
        lambda k: (
            sorted(k.fit(*k.panel((1, "north", 2.5))).media_scale_.index)
            == ["1", "2.5", "north"]
        ),
    ),
    Row(
        "an array after a fit to a frame",
        "refused with the columns that are needed",
        lambda k: k.mmm.predict(k.panel()[0].to_numpy()),
        ValueError,
    ),
    Row(
        "a channel or control called ``region``, ``time`` or ``baseline``",
        "rename it",
        lambda k: _named(k, "region"),
        ValueError,
    ),
    Row(
        "two columns of one name",
        "rename one",
        lambda k: k.fit(
            k.panel()[0].set_axis(["region", "week", "tv", "tv", "price"], axis=1),
            k.panel()[1],
        ),
        ValueError,
    ),
    Row(
        "a row twice",
        "refused",
        lambda k: k.fit(pd.concat([k.panel()[0]] * 2), np.ones(180)),
        ValueError,
    ),
    Row(
        "names ``{a}``, ``<b>``, ``%s``, ``0``, with blanks or accents",
        "work",
        _odd_names,
    ),
    Row(
        "frames of polars (lazy ones are collected), ``pyarrow.Table``",
        "the same as pandas; transformers return the kind of frame they were given",
        _frames,
    ),
    Row(
        "nullable and text types with numbers",
        "read",
        lambda k: all(
            k.same(
                k.mmm.predict(k.panel()[0].astype({"tv": kind})),
                k.mmm.predict(k.panel()[0]),
            )
            for kind in ("Float64", "str", object)
        ),
    ),
    Row(
        "dates (also durations, periods) as media, controls or ``y``",
        "refused by column",
        lambda k: k.refuses(values=np.tile(WEEKS, 3)),
        ValueError,
    ),
    Row("complex numbers", "refused", lambda k: k.refuses(values=1j), ValueError),
    Row(
        "text with categories",
        "the encoder to put in front is named",
        lambda k: k.refuses(values=["low", "high"] * 45),
        ValueError,
    ),
    Row(
        "text with decimal commas",
        "named",
        lambda k: k.refuses(values="1,5"),
        ValueError,
    ),
    Row(
        "lists or other objects",
        "refused",
        lambda k: k.refuses(values=[[1]] * 90),
        TypeError,
    ),
]


def _scaled(kit: Kit, by: float) -> bool:
    X, y = kit.panel()
    other = X.assign(tv=by * X["tv"], search=by * X["search"])
    found = kit.fit(other, y / by).predict(other) * by
    return bool(np.allclose(found, kit.mmm.predict(X), rtol=1e-3))


def _test(kit: Kit, **changes: object) -> None:
    X, y = kit.panel()
    test = {
        "channel": "tv",
        "start": WEEKS[10],
        "end": WEEKS[13],
        "lift": 300.0,
        "std_error": 100.0,
    }
    cells = (test | changes).items()
    table = pd.DataFrame({k: pd.Series([v], dtype=object) for k, v in cells})
    kit.fit(X, y, lift_tests=table)


def _without_sign(kit: Kit) -> bool:
    X, y = kit.panel()
    summary = channel_summary(kit.fit(X, y - 2 * y.max()))
    return bool(summary["share_of_outcome"].isna().all())


def _silent(kit: Kit) -> bool:
    X, y = kit.panel()
    X.loc[X["region"] == "south", "tv"] = 0.0
    points = kit.fit(X, y).saturation_points()
    return bool(
        np.isfinite(points.drop(columns="channel").astype(float)).all(axis=None)
    )


def _elsewhere(kit: Kit) -> bool:
    X, y = kit.panel()
    X.loc[X["region"] != "north", "tv"] = 0.0
    mmm = kit.fit(X, y)
    later = X[-1:].assign(week=WEEKS[-1] + pd.Timedelta(weeks=1), tv=50.0)
    return bool(simulate(mmm, later, {"tv": 1.0}).extrapolated["tv"].all())


def _no_logarithm(kit: Kit) -> None:
    X, y = kit.panel()
    kit.fit(X, np.where(np.arange(len(y)) == 7, 0.0, y), link="log")


def _nothing(kit: Kit) -> bool:
    X, y = kit.panel()
    zero = np.where(X["region"] == "south", 0.0, 1e-9 * y)
    return bool(
        np.abs(kit.fit(X, zero).contributions_).max(axis=None) < 10 * zero.max()
    )


NUMBERS = [
    Row(
        "a missing value",
        "refused by column and row",
        lambda k: k.refuses(values=[np.nan, *[1.0] * 89]),
        ValueError,
    ),
    Row("negative media", "refused", lambda k: k.refuses(values=-1.0), ValueError),
    Row(
        "a frequency below 1 where somebody was reached",
        "refused",
        lambda k: k.fit(
            k.panel()[0].assign(price=0.5),
            k.panel()[1],
            media_columns=["tv"],
            reach_frequency={"video": ("search", "price")},
        ),
        ValueError,
    ),
    Row(
        "values beyond 1e100",
        "another unit",
        lambda k: k.refuses(values=1e200),
        ValueError,
    ),
    Row(
        "``10**400``",
        "another unit",
        lambda k: k.refuses(values=pd.Series([10**400] * 90, dtype=object)),
        ValueError,
    ),
    Row(
        "nothing above 1e-100",
        "another unit",
        lambda k: k.refuses(values=1e-200),
        ValueError,
    ),
    Row(
        "media in a unit 1e12 times as small, outcome as large",
        "the same results in these units",
        lambda k: _scaled(k, 1e12) and _scaled(k, 1e-12),
    ),
    Row(
        'an outcome of 0 with ``link="log"``',
        "named with its row",
        _no_logarithm,
        ValueError,
    ),
    Row(
        "a region whose outcome is zero throughout, beside others of 1e-9",
        "has the scale of the median region",
        _nothing,
    ),
    Row(
        "a channel that is silent in a region",
        "the region has no part in the curve of all regions",
        _silent,
    ),
    Row(
        "a channel planned where it never ran",
        "marked as extrapolated",
        _elsewhere,
    ),
    Row(
        "an outcome that sums to nothing or less",
        "shares are NaN; ``diagnose`` says so",
        _without_sign,
    ),
    Row(
        "an ``outcome_value`` of -1, missing values in its column, zeros alone",
        "refused by name",
        lambda k: k.fit(*k.panel(), outcome_value=-1.0),
        ValueError,
    ),
    Row(
        "an ``outcome_value`` of 1e200",
        "another unit",
        lambda k: k.fit(*k.panel(), outcome_value=1e200),
        ValueError,
    ),
    Row(
        "a ``control_reference`` of 1e200",
        "another unit",
        lambda k: k.fit(
            *k.panel(), control_columns=["price"], control_reference={"price": 1e200}
        ),
        ValueError,
    ),
    Row(
        "a lift test with ``std_error=1e-300``",
        "refused by row",
        lambda k: _test(k, std_error=1e-300),
        ValueError,
    ),
    Row(
        "a lift below zero of a channel that was switched on",
        "refused by row",
        lambda k: _test(k, lift=-300.0),
        ValueError,
    ),
    Row(
        "a lift test far from what the model says",
        "told, also in ``lift_test_fit_`` and by ``diagnose``",
        lambda k: _test(k, lift=3e6, std_error=1e4),
        ContradictedLiftTestWarning,
    ),
    Row(
        "a prior of ``(1e300, 1e-300)``",
        "refused by channel",
        lambda k: k.fit(*k.panel(), priors={"tv": {"roi": (1e300, 1e-300)}}),
        ValueError,
    ),
    Row(
        "``max_lag=10**9``, ``l2=1e300`` and the like",
        "refused by name",
        lambda k: k.fit(*k.panel(), l2=1e300),
        ValueError,
    ),
]


def _given(
    kit: Kit, changes: dict | None = None, idle: str | None = None, **options: object
) -> bool:
    """Fit a changed panel; an idle column is one that contributes nothing."""
    X, y = kit.panel()
    X = X.assign(**changes or {})
    mmm = kit.fit(X, y, **options)
    parts = mmm.contributions_
    silent = idle is None or not parts[idle].any()
    return bool(silent) and kit.same(mmm.predict(X), parts.sum(axis=1))


def _categories(kit: Kit) -> bool:
    X, y = kit.panel()
    order = ["west", "north", "nowhere", "south"]
    told = X.assign(region=pd.Categorical(X["region"], order, ordered=True))
    return kit.same(kit.fit(told, y).predict(told), kit.mmm.predict(X))


VIDEO = {"video": ("search", "price")}
REACHED = {"media_columns": ["tv"], "reach_frequency": VIDEO}

ROLES = [
    Row(
        "regions as categories, in another order and with unused ones",
        "the same results",
        _categories,
    ),
    Row(
        "several columns of regions, one with a missing label",
        "refused by column and row",
        lambda k: _given(
            k, {"brand": ["a", None] * 45}, region_column=["region", "brand"]
        ),
        ValueError,
    ),
    Row(
        "several columns of regions, with ``/`` between blanks in a label",
        "refused by column, as results join labels so",
        lambda k: _given(k, {"brand": "a / b"}, region_column=["region", "brand"]),
        ValueError,
    ),
    Row(
        "a frequency that is missing where nobody was reached, or never varies",
        "read",
        lambda k: (
            _given(
                k, {"search": [0.0, 9.0] * 45, "price": [np.nan, 2.0] * 45}, **REACHED
            )
            and _given(k, {"price": 2.0}, **REACHED)
        ),
    ),
    Row(
        "reach that is zero throughout",
        "the channel contributes nothing",
        lambda k: _given(k, {"search": 0.0, "price": 1.0}, "video", **REACHED),
    ),
    Row(
        "a channel of ``reach_frequency`` called as another column",
        "rename it",
        lambda k: _given(
            k,
            {"price": 2.0},
            media_columns=["tv"],
            reach_frequency={"tv": ("search", "price")},
        ),
        ValueError,
    ),
    Row(
        "a group of one channel, of unknown ones, or called as a channel",
        "refused by its name",
        lambda k: _given(k, channel_groups={"video": ["tv"]}),
        ValueError,
    ),
    Row(
        "a column that is both organic and bought",
        "one role is asked for",
        lambda k: _given(k, organic_columns=["tv"]),
        ValueError,
    ),
    Row(
        'a sign ``"negative"``',
        "refused with the signs there are",
        lambda k: _given(k, media_signs={"tv": "negative"}),
        ValueError,
    ),
    Row(
        "a sign or a reference of a control that is none",
        "refused with those there are",
        lambda k: _given(
            k, control_columns=["price"], control_reference={"prise": 1.0}
        ),
        ValueError,
    ),
    Row(
        "a control that is constant, with a sign and a reference",
        "contributes nothing",
        lambda k: _given(
            k,
            {"price": 3.0},
            "price",
            control_columns=["price"],
            control_signs={"price": "-"},
            control_reference={"price": 0.0},
        ),
    ),
    Row(
        "adstock or length of a channel that is none",
        "refused with those there are",
        lambda k: _given(k, adstock={"radio": "delayed"}),
        ValueError,
    ),
    Row(
        "a season longer than the data, of one step or less, or twice",
        "refused by its length",
        lambda k: _given(k, seasons=[200.0]),
        ValueError,
    ),
]


ARGUMENTS = [
    Row(
        "``simulate(mmm, X, None)``",
        "refused",
        lambda k: simulate(k.mmm, k.panel()[0], None),
        ValueError,
    ),
    Row(
        '``simulate(mmm, X, {"radio": 1.0})``',
        "refused by name",
        lambda k: simulate(k.mmm, k.panel()[0], {"radio": 1.0}),
        ValueError,
    ),
    Row(
        '``allocate_budget(mmm, X, total="x")``',
        "refused by name",
        lambda k: allocate_budget(k.mmm, k.panel()[0], total="x"),
        ValueError,
    ),
    Row(
        "``allocate_budget(mmm, X, total=True)``",
        "refused by name",
        lambda k: allocate_budget(k.mmm, k.panel()[0], total=True),
        ValueError,
    ),
    Row(
        "``plot_roi`` of another table",
        "the columns are named, and whose table has them",
        lambda k: plot_roi(pd.DataFrame({"a": [1]})),
        ValueError,
    ),
    Row("``plot_roi`` of no model", "refused", lambda k: plot_roi("x"), TypeError),
    Row(
        '``plot_roi(mmm, units="$")``',
        "refused by name",
        lambda k: plot_roi(k.mmm, units="$"),
        TypeError,
    ),
    Row(
        "``make_report`` to a folder",
        "refused before anything is computed",
        lambda k: make_report(k.mmm, "."),
        ValueError,
    ),
    Row(
        '``make_report(mmm, "r.html", title=3)``',
        "refused before anything is computed",
        lambda k: make_report(k.mmm, k.folder / "r.html", title=3),
        TypeError,
    ),
    Row(
        '``make_mmm(start="soon")``',
        "refused by name",
        lambda k: make_mmm(1, 20, 1, start="soon"),
        ValueError,
    ),
    Row(
        "``true_outcome`` of what is no truth",
        "refused",
        lambda k: true_outcome({}, k.panel()[0]),
        TypeError,
    ),
]

TABLES = {
    "time": TIME,
    "keys": KEYS,
    "roles": ROLES,
    "numbers": NUMBERS,
    "arguments": ARGUMENTS,
}
