"""Charts of the channel graph."""

from collections.abc import Iterator

from sklearn_mmm.inspection._effects import effects_of
from sklearn_mmm.plotting import channel_colours, plot_channel_graph, plot_effects
from sklearn_mmm.report._content import Chart, Results


def graph_charts(r: Results) -> Iterator[Chart]:
    """Return the charts of what drives what, and of what that brings."""
    effects, hues = effects_of(r.effects), channel_colours(r.mmm)
    yield Chart(
        "graph",
        "graph",
        "Influences among channels",
        "Arrows lead from causes to what they drive; wide means strong, pale means "
        "seldom found when data are resampled. A hypothesis, not a proof: channels may "
        "move together for a reason that no column shows." + _mediators(r),
        plot_channel_graph(r.graph, colours=hues),
        {"graph_edges": r.graph.edges, "graph_nodes": r.graph.nodes},
        half=True,
    )
    yield Chart(
        "effects",
        "graph",
        "Direct, mediated and total effects",
        "What a channel brings itself, and through other channels that it drives, if "
        "these influences are real. Total effects overlap: what one channel brings "
        "through another counts for both, so they do not add up to the outcome. Budget "
        "and summary count direct effects alone"
        + (", with mediators held as they were." if r.mmm.mediators_ else "."),
        plot_effects(effects, units=r.units),
        {"effects": effects},
        half=True,
    )


def _mediators(r: Results) -> str:
    """Return what diamonds are, where there are any."""
    names = list(r.mmm.mediators_)
    if not names:
        return ""
    one = len(names) == 1
    return (
        f" {'The diamond is a mediator' if one else 'Diamonds are mediators'}: media "
        f"move {'it' if one else 'them'}, and nobody buys {'it' if one else 'them'}."
    )
