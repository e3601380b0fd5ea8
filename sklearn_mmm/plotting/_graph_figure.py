"""The graph of influences among channels."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm.inspection import graph_tables
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.plotting._graph_layout import (
    GraphLayout,
    layered_layout,
    smooth_line,
)
from sklearn_mmm.plotting._source import Needs, table_of
from sklearn_mmm.plotting._style import (
    CONTRAST,
    REFERENCE,
    colours_for,
    number,
    short,
    styled,
    text,
)

_WIDEST = 5.0
_FAINTEST = 0.18


@of_fitted_model
def plot_channel_graph(
    source: Any, *, coverage: float = 0.9, colours: Mapping[str, str] | None = None
) -> go.Figure:
    """Plot the acyclic graph of influences among channels, causes on the left.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or GraphTables
        A fitted estimator, or the tables of
        :func:`~sklearn_mmm.inspection.graph_tables`.
    coverage : float, default=0.9
        Of the intervals, when the source is an estimator.
    colours : dict, default=None
        Colour of each channel; None means those of
        :func:`~sklearn_mmm.plotting.channel_colours`.

    Returns
    -------
    plotly.graph_objects.Figure
        Columns follow the topological order. An edge is the wider the larger its
        weight, and the fainter the fewer resamples contain it; edges of past time steps
        are dotted, negative ones have the colour of contrast. The area of a node grows
        with its contribution; channels without edges stand below. Mediators, which
        nobody buys, are diamonds and say so.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_channel_graph
    >>> nodes = pd.DataFrame({
    ...     "channel": ["tv", "search"], "depth": [0, 1], "contribution": [2.0, 1.0],
    ... })
    >>> edges = pd.DataFrame({
    ...     "from": ["tv"], "to": ["search"], "lag": [0], "weight": [0.5],
    ...     "strength": [0.9],
    ... })
    >>> figure = plot_channel_graph((nodes, edges))
    >>> [bool(t.x[-1] > t.x[0]) for t in figure.data if t.mode == "lines"]
    [True]
    """
    nodes, edges = table_of(
        source,
        graph_tables,
        (
            Needs("channel", "depth", "contribution"),
            Needs("from to", "lag weight strength", empty=True),
        ),
        coverage=coverage,
    )
    strangers = sorted({*edges["from"], *edges["to"]} - {*nodes["channel"]}, key=str)
    if strangers:
        raise ValueError(
            f"edges name {strangers}, which nodes do not have; give both as "
            "graph_tables returns them"
        )
    layout = layered_layout(nodes, edges)
    radius = _radius(nodes)
    figure = go.Figure()
    widest = float(edges["weight"].abs().max()) if len(edges) else 1.0
    for edge, line in zip(edges.to_dict("records"), layout.lines, strict=True):
        width = 1.5 + (_WIDEST - 1.5) * abs(edge["weight"]) / widest
        _add_edge(figure, edge, smooth_line(line), width, radius[edge["to"]])
    hues = colours_for(nodes["channel"], colours)
    _add_nodes(figure, nodes, layout, radius, hues)
    places = np.array(list(layout.nodes.values()))
    ends = np.vstack([places, *layout.lines])
    (left, top), (right, bottom) = ends.min(axis=0), ends.max(axis=0)
    hidden = {"visible": False, "fixedrange": True}
    if edges.empty:
        figure.add_annotation(
            text="no influences found",
            xref="paper", yref="paper", x=0.5, y=1.0, yanchor="bottom",
        )  # fmt: skip
    return styled(
        figure,
        "Influences among channels",
        xaxis={**hidden, "range": [left - 0.45, right + 0.45]},
        yaxis={**hidden, "range": [bottom + 0.75, top - 0.6]},
        height=int(110 + 84 * (bottom - top + 1)),
        showlegend=False,
    )


def _radius(nodes: pd.DataFrame) -> dict[str, float]:
    """Return the radius of each node in pixels: areas grow with contributions."""
    size = nodes["contribution"].clip(lower=0).to_numpy(float)
    largest = size.max() if len(size) and size.max() > 0 else 1.0
    radius = 8 + 8 * np.sqrt(size / largest)
    return dict(zip(nodes["channel"], radius.tolist(), strict=True))


def _add_edge(
    figure: go.Figure,
    edge: Mapping[str, Any],
    line: np.ndarray,
    width: float,
    radius: float,
) -> None:
    strength = edge["strength"]
    known = not pd.isna(strength)
    opacity = _FAINTEST + (1 - _FAINTEST) * (float(strength) if known else 0.5)
    colour = REFERENCE if edge["weight"] >= 0 else CONTRAST
    figure.add_scatter(
        x=line[:-4, 0],
        y=line[:-4, 1],
        mode="lines",
        line={
            "color": colour,
            "width": width,
            "dash": "dot" if edge["lag"] else "solid",
        },
        opacity=opacity,
        hoverinfo="skip",
    )
    # The end is an annotation, whose head stops short of the node by pixels; its tail
    # begins beside an invisible label, so that the line reaches a little further.
    (x, y), (ax, ay) = line[-1], line[-6]
    figure.add_annotation(
        x=x, y=y, ax=ax, ay=ay,
        xref="x", yref="y", axref="x", ayref="y",
        text="", showarrow=True, arrowhead=2, arrowwidth=width,
        arrowsize=max(0.7, 2.0 / width**0.5), arrowcolor=colour, opacity=opacity,
        standoff=radius + 1,
    )  # fmt: skip
    middle = line[len(line) // 2]
    figure.add_scatter(
        x=[middle[0]],
        y=[middle[1]],
        mode="markers",
        marker={"size": 18, "color": colour, "opacity": 0},
        text=["<br>".join(_edge_words(edge, known))],
        hovertemplate="%{text}<extra></extra>",
    )


def _edge_words(edge: Mapping[str, Any], known: bool) -> list[str]:
    lines = [
        f"<b>{text(edge['from'])} → {text(edge['to'])}</b>",
        f"weight {edge['weight']:.3g} (largest weekly media = 1)",
    ]
    if "low" in edge:
        lines.append(f"interval {edge['low']:.3g} to {edge['high']:.3g}")
    if known:
        lines.append(f"in {100 * edge['strength']:.0f} % of resamples")
    if edge["lag"]:
        lines.append(f"{edge['lag']} time steps later")
    return lines


def _add_nodes(
    figure: go.Figure,
    nodes: pd.DataFrame,
    layout: GraphLayout,
    radius: Mapping[str, float],
    hues: Mapping[str, str],
) -> None:
    channels = nodes["channel"].tolist()
    place = layout.nodes
    between = nodes.get("mediator", pd.Series(False, nodes.index)).tolist()
    figure.add_scatter(
        x=[place[name][0] for name in channels],
        y=[place[name][1] for name in channels],
        mode="markers+text",
        marker={
            "color": [hues[name] for name in channels],
            "size": [2 * radius[name] for name in channels],
            "opacity": 1,
            "line_width": 0,
            "symbol": ["diamond" if mediates else "circle" for mediates in between],
        },
        text=[
            short(name, 14) + ("<br>mediator" if mediates else "")
            for name, mediates in zip(channels, between, strict=True)
        ],
        textposition=[f"{_free_side(place[name], layout)} center" for name in channels],
        cliponaxis=False,
        customdata=[
            f"{text(name)}<br>direct contribution {number(value)}"
            + ("<br>media move it, nobody buys it" if mediates else "")
            for name, value, mediates in zip(
                channels, nodes["contribution"], between, strict=True
            )
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )


def _free_side(place: tuple[float, float], layout: GraphLayout) -> str:
    """Return on which side of a node fewer lines end."""
    slopes = [
        beside[1] - at[1]
        for line in layout.lines
        for at, beside in ((line[0], line[1]), (line[-1], line[-2]))
        if tuple(at) == place
    ]
    return "top" if slopes and float(np.mean(slopes)) > 0.05 else "bottom"
