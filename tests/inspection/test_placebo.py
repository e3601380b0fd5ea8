"""What nothing is credited with, and what happens when rows are left out."""

from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import LeaveOneGroupOut

from sklearn_mmm import PanelTimeSeriesSplit
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.inspection import placebo_test, stability
from sklearn_mmm.inspection._placebo import noise, permuted, shifted


@pytest.fixture(scope="module")
def make(make_plain):
    return partial(make_plain, max_epochs=10, graph=True)


@pytest.fixture(scope="module")
def data(plain_panel):
    return plain_panel


@pytest.fixture(scope="module")
def mmm(data, make):
    return make(graph=False).fit(*data)


@pytest.fixture(scope="module")
def placebos(data, make):
    sure = make(graph=False, max_epochs=60, n_members=8).fit(*data)
    return sure, placebo_test(sure, *data, random_state=1)


ROWS = pd.DataFrame(
    {"region": np.repeat(list("abc"), 20), "step": np.tile(range(20), 3)}
)
MEDIA = np.random.default_rng(0).gamma(2.0, 1.0, 60) * np.repeat([1.0, 5.0, 20.0], 20)


@pytest.mark.parametrize("make_one", [shifted, permuted, noise])
def test_placebos_keep_each_regions_size_and_follow_the_rows(make_one):
    region, step = ROWS["region"].to_numpy(), ROWS["step"].to_numpy()
    found = make_one(MEDIA, region, step, np.random.default_rng(3))
    assert (found >= 0).all()
    for label in "abc":
        rows = region == label
        assert found[rows].mean() == pytest.approx(MEDIA[rows].mean(), rel=0.5)
        assert abs(np.corrcoef(found[rows], MEDIA[rows])[0, 1]) < 0.7
    if make_one is not noise:
        order = np.random.default_rng(1).permutation(60)
        other = make_one(
            MEDIA[order], region[order], step[order], np.random.default_rng(3)
        )
        np.testing.assert_allclose(other, found[order])


def test_a_shift_moves_weeks_around_the_end():
    region, step = np.array(["a"] * 8), np.arange(8)
    found = shifted(np.arange(8.0), region, step, np.random.default_rng(0))
    first = int(found[0])
    assert 2 <= first <= 6
    np.testing.assert_array_equal(found, np.roll(np.arange(8.0), -first))


def test_permuted_media_are_those_of_another_region():
    region, step = ROWS["region"].to_numpy(), ROWS["step"].to_numpy()
    found = permuted(MEDIA, region, step, np.random.default_rng(0)).reshape(3, 20)
    relative = found / found.mean(axis=1, keepdims=True)
    own = MEDIA.reshape(3, 20) / MEDIA.reshape(3, 20).mean(axis=1, keepdims=True)
    for i in range(3):
        same = [np.allclose(relative[i], own[j]) for j in range(3)]
        assert sum(same) == 1
        assert not same[i]


def test_nothing_is_credited_with_little(data, placebos):
    sure, table = placebos
    assert table["placebo"].tolist() == ["shifted", "permuted", "noise"]
    own = sure.contributions_["tv"].sum() / data[1].sum()
    assert set(table["channel"]) <= {"tv", "search"}
    away = table[table["placebo"] != "permuted"]
    assert (away["share"] < 0.25 * own + 0.01).all()
    np.testing.assert_allclose(table["share"], table["contribution"] / data[1].sum())
    near = table["low"] <= 0.001 * data[1].sum()
    assert (near == table["reaches_zero"]).all()
    assert table["correlation"].abs().max() <= 1


def test_the_placebo_test_is_reproducible_and_leaves_the_model_alone(data, mmm):
    before = mmm.predict(data[0])
    one, two = (
        placebo_test(mmm, *data, kinds=["noise"], random_state=4) for _ in range(2)
    )
    pd.testing.assert_frame_equal(one, two)
    np.testing.assert_array_equal(mmm.predict(data[0]), before)
    assert "low" not in one


def test_channels_kinds_and_repeats_can_be_chosen(data, mmm):
    table = placebo_test(
        mmm, *data, channels=["search", "tv"], kinds=["shifted"], n_repeats=2
    )
    assert table["channel"].tolist() == ["search", "search", "tv", "tv"]
    assert table["repeat"].tolist() == [0, 1, 0, 1]
    for bad in ({"channels": ["radio"]}, {"kinds": ["none"]}, {"n_repeats": 0}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            placebo_test(mmm, *data, **bad)


def test_an_unfitted_model_is_refused(data, make):
    with pytest.raises(NotFittedError):
        placebo_test(make(), *data)
    with pytest.raises(NotFittedError):
        stability(make(), *data)


def test_containers_do_not_matter(data, mmm, make):
    X, y = data
    expected = placebo_test(mmm, X, y, kinds=["shifted"], random_state=0)
    names = list(X.columns)
    place = [names.index(c) for c in ("tv", "search", "price", "promotion")]
    array = make(graph=False).set_params(
        media_columns=place[:2],
        control_columns=place[2:],
        region_column=names.index("region") - len(names),
        time_column=names.index("week"),
    )
    values = X.to_numpy()
    frame = pl.DataFrame({name: X[name].to_numpy() for name in X})
    for model, table in ((array.fit(values, y), values), (mmm, frame)):
        found = placebo_test(model, table, y, kinds=["shifted"], random_state=0)
        np.testing.assert_allclose(found["share"], expected["share"], rtol=1e-5)


def test_one_region_has_no_permutation(make):
    X, y, _ = make_mmm(1, 70, 2, random_state=0)
    single = make(graph=False).set_params(region_column=None).fit(X, y)
    table = placebo_test(single, X, y)
    assert table["placebo"].tolist() == ["shifted", "noise"]
    assert stability(single, X, y)["split"].str.startswith("origin").all()


def test_stability_covers_origins_and_regions(data, mmm):
    table = stability(mmm, *data)
    splits = table["split"].unique().tolist()
    origins = [f"origin {i}" for i in (1, 2, 3)]
    assert splits == [*origins, *(f"without regions {i}" for i in (1, 2, 3))]
    rows = table.drop_duplicates("split").set_index("split")["n_rows"]
    assert rows.is_monotonic_increasing is False
    assert rows[origins].tolist() == [3 * 37, 3 * 48, 3 * 59]
    assert (rows.drop(origins) == 140).all()
    assert set(table["channel"]) == {"tv", "search"}


def test_a_split_of_all_rows_agrees_with_the_model(data, mmm):
    everything = [(np.arange(len(data[1])), np.arange(1))]
    table = stability(mmm, *data, everything)
    np.testing.assert_allclose(table["ratio"], 1.0, rtol=1e-9)
    roi = mmm.effects("direct").loc[table["channel"], "roi"]
    np.testing.assert_allclose(table["roi"], roi, rtol=1e-9)


def test_splitters_get_regions_as_groups_and_tests_follow(data, make):
    X, y = data
    weeks = X["week"].unique()
    row = {"channel": "search", "start": weeks[40], "end": weeks[45]}
    tests = pd.DataFrame(
        [
            row | {"region": "region_1", "lift": 500.0, "std_error": 50.0},
            row | {"region": "all", "lift": 1500.0, "std_error": 500.0},
        ]
    )
    told = make(graph=False, n_members=4).fit(X, y, tests)
    table = stability(told, X, y, LeaveOneGroupOut())
    assert table["split"].nunique() == 3
    assert table["agrees"].dtype == bool
    assert (table["roi_low"] <= table["roi"]).all()
    assert (table["roi"] <= table["roi_high"]).all()
    early = PanelTimeSeriesSplit(2, test_size=15, time_column="week")
    assert stability(told, X, y, early)["split"].nunique() == 2
