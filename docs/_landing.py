"""Charts of the landing page: a small panel, fitted while the pages are built."""

import warnings
from pathlib import Path

from _shown import RESIZE

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.plotting import plot_contributions, plot_response_curves, plot_roi


def write(folder: Path) -> None:
    """Write the charts as a fragment of HTML that needs no network.

    Parameters
    ----------
    folder : Path
    """
    X, y, truth = make_mmm(n_regions=4, n_weeks=104, n_channels=3, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mmm = DeepCausalMMMRegressor(
            truth.media_columns, truth.control_columns, "region", "week", random_state=0
        ).fit(X, y)
    parts = []
    for i, plot in enumerate((plot_contributions, plot_roi, plot_response_curves)):
        figure = plot(mmm).update_layout(height=420, updatemenus=[])
        drawn = figure.to_html(
            full_html=False,
            include_plotlyjs=i == 0,
            config={"responsive": True, "displayModeBar": False},
            post_script=RESIZE,
        )
        parts.append(f'<div class="chart-{i}">{drawn}</div>')
    (folder / "landing.html").write_text("\n".join(parts), encoding="utf-8")
