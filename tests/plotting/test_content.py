"""What single figures show."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import inspection, plotting
from sklearn_mmm.inspection import Units
from sklearn_mmm.plotting._panels import make_panels
from sklearn_mmm.plotting._style import CONTRAST, OTHER


def test_the_stack_sums_to_the_fit(panel, fitted):
    figure = plotting.plot_contributions(fitted)
    total = sum(np.asarray(trace.y, float) for trace in figure.data)
    time = fitted.history_["time"].to_numpy()
    expected = fitted.contributions_.sum(axis=1).groupby(time).sum()
    np.testing.assert_allclose(total, expected)
    assert figure.layout.yaxis.title.text == "outcome units per week"


def test_many_channels_are_drawn_together():
    names = [f"c{i}" for i in range(30)]
    table = pd.DataFrame({"region": "a", "time": [1, 2], "baseline": 1.0})
    table[names] = np.arange(30.0, 0, -1)
    figure = plotting.plot_contributions(table)
    assert len(figure.data) == 1 + 8 + 1
    assert figure.data[-1].name == "22 other channels"
    assert figure.data[-1].marker.color == OTHER
    assert sum(t.y[0] for t in figure.data) == 1 + np.arange(31).sum()


def test_a_channel_has_one_colour_in_all_figures(fitted):
    hues = plotting.channel_colours(fitted)
    stack = plotting.plot_contributions(fitted)
    assert {t.name: t.marker.color for t in stack.data if t.name in hues} == hues
    curves = plotting.plot_response_curves(fitted)
    lines = [t.line.color for t in curves.data if t.mode == "lines"]
    assert set(lines) == set(hues.values())
    waterfall = plotting.plot_waterfall(fitted)
    assert list(waterfall.data[0].marker.color)[3:-1] == list(hues.values())
    own = plotting.plot_adstock(fitted, colours={"tv": CONTRAST})
    shown = dict(zip(inspection.channels_by_size(fitted), own.data, strict=True))
    assert shown["tv"].marker.color == CONTRAST
    assert shown["search"].marker.color == OTHER


def test_the_holdout_is_shaded(fitted, holdout):
    figure = plotting.plot_fit(fitted, *holdout)
    (shape,) = figure.layout.shapes
    assert pd.Timestamp(shape.x1) == holdout[0]["week"].max()
    assert fitted.history_["time"].max() < pd.Timestamp(shape.x0)
    assert not plotting.plot_fit(fitted).layout.shapes


def test_a_band_where_there_are_intervals(fitted, with_members):
    assert len(plotting.plot_fit(fitted).data) == 2
    figure = plotting.plot_fit(with_members)
    low, high, _, predicted = figure.data
    assert high.fill == "tonexty"
    assert (np.asarray(low.y) < np.asarray(predicted.y)).all()
    roi = plotting.plot_roi(with_members).data[0]
    high = np.sort(inspection.roi_table(with_members)["roi_high"])
    np.testing.assert_allclose(np.sort(roi.x + roi.error_x.array), high)
    assert (np.asarray(roi.error_x.arrayminus) >= 0).all()
    assert "interval" in roi.customdata[0][1]
    assert plotting.plot_roi(fitted).data[0].error_x.array is None
    bars = plotting.plot_adstock(with_members).data[0]
    assert (np.asarray(bars.error_y.array) >= 0).all()


def test_residuals_are_actual_less_predicted(fitted, holdout):
    figure = plotting.plot_residuals(fitted, *holdout)
    training, later = (np.asarray(t.y, float) for t in figure.data[:2])
    X, y = holdout
    assert np.nansum(later) == pytest.approx(float(y.sum() - fitted.predict(X).sum()))
    assert np.isnan(training[-8:]).all()
    rho = inspection.autocorrelation(inspection.fit_table(fitted, X, y))
    np.testing.assert_allclose(figure.data[4].y, rho["autocorrelation"])


def test_metrics_stand_in_the_legend(fitted, holdout):
    table = inspection.fit_table(fitted, *holdout)
    figure = plotting.plot_predicted_actual(table)
    r2 = inspection.fit_metrics(table).loc["holdout", "r2"]
    assert figure.data[2].name.startswith(f"holdout: R² {r2:.3f}, RMSE ")


def test_large_panels_are_thinned_and_logarithmic():
    size = np.geomspace(1, 1e4, 5000)
    table = pd.DataFrame(
        {"region": "a", "time": range(5000), "actual": size, "predicted": 1.1 * size}
    )
    figure = plotting.plot_predicted_actual(table)
    assert len(figure.data[1].x) == 2000
    assert figure.layout.xaxis.type == "log"
    table.loc[3, "predicted"] = -1.0
    figure = plotting.plot_predicted_actual(table)
    assert "1 prediction below 0 not shown" in figure.layout.xaxis.title.text


def test_curves_are_dashed_beyond_what_was_seen(fitted):
    figure = plotting.plot_response_curves(fitted)
    table = inspection.response_curve_table(fitted)
    curve = table[table["channel"] == table["channel"].iloc[0]]
    solid, dashed, point = figure.data[:3]
    assert (solid.line.dash, dashed.line.dash) == ("solid", "dash")
    assert (
        solid.x[-1] == dashed.x[0] == curve.loc[~curve["extrapolated"], "spend"].max()
    )
    assert point.x[0] == curve.loc[curve["operating"], "spend"].iloc[0]


def test_saturation_bars_fill_up(fitted):
    parts = [np.asarray(t.x) for t in plotting.plot_saturation(fitted).data]
    np.testing.assert_allclose(sum(parts), 1.0)
    assert min(p.min() for p in parts) >= 0


def test_heat_map_menu_changes_values(fitted):
    figure = plotting.plot_region_heatmap(fitted)
    table = inspection.region_channel_table(fitted)
    labels = [b.label for b in figure.layout.updatemenus[0].buttons]
    assert labels == ["Share of outcome", "Contribution", "ROI"]
    roi = figure.layout.updatemenus[0].buttons[2].args[0]["z"][0]
    np.testing.assert_allclose(np.ravel(roi), table["roi"])


def test_regions_are_sorted_by_the_menu(fitted):
    figure = plotting.plot_regions(fitted)
    table = inspection.region_table(fitted)
    for button, column in zip(
        figure.layout.updatemenus[0].buttons,
        ("outcome", "baseline", "media_share", "region"),
        strict=True,
    ):
        places, labels = button.args[0]["y"][0], button.args[1]["yaxis.ticktext"]
        order = table.sort_values(column, ascending=column == "region").index
        assert list(order) == list(np.argsort(places))
        assert list(labels) == table.loc[order, "region"].tolist()


def test_vif_bars_are_capped_and_flat_columns_named():
    names = ["a", "b", "c"]
    vif = pd.DataFrame(
        {"column": names, "role": "channel", "vif": [np.inf, 7.0, np.nan]}
    )
    figure = plotting.plot_collinearity((pd.DataFrame(1.0, names, names), vif))
    bars = figure.data[1]
    assert bars.x[0] == 100
    assert list(bars.text) == [" > 100", " 7.0", " does not vary"]


def test_no_outliers_are_said_to_be_none(fitted):
    figure = plotting.plot_outliers(fitted, threshold=1e9)
    assert figure.layout.annotations[0].text == "no outliers"


def furthest(times, scores, **options):
    table = pd.DataFrame(
        {"region": [f"region_{i}" for i in range(len(times))], "time": times}
    ).assign(actual=2.0, predicted=1.0, score=scores)
    return plotting.plot_outliers(table, **options)


def test_outliers_are_named_where_there_is_room():
    days = pd.to_datetime(["2022-01-03", "2022-06-06", "2022-12-26"])
    apart = furthest(days, [9.0, 8.0, -7.0])
    assert [a.text for a in apart.layout.annotations] == [
        "region_0",
        "region_1",
        "region_2",
    ]
    # Five names at one place have four sides to stand at.
    same = furthest([5] * 5, [9.0, 8.99, 8.98, 8.97, 8.96])
    assert 1 <= len(same.layout.annotations) < 5
    places = [(a.xanchor, a.yshift) for a in same.layout.annotations]
    assert len(set(places)) == len(places)


def test_outliers_stand_on_the_axis_of_all_times():
    figure = furthest([5, 6], [9.0, -8.0], span=(0, 100))
    low, high = figure.layout.xaxis.range
    assert low < 0
    assert high > 100
    low, high = figure.layout.yaxis.range
    assert low < -8
    assert high > 9


def test_what_costs_nothing_has_media_on_its_axis(fitted):
    table = inspection.response_curve_table(fitted)
    assert not table["free"].any()
    first = table["channel"].iloc[0]
    table["free"] = table["channel"] == first
    units = Units("visits", "$", "week")
    figure = plotting.plot_response_curves(table, units=units)
    assert figure.layout.xaxis.title.text == "media per week"
    assert figure.layout.xaxis2.title.text == "&#36; per week"
    assert figure.data[0].hovertemplate.startswith("media ")


def test_units_stand_on_the_axes(fitted):
    units = Units("visits", "$", "week")
    assert plotting.plot_roi(fitted, units=units).layout.xaxis.title.text == (
        "visits per &#36;"
    )
    figure = plotting.plot_fit(fitted, units=units)
    assert figure.layout.yaxis.title.text == "visits per week"


@pytest.mark.parametrize("n", [1, 3, 7, 30])
def test_panels_do_not_overlap(n):
    layout = make_panels([f"p{i}" for i in range(n)]).layout
    boxes = []
    for i in range(n):
        number = "" if i == 0 else i + 1
        boxes.append((layout[f"xaxis{number}"].domain, layout[f"yaxis{number}"].domain))
    for i, (x, y) in enumerate(boxes):
        assert 0 <= x[0] < x[1] <= 1 + 1e-9
        assert 0 <= y[0] < y[1] <= 1 + 1e-9
        for other_x, other_y in boxes[:i]:
            assert x[0] >= other_x[1] or other_x[0] >= x[1] or y[1] <= other_y[0]


LONG = "Linear television (national, prime time)"


def test_a_bubble_without_room_for_its_name_is_in_the_legend():
    table = pd.DataFrame(
        {
            "channel": [f"a channel of a long name {i}" for i in range(9)],
            "spend": 1.0,
            "contribution": np.arange(9, 0, -1.0),
            "roi": 1.0,
        }
    )
    traces = plotting.plot_bubbles(table).data
    told = [bool(t.text[0]) or t.showlegend for t in traces]
    # The ninth has no colour of its own, by which a legend could tell it.
    assert told == [True] * 8 + [False]
    assert any(t.showlegend for t in traces)
    assert not any(t.text[0] and t.showlegend for t in traces)


def test_a_control_keeps_what_it_is_measured_from():
    table = pd.DataFrame(
        {
            "component": ["baseline", f"{LONG} (from mean)", LONG, "total"],
            "kind": ["baseline", "controls", "channel", "total"],
            "contribution": [3.0, 1.0, 1.0, 5.0],
            "start": [0.0, 3.0, 4.0, 0.0],
            "end": [3.0, 4.0, 5.0, 5.0],
            "share": [0.6, 0.2, 0.2, 1.0],
        }
    )
    _, control, channel, _ = plotting.plot_waterfall(table).layout.yaxis.ticktext
    assert control == "Linear television (na… (from mean)"
    assert channel == "Linear television (national,…"


def test_titles_leave_room_for_the_half_life():
    """Of panels of which three stand side by side, 300 pixels each."""
    table = pd.DataFrame(
        {"channel": [LONG, "b", "c"], "lag": 0, "weight": 1.0, "half_life": 12.5}
    )
    title = plotting.plot_adstock(table).layout.annotations[0].text
    assert title.startswith("<b>Linear")
    assert title.endswith("…</b> half-life 12.5 time steps")
    assert len(title) <= 47 + len("<b></b>")
