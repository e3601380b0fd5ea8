"""Which classes stored data may name: those of this package, and a few by name."""

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
import skorch
import torch
from sklearn.compose import make_column_selector
from sklearn.pipeline import Pipeline

_PACKAGE = __name__.partition(".")[0]

# Of other packages: pipelines, and what a column specifier or a trained net may hold.
# They have no more in them than attributes.
_FOREIGN: tuple[type, ...] = (
    Pipeline,
    make_column_selector,
    skorch.callbacks.EpochTimer,
    skorch.callbacks.PassthroughScoring,
    skorch.callbacks.PrintLog,
)
# Classes that are held as such, not as an object of them.
_NAMED: tuple[type, ...] = (
    bool,
    float,
    int,
    str,
    object,
    skorch.dataset.Dataset,
    torch.optim.Adam,
    torch.optim.SGD,
    torch.utils.data.DataLoader,
)


def own_classes() -> dict[str, type]:
    """Return this package's classes by name: their room and their own name."""
    found = {}
    for name, module in sys.modules.copy().items():  # imports may go on
        if name.partition(".")[0] != _PACKAGE or module is None:
            continue
        for thing in list(vars(module).values()):
            if isinstance(thing, type) and thing.__module__ == name:
                found[class_name(thing)] = thing
    return found


def class_name(cls: type) -> str:
    """Return the name by which stored data know a class.

    For one of this package it stays the same when files move inside their room.
    """
    parts = cls.__module__.split(".")
    if parts[0] == _PACKAGE:
        return f"{parts[1] if len(parts) > 1 else ''}.{cls.__name__}"
    return f"{cls.__module__}:{cls.__qualname__}"


def is_own(cls: type) -> bool:
    """Return whether a class is one of this package."""
    return cls.__module__.partition(".")[0] == _PACKAGE


def is_foreign(cls: type) -> bool:
    """Return whether objects of another package's class may be stored."""
    return cls in _FOREIGN


def name_of_type(cls: type) -> str | None:
    """Return the name of a class that is held as such, None if it may not be."""
    if cls in _NAMED or is_own(cls):
        return class_name(cls)
    if issubclass(cls, np.generic) and getattr(np, cls.__name__, None) is cls:
        return f"numpy:{cls.__name__}"
    return None


class Registry:
    """The classes that may be made from stored data.

    Parameters
    ----------
    trusted : iterable of type
        Classes of the user's own.
    """

    def __init__(self, trusted: Iterable[type] = ()) -> None:
        self._objects = own_classes()
        self._objects |= {class_name(c): c for c in (*_FOREIGN, *trusted)}

    def of_object(self, name: str) -> type:
        """Return the class of an object.

        Raises
        ------
        ValueError
            If it is none of these.
        """
        if name not in self._objects:
            short = name.rpartition(":")[2]
            raise ValueError(
                f"the data name the class {name!r}, which is not part of this version "
                f"of {_PACKAGE}; if it is your own, load with trusted=[{short}]"
            )
        return self._objects[name]

    def of_type(self, name: str) -> type:
        """Return a class that is held as such.

        Raises
        ------
        ValueError
            If it is none of these.
        """
        package, _, short = name.partition(":")
        if package == "numpy":
            found: Any = getattr(np, short, None)
            if isinstance(found, type) and issubclass(found, np.generic):
                return found
        named = {class_name(c): c for c in _NAMED}
        return named[name] if name in named else self.of_object(name)
