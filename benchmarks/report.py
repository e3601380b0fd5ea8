"""Size of the report, and the time until a browser shows it and responds."""

import argparse
import shutil
import statistics
import tempfile
import time
import warnings
from pathlib import Path

import pandas as pd
import torch
from _machine import describe_machine
from playwright.sync_api import sync_playwright

from sklearn_mmm import DeepCausalMMMRegressor, make_report
from sklearn_mmm.datasets import make_mmm

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]


def large_panel(path):
    """Return the real panel of 190 regions where it is at hand, else a synthetic one."""
    if Path(path).exists():
        data = pd.read_csv(path)
        media = [c for c in data if c.startswith("channel_")]
        controls = [c for c in data if c.startswith("control_")]
        keys = ("dma", "week")
        X, y = data.drop(columns="visits"), data["visits"]
        return f"{Path(path).name}", X, y, media, controls, keys
    X, y, truth = make_mmm(190, 109, 13, 7, random_state=0)
    keys = ("region", "week")
    return (
        "make_mmm, 190 regions",
        X,
        y,
        truth.media_columns,
        truth.control_columns,
        keys,
    )


def demo_panel():
    """Return the panel of the quickstart."""
    X, y, truth = make_mmm(20, 156, 6, random_state=0)
    media, controls = truth.media_columns, truth.control_columns
    return "demo, 20 regions", X, y, media, controls, ("region", "week")


def write(panel, path, max_epochs):
    """Fit a model, write its report, and return the CPU seconds of both."""
    _, X, y, media, controls, (region, week) = panel
    train = X[week] < sorted(X[week].unique())[-8]
    mmm = DeepCausalMMMRegressor(
        media, controls, region, week, max_epochs=max_epochs, random_state=0
    )
    start = time.process_time()
    mmm.fit(X[train], y[train])
    fitted = time.process_time()
    make_report(mmm, path, X[~train], y[~train], plan=X[~train])
    return fitted - start, time.process_time() - fitted


def opened(browser, path):
    """Return seconds until the first tab is drawn, a click has an effect, all is drawn.

    Counted from the request for the file, with an empty cache.
    """
    context = browser.new_context(viewport={"width": 1300, "height": 900}, offline=True)
    page = context.new_page()
    start = time.perf_counter()
    page.goto(Path(path).as_uri(), wait_until="commit")
    page.wait_for_function("document.documentElement.dataset.ready !== undefined")
    drawn = time.perf_counter() - start
    page.click("#tab-channels")
    page.wait_for_selector("#panel-channels:not([inert])")
    responded = time.perf_counter() - start
    page.wait_for_function("document.documentElement.dataset.ready === 'all'")
    complete = time.perf_counter() - start
    n_charts = page.locator(".js-plotly-plot").count()
    context.close()
    return drawn, responded, complete, n_charts


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="../shared/data/dma_panel_train.csv.gz")
    parser.add_argument("--max-epochs", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(describe_machine())
    print("CPU seconds to fit and to write, seconds on the clock in the browser")
    print(
        f"{'panel':28} {'fit':>7} {'report':>9} {'MB':>6} {'charts':>7} "
        f"{'drawn':>8} {'responds':>11} {'all drawn':>12}"
    )
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for i, panel in enumerate((demo_panel(), large_panel(args.data))):
            path = Path(folder) / f"{i}.html"
            fit, report = write(panel, path, args.max_epochs)
            runs = [opened(browser, path) for _ in range(args.repeats)]
            drawn, responded, complete, n_charts = map(
                statistics.median, zip(*runs, strict=True)
            )
            print(
                f"{panel[0]:28} {fit:7.1f} {report:9.1f} "
                f"{path.stat().st_size / 1e6:6.2f} {n_charts:7.0f} {drawn:8.2f} "
                f"{responded:11.2f} {complete:12.2f}",
                flush=True,
            )
        browser.close()


if __name__ == "__main__":
    main()
