import numpy as np
import pandas as pd
import pytest

from sklearn_mmm.panel._region_labels import (
    chosen_regions,
    dimension_names,
    dimension_table,
    group_codes,
    groups_of_cells,
    read_region_labels,
    region_columns,
)

TABLE = pd.DataFrame({"geo": [1, 1, 2], "brand": ["a", "b", "a"], "week": [0, 0, 0]})
CELLS = np.array(["1 / a", "1 / b", "2 / a"], dtype=object)


def test_cells_are_called_by_the_labels_of_their_dimensions():
    found = read_region_labels(TABLE, ["geo", "brand"])
    np.testing.assert_array_equal(found, CELLS)
    by_level = TABLE.set_index(["geo", "brand"])
    np.testing.assert_array_equal(read_region_labels(by_level, ("geo", "brand")), CELLS)


@pytest.mark.parametrize("label", [float, str, lambda v: f"{v}.0"])
def test_labels_are_of_the_type_of_fit(label):
    other = TABLE.assign(geo=[label(v) for v in TABLE["geo"]])
    found = read_region_labels(other, ["geo", "brand"], CELLS)
    if label("1") != "1.0":
        np.testing.assert_array_equal(found, CELLS)


def test_a_list_of_one_column_is_that_column():
    np.testing.assert_array_equal(
        read_region_labels(TABLE, ["geo"]), read_region_labels(TABLE, "geo")
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ([], "empty list"),
        (["geo", "geo"], "names 'geo' twice"),
        (["geo", 0], "by name and position"),
        (["geo", "city"], "no column 'city'"),
        (["geo", 1.5], "holds 1.5"),
    ],
)
def test_columns_that_make_no_sense_are_refused(spec, message):
    with pytest.raises(ValueError, match=message):
        read_region_labels(TABLE, spec)


def test_a_label_must_not_contain_what_parts_labels():
    with pytest.raises(ValueError, match="'brand' holds 'a / b'"):
        read_region_labels(TABLE.assign(brand="a / b"), ["geo", "brand"])
    assert read_region_labels(TABLE.assign(brand="a / b"), "brand")[0] == "a / b"


def test_dimensions_are_tabulated_with_numbers_as_numbers():
    table = dimension_table(CELLS, ["geo", "brand"])
    assert table["geo"].tolist() == [1, 1, 2]
    assert table["brand"].tolist() == ["a", "b", "a"]
    texts = dimension_table(np.array(["01 / a"], object), ["x", "y"])
    assert texts["x"].tolist() == ["01"]


def test_dimensions_are_not_called_as_other_columns_are():
    assert dimension_names(["region", "brand"], None) == ["region_dimension", "brand"]
    assert dimension_names("region", None) == ["region"]
    assert dimension_names([0, 1], None) == ["x0", "x1"]
    assert dimension_names([1], ["week", "geo"]) == ["geo"]
    assert region_columns(None) == []


def test_groups_of_cells_and_of_others():
    groups = groups_of_cells(CELLS, 2)
    np.testing.assert_array_equal(groups.codes, [[0, 0], [0, 1], [1, 0]])
    assert groups.sizes == (2, 2)
    other = np.array(["2 / b", "3 / a", "3 / c"], dtype=object)
    np.testing.assert_array_equal(
        group_codes(other, CELLS, 2), [[1, 1], [-1, 0], [-1, -1]]
    )
    assert groups_of_cells(CELLS, 1) is None
    assert groups_of_cells(CELLS[:1], 2) is None


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({}, [1, 1, 1]),
        ({"region": "1 / b"}, [0, 1, 0]),
        ({"region": (1, "b")}, [0, 1, 0]),
        ({"region": ["1 / b", "2 / a"]}, [0, 1, 1]),
        ({"geo": 1}, [1, 1, 0]),
        ({"geo": "1", "brand": ["a"]}, [1, 0, 0]),
        ({"region": np.nan, "geo": "all", "brand": "a"}, [1, 0, 1]),
    ],
    ids=str,
)
def test_rows_choose_regions_by_cell_or_dimension(row, expected):
    table = dimension_table(CELLS, ["geo", "brand"])
    np.testing.assert_array_equal(chosen_regions(table, row), expected)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"region": "3 / a"}, r"unknown regions \['3 / a'\]"),
        ({"brand": "c"}, r"unknown brands \['c'\]"),
        ({"geo": 2, "brand": "b"}, "no region of X"),
    ],
)
def test_rows_of_unknown_regions_are_refused(row, message):
    table = dimension_table(CELLS, ["geo", "brand"])
    with pytest.raises(ValueError, match=message):
        chosen_regions(table, row)
