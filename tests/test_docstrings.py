"""Docstrings of all public names follow numpydoc; examples stay short."""

import importlib.util
import inspect
import sys
from pathlib import Path

import pytest

import sklearn_mmm

ROOT = Path(sklearn_mmm.__file__).parents[1]
# What numpydoc asks for and we do not. ES01: a further paragraph, where the first line
# says it all. SA01: names to see also, since the pages of the reference are by subject.
LEFT_OUT = {"ES01", "SA01"}
# EX01: examples of methods stand with their class.
LEFT_OUT_OF_METHODS = LEFT_OUT | {"EX01"}
# A method that a subclass overrides is described once, in the base class.
DESCRIBED_ELSEWHERE = {"PR01", "RT01"}


def reference():
    """Return the module that writes the reference."""
    path = ROOT / "docs" / "_reference.py"
    spec = importlib.util.spec_from_file_location("_reference", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["_reference"] = module
    spec.loader.exec_module(module)
    return module


def documented():
    """Yield path and object of all public names, and of their public methods."""
    module, seen = reference(), set()
    for section in module.SECTIONS.values():
        for path in module._documented(section, seen):
            thing = sklearn_mmm
            for part in path.split("."):
                thing = getattr(thing, part)
            yield path, thing
            if inspect.isclass(thing):
                for name, method in vars(thing).items():
                    if not name.startswith("_") and inspect.isfunction(method):
                        yield f"{path}.{name}", method


def left_out(path, thing):
    """Return the codes that are not asked for."""
    if inspect.isclass(thing):  # containers of results document attributes
        return LEFT_OUT | {"PR01"}
    owner = sklearn_mmm
    for part in path.split(".")[:-1]:
        owner = getattr(owner, part)
    if not inspect.isclass(owner):
        return LEFT_OUT
    if any(thing.__name__ in vars(base) for base in owner.__mro__[1:]):
        return LEFT_OUT_OF_METHODS | DESCRIBED_ELSEWHERE
    return LEFT_OUT_OF_METHODS


def test_docstrings_of_public_names_are_valid():
    validate = pytest.importorskip("numpydoc.validate").validate
    problems = [
        f"{path}: {code} {text}"
        for path, thing in documented()
        for code, text in validate(f"sklearn_mmm.{path}")["errors"]
        if code not in left_out(path, thing)
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
