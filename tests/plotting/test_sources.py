"""What figures are given instead of a model or its table is refused by name."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression

from sklearn_mmm import (
    DeepCausalMMMRegressor,
    allocate_budget,
    budget_frontier,
    inspection,
    plotting,
)

# A figure's docstring says whose table it draws.
MAKER = re.compile(r"tables? of\s+:func:`~sklearn_mmm\.inspection\.(\w+)`")
ODD = [None, "x", True, 3, np.nan, [], {}, object(), np.ones((3, 3)), pd.Series([1.0])]
ODD += [DeepCausalMMMRegressor, (1, 2), ()]
FRAMES = [pd.DataFrame(), pd.DataFrame({"a": [1]})]
UNITS = ["x", 1, {}, ("a",), [1], inspection.Units(outcome=1)]

NAMES = sorted(name for name in plotting.__all__ if name.startswith("plot_"))


@pytest.fixture(scope="module")
def sources(fitted, with_members, holdout):
    """Return what each figure is drawn from: a table, or a tuple of tables."""
    makers = {name: MAKER.search(getattr(plotting, name).__doc__) for name in NAMES}
    tables = {
        name: getattr(inspection, found[1])(with_members)
        for name, found in makers.items()
        if found
    }
    tables["plot_changes"] = inspection.change_table(fitted, with_members)
    X, _ = holdout
    tables["plot_allocation"] = allocate_budget(fitted, X, n_starts=1).channels
    tables["plot_frequency"] = pd.DataFrame(
        {
            "channel": ["tv"] * 3,
            "frequency": [1.0, 2.0, 3.0],
            "contribution": [5.0, 9.0, 7.0],
            "optimal": [False, True, False],
            "present": [False, False, True],
        }
    )
    tables["plot_frontier"] = budget_frontier(fitted, X, n_starts=1)
    return tables


def parts(table):
    return list(table) if isinstance(table, tuple) else [table]


def test_all_figures_are_tried(sources):
    assert set(sources) == set(NAMES)


def said_of(draw, source):
    """Return what is said of a source that is refused, None where it is drawn."""
    try:
        assert draw(source).layout.title.text
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", NAMES)
def test_what_is_neither_model_nor_table_is_refused(name):
    draw = getattr(plotting, name)
    for source in ODD:
        with pytest.raises(TypeError, match=r"got (mmm|source|table)\S*=.*; give "):
            draw(source)
    for frame in FRAMES:
        with pytest.raises((ValueError, TypeError), match=r"; give the .*table"):
            draw(frame)


@pytest.mark.parametrize("name", NAMES)
def test_other_estimators_are_refused(name):
    draw = getattr(plotting, name)
    other = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
    with pytest.raises(TypeError, match="LinearRegression"):
        draw(other)
    if name not in ("plot_changes", "plot_frontier"):
        with pytest.raises(NotFittedError):
            draw(DeepCausalMMMRegressor())


@pytest.mark.parametrize("name", NAMES)
def test_tables_without_a_column_or_with_text_in_it_are_refused(name, sources):
    """A column is either not needed, or named where it is missing or no number."""
    draw, whole = getattr(plotting, name), sources[name]
    n_named = 0
    for i, part in enumerate(parts(whole)):
        for column in part:
            for spoil in (
                part.drop(columns=column),
                part.assign(**{str(column): "text"}),
            ):
                tables = parts(whole)
                tables[i] = spoil
                words = said_of(draw, tuple(tables) if len(tables) > 1 else spoil)
                n_named += words is not None
                assert words is None or str(column) in words or "the shape" in words
    assert n_named


@pytest.mark.parametrize("name", NAMES)
def test_tables_without_rows_or_numbers_are_drawn_or_refused(name, sources):
    draw, whole = getattr(plotting, name), sources[name]
    for spoil in (lambda part: part.iloc[:0], lambda part: part * np.nan):
        tables = []
        for part in parts(whole):
            numbers = part.select_dtypes("number").columns
            spoilt = part.copy()
            spoilt[numbers] = spoil(part[numbers].astype(float))
            tables.append(spoilt if len(spoil(part[numbers])) else part.iloc[:0])
        source = tuple(tables) if len(tables) > 1 else tables[0]
        words = said_of(draw, source)
        assert words is None or "has no rows; give" in words or "leave out" in words


def test_rows_twice_are_refused(sources):
    for name in ("plot_coverage", "plot_effects", "plot_region_heatmap"):
        twice = pd.concat([sources[name]] * 2, ignore_index=True)
        with pytest.raises(ValueError, match=r"repeats the .* of an earlier one"):
            getattr(plotting, name)(twice)


def test_an_interval_has_two_ends(sources):
    table = sources["plot_shares"]
    with pytest.raises(ValueError, match=r"lacks the columns \['high'\]"):
        plotting.plot_shares(table.drop(columns="high"))


def test_effects_of_one_kind_leave_gaps(sources):
    table = sources["plot_effects"]
    direct = table[table["kind"] == "direct"]
    assert np.isnan(plotting.plot_effects(direct).data[1].x.astype(float)).all()


def test_tables_of_two_models_are_refused(sources):
    correlation, vif = sources["plot_collinearity"]
    with pytest.raises(ValueError, match=r"shape .* and vif 1 rows"):
        plotting.plot_collinearity((correlation, vif[:1]))
    nodes, _ = sources["plot_channel_graph"]
    edges = pd.DataFrame(
        {"from": ["radio"], "to": ["tv"], "lag": 0, "weight": 0.5, "strength": 0.9}
    )
    with pytest.raises(ValueError, match=r"edges name \['radio'\]"):
        plotting.plot_channel_graph((nodes, edges))


@pytest.mark.parametrize("units", UNITS, ids=repr)
def test_odd_units_are_refused(units, sources):
    for name in ("plot_shares", "plot_allocation", "plot_frontier", "plot_changes"):
        with pytest.raises(TypeError, match=r"got units=.*inspection\.Units"):
            getattr(plotting, name)(sources[name], units=units)


@pytest.mark.parametrize("colours", ["x", 1, [1], True])
def test_odd_colours_are_refused(colours, sources):
    for name in ("plot_waterfall", "plot_response_curves"):
        with pytest.raises(TypeError, match=r"got colours=.*#1F77B8"):
            getattr(plotting, name)(sources[name], colours=colours)


@pytest.mark.parametrize("colour", ["red", 3, None, "#12", "#12345g"])
def test_colours_are_hexadecimal(colour, sources):
    with pytest.raises(ValueError, match=r"of 'tv' is no hexadecimal colour"):
        plotting.plot_spend(sources["plot_spend"], colours={"tv": colour})


@pytest.mark.parametrize("controls", [["nope"], [1]])
def test_controls_that_are_no_columns_are_refused(controls, sources):
    with pytest.raises(ValueError, match="controls names"):
        plotting.plot_contributions(sources["plot_contributions"], controls)
    with pytest.raises(TypeError, match="controls='x'"):
        plotting.plot_contributions(sources["plot_contributions"], "x")


def test_channels_without_a_colour_are_refused():
    for source in ("tv", 3, None):
        with pytest.raises(TypeError, match="got source="):
            plotting.channel_colours(source)
