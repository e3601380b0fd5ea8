"""Headless Chromium, driven by Playwright."""

import os
import shutil
from functools import partial
from pathlib import Path

import pytest

from sklearn_mmm import make_report

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def missing(reason):
    """Skip, but fail where continuous integration asks for browser tests."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser():
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("browser tests need playwright: pip install playwright")
    paths = [os.environ.get("CHROMIUM"), *map(shutil.which, CHROMIUM)]
    path = next((p for p in paths if p), None)
    if path is None:
        missing("browser tests need Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Opened:
    """A page, and what it has said and asked for."""

    def __init__(self, browser, path, **options):
        options = {"viewport": {"width": 1300, "height": 900}} | options
        self.context = browser.new_context(offline=True, **options)
        self.page = self.context.new_page()
        self.errors, self.requests = [], []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console",
            lambda m: self.errors.append(m.text) if m.type != "log" else None,
        )
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        self.wait("dataset.ready === 'all'")

    def wait(self, condition):
        script = f"document.documentElement.{condition}"
        self.page.wait_for_function(script, timeout=60_000)

    def settle(self):
        """Wait until all charts are drawn that wait to be.

        Observers of sizes are asked between two frames.
        """
        frames = (
            "new Promise(f => requestAnimationFrame(() => requestAnimationFrame(f)))"
        )
        self.page.evaluate(frames)
        self.wait("dataset.ready === 'all'")

    def open_tab(self, tab):
        self.page.click(f"#tab-{tab}")
        self.page.wait_for_selector(f"#panel-{tab}:not([inert])")
        self.settle()

    def plot(self, chart, expression):
        """Return what an expression of ``plot`` says about a chart."""
        return self.page.evaluate(
            f"(() => {{ const plot = document.querySelector("
            f"'[data-chart={chart}] .plot'); return {expression}; }})()"
        )

    def download(self, name):
        with self.page.expect_download() as event:
            self.page.click(f"[data-download={name}]")
        assert event.value.suggested_filename == f"{name}.csv"
        return Path(event.value.path()).read_bytes()


@pytest.fixture(scope="session")
def opener(browser):
    """Return a function that opens a file; who calls it closes the context."""
    return partial(Opened, browser)


@pytest.fixture
def open_page(opener):
    opened = []

    def run(path, **options):
        opened.append(opener(path, **options))
        return opened[-1]

    yield run
    for each in opened:
        each.context.close()


@pytest.fixture(scope="session")
def report(fitted, holdout, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    return make_report(fitted, path, *holdout)
