"""How the training went."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm.inspection import training_tables
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.plotting._panels import make_panels, panel, set_axes
from sklearn_mmm.plotting._source import Needs, table_of
from sklearn_mmm.plotting._style import (
    ACCENT,
    CONTRAST,
    INK,
    PALETTE,
    styled,
    text,
)


@of_fitted_model
def plot_training(source: Any) -> go.Figure:
    """Plot the loss by epoch, the learning rate, and the hyper-parameters.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or TrainingTables
        A fitted estimator, or the tables of
        :func:`~sklearn_mmm.inspection.training_tables`.

    Returns
    -------
    plotly.graph_objects.Figure
        The loss of validation is drawn where the net recorded one.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_training
    >>> epochs = pd.DataFrame({"epoch": [1, 2], "train_loss": [2.0, 1.0]})
    >>> chosen = pd.DataFrame({"name": ["noise"], "value": [0.1]})
    >>> plot_training((epochs, chosen)).data[0].y.tolist()
    [2.0, 1.0]
    """
    epochs, chosen = table_of(
        source,
        training_tables,
        (Needs("", "epoch"), Needs("name", "value", empty=True)),
    )
    rates = [name for name in ("learning_rate",) if name in epochs]
    titles = ["Loss", *["Learning rate" for _ in rates], "Hyper-parameters"]
    figure = make_panels(
        titles, widths=[1.0] * len(titles), height=max(230, 19 * len(chosen))
    )
    for name, label, colour in (
        ("train_loss", "training", ACCENT),
        ("valid_loss", "validation", CONTRAST),
    ):
        if name in epochs:
            figure.add_scatter(
                x=epochs["epoch"],
                y=epochs[name],
                mode="lines",
                name=label,
                line={"color": colour, "width": 2},
                hovertemplate=f"epoch %{{x}}<br>{label} loss %{{y:.5~r}}"
                "<extra></extra>",
                **panel(0),
            )
    set_axes(
        figure, 0, {"title_text": "epoch"}, {"title_text": "loss (per observation)"}
    )
    for name in rates:
        figure.add_scatter(
            x=epochs["epoch"],
            y=epochs[name],
            mode="lines",
            showlegend=False,
            line={"color": PALETTE[1], "width": 2},
            hovertemplate="epoch %{x}<br>learning rate %{y:.3~r}<extra></extra>",
            **panel(1),
        )
        rate = {"title_text": "learning rate", "rangemode": "tozero"}
        set_axes(figure, 1, {"title_text": "epoch"}, rate)
    _add_list(figure, chosen, len(titles) - 1)
    return styled(figure, "Training", showlegend="valid_loss" in epochs)


def _add_list(figure: go.Figure, chosen: pd.DataFrame, i: int) -> None:
    """Write names on the left and values on the right of a panel."""
    n = len(chosen)
    columns = {
        "middle right": (0.0, [text(v).replace("_", " ") for v in chosen["name"]]),
        "middle left": (1.0, [f"{value:,.4g}" for value in chosen["value"]]),
    }
    for position, (x, labels) in columns.items():
        figure.add_scatter(
            x=np.full(n, x),
            y=np.arange(n),
            mode="text",
            text=labels,
            textposition=position,
            textfont={"size": 12, "color": INK},
            cliponaxis=False,
            showlegend=False,
            hoverinfo="skip",
            **panel(i),
        )
    hidden = {"visible": False, "fixedrange": True}
    set_axes(
        figure,
        i,
        {**hidden, "range": [0, 1]},
        {**hidden, "range": [n - 0.5, -0.5]},
    )
