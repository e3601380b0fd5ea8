"""
How sure are we: intervals, a lift test, and new weeks
======================================================

Two channels that move together cannot be told apart by looking at sales. Intervals
say so, an experiment tells them apart, and weeks that come in later update the fit.
"""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.datasets import make_mmm, true_contributions, true_outcome
from sklearn_mmm.plotting import plot_fit

# %%
# Two years of sales in five regions, and four weeks more. Search is made to follow
# television, and sales follow both.
X, y, truth = make_mmm(n_regions=5, n_weeks=108, n_channels=3, random_state=0)
channels = truth.media_columns
largest = X.groupby("region")[channels].transform("max")
relative = X[channels] / largest
mixed = 0.7 * relative["tv"] + 0.3 * relative["search"]
without_media = y - true_outcome(truth, X)
X["search"] = mixed * largest["search"]
y = without_media + true_outcome(truth, X)
print(f"correlation of spend: {relative['tv'].corr(mixed):.2f}")

# %%
# Without an experiment the fit knows what both brought together, but hardly which
# brought what: the intervals of both are wide.
weeks = X["week"].unique()
train = X["week"] < weeks[-4]
mmm = DeepCausalMMMRegressor(
    channels, truth.control_columns, "region", "week", graph=False, random_state=0
).fit(X[train], y[train])
before = mmm.effects("direct", coverage=0.9)
print(before[["contribution", "low", "high"]].round(-3).to_string())

# %%
# The search engine kept its ads from some people for eight weeks and reports how much
# less they bought, scaled up to all. Here the truth and some luck stand for the
# experiment, whose standard error is a tenth of the lift.
window = weeks[80:88]
inside = X["week"].isin(window)
off = X.assign(search=X["search"].where(~inside, 0.0))
lift = (true_outcome(truth, X) - true_outcome(truth, off))[inside].sum()
error = 0.1 * lift
tests = pd.DataFrame(
    {
        "channel": ["search"],
        "start": [window[0]],
        "end": [window[-1]],
        "lift": [lift + error * np.random.default_rng(0).standard_normal()],
        "std_error": [error],
    }
)
mmm.fit(X[train], y[train], lift_tests=tests)
after = mmm.effects("direct", coverage=0.9)
print(after[["contribution", "low", "high"]].round(-3).to_string())

# %%
# The test was of search. Television becomes clearer with it, since both together were
# known before.
figure = go.Figure()
for name, table in (("without the test", before), ("with the test", after)):
    figure.add_bar(
        name=name,
        x=channels,
        y=table["contribution"],
        error_y={
            "array": table["high"] - table["contribution"],
            "arrayminus": table["contribution"] - table["low"],
        },
    )
figure.add_scatter(
    name="truth",
    x=channels,
    y=true_contributions(truth, X)[train].sum(),
    mode="markers",
    marker={"symbol": "line-ew-open", "size": 60, "color": "#808080"},
)
figure.update_layout(
    template="plotly_white",
    title="Contributions with 90 % intervals",
    yaxis_title="outcome",
    barmode="group",
    paper_bgcolor="rgba(0,0,0,0)",
)
figure

# %%
# The next four weeks, before they are known, with intervals of their outcomes.
low, high = mmm.predict_interval(X[~train], coverage=0.9).T
share = ((low <= y[~train]) & (y[~train] <= high)).mean()
print(f"outcomes inside their intervals: {share:.0%}")
plot_fit(mmm, X[~train], y[~train])

# %%
# When they are known, they join the fit in a fraction of its time; the test stays.
mmm.partial_fit(X[~train], y[~train])
updated = mmm.effects("direct", coverage=0.9)
print(f"{len(mmm.history_)} rows, {len(mmm.lift_tests_)} lift test")
print(updated[["roi", "roi_low", "roi_high"]].round(2).to_string())
