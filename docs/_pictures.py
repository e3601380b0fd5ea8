"""Take the pictures of README and landing page (`python docs/_pictures.py`)."""

import tempfile
import warnings
from pathlib import Path

from playwright.sync_api import sync_playwright

from sklearn_mmm import DeepCausalMMMRegressor, make_report
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.report import find_browser

STATIC = Path(__file__).parent / "_static"


def make_example_report(path):
    """Write the report of README's ten lines."""
    X, y, truth = make_mmm(n_regions=4, n_weeks=104, n_channels=3, random_state=0)
    late = X["week"] >= X["week"].unique()[-8]
    mmm = DeepCausalMMMRegressor(
        truth.media_columns, truth.control_columns, "region", "week", random_state=0
    ).fit(X[~late], y[~late])
    make_report(mmm, path, X[late], y[late])


def main():
    """Take them."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as tool:
        report = Path(folder) / "report.html"
        make_example_report(report)
        browser = tool.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1200, "height": 860})
        page.goto(report.as_uri())
        page.wait_for_timeout(3000)
        page.screenshot(path=STATIC / "report.png")
        browser.close()


if __name__ == "__main__":
    main()
