"""The report in a browser: headless Chromium, driven by Playwright."""

import io
import re
import runpy
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import datasets, inspection, make_report
from sklearn_mmm.datasets import make_mmm

ROOT = Path(__file__).parents[2]
EVIL = "<script>window.hacked=1</script>\"'&amp; %{y} $x$"
EVIL_IMAGE = "</script><img src=x onerror=window.hacked=2>"


SMALL = {"n_regions": 6, "n_weeks": 104, "n_channels": 4}


@pytest.fixture(
    params=[SMALL, pytest.param({}, marks=pytest.mark.slow)], ids=["small", "as it is"]
)
def demo(request, tmp_path, monkeypatch):
    """Return the report that ``make demo`` writes, of fewer data or as it is."""
    path = tmp_path / "demo_report.html"
    monkeypatch.setattr(sys, "argv", ["quickstart.py", "--output", str(path)])
    monkeypatch.setattr(
        datasets, "make_mmm", lambda **sizes: make_mmm(**sizes | request.param)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runpy.run_path(str(ROOT / "examples/quickstart.py"))
    return path


@pytest.fixture(scope="module")
def opened(opener, report):
    """Return a page with the report, which tests share and leave in working order."""
    opened = opener(report)
    yield opened
    opened.context.close()


def test_the_demo_shows_its_charts_without_a_network(demo, open_page):
    opened = open_page(demo)
    page = opened.page
    # Charts of other tabs cost nothing before these are opened.
    drawn = page.locator(".js-plotly-plot")
    assert drawn.count() == page.locator("#panel-summary [data-chart]").count() == 1
    seen = 0
    for tab in page.locator("[role=tab]").all():
        tab.click()
        opened.settle()
        for plot in page.locator("[role=tabpanel]:not([inert]) .plot").all():
            box = plot.bounding_box()
            assert box["width"] > 300
            assert box["height"] > 150
            assert plot.locator(".main-svg").first.is_visible()
            seen += 1
    assert seen == page.locator("[data-chart]").count() >= 17
    assert opened.errors == []
    assert opened.requests == [demo.as_uri()]
    assert "What to do with the budget" in page.content()


def test_tabs_by_mouse_and_keyboard(opened):
    page = opened.page
    page.click("#tab-summary")

    def shown():
        return page.evaluate(
            "[...document.querySelectorAll('[role=tabpanel]')]"
            ".filter(p => p.checkVisibility({visibilityProperty: true}))"
            ".map(p => p.id)"
        )

    assert shown() == ["panel-summary"]
    page.click("#tab-channels")
    assert shown() == ["panel-channels"]
    assert page.evaluate("location.hash") == "#channels"
    page.keyboard.press("ArrowRight")
    assert shown() == ["panel-response"]
    page.keyboard.press("End")
    assert shown() == ["panel-appendix"]
    page.keyboard.press("ArrowRight")
    assert shown() == ["panel-summary"]
    assert page.get_attribute("#tab-summary", "aria-selected") == "true"


def test_a_tab_can_be_linked_to(opened):
    opened.page.evaluate("location.hash = 'budget'")
    opened.page.wait_for_selector("#panel-budget:not([inert])")
    assert opened.page.get_attribute("#tab-budget", "aria-selected") == "true"


def test_a_region_is_chosen_for_all_charts(fitted, holdout, opened):
    opened.open_tab("fit")
    region = holdout[0]["region"].unique()[2]
    opened.page.select_option(
        "[data-chart=fit] select[data-menu=region]", label=str(region)
    )
    opened.settle()
    table = inspection.fit_table(fitted, *holdout)
    rows = table[table["region"] == region].sort_values("time")
    np.testing.assert_allclose(
        opened.plot("fit", "plot.data[1].y"), rows["predicted"], rtol=1e-6
    )
    np.testing.assert_allclose(
        opened.plot("fit", "plot.data[0].y"), rows["actual"], rtol=1e-6
    )
    parts = fitted.contributions_[fitted.history_["region"].to_numpy() == region]
    opened.open_tab("channels")
    np.testing.assert_allclose(
        opened.plot("contributions", "plot.data[0].y"), parts["baseline"], rtol=1e-6
    )
    opened.open_tab("fit")
    chosen = opened.page.evaluate(
        "[...document.querySelectorAll('select[data-menu=region]')]"
        ".map(s => s.selectedOptions[0].text)"
    )
    assert chosen == [region] * 4
    opened.page.select_option("[data-chart=baseline] select", index=0)
    opened.settle()
    whole = table.groupby("time")["actual"].sum()
    np.testing.assert_allclose(opened.plot("fit", "plot.data[0].y"), whole, rtol=1e-6)


def test_other_menus_change_their_chart(fitted, opened):
    opened.open_tab("regions")
    opened.page.select_option("[data-chart=region_heatmap] select", label="ROI")
    opened.page.select_option("[data-chart=regions] select", label="Name")
    opened.settle()
    roi = inspection.region_channel_table(fitted)["roi"]
    found = np.ravel(opened.plot("region_heatmap", "plot.data[0].z"))
    np.testing.assert_allclose(found, roi, rtol=1e-6)
    names = sorted(fitted.history_["region"].unique())
    assert opened.plot("regions", "plot.layout.yaxis.ticktext") == names


def test_tables_are_downloaded_as_csv(fitted, holdout, opened):
    expected = {
        "fit": inspection.fit_table(fitted, *holdout).sort_values(
            ["region", "time"], ignore_index=True
        ),
        "contributions": inspection.contribution_table(fitted),
        "roi": inspection.roi_table(fitted),
        "vif": inspection.collinearity(fitted).vif,
        "correlation": inspection.collinearity(fitted)
        .correlation.rename_axis("column")
        .reset_index(),
    }
    tabs = {"fit": "fit", "contributions": "channels", "roi": "channels"}
    for name, table in expected.items():
        opened.open_tab(tabs.get(name, "data"))
        content = opened.download(name)
        assert content.count(b"\r\n") == len(table) + 1
        dates = ["time"] if "time" in table else []
        found = pd.read_csv(io.BytesIO(content), parse_dates=dates)
        pd.testing.assert_frame_equal(
            found, table, check_dtype=False, check_names=False, rtol=1e-6
        )
    assert opened.errors == []
    assert all(r.startswith(("file:", "blob:")) for r in opened.requests)


def test_hover_names_the_date(opened):
    opened.open_tab("fit")
    plot = opened.page.locator("[data-chart=fit] .plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    opened.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    label = plot.locator(".hoverlayer .legend")
    label.wait_for()
    assert re.search(r"[A-Z][a-z]{2} \d+, 202\d.*actual : [\d,]+", label.text_content())


def test_numbers_are_shown_as_a_table(fitted, opened):
    opened.open_tab("channels")
    opened.page.click("[data-chart=roi] summary")
    table = opened.page.locator("[data-chart=roi] .numbers table")
    assert table.locator("thead th").first.inner_text() == "channel"
    assert table.locator("tbody tr").count() == len(fitted.media_columns_)
    first = inspection.channels_by_size(fitted)[0]
    assert table.locator("tbody td").first.inner_text() == first
    opened.page.click("[data-chart=contributions] summary")
    note = opened.page.locator("[data-chart=contributions] .numbers p")
    assert note.inner_text().startswith("The first 50 of 288 rows")


@pytest.fixture(scope="module")
def hostile(panel, make_regressor, tmp_path_factory):
    """Return a report in which everything is called like markup or a formula."""
    X, y, _ = panel
    mmm = make_regressor(max_epochs=30, validation=False)
    mmm.set_params(
        media_columns=[EVIL, "=cmd|'/C calc'!A0", '-2+3,\n"x"'],
        control_columns=[EVIL_IMAGE],
    )
    names = dict(zip(["tv", "search", "social"], mmm.media_columns, strict=True))
    rows = X.rename(columns=names | {"price": EVIL_IMAGE}).drop(columns="promotion")
    rows["region"] = rows["region"].map(lambda r: f"{EVIL_IMAGE} {r}")
    train = X["week"] < X["week"].unique()[-8]
    mmm.fit(rows[train], y[train])
    path = tmp_path_factory.mktemp("hostile") / "report.html"
    make_report(mmm, path, rows[~train], y[~train], title=EVIL)
    return path, mmm


def test_hostile_names_are_shown_and_not_run(hostile, open_page):
    path, mmm = hostile
    opened = open_page(path)
    page = opened.page
    assert page.inner_text("h1") == EVIL
    assert EVIL[:30] in page.inner_text("#panel-summary")
    for tab in page.locator("[role=tab]").all():
        tab.click()
        opened.settle()
    # Numbers, hover labels and menus are made of the same names.
    for details in page.locator("details").all():
        details.evaluate("d => { d.open = true; }")
    opened.open_tab("channels")
    page.evaluate(
        "Plotly.Fx.hover(document.querySelector('[data-chart=shares] .plot'),"
        " [{curveNumber: 0, pointNumber: 0}, {curveNumber: 0, pointNumber: 1}])"
    )
    hover = page.locator("[data-chart=shares] .hoverlayer").text_content()
    assert inspection.channels_by_size(mmm)[0].split("\n")[0][:16] in hover
    labels = opened.page.locator("[data-chart=shares] .ytick").all_text_contents()
    assert any(label.startswith("<script>window.hacked") for label in labels)
    assert page.evaluate("window.hacked") is None
    assert page.locator("main script, main img").count() == 0
    assert opened.errors == []
    assert opened.requests == [path.as_uri()]


def test_formulas_are_disarmed_in_csv(hostile, open_page):
    path, mmm = hostile
    opened = open_page(path)
    opened.open_tab("channels")
    found = pd.read_csv(io.BytesIO(opened.download("roi")))
    expected = [
        f"'{name}" if name[0] in "=+-@" else name
        for name in inspection.channels_by_size(mmm)
    ]
    assert found["channel"].tolist() == expected
    np.testing.assert_allclose(
        found["roi"], inspection.roi_table(mmm)["roi"], rtol=1e-6
    )


def test_colours_follow_the_reader(report, opened, open_page):
    from sklearn_mmm.plotting._style import ACTUAL, THEMES

    def assert_theme(page, theme):
        paper = page.page.evaluate(
            "getComputedStyle(document.documentElement).getPropertyValue('--paper')"
        )
        assert paper == THEMES[theme]["page"]["paper"]
        page.open_tab("fit")
        line = page.plot("fit", "plot.data[0].line.color")
        assert line == THEMES[theme]["colours"][ACTUAL]

    assert_theme(opened, "light")
    dark = open_page(report, color_scheme="dark")
    assert_theme(dark, "dark")
    dark.page.click("#theme")
    dark.settle()
    assert_theme(dark, "light")
    dark.page.emulate_media(color_scheme="light")
    dark.page.click("#theme")
    dark.settle()
    assert_theme(dark, "dark")


@pytest.mark.parametrize("width", [420, 768])
def test_narrow_pages_do_not_scroll_sideways(opened, width):
    opened.page.set_viewport_size({"width": width, "height": 800})
    opened.settle()
    for tab in opened.page.locator("[role=tab]").all():
        tab.click()
        opened.settle()
        assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    columns = opened.plot(
        "response_curves",
        "new Set([...'123'].map(i => plot._fullLayout"
        "[`xaxis${i === '1' ? '' : i}`].domain[0].toFixed(2))).size",
    )
    assert columns == (1 if width == 420 else 2)
    opened.page.set_viewport_size({"width": 1300, "height": 900})


def test_charts_follow_the_width_of_the_page(opened):
    opened.open_tab("summary")
    width = "document.querySelector('[data-chart=waterfall] .plot')._fullLayout.width"
    opened.page.wait_for_function(f"{width} > 1000")
    opened.page.set_viewport_size({"width": 700, "height": 800})
    opened.page.wait_for_function(f"{width} <= 700")
    opened.page.set_viewport_size({"width": 1300, "height": 900})


def test_print_shows_everything_in_light_colours(report, open_page):
    opened = open_page(report, color_scheme="dark")
    pdf = opened.page.pdf(format="A4")
    n_pages = pdf.count(b"/Type /Page") - pdf.count(b"/Type /Pages")
    assert n_pages >= 10
    opened.page.emulate_media(media="print")
    assert opened.page.locator("#panel-data .plot").first.is_visible()
    assert not opened.page.locator("nav").is_visible()
    opened.page.emulate_media(media="screen")
    opened.settle()
    assert opened.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert opened.errors == []


def test_figures_are_saved_as_pictures(opened):
    opened.open_tab("summary")
    plot = opened.page.locator("[data-chart=waterfall] .plot")
    plot.scroll_into_view_if_needed()
    for title, ending in (("PNG", "png"), ("SVG", "svg")):
        button = plot.locator(f".modebar-btn[data-title*='{title}']")
        with opened.page.expect_download() as event:
            button.dispatch_event("click")
        assert event.value.suggested_filename == f"waterfall.{ending}"
        assert Path(event.value.path()).stat().st_size > 1000


def test_the_first_screen_answers_first(report, open_page):
    """Answer, moves, grade and test stand within 1400 by 900, and come at once."""
    opened = open_page(report, viewport={"width": 1400, "height": 900})
    for heading in ("What to move", "How far to trust this", "What to test next"):
        box = opened.page.get_by_role("heading", name=heading).bounding_box()
        assert box["y"] + box["height"] < 900
    answer = opened.page.locator(".answer").bounding_box()
    assert answer["y"] + answer["height"] < 400
    assert report.stat().st_size <= 15e6


def test_statements_can_be_traced_to_their_tables(opened):
    opened.open_tab("summary")
    for name in ("media_total", "moves", "trust", "next_test"):
        found = pd.read_csv(io.BytesIO(opened.download(name)))
        assert len(found.columns) >= 3
