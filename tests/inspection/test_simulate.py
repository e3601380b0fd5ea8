import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import simulate


@pytest.fixture(scope="module")
def rows(panel):
    X, _, _ = panel
    return X[X["week"].isin(X["week"].unique()[40:50])]


def test_tables_agree_with_predictions_of_the_whole_panel(fitted, panel, rows):
    X = panel[0][panel[0]["week"] < panel[0]["week"].unique()[-8]]
    found = simulate(fitted, rows, {"tv": 1.2, "search": 0.9})
    changed = X.copy()
    changed.loc[rows.index, "tv"] *= 1.2
    changed.loc[rows.index, "search"] *= 0.9
    difference = fitted.predict(changed) - fitted.predict(X)
    for table in (found.by_region, found.by_time, found.by_channel):
        assert table["difference"].sum() == pytest.approx(difference.sum())
        np.testing.assert_allclose(
            table["difference"], table["changed"] - table["planned"]
        )
    by_region = pd.Series(difference).groupby(X["region"].to_numpy()).sum()
    np.testing.assert_allclose(found.by_region["difference"], by_region)
    assert found.by_time.index[-1] == "after"
    assert len(found.by_time) == 11
    assert found.by_channel.loc["social", "difference"] == pytest.approx(0)
    assert found.total["difference"] == pytest.approx(difference.sum())
    assert found.total["changed_spend"] == pytest.approx(found.spend.sum().sum())
    np.testing.assert_allclose(found.planned_outcome, fitted.predict(rows))
    np.testing.assert_allclose(found.outcome, fitted.predict(changed.loc[rows.index]))
    assert found.contributions.index.equals(rows.index)
    assert "instead of" in repr(found)


def test_a_table_of_spend_means_the_same_as_factors(fitted, rows):
    table = rows[["tv"]] * 1.5
    by_table = simulate(fitted, rows, table)
    by_factor = simulate(fitted, rows, {"tv": 1.5})
    pd.testing.assert_frame_equal(by_table.by_channel, by_factor.by_channel)
    scale = fitted.media_scale_.loc[rows["region"], "tv"].to_numpy()
    np.testing.assert_array_equal(
        by_table.extrapolated["tv"], table["tv"].to_numpy() > scale * (1 + 1e-9)
    )


def test_members_give_intervals_of_the_difference(
    fitted, with_members, panel, rows, make_regressor
):
    X, y, _ = panel
    members = [
        make_regressor(huber_delta=delta, validation=False).fit(X, y)
        for delta in (0.7, 2.0, 5.0)
    ]
    found = simulate(fitted, rows, {"tv": 0.0}, members=members, coverage=0.5)
    alone = [simulate(m, rows, {"tv": 0.0}).total["difference"] for m in members]
    # Of three draws half of a fourth one's chances lie between the outer two; the
    # estimate is always inside.
    alone.append(found.total["difference"])
    expected = min(alone), max(alone)
    np.testing.assert_allclose(found.total[["low", "high"]].tolist(), expected)
    assert (found.by_region["low"] <= found.by_region["high"]).all()
    assert "low" not in simulate(fitted, rows, {"tv": 0.0}, members=[]).total
    assert "low" not in simulate(fitted, rows, {"tv": 0.0}).total
    own = simulate(with_members, rows, {"tv": 0.0}).total
    assert own["low"] <= own["difference"] <= own["high"] < 0
    assert own["low"] < own["high"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"radio": 1.1}, "unknown channels"),
        ({"tv": -1}, "at least 0"),
        ({"tv": np.nan}, "at least 0"),
        ({"tv": "more"}, "not a number"),
        (pd.DataFrame({"tv": [1.0]}), "index differs"),
    ],
)
def test_bad_changes(fitted, rows, changes, message):
    with pytest.raises(ValueError, match=message):
        simulate(fitted, rows, changes)
    with pytest.raises(ValueError, match="coverage"):
        simulate(fitted, rows, {"tv": 1.0}, coverage=1.0)
