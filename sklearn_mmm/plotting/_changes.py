"""Two fits beside each other: then and now."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm.inspection import Units
from sklearn_mmm.plotting._panels import units_for
from sklearn_mmm.plotting._source import Needs, check_source
from sklearn_mmm.plotting._style import (
    CONTRAST,
    RATIO,
    REFERENCE,
    label_axis,
    row_height,
    styled,
    text,
)


def plot_changes(table: pd.DataFrame, *, units: Units | None = None) -> go.Figure:
    """Plot ROI then and now.

    Parameters
    ----------
    table : DataFrame
        As :func:`~sklearn_mmm.inspection.change_table` returns it.
    units : Units, default=None
        See :func:`~sklearn_mmm.plotting.plot_bubbles`.

    Returns
    -------
    plotly.graph_objects.Figure
        Two points for each channel, with intervals where both fits have them.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_changes
    >>> table = pd.DataFrame(
    ...     {"channel": ["tv"], "roi_before": [1.0], "roi_now": [2.0]}
    ... )
    >>> [trace.name for trace in plot_changes(table).data]
    ['before', 'now']
    """
    units = units_for(None, units)
    check_source("table", table, Needs("channel", "roi_before roi_now"), "change_table")
    figure = go.Figure()
    for when, colour, shift in (("before", REFERENCE, 0.14), ("now", CONTRAST, -0.14)):
        centre = table[f"roi_{when}"].to_numpy(float)
        error = {}
        if f"low_{when}" in table:
            error = {
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": table[f"high_{when}"].to_numpy() - centre,
                    "arrayminus": centre - table[f"low_{when}"].to_numpy(),
                    "color": colour,
                    "thickness": 1.4,
                }
            }
        figure.add_scatter(
            x=centre,
            y=np.arange(len(table)) + shift,
            mode="markers",
            name=when,
            marker={"color": colour, "size": 9},
            hovertemplate=f"%{{x{RATIO}}}",
            **error,
        )
    return styled(
        figure,
        "ROI then and now",
        xaxis={"title_text": text(units.per_spend), "rangemode": "tozero"},
        yaxis=label_axis(table["channel"].tolist()),
        height=row_height(len(table)),
    )
