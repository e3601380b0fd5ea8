"""Imports go downwards, and docstrings agree with signatures."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

import sklearn_mmm
from sklearn_mmm import datasets

ROOT = Path(sklearn_mmm.__file__).parent
LAYERS = {
    "exceptions": 0,
    "_arguments": 0,
    "_intervals": 0,
    "_files": 0,
    "_random": 0,
    "_signals": 0,
    "_sklearn_compat": 0,
    "_threads": 0,
    "_version": 0,
    "_warn": 0,
    "functional": 0,
    "components": 1,
    "storage": 1,
    "parallel": 1,
    "panel": 1,
    "baseline": 2,
    "network": 2,
    "datasets": 2,
    "model_selection": 2,
    "transformers": 2,
    "likelihood": 3,
    "posterior": 4,
    "training": 5,
    "graph": 5,
    "estimator": 6,
    "inspection": 7,
    "allocation": 8,
    "metrics": 8,
    "plotting": 8,
    "report": 9,
    "mlflow": 10,
    "cli": 10,
    "__main__": 11,
}


def module_of(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def dependencies():
    """Return the modules that each module of the package imports."""
    paths = {module_of(path): path for path in ROOT.rglob("*.py")}
    found = {name: set() for name in paths}
    for name, path in paths.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    found[name].add(inner if inner in paths else node.module)
    return {name: found[name] & set(paths) - {name} for name in paths}


def test_no_file_imports_itself_through_others():
    remaining = dependencies()
    while remaining:
        leaves = [n for n, uses in remaining.items() if not uses & set(remaining)]
        assert leaves, f"imports go in a circle among {sorted(remaining)}"
        for name in leaves:
            del remaining[name]


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
        if LAYERS[own] >= LAYERS["inspection"]:
            assert module.split(".")[0] not in {"torch", "skorch"}


def test_private_names_of_scikit_learn_are_imported_in_one_place():
    found = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [*node.module.split("."), *(a.name for a in node.names)]
                if names[0] == "sklearn" and any(n.startswith("_") for n in names):
                    found.add(path.name)
    assert found == {"_sklearn_compat.py"}


def lines_of_code(node, text):
    """Return how many lines a function has without docstrings, comments and blanks."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    documented = set()
    for inner in ast.walk(node):
        if isinstance(inner, kinds) and ast.get_docstring(inner) is not None:
            first = inner.body[0]
            documented |= set(range(first.lineno, first.end_lineno + 1))
    return sum(
        bool(line.strip()) and not line.strip().startswith("#")
        for number, line in enumerate(text, 1)
        if node.lineno <= number <= node.end_lineno and number not in documented
    )


def test_functions_fit_on_a_screen():
    for path in ROOT.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        text = source.splitlines()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                if node.name == "__init__" and path.name == "_regressor.py":
                    continue  # two lines for each parameter, and no more
                length = lines_of_code(node, text)
                assert length <= 60, f"{path}: {node.name} has {length} lines of code"


def test_files_stay_readable():
    """No file is longer than 400 lines but the regressor: its docstring is long."""
    long = {
        path.name
        for path in ROOT.rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > 400
    }
    assert long == {"_regressor.py"}


def test_warnings_point_at_the_caller():
    for path in ROOT.rglob("*.py"):
        if path.name != "_warn.py":
            text = path.read_text(encoding="utf-8")
            assert "warnings.warn(" not in text, f"{path}: use warn_caller"


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


def test_mutations_name_code_that_is_there_once(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT.parent / "benchmarks"))
    mutations = importlib.import_module("mutations").MUTATIONS
    assert mutations
    for mutation in mutations:
        text = (ROOT / mutation.file).read_text(encoding="utf-8")
        assert text.count(mutation.right) == 1, mutation.what
