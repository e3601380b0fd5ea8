"""Warnings that point at the line of the user's own code."""

import sys
import warnings
from types import FrameType

# What stands between a user's line and this package: scikit-learn's pipelines and
# searches, and what they run steps with.
_BETWEEN = frozenset(
    {
        "sklearn_mmm",
        "sklearn",
        "skorch",
        "joblib",
        "concurrent",
        "contextlib",
        "functools",
        "multiprocessing",
        "runpy",
        "threading",
    }
)


def warn_caller(message: str, category: type[Warning]) -> None:
    """Warn at the nearest line that is neither of this package nor of scikit-learn.

    ``mmm.fit(X, y)`` and ``GridSearchCV(mmm, grid).fit(X, y)`` alike are pointed at
    where the user wrote them, however many methods lie between. In a worker process,
    which no line of the user's has called, it is the outermost line of this package.

    Parameters
    ----------
    message : str
    category : type of Warning
    """
    warnings.warn(message, category, stacklevel=_level_of_caller(sys._getframe(1)) + 1)


def _level_of_caller(frame: FrameType | None) -> int:
    """Return how many frames lie from ``frame``, which counts as 1, to the user's."""
    level = outermost_own = 1
    while frame is not None:
        top = _module_of(frame).partition(".")[0]
        if top not in _BETWEEN:
            return level
        if top == "sklearn_mmm":
            outermost_own = level
        frame, level = frame.f_back, level + 1
    return outermost_own


def _module_of(frame: FrameType) -> str:
    """Return a frame's module, by its own name also where it runs as ``__main__``."""
    spec = frame.f_globals.get("__spec__")
    return str(spec.name if spec else frame.f_globals.get("__name__", ""))
