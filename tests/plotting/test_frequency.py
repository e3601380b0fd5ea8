"""Curves of frequency: what is drawn is the table, and marks stand where it says."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm.plotting import plot_frequency
from sklearn_mmm.plotting._style import TEMPLATE


@pytest.fixture
def table():
    grid = np.array([1.0, 2.0, 3.0, 4.0])
    video = pd.DataFrame({"channel": "video", "frequency": grid})
    video["contribution"] = [5.0, 9.0, 8.0, 6.0]
    video["low"], video["high"] = video["contribution"] - 1, video["contribution"] + 1
    video["optimal"], video["present"] = grid == 2.0, grid == 4.0
    return pd.concat([video, video.assign(channel="radio", optimal=grid == 1.0)])


def test_marks_stand_at_the_best_and_the_present_frequency(table):
    figure = plot_frequency(table)
    assert figure.layout.template == TEMPLATE
    marks = [(t.name, *t.x, *t.y) for t in figure.data if t.mode == "markers"]
    assert marks == [
        ("best", 2.0, 9.0),
        ("present", 4.0, 6.0),
        ("best", 1.0, 5.0),
        ("present", 4.0, 6.0),
    ]
    curves = [t for t in figure.data if t.name == "same money"]
    np.testing.assert_allclose(curves[0].y, table["contribution"][:4])


def test_a_table_without_intervals_or_marks_is_a_line(table):
    bare = table.drop(columns=["low", "high", "optimal", "present"])
    assert len(plot_frequency(bare).data) == 2


def test_a_model_without_reach_has_no_such_figure(plain_fit):
    with pytest.raises(ValueError, match="reach_frequency="):
        plot_frequency(plain_fit)
