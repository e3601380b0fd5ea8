"""The tables of benchmarks that have been run, as sections of their page."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
# Name of the result: its heading, and how to read it.
SECTIONS = {
    "recovery": (
        "Recovery of known contributions",
        "Fresh draws of the generative process of the public benchmark "
        r"pymc-labs/mmm-param-recovery. Total error is :math:`|\sum \hat c - \sum c| "
        r"/ \sum c` of a channel in a region, SRMSE the root mean squared error of "
        "weekly contributions over the mean true one; mean and median are over "
        "channels and regions.",
    ),
    "coverage": (
        "Coverage of intervals",
        "How often 90 % intervals of a channel's total contribution in a region "
        "hold the truth, and how often those of outcomes in the eight weeks after "
        "training hold these; widths and errors are relative to the truth.",
    ),
    "media_share": (
        "Media share",
        "The share of the outcome that is given to media, beside the true one, also "
        "where it is zero.",
    ),
    "peers": (
        "Beside the peers",
        "Each in an environment of its own, with what its own documentation starts "
        "with. Misallocated is the sum of absolute errors of channels' totals over "
        "the sum of true totals, error the mean relative error over channels and "
        "regions, coverage that of 90 % intervals of these totals, skill 1 − SSE / "
        "SSE of the mean of each region's last four weeks, from one origin eight weeks "
        "before the end. CPU seconds and memory are of one process on one core.",
    ),
    "peers_all": (
        "Beside all peers, and on a real series",
        "The same with Meridian and LightweightMMM (with packages of its time), all "
        "panels with the first seed before the next one is begun. A run goes on where "
        "the last one stopped, for as long as ``--minutes`` says: rows of peers are "
        "kept (:download:`peers_all.csv </benchmarks/peers_all.csv>` has their dates), "
        "and measured again when a version, a panel, a setting or the processor "
        "differs; ours are measured in each run. Other work on the machine stretches "
        "CPU seconds, and a fit that takes more than five CPU minutes is given up, so "
        "that what is missing of a peer is not how well it would have done. "
        "``real/sum`` is the sum of the regions of a real panel, ``real/10`` its ten "
        "largest regions; their truth is unknown, so that there is only a forecast to "
        "judge.",
    ),
    "worlds_peer": (
        "Beside PyMC-Marketing on foreign national series",
        "Kinds of generators that share nothing with the model, one seed of each; "
        "PyMC-Marketing has a linear trend as control and two yearly modes. Inside "
        "is the share of 90 % intervals of channels' totals that hold the truth.",
    ),
    "worlds": (
        "Foreign worlds",
        "Panels of other generators, kind by kind, beside a non-negative regression "
        "on a trend, harmonics and a grid of kernels, and the Ridge pipeline. With "
        "``--models told nonnegative ridge`` a regression that is told the true "
        "carry-over, curves and form of the baseline stands in our place: in worlds "
        "without outliers it misallocates less than both in 86 %, so that more is "
        "luck.",
    ),
    "link": (
        "Effects that multiply",
        "The default, which finds out whether effects add up or multiply, beside "
        '``link="identity"``, where they always add up: in worlds where all effects '
        "multiply, where two of them do, and where none does.",
    ),
    "modes": (
        "One mode, or several",
        "Where Gauss-Newton ends from other starts, drawn from the priors: in the mode "
        "of the fit, elsewhere along a direction in which nothing changes the "
        "objective, in a better one, in another one that would have some weight, or in "
        "a worse one.",
    ),
    "treatments": (
        "Events, reach, campaigns, two dimensions, worth",
        "Worlds of known truth for what is no paid channel of its own, three seeds "
        "each: the figure, the limit it was to keep, and whether it does. Shapes are "
        "those of single channels and of campaigns inside one.",
    ),
    "forecast": (
        "Forecasts of a real panel",
        "Eight weeks ahead from five origins, beside forecasts that cost nothing; "
        "DeepCausalMMM is the regressor of this package.",
    ),
    "allocation": (
        "Budgets",
        "What the truth gives for the budgets that models propose, how long "
        "allocations of a large plan take and how well they keep to their constraints, "
        "and curves that are fitted to tables.",
    ),
    "allocation_promises": (
        "Promises of budgets",
        "How often a plan that is said to be better is better, and how often intervals "
        "of its gain hold the true one; then the same with two channels that moved "
        "together.",
    ),
    "allocation_solver": (
        "Budgets beside a global search",
        "The solver's optimum beside that of differential evolution, on one fitted "
        "model.",
    ),
    "collinear": (
        "Channels that move together, and updates",
        "Before and after one of two channels is tested, and what ``partial_fit`` "
        "saves.",
    ),
    "graph": (
        "Graph of channels",
        "Edges found, beside those that are there.",
    ),
    "graph_cycles": (
        "Graph beside budget cycles",
        "Regions, strength and kind of a cycle that all budgets follow: false edges "
        "where there are none, and F1 of five true ones beside it.",
    ),
    "graph_panels": (
        "Plans through the graph",
        "What a channel brings when it is switched off, and what an allocation gains, "
        'with ``react="graph"`` and without, beside the truth.',
    ),
    "experiments": (
        "Experiments",
        "What a plan truly gains after the recommended test, beside the alternatives, "
        "and the standard errors that were promised.",
    ),
    "time_varying": (
        "Effects that vary with time",
        "Found where they are, and not where they are not.",
    ),
    "speed": (
        "Speed beside version 0.1.0",
        "Fits, updates and a search of panels of several sizes, beside those of that "
        "version on the same machine, in turn: ratios of CPU seconds are what to "
        "compare, where the machine has other work.",
    ),
    "speed_large": (
        "Speed of large panels",
        "Fits, and what follows them, beside those of version 0.1.0: 50 regions with "
        "30 channels (large), a real panel of 190 regions with its report, its budget "
        "and an update, and two years of days. The next table has larger ones.",
    ),
    "memory": (
        "Large panels",
        "Time and peak memory of a default fit: 500 regions × 156 weeks × 20 channels "
        "(wide), 150 channels × 104 weeks (channels), 5,000 days, 60 controls × 156 "
        "weeks, and 100,000 regions × 4 weeks (labels).",
    ),
    "regions": (
        "Panels of very many regions",
        "Time and peak memory of a default fit: 500 and 2,000 regions × 156 weeks × 20 "
        "channels (wide, wider), 10,000 regions × 104 weeks × 10 channels (widest).",
    ),
    "report": (
        "The report in a browser",
        "Size, time to write, time to draw. Other work on the machine stretches "
        "seconds on the clock, and CPU seconds somewhat.",
    ),
}


def commands() -> dict[str, str]:
    """Return what ``benchmarks/bench.py`` runs, by the name of the result."""
    text = (HERE.parent / "benchmarks" / "bench.py").read_text(encoding="utf-8")
    found = re.findall(r"^(?:QUICK|LONG) = (\{.*?^\})", text, re.MULTILINE | re.DOTALL)
    return {k: v for part in found for k, v in ast.literal_eval(part).items()}


def write(folder: Path) -> None:
    """Write a section for each result, and what has not been run.

    Parameters
    ----------
    folder : Path
    """
    folder.mkdir(exist_ok=True)
    lines, missing = [], []
    for name, command in commands().items():
        title, text = SECTIONS[name]
        if not (HERE / "benchmarks" / f"{name}.txt").exists():
            missing.append(f"- {title}: ``python benchmarks/{command}``")
            continue
        lines += [title, "-" * len(title), "", text, ""]
        lines += [
            f".. literalinclude:: /benchmarks/{name}.txt",
            "   :language: text",
            "",
        ]
    if missing:
        lines += ["Not run for this page", "-" * 21, ""]
        lines += [*missing, ""]
    (folder / "benchmarks.rst").write_text("\n".join(lines), encoding="utf-8")
