"""Theorems that hold for every figure."""

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from sklearn_mmm import allocate_budget, budget_frontier, inspection, plotting
from sklearn_mmm.plotting._style import TEMPLATE

TABLES = {
    "plot_adstock": inspection.adstock_table,
    "plot_baseline": inspection.baseline_components,
    "plot_bubbles": inspection.roi_table,
    "plot_carry_over": inspection.carry_over_table,
    "plot_channel_graph": inspection.graph_tables,
    "plot_collinearity": inspection.collinearity,
    "plot_contributions": inspection.contribution_table,
    "plot_coverage": inspection.coverage_table,
    "plot_effects": inspection.effect_table,
    "plot_events": inspection.event_table,
    "plot_fit": inspection.fit_table,
    "plot_modulation": inspection.modulation_table,
    "plot_outliers": inspection.outlier_table,
    "plot_period_roi": inspection.period_roi_table,
    "plot_predicted_actual": inspection.fit_table,
    "plot_region_heatmap": inspection.region_channel_table,
    "plot_regions": inspection.region_table,
    "plot_residuals": inspection.fit_table,
    "plot_response_curves": inspection.response_curve_table,
    "plot_roi": inspection.roi_table,
    "plot_saturation": inspection.saturation_table,
    "plot_shares": inspection.share_table,
    "plot_spend": inspection.spend_table,
    "plot_training": inspection.training_tables,
    "plot_waterfall": inspection.waterfall_table,
    "plot_zero_spells": inspection.zero_spells,
}
WITHOUT_UNITS = {"plot_channel_graph", "plot_collinearity", "plot_training"}
FROM_A_PLAN = {"plot_allocation", "plot_frontier"}
FROM_TWO_FITS = {"plot_changes"}
FROM_REACH = {"plot_frequency"}
FROM_MEMBERS = {"plot_prior_posterior"}
HOSTILE = "</script><script>alert(1)</script> %{x} $a$ <b>bold</b>"


@pytest.fixture(scope="module")
def budget(fitted, holdout):
    X, _ = holdout
    return allocate_budget(fitted, X), budget_frontier(fitted, X, n_starts=1)


@pytest.fixture(scope="module")
def draw(budget):
    """Return a function that draws a figure of an estimator by its name."""

    def run(name, source, **options):
        if name == "plot_allocation":
            return plotting.plot_allocation(budget[0])
        if name == "plot_frontier":
            return plotting.plot_frontier(budget[1], budget[0].planned_total)
        if name == "plot_changes":
            return plotting.plot_changes(inspection.change_table(source, source))
        return getattr(plotting, name)(source, **options)

    return run


def test_every_figure_is_listed():
    figures = {name for name in plotting.__all__ if name.startswith("plot_")}
    others = FROM_A_PLAN | FROM_TWO_FITS | FROM_MEMBERS | FROM_REACH
    assert figures == set(TABLES) | others


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("has_members", [False, True])
def test_a_figure_is_that_of_its_table(name, has_members, fitted, with_members):
    mmm = with_members if has_members else fitted
    table = TABLES[name](mmm)
    options = {"controls": mmm.control_columns_} if name == "plot_contributions" else {}
    function = getattr(plotting, name)
    from_table = function(table, **options).to_json()
    options = {} if name in WITHOUT_UNITS else {"units": inspection.Units()}
    assert json.loads(function(mmm, **options).to_json()) == json.loads(from_table)


@pytest.mark.parametrize("name", sorted(set(TABLES) | FROM_A_PLAN | FROM_TWO_FITS))
def test_axes_have_names_and_figures_the_template(name, fitted, draw):
    figure = draw(name, fitted)
    assert isinstance(figure, go.Figure)
    assert figure.layout.title.text
    assert figure.layout.template == TEMPLATE
    axes = [a for a in figure.layout if a.startswith(("xaxis", "yaxis"))]
    assert axes
    for axis in (figure.layout[a] for a in axes):
        # Names of channels and regions need no unit, and neither does a hidden axis;
        # the heading of a panel names one that stands above.
        if axis.visible is not False and not axis.ticktext and axis.side != "top":
            assert axis.title.text, name
    names = [t.name for t in figure.data if t.showlegend is not False and t.name]
    assert len(names) <= 12  # a legend that can be read


@pytest.mark.parametrize("name", TABLES)
def test_figures_do_not_change_their_source(name, fitted, draw):
    table = TABLES[name](fitted)
    parts = table if isinstance(table, tuple) else (table,)
    before = [part.copy() for part in parts]
    draw(name, table)
    for part, copy in zip(parts, before, strict=True):
        assert part.equals(copy)


def strings(value):
    """Yield all strings of a figure but keys and typed arrays."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        if "bdata" not in value:
            for part in value.values():
                yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


@pytest.mark.parametrize("name", TABLES)
def test_names_are_shown_as_they_are(name, fitted, with_members):
    """Channels and regions called like markup stay text in all strings of a figure."""
    source = TABLES[name](with_members)
    parts = source if isinstance(source, tuple) else (source,)
    rename = {channel: HOSTILE + channel for channel in fitted.media_columns_}
    rename |= {region: HOSTILE + region for region in fitted.history_["region"]}
    renamed = [
        part.replace(rename).rename(columns=rename, index=rename) for part in parts
    ]
    table = type(source)(*renamed) if isinstance(source, tuple) else renamed[0]
    figure = json.loads(getattr(plotting, name)(table).to_json())
    found = list(strings(figure["data"])) + list(strings(figure["layout"]))
    for string in found:
        assert "<script" not in string
        assert "<b>bold" not in string
        assert "%{x} $" not in string


@pytest.mark.parametrize(
    "name", ["plot_fit", "plot_residuals", "plot_contributions", "plot_baseline"]
)
def test_region_menus_show_one_region(name, fitted):
    table = TABLES[name](fitted)
    options = {}
    if name == "plot_contributions":
        options["controls"] = fitted.control_columns_
    function = getattr(plotting, name)
    whole = function(table, **options)
    buttons = whole.layout.updatemenus[0].buttons
    regions = sorted(table["region"].unique())
    assert [b.label for b in buttons] == ["All regions", *regions]
    for button, region in zip(buttons[1:], regions, strict=True):
        alone = function(table[table["region"] == region], **options)
        for shown, trace in zip(button.args[0]["y"], alone.data, strict=True):
            n = len(trace.y)
            np.testing.assert_allclose(
                np.asarray(shown, float)[:n], np.asarray(trace.y, float)
            )
    for shown, trace in zip(buttons[0].args[0]["y"], whole.data, strict=True):
        np.testing.assert_array_equal(shown, trace.y)


def test_one_region_has_no_menu(fitted):
    table = inspection.fit_table(fitted)
    table = table[table["region"] == table["region"].iloc[0]]
    assert not plotting.plot_fit(table).layout.updatemenus


def test_a_region_may_be_called_all_regions(fitted):
    table = inspection.fit_table(fitted)
    names = dict(
        zip(table["region"].unique(), ["All regions", "b", "c", "d"], strict=True)
    )
    figure = plotting.plot_fit(table.assign(region=table["region"].map(names)))
    labels = [b.label for b in figure.layout.updatemenus[0].buttons]
    assert labels == ["All regions", "All regions (region)", "b", "c", "d"]
