"""Docstrings of all public names follow numpydoc; examples stay short."""

import importlib.util
import inspect
import sys
from pathlib import Path

import pytest

import sklearn_mmm

ROOT = Path(sklearn_mmm.__file__).parents[1]
# What numpydoc asks for and we do not: a further paragraph, see-also lists, an example
# for each warning, words on each returned value, a type where a parameter is described
# elsewhere.
LEFT_OUT = {"ES01", "SA01", "EX01", "RT03", "PR04", "PR07", "YD01"}


def reference():
    """Return the module that writes the reference."""
    path = ROOT / "docs" / "_reference.py"
    spec = importlib.util.spec_from_file_location("_reference", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["_reference"] = module
    spec.loader.exec_module(module)
    return module


def test_docstrings_of_public_names_are_valid():
    validate = pytest.importorskip("numpydoc.validate").validate
    module, seen, problems = reference(), set(), []
    for section in module.SECTIONS.values():
        for path in module._documented(section, seen):
            thing = sklearn_mmm
            for part in path.split("."):
                thing = getattr(thing, part)
            # Containers of results document attributes.
            left_out = LEFT_OUT | ({"PR01"} if inspect.isclass(thing) else set())
            problems += [
                f"{path}: {text}"
                for code, text in validate(f"sklearn_mmm.{path}")["errors"]
                if code not in left_out
            ]
    assert not problems, "\n".join(problems)


def test_every_public_module_has_its_place_in_the_reference():
    listed = {m for s in reference().SECTIONS.values() for m in s.modules}
    public = {
        path.stem
        for path in Path(sklearn_mmm.__file__).parent.iterdir()
        if not path.name.startswith("_") and path.suffix in {"", ".py"}
    }
    inner = {"baseline", "graph", "likelihood", "network", "panel", "posterior"}
    assert public - inner - {"cli", "training", "py"} <= listed


def test_examples_are_many_and_short():
    examples = sorted((ROOT / "examples").glob("*.py"))
    assert len(examples) >= 10
    for path in examples:
        n_lines = len(path.read_text(encoding="utf-8").splitlines())
        assert n_lines < 120, path.name
