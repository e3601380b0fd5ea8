"""Every row of the tables in docs/inputs.rst is what happens."""

import importlib
import re
import sys
from pathlib import Path

import pytest

import sklearn_mmm

DOCS = Path(sklearn_mmm.__file__).parents[1] / "docs"
sys.path.insert(0, str(DOCS))
try:
    _inputs, _input_rows = map(importlib.import_module, ("_inputs", "_input_rows"))
finally:
    sys.path.remove(str(DOCS))
ROWS = [
    pytest.param(row, id=f"{table}: {row.given[:60]}")
    for table, rows in _input_rows.TABLES.items()
    for row in rows
]
# What a message that is no more than Python's own would be.
RAW = re.compile(r"^('[^']*'|\"[^\"]*\")$|object has no attribute|unsupported operand")


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    return _inputs.Kit(tmp_path_factory.mktemp("inputs"))


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_what_happens(row, kit):
    message = _inputs.happens(row, kit)
    assert bool(message) == (row.kind is not None)
    assert not RAW.search(message)
    assert not message or len(message.split()) > 4


def test_a_row_that_is_not_so_fails(kit):
    with pytest.raises(AssertionError, match="not so: read"):
        _inputs.happens(_inputs.Row("x", "read", lambda kit: False), kit)
    with pytest.raises(AssertionError, match="no UserWarning"):
        _inputs.happens(_inputs.Row("x", "told", lambda kit: True, UserWarning), kit)
    with pytest.raises(TypeError):
        _inputs.happens(_inputs.Row("x", "named", lambda kit: 1 + "", ValueError), kit)


def test_the_page_includes_every_table():
    page = (DOCS / "inputs.rst").read_text(encoding="utf-8")
    found = re.findall(r"include:: generated/inputs_(\w+)\.rst", page)
    assert found == list(_input_rows.TABLES)
