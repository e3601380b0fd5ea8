"""Columns of reach and frequency: what they hold, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm.panel._grid import make_panel
from sklearn_mmm.panel._reach import frequency_grid, read_frequency, usual_frequency
from sklearn_mmm.panel._roles import resolve_roles
from sklearn_mmm.panel._rows import read_rows

X = pd.DataFrame(
    {
        "tv": [1.0, 2.0, 3.0, 4.0],
        "people": [10.0, 0.0, 30.0, 20.0],
        "contacts": [2.0, np.nan, 4.0, 1.0],
        "money": [2.0, 0.0, 12.0, 2.0],
        "price": [1.0, 2.0, 1.0, 2.0],
    }
)
PAIR = {"video": ("people", "contacts")}


def roles_of(table=X, reach=PAIR, media=("tv",), controls=None, **options):
    media = None if media is None else list(media)
    return resolve_roles(
        table, media, controls, None, None, reach_frequency=reach, **options
    )


def test_reach_comes_behind_other_media_under_the_name_of_its_channel():
    roles = roles_of(spend_columns={"tv": "tv", "video": "money"})
    assert roles.media == ["tv", "people"]
    assert roles.channels == ["tv", "video"]
    assert roles.spend == ["tv", "money"]
    assert roles.reached == (1,)


def test_without_money_it_costs_nothing():
    assert roles_of().spend == ["tv", None]
    listed = roles_of(spend_columns=["tv", "money"])
    assert listed.spend == ["tv", "money"]


def test_no_column_of_it_is_a_medium_by_default():
    roles = roles_of(
        media=None, controls=["price"], spend_columns={"tv": "tv", "video": "money"}
    )
    assert roles.channels == ["tv", "video"]


def test_positions_are_columns_as_well():
    roles = roles_of(X.to_numpy(), {"video": (1, -3)}, [0])
    assert roles.reach == {"video": (1, 2)}
    assert roles.channels == [0, "video"]


@pytest.mark.parametrize(
    ("reach", "message"),
    [
        (["people"], "give a dict from channels"),
        ({"video": "people"}, "'video' is 'people'; give two columns"),
        ({"video": ("people",)}, "give two columns"),
        ({7: ("people", "contacts")}, "give it a name"),
        (
            {"video": ("people", "nothing")},
            "reach_frequency: X has no column 'nothing'",
        ),
        ({"video": ("people", "people")}, "'people' more than once"),
        ({"video": ("tv", "contacts")}, "'tv' is in reach_frequency, as 'video'"),
        ({"video": ("people", "price")}, "'price' is in reach_frequency, as 'video'"),
        (
            {"a": ("people", "contacts"), "b": ("money", "contacts")},
            "'contacts' more than once",
        ),
    ],
)
def test_columns_without_a_sense_are_refused(reach, message):
    with pytest.raises(ValueError, match=message):
        roles_of(reach=reach, controls=["price"])


def test_money_is_no_reach():
    with pytest.raises(ValueError, match="'contacts' is in reach_frequency"):
        roles_of(spend_columns={"tv": "contacts"})


def test_who_was_not_reached_was_reached_an_unknown_number_of_times():
    rows, _ = read_rows(X, roles_of(), None, None, None)
    np.testing.assert_array_equal(rows.frequency[:, 0], X["contacts"])
    zero = X.assign(contacts=[2.0, 0.0, 4.0, 1.0])
    other, _ = read_rows(zero, roles_of(), None, None, None)
    np.testing.assert_array_equal(other.frequency, rows.frequency)
    # Rounding of impressions / reach is no error.
    short = read_frequency(X.assign(contacts=1 - 1e-9), "contacts", X["people"])
    np.testing.assert_array_equal(short, 1.0)


@pytest.mark.parametrize(
    ("contacts", "message"),
    [
        ([2.0, 0.0, 0.5, 1.0], "'contacts' is 0.5 in row 2, where reach is 30"),
        ([2.0, 0.0, -1.0, 1.0], "'contacts' is -1 in row 2"),
        ([np.nan, 0.0, 2.0, 1.0], "'contacts' has 1 such values .* row 0"),
        ([2.0, 0.0, 2.0, np.inf], "row 3; fill them"),
        (["2", "0", "often", "1"], "holds text"),
    ],
)
def test_frequencies_that_cannot_be_are_refused(contacts, message):
    table = X.assign(contacts=contacts)
    with pytest.raises(ValueError, match=message):
        read_rows(table, roles_of(table), None, None, None)


def test_usual_frequency_is_impressions_for_a_person():
    region = np.array([0, 0, 1, 1, 2])
    panel = make_panel(region, np.array([0.0, 1, 0, 1, 0]))
    reach = np.array([10.0, 30.0, 5.0, 5.0, 0.0])[:, None]
    often = np.array([1.0, 3.0, 2.0, 4.0, np.nan])[:, None]
    usual = usual_frequency(panel, reach, often)
    # 100 / 40 and 30 / 10; where nobody was reached, 130 / 50.
    np.testing.assert_allclose(usual[:, 0], [2.5, 3.0, 2.6])
    grid = frequency_grid(panel, often, usual)[..., 0]
    np.testing.assert_allclose(grid, [[1.0, 3.0], [2.0, 4.0], [2.6, 0.0]])
