"""Imports go downwards, and docstrings agree with signatures."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import sklearn_mmm
from sklearn_mmm import datasets

ROOT = Path(sklearn_mmm.__file__).parent
LAYERS = {
    "functional": 0,
    "_panel": 0,
    "_time": 0,
    "_validation": 0,
    "exceptions": 0,
    "_intervals": 0,
    "_threads": 0,
    "_scaling": 1,
    "_rows": 1,
    "network": 1,
    "transformers": 2,
    "model_selection": 2,
    "datasets": 1,
    "training": 2,
    "_response_curves": 2,
    "_media_plan": 2,
    "_edge_rules": 3,
    "_prediction": 3,
    "_influence": 3,
    "_lift_tests": 3,
    "_learned": 4,
    "_channel_effects": 4,
    "_predicting": 5,
    "_media_inspection": 6,
    "_channel_graph": 7,
    "_regressor": 7,
    "inspection": 8,
    "allocation": 9,
    "plotting": 9,
    "report": 10,
    "__main__": 11,
}


def imports():
    for path in ROOT.rglob("*.py"):
        own = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if own == "__init__":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                yield own, node.module
            elif isinstance(node, ast.Import):
                for name in node.names:
                    yield own, name.name


def test_imports_go_downwards():
    for own, module in imports():
        parts = module.split(".")
        if parts[0] == "sklearn_mmm" and len(parts) > 1 and parts[1] != own:
            assert LAYERS[parts[1]] < LAYERS[own], f"{own} imports {module}"


def test_tables_and_figures_do_not_know_torch():
    for own, module in imports():
        if LAYERS[own] > 7:
            assert module.split(".")[0] not in {"torch", "skorch"}


PUBLIC = [getattr(sklearn_mmm, name) for name in sklearn_mmm.__all__]


@pytest.mark.parametrize("thing", [*PUBLIC, datasets.make_mmm])
def test_docstring_defaults_are_those_of_the_signature(thing):
    documented = inspect.getdoc(thing).split("Attributes\n---")[0]
    for name, parameter in inspect.signature(thing).parameters.items():
        assert re.search(rf"\b{name}\b.* : |\b{name}, ", documented) or (
            name in documented
        ), f"{name} is not documented"
        found = re.search(rf"^{name} : .*default=(\S+)$", documented, re.MULTILINE)
        if found:
            assert ast.literal_eval(found[1]) == parameter.default, name
