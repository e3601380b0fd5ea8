"""Pages of the reference, section by section, from what the modules export."""

import importlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import sklearn_mmm


class Section(NamedTuple):
    """A part of the reference."""

    title: str
    text: str
    names: tuple[str, ...]
    modules: tuple[str, ...] = ()


SECTIONS = {
    "estimators": Section(
        "Estimators",
        "The mix model, its parts for pipelines, and the graph of channels.",
        (
            "DeepCausalMMMRegressor",
            "AdstockHillTransformer",
            "EventEncoder",
            "RegionEncoder",
            "ChannelGraph",
            "ResponseCurveFit",
        ),
        ("estimator", "transformers"),
    ),
    "components": Section(
        "Components",
        "Carry-over and saturation, built in and of your own.",
        (),
        ("components",),
    ),
    "budgets": Section(
        "Plans, budgets and experiments",
        "What other media would bring, what to buy, and what to test.",
        ("simulate",),
        ("allocation",),
    ),
    "selection": Section(
        "Splits and scorers",
        "For cross-validation and searches.",
        (),
        ("model_selection", "metrics"),
    ),
    "tables": Section(
        "Tables",
        "From a fitted estimator to tidy tables, checks of data and checks of trust.",
        ("check_data",),
        ("inspection",),
    ),
    "figures": Section("Figures", "From tables to charts.", (), ("plotting",)),
    "reports": Section("Reports", "All of it in one file.", (), ("report",)),
    "keeping": Section(
        "Keeping and logging",
        "Files without code, MLflow.",
        ("load",),
        ("storage", "mlflow"),
    ),
    "parallel": Section("Many fits", "Side by side.", (), ("parallel",)),
    "datasets": Section("Data sets", "Every truth is known.", (), ("datasets",)),
    "functional": Section(
        "Formulas", "Pure functions on tensors.", (), ("functional",)
    ),
    "exceptions": Section(
        "Warnings and errors", "Each with what to do.", (), ("exceptions",)
    ),
}


def _exported(module: ModuleType) -> list[str]:
    own = [
        name
        for name, thing in vars(module).items()
        if getattr(thing, "__module__", None) == module.__name__
    ]
    names = getattr(module, "__all__", own)
    return [name for name in names if not name.startswith("_")]


def _documented(section: Section, seen: set[int]) -> list[str]:
    """Return paths below the package; what is exported on top stands there."""
    found = list(section.names)
    for path in section.modules:
        module = importlib.import_module(f"sklearn_mmm.{path}")
        for name in sorted(_exported(module), key=str.lower):
            thing = getattr(module, name)
            top = getattr(sklearn_mmm, name, None) is thing
            found.append(name if top else f"{path}.{name}")
    out = []
    for path in dict.fromkeys(found):
        thing = sklearn_mmm
        for part in path.split("."):
            thing = getattr(thing, part)
        if callable(thing) and not inspect.ismodule(thing) and id(thing) not in seen:
            seen.add(id(thing))
            out.append(path)
    return out


def write(folder: Path) -> None:
    """Write a page for each section.

    Parameters
    ----------
    folder : Path
    """
    folder.mkdir(parents=True, exist_ok=True)
    seen: set[int] = set()
    for name, section in SECTIONS.items():
        lines = [section.title, "=" * len(section.title), "", section.text, ""]
        lines += [".. currentmodule:: sklearn_mmm", "", ".. autosummary::"]
        lines += ["   :toctree: ../generated", ""]
        lines += [f"   {path}" for path in _documented(section, seen)]
        text = "\n".join(lines) + "\n"
        page = folder / f"{name}.rst"
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
