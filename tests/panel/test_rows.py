import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_selector

from sklearn_mmm.panel._columns import resolve_columns
from sklearn_mmm.panel._rows import Rows


def make_rows(keys, media):
    region, position = (np.array(values) for values in zip(*keys, strict=True))
    media = np.array(media, float)[:, None]
    return Rows(region, position, position.astype(float), media, media, 2 * media)


PAST = make_rows([("a", 0), ("a", 1), ("b", 0)], [1, 2, 3])


def media_of(rows):
    return rows.media[:, 0].tolist()


def test_later_rows_replace_earlier_ones_of_their_region():
    rows, kept = make_rows([("a", 1)], [9]).continuing(PAST)
    assert media_of(rows) == [1, 9]
    assert kept.tolist() == [True, False, False]


def test_other_regions_stay_on_request():
    rows, kept = make_rows([("a", 1)], [9]).continuing(PAST, all_regions=True)
    assert media_of(rows) == [1, 3, 9]
    assert rows.region.tolist() == ["a", "b", "a"]
    assert kept.tolist() == [True, False, True]


@pytest.mark.parametrize("all_regions", [False, True])
def test_the_given_rows_come_last_in_their_order(all_regions):
    later = make_rows([("b", 5), ("c", 0), ("a", 2)], [7, 8, 9])
    rows, kept = later.continuing(PAST, all_regions)
    assert media_of(rows) == [1, 2, 3, 7, 8, 9]
    assert kept.all()
    np.testing.assert_array_equal(rows.spend, 2 * rows.media)


def test_rows_that_replace_all_leave_nothing_of_the_past():
    rows, kept = PAST.continuing(PAST)
    assert media_of(rows) == media_of(PAST)
    assert not kept.any()


def test_without_keys_rows_come_behind_those_of_their_region():
    later = make_rows([("a", 0), ("b", 0), ("a", 1)], [7, 8, 9]).after(PAST)
    assert later.position.tolist() == [2, 1, 3]


def test_patterns_and_selectors_in_lists():
    X = pd.DataFrame({"tv": [1.0], "event_a": [0.0], "event_b": [1.0], "e*": [2.0]})
    selector = make_column_selector(pattern="^event_")
    for spec in (["tv", "event_*"], ["tv", selector], ["tv", "event_?"]):
        assert resolve_columns(X, spec, "x") == ["tv", "event_a", "event_b"]
    assert resolve_columns(X, "e*", "x") == ["e*"]
    with pytest.raises(ValueError, match=r"x: no column of X matches 'sale_\*'"):
        resolve_columns(X, ["sale_*"], "x")
    with pytest.raises(ValueError, match="more than once"):
        resolve_columns(X, ["event_a", "event_*"], "x")
