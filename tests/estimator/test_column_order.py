"""Where a column stands in the table changes nothing."""

import numpy as np
import pytest

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.training import _drift


def answers(X, y, truth, step):
    """Return contributions, intervals and graph with columns in an order."""
    mmm = DeepCausalMMMRegressor(
        truth.media_columns[::step],
        truth.control_columns[::step],
        "region",
        "week",
        n_members=4,
        random_state=0,
    ).fit(X, y)
    columns = [*truth.media_columns, *truth.control_columns]
    effects = mmm.effects("direct", coverage=0.9).loc[truth.media_columns]
    graph = mmm.dag_.loc[truth.media_columns, truth.media_columns]
    varies = mmm.modulation_.to_numpy().std() > 0
    return mmm.contributions_[columns], effects, graph, varies


@pytest.mark.parametrize(
    ("sizes", "varies"),
    [
        ({"n_regions": 1, "n_weeks": 104, "n_channels": 4}, False),
        ({"n_regions": 3, "n_weeks": 80, "n_channels": 3}, False),
        (
            {"n_regions": 1, "n_weeks": 156, "n_channels": 2, "time_varying": True},
            True,
        ),
    ],
    ids=["one region", "three regions", "effects that vary"],
)
def test_columns_in_another_order_give_the_same_answer(sizes, varies, monkeypatch):
    # Every epoch treats columns alike, the last one as the first.
    monkeypatch.setattr(_drift, "_N_EPOCHS", 40)
    X, y, truth = make_mmm(random_state=0, **sizes)
    parts, effects, graph, own = answers(X, y, truth, 1)
    others, their_effects, their_graph, _ = answers(X, y, truth, -1)
    assert own == varies
    size = parts.abs().sum().max()
    assert (parts.sum() - others.sum()).abs().max() <= 1e-5 * size
    np.testing.assert_allclose(
        their_effects.select_dtypes(float), effects.select_dtypes(float), rtol=1e-4
    )
    np.testing.assert_allclose(their_graph, graph, atol=1e-9)
