import numpy as np
import pandas as pd
import pytest

from sklearn_mmm.inspection import (
    carry_over_table,
    change_table,
    period_roi_table,
    roi_table,
    spend_table,
)
from sklearn_mmm.plotting import (
    plot_bubbles,
    plot_carry_over,
    plot_changes,
    plot_period_roi,
    plot_spend,
)


def test_spend_and_contribution_sum_to_those_of_the_fit(fitted):
    by_channel = spend_table(fitted).groupby("channel")[["spend", "contribution"]].sum()
    channels = fitted.media_columns_
    np.testing.assert_allclose(
        by_channel.loc[channels, "spend"], fitted.spend_[channels].sum()
    )
    np.testing.assert_allclose(
        by_channel.loc[channels, "contribution"], fitted.contributions_[channels].sum()
    )


def test_periods_sum_to_the_whole(fitted):
    table = period_roi_table(fitted)
    whole = roi_table(fitted).set_index("channel")
    for _, rows in table.groupby("by"):
        sums = rows.groupby("channel")[["spend", "contribution"]].sum()
        np.testing.assert_allclose(sums["spend"], whole["spend"].reindex(sums.index))
        np.testing.assert_allclose(
            sums["contribution"], whole["contribution"].reindex(sums.index)
        )
    first = table[table["by"] == "quarter"]["period"].iloc[0]
    assert first == "2022 Q1"


def test_carry_over_follows_the_kernel(fitted):
    table = carry_over_table(fitted).set_index("channel")
    share = table["immediate"] / table.sum(axis=1)
    np.testing.assert_allclose(share, fitted.adstock_.loc[table.index, 0])


def test_nothing_changes_between_a_fit_and_itself(with_members):
    table = change_table(with_members, with_members)
    assert (table["change"] == 0).all()
    np.testing.assert_array_equal(table["low_before"], table["low_now"])


def test_changes_are_drawn_without_a_past():
    table = pd.DataFrame(
        {
            "channel": ["tv"],
            "roi_before": [np.nan],
            "roi_now": [2.0],
            "change": [np.nan],
        }
    )
    assert plot_changes(table).data[1].x[0] == 2.0


@pytest.mark.parametrize(
    "plot", [plot_bubbles, plot_carry_over, plot_period_roi, plot_spend]
)
def test_figures_take_a_model_or_its_table(fitted, plot):
    figure = plot(fitted)
    assert len(figure.data) >= 2
    assert figure.layout.title.text


def test_bubbles_leave_out_what_costs_nothing():
    table = pd.DataFrame(
        {
            "channel": ["tv", "free"],
            "spend": [10.0, 0.0],
            "contribution": [20.0, 5.0],
            "roi": [2.0, np.nan],
        }
    )
    assert [trace.name for trace in plot_bubbles(table).data] == ["tv"]


def test_areas_are_what_channels_brought():
    table = pd.DataFrame(
        {
            "channel": ["a", "b"],
            "spend": [1.0, 1.0],
            "contribution": [4.0, 1.0],
            "roi": [4.0, 1.0],
        }
    )
    sizes = [trace.marker.size[0] - 10 for trace in plot_bubbles(table).data]
    assert sizes[0] / sizes[1] == pytest.approx(2.0)
