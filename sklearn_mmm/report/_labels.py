"""Names for people in place of those of columns, in words and in figures."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.plotting._style import short, text

# Keys of a figure whose strings are read by people.
_READ = frozenset(
    ["name", "text", "ticktext", "hovertemplate", "hovertext", "customdata", "label"]
)
# Lengths to which figures cut names.
_CUTS = range(8, 41)


def check_labels(labels: Mapping[str, str] | None) -> dict[str, str]:
    """Return labels, none by default.

    Raises
    ------
    ValueError
        If labels are no texts by column, or two columns have the same.
    """
    if labels is None:
        return {}
    if not isinstance(labels, Mapping):
        raise ValueError(
            f"got labels={labels!r}; pass a dict such as {{'tv_S': 'Television'}}"
        )
    out = {str(name): label for name, label in labels.items()}
    wrong = [name for name, label in out.items() if not isinstance(label, str)]
    if wrong:
        raise ValueError(f"labels of {wrong} are no texts; pass one text by column")
    twice = [label for label in out.values() if list(out.values()).count(label) > 1]
    if twice:
        raise ValueError(f"labels name two columns {twice[0]!r}; make them differ")
    return {name: label for name, label in out.items() if label != name}


def relabel(value: Any, labels: Mapping[str, str]) -> Any:
    """Return words with labels for columns' names.

    Parameters
    ----------
    value : str, DataFrame, dict, list or named tuple
        Names are replaced wherever they stand as whole words.
    labels : dict of str

    Examples
    --------
    >>> from sklearn_mmm.report._labels import relabel
    >>> relabel("Move money from tv_S to tv_S2.", {"tv_S": "Television"})
    'Move money from Television to tv_S2.'
    """
    return _walk(value, _replacer(labels)) if labels else value


def relabel_figure(spec: Any, labels: Mapping[str, str]) -> Any:
    """Return the JSON of a figure with labels in all that is read."""
    if not labels:
        return spec
    known = {text(name): text(label) for name, label in labels.items()}
    for name, label in labels.items():
        for most in _CUTS:
            if len(name) > most:
                known.setdefault(short(name, most), short(label, most))
    replace = _replacer(known)

    def walk(value: Any, is_read: bool) -> Any:
        if isinstance(value, str):
            return replace(value) if is_read else value
        if isinstance(value, dict):
            return {k: walk(v, is_read or k in _READ) for k, v in value.items()}
        if isinstance(value, (list, tuple)) or _is_of_objects(value):
            return [walk(v, is_read) for v in value]
        return value

    return walk(spec, False)


def _is_of_objects(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "O"


def _replacer(labels: Mapping[str, str]) -> Any:
    names = sorted(labels, key=len, reverse=True)
    pattern = "|".join(map(re.escape, names))
    # A letter or digit beside a name makes it another one.
    compiled = re.compile(rf"(?<![\w{{])(?:{pattern})(?![\w}}])")
    return lambda words: compiled.sub(lambda found: labels[found[0]], words)


def _walk(value: Any, replace: Any) -> Any:
    if isinstance(value, str):
        return replace(value)
    if isinstance(value, pd.DataFrame):
        out = value.map(lambda cell: replace(cell) if isinstance(cell, str) else cell)
        return out.rename(columns=lambda name: replace(str(name)))
    if isinstance(value, dict):
        return {k: _walk(v, replace) for k, v in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_walk(v, replace) for v in value))
    if isinstance(value, list):
        return [_walk(v, replace) for v in value]
    return value
