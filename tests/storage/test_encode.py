"""Plain data stand for objects, and nothing else can be made of them."""

import datetime

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.compose import make_column_selector
from torch import nn

from sklearn_mmm.functional import hill
from sklearn_mmm.inspection import Units
from sklearn_mmm.panel._roles import Roles
from sklearn_mmm.storage._archive import _from_json, _to_json
from sklearn_mmm.storage._decode import Decoder
from sklearn_mmm.storage._encode import Encoder
from sklearn_mmm.storage._registry import Registry, class_name, own_classes


def there_and_back(thing):
    return Decoder(Registry())(Encoder(keeps_foreign=False)(thing))


VALUES = [
    None,
    True,
    -3,
    10**30,
    0.1,
    float("inf"),
    "ä",
    b"".decode(),
    (1, "two", (3.0,)),
    [1, [2, None]],
    {"a": 1, 2: "b", (3, "c"): [4.0]},
    {"@": "dict", "number": 0},
    {1},
    frozenset({2.0}),
    slice(1, None, 2),
    np.float32(0.1),
    np.int64(3),
    np.datetime64("2024-02-29", "D"),
    datetime.date(2024, 2, 29),
    datetime.datetime(2024, 2, 29, 12),
    pd.Timestamp("2024-02-29 12:00", tz="Europe/Berlin"),
    pd.Timedelta("7D"),
    pd.Period("2024-02", "M"),
    Units(outcome="visits"),
    Roles(["tv"], ["price"], ["tv"]),
    np.float64,
    float,
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_come_back(value):
    found = there_and_back(value)
    assert found == value
    assert type(found) is type(value)


def test_missing_values_come_back():
    assert np.isnan(there_and_back(float("nan")))
    assert there_and_back(pd.NA) is pd.NA
    assert there_and_back(pd.NaT) is pd.NaT


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3).T,
        np.array([], np.int32),
        np.array(["a", "bc"]),
        np.array(["2024-01-01", "NaT"], "datetime64[s]"),
        np.array([["a", None], [1, (2, 3)]], object),
        np.array(3.0),
    ],
)
def test_arrays_come_back(array):
    found = there_and_back(array)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


DATES = pd.date_range("2024-01-01", periods=3, freq="W-MON", name="week")
INDEXES = [
    pd.RangeIndex(2, 8, 2, name="row"),
    pd.Index([3, 1, 2], name="number"),
    pd.Index([0.5, np.nan, 2.0]),
    pd.Index(["a", "b", "b"], name="text"),
    pd.Index([1, "a", None], dtype=object),
    pd.Index([True, False]),
    DATES,
    DATES.tz_localize("Europe/Berlin"),
    DATES.as_unit("s").delete(1),
    DATES - DATES[0],
    pd.period_range("2024-01", periods=3, freq="M", name="month"),
    pd.CategoricalIndex(["x", "y", "x"], categories=["y", "x"], ordered=True),
    pd.Index([1, None, 3], dtype="Int64"),
    pd.MultiIndex.from_product([["a", "b"], DATES], names=["region", "week"]),
]


@pytest.mark.parametrize(
    "index", INDEXES, ids=lambda i: f"{type(i).__name__}-{i.dtype}"
)
def test_tables_come_back(index):
    found = there_and_back(index)
    pd.testing.assert_index_equal(found, index, exact=True)
    assert getattr(found, "freq", None) == getattr(index, "freq", None)
    series = pd.Series(np.arange(float(len(index))), index, name=("a", 1))
    pd.testing.assert_series_equal(there_and_back(series), series)
    if not isinstance(index, pd.MultiIndex):
        column = index.to_series(index=range(len(index)))
        pd.testing.assert_series_equal(there_and_back(column), column)
        frame = pd.DataFrame({"key": column, 7: np.arange(len(index)), "x": 0.5})
        pd.testing.assert_frame_equal(there_and_back(frame), frame)
    block = pd.DataFrame(np.ones((len(index), 2)), index, columns=["a", "a"])
    pd.testing.assert_frame_equal(there_and_back(block), block)


def test_modules_and_tensors_come_back(fitted):
    module = fitted.net_.module_
    found = there_and_back(module)
    assert type(found) is type(module)
    assert repr(found) == repr(module)
    assert found.training == module.training
    for (name, value), (other, kept) in zip(
        module.state_dict().items(), found.state_dict().items(), strict=True
    ):
        assert name == other
        assert torch.equal(value, kept)
        assert value.dtype == kept.dtype
    flags = [p.requires_grad for p in module.parameters()]
    assert [p.requires_grad for p in found.parameters()] == flags


def test_recurrent_modules_come_back():
    torch.manual_seed(0)
    module = nn.GRU(2, 3, batch_first=True).double()
    X = torch.randn(4, 5, 2, dtype=torch.float64)
    found = there_and_back(module)
    expected = module(X)[0]
    assert torch.equal(found(X)[0], expected)
    assert repr(found) == repr(module)
    with torch.no_grad():
        found.weight_ih_l0.zero_()
    assert not torch.equal(found(X)[0], expected)
    assert torch.equal(module(X)[0], expected)


def test_what_is_shared_stays_shared():
    array, table = np.arange(3.0), pd.DataFrame({"a": [1]})
    one, two, three, four = there_and_back([array, {"x": array}, table, (table,)])
    assert one is two["x"]
    assert three is four[0]


def test_selectors_of_columns_come_back():
    X = pd.DataFrame({"tv_a": [1.0], "tv_b": [2.0], "price": ["x"]})
    for selector in (
        make_column_selector("^tv"),
        make_column_selector(dtype_include=float),
    ):
        assert there_and_back(selector)(X) == selector(X) == ["tv_a", "tv_b"]


@pytest.mark.parametrize(
    "thing", [lambda X: X, np.mean, hill, nn.Conv1d(1, 1, 1), nn.Conv1d, object()]
)
def test_what_only_code_can_make_is_refused_in_files_and_kept_in_pickles(thing):
    with pytest.raises(TypeError, match="cannot be stored in a file without code"):
        there_and_back({"media_columns": thing})
    assert Decoder(Registry())(Encoder(keeps_foreign=True)([thing])) == [thing]


@pytest.mark.parametrize(
    "name", ["os:system", "builtins:eval", "subprocess:Popen", "panel.Nothing", ""]
)
def test_no_other_class_can_be_named(name):
    for kind in ("object", "named tuple", "module", "net"):
        data = {"@": kind, "class": name, "parts": {}}
        with pytest.raises(ValueError, match="not part of this version"):
            Decoder(Registry())(data)
    with pytest.raises(ValueError, match="not part of this version"):
        Decoder(Registry())({"@": "type", "name": name})


def test_making_an_object_runs_none_of_its_code(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("code of the class has run")

    data = Encoder(keeps_foreign=False)(Roles(["tv"], [], ["tv"]))
    for name in ("__init__", "__setattr__", "__post_init__", "__setstate__"):
        monkeypatch.setattr(Roles, name, refuse, raising=False)
    assert Decoder(Registry())(data).media == ["tv"]


def test_unknown_kinds_are_refused():
    for kind in ("pickle", "init", "_call", None):
        with pytest.raises(ValueError, match="unknown kind"):
            Decoder(Registry())({"@": kind})


def test_json_holds_what_numbers_it_lacks():
    arrays = []
    data = _to_json([float("nan"), float("-inf"), {"x": np.ones(2)}], arrays)
    assert data[0] == {"@": "float", "text": "nan"}
    assert _from_json(data[:2], None)[1] == float("-inf")
    assert len(arrays) == 1


def test_names_of_classes_are_unique():
    names = own_classes()
    assert {class_name(cls) for cls in names.values()} == set(names)
    classes = [c for c in names.values() if c.__module__.startswith("sklearn_mmm.")]
    assert len(set(classes)) == len(names)
