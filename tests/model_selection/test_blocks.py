"""Blocks of weeks that are test once, and resamples without a row twice."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold, check_cv

from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.model_selection import PanelBootstrap, PanelKFold


@pytest.fixture(scope="module")
def rows():
    X, _, _ = make_mmm(6, 30, 1, random_state=0)
    return X.sample(frac=1, random_state=0)


def test_folds_are_a_partition_into_blocks_of_weeks(rows):
    weeks = np.sort(rows["week"].unique())
    seen = []
    for train, test in PanelKFold(4, time_column="week").split(rows):
        np.testing.assert_array_equal(np.sort(np.r_[train, test]), np.arange(len(rows)))
        inside = rows["week"].iloc[test].unique()
        assert not set(inside) & set(rows["week"].iloc[train])
        place = np.searchsorted(weeks, np.sort(inside))
        np.testing.assert_array_equal(np.diff(place), 1)
        seen.append(test)
    np.testing.assert_array_equal(np.sort(np.concatenate(seen)), np.arange(len(rows)))


def test_one_region_is_split_as_k_fold_does():
    X = pd.DataFrame({"week": np.arange(23)})
    for time_column in (None, "week"):
        found = PanelKFold(4, time_column=time_column).split(X)
        for one, two in zip(found, KFold(4).split(X), strict=True):
            np.testing.assert_array_equal(one[0], two[0])
            np.testing.assert_array_equal(one[1], two[1])


RESAMPLES = pytest.mark.parametrize(
    ("by", "unit_of"),
    [
        ("region", lambda rows: rows["region"]),
        ("time", lambda rows: rows["week"].rank(method="dense").sub(1) // 5),
    ],
)


@RESAMPLES
def test_resamples_take_whole_units_and_no_row_twice(rows, by, unit_of):
    cv = PanelBootstrap(
        20,
        by=by,
        block_length=5,
        region_column="region",
        time_column="week",
        random_state=0,
    )
    unit = unit_of(rows)
    assert check_cv(cv).get_n_splits(rows) == 20
    shares = []
    for train, test in cv.split(rows):
        np.testing.assert_array_equal(np.sort(np.r_[train, test]), np.arange(len(rows)))
        assert not set(unit.iloc[train]) & set(unit.iloc[test])
        assert len(test) > 0
        assert not rows.iloc[train][["region", "week"]].duplicated().any()
        shares.append(unit.iloc[test].nunique() / unit.nunique())
    # (1 - 1/6)^6 of six units are not drawn, up to the error of 20 resamples.
    assert abs(np.mean(shares) - (5 / 6) ** 6) < 0.1


def test_resamples_come_again_with_their_seed_and_in_any_order_of_rows(rows):
    cv = PanelBootstrap(3, region_column="region", random_state=1)
    labels = rows["region"].to_numpy()
    ordered = np.sort(labels)
    for (one, _), (again, _), (other, _) in zip(
        cv.split(rows),
        cv.split(rows),
        cv.split(rows.sort_values("region")),
        strict=True,
    ):
        np.testing.assert_array_equal(one, again)
        assert set(labels[one]) == set(ordered[other])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "week"}, "choose 'region' or 'time'"),
        ({"by": "time"}, "needs a time_column"),
        ({}, "needs a region_column"),
        ({"region_column": "region", "n_resamples": 0}, "n_resamples=0"),
        ({"region_column": "nation"}, "no column 'nation'"),
        ({"by": "time", "time_column": "week", "block_length": 99}, "99 shorter"),
    ],
)
def test_what_cannot_be_drawn_is_refused(rows, options, message):
    with pytest.raises(ValueError, match=message):
        next(PanelBootstrap(**options).split(rows))


def test_one_region_cannot_be_drawn_from(rows):
    one = rows[rows["region"] == rows["region"].iloc[0]]
    with pytest.raises(ValueError, match=r"one region.*by='time'"):
        next(PanelBootstrap(region_column="region").split(one))
