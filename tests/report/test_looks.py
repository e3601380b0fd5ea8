"""How reports look: nothing cut, nothing over another, nobody kept out, soon there."""

import re
from pathlib import Path

import numpy as np
import pytest

from sklearn_mmm import make_report
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.inspection import Units

WIDTHS = (1400, 400)


def write(regressor, path, n_regions, n_weeks, n_channels, n_controls=2):
    """Write a report on a panel, whose fit is a quick one."""
    X, y, truth = make_mmm(n_regions, n_weeks, n_channels, n_controls, random_state=0)
    regressor.set_params(
        media_columns=truth.media_columns, control_columns=truth.control_columns
    )
    train = X["week"] < X["week"].unique()[-8]
    regressor.fit(X[train], y[train])
    units = Units("€", "€", "week")
    return make_report(regressor, path, X[~train], y[~train], units=units)


@pytest.fixture(scope="module")
def channels_30(quick, tmp_path_factory):
    path = tmp_path_factory.mktemp("channels") / "report.html"
    return write(quick(n_members=4), path, 1, 104, 30)


@pytest.fixture(scope="module")
def regions_190(quick, tmp_path_factory):
    path = tmp_path_factory.mktemp("regions") / "report.html"
    return write(quick(n_members=4), path, 190, 104, 13, 7)


REPORTS = [
    "report",
    pytest.param("channels_30", marks=pytest.mark.slow),
    pytest.param("regions_190", marks=pytest.mark.slow),
]


@pytest.fixture(params=REPORTS)
def any_report(request):
    return request.getfixturevalue(request.param)


def axe():
    """Return the script of axe-core, which finds what keeps people out."""
    package = pytest.importorskip("axe_playwright_python")
    return next(Path(package.__file__).parent.glob("**/axe.min.js")).read_text("utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_with_aids_are_not_kept_out(any_report, open_page, scheme):
    """No serious violation of WCAG A and AA, contrast included, on any tab."""
    opened = open_page(any_report, color_scheme=scheme)
    opened.page.evaluate(axe())
    for tab in opened.page.locator("[role=tab]").all():
        tab.click()
        opened.settle()
        found = opened.page.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})"
        )
        grave = [
            (v["id"], v["nodes"][0]["html"][:200], v["nodes"][0]["failureSummary"])
            for v in found["violations"]
            if v["impact"] in ("serious", "critical")
        ]
        assert grave == [], tab.inner_text()


CUT = """
() => {
  const out = [];
  const panel = document.querySelector("[role=tabpanel]:not([inert])");
  const seen = (e) => e.checkVisibility({ visibilityProperty: true });
  // Words that are wider than their box, and boxes that leave their card.
  for (const e of panel.querySelectorAll("h2, p, li, strong, .tile *, .stacks td")) {
    if (seen(e) && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0) {
      out.push(`cut: ${e.textContent.slice(0, 60)}`);
    }
  }
  for (const card of panel.querySelectorAll(".card")) {
    const box = card.getBoundingClientRect();
    for (const e of card.querySelectorAll("p, h2, li, table.stacks, .plot, button")) {
      const r = e.getBoundingClientRect();
      if (seen(e) && r.width && (r.right > box.right + 1 || r.left < box.left - 1)) {
        out.push(`outside: ${e.className || e.tagName} ${e.textContent.slice(0, 40)}`);
      }
    }
  }
  const cards = [...panel.querySelectorAll(".card")];
  const boxes = cards.map((card) => card.getBoundingClientRect());
  boxes.forEach((a, i) => {
    for (const b of boxes.slice(0, i)) {
      const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (x > 1 && y > 1) out.push(`card ${i} overlaps another`);
    }
  });
  return out;
}
"""


# Words in charts that leave their chart, and pairs that lie over one another.
LABELS = """
() => {
  const out = [];
  for (const plot of document.querySelectorAll("[role=tabpanel]:not([inert]) .plot")) {
    const name = plot.closest("[data-chart]").dataset.chart;
    const edge = plot.getBoundingClientRect();
    const words = [];
    for (const e of plot.querySelectorAll("svg text")) {
      const r = e.getBoundingClientRect();
      if (!e.textContent.trim() || !r.width || !e.checkVisibility()) continue;
      if (e.closest(".hoverlayer, .modebar")) continue;
      const angle = /rotate\\((-?[0-9.]+)/.exec(e.getAttribute("transform") ?? "");
      const isSlanted = angle && Math.abs(angle[1]) % 90 > 1;
      const isOut = r.left < edge.left - 1 || r.right > edge.right + 1;
      if (isOut || r.bottom > edge.bottom + 1)
        out.push(`${name}: outside: ${e.textContent}`);
      // The box of a slanted word is larger than the word.
      if (!isSlanted) words.push([e.textContent, r]);
    }
    words.forEach(([a, r], i) => {
      for (const [b, s] of words.slice(0, i)) {
        const x = Math.min(r.right, s.right) - Math.max(r.left, s.left);
        const y = Math.min(r.bottom, s.bottom) - Math.max(r.top, s.top);
        if (x > 2 && y > 5) out.push(`${name}: ${a} over ${b}`);
      }
    });
  }
  return out;
}
"""


# Labels of axes that do not stand out from the card they lie on.
FAINT = """
() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const out = [];
  for (const e of document.querySelectorAll(
    "[role=tabpanel]:not([inert]) .xtick text, [role=tabpanel]:not([inert]) .ytick text"
  )) {
    const card = e.closest(".card");
    const pair = [getComputedStyle(e).fill, getComputedStyle(card).backgroundColor];
    const [low, high] = pair.map(light).sort((a, b) => a - b);
    if ((high + 0.05) / (low + 0.05) < 4.5)
      out.push(`${card.dataset.chart}: ${e.textContent} ${pair}`);
  }
  return out;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_labels_of_axes_stand_out(any_report, open_page, scheme):
    opened = open_page(any_report, color_scheme=scheme)
    for tab in opened.page.locator("[role=tab]").all():
        tab.click()
        opened.settle()
        assert opened.page.evaluate(FAINT) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_and_nothing_overlaps(any_report, open_page, width):
    opened = open_page(any_report, viewport={"width": width, "height": 900})
    found = {}
    for tab in opened.page.locator("[role=tab]").all():
        tab.click()
        opened.settle()
        flaws = opened.page.evaluate(CUT) + opened.page.evaluate(LABELS)
        assert opened.page.evaluate("document.documentElement.scrollWidth") == width
        if flaws:
            found[tab.inner_text()] = flaws
    assert found == {}


@pytest.mark.parametrize(
    ("least", "most", "tick"),
    [
        (-3e4, 3e4, "10,000"),
        (-3e5, 3e5, "100,000"),
        (-3e6, 3e6, "1 m"),
        (-6e6, 6e6, "−2 m"),
        (-3e8, 3e8, "100 m"),
        (-2.2e9, 2.2e9, "0.5 bn"),
        (-3e9, 3e9, "1 bn"),
        # Steps that no list of names has.
        (1.62e6, 1.65e6, "1.635 m"),
    ],
)
def test_axes_speak_like_words(report, open_page, least, most, tick):
    """Numbers of axes are those of words, wherever one zooms to."""
    opened = open_page(report)
    plot = "document.querySelector('[data-chart=waterfall] .plot')"
    opened.page.evaluate(
        f"Plotly.relayout({plot}, {{'xaxis.range': [{least}, {most}]}}).then(() => 0)"
    )
    ticks = "[...plot.querySelectorAll('.xtick text')].map((t) => t.textContent)"
    shown = opened.plot("waterfall", ticks)
    assert tick in shown
    assert all(re.fullmatch(r"−?[\d.,]+( m| bn)?", text) for text in shown)


def test_axes_write_percentages_like_words(report, open_page):
    opened = open_page(report)
    opened.open_tab("channels")
    ticks = "[...plot.querySelectorAll('.xtick text')].map((t) => t.textContent)"
    shown = opened.plot("shares", ticks)
    assert len(shown) > 1
    assert all(re.fullmatch(r"\d+ %", text) for text in shown)


def test_a_board_gets_two_pages(any_report, open_page):
    page = open_page(any_report).page
    page.evaluate("location.hash = 'board'")
    page.wait_for_selector("html[data-board]")
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.count(b"/Type /Page") - pdf.count(b"/Type /Pages") == 2


def spent(session):
    """Return the CPU seconds that each process of the browser has taken."""
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    return {process["id"]: process["cpuTime"] for process in processes}


@pytest.mark.slow
def test_the_first_tab_is_there_within_two_seconds(any_report, open_page, browser):
    """Of computing by all processes of the browser together, which is no less than
    what passes on a machine that has nothing else to do."""
    assert any_report.stat().st_size <= 15e6
    opened = open_page(any_report)
    session = browser.new_browser_cdp_session()
    times = []
    for _ in range(3):
        opened.page.goto("about:blank")
        before = spent(session)
        opened.page.goto(any_report.as_uri())
        opened.wait("dataset.ready === 'all'")
        times.append(sum(t - before.get(k, 0) for k, t in spent(session).items()))
    session.detach()
    assert np.min(times) <= 2
