"""What guides show, runs as they show it."""

import doctest
from pathlib import Path

import pytest

import sklearn_mmm

DOCS = Path(sklearn_mmm.__file__).parents[1] / "docs"


@pytest.mark.parametrize(
    ("guide", "needs"), [("scale_out", "joblib"), ("storage", "skops")]
)
def test_a_guide_runs(guide, needs, tmp_path, monkeypatch):
    pytest.importorskip(needs)
    monkeypatch.chdir(tmp_path)
    found = doctest.testfile(
        str(DOCS / f"{guide}.rst"),
        module_relative=False,
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
    )
    assert found.attempted > 0
    assert found.failed == 0
